/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test.h - a kit for unit tests of node types: a graph from a line of text, probes that inject and record packets and messages,
 * packet builders, comparisons that show what differs, a fake clock, and an end that tells what leaked. docs/testing.md is the
 * tutorial. Link with libng-test.a (pkg-config libng-test) beside libng.
 *
 * Failing    Include <cmocka.h> before this header and a failed expectation fails the cmocka test at the caller's file and
 *            line; without cmocka it prints the same text and aborts.
 * Threads    What can fail belongs to the main thread (cmocka's failure is a longjmp). Probes record on any thread.
 * After a failure the next ngt_graph(), or ngt_teardown(), brings the thread back, even out of a read section or a method.
 */
#ifndef NG_TEST_H
#define NG_TEST_H

#include <ng/base.h>
#include <ng/graph.h>
#include <ng/strict.h>

struct mbuf;
struct ng_hook;
struct ng_item;
struct ng_mesg;
struct ng_node;

/* Where an expectation stands, and how it fails there. */
typedef void ngt_fail_fn(const char *file, int line, const char *text);
#define NGT_HERE __FILE__, __LINE__, ngt__fail
#define NGT_PARAM const char *file, int line, ngt_fail_fn *fail

NGU_BEGIN_DECLS
void ngt__abort(const char *file, int line, const char *text);
static inline void
ngt__fail(const char *file, int line, const char *text)
{
#ifdef CMOCKA_H_
	print_error("%s\n", text);
	_fail(file, line);
#else
	ngt__abort(file, line, text);
#endif
}

/* ---- graphs ---- */

/* A graph under test and all that the kit keeps for it. */
struct ngt;

/*
 * Make a graph from text: statements separated by ';' or newline, '#' comments.
 *
 *	TYPE NAME                       make a node
 *	END - END [- END ...]           make edges
 *	END is [TYPE] NAME.HOOK         with TYPE the node is made here, unless it is there already
 *	       [TYPE] NAME.HOOK/HOOK    in the middle of a chain: the edge to the left, the edge to the right
 *	       probe NAME[.HOOK]        without HOOK: named as the far hook
 *
 * "hub h; tee t; h.a - t.left; t.right - probe p". Names are what the graph calls the nodes ("h:").
 * ngt_graph() makes a graph without workers and with a fake clock; ngt_graph_with() takes the options. Fails, naming the
 * place in the text. May wait.
 */
#define ngt_graph(text) ngt__graph(NGT_HERE, NULL, (text))
#define ngt_graph_with(opts, text) ngt__graph(NGT_HERE, (opts), (text))
struct ngt *ngt__graph(NGT_PARAM, const struct ngu_graph_opts *opts, const char *text);

/* More of the same into a graph that is there. */
#define ngt_add(t, text) ngt__add(NGT_HERE, (t), (text))
void ngt__add(NGT_PARAM, struct ngt *t, const char *text);

/* The handle for <ng/ng.h>. */
struct ngu_graph *ngt_g(struct ngt *t);

/*
 * Shut every node down and destroy the graph; fail if anything of it is still alive, with a list (file:line of each packet
 * buffer in debug builds). `t` and what its probes recorded are gone afterwards. May wait.
 */
#define ngt_end(t) ngt__end(NGT_HERE, (t))
void ngt__end(NGT_PARAM, struct ngt *t);

/* Wait until nothing is queued or running. The expectations below do it by themselves. May wait. */
#define ngt_settle(t) ngt__settle(NGT_HERE, (t))
void ngt__settle(NGT_PARAM, struct ngt *t);

/* Move the fake clock, running what becomes due. May wait. */
#define ngt_advance(t, ms) ngt__advance(NGT_HERE, (t), (ms))
void ngt__advance(NGT_PARAM, struct ngt *t, unsigned ms);

/*
 * The hooks of the node at `path`, newest first, are "ourhook - peer.peerhook; ..." (an unnamed peer by its type: "tee"). ""
 * means none; NULL that there is no such node.
 */
#define ngt_expect_hooks(t, path, text) ngt__expect_hooks(NGT_HERE, (t), (path), (text))
void ngt__expect_hooks(NGT_PARAM, struct ngt *t, const char *path, const char *text);

/* Send a control message; fail unless `error` comes back. The reply, if any, is the kit's until ngt_end(). May wait. */
#define ngt_msg(t, path, cookie, cmd, arg, len) ngt__msg(NGT_HERE, (t), (path), (cookie), (cmd), (arg), (len), 0)
#define ngt_msg_error(t, path, cookie, cmd, arg, len, error) \
	((void)ngt__msg(NGT_HERE, (t), (path), (cookie), (cmd), (arg), (len), (error)))
const struct ng_mesg *ngt__msg(NGT_PARAM, struct ngt *t, const char *path, uint32_t cookie, uint32_t cmd, const void *arg,
    size_t len, int error);

/*
 * For cmocka's fixtures: setup forgets rules and logs of traces, teardown ends what a failed test left behind, without
 * complaint. ngt_test(f) is cmocka_unit_test(f) with both.
 */
int ngt_setup(void **state);
int ngt_teardown(void **state);
#define ngt_test(f) cmocka_unit_test_setup_teardown(f, ngt_setup, ngt_teardown)

/* ---- packets ---- */

#define NGT_PKT_MAX 4096

enum ngt_kind { NGT_RAW, NGT_ETH, NGT_VLAN, NGT_ARP, NGT_IP4, NGT_IP6, NGT_UDP, NGT_TCP, NGT_ICMP, NGT_ICMP6 };

/* Bytes, by value. `kind` is what the first header is: the header put in front of it says so by itself. */
struct ngt_pkt {
	enum ngt_kind kind;
	size_t len;
	uint8_t b[NGT_PKT_MAX];
};

/*
 * Builders, innermost first: ngt_eth(dst, src, ngt_ip4(src, dst, ngt_udp(53, 4000, ngt_text("hi")))). Lengths, types and
 * protocols follow from what is inside; ngt_ip4() and ngt_ip6() set the checksums of UDP, TCP and ICMP in them. Addresses are
 * text. They fail on text they cannot read and on packets over NGT_PKT_MAX. A type the kit does not know goes over Ethernet as
 * 0x88b5 and over IP as protocol 253 (both: for experiments).
 */
#define ngt_hex(text) ngt__hex(NGT_HERE, (text))			     /* "00 11 2233 # comment", spaces anywhere */
#define ngt_text(text) ngt__text(NGT_HERE, (text))			     /* its bytes, without NUL */
#define ngt_bytes(p, len) ngt__bytes(NGT_HERE, (p), (len))
#define ngt_pattern(len, seed) ngt__pattern(NGT_HERE, (len), (seed))	     /* len bytes that depend on seed */
#define ngt_cat(a, b) ngt__cat(NGT_HERE, (a), (b))
#define ngt_udp(sport, dport, inner) ngt__udp(NGT_HERE, (sport), (dport), (inner))
#define ngt_tcp(sport, dport, seq, ack, flags, inner) ngt__tcp(NGT_HERE, (sport), (dport), (seq), (ack), (flags), (inner))
#define ngt_icmp_echo(type, id, seq, inner) ngt__icmp(NGT_HERE, NGT_ICMP, (type), (id), (seq), (inner)) /* 8 asks, 0 answers */
#define ngt_icmp6_echo(type, id, seq, inner) ngt__icmp(NGT_HERE, NGT_ICMP6, (type), (id), (seq), (inner)) /* 128, 129 */
#define ngt_ip4(src, dst, inner) ngt__ip4(NGT_HERE, (src), (dst), (inner)) /* ttl 64, id 0, don't fragment */
#define ngt_ip6(src, dst, inner) ngt__ip6(NGT_HERE, (src), (dst), (inner)) /* hop limit 64 */
#define ngt_arp(op, sha, spa, tha, tpa) ngt__arp(NGT_HERE, (op), (sha), (spa), (tha), (tpa))
#define ngt_vlan(vid, pcp, inner) ngt__vlan(NGT_HERE, (vid), (pcp), (inner)) /* goes inside ngt_eth() */
#define ngt_eth(dst, src, inner) ngt__eth(NGT_HERE, (dst), (src), (inner))   /* no padding, no FCS */
/* Overwrite bytes at `off` (hex text). ngt_fix() sets lengths and checksums of all headers it finds right again. */
#define ngt_set(pkt, off, text) ngt__set(NGT_HERE, (pkt), (off), (text))
struct ngt_pkt ngt_fix(struct ngt_pkt pkt);

/* TCP flags. */
#define NGT_FIN 0x01
#define NGT_SYN 0x02
#define NGT_RST 0x04
#define NGT_PSH 0x08
#define NGT_ACK 0x10

struct ngt_pkt ngt__hex(NGT_PARAM, const char *text);
struct ngt_pkt ngt__text(NGT_PARAM, const char *text);
struct ngt_pkt ngt__bytes(NGT_PARAM, const void *p, size_t len);
struct ngt_pkt ngt__pattern(NGT_PARAM, size_t len, unsigned seed);
struct ngt_pkt ngt__cat(NGT_PARAM, struct ngt_pkt a, struct ngt_pkt b);
struct ngt_pkt ngt__udp(NGT_PARAM, unsigned sport, unsigned dport, struct ngt_pkt inner);
struct ngt_pkt ngt__tcp(NGT_PARAM, unsigned sport, unsigned dport, uint32_t seq, uint32_t ack, unsigned flags,
    struct ngt_pkt inner);
struct ngt_pkt ngt__icmp(NGT_PARAM, enum ngt_kind kind, unsigned type, unsigned id, unsigned seq, struct ngt_pkt inner);
struct ngt_pkt ngt__ip4(NGT_PARAM, const char *src, const char *dst, struct ngt_pkt inner);
struct ngt_pkt ngt__ip6(NGT_PARAM, const char *src, const char *dst, struct ngt_pkt inner);
struct ngt_pkt ngt__arp(NGT_PARAM, unsigned op, const char *sha, const char *spa, const char *tha, const char *tpa);
struct ngt_pkt ngt__vlan(NGT_PARAM, unsigned vid, unsigned pcp, struct ngt_pkt inner);
struct ngt_pkt ngt__eth(NGT_PARAM, const char *dst, const char *src, struct ngt_pkt inner);
struct ngt_pkt ngt__set(NGT_PARAM, struct ngt_pkt pkt, size_t off, const char *text);
struct ngt_pkt ngt__mbuf(NGT_PARAM, const struct mbuf *m);

/* The bytes of an mbuf chain, and a chain of the bytes (for graph g, NULL: the current one). */
#define ngt_from_mbuf(m) ngt__mbuf(NGT_HERE, (m))
NGU_CHECK struct mbuf *ngt_to_mbuf(struct ngu_graph *g, struct ngt_pkt pkt);

/* Equal, or fail with offset, expected and got in hex and text. ngt_diff() only writes that text; 0 when equal. */
#define ngt_expect_bytes(want, wlen, got, glen) ngt__expect_bytes(NGT_HERE, (want), (wlen), (got), (glen))
void ngt__expect_bytes(NGT_PARAM, const void *want, size_t wlen, const void *got, size_t glen);
int ngt_diff(char *buf, size_t size, const void *want, size_t wlen, const void *got, size_t glen);

/* ---- probes: nodes of type "probe" with any number of hooks ---- */

struct ngt_probe;

/* What arrived at a probe. The kit's until ngt_end(). */
struct ngt_rec {
	struct ngt_rec *next;
	bool is_msg;	    /* a message; else a packet */
	bool reply;	    /* a message with NGF_RESP */
	bool taken;	    /* by ngt_expect*() or ngt_recv() */
	char hook[32];	    /* the probe's hook; "" for a message sent to the node itself */
	uint64_t order;	    /* counts over all probes of the process */
	const void *thread; /* ngt_thread() of the thread that delivered */
	uint32_t cookie, cmd, token;
	size_t len;
	uint8_t data[]; /* the packet, or the message's arguments */
};

/* The probe called `name`; fails when there is none. Stays usable when its node is gone. */
#define ngt_probe(t, name) ngt__probe(NGT_HERE, (t), (name))
struct ngt_probe *ngt__probe(NGT_PARAM, struct ngt *t, const char *name);

/*
 * Send a packet (struct ngt_pkt, or hex text) out of the probe's hook; NULL: its newest. ngt_send() fails unless the result is 0;
 * ngt_try_send() returns it: what the receiving methods say, ENETDOWN, ENOENT no such hook.
 */
#define ngt_send(p, hook, pkt) ngt__send(NGT_HERE, (p), (hook), NGT_PKT(pkt), 0)
#define ngt_try_send(p, hook, pkt) ngt__try_send((p), (hook), NGT_PKT(pkt), 0)
#define ngt_try_send_flags(p, hook, pkt, flags) ngt__try_send((p), (hook), NGT_PKT(pkt), (flags)) /* NG_QUEUE 1, NG_PROGRESS 4 */
void ngt__send(NGT_PARAM, struct ngt_probe *p, const char *hook, struct ngt_pkt pkt, int flags);
int ngt__try_send(struct ngt_probe *p, const char *hook, struct ngt_pkt pkt, int flags);

/* Send a message to whatever node is behind the hook. The result is the receiving method's, 0 when it was queued. */
int ngt_send_msg(struct ngt_probe *p, const char *hook, uint32_t cookie, uint32_t cmd, const void *arg, size_t len);

/*
 * After settling, the first packet that arrived at the hook (NULL: at any) and was not looked at yet has these bytes. ngt_expect_none():
 * there is none, neither packet nor message. ngt_recv(): the first packet or message, NULL if none. ngt_count(): how many.
 */
#define ngt_expect(p, hook, pkt) ngt__expect(NGT_HERE, (p), (hook), NGT_PKT(pkt))
#define ngt_expect_none(p, hook) ngt__expect_none(NGT_HERE, (p), (hook))
#define ngt_expect_msg(p, hook, cookie, cmd, arg, len) ngt__expect_msg(NGT_HERE, (p), (hook), (cookie), (cmd), (arg), (len))
#define ngt_recv(p, hook) ngt__recv(NGT_HERE, (p), (hook))
#define ngt_count(p, hook) ngt__count(NGT_HERE, (p), (hook))
void ngt__expect(NGT_PARAM, struct ngt_probe *p, const char *hook, struct ngt_pkt pkt);
void ngt__expect_none(NGT_PARAM, struct ngt_probe *p, const char *hook);
void ngt__expect_msg(NGT_PARAM, struct ngt_probe *p, const char *hook, uint32_t cookie, uint32_t cmd, const void *arg,
    size_t len);
const struct ngt_rec *ngt__recv(NGT_PARAM, struct ngt_probe *p, const char *hook);
size_t ngt__count(NGT_PARAM, struct ngt_probe *p, const char *hook);

/* From now on the probe's methods return `error` (packets and messages are recorded all the same). */
void ngt_refuse(struct ngt_probe *p, int error);
/* From now on the probe answers messages with these bytes; NULL: not any more. */
void ngt_answer(struct ngt_probe *p, const void *data, size_t len);
/* From now on the probe counts packets but does not keep them: for floods. */
void ngt_discard(struct ngt_probe *p, bool on);
/*
 * From now on the probe takes `n` more packets and refuses those behind them with ENOBUFS, unrecorded, as a full socket does.
 * UINT64_MAX: no limit.
 */
void ngt_limit(struct ngt_probe *p, uint64_t n);
uint64_t ngt_packets(const struct ngt_probe *p); /* ever arrived, those refused by ngt_limit() left out */

/* A value that differs from thread to thread. */
const void *ngt_thread(void);

/* ---- traces: node types that tell in which order their methods were called, and can be told to fail ---- */

enum {
	NGT_PERSIST = 0x01,	   /* shutdown revives the node unless NGF_REALLY_DIE */
	NGT_AUTODIE = 0x02,	   /* the last disconnect ends the node */
	NGT_FORWARD = 0x04,	   /* a packet goes out of the node's other hook; else it is freed */
	NGT_LOG_DATA = 0x08,	   /* rcvdata is logged too */
	NGT_EXCLUSIVE = 0x10,	   /* NG_NODE_FORCE_WRITER in the constructor */
	NGT_NO_CONSTRUCTOR = 0x100, /* methods the type does not have */
	NGT_NO_RCVMSG = 0x200,
	NGT_NO_CLOSE = 0x400,
	NGT_NO_SHUTDOWN = 0x800,
	NGT_NO_NEWHOOK = 0x1000,
	NGT_NO_CONNECT = 0x2000,
	NGT_NO_RCVDATA = 0x4000,
	NGT_NO_DISCONNECT = 0x8000
};

/*
 * Register node type `name`. Its methods append to one log: "constructor NODE", "newhook NODE/HOOK", "connect NODE/HOOK",
 * "disconnect NODE/HOOK", "close NODE", "shutdown NODE", "rcvmsg NODE COOKIE:CMD", "rcvdata NODE/HOOK LENGTH"; NODE is the node's name,
 * or the type's when it has none. Again with other flags: only while there are no nodes of it.
 */
#define ngt_trace_type(name, flags) ngt__trace_type(NGT_HERE, (name), (flags))
void ngt__trace_type(NGT_PARAM, const char *name, unsigned flags);

/* Methods whose line begins with `what` return `error` (0: no more); the line ends in " fails". Until ngt_setup(). */
void ngt_trace_fail(const char *what, int error);

/*
 * Methods whose line begins with `what` call fn after they logged; what it returns is the method's result. `item` is NULL
 * unless the method has one; set *item to NULL to keep it. At most 16 such rules, until ngt_setup(); fn NULL takes one back.
 */
typedef int ngt_trace_fn(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item);
void ngt_trace_on(const char *what, ngt_trace_fn *fn, void *arg);

/* Add a line of one's own. */
void ngt_trace_note(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2)));

