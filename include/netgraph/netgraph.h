/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netgraph.h - what a node type sees: nodes, hooks, items, methods and the macros around them.
 *
 * Names, numbers and meanings are FreeBSD's (netgraph(4), netgraph(9)), so a node type written here compiles in the kernel
 * and a kernel one compiles here. Layouts are libng's own except for the members that stock sources touch by name; members
 * that several threads change are _Atomic, so `node->nd_flags |= X` in an unmodified source is one atomic operation. That
 * is also why this header is C only. Section numbers refer to the behaviour specification listed in docs/architecture.md.
 *
 * Include <netgraph/ng_message.h> first, as every kernel source does.
 */
#ifndef _NETGRAPH_NETGRAPH_H_
#define _NETGRAPH_NETGRAPH_H_

#ifndef _KERNEL
#error "netgraph.h is the kernel side of netgraph: define _KERNEL, or use <ng/ng.h> in an ordinary program"
#endif

#ifdef HAVE_KERNEL_OPTION_HEADERS
#include <opt_netgraph.h>
#include <opt_kdb.h>
#endif

#include <sys/queue.h>
#include <sys/lock.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/module.h>
#include <sys/mutex.h>
#include <sys/refcount.h>
#include <stdatomic.h>

#ifndef NG_HOOKSIZ
#include <netgraph/ng_message.h>
#endif

#define NG_SEPARATE_MALLOC 1

struct mbuf;
struct ng_node;
struct ng_hook;
struct ng_item;
struct ng_type;
struct ng_apply_info;
struct ngu_graph;
struct ngu__hidx;
struct ngu__name;
struct ngu__thread;
struct callout;

typedef struct ng_node *node_p;
typedef struct ng_hook *hook_p;
typedef struct ng_item *item_p;
#ifdef NETGRAPH_DEBUG /* as in FreeBSD, where looking at a node leaves a note in it */
typedef struct ng_node *node_cp;
#else
typedef const struct ng_node *node_cp;
#endif
typedef const struct ng_hook *hook_cp;
typedef const struct ng_item *item_cp;
typedef void *meta_p;

/* ---- methods (section 3) ---- */

typedef int ng_constructor_t(node_p node);
typedef int ng_close_t(node_p node);
typedef int ng_shutdown_t(node_p node);
typedef int ng_newhook_t(node_p node, hook_p hook, const char *name);
typedef hook_p ng_findhook_t(node_p node, const char *name);
typedef int ng_connect_t(hook_p hook);
typedef int ng_rcvmsg_t(node_p node, item_p item, hook_p lasthook);
typedef int ng_rcvdata_t(hook_p hook, item_p item);
typedef int ng_disconnect_t(hook_p hook);
typedef int ng_rcvitem(node_p node, hook_p hook, item_p item);
typedef void ng_item_fn(node_p node, hook_p hook, void *arg1, int arg2);
typedef int ng_item_fn2(node_p node, struct ng_item *item, hook_p hook);
typedef void ng_apply_t(void *context, int error);
typedef int ng_fn_eachhook(hook_p hook, void *arg);

/*
 * libng's own, not in FreeBSD: a node type may have a method that takes many packets at once, beside rcvdata (which it keeps). A
 * source that is to compile in the kernel, too, has it under #ifdef NGU_BURST_MAX.
 *
 * 1 to NGU_BURST_MAX packets that arrived by `hook`, in order, none NULL, of `bytes` bytes together. They are the method's, also when it
 * returns an error: sent on, kept, or freed. The array is its caller's: the method may change it, and hand it on, whole or in parts, to
 * ngu_send_burst(), and must leave alone what it has handed on; it must not look at it after it has returned, nor free it. Runs as rcvdata does: in a read section, as a reader, or
 * alone in a force-writer node; must not block. Result: 0, or the last error that rcvdata would have returned for one of them.
 */
#define NGU_BURST_MAX 64
typedef int ngu_rcvburst_t(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes);

/* ---- hooks (sections 4, 6, 13) ---- */

#define HK_INVALID 0x0001      /* not connected yet, or going away */
#define HK_QUEUE 0x0002	       /* whatever arrives here is queued */
#define HK_FORCE_WRITER 0x0004 /* whatever arrives here is a writer */
#define HK_DEAD 0x0008	       /* the dead hook */
#define HK_HI_STACK 0x0010     /* half the nesting depth */
#define HK_TO_INBOUND 0x0020   /* delivery here re-enters the host's input path */
/* libng's own bits: somebody looks at what leaves here, at what arrives here, or follows it. */
#define NGU_HK_OUT 0x0040
#define NGU_HK_IN 0x0080
#define NGU_HK_TRACE 0x0100

