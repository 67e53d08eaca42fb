/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_life.c - the life of any node type, of which nothing is known but what it says itself: load, make, every hook name of a list
 * that it takes, hooks made and cut in all orders, its commands through text and back, wrong arguments, packets of many sizes and
 * cuts, memory refused, shutdown under the traffic of two threads, unload.
 *
 * Without arguments: the shipped types, as a test. With arguments [LIBRARY.so,]FILE.so:TYPE it loads the files and takes each type through
 * all of it in a process of its own, and prints a line for each; -s leaves strict mode on, -q makes it
 * short, -t says that the type has threads of its own. Exit status 1 if any fails.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/unit.h"

#include <netgraph/netgraph.h>
#include <netgraph/ng_parse.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/systm.h>

#if defined(NGU_ASAN) || defined(NGU_TSAN)
#define NGU_SLOW 1
#else
#define NGU_SLOW 0
#endif

/* Hook names that types of the world take. */
static const char *const dictionary[] = { "left", "right", "left2right", "right2left", "in", "out", "mixed", "one", "many0", "many1", "many2",
	"upper", "lower", "orphans", "nomatch", "downstream", "upstream", "ether", "link0", "link1", "link2", "uplink1", "original", "ordered",
	"data", "ctl", "hook", "session", "session_1", "session_2", "ppp", "bypass", "inet", "inet6", "vjc_ip", "vjc_vjip", "vjc_vjcomp",
	"vjc_vjuncomp", "ip", "vjcomp", "vjuncomp", "vjip", "compress", "decompress", "comp", "decomp", "encrypt", "decrypt", "encryption",
	"vjc", "link3", "sync", "async", "rawdata", "atalk", "ipx", "frame_relay", "dlci16", "dlci17", "auto0023", "auto", "annexA", "annexD",
	"group4", "debug", "ethernet", "atm", "fddi", "llc", "drv", "acl", "raw", "sco", "hci", "l2c", "default", "edna", "broadcast", "xyz",
	"auto3", "input", "output", "inet4", "natm", "netgraph", "gif", "ppp0", "h0", "h1", "a", "b", "vlan1", "p0", "p1", "p2", "plain",
	"coded" };

static bool strict, shipped, threads; /* shipped: or as briefly as those */
static char type[NG_TYPESIZ];
static struct ng_type *tp;
static const char *hooks[NITEMS(dictionary)]; /* those it takes when it has no others */
static unsigned nhooks;
static uint64_t rnd;

static unsigned
rand_below(unsigned n)
{
	rnd = rnd * 6364136223846793005u + 1442695040888963407u;
	return ((unsigned)(rnd >> 33) % n);
}

/* ---- a graph with the node X in it ---- */

static struct ngt *t;

static void
begin(void)
{
	t = ngt_graph("");
	if (!strict)
		assert_int_equal(ngu_graph_strict(G, 0), 0);
}

/* X is there, made now if it was not. False: no memory, which is the caller's doing. */
static bool
there(void)
{
	int error;

	if (ngu_lookup(G, "X:", NULL) == 0)
		return (true);
	error = ngu_mknode(G, type, "X", NULL);
	if (error != 0 && ngu__port_alloc_hook == NULL) {
		print_message("%s: cannot be made: error %d\n", type, error);
		assert_int_equal(error, 0);
	}
	return (error == 0);
}

static void
gone(void)
{
	int error = ngu_shutdown(G, "X:");

	assert_true(error == 0 || error == ENOENT); /* it went with its last hook */
	ngt_settle(t);
}

static struct ngu_port *
attach(const char *name)
{
	struct ngu_port *p = NULL;

	return (ngu_port_open(G, "X:", name, NULL, NULL, &p) == 0 ? p : NULL);
}

/* As many hooks as it takes together, up to n. */
static unsigned
attach_all(struct ngu_port **p, unsigned n)
{
	unsigned k = 0;

	for (unsigned i = 0; i < nhooks && k < n && there(); i++)
		if ((p[k] = attach(hooks[i])) != NULL)
			k++;
	return (k);
}

static void
detach_all(struct ngu_port **p, unsigned n)
{
	while (n > 0)
		ngu_port_close(p[--n]);
	ngt_settle(t);
}

/* ---- 1: make it, and what it takes ---- */

