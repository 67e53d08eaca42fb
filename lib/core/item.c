/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * item.c - items: what travels between nodes, how it is made, addressed and freed.
 */
#include "core/core.h"
#include "kern/kern.h"

static struct ngu__zone item_zone = NGU_ZONE_INIT("items", NGU_Z_ITEM, sizeof(struct ng_item), NGU_CACHELINE);

struct ng_item *
ngu__item_alloc(struct ngu__thread *ts)
{
	struct ng_item *i = ngu__zone_alloc_at(ts, NGU_Z_ITEM, &item_zone);

	if (NGU_UNLIKELY(i == NULL))
		return (NULL);
	i->el_flags = 0;
	i->el_dest = NULL;
	i->el_hook = NULL;
	i->apply = NULL;
	i->depth = 0;
	i->el_count = 1;
	i->el_owner = NULL;
	return (i);
}

void
ngu__item_free_raw(struct ngu__thread *ts, struct ng_item *item)
{
	ngu__zone_free_at(ts, NGU_Z_ITEM, &item_zone, item);
}

/* References: an item on the direct path points without counting; taking the pointer out makes it a counted one. */
node_p
ngu_k_item_take_node(item_p item)
{
	node_p n = item->el_dest;

	item->el_dest = NULL;
	if (n != NULL && !(item->el_flags & NGU_QF_NODEREF))
		NG_NODE_REF(n);
	item->el_flags &= ~(unsigned long)NGU_QF_NODEREF;
	return (n);
}

hook_p
ngu_k_item_take_hook(item_p item)
{
	hook_p h = item->el_hook;

	item->el_hook = NULL;
	if (h != NULL && !(item->el_flags & NGU_QF_HOOKREF))
		NG_HOOK_REF(h);
	item->el_flags &= ~(unsigned long)NGU_QF_HOOKREF;
	return (h);
}

void
ngu_k_item_set_node(item_p item, node_p node)
{
	if (item->el_dest != NULL && (item->el_flags & NGU_QF_NODEREF))
		NG_NODE_UNREF(item->el_dest);
	item->el_dest = node;
	item->el_flags &= ~(unsigned long)NGU_QF_NODEREF;
	if (node != NULL)
		item->el_flags |= NGU_QF_NODEREF;
}

void
ngu_k_item_set_hook(item_p item, hook_p hook)
{
	if (item->el_hook != NULL && (item->el_flags & NGU_QF_HOOKREF))
		NG_HOOK_UNREF(item->el_hook);
	item->el_hook = hook;
	item->el_flags &= ~(unsigned long)NGU_QF_HOOKREF;
	if (hook != NULL)
		item->el_flags |= NGU_QF_HOOKREF;
}

static NGU_NOINLINE void
free_slow(item_p item)
{
	struct mbuf *m;
	uint32_t i;

	if (NGU_STRICT_ON(NGU_STRICT_ITEM) && ngu__watch_look(item, NULL) > NGU_WS_LIVE)
		return; /* not the caller's: what follows will say so */
	switch (item->el_flags & NGQF_TYPE) {
	case NGQF_DATA:
		if (item->el_flags & NGU_QF_BURST) {
			for (i = 0; i < item->el_count; i++)
				m_freem(item->body.burst.vec[i]);
			ngu__burst_free(ngu__self(), item->body.burst.vec);
		} else if ((m = item->body.da_m) != NULL) {
			m_freem(m);
		}
		item->body.da_m = NULL;
		break;
	case NGQF_MESG:
		NG_FREE_MSG(_NGI_MSG(item));
		break;
	default:
		break;
	}
	NGI_CLR_NODE(item);
	NGI_CLR_HOOK(item);
}

void
ng_free_item(item_p item)
{
	if (NGU_UNLIKELY(item->el_flags != (NGQF_DATA | NGQF_READER)) || NGU_UNLIKELY(NGU_STRICT_ON(NGU_STRICT_ITEM)) ||
	    NGU_UNLIKELY(((uintptr_t)item->el_dest | (uintptr_t)item->el_hook) != 0))
		free_slow(item);
	else if (item->body.da_m != NULL)
		m_freem(item->body.da_m);
	ngu__item_free_raw(ngu__self(), item);
}