/*
 * One end of an edge. First cache line: what a packet needs, and what changing the edge writes; second: what the node's list needs,
 * which changes with every neighbour. Fields without a comment belong to the core.
 * hk_peer and hk_node are never NULL: they point to the dead hook and node when there is nothing else.
 */
struct ng_hook {
	_Atomic(struct ng_hook *) hk_peer;
	_Atomic(struct ng_node *) hk_node;
	_Atomic(ng_rcvdata_t *) hk_rcvdata; /* this hook's receiver: override, or the type's */
	void *hk_private;		    /* the node type's own */
	_Atomic int hk_flags;
	uint32_t hk_idx; /* counter index; 0 = uncounted */
	_Atomic(ng_rcvmsg_t *) hk_rcvmsg; /* message override or NULL */
	_Atomic uint32_t hk_lock; /* edge lock: held to change hk_peer */
	_Atomic uint32_t hk_state; /* NGU_HS_* */
	_Atomic int hk_refs;
	_Atomic uint32_t hk_drops; /* packets refused or dropped here */

	LIST_ENTRY(ng_hook) hk_hooks; /* on the node's nd_hooks, newest first */
	char hk_name[NG_HOOKSIZ];
	union {
		struct {
			struct ng_hook *next;
			struct ng_apply_info *apply;
		} hk_doom; /* waiting for its node to remove it */
		struct {
			void *next;
			void *fn;
		} hk_retire; /* waiting for the grace period */
	};
} __attribute__((__aligned__(64)));

/* ---- items (sections 4, 7) ---- */

#define NGQF_TYPE 0x03
#define NGQF_MESG 0x00
#define NGQF_DATA 0x01
#define NGQF_FN 0x02
#define NGQF_FN2 0x03
#define NGQF_RW 0x04
#define NGQF_READER 0x04
#define NGQF_WRITER 0x00
#define NGQF_QMODE 0x08
#define NGQF_QREADER 0x08
#define NGQF_QWRITER 0x00
/* libng's own bits: which of el_dest and el_hook carry a counted reference. */
#define NGU_QF_NODEREF 0x100
#define NGU_QF_HOOKREF 0x200
#define NGU_QF_CORE 0x400 /* runs even on an invalid node or hook: the core's own stages */
#define NGU_QF_PINNED 0x800 /* for a worker, not for the sender's way out */
#define NGU_QF_CHARGED 0x1000 /* counted against the graph's queue limit */
#define NGU_QF_BURST 0x2000 /* a data item of el_count packets in body.burst.vec */
#define NGU_QF_TRACE1 0x10000 /* a packet that is followed: its number, counted from here up */
#define NGU_QF_TRACE 0xfff0000
#define NGU_QF_HOW1 0x10000000 /* and where it had to wait last: NGU_T_* */
#define NGU_QF_HOW 0x30000000
#define NGU_QF_REPLY 0x4000 /* without el_dest: for the waiting caller that NGI_RETADDR names */

/* What travels: n packets (usually one), a message, or a function. */
struct ng_item { /* of a packet everything is in the first cache line */
	unsigned long el_flags;
	STAILQ_ENTRY(ng_item) el_next;
	node_p el_dest;
	hook_p el_hook;
	struct ng_apply_info *apply;
	u_int depth;
	uint32_t el_count; /* packets in a data item */
	struct ngu__thread *el_owner; /* whose order it belongs to, while queued */
	union {
		struct mbuf *da_m;
		struct {
			struct ng_mesg *msg_msg;
			ng_ID_t msg_retaddr;
		} msg;
		struct {
			union {
				ng_item_fn *fn_fn;
				ng_item_fn2 *fn_fn2;
			} fn_fn;
			void *fn_arg1;
			int fn_arg2;
		} fn;
		struct {
			struct mbuf **vec; /* el_count of them */
			size_t bytes;
		} burst;
	} body;
};

struct ng_apply_info {
	ng_apply_t *apply;
	void *context;
	_Atomic int refs;
	_Atomic int error;
};

/* ---- nodes (sections 4, 5, 12) ---- */

#define NGF_INVALID 0x00000001
#define NGF_FORCE_WRITER 0x00000004
#define NGF_CLOSING 0x00000008
#define NGF_REALLY_DIE 0x00000010
#define NGF_HI_STACK 0x00000020
#define NGF_TYPE1 0x10000000
#define NGF_TYPE2 0x20000000
#define NGF_TYPE3 0x40000000
#define NGF_TYPE4 0x80000000
#define NG_INVALID NGF_INVALID
#define NG_FORCE_WRITER NGF_FORCE_WRITER
#define NG_CLOSING NGF_CLOSING
#define NG_REALLY_DIE NGF_REALLY_DIE

