/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_table.c - a test node in kernel style: Ethernet frames to the hook that a table has for their destination. Packets read the table
 * without a lock; messages change it, and a thread that adds senders whom packets did not find.
 *
 * Uses ck lists, the network epoch and its callbacks, smr(9), sx(9), rwlock(9), rmlock(9), sleeping with the first two, kthread(9), hash
 * tables and hashes, sbuf(9), bitstring(3), eventhandler(9), refcount(9), atomic(9), Ethernet headers.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/bitstring.h>
#include <sys/ck.h>
#include <sys/epoch.h>
#include <sys/errno.h>
#include <sys/eventhandler.h>
#include <sys/hash.h>
#include <sys/kernel.h>
#include <sys/kthread.h>
#include <sys/lock.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/queue.h>
#include <sys/refcount.h>
#include <sys/rmlock.h>
#include <sys/rwlock.h>
#include <sys/sbuf.h>
#include <sys/smr.h>
#include <sys/sx.h>

#include <net/ethernet.h>
#include <machine/atomic.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_parse.h>

#include "ng_shim.h"

static MALLOC_DEFINE(M_NETGRAPH_TABLE, "netgraph_table", "netgraph table node");

#define PORTS 32
#define BUCKETS 16
#define STRANGERS 8

struct entry {
	CK_LIST_ENTRY(entry) link;     /* in its bucket, for packets */
	CK_SLIST_ENTRY(entry) of_port; /* of its port, for the end of one */
	LIST_ENTRY(entry) by_age;      /* of all, for messages */
	struct epoch_context ctx;
	u_int refs; /* the table's, and that of whoever copies it */
	struct ng_table_entry e;
};

/* How frames that nobody is known for are dealt with: replaced, never changed. */
struct manners {
	bool flood;
};

struct table {
	struct sx config;     /* one at a time changes anything; `thread` */
	struct rwlock counts; /* `frames`, and what packets and the thread have between them */
	struct rmlock ports;  /* `used` */
	CK_LIST_HEAD(, entry) bucket[BUCKETS];
	CK_SLIST_HEAD(, entry) of_port[PORTS];
	LIST_HEAD(ages, entry) *ages; /* hashinit(9): by port */
	u_long ages_mask;
	SMR_POINTER(struct manners *) manners;
	smr_t smr;
	bitstr_t bit_decl(used, PORTS);
	hook_p port[PORTS];
	uint64_t frames[2]; /* sent, dropped */
	volatile u_int unknown;
	struct ng_table_entry stranger[STRANGERS]; /* the thread shall add them */
	u_int first, nstrangers;
	bool learn, idle; /* there shall be a thread; it has nothing to do */
	bool thread;	  /* there is one */
};

/* Somebody elsewhere may want to know of new entries. */
typedef void table_event_fn(void *arg, const struct ng_table_entry *e);
EVENTHANDLER_DECLARE(table_entry_added, table_event_fn *);
static volatile u_int entries_announced;

static void
announced(void *arg, const struct ng_table_entry *e)
{
	(void)arg;
	atomic_add_int(&entries_announced, 1u + 0u * e->port);
}
EVENTHANDLER_DEFINE(table_entry_added, announced, NULL, EVENTHANDLER_PRI_ANY);

static u_int
bucket_of(const uint8_t *addr)
{
	return (murmur3_32_hash(addr, ETHER_ADDR_LEN, 7) % BUCKETS);
}

static void
entry_free(epoch_context_t ctx)
{
	struct entry *e = __containerof(ctx, struct entry, ctx);

	if (refcount_release(&e->refs))
		free(e, M_NETGRAPH_TABLE);
}

/* config is held, as is true of whatever changes the table; readers may still look at it. */
static void
entry_remove(struct table *sc, struct entry *e)
{
	sx_assert(&sc->config, SA_XLOCKED);
	CK_LIST_REMOVE(e, link);
	CK_SLIST_REMOVE(&sc->of_port[e->e.port], e, entry, of_port);
	LIST_REMOVE(e, by_age);
	NET_EPOCH_CALL(entry_free, &e->ctx);
}

