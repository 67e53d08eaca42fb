/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model.h - a second netgraph, slow and simple: one thread, arrays, no references, no sections; nodes and hooks are never freed.
 * Written from netgraph's rules (sections 10 to 13) and from what the ng/ headers and manual pages promise; shares no code with
 * the library. fuzz_ops.c runs the same operations on both.
 *
 * Calls return what the library's return, and leave behind the graph (md_dump), which methods ran (md_log), which packets arrived
 * (md_data) and the accounts (md_count).
 */
#ifndef TESTS_FUZZ_MODEL_H
#define TESTS_FUZZ_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- the node types, which both sides have ---- */

enum {
	FT_AUTODIE = 0x01,  /* the last disconnect ends the node */
	FT_PERSIST = 0x02,  /* shutdown revives it unless NGF_REALLY_DIE */
	FT_EXCL = 0x04,	    /* NG_NODE_FORCE_WRITER */
	FT_NOCTOR = 0x08,   /* no constructor method */
	FT_BADCTOR = 0x10,  /* a constructor that fails with EXDEV */
	FT_BYPASS = 0x20,   /* close joins the peers of its two newest hooks, as ng_tee's */
	FT_NORCVMSG = 0x40, /* no rcvmsg method */
	FT_NODATA = 0x80,   /* no rcvdata method */
	FT_FWD = 0x100,	    /* packets go out of the newest other hook; ENOTCONN if there is none */
	FT_FLOOD = 0x200,   /* copies to all other hooks, newest first; the last error */
	FT_ECHO = 0x400	    /* back where they came from */
};			    /* none of the last four: packets are kept */

struct ftype {
	const char *name;
	unsigned flags;
};
extern const struct ftype ftypes[];
extern const unsigned nftypes;

/*
 * Names of hooks say what methods do with them. n...: newhook fails with EXDEV. k...: connect fails with EPERM. q...: newhook sets
 * FORCE_QUEUE. w...: newhook sets FORCE_WRITER. e...: a node that keeps packets refuses those from there with ENOSPC.
 * A packet's first byte is how often it may be copied, the second how often it may be sent on.
 */

/* What nodes of these types do when told (cookie FZ_COOKIE). */
#define FZ_COOKIE 0x667a7a00u
enum {
	FZ_REPEAT = 1,	 /* (READONLY, HASREPLY) the arguments come back */
	FZ_ERROR = 2,	 /* fails with the errno in byte 0 */
	FZ_TIMER = 3,	 /* in so many milliseconds (byte 0): log it, and a packet out of the newest hook */
	FZ_DIE = 4,	 /* ng_rmnode_self() */
	FZ_UNHOOK = 5,	 /* ng_rmhook_self() of the newest hook */
	FZ_JOIN = 6,	 /* ng_bypass() of the two newest hooks */
	FZ_SEND = 7,	 /* the arguments as a packet out of the newest hook */
	FZ_TELL = 8,	 /* FZ_NOTE to the peer of the newest hook */
	FZ_NOTE = 9,	 /* only logged */
	FZ_COMMANDS = 10 /* and all others: EINVAL */
};

/* ---- operations ---- */

struct md_text {
	char text[1u << 18];
	size_t len;
};

void md_reset(void);
int md_mknode(const char *type, const char *name, uint32_t *id);
int md_mkpeer(const char *path, const char *type, const char *ourhook, const char *peerhook);
int md_connect(const char *path, const char *ourhook, const char *peerpath, const char *peerhook);
int md_rmhook(const char *path, const char *hook);
int md_name(const char *path, const char *name);
int md_shutdown(const char *path);
int md_lookup(const char *path, uint32_t *id);
int md_insert(const char *path, const char *hook, const char *type, const char *in, const char *out, const char *name, uint32_t *id);
int md_bypass(const char *path, const char *a, const char *b);
int md_relink(const char *path, const char *hook, const char *newpath, const char *newhook);
/* `replied`: there is a reply; it is the arguments. */
int md_msg(const char *path, uint32_t cmd, const uint8_t *arg, size_t len, bool *replied);
/* Out of that hook of that node; no such hook is a NULL one. ENOENT and the like: no such node. */
int md_send(const char *path, const char *hook, const uint8_t *pkt, size_t len, bool queue);
void md_advance(unsigned ms);

/* An entry of a list; kinds as enum ngu_op_kind, messages with FZ_COOKIE. */
struct md_op {
	unsigned kind;
	const char *path, *type, *hook, *peerpath, *peerhook, *name;
	uint32_t cmd;
	uint8_t arg;
	uint32_t id; /* out: MKNODE, MKPEER */
};
/* *ran: it had begun before it failed. *index: the entry that failed. */
int md_apply(struct md_op *op, unsigned n, bool dry, bool *ran, unsigned *index);

/* ---- what came of it ---- */

/* Nodes in the order of their IDs, hooks newest first: "id name type numhooks\n", " hook - id.peerhook\n". */
void md_dump(struct md_text *t);
extern struct md_text md_log, md_data;
/* Something waited in a queue, or two timers were due at once: then the order of arrivals at different nodes is nobody's promise. */
extern bool md_queued;
struct md_counts {
	uint64_t attempted, delivered, refused, dropped;
};
extern struct md_counts md_count;
unsigned md_nodes(void); /* alive now */
uint32_t md_last_id(void); /* given out so far */

void md_sort(struct md_text *t); /* its lines */
void md_say(struct md_text *t, const char *fmt, ...) __attribute__((__format__(__printf__, 2, 3)));

#endif /* TESTS_FUZZ_MODEL_H */
