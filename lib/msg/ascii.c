/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ascii.c - NGM_BINARY2ASCII and NGM_ASCII2BINARY (section 14.2): messages between their two forms, and the descriptions of the
 * generic messages themselves.
 */
#include "msg/msg.h"
#include "msg/parse.h"

/* ---- the generic messages ---- */

/* The number of elements precedes the array: as the last member of a struct nodeinfo, or alone. */
static int
length_before(const struct ng_parse_type *type, const u_char *start, const u_char *buf)
{
	uint32_t n;

	ngu__memcpy(&n, buf - sizeof(n), sizeof(n));
	return (n <= INT32_MAX ? (int)n : -1);
}
_Static_assert(offsetof(struct nodeinfo, hooks) + sizeof(uint32_t) == sizeof(struct nodeinfo) &&
	offsetof(struct hooklist, link) == sizeof(struct nodeinfo) && offsetof(struct namelist, nodeinfo) == sizeof(uint32_t) &&
	offsetof(struct typelist, typeinfo) == sizeof(uint32_t), "nothing lies between the length and the array");

#define STRUCT(name, ...) \
	static const struct ng_parse_struct_field name##_fields[] = __VA_ARGS__; \
	static const struct ng_parse_type name##_type = { .supertype = &ng_parse_struct_type, .info = name##_fields }
#define ARRAY(name, element) \
	static const struct ng_parse_array_info name##_info = { &element, length_before, NULL }; \
	static const struct ng_parse_type name##_type = { .supertype = &ng_parse_array_type, .info = &name##_info }

STRUCT(mkpeer, NG_GENERIC_MKPEER_INFO());
STRUCT(connect, NG_GENERIC_CONNECT_INFO());
STRUCT(name, NG_GENERIC_NAME_INFO());
STRUCT(rmhook, NG_GENERIC_RMHOOK_INFO());
STRUCT(nodeinfo, NG_GENERIC_NODEINFO_INFO());
STRUCT(linkinfo, NG_GENERIC_LINKINFO_INFO(&nodeinfo_type));
ARRAY(links, linkinfo_type);
STRUCT(hooklist, NG_GENERIC_HOOKLIST_INFO(&nodeinfo_type, &links_type));
ARRAY(nodes, nodeinfo_type);
STRUCT(namelist, NG_GENERIC_LISTNODES_INFO(&nodes_type));
STRUCT(typeinfo, NG_GENERIC_TYPEINFO_INFO());
ARRAY(types, typeinfo_type);
STRUCT(typelist, NG_GENERIC_TYPELIST_INFO(&types_type));

const struct ng_cmdlist ngu__generic_cmds[] = {
	{ NGM_GENERIC_COOKIE, NGM_SHUTDOWN, "shutdown", NULL, NULL },
	{ NGM_GENERIC_COOKIE, NGM_MKPEER, "mkpeer", &mkpeer_type, NULL },
	{ NGM_GENERIC_COOKIE, NGM_CONNECT, "connect", &connect_type, NULL },
	{ NGM_GENERIC_COOKIE, NGM_NAME, "name", &name_type, NULL },
	{ NGM_GENERIC_COOKIE, NGM_RMHOOK, "rmhook", &rmhook_type, NULL },
	{ NGM_GENERIC_COOKIE, NGM_NODEINFO, "nodeinfo", NULL, &nodeinfo_type },
	{ NGM_GENERIC_COOKIE, NGM_LISTHOOKS, "listhooks", NULL, &hooklist_type },
	{ NGM_GENERIC_COOKIE, NGM_LISTNAMES, "listnames", NULL, &namelist_type },
	{ NGM_GENERIC_COOKIE, NGM_LISTNODES, "listnodes", NULL, &namelist_type },
	{ NGM_GENERIC_COOKIE, NGM_LISTTYPES, "listtypes", NULL, &typelist_type },
	{ NGM_GENERIC_COOKIE, NGM_TEXT_CONFIG, "textconfig", NULL, &ng_parse_string_type },
	{ NGM_GENERIC_COOKIE, NGM_TEXT_STATUS, "textstatus", NULL, &ng_parse_string_type },
	{ NGM_GENERIC_COOKIE, NGM_BINARY2ASCII, "binary2ascii", &ng_parse_ng_mesg_type, &ng_parse_ng_mesg_type },
	{ NGM_GENERIC_COOKIE, NGM_ASCII2BINARY, "ascii2binary", &ng_parse_ng_mesg_type, &ng_parse_ng_mesg_type },
	{ 0, 0, NULL, NULL, NULL }
};