static int
table_constructor(node_p node)
{
	struct table *sc = malloc(sizeof(*sc), M_NETGRAPH_TABLE, M_NOWAIT | M_ZERO);
	struct manners *how = malloc(sizeof(*how), M_NETGRAPH_TABLE, M_NOWAIT | M_ZERO);

	if (sc == NULL || how == NULL ||
	    (sc->ages = hashinit_flags(PORTS, M_NETGRAPH_TABLE, &sc->ages_mask, HASH_NOWAIT)) == NULL) {
		free(how, M_NETGRAPH_TABLE);
		free(sc, M_NETGRAPH_TABLE);
		return (ENOMEM);
	}
	sx_init(&sc->config, "table config");
	rw_init(&sc->counts, "table counts");
	rm_init(&sc->ports, "table ports");
	for (int i = 0; i < BUCKETS; i++)
		CK_LIST_INIT(&sc->bucket[i]);
	for (int i = 0; i < PORTS; i++)
		CK_SLIST_INIT(&sc->of_port[i]);
	sc->smr = smr_create("table", 0, 0);
	how->flood = true;
	smr_unserialized_store(&sc->manners, how, true);
	NG_NODE_SET_PRIVATE(node, sc);
	return (0);
}

/* Its number, or -1. */
static int
port_of(const char *name)
{
	char *end;
	u_long n;

	if (name[0] != 'p' || name[1] < '0' || name[1] > '9')
		return (-1);
	n = strtoul(name + 1, &end, 10);
	return (*end != '\0' || n >= PORTS ? -1 : (int)n);
}

static int
table_newhook(node_p node, hook_p hook, const char *name)
{
	struct table *sc = NG_NODE_PRIVATE(node);
	int n = port_of(name);

	if (n < 0)
		return (EINVAL);
	rm_wlock(&sc->ports);
	if (bit_test(sc->used, (size_t)n)) {
		rm_wunlock(&sc->ports);
		return (EISCONN);
	}
	bit_set(sc->used, (size_t)n);
	sc->port[n] = hook;
	rm_wunlock(&sc->ports);
	NG_HOOK_SET_PRIVATE(hook, (void *)(uintptr_t)n);
	return (0);
}

/* In the network epoch, or with config held. */
static struct entry *
find(struct table *sc, const uint8_t *addr)
{
	struct entry *e;

	CK_LIST_FOREACH(e, &sc->bucket[bucket_of(addr)], link)
		if (bcmp(e->e.addr, addr, ETHER_ADDR_LEN) == 0)
			break;
	return (e);
}

/* Also if it is somebody else's port now; `learnt`: only if nobody has added it meanwhile, and the port is still there. */
static int
add(struct table *sc, const struct ng_table_entry *new, bool learnt)
{
	struct rm_priotracker track;
	struct entry *e, *old;
	bool used = true;

	if (new->port >= PORTS || ETHER_IS_MULTICAST(new->addr))
		return (EINVAL);
	if ((e = malloc(sizeof(*e), M_NETGRAPH_TABLE, M_NOWAIT | M_ZERO)) == NULL)
		return (ENOMEM);
	e->e = *new;
	refcount_init(&e->refs, 1);
	sx_xlock(&sc->config);
	old = find(sc, new->addr);
	if (learnt) { /* the port goes before its entries do */
		rm_rlock(&sc->ports, &track);
		used = bit_test(sc->used, new->port) != 0;
		rm_runlock(&sc->ports, &track);
		if (!used || old != NULL) {
			sx_xunlock(&sc->config);
			free(e, M_NETGRAPH_TABLE);
			return (0);
		}
	}
	CK_LIST_INSERT_HEAD(&sc->bucket[bucket_of(new->addr)], e, link); /* before the old one goes: no packet misses both */
	CK_SLIST_INSERT_HEAD(&sc->of_port[e->e.port], e, of_port);
	LIST_INSERT_HEAD(&sc->ages[new->port & sc->ages_mask], e, by_age);
	if (old != NULL)
		entry_remove(sc, old);
	sx_xunlock(&sc->config);
	EVENTHANDLER_INVOKE(table_entry_added, new);
	return (0);
}

