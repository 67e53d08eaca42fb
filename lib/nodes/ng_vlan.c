/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_vlan.c - VLANs on hooks: frames from "downstream" go to the hook of their VLAN, without the tag; what that hook sends is
 * tagged.
 *
 * Packets run as readers, many at once; hooks, filters and settings change only while the node stands still, so they are read
 * plainly. A filter lives in its hook's private data, so that setting one needs no memory.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/endian.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>

#include <net/ethernet.h>
#include <net/if_vlan_var.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_parse.h>
#include <netgraph/ng_vlan.h>

#ifdef NG_SEPARATE_MALLOC
static MALLOC_DEFINE(M_NETGRAPH_VLAN, "netgraph_vlan", "netgraph vlan node");
#else
#define M_NETGRAPH_VLAN M_NETGRAPH
#endif

#define VIDS (EVL_VLID_MASK + 1)
#define ADDRESSES (2 * ETHER_ADDR_LEN)

CTASSERT(sizeof(struct ng_vlan_filter) == 38);

/* Private data of a hook, but of downstream and nomatch. */
struct vlan_hook {
	bool filtered;
	uint16_t tag; /* priority, CFI and VLAN */
};

struct vlan {
	hook_p downstream, nomatch; /* NULL: not connected */
	uint32_t decap, encap;
	uint16_t proto; /* type of a tag, host order */
	uint32_t filters;
	hook_p to[VIDS]; /* NULL: no filter */
};

static ng_constructor_t ng_vlan_constructor;
static ng_rcvmsg_t ng_vlan_rcvmsg;
static ng_shutdown_t ng_vlan_shutdown;
static ng_newhook_t ng_vlan_newhook;
static ng_rcvdata_t ng_vlan_rcvdata;
static ng_disconnect_t ng_vlan_disconnect;

static int
table_length(const struct ng_parse_type *type, const u_char *start, const u_char *buf)
{
	uint32_t n;

	memcpy(&n, buf - sizeof(n), sizeof(n));
	return (n > VIDS ? -1 : (int)n);
}

static const struct ng_parse_struct_field filter_fields[] = NG_VLAN_FILTER_FIELDS;
static const struct ng_parse_type filter_type = { .supertype = &ng_parse_struct_type, .info = &filter_fields };
static const struct ng_parse_array_info filters_info = { &filter_type, table_length, NULL };
static const struct ng_parse_type ng_vlan_table_array_type = { .supertype = &ng_parse_array_type, .info = &filters_info };
static const struct ng_parse_struct_field table_fields[] = NG_VLAN_TABLE_FIELDS;
static const struct ng_parse_type table_type = { .supertype = &ng_parse_struct_type, .info = &table_fields };

static const struct ng_cmdlist ng_vlan_cmdlist[] = {
	{ NGM_VLAN_COOKIE, NGM_VLAN_ADD_FILTER, "addfilter", &filter_type, NULL },
	{ NGM_VLAN_COOKIE, NGM_VLAN_DEL_FILTER, "delfilter", &ng_parse_hookbuf_type, NULL },
	{ NGM_VLAN_COOKIE, NGM_VLAN_GET_TABLE, "gettable", NULL, &table_type },
	{ NGM_VLAN_COOKIE, NGM_VLAN_DEL_VID_FLT, "delvidflt", &ng_parse_uint16_type, NULL },
	{ NGM_VLAN_COOKIE, NGM_VLAN_GET_DECAP, "getdecap", NULL, &ng_parse_hint32_type },
	{ NGM_VLAN_COOKIE, NGM_VLAN_SET_DECAP, "setdecap", &ng_parse_hint32_type, NULL },
	{ NGM_VLAN_COOKIE, NGM_VLAN_GET_ENCAP, "getencap", NULL, &ng_parse_hint32_type },
	{ NGM_VLAN_COOKIE, NGM_VLAN_SET_ENCAP, "setencap", &ng_parse_hint32_type, NULL },
	{ NGM_VLAN_COOKIE, NGM_VLAN_GET_ENCAP_PROTO, "getencapproto", NULL, &ng_parse_hint16_type },
	{ NGM_VLAN_COOKIE, NGM_VLAN_SET_ENCAP_PROTO, "setencapproto", &ng_parse_hint16_type, NULL },
	{ 0, 0, NULL, NULL, NULL }
};

static struct ng_type ng_vlan_type = {
	.version = NG_ABI_VERSION,
	.name = NG_VLAN_NODE_TYPE,
	.constructor = ng_vlan_constructor,
	.rcvmsg = ng_vlan_rcvmsg,
	.shutdown = ng_vlan_shutdown,
	.newhook = ng_vlan_newhook,
	.rcvdata = ng_vlan_rcvdata,
	.disconnect = ng_vlan_disconnect,
	.cmdlist = ng_vlan_cmdlist,
};
NETGRAPH_INIT(vlan, &ng_vlan_type);

