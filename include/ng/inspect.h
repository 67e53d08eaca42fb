/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inspect.h - looking at a graph while it works: what is there, what was refused and why.
 *
 * Results are flat blocks: one piece of memory, fields of fixed width, no pointers; what belongs to a block is found by offsets from its
 * first byte. So a block can be written to a file or a socket as it is, block.size bytes, and read by a program of the same build
 * elsewhere. Each is the caller's, to be freed with ngu_inspect_free(); on error *out is NULL.
 * Reading never stops anybody: no gate is closed, and the sections it takes are short, however big the graph. None of these
 * calls may be made inside a section (EDEADLK), unless it says so.
 */
#ifndef NG_INSPECT_H
#define NG_INSPECT_H

#include <ng/base.h>
#include <ng/stats.h>

NGU_BEGIN_DECLS

/* What each block begins with. */
struct ngu_block {
	uint64_t size; /* bytes in all */
	uint32_t kind; /* NGU_B_* */
	uint32_t version; /* NGU_B_VERSION */
};
#define NGU_B_SNAPSHOT 1u
#define NGU_B_NODE 2u
#define NGU_B_WHY 3u
#define NGU_B_TRACE 4u
#define NGU_B_HELP 5u
#define NGU_B_VERSION 1u

/* Entry number i of `type` at offset `off` of a block. */
#define NGU_B_AT(block, off, type, i) (&((const type *)(const void *)((const char *)(block) + (off)))[i])

/* Free any block. NULL is fine. Never blocks; may be called anywhere. */
NGU_API void ngu_inspect_free(void *block);

/* ---- nodes, hooks, links ---- */

/* Flags of a node. */
#define NGU_N_DYING 0x01u	 /* being shut down */
#define NGU_N_FORCE_WRITER 0x02u /* one packet at a time */
#define NGU_N_HI_STACK 0x04u
#define NGU_N_CLOSED 0x08u	 /* a writer has the node, or is getting it */
#define NGU_N_SERVED 0x10u	 /* somebody serves its queue */
#define NGU_N_QUEUE 0x20u	 /* something waits in it */
#define NGU_N_WRITER_WAITS 0x40u /* among it somebody who wants the node alone */
#define NGU_N_LISTED 0x80u	 /* on a worker's list */

/* Flags of a hook. */
#define NGU_H_INVALID 0x01u	 /* half connected, or going away */
#define NGU_H_QUEUE 0x02u	 /* what arrives is queued */
#define NGU_H_FORCE_WRITER 0x04u
#define NGU_H_HI_STACK 0x08u
#define NGU_H_TO_INBOUND 0x10u
#define NGU_H_WATCHED 0x20u	 /* a capture or a trace looks at it */

struct ngu_snap_node {
	uint32_t id;
	uint32_t flags; /* NGU_N_* */
	uint32_t hooks;
	uint32_t queued; /* items waiting in its queue */
	char name[32];	 /* "" unnamed */
	char type[32];
};

struct ngu_snap_end {
	uint32_t node;	/* which of the nodes, from 0 */
	uint32_t id;	/* its ID */
	uint32_t flags; /* NGU_H_* */
	uint32_t unused;
	uint64_t packets; /* delivered to this hook */
	uint64_t bytes;
	uint64_t refused; /* refused or dropped on their way in, or sent out of it in vain */
	char hook[32];
};

struct ngu_snap_link {
	struct ngu_snap_end end[2]; /* end[0].id <= end[1].id */
};

/*
 * A graph as a whole. Nodes are in the order of their IDs, links in that of end[0].id. Both ends of each link are among the nodes, and were
 * linked to each other at a moment of the reading. With NGU_SNAP_CHANGED nodes or links came or went while it was read, or were
 * coming or going: then it may show two links that never were there at the same time. Names, flags and counts are each of their own moment.
 * The difference of two snapshots' counts, divided by that of their time_ns, is a rate; a hook that is new counts from 0.
 */
struct ngu_snapshot {
	struct ngu_block block;
	uint32_t flags; /* NGU_SNAP_* */
	uint32_t workers;
	uint64_t time_ns; /* of the graph's clock, when the reading began */
	uint64_t took_ns; /* the host's time it took */
	uint64_t nodes_made[2], nodes_gone[2]; /* ever, in this graph: before the reading, and after it */
	uint64_t hooks_made[2], hooks_gone[2];
	uint32_t nnodes, nlinks;
	uint64_t nodes_off, links_off;
	char graph[32];
};
#define NGU_SNAP_CHANGED 0x1u
#define NGU_SNAP_NODE(s, i) NGU_B_AT(s, (s)->nodes_off, struct ngu_snap_node, i)
#define NGU_SNAP_LINK(s, i) NGU_B_AT(s, (s)->links_off, struct ngu_snap_link, i)