static int
del(struct table *sc, const struct ng_table_entry *gone)
{
	struct entry *e;

	sx_xlock(&sc->config);
	e = find(sc, gone->addr);
	if (e != NULL)
		entry_remove(sc, e);
	sx_xunlock(&sc->config);
	return (e == NULL ? ENOENT : 0);
}

static int
set_manners(struct table *sc, bool flood)
{
	struct manners *how = malloc(sizeof(*how), M_NETGRAPH_TABLE, M_NOWAIT | M_ZERO), *old;

	if (how == NULL)
		return (ENOMEM);
	how->flood = flood;
	sx_xlock(&sc->config);
	old = smr_serialized_swap(&sc->manners, how, sx_xlocked(&sc->config));
	sx_xunlock(&sc->config);
	smr_synchronize(sc->smr); /* messages run outside of sections */
	free(old, M_NETGRAPH_TABLE);
	return (0);
}

/* Sleeps with counts, and says so. */
static void
table_thread(void *arg)
{
	struct table *sc = arg;
	struct ng_table_entry e;

	rw_wlock(&sc->counts);
	while (sc->learn) {
		if (sc->nstrangers == 0) {
			sc->idle = true;
			if (rw_sleep(&sc->stranger, &sc->counts, 0, "table", 0) != 0)
				panic("%s: woken by nobody", __func__);
			rw_assert(&sc->counts, RA_WLOCKED);
			sc->idle = false;
			continue;
		}
		e = sc->stranger[sc->first];
		sc->first = (sc->first + 1) % STRANGERS;
		sc->nstrangers--;
		rw_wunlock(&sc->counts);
		(void)add(sc, &e, true); /* no memory: it will be met again */
		rw_wlock(&sc->counts);
	}
	rw_wunlock(&sc->counts);
	sx_xlock(&sc->config);
	sc->thread = false;
	wakeup(&sc->thread);
	sx_xunlock(&sc->config);
	kthread_exit();
}

/* Off: when it returns the thread has gone, which needs config for that. Messages, like shutdown, have the node for themselves. */
static int
set_learn(struct table *sc, bool on)
{
	int error = 0;

	sx_xlock(&sc->config);
	if (on && !sc->thread) {
		sc->learn = sc->thread = true;
		if ((error = kthread_add(table_thread, sc, NULL, NULL, 0, 0, "table")) != 0)
			sc->learn = sc->thread = false;
	} else if (!on) {
		rw_wlock(&sc->counts);
		sc->learn = false;
		sc->nstrangers = 0;
		wakeup(&sc->stranger);
		rw_wunlock(&sc->counts);
		while (sc->thread) {
			(void)sx_sleep(&sc->thread, &sc->config, 0, "tablex", 0);
			sx_assert(&sc->config, SA_XLOCKED);
		}
	}
	sx_xunlock(&sc->config);
	return (error);
}

