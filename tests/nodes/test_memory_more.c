/* SPDX-License-Identifier: BSD-2-Clause */
/* test_memory_more.c - every node type with memory refused: the other types, which know nothing of the backend and are tried with one. */
#define TY_MORE
#include "test_memory.c"