/* EINVAL, ENOMEM, EDEADLK. Does not wait. */
NGU_API NGU_CHECK int ngu_snapshot(struct ngu_graph *g, struct ngu_snapshot **out);

struct ngu_hook_stat {
	uint32_t flags;	  /* NGU_H_* */
	uint32_t peer_id; /* 0: none */
	uint64_t in_packets, in_bytes;	 /* delivered to this hook */
	uint64_t out_packets, out_bytes; /* to its present peer */
	uint64_t refused;
	char name[32];
	char peer_hook[32];
	char peer_name[32];
	char peer_type[32];
};

struct ngu_node_stat {
	struct ngu_block block;
	uint32_t id;
	uint32_t flags;	   /* NGU_N_* */
	uint32_t readers;  /* messages that run in it beside others */
	uint32_t promised; /* threads that will look at its queue on their way out */
	uint32_t worker;   /* that serves it; UINT32_MAX: the graph has none */
	uint32_t refs;	   /* references held */
	uint32_t queued;   /* items waiting in its queue */
	uint32_t queue_limit;
	uint32_t queue_high; /* most ever in the queue of any node of the graph */
	uint32_t nhooks;
	uint64_t memory; /* bytes the core has for it and its hooks; the type's own are not known */
	uint64_t time_ns; /* of the graph's clock */
	uint64_t in_packets, in_bytes, out_packets, out_bytes, refused; /* of all hooks that are there */
	uint64_t by_reason[NGU_R_COUNT]; /* refused and dropped packets, as far as ngu_why() remembers them */
	uint64_t hooks_off;
	char name[32];
	char type[32];
	char graph[32];
};
#define NGU_NODE_HOOK(s, i) NGU_B_AT(s, (s)->hooks_off, struct ngu_hook_stat, i)

/* The node at `path`. ENOENT, ENXIO, EINVAL, ENOMEM, EDEADLK. Does not wait. */
NGU_API NGU_CHECK int ngu_node_stat(struct ngu_graph *g, const char *path, struct ngu_node_stat **out);

/* ---- what was refused ---- */

#define NGU_WHY_PACKET 0u
#define NGU_WHY_MESSAGE 1u /* a message or function; reason is NGU_R_QUEUE_FULL, or NGU_R_NO_ITEM: no reply address was left */

/* Refusals of one kind at one place: those of the same node, hook, reason and error are counted, not listed. */
struct ngu_why_rec {
	uint64_t count;	    /* packets, or messages */
	uint64_t first_ns;  /* of the graph's clock */
	uint64_t last_ns;
	uint32_t node;	    /* whose hook that was; 0: none */
	int32_t error;	    /* what the sender got; of what was dropped later: what it would have got */
	uint32_t reason;    /* enum ngu_reason */
	uint32_t kind;	    /* NGU_WHY_* */
	uint32_t len;	    /* bytes of the last one, or of its burst; 0: not known */
	uint32_t unused;
	char name[32];	    /* the node's, "" unnamed */
	char hook[32];	    /* out of which it was sent, or at which it had arrived; "" none */
};

/* The latest first. What comes beyond 256 places takes the room of the oldest. */
struct ngu_why {
	struct ngu_block block;
	uint64_t now_ns; /* of the graph's clock */
	uint64_t missed; /* refusals that are counted in ngu_graph_stats() only: several threads met in one entry */
	uint32_t nrecs;
	uint32_t unused;
	uint64_t recs_off;
};
#define NGU_WHY_REC(w, i) NGU_B_AT(w, (w)->recs_off, struct ngu_why_rec, i)

/* Of the node at `path`, or (NULL) of all. ENOENT, ENXIO, EINVAL, ENOMEM, EDEADLK. Does not wait. */
NGU_API NGU_CHECK int ngu_why(struct ngu_graph *g, const char *path, struct ngu_why **out);

/* ---- what crosses a hook ---- */

struct ngu_cap;