/* First cache line: what a packet looks at; while the node lives nothing in it changes but the gate. */
struct ng_node {
	_Atomic uint32_t nd_gate; /* core/gate.h */
	_Atomic int nd_flags;
	void *nd_private; /* the node type's own */
	struct ng_type *nd_type;
	struct ngu_graph *nd_graph;
	_Atomic(struct ngu__hidx *) nd_hidx; /* hook index, read without the gate */
	_Atomic(struct ngu__name *) nd_nameent; /* NULL = unnamed */
	struct {
		void *next;
		void *fn;
	} nd_retire;

	LIST_HEAD(hooks, ng_hook) nd_hooks; /* newest first; changed under the writer gate only */
	_Atomic int nd_numhooks;
	_Atomic uint32_t nd_lock; /* held to change the hook list and index; never over a method call */
	_Atomic uintptr_t nd_qhead; /* arrivals, newest first: items, and hooks to be removed (bit 0 set) */
	uintptr_t nd_qlocal;	    /* taken by whoever has W or D, oldest first */
	uintptr_t nd_qtail;	    /* the last of these */
	struct ng_node *nd_work;    /* on a worklist */
	_Atomic int nd_refs;
	_Atomic uint32_t nd_state; /* NGU_NS_* */
	uint32_t nd_qwriters; /* writers among nd_qlocal */
	ng_ID_t nd_ID;
} __attribute__((__aligned__(64)));

/* ---- types (section 3) ---- */

struct ng_cmdlist {
	u_int32_t cookie;
	int cmd;
	const char *name;
	const struct ng_parse_type *mesgType;
	const struct ng_parse_type *respType;
};

struct ng_type {
	u_int32_t version; /* NG_ABI_VERSION */
	const char *name;
	modeventhand_t mod_event;
	ng_constructor_t *constructor;
	ng_rcvmsg_t *rcvmsg;
	ng_close_t *close;
	ng_shutdown_t *shutdown;
	ng_newhook_t *newhook;
	ng_findhook_t *findhook;
	ng_connect_t *connect;
	ng_rcvdata_t *rcvdata;
	ng_disconnect_t *disconnect;
	const struct ng_cmdlist *cmdlist;
	LIST_ENTRY(ng_type) types;
	_Atomic int refs;
};

/*
 * ---- checked access ----
 *
 * In a source compiled with NETGRAPH_DEBUG the macros below look at the object first: NULL, memory that was freed, or what is no
 * node, hook or item at all ends in a panic with file and line of the use. The forms with a leading underscore do not look.
 * Layouts do not depend on it: such a source runs beside others, and in any build of the library.
 */
#ifdef NETGRAPH_DEBUG
#define NGU__N(node) (ngu_k_check_node((node), __FILE__, __LINE__))
#define NGU__H(hook) (ngu_k_check_hook((hook), __FILE__, __LINE__))
#define NGU__I(item) (ngu_k_check_item((item), __FILE__, __LINE__))
#else
#define NGU__N(node) (node)
#define NGU__H(hook) (hook)
#define NGU__I(item) (item)
#endif

/* ---- node macros (section 5) ---- */

#define _NG_NODE_NAME(node) (ngu_k_node_name(node))
#define _NG_NODE_HAS_NAME(node) (ngu_k_node_name(node)[0] != '\0')
#define _NG_NODE_ID(node) ((node)->nd_ID + 0)
#ifdef NGU_DEBUG /* a leak report then says where references were taken and dropped */
#define _NG_NODE_REF(node) (ngu_k_node_ref_at((node), __FILE__, __LINE__))
#define _NG_NODE_UNREF(node) (ngu_k_node_unref_at((node), __FILE__, __LINE__))
#define _NG_HOOK_REF(hook) (ngu_k_hook_ref_at((hook), __FILE__, __LINE__))
#define _NG_HOOK_UNREF(hook) (ngu_k_hook_unref_at((hook), __FILE__, __LINE__))
#else
#define _NG_NODE_REF(node) (ngu_k_node_ref(node))
#define _NG_NODE_UNREF(node) (ng_unref_node(node))
#define _NG_HOOK_REF(hook) (ngu_k_hook_ref(hook))
#define _NG_HOOK_UNREF(hook) (ng_unref_hook(hook))
#endif
/* Strict mode (ng/strict.h) asks in sources compiled with NGU_DEBUG: is it the caller's to change? */
#ifdef NGU_DEBUG
#define NGU__NODE_CHANGE(node, what) (ngu_k_strict_node((node), (what), __FILE__, __LINE__))
#define NGU__HOOK_CHANGE(hook, what) (ngu_k_strict_hook((hook), (what), __FILE__, __LINE__))
#define NGU__ITEM(i) (ngu_k_strict_item((i), __FILE__, __LINE__))
#else
#define NGU__NODE_CHANGE(node, what) ((void)0)
#define NGU__HOOK_CHANGE(hook, what) ((void)0)
#define NGU__ITEM(i) (i)
#endif
#define _NG_NODE_SET_PRIVATE(node, val) \
	do { \
		NGU__NODE_CHANGE(node, "NG_NODE_SET_PRIVATE"); \
		(node)->nd_private = (val); \
	} while (0)
