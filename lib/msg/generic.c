/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * generic.c - the messages every node understands (section 14): those that make and change graphs, and those that tell what
 * is there. The core calls this with the node's gate as the message asked for it.
 */
#include "msg/msg.h"

static void
fill_info(struct nodeinfo *ni, node_p node)
{
	(void)ngu__strlcpy(ni->name, NG_NODE_NAME(node), sizeof(ni->name));
	(void)ngu__strlcpy(ni->type, node->nd_type->name, sizeof(ni->type));
	ni->id = NG_NODE_ID(node);
	ni->hooks = (uint32_t)NG_NODE_NUMHOOKS(node);
}

#define ARG(type) ((type *)(void *)msg->data)
#define END(field) ((field)[sizeof(field) - 1] = '\0')

static int
do_connect(item_p item, node_p here, struct ngm_connect *c)
{
	node_p node2;
	int error;

	END(c->path);
	END(c->ourhook);
	END(c->peerhook);
	if ((error = ng_path2noderef(here, c->path, &node2, NULL)) != 0)
		return (error);
	error = ngu__con_nodes(item, here, c->ourhook, node2, c->peerhook);
	NG_NODE_UNREF(node2);
	return (error);
}

static int
list_hooks(node_p here, struct ng_mesg *msg, struct ng_mesg **resp)
{
	struct ngu__thread *ts = ngu__self();
	struct hooklist *hl;
	size_t room = (size_t)NG_NODE_NUMHOOKS(here), n = 0;
	hook_p hook, peer;

	NG_MKRESPONSE(*resp, msg, sizeof(*hl) + room * sizeof(struct linkinfo), M_NOWAIT);
	if (*resp == NULL)
		return (ENOMEM);
	hl = (struct hooklist *)(void *)(*resp)->data;
	fill_info(&hl->nodeinfo, here);
	ngu__look_enter(ts); /* keeps peers and their nodes while we copy */
	LIST_FOREACH(hook, &here->nd_hooks, hk_hooks) {
		struct linkinfo *li = &hl->link[n];

		if (NG_HOOK_NOT_VALID(hook))
			continue;
		if (n == room)
			break;
		peer = NG_HOOK_PEER(hook);
		(void)ngu__strlcpy(li->ourhook, NG_HOOK_NAME(hook), sizeof(li->ourhook));
		(void)ngu__strlcpy(li->peerhook, NG_HOOK_NAME(peer), sizeof(li->peerhook));
		fill_info(&li->nodeinfo, NG_HOOK_NODE(peer));
		n++;
	}
	ngu__look_leave(ts);
	hl->nodeinfo.hooks = (uint32_t)n;
	return (0);
}

static int
list_nodes(node_p here, struct ng_mesg *msg, struct ng_mesg **resp, bool all)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu_graph *g = here->nd_graph;
	struct namelist *nl;
	uint32_t id, room = 0, n = 0;
	node_p node;

	/* Count, get memory outside any section, fill; what appeared in between is not listed. */
	ngu__look_enter(ts);
	for (id = 0; (node = ngu__id_next(&g->ids, &id)) != NULL;)
		room += NG_NODE_IS_VALID(node) && (all || NG_NODE_HAS_NAME(node));
	ngu__look_leave(ts);
	NG_MKRESPONSE(*resp, msg, sizeof(*nl) + (size_t)room * sizeof(struct nodeinfo), M_NOWAIT);
	if (*resp == NULL)
		return (ENOMEM);
	nl = (struct namelist *)(void *)(*resp)->data;
	ngu__look_enter(ts);
	for (id = 0; (NGU_PLANT(R9) || n < room) && (node = ngu__id_next(&g->ids, &id)) != NULL;) {
		if (NG_NODE_NOT_VALID(node) || (!all && !NG_NODE_HAS_NAME(node)))
			continue;
		fill_info(&nl->nodeinfo[n++], node);
	}
	ngu__look_leave(ts);
	nl->numnames = n;
	return (0);
}

static int
list_types(node_p here, struct ng_mesg *msg, struct ng_mesg **resp)
{
	struct ngu__thread *ts = ngu__self();
	struct ng_type *type[512];
	struct typelist *tl;
	unsigned n = ngu__types_list(type, 512), i;
	uint32_t id;
	node_p node;

	NG_MKRESPONSE(*resp, msg, sizeof(*tl) + n * sizeof(struct typeinfo), M_NOWAIT);
	if (*resp == NULL)
		return (ENOMEM);
	tl = (struct typelist *)(void *)(*resp)->data;
	tl->numtypes = n;
	for (i = 0; i < n; i++)
		(void)ngu__strlcpy(tl->typeinfo[i].type_name, type[i]->name, NG_TYPESIZ);
	/* Types belong to the process, instances to their graph. */
	ngu__look_enter(ts);
	for (id = 0; (node = ngu__id_next(&here->nd_graph->ids, &id)) != NULL;)
		for (i = 0; i < n; i++)
			if (type[i] == node->nd_type) {
				tl->typeinfo[i].numnodes++;
				break;
			}
	ngu__look_leave(ts);
	return (0);
}