/* The log is exactly "line; line; ..." ("" for none). It is empty afterwards. ngt_trace_text(): what it is now. */
#define ngt_expect_trace(text) ngt__expect_trace(NGT_HERE, (text))
void ngt__expect_trace(NGT_PARAM, const char *text);
const char *ngt_trace_text(void);
void ngt_trace_clear(void); /* the log; the rules stay */

/* ---- strict mode ---- */

/*
 * The kit's graphs are strict (ng/strict.h, NGU_STRICT_DEFAULT): a report fails the test, at ngt_end(). Other checks, or none:
 * ngu_graph_strict(ngt_g(t), flags).
 * ngt_expect_strict(): the oldest report that was not looked at yet is of this kind and its text has `part` in it. Returns the
 * text, which is there until the next call. ngt_strict_reports(): how many there are.
 */
#define ngt_expect_strict(kind, part) ngt__expect_strict(NGT_HERE, (kind), (part))
const char *ngt__expect_strict(NGT_PARAM, unsigned kind, const char *part);
unsigned ngt_strict_reports(void);

/* ---- after a jump ---- */

/*
 * Bring the calling thread back after a longjmp() out of a node's method: close its section, drop what it put off, and open
 * the gates of `g` (NULL: none) that it left closed; calls of other threads that wait for the method return EINTR. `g` must be at rest but for that. References the jump left behind stay
 * taken: ngu_graph_destroy() may say EBUSY. The kit calls this; a program with its own test framework may. May wait.
 */
NGU_API void ngu_thread_recover(struct ngu_graph *g);

NGU_END_DECLS

/* A packet argument: struct ngt_pkt, or hex text. */
#ifdef __cplusplus
static inline struct ngt_pkt
ngt__pkt(NGT_PARAM, const struct ngt_pkt &pkt)
{
	(void)file;
	(void)line;
	(void)fail;
	return (pkt);
}
static inline struct ngt_pkt
ngt__pkt(NGT_PARAM, const char *text)
{
	return (ngt__hex(file, line, fail, text));
}
#define NGT_PKT(x) ngt__pkt(NGT_HERE, (x))
#else
static inline struct ngt_pkt
ngt__same(NGT_PARAM, struct ngt_pkt pkt)
{
	(void)file;
	(void)line;
	(void)fail;
	return (pkt);
}
#define NGT_PKT(x) _Generic((x), char *: ngt__hex, const char *: ngt__hex, struct ngt_pkt: ngt__same)(NGT_HERE, (x))
#endif

#undef NGT_PARAM
#endif /* NG_TEST_H */