item_p
ng_package_data(struct mbuf *m, int flags)
{
	item_p item = ngu__item_alloc(ngu__self());

	(void)flags;
	if (item == NULL) {
		if (m != NULL)
			m_freem(m);
		return (NULL);
	}
	item->el_flags = NGQF_DATA | NGQF_READER;
	item->body.da_m = m;
	return (item);
}

item_p
ng_package_msg(struct ng_mesg *msg, int flags)
{
	item_p item = ngu__item_alloc(ngu__self());

	(void)flags;
	if (item == NULL) {
		NG_FREE_MSG(msg);
		return (NULL);
	}
	item->el_flags = NGQF_MESG | ((msg->header.cmd & NGM_READONLY) ? NGQF_READER : NGQF_WRITER);
	item->body.msg.msg_msg = msg;
	item->body.msg.msg_retaddr = 0;
	return (item);
}

item_p
ng_package_msg_self(node_p here, hook_p hook, struct ng_mesg *msg)
{
	item_p item = ng_package_msg(msg, NG_NOFLAGS);

	if (item == NULL)
		return (NULL);
	item->el_flags = NGQF_MESG | NGQF_WRITER;
	NG_NODE_REF(here);
	item->body.msg.msg_retaddr = NG_NODE_ID(here);
	ngu_k_item_set_node(item, here);
	if (hook != NULL) {
		NG_HOOK_REF(hook);
		ngu_k_item_set_hook(item, hook);
	}
	return (item);
}

/* ---- functions ---- */

int
ng_send_fn(node_p node, hook_p hook, ng_item_fn *fn, void *arg1, int arg2)
{
	return (ng_send_fn1(node, hook, fn, arg1, arg2, NG_NOFLAGS));
}

static void
address_fn(item_p item, node_p node, hook_p hook)
{
	NG_NODE_REF(node);
	ngu_k_item_set_node(item, node);
	if (hook != NULL) {
		NG_HOOK_REF(hook);
		ngu_k_item_set_hook(item, hook);
	}
}

int
ng_send_fn1(node_p node, hook_p hook, ng_item_fn *fn, void *arg1, int arg2, int flags)
{
	item_p item = ngu__item_alloc(ngu__self());

	if (item == NULL)
		return (ENOMEM);
	item->el_flags = NGQF_FN | NGQF_WRITER;
	address_fn(item, node, hook);
	NGI_FN(item) = fn;
	NGI_ARG1(item) = arg1;
	NGI_ARG2(item) = arg2;
	return (ng_snd_item(item, flags));
}

int
ng_send_fn2(node_p node, hook_p hook, item_p pitem, ng_item_fn2 *fn, void *arg1, int arg2, int flags)
{
	item_p item;

	if (pitem != NULL && (flags & NG_REUSE_ITEM)) {
		struct ng_apply_info *apply = pitem->apply;

		item = pitem;
		if ((item->el_flags & NGQF_TYPE) == NGQF_MESG)
			NG_FREE_MSG(_NGI_MSG(item));
		else if ((item->el_flags & NGQF_TYPE) == NGQF_DATA)
			NG_FREE_M(_NGI_M(item));
		NGI_CLR_NODE(item);
		NGI_CLR_HOOK(item);
		item->apply = apply;
		item->depth = 0;
	} else {
		if ((item = ngu__item_alloc(ngu__self())) == NULL)
			return (ENOMEM);
		item->apply = pitem != NULL ? pitem->apply : NULL;
	}
	item->el_flags = NGQF_FN2 | NGQF_WRITER;
	item->el_count = 1;
	address_fn(item, node, hook);
	NGI_FN2(item) = fn;
	NGI_ARG1(item) = arg1;
	NGI_ARG2(item) = arg2;
	return (ng_snd_item(item, flags));
}

/* ---- addressing: on error the item is freed ---- */

static void
set_retaddr(node_p here, item_p item, ng_ID_t retaddr)
{
	if ((item->el_flags & NGQF_TYPE) != NGQF_MESG)
		return;
	if (retaddr != 0)
		NGI_RETADDR(item) = retaddr;
	else if (NGI_RETADDR(item) == 0)
		NGI_RETADDR(item) = here != NULL ? NG_NODE_ID(here) : 0;
}