static void
stage_make(void)
{
	tp = ng_findtype(type);
	assert_non_null(tp);
	begin();
	for (int i = 0; i < 3; i++) {
		assert_true(there());
		gone();
		assert_int_equal(ngu_lookup(G, "X:", NULL), ENOENT);
	}
	ngt_end(t);
}

static void
stage_hooks(void)
{
	static const char *const odd[] = { "no such hook", "left\"", "link-1", "link99999999999", "dlci1024", "dlci-1", "link", "many", "0", " ", "\xff\xfe",
		"1234567890123456789012345678901" };
	struct ngu_port *p, *q;

	nhooks = 0;
	begin();
	for (unsigned i = 0; i < NITEMS(dictionary) + NITEMS(odd); i++) {
		const char *name = i < NITEMS(dictionary) ? dictionary[i] : odd[i - NITEMS(dictionary)];

		assert_true(there());
		if ((p = attach(name)) == NULL)
			continue;
		if (i < NITEMS(dictionary))
			hooks[nhooks++] = name;
		q = attach(name); /* a second one of that name: refused, unless the type finds another */
		ngu_port_close(q);
		ngu_port_close(p);
		ngt_settle(t);
	}
	gone();
	ngt_end(t);
	assert_int_not_equal(nhooks, 0);
}

/* ---- 2: three hooks made and cut in all orders ---- */

static const uint8_t orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };

static void
stage_orders(void)
{
	struct ngu_port *p[3];
	const char *name[3];

	begin();
	for (unsigned r = 0; r < 8; r++) {
		for (unsigned i = 0; i < 3; i++)
			name[i] = hooks[r == 0 ? i % nhooks : rand_below(nhooks)];
		for (unsigned make = 0; make < 6; make++)
			for (unsigned cut = 0; cut < 6; cut++) {
				memset(p, 0, sizeof(p));
				for (unsigned i = 0; i < 3; i++) {
					assert_true(there());
					p[orders[make][i]] = attach(name[orders[make][i]]);
				}
				for (unsigned i = 0; i < 3; i++)
					if (i % 2 == 0 || ngu_rmhook(G, "X:", name[orders[cut][i]]) != 0)
						ngu_port_close(p[orders[cut][i]]), p[orders[cut][i]] = NULL;
				for (unsigned i = 0; i < 3; i++)
					ngu_port_close(p[i]);
			}
		ngt_settle(t);
	}
	/* hooks of its own connected with each other */
	for (unsigned i = 0; i < 20; i++) {
		assert_true(there());
		whatever = ngu_connect(G, "X:", hooks[rand_below(nhooks)], "X:", hooks[rand_below(nhooks)]);
	}
	gone();
	ngt_end(t);
}

/* ---- 3: commands ---- */

/* Arguments stand behind the header that says how long they are: texts are made and taken with a look at it. */
static struct message {
	struct ng_msghdr header;
	unsigned char args[16384];
} there_it_is, again, arg;
static char text[100000], text2[100000];
static unsigned parsed, replied;

/* What comes back as text is taken, and comes to the same text. */
static void
round_trip(const struct ng_parse_type *pt, const unsigned char *data, int len, const char *what)
{
	int off = 0, n = sizeof(again.args), error;

	memset(&there_it_is, 0, sizeof(there_it_is));
	memcpy(there_it_is.args, data, (size_t)len);
	there_it_is.header.version = NG_VERSION;
	there_it_is.header.arglen = (uint32_t)len;
	if ((error = ng_unparse(pt, there_it_is.args, text, sizeof(text))) != 0) {
		print_message("%s: %s: no text of it: error %d\n", type, what, error);
		assert_int_equal(error, 0);
	}
	memset(&again, 0, sizeof(again));
	again.header.version = NG_VERSION;
	if ((error = ng_parse(pt, text, &off, again.args, &n)) != 0) {
		print_message("%s: %s: \"%s\": not taken back: error %d\n", type, what, text, error);
		assert_int_equal(error, 0);
	}
	again.header.arglen = (uint32_t)n;
	assert_int_equal(ng_unparse(pt, again.args, text2, sizeof(text2)), 0);
	assert_string_equal(text, text2);
	parsed++;
}

/* Arguments as text that suit many. */
static const char *const texts[] = { "", "{ }", "{}", "0", "1", "\"\"", "\"left\"", "[ ]", "[]", "00:01:02:03:04:05", "1.2.3.4", "{ enable=1 }",
	"{ 1 2 3 }" };

