/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uncounted.h - included before every file of the core in one more build of the default backend, which counts no packets and bytes at hooks:
 * what counting costs is the difference. The books of such a graph say nothing.
 */
#include "reclaim/thread.h"

#undef NGU_BUMP
#define NGU_BUMP(p, n) ((void)(p), (void)(n))
#define ngu__count(ts, i, n, bytes) ((void)(ts), (void)(i), (void)(n), (void)(bytes))