int
ng_address_hook(node_p here, item_p item, hook_p hook, ng_ID_t retaddr)
{
	struct ngu__thread *ts = ngu__self();
	hook_p peer = NULL;
	node_p node = NULL;

	if (!NGU_STRICT_ITEM_OK(item, "ng_address_hook"))
		return (EINVAL);
	ngu__section_enter(ts);
	if (hook != NULL && NG_HOOK_IS_VALID(hook)) {
		peer = NGU_LD_SC(&hook->hk_peer); /* ORDER peer-publish (load side): as in hop() */
		node = NGU_LD_ACQ(&peer->hk_node);
	}
	if (peer == NULL || NG_HOOK_NOT_VALID(peer) || NG_NODE_NOT_VALID(node)) {
		if ((item->el_flags & NGQF_TYPE) == NGQF_DATA && ts->graph != NULL) {
			ngu__count(ts, ts->graph->ctr_flow, item->el_count, 0);
			ngu__refuse(ts, hook, item, hook == NULL ? NGU_R_NO_HOOK : NGU_R_NO_PEER);
		} else {
			NG_FREE_ITEM(item);
		}
		ngu__section_leave(ts);
		return (ENETDOWN);
	}
	if (NGU_UNLIKELY((NGU_LD_ACQ(&hook->hk_flags) & NGU_HK_OUT) != 0) && (item->el_flags & NGQF_TYPE) == NGQF_DATA &&
	    ((item->el_flags & NGU_QF_BURST) != 0 || NGI_M(item) != NULL))
		ngu__capture(node->nd_graph, hook, NGU_CAP_OUT, item);
	NG_NODE_REF(node);
	NG_HOOK_REF(peer);
	ngu_k_item_set_node(item, node);
	ngu_k_item_set_hook(item, peer);
	set_retaddr(here, item, retaddr);
	ngu__section_leave(ts);
	return (0);
}

int
ng_address_path(node_p here, item_p item, const char *address, ng_ID_t retaddr)
{
	node_p dest;
	hook_p hook;
	int error;

	if (!NGU_STRICT_ITEM_OK(item, "ng_address_path"))
		return (EINVAL);
	error = ng_path2noderef(here, address, &dest, &hook);
	if (error != 0) {
		NG_FREE_ITEM(item);
		return (error);
	}
	ngu_k_item_set_node(item, dest);
	ngu_k_item_set_hook(item, hook);
	set_retaddr(here, item, retaddr);
	return (0);
}

int
ng_address_ID(node_p here, item_p item, ng_ID_t ID, ng_ID_t retaddr)
{
	node_p dest;

	if (!NGU_STRICT_ITEM_OK(item, "ng_address_ID"))
		return (EINVAL);
	if (ID >= NGU_REPLY_BASE && (item->el_flags & NGQF_TYPE) == NGQF_MESG &&
	    ngu__reply_open_at(ngu__graph_of(here), ID)) { /* who waits there answers to nobody */
		NGI_CLR_NODE(item);
		NGI_CLR_HOOK(item);
		item->el_flags |= NGU_QF_REPLY;
		NGI_RETADDR(item) = ID;
		return (0);
	}
	if ((dest = ngu_k_id2noderef(ID)) == NULL) {
		NG_FREE_ITEM(item);
		return (EINVAL);
	}
	ngu_k_item_set_node(item, dest);
	NGI_CLR_HOOK(item);
	set_retaddr(here, item, retaddr);
	return (0);
}

void
ng_replace_retaddr(node_p here, item_p item, ng_ID_t retaddr)
{
	NGI_RETADDR(item) = retaddr != 0 ? retaddr : NG_NODE_ID(here);
}

/* ---- what the message macros of netgraph.h call ---- */

int
ngu_k_send_msg_hook(node_p here, struct ng_mesg *msg, hook_p hook, ng_ID_t retaddr)
{
	item_p item = ng_package_msg(msg, NG_NOFLAGS);
	int error;

	if (item == NULL)
		return (ENOMEM);
	if ((error = ng_address_hook(here, item, hook, retaddr)) != 0)
		return (error);
	return (ng_snd_item(item, NG_NOFLAGS));
}