static void
command(const struct ng_cmdlist *c, const void *arg, size_t len)
{
	struct ng_mesg *reply = NULL;
	struct ngu_graph *before;

	/* a message and its text, as the node itself translates them */
	whatever = ngu_msg(G, "X:", c->cookie, (uint32_t)c->cmd, arg, len, &reply);
	if (reply != NULL && c->respType != NULL && (reply->header.flags & NGF_RESP) != 0) {
		before = ngu_graph_enter(G);
		round_trip(c->respType, (const unsigned char *)reply->data, (int)MIN(reply->header.arglen, sizeof(again.args) / 2), c->name);
		(void)ngu_graph_enter(before);
		replied++;
	}
	ngu_msg_free(reply);
	assert_int_equal(ngu_clock_advance(G, 10000000), 0);
}

static void
stage_commands(void)
{
	struct ngu_port *p[24];
	unsigned n;
	int off, len;

	parsed = replied = 0;
	begin();
	n = attach_all(p, NITEMS(p));
	for (const struct ng_cmdlist *c = tp->cmdlist; c != NULL && c->cookie != 0; c++) {
		if (ngu_lookup(G, "X:", NULL) != 0) {
			detach_all(p, n);
			assert_true(there());
			n = attach_all(p, NITEMS(p));
		}
		if (c->mesgType == NULL) {
			command(c, NULL, 0);
			continue;
		}
		for (unsigned i = 0; i < NITEMS(texts); i++) {
			off = 0;
			len = sizeof(arg.args) / 2;
			memset(&arg, 0, sizeof(arg));
			arg.header.version = NG_VERSION;
			if (ng_parse(c->mesgType, texts[i], &off, arg.args, &len) != 0)
				continue;
			round_trip(c->mesgType, arg.args, len, c->name);
			command(c, arg.args, (size_t)len);
		}
	}
	detach_all(p, n);
	gone();
	ngt_end(t);
}

static void
stage_malformed(void)
{
	static const unsigned lengths[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 31, 32, 33, 64, 100, 128, 500, 1000, 4000 };
	struct ngu_port *p[6];
	unsigned n = 0;

	begin();
	for (const struct ng_cmdlist *c = tp->cmdlist; c != NULL && c->cookie != 0; c++)
		for (unsigned l = 0; l < NITEMS(lengths); l++)
			for (unsigned fill = 0; fill < 4; fill++) {
				if (ngu_lookup(G, "X:", NULL) != 0) {
					detach_all(p, n);
					n = attach_all(p, NITEMS(p));
				}
				for (unsigned i = 0; i < lengths[l]; i++)
					arg.args[i] = (unsigned char)(fill == 0 ? 0 : fill == 1 ? 0xff : fill == 2 ? rand_below(256) : rand_below(4) == 0);
				whatever = ngu_msg(G, "X:", c->cookie, (uint32_t)c->cmd, arg.args, lengths[l], NULL);
			}
	/* commands that nobody has */
	whatever = there();
	whatever = ngu_msg(G, "X:", tp->cmdlist != NULL ? tp->cmdlist->cookie : 1, 0x7fff, NULL, 0, NULL);
	whatever = ngu_msg(G, "X:", 0x12345678, 1, NULL, 0, NULL);
	detach_all(p, n);
	gone();
	ngt_end(t);
}

/* ---- 4: packets ---- */

static const unsigned sizes[] = { 1, 2, 3, 4, 5, 6, 8, 12, 13, 14, 15, 16, 18, 19, 20, 21, 22, 28, 34, 40, 41, 42, 54, 55, 60, 64, 100, 128, 200, 256, 512,
	1000, 1499, 1500, 1501, 2048, 4000, 9000 };

/* Ethernet, a VLAN tag now and then, IPv4 or IPv6, TCP or UDP. */
static void
frame(unsigned char *b, unsigned n, bool ip_only)
{
	static const unsigned char eth[] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0 };
	unsigned char ip[40] = { 0x45, 0, 0, 0, 1, 2, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x12, 0x34, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x10, 4,
		0, 0, 0, 0, 0 };
	unsigned at = ip_only ? 0 : sizeof(eth), len = n > at ? n - at : 0;

	for (unsigned i = 0; i < n; i++)
		b[i] = (unsigned char)rand_below(256);
	if (!ip_only)
		memcpy(b, eth, n < sizeof(eth) ? n : sizeof(eth));
	ip[2] = (unsigned char)(len >> 8);
	ip[3] = (unsigned char)len;
	ip[9] = rand_below(2) != 0 ? 6 : 17;
	ip[33] = (unsigned char)(0x10 | rand_below(4)); /* SYN, FIN */
	if (rand_below(4) == 0)
		ip[32] = 0x60;
	memcpy(b + (n < at ? n : at), ip, len < sizeof(ip) ? len : sizeof(ip));
}

