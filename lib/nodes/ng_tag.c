/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_tag.c - packets by their tags: each hook says which tag it looks for in what comes by it, where packets with and without it
 * go, and which tag is put on what leaves by it.
 *
 * Packets run as readers, many at once; hooks and what they were told change only while the node stands still, so they are read
 * plainly. Tags hang on a packet's own header, which is nobody else's.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_parse.h>
#include <netgraph/ng_tag.h>

#ifdef NG_SEPARATE_MALLOC
static MALLOC_DEFINE(M_NETGRAPH_TAG, "netgraph_tag", "netgraph tag node");
#else
#define M_NETGRAPH_TAG M_NETGRAPH
#endif

/* Without data. */
CTASSERT(sizeof(struct ng_tag_hookin) == 108);
CTASSERT(sizeof(struct ng_tag_hookout) == 40);

struct tag_hook {
	hook_p yes, no; /* NULL: dropped */
	struct ng_tag_hookin *in;
	struct ng_tag_hookout *out;
};

static ng_constructor_t ng_tag_constructor;
static ng_rcvmsg_t ng_tag_rcvmsg;
static ng_shutdown_t ng_tag_shutdown;
static ng_newhook_t ng_tag_newhook;
static ng_rcvdata_t ng_tag_rcvdata;
static ng_disconnect_t ng_tag_disconnect;

/* tag_len stands right before tag_data. */
static int
data_length(const struct ng_parse_type *type, const u_char *start, const u_char *buf)
{
	uint16_t n;

	memcpy(&n, buf - sizeof(n), sizeof(n));
	return (n);
}
CTASSERT(offsetof(struct ng_tag_hookin, tag_len) + 2 == offsetof(struct ng_tag_hookin, tag_data));
CTASSERT(offsetof(struct ng_tag_hookout, tag_len) + 2 == offsetof(struct ng_tag_hookout, tag_data));

static const struct ng_parse_type data_type = { .supertype = &ng_parse_bytearray_type, .info = (const void *)(uintptr_t)data_length };
static const struct ng_parse_struct_field hookin_fields[] = NG_TAG_HOOKIN_TYPE_INFO(&data_type);
static const struct ng_parse_type hookin_type = { .supertype = &ng_parse_struct_type, .info = &hookin_fields };
static const struct ng_parse_struct_field hookout_fields[] = NG_TAG_HOOKOUT_TYPE_INFO(&data_type);
static const struct ng_parse_type hookout_type = { .supertype = &ng_parse_struct_type, .info = &hookout_fields };

static const struct ng_cmdlist ng_tag_cmdlist[] = {
	{ NGM_TAG_COOKIE, NGM_TAG_SET_HOOKIN, "sethookin", &hookin_type, NULL },
	{ NGM_TAG_COOKIE, NGM_TAG_GET_HOOKIN, "gethookin", &ng_parse_hookbuf_type, &hookin_type },
	{ NGM_TAG_COOKIE, NGM_TAG_SET_HOOKOUT, "sethookout", &hookout_type, NULL },
	{ NGM_TAG_COOKIE, NGM_TAG_GET_HOOKOUT, "gethookout", &ng_parse_hookbuf_type, &hookout_type },
	{ 0, 0, NULL, NULL, NULL }
};

static struct ng_type ng_tag_type = {
	.version = NG_ABI_VERSION,
	.name = NG_TAG_NODE_TYPE,
	.constructor = ng_tag_constructor,
	.rcvmsg = ng_tag_rcvmsg,
	.shutdown = ng_tag_shutdown,
	.newhook = ng_tag_newhook,
	.rcvdata = ng_tag_rcvdata,
	.disconnect = ng_tag_disconnect,
	.cmdlist = ng_tag_cmdlist,
};
NETGRAPH_INIT(tag, &ng_tag_type);

static int
ng_tag_constructor(node_p node)
{
	return (0);
}

static void
tag_hook_free(struct tag_hook *th)
{
	free(th->in, M_NETGRAPH_TAG);
	free(th->out, M_NETGRAPH_TAG);
	free(th, M_NETGRAPH_TAG);
}

static int
ng_tag_newhook(node_p node, hook_p hook, const char *name)
{
	struct tag_hook *th = malloc(sizeof(*th), M_NETGRAPH_TAG, M_NOWAIT | M_ZERO);

	if (th == NULL)
		return (ENOMEM);
	th->in = malloc(sizeof(*th->in), M_NETGRAPH_TAG, M_NOWAIT | M_ZERO);
	th->out = malloc(sizeof(*th->out), M_NETGRAPH_TAG, M_NOWAIT | M_ZERO);
	if (th->in == NULL || th->out == NULL) {
		tag_hook_free(th);
		return (ENOMEM);
	}
	(void)strlcpy(th->in->thisHook, name, sizeof(th->in->thisHook));
	(void)strlcpy(th->out->thisHook, name, sizeof(th->out->thisHook));
	NG_HOOK_SET_PRIVATE(hook, th);
	return (0);
}

/* ---- commands ---- */

/* A copy: `size` bytes, and data, how many is said at `len_at`. */
static int
copy_config(const struct ng_mesg *msg, size_t size, size_t len_at, void **copy)
{
	uint16_t len;

	if (msg->header.arglen < size)
		return (EINVAL);
	memcpy(&len, msg->data + len_at, sizeof(len));
	if (msg->header.arglen - size < len)
		return (EINVAL);
	if ((*copy = malloc(size + len, M_NETGRAPH_TAG, M_NOWAIT)) == NULL)
		return (ENOMEM);
	memcpy(*copy, msg->data, size + len);
	return (0);
}