/* ---- finding a command ---- */

static const struct ng_cmdlist *
by_number(const struct ng_cmdlist *c, const struct ng_mesg *m)
{
	for (; c != NULL && c->name != NULL; c++)
		if (c->cookie == m->header.typecookie && (uint32_t)c->cmd == m->header.cmd)
			return (c);
	return (NULL);
}

static const struct ng_cmdlist *
by_name(const struct ng_cmdlist *c, const struct ng_mesg *m)
{
	char name[NG_CMDSTRSIZ + 1];

	ngu__memcpy(name, m->header.cmdstr, NG_CMDSTRSIZ);
	name[NG_CMDSTRSIZ] = '\0';
	for (; c != NULL && c->name != NULL; c++)
		if (ngu__strcmp(c->name, name) == 0)
			return (c);
	return (NULL);
}

static const struct ng_parse_type *
type_of(const struct ng_cmdlist *c, const struct ng_mesg *m)
{
	return ((m->header.flags & NGF_RESP) != 0 ? c->respType : c->mesgType);
}

/* ---- the conversions ---- */

#define SLACK 1024 /* bytes */

/* A reply to msg that begins as `inner` does and has room for its arguments in another form; *out points to it. */
static struct ng_mesg *
new_reply(const struct ng_mesg *msg, const struct ng_mesg *inner, struct ng_mesg **out)
{
	struct ng_mesg *resp;

	NG_MKRESPONSE(resp, msg, sizeof(*inner) + NGU_PARSE_WORK, M_NOWAIT);
	if (resp != NULL) {
		*out = (struct ng_mesg *)(void *)resp->data;
		ngu__memcpy(*out, inner, sizeof(*inner));
	}
	return (resp);
}

/*
 * Arguments as text. Our own types stop at arglen; a node type's own method may be one that does not look at it: in this copy it
 * finds zeros.
 */
static int
print_args(const struct ng_parse_type *type, const struct ng_mesg *m, char *text)
{
	const size_t len = sizeof(*m) + m->header.arglen;
	struct ng_mesg *copy = malloc(len + SLACK, M_NETGRAPH_PARSE, M_NOWAIT | M_ZERO);
	int error;

	if (copy == NULL)
		return (ENOMEM);
	ngu__memcpy(copy, m, len);
	error = ng_unparse(type, (const u_char *)copy->data, text, NGU_PARSE_WORK);
	free(copy, M_NETGRAPH_PARSE);
	return (error);
}

static void
set_length(struct ng_mesg *resp, struct ng_mesg *out, int n)
{
	out->header.arglen = (uint32_t)n;
	resp->header.arglen = (uint32_t)sizeof(*out) + (uint32_t)n;
}

int
ngu__binary2ascii(node_p here, struct ng_mesg *msg, struct ng_mesg **resp)
{
	struct ng_mesg *bin = (struct ng_mesg *)(void *)msg->data, *asc;
	const struct ng_parse_type *type;
	const struct ng_cmdlist *c;
	int error = 0;

	if (msg->header.arglen < sizeof(*bin) || bin->header.arglen > msg->header.arglen - sizeof(*bin))
		return (EINVAL);
	if ((c = by_number(here->nd_type->cmdlist, bin)) == NULL && (c = by_number(ngu__generic_cmds, bin)) == NULL)
		return (ENOSYS);
	if ((*resp = new_reply(msg, bin, &asc)) == NULL)
		return (ENOMEM);
	ngu__memset(asc->header.cmdstr, 0, sizeof(asc->header.cmdstr));
	(void)ngu__strlcpy((char *)asc->header.cmdstr, c->name, sizeof(asc->header.cmdstr));
	asc->data[0] = '\0';
	if ((type = type_of(c, bin)) != NULL)
		error = print_args(type, bin, asc->data);
	if (error != 0) {
		NG_FREE_MSG(*resp);
		return (error);
	}
	set_length(*resp, asc, (int)ngu__strlen(asc->data) + 1);
	return (0);
}