#define _NG_NODE_PRIVATE(node) ((node)->nd_private)
#define _NG_NODE_IS_VALID(node) (!((node)->nd_flags & NGF_INVALID))
#define _NG_NODE_NOT_VALID(node) ((node)->nd_flags & NGF_INVALID)
#define _NG_NODE_NUMHOOKS(node) ((node)->nd_numhooks + 0)
#define _NG_NODE_FORCE_WRITER(node) (ngu_k_node_force_writer(node))
#define _NG_NODE_HI_STACK(node) \
	do { \
		(node)->nd_flags |= NGF_HI_STACK; \
	} while (0)
#define _NG_NODE_REALLY_DIE(node) (ngu_k_node_really_die(node))
#define _NG_NODE_REVIVE(node) (ngu_k_node_revive(node))

#define NG_NODE_NAME(node) _NG_NODE_NAME(NGU__N(node))
#define NG_NODE_HAS_NAME(node) _NG_NODE_HAS_NAME(NGU__N(node))
#define NG_NODE_ID(node) _NG_NODE_ID(NGU__N(node))
#define NG_NODE_REF(node) _NG_NODE_REF(NGU__N(node))
#define NG_NODE_UNREF(node) _NG_NODE_UNREF(NGU__N(node))
#define NG_NODE_SET_PRIVATE(node, val) _NG_NODE_SET_PRIVATE(NGU__N(node), val)
#define NG_NODE_PRIVATE(node) _NG_NODE_PRIVATE(NGU__N(node))
#define NG_NODE_IS_VALID(node) _NG_NODE_IS_VALID(NGU__N(node))
#define NG_NODE_NOT_VALID(node) _NG_NODE_NOT_VALID(NGU__N(node))
#define NG_NODE_NUMHOOKS(node) _NG_NODE_NUMHOOKS(NGU__N(node))
#define NG_NODE_FORCE_WRITER(node) _NG_NODE_FORCE_WRITER(NGU__N(node))
#define NG_NODE_HI_STACK(node) _NG_NODE_HI_STACK(NGU__N(node))
#define NG_NODE_REALLY_DIE(node) _NG_NODE_REALLY_DIE(NGU__N(node))
#define NG_NODE_REVIVE(node) _NG_NODE_REVIVE(NGU__N(node))

/*
 * NG_NODE_FOREACH_HOOK(node, fn, arg [, rethook]): fn(hook, arg) over the node's hooks, newest first, until fn returns 0;
 * that hook goes to rethook (FreeBSD 13's form), else NULL. Main's form has no fourth argument.
 */
#define NG_NODE_FOREACH_HOOK(node, fn, ...) NGU__FOREACH_PICK(__VA_ARGS__, NGU__FOREACH4, NGU__FOREACH3, )(node, fn, __VA_ARGS__)
#define NGU__FOREACH_PICK(a, b, name, ...) name
#define NGU__FOREACH3(node, fn, arg) ((void)ngu_k_foreach_hook((node), (fn), (void *)(uintptr_t)(arg)))
#define NGU__FOREACH4(node, fn, arg, rethook) \
	do { \
		(rethook) = ngu_k_foreach_hook((node), (fn), (void *)(uintptr_t)(arg)); \
	} while (0)

#define NG_PEER_NODE(hook) NG_HOOK_NODE(NG_HOOK_PEER(hook))
#define NG_PEER_HOOK_NAME(hook) NG_HOOK_NAME(NG_HOOK_PEER(hook))
#define NG_PEER_NODE_NAME(hook) NG_NODE_NAME(NG_PEER_NODE(hook))

/* ---- hook macros (section 6) ---- */

#define _NG_HOOK_NAME(hook) ((hook)->hk_name)
#define _NG_HOOK_SET_PRIVATE(hook, val) \
	do { \
		(hook)->hk_private = (val); \
	} while (0)
#define _NG_HOOK_PRIVATE(hook) ((hook)->hk_private)
#define _NG_HOOK_SET_RCVMSG(hook, val) \
	do { \
		NGU__HOOK_CHANGE(hook, "NG_HOOK_SET_RCVMSG"); \
		(hook)->hk_rcvmsg = (val); \
	} while (0)
