/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_macfilter.c - stations on hooks: frames from "ether" go to the hook that their source address was directed to.
 *
 * Packets run as readers, many at once; hooks and addresses change only while the node stands still, so they are read plainly,
 * and what packets count is counter(9). Addresses are kept in order: found by halves, listed as they lie.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/limits.h>
#include <sys/malloc.h>
#include <sys/counter.h>
#include <sys/mbuf.h>

#include <net/ethernet.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_parse.h>
#include <netgraph/ng_macfilter.h>

#ifdef NG_SEPARATE_MALLOC
static MALLOC_DEFINE(M_NETGRAPH_MACFILTER, "netgraph_macfilter", "netgraph macfilter node");
#else
#define M_NETGRAPH_MACFILTER M_NETGRAPH
#endif

CTASSERT(sizeof(struct ngm_macfilter_direct) == 38);
CTASSERT(sizeof(struct ngm_macfilter_direct_hookid) == 8);
CTASSERT(sizeof(struct ngm_macfilter_mac) == 40);
CTASSERT(offsetof(struct ngm_macfilter_macs, macs) == 8);
CTASSERT(sizeof(struct ngm_macfilter_hook) == 40);
CTASSERT(offsetof(struct ngm_macfilter_hooks, hooks) == 4);

#define ROOM_LEAST 16 /* of the two arrays; they grow by doubling */
#define IDS (UINT16_MAX + 1)

enum { PACKETS_IN, BYTES_IN, PACKETS_OUT, BYTES_OUT, COUNTERS };

struct station {
	u_char addr[ETHER_ADDR_LEN];
	uint16_t id; /* of its hook */
	counter_u64_t count[COUNTERS];
};

/* Private data of a hook, but of ether. */
struct filter_hook {
	uint16_t id;
	uint32_t stations;
};

struct macfilter {
	hook_p ether; /* NULL: not connected */
	hook_p *hooks; /* by ID; NULL: not in use. The first is default's */
	u_int hooks_room;
	struct station **stations; /* by address */
	u_int nstations, stations_room;
};

static ng_constructor_t ng_macfilter_constructor;
static ng_rcvmsg_t ng_macfilter_rcvmsg;
static ng_shutdown_t ng_macfilter_shutdown;
static ng_newhook_t ng_macfilter_newhook;
static ng_rcvdata_t ng_macfilter_rcvdata;
static ng_disconnect_t ng_macfilter_disconnect;

/* Both begin with how many there are. */
static int
count_first(const struct ng_parse_type *type, const u_char *start, const u_char *buf)
{
	uint32_t n;

	memcpy(&n, start, sizeof(n));
	return (n > INT_MAX ? -1 : (int)n);
}

static const struct ng_parse_struct_field direct_fields[] = NGM_MACFILTER_DIRECT_FIELDS;
static const struct ng_parse_type direct_type = { .supertype = &ng_parse_struct_type, .info = &direct_fields };
static const struct ng_parse_struct_field directi_fields[] = NGM_MACFILTER_DIRECT_HOOKID_FIELDS;
static const struct ng_parse_type directi_type = { .supertype = &ng_parse_struct_type, .info = &directi_fields };
static const struct ng_parse_struct_field mac_fields[] = NGM_MACFILTER_MAC_FIELDS;
static const struct ng_parse_type mac_type = { .supertype = &ng_parse_struct_type, .info = &mac_fields };
static const struct ng_parse_array_info mac_array_info = { &mac_type, count_first, NULL };
static const struct ng_parse_type mac_array_type = { .supertype = &ng_parse_array_type, .info = &mac_array_info };
static const struct ng_parse_struct_field macs_fields[] = NGM_MACFILTER_MACS_FIELDS(&mac_array_type);
static const struct ng_parse_type macs_type = { .supertype = &ng_parse_struct_type, .info = &macs_fields };
static const struct ng_parse_struct_field hook_fields[] = NGM_MACFILTER_HOOK_FIELDS;
static const struct ng_parse_type hook_type = { .supertype = &ng_parse_struct_type, .info = &hook_fields };
static const struct ng_parse_array_info hook_array_info = { &hook_type, count_first, NULL };
static const struct ng_parse_type hook_array_type = { .supertype = &ng_parse_array_type, .info = &hook_array_info };
static const struct ng_parse_struct_field hooks_fields[] = NGM_MACFILTER_HOOKS_FIELDS(&hook_array_type);
static const struct ng_parse_type hooks_type = { .supertype = &ng_parse_struct_type, .info = &hooks_fields };

