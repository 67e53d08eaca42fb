/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mbuf_dbg.h - what debug builds keep behind each mbuf: where it was taken, and its place on the graph's list of live ones.
 * struct mbuf itself is the same in all builds, so node types built either way work with either library.
 */
#ifndef NGU_MBUF_DBG_H
#define NGU_MBUF_DBG_H

#include <sys/mbuf.h>

struct ngu__mbuf_dbg {
	struct ngu__mbuf_dbg *next, *prev; /* graph's live list, under live_lock */
	const char *file;		   /* NULL: unknown */
	int line;
};

#ifdef NGU_DEBUG
#define NGU_MBUF_ALLOC (sizeof(struct mbuf) + sizeof(struct ngu__mbuf_dbg))
#else
#define NGU_MBUF_ALLOC sizeof(struct mbuf)
#endif

#endif /* NGU_MBUF_DBG_H */