int
ngu__ascii2binary(node_p here, struct ng_mesg *msg, struct ng_mesg **resp)
{
	struct ng_mesg *asc = (struct ng_mesg *)(void *)msg->data, *bin;
	int n = NGU_PARSE_WORK, off = 0, error = 0;
	const struct ng_parse_type *type;
	const struct ng_cmdlist *c;

	if (msg->header.arglen < sizeof(*asc) + 1 || asc->header.arglen < 1 ||
	    asc->header.arglen > msg->header.arglen - sizeof(*asc) || asc->header.arglen > INT32_MAX)
		return (EINVAL);
	asc->data[asc->header.arglen - 1] = '\0';
	if ((c = by_name(here->nd_type->cmdlist, asc)) == NULL && (c = by_name(ngu__generic_cmds, asc)) == NULL)
		return (ENOSYS);
	if ((*resp = new_reply(msg, asc, &bin)) == NULL)
		return (ENOMEM);
	bin->header.cmd = (uint32_t)c->cmd;
	bin->header.typecookie = c->cookie;
	if ((type = type_of(c, asc)) == NULL)
		n = 0;
	else
		error = ng_parse(type, asc->data, &off, (u_char *)bin->data, &n);
	if (error != 0) {
		NG_FREE_MSG(*resp);
		return (error);
	}
	set_length(*resp, bin, n);
	return (0);
}

/* ---- the same for a program, which is told where it went wrong ---- */

static int
parse_words(node_p node, const char *text, struct ng_mesg **out, size_t *off)
{
	const struct ng_cmdlist *c;
	struct ng_mesg *bin;
	int n = NGU_PARSE_WORK, error = 0, at = 0;
	size_t from, len;

	for (from = 0; text[from] == ' ' || text[from] == '\t'; from++)
		;
	for (len = 0; text[from + len] != '\0' && text[from + len] != ' ' && text[from + len] != '\t'; len++)
		;
	*off = from;
	if (len == 0)
		return (EINVAL);
	if (len >= NG_CMDSTRSIZ)
		return (ENOSYS);
	if ((bin = (struct ng_mesg *)ngu_k_mkmsg(0, 0, "", NGU_PARSE_WORK, M_NOWAIT)) == NULL)
		return (ENOMEM);
	ngu__memcpy(bin->header.cmdstr, text + from, len);
	if ((c = by_name(node->nd_type->cmdlist, bin)) == NULL && (c = by_name(ngu__generic_cmds, bin)) == NULL) {
		NG_FREE_MSG(bin);
		return (ENOSYS);
	}
	bin->header.cmd = (uint32_t)c->cmd;
	bin->header.typecookie = c->cookie;
	*off = from + len;
	while (text[*off] == ' ' || text[*off] == '\t')
		++*off;
	if (c->mesgType == NULL)
		n = 0;
	else
		error = ng_parse(c->mesgType, text + *off, &at, (u_char *)bin->data, &n);
	*off += (size_t)at;
	if (error != 0) {
		NG_FREE_MSG(bin);
		return (error);
	}
	bin->header.arglen = (uint32_t)n;
	*out = bin;
	return (0);
}

int
ngu_msg_parse(struct ngu_graph *g, const char *path, const char *text, struct ng_mesg **out, size_t *off)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__ctx ctx;
	size_t at = 0;
	node_p node;
	int error;

	if (out == NULL)
		return (EINVAL);
	*out = NULL;
	if (off != NULL)
		*off = SIZE_MAX;
	if (g == NULL || path == NULL || text == NULL)
		return (EINVAL);
	ngu__enter(ts, &ctx, g);
	if ((error = ng_path2noderef(NULL, path, &node, NULL)) == 0) {
		error = parse_words(node, text, out, &at);
		if (off != NULL)
			*off = at;
		NG_NODE_UNREF(node);
	}
	ngu__leave(ts, &ctx);
	return (error);
}