static const struct ng_cmdlist ng_macfilter_cmdlist[] = {
	{ NGM_MACFILTER_COOKIE, NGM_MACFILTER_RESET, "reset", NULL, NULL },
	{ NGM_MACFILTER_COOKIE, NGM_MACFILTER_DIRECT, "direct", &direct_type, NULL },
	{ NGM_MACFILTER_COOKIE, NGM_MACFILTER_DIRECT_HOOKID, "directi", &directi_type, NULL },
	{ NGM_MACFILTER_COOKIE, NGM_MACFILTER_GET_MACS, "getmacs", NULL, &macs_type },
	{ NGM_MACFILTER_COOKIE, NGM_MACFILTER_GETCLR_MACS, "getclrmacs", NULL, &macs_type },
	{ NGM_MACFILTER_COOKIE, NGM_MACFILTER_CLR_MACS, "clrmacs", NULL, NULL },
	{ NGM_MACFILTER_COOKIE, NGM_MACFILTER_GET_HOOKS, "gethooks", NULL, &hooks_type },
	{ 0, 0, NULL, NULL, NULL }
};

static struct ng_type ng_macfilter_type = {
	.version = NG_ABI_VERSION,
	.name = NG_MACFILTER_NODE_TYPE,
	.constructor = ng_macfilter_constructor,
	.rcvmsg = ng_macfilter_rcvmsg,
	.shutdown = ng_macfilter_shutdown,
	.newhook = ng_macfilter_newhook,
	.rcvdata = ng_macfilter_rcvdata,
	.disconnect = ng_macfilter_disconnect,
	.cmdlist = ng_macfilter_cmdlist,
};
NETGRAPH_INIT(macfilter, &ng_macfilter_type);

static int
ng_macfilter_constructor(node_p node)
{
	struct macfilter *sc = malloc(sizeof(*sc), M_NETGRAPH_MACFILTER, M_WAITOK | M_ZERO);

	sc->hooks_room = sc->stations_room = ROOM_LEAST;
	sc->hooks = malloc(sc->hooks_room * sizeof(sc->hooks[0]), M_NETGRAPH_MACFILTER, M_WAITOK | M_ZERO);
	sc->stations = malloc(sc->stations_room * sizeof(sc->stations[0]), M_NETGRAPH_MACFILTER, M_WAITOK | M_ZERO);
	NG_NODE_SET_PRIVATE(node, sc);
	return (0);
}

/* ---- addresses ---- */