#define _NG_HOOK_SET_RCVDATA(hook, val) \
	do { \
		NGU__HOOK_CHANGE(hook, "NG_HOOK_SET_RCVDATA"); \
		ngu_k_hook_set_rcvdata((hook), (val)); \
	} while (0)
#define _NG_HOOK_NOT_VALID(hook) ((hook)->hk_flags & HK_INVALID)
#define _NG_HOOK_IS_VALID(hook) (!((hook)->hk_flags & HK_INVALID))
#define _NG_HOOK_NODE(hook) ((node_p)(hook)->hk_node)
#define _NG_HOOK_PEER(hook) ((hook_p)(hook)->hk_peer)
#define _NG_HOOK_FORCE_WRITER(hook) (ngu_k_hook_force_writer(hook))
#define _NG_HOOK_FORCE_QUEUE(hook) \
	do { \
		(hook)->hk_flags |= HK_QUEUE; \
	} while (0)
#define _NG_HOOK_SET_TO_INBOUND(hook) \
	do { \
		(hook)->hk_flags |= HK_TO_INBOUND; \
	} while (0)
#define _NG_HOOK_HI_STACK(hook) \
	do { \
		(hook)->hk_flags |= HK_HI_STACK; \
	} while (0)

#define NG_HOOK_REF(hook) _NG_HOOK_REF(NGU__H(hook))
#define NG_HOOK_UNREF(hook) _NG_HOOK_UNREF(NGU__H(hook))
#define NG_HOOK_NAME(hook) _NG_HOOK_NAME(NGU__H(hook))
#define NG_HOOK_SET_PRIVATE(hook, val) _NG_HOOK_SET_PRIVATE(NGU__H(hook), val)
#define NG_HOOK_PRIVATE(hook) _NG_HOOK_PRIVATE(NGU__H(hook))
#define NG_HOOK_SET_RCVMSG(hook, val) _NG_HOOK_SET_RCVMSG(NGU__H(hook), val)
#define NG_HOOK_SET_RCVDATA(hook, val) _NG_HOOK_SET_RCVDATA(NGU__H(hook), val)
#define NG_HOOK_NOT_VALID(hook) _NG_HOOK_NOT_VALID(NGU__H(hook))
#define NG_HOOK_IS_VALID(hook) _NG_HOOK_IS_VALID(NGU__H(hook))
#define NG_HOOK_NODE(hook) _NG_HOOK_NODE(NGU__H(hook))
#define NG_HOOK_PEER(hook) _NG_HOOK_PEER(NGU__H(hook))
#define NG_HOOK_FORCE_WRITER(hook) _NG_HOOK_FORCE_WRITER(NGU__H(hook))
#define NG_HOOK_FORCE_QUEUE(hook) _NG_HOOK_FORCE_QUEUE(NGU__H(hook))
#define NG_HOOK_SET_TO_INBOUND(hook) _NG_HOOK_SET_TO_INBOUND(NGU__H(hook))
#define NG_HOOK_HI_STACK(hook) _NG_HOOK_HI_STACK(NGU__H(hook))

#define NG_OUTBOUND_THREAD_REF() (ngu_k_outbound(1))
#define NG_OUTBOUND_THREAD_UNREF() (ngu_k_outbound(-1))

/* ---- item macros (section 7) ---- */

#define _NGI_M(i) (NGU__ITEM(i)->body.da_m)
#define _NGI_MSG(i) (NGU__ITEM(i)->body.msg.msg_msg)
#define _NGI_RETADDR(i) (NGU__ITEM(i)->body.msg.msg_retaddr)
#define _NGI_FN(i) (NGU__ITEM(i)->body.fn.fn_fn.fn_fn)
#define _NGI_FN2(i) (NGU__ITEM(i)->body.fn.fn_fn.fn_fn2)
#define _NGI_ARG1(i) (NGU__ITEM(i)->body.fn.fn_arg1)
#define _NGI_ARG2(i) (NGU__ITEM(i)->body.fn.fn_arg2)
#define _NGI_NODE(i) (NGU__ITEM(i)->el_dest)
#define _NGI_HOOK(i) (NGU__ITEM(i)->el_hook)

#define NGI_M(i) _NGI_M(NGU__I(i))
#define NGI_MSG(i) _NGI_MSG(NGU__I(i))
#define NGI_RETADDR(i) _NGI_RETADDR(NGU__I(i))
#define NGI_FN(i) _NGI_FN(NGU__I(i))
#define NGI_FN2(i) _NGI_FN2(NGU__I(i))
#define NGI_ARG1(i) _NGI_ARG1(NGU__I(i))
#define NGI_ARG2(i) _NGI_ARG2(NGU__I(i))
#define NGI_NODE(i) _NGI_NODE(NGU__I(i))
#define NGI_HOOK(i) _NGI_HOOK(NGU__I(i))