/* In one mbuf, in bytes, in pieces by lot. NULL: no memory. */
static struct mbuf *
cut(const unsigned char *b, unsigned n, unsigned how)
{
	struct mbuf *m = NULL, *last = NULL, *p;
	unsigned at = 0, len;

	while (at < n) {
		len = how == 0 ? n : how == 1 && at < 60 ? 1 : how == 2 ? 1 + rand_below(100) : n - at;
		if (len > n - at)
			len = n - at;
		if (len > MCLBYTES)
			len = MCLBYTES;
		if ((p = len <= MHLEN ? (m == NULL ? m_gethdr(M_NOWAIT, MT_DATA) : m_get(M_NOWAIT, MT_DATA)) :
				     m_getcl(M_NOWAIT, MT_DATA, m == NULL ? M_PKTHDR : 0)) == NULL) {
			m_freem(m);
			return (NULL);
		}
		memcpy(p->m_data, b + at, len);
		p->m_len = (int)len;
		at += len;
		if (m == NULL)
			m = p;
		else
			last->m_next = p;
		last = p;
	}
	m->m_pkthdr.len = (int)n;
	return (m);
}

static void
send(struct ngu_port *p, unsigned size, unsigned how, unsigned fill)
{
	static unsigned char b[9000];
	struct ngu_graph *before;
	struct mbuf *m;

	if (fill < 2)
		memset(b, fill == 0 ? 0 : 0xff, size);
	else
		frame(b, size, fill == 3);
	if (fill == 4)
		for (unsigned i = 0; i < size; i++)
			b[i] = (unsigned char)rand_below(256);
	before = ngu_graph_enter(G);
	if ((m = cut(b, size, how)) != NULL)
		whatever = ngu_port_send(p, m);
	(void)ngu_graph_enter(before);
}

static void
stage_packets(void)
{
	struct ngu_port *p[24];
	unsigned n;

	begin();
	n = attach_all(p, shipped ? 6 : NITEMS(p));
	for (unsigned i = 0; i < n; i++)
		for (unsigned s = 0; s < NITEMS(sizes); s++) {
			for (unsigned how = 0; how < 3; how++)
				for (unsigned fill = 0; fill < 5; fill++)
					send(p[i], sizes[s], how, fill);
			assert_int_equal(ngu_clock_advance(G, 50000000), 0);
		}
	ngt_settle(t);
	/* each hook alone with its node: nowhere to send to */
	detach_all(p, n);
	for (unsigned i = 0; i < nhooks && (i < 10 || !shipped); i++) {
		whatever = there();
		if ((p[0] = attach(hooks[i])) == NULL)
			continue;
		for (unsigned s = 0; s < NITEMS(sizes); s++)
			send(p[0], sizes[s], s % 3, s % 5);
		ngu_port_close(p[0]);
	}
	assert_int_equal(ngu_clock_advance(G, 100000000000), 0);
	gone();
	ngt_end(t);
}

/* ---- 5: memory refused, one request at a time ---- */

static void
stage_memory(void)
{
	const unsigned tries = shipped || NGU_SLOW ? 60 : 400; /* shipped ones: test_memory.c is thorough */
	struct ngu_port *p[4];
	unsigned n, k;

	for (k = 1; k <= tries; k++) {
		begin();
		sweep_at = k;
		sweep_seen = 0;
		sweep_all = false;
		ngu__port_alloc_hook = sweep;
		n = attach_all(p, NITEMS(p));
		for (const struct ng_cmdlist *c = tp->cmdlist; n != 0 && c != NULL && c->cookie != 0; c++) {
			memset(arg.args, 0, 64);
			whatever = ngu_msg(G, "X:", c->cookie, (uint32_t)c->cmd, arg.args, c->mesgType == NULL ? 0 : rand_below(40), NULL);
		}
		for (unsigned i = 0; i < n; i++)
			for (unsigned s = 20; s <= 80; s += 30)
				send(p[i], s, 2, 2);
		ngu__port_alloc_hook = NULL;
		detach_all(p, n);
		gone();
		ngt_end(t);
		if (sweep_seen < k)
			break;
	}
}