static int
ng_vlan_constructor(node_p node)
{
	struct vlan *sc = malloc(sizeof(*sc), M_NETGRAPH_VLAN, M_WAITOK | M_ZERO);

	sc->encap = VLAN_ENCAP_FROM_FILTER;
	sc->proto = ETHERTYPE_VLAN;
	NG_NODE_SET_PRIVATE(node, sc);
	return (0);
}

static int
ng_vlan_newhook(node_p node, hook_p hook, const char *name)
{
	struct vlan *sc = NG_NODE_PRIVATE(node);
	struct vlan_hook *vh = NULL;

	if (strcmp(name, NG_VLAN_HOOK_DOWNSTREAM) == 0)
		sc->downstream = hook;
	else if (strcmp(name, NG_VLAN_HOOK_NOMATCH) == 0)
		sc->nomatch = hook;
	else if ((vh = malloc(sizeof(*vh), M_NETGRAPH_VLAN, M_NOWAIT | M_ZERO)) == NULL)
		return (ENOMEM);
	NG_HOOK_SET_PRIVATE(hook, vh);
	return (0);
}

/* ---- commands ---- */

static int
add_filter(node_p node, const struct ng_mesg *msg)
{
	struct vlan *sc = NG_NODE_PRIVATE(node);
	struct ng_vlan_filter f;
	struct vlan_hook *vh;
	hook_p hook;

	if (msg->header.arglen != sizeof(f))
		return (EINVAL);
	memcpy(&f, msg->data, sizeof(f));
	f.hook_name[sizeof(f.hook_name) - 1] = '\0';
	if (f.vid == 0)
		f.vid = f.vlan;
	else if (f.vlan != 0 && f.vlan != f.vid)
		return (EINVAL);
	if (f.vid >= VIDS || f.pcp > 7 || f.cfi > 1)
		return (EINVAL);
	if ((hook = ng_findhook(node, f.hook_name)) == NULL)
		return (ENOENT);
	if ((vh = NG_HOOK_PRIVATE(hook)) == NULL)
		return (EINVAL);
	if (vh->filtered || sc->to[f.vid] != NULL)
		return (EEXIST);
	vh->filtered = true;
	vh->tag = EVL_MAKETAG(f.vid, f.pcp, f.cfi);
	sc->to[f.vid] = hook;
	sc->filters++;
	return (0);
}

/* What hook may be NULL, or have no filter. */
static int
del_filter(struct vlan *sc, hook_p hook)
{
	struct vlan_hook *vh = hook == NULL ? NULL : NG_HOOK_PRIVATE(hook);

	if (vh == NULL || !vh->filtered)
		return (ENOENT);
	vh->filtered = false;
	sc->to[EVL_VLANOFTAG(vh->tag)] = NULL;
	sc->filters--;
	return (0);
}

static int
get_table(struct vlan *sc, struct ng_mesg *msg, struct ng_mesg **resp)
{
	struct ng_vlan_filter *f;
	struct ng_vlan_table *t;
	struct vlan_hook *vh;

	NG_MKRESPONSE(*resp, msg, sizeof(*t) + sc->filters * sizeof(*f), M_NOWAIT);
	if (*resp == NULL)
		return (ENOMEM);
	t = (struct ng_vlan_table *)(void *)(*resp)->data;
	t->n = sc->filters;
	f = t->filter;
	for (int vid = 0; vid < VIDS; vid++) {
		if (sc->to[vid] == NULL)
			continue;
		vh = NG_HOOK_PRIVATE(sc->to[vid]);
		(void)strlcpy(f->hook_name, NG_HOOK_NAME(sc->to[vid]), sizeof(f->hook_name));
		f->vlan = f->vid = (uint16_t)vid;
		f->pcp = EVL_PRIOFTAG(vh->tag);
		f->cfi = EVL_CFIOFTAG(vh->tag);
		f++;
	}
	KASSERT(f == t->filter + t->n, ("%s: %u filters are not there", __func__, t->n));
	return (0);
}

static int
get_word(const void *from, size_t len, struct ng_mesg *msg, struct ng_mesg **resp)
{
	NG_MKRESPONSE(*resp, msg, len, M_NOWAIT);
	if (*resp == NULL)
		return (ENOMEM);
	memcpy((*resp)->data, from, len);
	return (0);
}