#define NGI_GET_M(i, m) \
	do { \
		(m) = NGI_M(i); \
		_NGI_M(i) = NULL; \
	} while (0)
#define NGI_GET_MSG(i, m) \
	do { \
		(m) = NGI_MSG(i); \
		_NGI_MSG(i) = NULL; \
	} while (0)
#define NGI_GET_NODE(i, n) \
	do { \
		(n) = ngu_k_item_take_node(i); \
	} while (0)
#define NGI_GET_HOOK(i, h) \
	do { \
		(h) = ngu_k_item_take_hook(i); \
	} while (0)
#define NGI_SET_WRITER(i) ((i)->el_flags &= ~(unsigned long)NGQF_QMODE)
#define NGI_SET_READER(i) ((i)->el_flags |= NGQF_QMODE)
#define NGI_QUEUED_READER(i) ((i)->el_flags & NGQF_QMODE)
#define NGI_QUEUED_WRITER(i) (((i)->el_flags & NGQF_QMODE) == 0)
#define NGI_SET_NODE(i, n) \
	do { \
		ngu_k_item_set_node((i), (n)); \
		(n) = NULL; \
	} while (0)
#define NGI_CLR_NODE(i) (ngu_k_item_set_node((i), NULL))
#define NGI_SET_HOOK(i, h) \
	do { \
		ngu_k_item_set_hook((i), (h)); \
		(h) = NULL; \
	} while (0)
#define NGI_CLR_HOOK(i) (ngu_k_item_set_hook((i), NULL))
#define NGI_META(i) NULL
#define NG_FREE_META(meta)
#define NGI_GET_META(i, m)
#define ng_copy_meta(meta) NULL
#ifdef NETGRAPH_DEBUG
#define SAVE_LINE(item) ((void)NGU__I(item))
#else
#define SAVE_LINE(item) \
	do { \
	} while (0)
#endif

#ifdef NGU_DEBUG
#define NG_FREE_ITEM(item) (ngu_k_free_item_at(NGU__I(item), __FILE__, __LINE__))
#define NGU__FREE_M(m) (ngu_k_free_m_at((m), __FILE__, __LINE__))
#else
#define NG_FREE_ITEM(item) (ng_free_item(NGU__I(item)))
#define NGU__FREE_M(m) (m_freem(m))
#endif
#define NG_FREE_M(m) \
	do { \
		if ((m) != NULL) { \
			NGU__FREE_M(m); \
			(m) = NULL; \
		} \
	} while (0)
#define NG_FREE_MSG(msg) \
	do { \
		if ((msg) != NULL) { \
			free((msg), M_NETGRAPH_MSG); \
			(msg) = NULL; \
		} \
	} while (0)

/* ---- send, forward, respond (section 8) ---- */

#define NG_SEND_DATA_FLAGS(error, hook, m, flags) \
	do { \
		(error) = ngu_k_send_data((hook), (m), (flags)); \
		(m) = NULL; \
	} while (0)
#define NG_SEND_DATA_ONLY(error, hook, m) NG_SEND_DATA_FLAGS(error, hook, m, NG_NOFLAGS)
#define NG_SEND_DATA(error, hook, m, x) NG_SEND_DATA_FLAGS(error, hook, m, NG_NOFLAGS)

#define NG_FWD_ITEM_HOOK_FLAGS(error, item, hook, flags) \
	do { \
		(error) = __builtin_constant_p(flags) && (flags) == NG_NOFLAGS ? ngu_k_fwd((item), (hook)) : \
										 ngu_k_fwd_item((item), (hook), (flags)); \
		(item) = NULL; \
	} while (0)
#define NG_FWD_ITEM_HOOK(error, item, hook) NG_FWD_ITEM_HOOK_FLAGS(error, item, hook, NG_NOFLAGS)

#define NG_FWD_NEW_DATA_FLAGS(error, item, hook, m, flags) \
	do { \
		_NGI_M(item) = (m); \
		(m) = NULL; \
		NG_FWD_ITEM_HOOK_FLAGS(error, item, hook, flags); \
	} while (0)
#define NG_FWD_NEW_DATA(error, item, hook, m) NG_FWD_NEW_DATA_FLAGS(error, item, hook, m, NG_NOFLAGS)

#define NG_SEND_MSG_HOOK(error, here, msg, hook, retaddr) \
	do { \
		(error) = ngu_k_send_msg_hook((here), (msg), (hook), (retaddr)); \
		(msg) = NULL; \
	} while (0)