/* ---- 6: shutdown while two threads send ---- */

static struct ngu_port *_Atomic way[2];
static _Atomic uint32_t stop, sent[2];

static void *
sender(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;
	struct ngu_port *p;
	struct mbuf *m;
	unsigned char b[80];

	(void)ngu_graph_enter(G);
	for (unsigned i = 0; !stop; i++) {
		p = way[me];
		memset(b, (int)i, sizeof(b));
		memcpy(b, "\2\0\0\0\0\1\2\0\0\0\0\2\10\0\x45\0\0\x42\0\0\0\0\x40\6", 24);
		if ((m = ngu_packet(G, b, sizeof(b))) == NULL)
			continue;
		if (p != NULL)
			(void)ngu_port_send(p, m);
		else
			ngu_packet_free(m);
		sent[me]++;
	}
	(void)ngu_graph_enter(NULL);
	return (NULL);
}

/* Each thread has sent n more. */
static void
await(unsigned n)
{
	uint32_t from[2] = { sent[0], sent[1] };

	while (sent[0] - from[0] < n || sent[1] - from[1] < n)
		ngu__port_yield();
}

static void
stage_traffic(void)
{
	ngu__port_thread th[2];
	struct ngu_port *p[2] = { NULL, NULL };
	unsigned i, r;

	begin();
	stop = 0;
	for (i = 0; i < 2; i++) {
		way[i] = NULL;
		assert_int_equal(ngu__port_thread_start(&th[i], "sender", sender, (void *)(uintptr_t)i), 0);
	}
	for (r = 0; r < (shipped ? 8 : 30); r++) {
		assert_true(there());
		for (i = 0; i < 2; i++)
			for (unsigned k = 0; k < 20 && p[i] == NULL && there(); k++)
				p[i] = attach(hooks[(r + rand_below(nhooks)) % nhooks]);
		way[0] = p[0];
		way[1] = p[1] != NULL ? p[1] : p[0];
		await(20);
		if (r % 3 == 0)
			whatever = ngu_rmhook(G, "X:", hooks[r % nhooks]);
		whatever = ngu_shutdown(G, "X:");
		await(10);
		way[0] = way[1] = NULL;
		await(2); /* nobody is in the ports any more */
		for (i = 0; i < 2; i++) {
			ngu_port_close(p[i]);
			p[i] = NULL;
		}
		whatever = ngu_clock_advance(G, 2000000000);
	}
	stop = 1;
	for (i = 0; i < 2; i++)
		ngu__port_thread_join(&th[i]);
	ngt_settle(t);
	gone();
	ngt_end(t);
}

/* ---- 7: unload, and load again ---- */

static void
stage_unload(void)
{
	assert_int_equal(ng_mod_event(NULL, MOD_UNLOAD, tp), 0);
	assert_null(ng_findtype(type));
	assert_int_equal(ng_mod_event(NULL, MOD_LOAD, tp), 0);
	assert_ptr_equal(ng_findtype(type), tp);
}

/* ---- all of it ---- */

static struct { uint64_t inuse; const char *name; } held[64];
static unsigned nheld;

static void
hold(void *arg, const struct malloc_type *mt)
{
	struct ngu_malloc_stats s;

	ngu_k_malloc_stats(mt, &s);
	for (unsigned i = 0; i < nheld; i++)
		if (strcmp(held[i].name, mt->ks_shortdesc) == 0) {
			if (arg != NULL && s.inuse != held[i].inuse) {
				print_message("%s: malloc type %s: %llu in use, %llu before\n", type, mt->ks_shortdesc, (unsigned long long)s.inuse,
				    (unsigned long long)held[i].inuse);
				++*(unsigned *)arg;
			}
			held[i].inuse = s.inuse;
			return;
		}
	if (arg != NULL && s.inuse != 0) {
		print_message("%s: malloc type %s: %llu in use\n", type, mt->ks_shortdesc, (unsigned long long)s.inuse);
		++*(unsigned *)arg;
	}
	if (nheld < NITEMS(held)) {
		held[nheld].name = mt->ks_shortdesc;
		held[nheld++].inuse = s.inuse;
	}
}

static void (*const stages[])(void) = { stage_make, stage_hooks, stage_orders, stage_commands, stage_malformed, stage_packets, stage_memory, stage_traffic,
	stage_unload };
static const char *const stage_names[] = { "make", "hooks", "orders", "commands", "malformed arguments", "packets", "memory refused",
	"shutdown under traffic", "unload" };