static int
set_word(void *to, size_t len, const struct ng_mesg *msg)
{
	if (msg->header.arglen != len)
		return (EINVAL);
	memcpy(to, msg->data, len);
	return (0);
}

static int
vlan_command(node_p node, struct ng_mesg *msg, struct ng_mesg **resp)
{
	struct vlan *sc = NG_NODE_PRIVATE(node);
	uint16_t vid;

	switch (msg->header.cmd) {
	case NGM_VLAN_ADD_FILTER:
		return (add_filter(node, msg));
	case NGM_VLAN_DEL_FILTER:
		if (msg->header.arglen != NG_HOOKSIZ)
			return (EINVAL);
		msg->data[NG_HOOKSIZ - 1] = '\0';
		return (del_filter(sc, ng_findhook(node, msg->data)));
	case NGM_VLAN_DEL_VID_FLT:
		if (set_word(&vid, sizeof(vid), msg) != 0 || vid >= VIDS)
			return (EINVAL);
		return (del_filter(sc, sc->to[vid]));
	case NGM_VLAN_GET_TABLE:
		return (get_table(sc, msg, resp));
	case NGM_VLAN_GET_DECAP:
		return (get_word(&sc->decap, sizeof(sc->decap), msg, resp));
	case NGM_VLAN_SET_DECAP:
		return (set_word(&sc->decap, sizeof(sc->decap), msg));
	case NGM_VLAN_GET_ENCAP:
		return (get_word(&sc->encap, sizeof(sc->encap), msg, resp));
	case NGM_VLAN_SET_ENCAP:
		return (set_word(&sc->encap, sizeof(sc->encap), msg));
	case NGM_VLAN_GET_ENCAP_PROTO:
		return (get_word(&sc->proto, sizeof(sc->proto), msg, resp));
	case NGM_VLAN_SET_ENCAP_PROTO:
		return (set_word(&sc->proto, sizeof(sc->proto), msg));
	default:
		return (EINVAL);
	}
}

/* What happens to the link below concerns all VLANs on it. A hook that gets no copy for want of memory is not told. */
static void
vlan_flow(node_p node, struct ng_mesg *msg, hook_p lasthook)
{
	struct vlan *sc = NG_NODE_PRIVATE(node);
	struct vlan_hook *vh;
	struct ng_mesg *copy;
	hook_p hook;
	int error;

	if (lasthook == NULL || lasthook != sc->downstream)
		return;
	LIST_FOREACH(hook, &node->nd_hooks, hk_hooks) {
		if ((vh = NG_HOOK_PRIVATE(hook)) == NULL || !vh->filtered)
			continue;
		NG_COPYMESSAGE(copy, msg, M_NOWAIT);
		if (copy != NULL) {
			NG_SEND_MSG_HOOK(error, node, copy, hook, 0);
			(void)error;
		}
	}
}

static int
ng_vlan_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct ng_mesg *msg, *resp = NULL;
	int error = 0;

	NGI_GET_MSG(item, msg);
	switch (msg->header.typecookie) {
	case NGM_VLAN_COOKIE:
		error = vlan_command(node, msg, &resp);
		break;
	case NGM_FLOW_COOKIE:
		vlan_flow(node, msg, lasthook);
		break;
	default:
		error = EINVAL;
		break;
	}
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

/* ---- packets: readers all of it ---- */

/*
 * Replace the `old` bytes behind the addresses by `new` ones. The addresses move into storage that is nobody else's, so nothing
 * shared is written. NULL when memory is short: the packet is gone then.
 */
static struct mbuf *
behind_addresses(struct mbuf *m, int old, const void *with, int new)
{
	u_char head[ADDRESSES];

	m_copydata(m, 0, ADDRESSES, (caddr_t)head);
	m_adj(m, ADDRESSES + old);
	M_PREPEND(m, ADDRESSES + new, M_NOWAIT);
	if (m == NULL)
		return (NULL);
	memcpy(mtod(m, u_char *), head, ADDRESSES);
	if (new != 0)
		memcpy(mtod(m, u_char *) + ADDRESSES, with, (size_t)new);
	return (m);
}

static struct mbuf *
write_tag(struct mbuf *m, uint16_t proto, uint16_t tag)
{
	u_char b[ETHER_VLAN_ENCAP_LEN];

	be16enc(b, proto);
	be16enc(b + 2, tag);
	return (behind_addresses(m, 0, b, sizeof(b)));
}

static int
send_new(item_p item, hook_p to, struct mbuf *m)
{
	int error;

	if (m == NULL) {
		NG_FREE_ITEM(item);
		return (ENOBUFS);
	}
	NG_FWD_NEW_DATA(error, item, to, m);
	return (error);
}