#define NG_SEND_MSG_PATH(error, here, msg, path, retaddr) \
	do { \
		(error) = ngu_k_send_msg_path((here), (msg), (path), (retaddr)); \
		(msg) = NULL; \
	} while (0)
#define NG_SEND_MSG_ID(error, here, msg, ID, retaddr) \
	do { \
		(error) = ngu_k_send_msg_id((here), (msg), (ID), (retaddr)); \
		(msg) = NULL; \
	} while (0)
#define NG_FWD_MSG_HOOK(error, here, item, hook, retaddr) \
	do { \
		(error) = ngu_k_fwd_msg_hook((here), (item), (hook), (retaddr)); \
		(item) = NULL; \
	} while (0)
#define NG_RESPOND_MSG(error, here, item, resp) \
	do { \
		if (resp) \
			(error) = ngu_k_respond((here), (item), (resp)); \
		else \
			NG_FREE_ITEM(item); \
		(item) = NULL; \
	} while (0)

/* Flags of the sending functions (section 2). */
#define NG_NOFLAGS 0x00000000
#define NG_QUEUE 0x00000001
#define NG_WAITOK 0x00000002
#define NG_PROGRESS 0x00000004
#define NG_REUSE_ITEM 0x00000008

/* ---- modules ---- */

#define NETGRAPH_INIT_ORDERED(typename, typestructp, sub, order) \
	static moduledata_t ng_##typename##_mod = { "ng_" #typename, ng_mod_event, (typestructp) }; \
	DECLARE_MODULE(ng_##typename, ng_##typename##_mod, sub, order); \
	MODULE_DEPEND(ng_##typename, netgraph, NG_ABI_VERSION, NG_ABI_VERSION, NG_ABI_VERSION)
#define NETGRAPH_INIT(typename, typestructp) NETGRAPH_INIT_ORDERED(typename, typestructp, SI_SUB_PSEUDO, SI_ORDER_MIDDLE)

/* Beside NETGRAPH_INIT, in a source compiled for libng: the type's burst method, as long as the object is loaded. */
#define NGU_BURST_INIT(typename, typestructp, rcvburst) \
	static __attribute__((__constructor__, __used__)) void ngu__burst_add_##typename(void) \
	{ \
		(void)ngu_type_set_burst((typestructp), (rcvburst)); \
	} \
	static __attribute__((__destructor__, __used__)) void ngu__burst_del_##typename(void) \
	{ \
		(void)ngu_type_set_burst((typestructp), NULL); \
	} \
	_Static_assert(1, "")

MALLOC_DECLARE(M_NETGRAPH);
MALLOC_DECLARE(M_NETGRAPH_MSG);

/* ---- mbuf tags ---- */

#define NG_TAG_PRIO 1
struct ng_tag_prio {
	struct m_tag tag;
	char priority;
	char discardability;
};
#define NG_PRIO_CUTOFF 32
#define NG_PRIO_LINKSTATE 64

#define HK_MAGIC 0x78573011
#define ND_MAGIC 0x59264837

#pragma GCC visibility push(default)

/* ---- functions (section 9); errno results, 0 = done ---- */

int ng_newtype(struct ng_type *tp);
int ng_rmtype(struct ng_type *tp);
struct ng_type *ng_findtype(const char *name);
int ng_mod_event(module_t mod, int what, void *arg);

int ng_make_node_common(struct ng_type *typep, node_p *nodep);
int ng_make_node(const char *typename, node_p *nodepp);
int ng_name_node(node_p node, const char *name);
void ng_unname(node_p node);
node_p ng_name2noderef(node_p here, const char *name);
ng_ID_t ng_node2ID(node_cp node);
node_p ngu_k_id2noderef(ng_ID_t id);
int ng_rmnode_self(node_p node);
void ng_unref_node(node_p node);
void ng_unref_hook(hook_p hook);

hook_p ng_findhook(node_p node, const char *name);
int ng_rmhook_self(hook_p hook);
int ng_bypass(hook_p hook1, hook_p hook2);

item_p ng_package_data(struct mbuf *m, int flags);
item_p ng_package_msg(struct ng_mesg *msg, int flags);
item_p ng_package_msg_self(node_p here, hook_p hook, struct ng_mesg *msg);
void ng_free_item(item_p item);
int ng_snd_item(item_p item, int flags);

int ng_address_hook(node_p here, item_p item, hook_p hook, ng_ID_t retaddr);
int ng_address_path(node_p here, item_p item, const char *address, ng_ID_t retaddr);
int ng_address_ID(node_p here, item_p item, ng_ID_t ID, ng_ID_t retaddr);
void ng_replace_retaddr(node_p here, item_p item, ng_ID_t retaddr);

int ng_path_parse(char *addr, char **node, char **path, char **hook);
int ng_path2noderef(node_p here, const char *path, node_p *dest, hook_p *lasthook);

int ng_send_fn(node_p node, hook_p hook, ng_item_fn *fn, void *arg1, int arg2);
int ng_send_fn1(node_p node, hook_p hook, ng_item_fn *fn, void *arg1, int arg2, int flags);
int ng_send_fn2(node_p node, hook_p hook, item_p pitem, ng_item_fn2 *fn, void *arg1, int arg2, int flags);

/*
 * Give a node type its burst method, or (NULL) take it away; for hooks made from now on. Before or after ng_newtype(). 0; ENOMEM: there are
 * 512 such types, packets go to rcvdata. May wait for a lock, not for a packet.
 */
int ngu_type_set_burst(struct ng_type *tp, ngu_rcvburst_t *rcvburst);

/*
 * Send n packets out of `hook`, in order, as n NG_SEND_DATA_ONLY() would: all are consumed, and what is in the array afterwards says
 * nothing. The array is the caller's again, but for the one that a burst method was given, or a part of it: see there. `bytes`: how long they are together, if the caller knows; then none is NULL.
 * 0: they are counted here, and places with NULL are counted as errors and passed over. More than NGU_BURST_MAX go in several bursts. Never
 * blocks; also fine outside of sections, where `hook` must be one that cannot go away. The last error, 0 if none: what the receiver
 * returned, ENETDOWN, ENOMEM, ENOBUFS (a full queue); EINVAL when there was no packet; 0 when n is 0.
 */
int ngu_send_burst(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes);

void ng_callout_init(struct callout *c);
int ng_callout(struct callout *c, node_p node, hook_p hook, int nticks, ng_item_fn *fn, void *arg1, int arg2);
int ng_uncallout(struct callout *c, node_p node);
int ng_uncallout_drain(struct callout *c, node_p node);

/* What the macros above call. Not for direct use. */
const char *ngu_k_node_name_c(node_cp node);
#define ngu_k_node_name(node) ((char *)(uintptr_t)ngu_k_node_name_c(node))
void ngu_k_node_ref(node_p node);
void ngu_k_hook_ref(hook_p hook);
void ngu_k_node_ref_at(node_p node, const char *file, int line);
void ngu_k_node_unref_at(node_p node, const char *file, int line);
void ngu_k_hook_ref_at(hook_p hook, const char *file, int line);
void ngu_k_hook_unref_at(hook_p hook, const char *file, int line);
node_p ngu_k_check_node(node_cp node, const char *file, int line);
hook_p ngu_k_check_hook(hook_cp hook, const char *file, int line);
item_p ngu_k_check_item(item_cp item, const char *file, int line);
void ngu_k_node_force_writer(node_p node);
void ngu_k_hook_force_writer(hook_p hook);
void ngu_k_node_really_die(node_p node);
void ngu_k_node_revive(node_p node);
hook_p ngu_k_foreach_hook(node_p node, ng_fn_eachhook *fn, void *arg);
void ngu_k_hook_set_rcvdata(hook_p hook, ng_rcvdata_t *rcvdata);
void ngu_k_strict_node(node_p node, const char *what, const char *file, int line);
void ngu_k_strict_hook(hook_p hook, const char *what, const char *file, int line);
item_p ngu_k_strict_item(item_cp item, const char *file, int line);
void ngu_k_free_item_at(item_p item, const char *file, int line);
void ngu_k_free_m_at(struct mbuf *m, const char *file, int line);
void ngu_k_outbound(int delta);
node_p ngu_k_item_take_node(item_p item);
hook_p ngu_k_item_take_hook(item_p item);
void ngu_k_item_set_node(item_p item, node_p node);
void ngu_k_item_set_hook(item_p item, hook_p hook);
int ngu_k_send_data(hook_p hook, struct mbuf *m, int flags);
int ngu_k_fwd_item(item_p item, hook_p hook, int flags);
int ngu_k_fwd(item_p item, hook_p hook); /* the same without flags */
int ngu_k_send_msg_hook(node_p here, struct ng_mesg *msg, hook_p hook, ng_ID_t retaddr);
int ngu_k_send_msg_path(node_p here, struct ng_mesg *msg, const char *path, ng_ID_t retaddr);
int ngu_k_send_msg_id(node_p here, struct ng_mesg *msg, ng_ID_t id, ng_ID_t retaddr);
int ngu_k_fwd_msg_hook(node_p here, item_p item, hook_p hook, ng_ID_t retaddr);
int ngu_k_respond(node_p here, item_p item, struct ng_mesg *resp);

#pragma GCC visibility pop

#endif /* _NETGRAPH_NETGRAPH_H_ */