/* "1 entries, 2 ports, 3 sent, 4 dropped, 5 unknown; 02:00:00:00:00:01 p1, ..."; "5 unknown, idle;" while there is a thread */
static int
show(struct table *sc, struct sbuf *s)
{
	struct rm_priotracker track;
	struct entry *e;
	ssize_t used;
	u_int n = 0;

	sx_slock(&sc->config);
	for (int i = 0; i < PORTS; i++)
		CK_SLIST_FOREACH(e, &sc->of_port[i], of_port)
			n++;
	rm_rlock(&sc->ports, &track);
	bit_count(sc->used, 0, PORTS, &used);
	rm_runlock(&sc->ports, &track);
	rw_rlock(&sc->counts);
	sbuf_printf(s, "%u entries, %d ports, %ju sent, %ju dropped, %u unknown%s;", n, (int)used, (uintmax_t)sc->frames[0],
	    (uintmax_t)sc->frames[1], atomic_load_int(&sc->unknown), !sc->learn ? "" : sc->idle ? ", idle" : ", busy");
	rw_runlock(&sc->counts);
	for (u_long i = 0; i <= sc->ages_mask; i++)
		LIST_FOREACH(e, &sc->ages[i], by_age) {
			refcount_acquire(&e->refs);
			for (int k = 0; k < ETHER_ADDR_LEN; k++)
				sbuf_printf(s, "%s%02x", k == 0 ? " " : ":", e->e.addr[k]);
			sbuf_printf(s, " p%u,", e->e.port);
			(void)refcount_release(&e->refs);
		}
	sx_sunlock(&sc->config);
	return (sbuf_finish(s));
}

static const struct ng_parse_struct_field entry_fields[] = { { "addr", &ng_parse_enaddr_type, 0 }, { "port", &ng_parse_uint16_type, 0 },
	{ NULL, NULL, 0 } };
static const struct ng_parse_type entry_type = { .supertype = &ng_parse_struct_type, .info = &entry_fields };
static const struct ng_cmdlist table_cmds[] = {
	{ NGM_TABLE_COOKIE, NGM_TABLE_ADD, "add", &entry_type, NULL },
	{ NGM_TABLE_COOKIE, NGM_TABLE_DEL, "del", &entry_type, NULL },
	{ NGM_TABLE_COOKIE, NGM_TABLE_GET, "get", NULL, &ng_parse_string_type },
	{ NGM_TABLE_COOKIE, NGM_TABLE_FLOOD, "flood", &ng_parse_uint32_type, NULL },
	{ NGM_TABLE_COOKIE, NGM_TABLE_LEARN, "learn", &ng_parse_uint32_type, NULL },
	{ 0, 0, NULL, NULL, NULL }
};

static int
table_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct table *sc = NG_NODE_PRIVATE(node);
	struct ng_mesg *msg, *resp = NULL;
	struct sbuf *s;
	int error = EINVAL;

	(void)lasthook;
	NGI_GET_MSG(item, msg);
	if (msg->header.typecookie != NGM_TABLE_COOKIE)
		goto done;
	switch (msg->header.cmd) {
	case NGM_TABLE_ADD:
	case NGM_TABLE_DEL:
		if (msg->header.arglen == sizeof(struct ng_table_entry))
			error = msg->header.cmd == NGM_TABLE_ADD ? add(sc, (struct ng_table_entry *)(void *)msg->data, false) :
			    del(sc, (struct ng_table_entry *)(void *)msg->data);
		break;
	case NGM_TABLE_FLOOD:
		if (msg->header.arglen == sizeof(uint32_t))
			error = set_manners(sc, *(uint32_t *)(void *)msg->data != 0);
		break;
	case NGM_TABLE_LEARN:
		if (msg->header.arglen == sizeof(uint32_t))
			error = set_learn(sc, *(uint32_t *)(void *)msg->data != 0);
		break;
	case NGM_TABLE_GET:
		if ((s = sbuf_new(NULL, NULL, 64, SBUF_AUTOEXTEND | SBUF_NOWAIT)) == NULL) {
			error = ENOMEM;
			break;
		}
		if ((error = show(sc, s)) == 0) {
			NG_MKRESPONSE(resp, msg, (size_t)sbuf_len(s) + 1, M_NOWAIT);
			if (resp != NULL)
				strlcpy(resp->data, sbuf_data(s), (size_t)sbuf_len(s) + 1);
			else
				error = ENOMEM;
		}
		sbuf_delete(s);
		break;
	}
done:
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