static int
from_downstream(struct vlan *sc, item_p item)
{
	struct mbuf *m = NGI_M(item);
	const bool inline_tag = (m->m_flags & M_VLANTAG) == 0;
	u_char b[2 * ETHER_TYPE_LEN];
	uint16_t tag = m->m_pkthdr.ether_vtag;
	hook_p to;
	int error;

	if (inline_tag) {
		m_copydata(m, ADDRESSES, ETHER_TYPE_LEN, (caddr_t)b);
		if (be16dec(b) != sc->proto) {
			NG_FWD_ITEM_HOOK(error, item, sc->nomatch);
			return (error);
		}
		if (m->m_pkthdr.len < ETHER_HDR_LEN + ETHER_VLAN_ENCAP_LEN) {
			NG_FREE_ITEM(item);
			return (EINVAL);
		}
		m_copydata(m, ADDRESSES, sizeof(b), (caddr_t)b);
		tag = be16dec(b + ETHER_TYPE_LEN);
	}
	to = sc->to[EVL_VLANOFTAG(tag)];
	if (to == NULL && (!inline_tag || sc->decap == 0)) {
		NG_FWD_ITEM_HOOK(error, item, sc->nomatch);
		return (error);
	}
	NGI_GET_M(item, m);
	if (inline_tag && (m = behind_addresses(m, ETHER_VLAN_ENCAP_LEN, NULL, 0)) == NULL)
		return (send_new(item, to, m));
	if (to != NULL) {
		m->m_flags &= ~(u_int)M_VLANTAG & 0xffffffu;
		m->m_pkthdr.ether_vtag = 0;
	} else {
		m->m_flags |= M_VLANTAG;
		m->m_pkthdr.ether_vtag = tag;
		to = sc->nomatch;
	}
	return (send_new(item, to, m));
}

static int
from_nomatch(struct vlan *sc, item_p item)
{
	struct mbuf *m = NGI_M(item);
	int error;

	if ((sc->encap & VLAN_ENCAP_FROM_NOMATCH) == 0 || (m->m_flags & M_VLANTAG) == 0) {
		NG_FWD_ITEM_HOOK(error, item, sc->downstream);
		return (error);
	}
	NGI_GET_M(item, m);
	if ((m = write_tag(m, sc->proto, m->m_pkthdr.ether_vtag)) != NULL) {
		m->m_flags &= ~(u_int)M_VLANTAG & 0xffffffu;
		m->m_pkthdr.ether_vtag = 0;
	}
	return (send_new(item, sc->downstream, m));
}

static int
from_filter(struct vlan *sc, const struct vlan_hook *vh, item_p item)
{
	struct mbuf *m;

	if (!vh->filtered) {
		NG_FREE_ITEM(item);
		return (EOPNOTSUPP);
	}
	NGI_GET_M(item, m);
	if ((sc->encap & VLAN_ENCAP_FROM_FILTER) != 0) {
		m = write_tag(m, sc->proto, vh->tag);
	} else {
		m->m_flags |= M_VLANTAG;
		m->m_pkthdr.ether_vtag = vh->tag;
	}
	return (send_new(item, sc->downstream, m));
}

static int
ng_vlan_rcvdata(hook_p hook, item_p item)
{
	struct vlan *sc = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));

	if (NGI_M(item)->m_pkthdr.len < ETHER_HDR_LEN) {
		NG_FREE_ITEM(item);
		return (EINVAL);
	}
	if (hook == sc->downstream)
		return (from_downstream(sc, item));
	if (hook == sc->nomatch)
		return (from_nomatch(sc, item));
	return (from_filter(sc, NG_HOOK_PRIVATE(hook), item));
}

/* ---- ends ---- */

static int
ng_vlan_shutdown(node_p node)
{
	struct vlan *sc = NG_NODE_PRIVATE(node);

	KASSERT(sc->filters == 0, ("%s: %u filters outlived their hooks", __func__, sc->filters));
	NG_NODE_SET_PRIVATE(node, NULL);
	free(sc, M_NETGRAPH_VLAN);
	NG_NODE_UNREF(node);
	return (0);
}

static int
ng_vlan_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct vlan *sc = NG_NODE_PRIVATE(node);

	if (hook == sc->downstream)
		sc->downstream = NULL;
	else if (hook == sc->nomatch)
		sc->nomatch = NULL;
	else
		(void)del_filter(sc, hook);
	free(NG_HOOK_PRIVATE(hook), M_NETGRAPH_VLAN);
	NG_HOOK_SET_PRIVATE(hook, NULL);
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}