static int
generic(node_p here, item_p item, hook_p lasthook)
{
	struct ng_mesg *msg, *resp = NULL;
	hook_p hook;
	int error = 0;

	NGI_GET_MSG(item, msg);
	switch (msg->header.cmd) {
	case NGM_SHUTDOWN:
		ng_rmnode(here);
		break;
	case NGM_MKPEER: {
		struct ngm_mkpeer *a = ARG(struct ngm_mkpeer);

		if (msg->header.arglen != sizeof(*a)) {
			error = EINVAL;
			break;
		}
		END(a->type);
		END(a->ourhook);
		END(a->peerhook);
		error = ngu__mkpeer(here, a->ourhook, a->peerhook, a->type);
		break;
	}
	case NGM_CONNECT:
		error = msg->header.arglen != sizeof(struct ngm_connect) ? EINVAL :
									   do_connect(item, here, ARG(struct ngm_connect));
		break;
	case NGM_NAME: {
		struct ngm_name *a = ARG(struct ngm_name);

		if (msg->header.arglen != sizeof(*a)) {
			error = EINVAL;
			break;
		}
		END(a->name);
		error = ng_name_node(here, a->name);
		break;
	}
	case NGM_RMHOOK: {
		struct ngm_rmhook *a = ARG(struct ngm_rmhook);

		if (msg->header.arglen != sizeof(*a)) {
			error = EINVAL;
			break;
		}
		END(a->ourhook);
		if ((hook = ng_findhook(here, a->ourhook)) != NULL)
			ng_destroy_hook(hook);
		break;
	}
	case NGM_NODEINFO:
		NG_MKRESPONSE(resp, msg, sizeof(struct nodeinfo), M_NOWAIT);
		if (resp == NULL)
			error = ENOMEM;
		else
			fill_info((struct nodeinfo *)(void *)resp->data, here);
		break;
	case NGM_LISTHOOKS:
		error = list_hooks(here, msg, &resp);
		break;
	case NGM_LISTNAMES:
	case NGM_LISTNODES:
		error = list_nodes(here, msg, &resp, msg->header.cmd == NGM_LISTNODES);
		break;
	case NGM_LISTTYPES:
		error = list_types(here, msg, &resp);
		break;
	case NGM_BINARY2ASCII:
		error = ngu__binary2ascii(here, msg, &resp);
		break;
	case NGM_ASCII2BINARY:
		error = ngu__ascii2binary(here, msg, &resp);
		break;
	case NGM_TEXT_STATUS:
	case NGM_TEXT_CONFIG:
		/* The type's own business; the message goes back into the item. */
		if (here->nd_type->rcvmsg == NULL) {
			error = EINVAL;
			break;
		}
		NGI_MSG(item) = msg;
		return (here->nd_type->rcvmsg(here, item, lasthook));
	default:
		error = EINVAL;
		break;
	}
	NG_RESPOND_MSG(error, here, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

/*
 * Before the gate is closed: the other node of the edge that a message is about to change, whose turn will be wanted, too (NULL:
 * none; only a hint), and the memory for a new edge.
 */
static node_p
generic_other(node_p here, struct ng_mesg *msg)
{
	struct ngu__thread *ts = ngu__self();
	node_p node = NULL;
	hook_p hook;

	if (msg->header.cmd == NGM_RMHOOK && msg->header.arglen == sizeof(struct ngm_rmhook)) {
		struct ngm_rmhook *a = ARG(struct ngm_rmhook);

		END(a->ourhook);
		ngu__look_enter(ts);
		if ((hook = ngu__findhook(here, a->ourhook)) != NULL) {
			node = NG_PEER_NODE(hook);
			if (!ngu__node_tryref(node))
				node = NULL;
		}
		ngu__look_leave(ts);
	} else if (msg->header.cmd == NGM_CONNECT && msg->header.arglen == sizeof(struct ngm_connect)) {
		struct ngm_connect *c = ARG(struct ngm_connect);

		END(c->path);
		if (ng_path2noderef(here, c->path, &node, NULL) != 0)
			node = NULL;
		ngu__hooks_ready(ts);
	} else if (msg->header.cmd == NGM_MKPEER) {
		ngu__hooks_ready(ts);
	}
	return (node);
}

static __attribute__((__constructor__)) void
generic_init(void)
{
	ngu__generic = generic;
	ngu__generic_other = generic_other;
}