static const char *volatile *where; /* shared with the process that waits for this one */

static void
life(const char *name)
{
	unsigned leaks = 0;

	(void)snprintf(type, sizeof(type), "%s", name);
	rnd = 1;
	ngu_k_malloc_types(hold, NULL);
	for (unsigned i = 0; i < NITEMS(stages); i++) {
		if (where != NULL)
			print_message("# %s: %s\n", type, stage_names[i]);
		stages[i]();
		ngu_reclaim_barrier();
		leaks = 0;
		ngu_k_malloc_types(hold, &leaks);
		assert_int_equal(leaks, 0);
	}
	if (where != NULL)
		print_message("# %s: %u hooks, %u texts there and back, %u replies\n", type, nhooks, parsed, replied);
}

#define SHIPPED(name) \
	static void test_##name(void **state) \
	{ \
		(void)state; \
		life(#name); \
	}
#ifdef NGU_HAVE_PCAP
SHIPPED(bpf)
#endif
SHIPPED(bridge)
SHIPPED(car)
SHIPPED(checksum)
SHIPPED(echo)
SHIPPED(etf)
SHIPPED(ether_echo)
SHIPPED(fault)
SHIPPED(hole)
SHIPPED(hub)
SHIPPED(macfilter)
SHIPPED(one2many)
SHIPPED(patch)
SHIPPED(pipe)
SHIPPED(sample)
SHIPPED(source)
SHIPPED(split)
SHIPPED(tag)
SHIPPED(tcpmss)
SHIPPED(tee)
SHIPPED(UI)
SHIPPED(vlan)
SHIPPED(vlan_rotate)

/* ---- of other types ---- */

static const char *loaded_type;

static void
test_loaded(void **state)
{
	(void)state;
	life(loaded_type);
}

static int
one(char *arg)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_loaded) };
	char *colon = strrchr(arg, ':');

	if (colon == NULL) {
		print_error("%s: not FILE.so:TYPE\n", arg);
		return (2);
	}
	*colon = '\0';
	loaded_type = colon + 1;
	if ((tp = ng_findtype(loaded_type)) != NULL)
		assert_int_equal(ng_mod_event(NULL, MOD_UNLOAD, tp), 0); /* a shipped one of that name */
	for (char *file = strtok(arg, ","); file != NULL; file = strtok(NULL, ","))
		if (dlopen(file, RTLD_NOW | RTLD_GLOBAL) == NULL) {
			print_error("%s\n", dlerror());
			return (2);
		}
	return (cmocka_run_group_tests(tests, NULL, NULL) != 0);
}

int
main(int argc, char **argv)
{
	static const char *volatile talk = "";
	const struct CMUnitTest tests[] = {
#ifdef NGU_HAVE_PCAP
		cmocka_unit_test(test_bpf),
#endif
		cmocka_unit_test(test_bridge),
		cmocka_unit_test(test_car),
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_etf),
		cmocka_unit_test(test_ether_echo),
		cmocka_unit_test(test_fault),
		cmocka_unit_test(test_hole),
		cmocka_unit_test(test_hub),
		cmocka_unit_test(test_macfilter),
		cmocka_unit_test(test_one2many),
		cmocka_unit_test(test_patch),
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_tag),
		cmocka_unit_test(test_tcpmss),
		cmocka_unit_test(test_tee),
		cmocka_unit_test(test_UI),
		cmocka_unit_test(test_vlan),
		cmocka_unit_test(test_vlan_rotate),
	};
	int failed = 0, status;
	pid_t pid;

	if (argc == 1) {
		strict = shipped = true;
		return (cmocka_run_group_tests(tests, NULL, NULL));
	}
	where = &talk;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-s") == 0) {
			strict = true;
			continue;
		}
		if (strcmp(argv[i], "-t") == 0) {
			threads = true;
			continue;
		}
		if (strcmp(argv[i], "-q") == 0) {
			shipped = true;
			continue;
		}
		(void)fflush(NULL);
		if ((pid = fork()) == 0)
			exit(one(argv[i]));
		if (waitpid(pid, &status, 0) != pid)
			return (2);
		if (status != 0)
			failed = 1;
		(void)fprintf(stderr, "== %s: %s\n", argv[i], status == 0 ? "passed" : WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) :
		    WEXITSTATUS(status) == 2 ? "not loaded" : "failed");
	}
	return (failed);
}
