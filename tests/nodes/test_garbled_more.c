/* SPDX-License-Identifier: BSD-2-Clause */
/* test_garbled_more.c - what the node types make of commands that are wrong: the other types, which know nothing of the backend and are tried with one. */
#define TY_MORE
#include "test_garbled.c"
