/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * strict.h - strict mode: a graph in which a broken rule of netgraph is reported where it is broken, with the place it happened
 * and the place where the section, turn, object or lock came from. docs/testing.md shows a report.
 *
 * Off, it costs the packet path nothing: a strict graph's hooks have another receiver, which looks and then calls the real one.
 * On, each packet costs some microseconds. The test kit turns it on for its graphs, and so do debug builds (-Dng_debug=true)
 * for every graph.
 */
#ifndef NG_STRICT_H
#define NG_STRICT_H

#include <ng/base.h>

NGU_BEGIN_DECLS

/* What is looked for: flags of ngu_graph_strict(), and the kind of a report. */
#define NGU_STRICT_SLEEP 0x01u /* sleeping, M_WAITOK, or a sleepable lock, inside a read section (any data method) */
#define NGU_STRICT_GATE 0x02u  /* a method called, or a node or hook changed, without the node's turn */
#define NGU_STRICT_ITEM 0x04u  /* an item, message or mbuf that was freed: used or freed again; an item sent twice */
#define NGU_STRICT_MBUF 0x08u  /* a packet whose lengths disagree, or with a freed mbuf in it, at a hook */
#define NGU_STRICT_ORDER 0x10u /* mutexes taken in two orders that can deadlock */
#define NGU_STRICT_ALL 0x1fu
/* All that suits this build: under ThreadSanitizer without _ITEM, whose lock would hide races. */
#define NGU_STRICT_DEFAULT 0x100u
/* Abort the program after a report that no handler took. */
#define NGU_STRICT_ABORT 0x200u

/* One report. Everything it points to is valid during the handler's call only. */
struct ngu_strict_report {
	size_t size;		 /* of this struct */
	unsigned kind;		 /* one of NGU_STRICT_SLEEP to _ORDER */
	struct ngu_graph *graph; /* the one concerned, NULL when unknown */
	const char *what;	 /* one line */
	const char *text;	 /* all of it: what, then each place with its stack; lines end in '\n' */
};

/*
 * Called for each report, in the thread that offended, possibly inside a section and with turns and locks held: it may take a
 * note, and must neither wait nor call into libng. What the program was about to do is done afterwards, except where it would
 * use freed memory: that is refused with EINVAL or skipped.
 */
typedef void ngu_strict_handler(void *arg, const struct ngu_strict_report *r);

/*
 * Set what is looked for in graph g: a combination of the flags above, 0 for nothing. Any time; hooks and objects there are by
 * then are looked at from then on, as far as possible: an item or mbuf that was taken before stays unwatched. Objects (_ITEM)
 * and locks (_ORDER) belong to the process: they are watched while any graph asks for it. EINVAL: unknown flags. May wait.
 */
NGU_API NGU_CHECK int ngu_graph_strict(struct ngu_graph *g, unsigned flags);
NGU_API unsigned ngu_graph_strict_flags(const struct ngu_graph *g); /* never _DEFAULT: what it stands for. Never blocks. */

/*
 * Who gets the reports of the process; NULL: nobody, then a report goes line by line to the log of the graph concerned (level
 * 3), or to standard error, and the program goes on unless the graph has NGU_STRICT_ABORT. Debug builds make graphs with
 * NGU_STRICT_DEFAULT | NGU_STRICT_ABORT. Never blocks.
 */
NGU_API void ngu_strict_set_handler(ngu_strict_handler *fn, void *arg);

/* Reports so far, in the whole process. Never blocks. */
NGU_API uint64_t ngu_strict_count(void);

NGU_END_DECLS

#endif /* NG_STRICT_H */