static int
set_hookin(node_p node, const struct ng_mesg *msg)
{
	struct ng_tag_hookin *c;
	struct tag_hook *th;
	hook_p hook;
	void *copy;
	int error;

	if ((error = copy_config(msg, sizeof(*c), offsetof(struct ng_tag_hookin, tag_len), &copy)) != 0)
		return (error);
	c = copy;
	c->thisHook[NG_HOOKSIZ - 1] = c->ifMatch[NG_HOOKSIZ - 1] = c->ifNotMatch[NG_HOOKSIZ - 1] = '\0';
	if ((hook = ng_findhook(node, c->thisHook)) == NULL) {
		free(c, M_NETGRAPH_TAG);
		return (ENOENT);
	}
	th = NG_HOOK_PRIVATE(hook);
	free(th->in, M_NETGRAPH_TAG);
	th->in = c;
	th->yes = ng_findhook(node, c->ifMatch);
	th->no = ng_findhook(node, c->ifNotMatch);
	return (0);
}

static int
set_hookout(node_p node, const struct ng_mesg *msg)
{
	struct ng_tag_hookout *c;
	struct tag_hook *th;
	hook_p hook;
	void *copy;
	int error;

	if ((error = copy_config(msg, sizeof(*c), offsetof(struct ng_tag_hookout, tag_len), &copy)) != 0)
		return (error);
	c = copy;
	c->thisHook[NG_HOOKSIZ - 1] = '\0';
	if ((hook = ng_findhook(node, c->thisHook)) == NULL) {
		free(c, M_NETGRAPH_TAG);
		return (ENOENT);
	}
	th = NG_HOOK_PRIVATE(hook);
	free(th->out, M_NETGRAPH_TAG);
	th->out = c;
	return (0);
}

static int
get_hook(node_p node, struct ng_mesg *msg, struct ng_mesg **resp)
{
	const struct tag_hook *th;
	const void *from;
	size_t size;
	hook_p hook;

	if (msg->header.arglen == 0)
		return (EINVAL);
	msg->data[msg->header.arglen - 1] = '\0';
	if ((hook = ng_findhook(node, msg->data)) == NULL)
		return (ENOENT);
	th = NG_HOOK_PRIVATE(hook);
	if (msg->header.cmd == NGM_TAG_GET_HOOKIN) {
		from = th->in;
		size = sizeof(*th->in) + th->in->tag_len;
	} else {
		from = th->out;
		size = sizeof(*th->out) + th->out->tag_len;
	}
	NG_MKRESPONSE(*resp, msg, size, M_NOWAIT);
	if (*resp == NULL)
		return (ENOMEM);
	memcpy((*resp)->data, from, size);
	return (0);
}

static int
tag_command(node_p node, struct ng_mesg *msg, struct ng_mesg **resp)
{
	switch (msg->header.cmd) {
	case NGM_TAG_SET_HOOKIN:
		return (set_hookin(node, msg));
	case NGM_TAG_SET_HOOKOUT:
		return (set_hookout(node, msg));
	case NGM_TAG_GET_HOOKIN:
	case NGM_TAG_GET_HOOKOUT:
		return (get_hook(node, msg, resp));
	default:
		return (EINVAL);
	}
}

static int
ng_tag_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct ng_mesg *msg, *resp = NULL;
	int error;

	NGI_GET_MSG(item, msg);
	error = msg->header.typecookie == NGM_TAG_COOKIE ? tag_command(node, msg, &resp) : EINVAL;
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

/* ---- packets: readers all of it ---- */

static struct m_tag *
find(struct mbuf *m, const struct ng_tag_hookin *c)
{
	struct m_tag *t = NULL;

	if (c->tag_cookie == 0 && c->tag_id == 0)
		return (NULL);
	while ((t = m_tag_locate(m, c->tag_cookie, c->tag_id, t)) != NULL)
		if (t->m_tag_len >= c->tag_len && memcmp(t + 1, c->tag_data, c->tag_len) == 0)
			break;
	return (t);
}

static int
ng_tag_rcvdata(hook_p hook, item_p item)
{
	const struct tag_hook *th = NG_HOOK_PRIVATE(hook);
	const struct ng_tag_hookout *out;
	struct mbuf *m = NGI_M(item);
	struct m_tag *t = find(m, th->in);
	hook_p to = t != NULL ? th->yes : th->no;
	int error;

	if (to == NULL) {
		NG_FREE_ITEM(item);
		return (0);
	}
	if (t != NULL && th->in->strip != 0)
		m_tag_delete(m, t);
	out = ((const struct tag_hook *)NG_HOOK_PRIVATE(to))->out;
	if (out->tag_cookie != 0 || out->tag_id != 0) {
		if ((t = m_tag_alloc(out->tag_cookie, out->tag_id, out->tag_len, M_NOWAIT)) == NULL) {
			NG_FREE_ITEM(item);
			return (ENOMEM);
		}
		memcpy(t + 1, out->tag_data, out->tag_len);
		m_tag_prepend(m, t);
	}
	NG_FWD_ITEM_HOOK(error, item, to);
	return (error);
}

/* ---- ends ---- */

static int
ng_tag_shutdown(node_p node)
{
	NG_NODE_UNREF(node);
	return (0);
}

static int
ng_tag_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct tag_hook *th;
	hook_p other;

	LIST_FOREACH(other, &node->nd_hooks, hk_hooks) {
		if ((th = NG_HOOK_PRIVATE(other)) == NULL)
			continue;
		if (th->yes == hook)
			th->yes = NULL;
		if (th->no == hook)
			th->no = NULL;
	}
	tag_hook_free(NG_HOOK_PRIVATE(hook));
	NG_HOOK_SET_PRIVATE(hook, NULL);
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}