static int
table_rcvdata(hook_p hook, item_p item)
{
	struct table *sc = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	const struct ether_header *eh;
	struct epoch_tracker et;
	struct entry *e;
	struct mbuf *m;
	hook_p out = NULL;
	bool known = false, stranger;
	int error = 0;

	NGI_GET_M(item, m);
	if (m->m_pkthdr.len < ETHER_HDR_LEN || (m->m_len < ETHER_HDR_LEN && (m = m_pullup(m, ETHER_HDR_LEN)) == NULL)) {
		NG_FREE_ITEM(item);
		NG_FREE_M(m);
		return (EINVAL);
	}
	eh = mtod(m, const struct ether_header *);
	NET_EPOCH_ENTER(et); /* data methods are in it anyway: once more does no harm */
	if ((e = find(sc, eh->ether_dhost)) != NULL) {
		known = true;
		out = sc->port[e->e.port];
	}
	stranger = find(sc, eh->ether_shost) == NULL;
	NET_EPOCH_EXIT(et);
	NET_EPOCH_ASSERT();
	if (!known) {
		atomic_add_int(&sc->unknown, 1);
		smr_enter(sc->smr);
		if (smr_entered_load(&sc->manners, sc->smr)->flood)
			out = sc->port[0];
		smr_exit(sc->smr);
	}
	rw_wlock(&sc->counts);
	sc->frames[out == NULL || out == hook]++;
	if (sc->learn && stranger && sc->nstrangers < STRANGERS) {
		struct ng_table_entry *new = &sc->stranger[(sc->first + sc->nstrangers++) % STRANGERS];

		bcopy(eh->ether_shost, new->addr, ETHER_ADDR_LEN);
		new->port = (uint16_t)(uintptr_t)NG_HOOK_PRIVATE(hook);
		wakeup_one(&sc->stranger);
	}
	rw_wunlock(&sc->counts);
	if (out == NULL || out == hook) {
		NG_FREE_ITEM(item);
		NG_FREE_M(m);
		return (0);
	}
	NG_FWD_NEW_DATA(error, item, out, m);
	return (error);
}

static int
table_shutdown(node_p node)
{
	struct table *sc = NG_NODE_PRIVATE(node);
	struct entry *e, *next;

	(void)set_learn(sc, false);
	sx_xlock(&sc->config);
	for (u_long i = 0; i <= sc->ages_mask; i++)
		LIST_FOREACH_SAFE(e, &sc->ages[i], by_age, next)
			entry_remove(sc, e);
	sx_xunlock(&sc->config);
	hashdestroy(sc->ages, M_NETGRAPH_TABLE, sc->ages_mask);
	smr_destroy(sc->smr);
	free(smr_unserialized_load(&sc->manners, true), M_NETGRAPH_TABLE);
	rm_destroy(&sc->ports);
	rw_destroy(&sc->counts);
	sx_destroy(&sc->config);
	free(sc, M_NETGRAPH_TABLE);
	NG_NODE_UNREF(node);
	return (0);
}

static int
table_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct table *sc = NG_NODE_PRIVATE(node);
	size_t n = (size_t)NG_HOOK_PRIVATE(hook);
	struct entry *e, *next;

	rm_wlock(&sc->ports);
	bit_clear(sc->used, n);
	sc->port[n] = NULL;
	rm_wunlock(&sc->ports);
	sx_xlock(&sc->config);
	CK_SLIST_FOREACH_SAFE(e, &sc->of_port[n], of_port, next)
		entry_remove(sc, e);
	sx_xunlock(&sc->config);
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}

static struct ng_type table_type = {
	.version = NG_ABI_VERSION,
	.name = "table",
	.constructor = table_constructor,
	.rcvmsg = table_rcvmsg,
	.shutdown = table_shutdown,
	.newhook = table_newhook,
	.rcvdata = table_rcvdata,
	.disconnect = table_disconnect,
	.cmdlist = table_cmds,
};
NETGRAPH_INIT(table, &table_type);