int
ngu_k_send_msg_path(node_p here, struct ng_mesg *msg, const char *path, ng_ID_t retaddr)
{
	item_p item = ng_package_msg(msg, NG_NOFLAGS);
	int error;

	if (item == NULL)
		return (ENOMEM);
	if ((error = ng_address_path(here, item, path, retaddr)) != 0)
		return (error);
	return (ng_snd_item(item, NG_NOFLAGS));
}

int
ngu_k_send_msg_id(node_p here, struct ng_mesg *msg, ng_ID_t id, ng_ID_t retaddr)
{
	item_p item;
	int error;

	if (id >= NGU_REPLY_BASE)
		return (ngu__reply_put(ngu__graph_of(here), id, msg));
	if ((item = ng_package_msg(msg, NG_NOFLAGS)) == NULL)
		return (ENOMEM);
	if ((error = ng_address_ID(here, item, id, retaddr)) != 0)
		return (error);
	return (ng_snd_item(item, NG_NOFLAGS));
}

int
ngu_k_fwd_msg_hook(node_p here, item_p item, hook_p hook, ng_ID_t retaddr)
{
	int error = ng_address_hook(here, item, hook, retaddr);

	return (error != 0 ? error : ng_snd_item(item, NG_NOFLAGS));
}

/* NG_RESPOND_MSG with an answer: back to where the request came from, queued, with the request's item. */
int
ngu_k_respond(node_p here, item_p item, struct ng_mesg *resp)
{
	ng_ID_t dest;
	int error;

	if (!NGU_STRICT_ITEM_OK(item, "NG_RESPOND_MSG")) {
		NG_FREE_MSG(resp);
		return (EINVAL);
	}
	dest = NGI_RETADDR(item);
	NGI_RETADDR(item) = 0;
	if (NGI_MSG(item) != NULL && NGI_MSG(item) != resp)
		NG_FREE_MSG(_NGI_MSG(item));
	if (dest >= NGU_REPLY_BASE) { /* a control caller of this process: no node, so no gate and no queue */
		NGI_MSG(item) = NULL;
		NG_FREE_ITEM(item);
		return (ngu__reply_put(ngu__graph_of(here), dest, resp));
	}
	NGI_MSG(item) = resp;
	if ((error = ng_address_ID(here, item, dest, 0)) != 0)
		return (error);
	return (ng_snd_item(item, NG_QUEUE));
}

/* ---- making messages ---- */

struct ng_mesg *
ngu_k_mkmsg(uint32_t cookie, uint32_t cmd, const char *cmdstr, size_t len, int how)
{
	struct ng_mesg *m = malloc(sizeof(*m) + len, M_NETGRAPH_MSG, how | M_ZERO);

	if (m == NULL)
		return (NULL);
	m->header.version = NG_VERSION;
	m->header.typecookie = cookie;
	m->header.cmd = cmd;
	m->header.arglen = (uint32_t)len;
	(void)ngu__strlcpy((char *)m->header.cmdstr, cmdstr, NG_CMDSTRSIZ);
	return (m);
}

struct ng_mesg *
ngu_k_mkresp(const struct ng_mesg *msg, size_t len, int how)
{
	struct ng_mesg *m = malloc(sizeof(*m) + len, M_NETGRAPH_MSG, how | M_ZERO);

	if (m == NULL)
		return (NULL);
	m->header.version = NG_VERSION;
	m->header.arglen = (uint32_t)len;
	m->header.token = msg->header.token;
	m->header.typecookie = msg->header.typecookie;
	m->header.cmd = msg->header.cmd;
	ngu__memcpy(m->header.cmdstr, msg->header.cmdstr, sizeof(m->header.cmdstr));
	m->header.flags |= NGF_RESP;
	return (m);
}

bool
ngu__msg_whole(const struct ng_mesg *msg)
{
	size_t room = ngu__malloc_size(msg);

	return (room >= sizeof(*msg) && room - sizeof(*msg) >= msg->header.arglen);
}

struct ng_mesg *
ngu_k_copymsg(const struct ng_mesg *msg, int how)
{
	struct ng_mesg *m;

	if (!ngu__msg_whole(msg) || (m = malloc(sizeof(*m) + msg->header.arglen, M_NETGRAPH_MSG, how | M_ZERO)) == NULL)
		return (NULL);
	ngu__memcpy(m, msg, sizeof(*m) + msg->header.arglen);
	m->header.version = NG_VERSION;
	return (m);
}