/* The place of an address: where it is, or where it would be. */
static u_int
place_of(const struct macfilter *sc, const u_char *addr)
{
	u_int low = 0, high = sc->nstations, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (memcmp(sc->stations[mid]->addr, addr, ETHER_ADDR_LEN) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return (low);
}

static struct station *
station_at(const struct macfilter *sc, u_int place, const u_char *addr)
{
	if (place == sc->nstations || memcmp(sc->stations[place]->addr, addr, ETHER_ADDR_LEN) != 0)
		return (NULL);
	return (sc->stations[place]);
}

static void
station_free(struct station *s)
{
	COUNTER_ARRAY_FREE(s->count, COUNTERS);
	free(s, M_NETGRAPH_MACFILTER);
}

static struct filter_hook *
hook_of(const struct macfilter *sc, u_int id)
{
	return (NG_HOOK_PRIVATE(sc->hooks[id]));
}

static void
forget(struct macfilter *sc, u_int place)
{
	struct station *s = sc->stations[place];

	hook_of(sc, s->id)->stations--;
	sc->nstations--;
	memmove(&sc->stations[place], &sc->stations[place + 1], (sc->nstations - place) * sizeof(sc->stations[0]));
	station_free(s);
}

/* Twice the room, zeroed. False when memory is short: then nothing has changed. */
static bool
grow(void *array, u_int *room, size_t size)
{
	void **p = array, *new;

	if ((new = malloc(2 * *room * size, M_NETGRAPH_MACFILTER, M_NOWAIT | M_ZERO)) == NULL)
		return (false);
	memcpy(new, *p, *room * size);
	free(*p, M_NETGRAPH_MACFILTER);
	*p = new;
	*room *= 2;
	return (true);
}

static int
station_add(struct macfilter *sc, u_int place, const u_char *addr, uint16_t id)
{
	struct station *s;
	bool refused = false;

	if (sc->nstations == sc->stations_room && !grow(&sc->stations, &sc->stations_room, sizeof(sc->stations[0])))
		return (ENOMEM);
	if ((s = malloc(sizeof(*s), M_NETGRAPH_MACFILTER, M_NOWAIT | M_ZERO)) == NULL)
		return (ENOMEM);
	COUNTER_ARRAY_ALLOC(s->count, COUNTERS, M_NOWAIT);
	for (int i = 0; i < COUNTERS; i++)
		refused |= s->count[i] == NULL;
	if (refused) {
		station_free(s);
		return (ENOMEM);
	}
	memcpy(s->addr, addr, sizeof(s->addr));
	s->id = id;
	memmove(&sc->stations[place + 1], &sc->stations[place], (sc->nstations - place) * sizeof(sc->stations[0]));
	sc->stations[place] = s;
	sc->nstations++;
	hook_of(sc, id)->stations++;
	return (0);
}

/* To a hook that is there, or, with default's ID, to none. */
static int
direct(struct macfilter *sc, const u_char *addr, uint16_t id)
{
	const u_int place = place_of(sc, addr);
	struct station *s = station_at(sc, place, addr);

	if (id == NG_MACFILTER_HOOK_DEFAULT_ID) {
		if (s != NULL)
			forget(sc, place);
		return (0);
	}
	if (s == NULL)
		return (station_add(sc, place, addr, id));
	hook_of(sc, s->id)->stations--;
	s->id = id;
	hook_of(sc, id)->stations++;
	return (0);
}

/* ---- hooks ---- */

static int
ng_macfilter_newhook(node_p node, hook_p hook, const char *name)
{
	struct macfilter *sc = NG_NODE_PRIVATE(node);
	struct filter_hook *fh;
	u_int id;

	if (strcmp(name, NG_MACFILTER_HOOK_ETHER) == 0) {
		sc->ether = hook;
		return (0);
	}
	if (strcmp(name, NG_MACFILTER_HOOK_DEFAULT) == 0) {
		id = NG_MACFILTER_HOOK_DEFAULT_ID;
	} else {
		for (id = NG_MACFILTER_HOOK_DEFAULT_ID + 1; id < sc->hooks_room && sc->hooks[id] != NULL; id++)
			;
		if (id == IDS || (id == sc->hooks_room && !grow(&sc->hooks, &sc->hooks_room, sizeof(sc->hooks[0]))))
			return (ENOMEM);
	}
	if ((fh = malloc(sizeof(*fh), M_NETGRAPH_MACFILTER, M_NOWAIT | M_ZERO)) == NULL)
		return (ENOMEM);
	fh->id = (uint16_t)id;
	sc->hooks[id] = hook;
	NG_HOOK_SET_PRIVATE(hook, fh);
	return (0);
}

/* ---- commands ---- */

static int
get_macs(struct macfilter *sc, struct ng_mesg *msg, struct ng_mesg **resp)
{
	struct ngm_macfilter_macs *r;
	struct ngm_macfilter_mac *m;
	struct station *s;

	if (sc->nstations > (UINT32_MAX - sizeof(*r)) / sizeof(*m)) /* header.arglen could not say it */
		return (ENOMEM);
	NG_MKRESPONSE(*resp, msg, sizeof(*r) + sc->nstations * sizeof(*m), M_NOWAIT);
	if (*resp == NULL)
		return (ENOMEM);
	r = (struct ngm_macfilter_macs *)(void *)(*resp)->data;
	bzero(r, sizeof(*r));
	r->n = sc->nstations;
	for (u_int i = 0; i < sc->nstations; i++) {
		s = sc->stations[i];
		m = &r->macs[i];
		memcpy(m->ether, s->addr, sizeof(m->ether));
		m->hookid = s->id;
		m->packets_in = counter_u64_fetch(s->count[PACKETS_IN]);
		m->bytes_in = counter_u64_fetch(s->count[BYTES_IN]);
		m->packets_out = counter_u64_fetch(s->count[PACKETS_OUT]);
		m->bytes_out = counter_u64_fetch(s->count[BYTES_OUT]);
	}
	return (0);
}

static int
get_hooks(struct macfilter *sc, struct ng_mesg *msg, struct ng_mesg **resp)
{
	struct ngm_macfilter_hooks *r;
	struct ngm_macfilter_hook *h;
	u_int n = 0, id;

	for (id = 0; id < sc->hooks_room; id++)
		n += sc->hooks[id] != NULL;
	NG_MKRESPONSE(*resp, msg, sizeof(*r) + n * sizeof(*h), M_NOWAIT);
	if (*resp == NULL)
		return (ENOMEM);
	r = (struct ngm_macfilter_hooks *)(void *)(*resp)->data;
	r->n = n;
	h = r->hooks;
	for (id = 0; id < sc->hooks_room; id++) {
		if (sc->hooks[id] == NULL)
			continue;
		bzero(h, sizeof(*h));
		(void)strlcpy(h->hookname, NG_HOOK_NAME(sc->hooks[id]), sizeof(h->hookname));
		h->hookid = (uint16_t)id;
		h->maccnt = hook_of(sc, id)->stations;
		h++;
	}
	return (0);
}

static int
direct_by_name(node_p node, const struct ng_mesg *msg)
{
	struct ngm_macfilter_direct d;
	struct filter_hook *fh = NULL;
	hook_p hook;

	if (msg->header.arglen != sizeof(d))
		return (EINVAL);
	memcpy(&d, msg->data, sizeof(d));
	d.hookname[sizeof(d.hookname) - 1] = '\0';
	if ((hook = ng_findhook(node, d.hookname)) != NULL)
		fh = NG_HOOK_PRIVATE(hook);
	return (direct(NG_NODE_PRIVATE(node), d.ether, fh != NULL ? fh->id : NG_MACFILTER_HOOK_DEFAULT_ID));
}

static int
direct_by_id(struct macfilter *sc, const struct ng_mesg *msg)
{
	struct ngm_macfilter_direct_hookid d;

	if (msg->header.arglen != sizeof(d))
		return (EINVAL);
	memcpy(&d, msg->data, sizeof(d));
	if (d.hookid != NG_MACFILTER_HOOK_DEFAULT_ID && (d.hookid >= sc->hooks_room || sc->hooks[d.hookid] == NULL))
		return (EINVAL);
	return (direct(sc, d.ether, d.hookid));
}

static int
macfilter_command(node_p node, struct ng_mesg *msg, struct ng_mesg **resp)
{
	struct macfilter *sc = NG_NODE_PRIVATE(node);

	switch (msg->header.cmd) {
	case NGM_MACFILTER_RESET:
		while (sc->nstations != 0)
			forget(sc, sc->nstations - 1);
		return (0);
	case NGM_MACFILTER_DIRECT:
		return (direct_by_name(node, msg));
	case NGM_MACFILTER_DIRECT_HOOKID:
		return (direct_by_id(sc, msg));
	case NGM_MACFILTER_GET_MACS:
	case NGM_MACFILTER_GETCLR_MACS:
		if (get_macs(sc, msg, resp) != 0)
			return (ENOMEM);
		if (msg->header.cmd == NGM_MACFILTER_GET_MACS)
			return (0);
		/* FALLTHROUGH */
	case NGM_MACFILTER_CLR_MACS:
		for (u_int i = 0; i < sc->nstations; i++)
			COUNTER_ARRAY_ZERO(sc->stations[i]->count, COUNTERS);
		return (0);
	case NGM_MACFILTER_GET_HOOKS:
		return (get_hooks(sc, msg, resp));
	default:
		return (EINVAL);
	}
}

static int
ng_macfilter_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct ng_mesg *msg, *resp = NULL;
	int error;

	NGI_GET_MSG(item, msg);
	error = msg->header.typecookie == NGM_MACFILTER_COOKIE ? macfilter_command(node, msg, &resp) : EINVAL;
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

/* ---- packets: readers all of it ---- */

static int
ng_macfilter_rcvdata(hook_p hook, item_p item)
{
	struct macfilter *sc = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	const bool in = hook == sc->ether;
	const int len = NGI_M(item)->m_pkthdr.len;
	struct station *s;
	u_char addr[ETHER_ADDR_LEN];
	hook_p to;
	int error;

	if (len < ETHER_HDR_LEN) {
		NG_FREE_ITEM(item);
		return (EINVAL);
	}
	m_copydata(NGI_M(item), in ? ETHER_ADDR_LEN : 0, ETHER_ADDR_LEN, (caddr_t)addr);
	if ((s = station_at(sc, place_of(sc, addr), addr)) != NULL) {
		counter_u64_add(s->count[in ? PACKETS_IN : PACKETS_OUT], 1);
		counter_u64_add(s->count[in ? BYTES_IN : BYTES_OUT], len - ETHER_HDR_LEN);
	}
	to = in ? sc->hooks[s != NULL ? s->id : NG_MACFILTER_HOOK_DEFAULT_ID] : sc->ether;
	if (to == NULL) {
		NG_FREE_ITEM(item);
		return (0);
	}
	NG_FWD_ITEM_HOOK(error, item, to);
	return (error);
}

/* ---- ends ---- */

static int
ng_macfilter_shutdown(node_p node)
{
	struct macfilter *sc = NG_NODE_PRIVATE(node);

	KASSERT(sc->nstations == 0, ("%s: %u addresses outlived their hooks", __func__, sc->nstations));
	NG_NODE_SET_PRIVATE(node, NULL);
	free(sc->hooks, M_NETGRAPH_MACFILTER);
	free(sc->stations, M_NETGRAPH_MACFILTER);
	free(sc, M_NETGRAPH_MACFILTER);
	NG_NODE_UNREF(node);
	return (0);
}

/* The hook's addresses go with it. */
static int
ng_macfilter_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct macfilter *sc = NG_NODE_PRIVATE(node);
	struct filter_hook *fh = NG_HOOK_PRIVATE(hook);
	u_int kept = 0;

	if (fh == NULL) {
		sc->ether = NULL;
	} else {
		for (u_int i = 0; i < sc->nstations; i++)
			if (sc->stations[i]->id == fh->id)
				station_free(sc->stations[i]);
			else
				sc->stations[kept++] = sc->stations[i];
		sc->nstations = kept;
		sc->hooks[fh->id] = NULL;
		NG_HOOK_SET_PRIVATE(hook, NULL);
		free(fh, M_NETGRAPH_MACFILTER);
	}
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}