#define NGU_CAP_IN 0x1u	 /* what arrives at the hook, when its node's method is called for it */
#define NGU_CAP_OUT 0x2u /* what the node sends out of the hook, when it sends it; also what then finds a queue full */
#define NGU_CAP_SNAPLEN_MOST 65535u
#define NGU_CAP_BUFFER_MOST (1u << 30)

/* A packet. In the buffer its caplen bytes follow, and up to 7 more, so that the next record begins `size` bytes behind this one. */
struct ngu_cap_rec {
	uint32_t size;
	uint32_t caplen; /* bytes kept */
	uint32_t len;	 /* bytes it had */
	uint32_t dir;	 /* NGU_CAP_IN or NGU_CAP_OUT */
	uint64_t time_ns; /* since 1970; of a graph with a fake clock: that clock's */
};

/*
 * Called for each packet instead of keeping it, in the thread that has the packet, inside a section: must not block, nor change or free it.
 * ngu_packet_read() gets at the bytes.
 */
typedef void ngu_cap_fn(void *arg, const struct ngu_cap_rec *rec, const struct mbuf *m);

struct ngu_cap_opts {
	size_t size;	  /* sizeof(struct ngu_cap_opts) */
	uint32_t dirs;	  /* NGU_CAP_IN, NGU_CAP_OUT or both */
	uint32_t snaplen; /* bytes to keep of a packet; 0: as many as can be */
	uint32_t buffer;  /* bytes, rounded up to a power of two, 4096 at least; 0: 1 MiB; NGU_CAP_BUFFER_MOST at most */
	uint64_t limit;	  /* the capture ends after so many packets; 0: none */
	ngu_cap_fn *fn;	  /* NULL: keep them for ngu_capture_read() */
	void *arg;
};

struct ngu_cap_stat {
	uint64_t seen;	  /* packets that crossed since it was opened, up to the limit */
	uint64_t stored;  /* kept for ngu_capture_read() */
	uint64_t dropped; /* not kept, the buffer being full */
	uint32_t ended;	  /* 1: no more will come */
	uint32_t unused;
};

/*
 * Get a copy of what crosses hook `hook` of the node at `path`, which is not rewired, and whose node is not asked. Each packet is seen once in each
 * direction: alone or in a burst, delivered at once or after it waited. Other hooks pay nothing; at this one packets take the long way round.
 * Several captures may look at one hook. A capture stays valid when its hook dies; it then ends. Until it is closed the
 * graph cannot be destroyed (EBUSY). EINVAL, ENOENT, ENXIO, ENOMEM, EDEADLK. Does not wait.
 */
NGU_API NGU_CHECK int ngu_capture_open(struct ngu_graph *g, const char *path, const char *hook, const struct ngu_cap_opts *o,
    struct ngu_cap **out);

/*
 * Copy whole records to buf, up to `size` bytes, oldest first; *got: bytes. 0, also when there is nothing now (*got is 0);
 * EMSGSIZE not even the first one fits; ENXIO it has ended and all has been read; EINVAL it has an fn. One thread at a time. Never blocks.
 */
NGU_API NGU_CHECK int ngu_capture_read(struct ngu_cap *cap, void *buf, size_t size, size_t *got);
NGU_API void ngu_capture_stat(struct ngu_cap *cap, struct ngu_cap_stat *out); /* never blocks */

/* Its fn is not called any more when this has returned. EDEADLK inside a section: nothing was done. NULL is fine. May wait if it has an fn. */
NGU_API int ngu_capture_close(struct ngu_cap *cap);

/* ---- the way of packets ---- */

/* What became of a packet at a hook. */
#define NGU_T_DELIVERED 0u /* the node's method was called */
#define NGU_T_PUT_OFF 1u   /* nested too deep: in this thread, a little later */
#define NGU_T_ASIDE 2u	   /* the gate was closed for a moment: in this thread, on its way out */
#define NGU_T_QUEUED 3u
#define NGU_T_REFUSED 4u /* or dropped */

struct ngu_trace_rec {
	uint32_t packet; /* from 1; what a node sends while it has a packet is that packet */
	uint32_t event;	 /* NGU_T_* */
	uint32_t how;	 /* DELIVERED: 0 at once, else after having been PUT_OFF, laid ASIDE, QUEUED */
	uint32_t reason; /* REFUSED: enum ngu_reason */
	int32_t result;	 /* DELIVERED: what the method returned; REFUSED: the errno, -1: what the reason says */
	uint32_t done;	 /* 0: the method has not returned yet */
	uint32_t node;	 /* at which it arrived */
	uint32_t far_node; /* from which, as the hook is linked */
	uint32_t depth;	 /* deliveries it was nested in, and itself */
	uint32_t len;	 /* bytes; of a burst all of them */
	uint32_t count;	 /* packets, 1 unless a burst */
	uint32_t unused;
	uint64_t at_ns;	  /* since the trace began, of the host's clock */
	uint64_t took_ns; /* DELIVERED: until the method returned, with all that it sent */
	uint64_t thread;  /* small numbers that name threads */
	char name[32];
	char type[32];
	char hook[32];
	char far_hook[32];
};

struct ngu_trace {
	struct ngu_block block;
	uint32_t packets; /* asked for */
	uint32_t started; /* have come */
	uint32_t lost;	  /* records for which there was no room */
	uint32_t nrecs;
	uint64_t recs_off;
};
#define NGU_TRACE_REC(t, i) NGU_B_AT(t, (t)->recs_off, struct ngu_trace_rec, i)
#define NGU_TRACE_MOST 1024u

/*
 * Follow the next `n` packets (bursts) that arrive at hook `hook` (NULL: at any hook it has now) of the node at `path`, hop by hop, until
 * they are consumed. 16384 events at most are kept. One trace a graph: EBUSY. EINVAL n is 0 or more than NGU_TRACE_MOST, ENOENT, ENXIO,
 * ENOMEM, EDEADLK. Packets that are not followed pay nothing for it, but at that hook. Does not wait.
 */
NGU_API NGU_CHECK int ngu_trace_start(struct ngu_graph *g, const char *path, const char *hook, unsigned n);

/* What has happened so far, in the order in which it began. ENOENT nothing is traced. EINVAL, ENOMEM, EDEADLK. Does not wait. */
NGU_API NGU_CHECK int ngu_trace_read(struct ngu_graph *g, struct ngu_trace **out);

/* End it and forget what was recorded. ENOENT nothing is traced. EDEADLK. Does not wait. */
NGU_API int ngu_trace_stop(struct ngu_graph *g);

/* ---- messages as people write them ---- */

/* Texts lie in the block, each with its NUL, at these offsets. */
struct ngu_help_msg {
	uint32_t cookie, cmd;
	uint32_t has_arg;   /* 0: it has no arguments, and arg is "" */
	uint32_t has_reply; /* 0: no reply, or one without arguments */
	uint64_t name_off;
	uint64_t arg_off;   /* "{ debugLevel=<uint8> loopTimeout=<uint32> }" */
	uint64_t reply_off;
};

struct ngu_help {
	struct ngu_block block;
	uint32_t nmsgs;
	uint32_t unused;
	uint64_t msgs_off;
	char type[32]; /* "": the generic messages, which any node understands */
};
#define NGU_HELP_MSG(h, i) NGU_B_AT(h, (h)->msgs_off, struct ngu_help_msg, i)
#define NGU_HELP_TEXT(h, off) ((const char *)(h) + (off))

/*
 * The messages of a node type (NULL: the generic ones), in the order of its list. In the syntax <uint8>, <int32>, <hint64> (hexadecimal when
 * printed) are numbers, <string 31> one of at most 31 characters, <string>, <ipaddr>, <enaddr>, <bytes> what they say, <value> what only the type
 * knows; [ X ... 8 ] is an array of 8, [ X ... ] one of any length. ENOENT no such type. EINVAL, ENOMEM. Never waits; fine inside a section.
 */
NGU_API NGU_CHECK int ngu_type_help(struct ngu_graph *g, const char *type, struct ngu_help **out);

/*
 * A command and its arguments, as NGM_ASCII2BINARY takes them, to the message for the node at `path`, which is not asked: *msg is for
 * ngu_msg_free(). *off (off may be NULL) is where in `text` reading ended, also with an error: what is wrong stands there; SIZE_MAX: it is not the text.
 * EINVAL syntax, or no command; ENOSYS a command the node does not know; ENOENT (off SIZE_MAX) no such node; ENXIO, ENOMEM, or an error of
 * <netgraph/ng_parse.h>. Never waits; fine inside a section.
 */
NGU_API NGU_CHECK int ngu_msg_parse(struct ngu_graph *g, const char *path, const char *text, struct ng_mesg **msg, size_t *off);

NGU_END_DECLS

#endif /* NG_INSPECT_H */
