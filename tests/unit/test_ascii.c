/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_ascii.c - ASCII2BINARY and BINARY2ASCII (section 14.2): the generic messages and those of the node types in the tree, there
 * and back through nodes; which command list counts; headers; sizes; what is refused.
 */
#include "unit/parse.h"
#include "msg/msg.h"

#include <netgraph/ng_hole.h>
#include <netgraph/ng_hub.h>
#include <netgraph/ng_sample.h>
#include <netgraph/ng_tee.h>
#ifdef NGU_HAVE_PCAP
#include <netgraph/ng_pcap.h>
#endif

#define GEN NGM_GENERIC_COOKIE

static union {
	struct ng_mesg m;
	char c[70000];
} box;

/* A message to be converted, in the box; the length of all of it. */
static size_t
wrap(uint32_t cookie, uint32_t cmd, const char *cmdstr, uint32_t flags, const void *data, size_t n)
{
	memset(&box.m, 0, sizeof(box.m));
	box.m.header.version = NG_VERSION;
	box.m.header.arglen = (uint32_t)n;
	box.m.header.typecookie = cookie;
	box.m.header.cmd = cmd;
	box.m.header.flags = flags;
	box.m.header.token = 0x12345678;
	memcpy(box.m.header.cmdstr, cmdstr, strnlen(cmdstr, NG_CMDSTRSIZ)); /* 32 of them: no NUL */
	if (n != 0)
		memcpy(box.m.data, data, n);
	return (sizeof(box.m) + n);
}

/* The message within a conversion's answer. */
static const struct ng_mesg *
inner(const struct ng_mesg *resp)
{
	const struct ng_mesg *m = (const struct ng_mesg *)(const void *)resp->data;

	assert_int_equal(resp->header.flags, NGF_RESP);
	assert_int_equal(resp->header.arglen, sizeof(*m) + m->header.arglen);
	assert_int_equal(m->header.version, NG_VERSION);
	assert_int_equal(m->header.token, 0x12345678);
	return (m);
}

#define to_binary(t, path, cmdstr, flags, text) to_binary_n((t), (path), (cmdstr), (flags), (text), strlen(text) + 1)

static const struct ng_mesg *
to_binary_n(struct ngt *t, const char *path, const char *cmdstr, uint32_t flags, const char *text, size_t n)
{
	const struct ng_mesg *m = inner(ngt_msg(t, path, GEN, NGM_ASCII2BINARY, &box, wrap(0, 0, cmdstr, flags, text, n)));

	assert_int_equal(m->header.flags, flags);
	assert_int_equal(strncmp((const char *)m->header.cmdstr, cmdstr, NG_CMDSTRSIZ), 0);
	return (m);
}

static const struct ng_mesg *
to_ascii(struct ngt *t, const char *path, uint32_t cookie, uint32_t cmd, uint32_t flags, const void *data, size_t n)
{
	const struct ng_mesg *m = inner(ngt_msg(t, path, GEN, NGM_BINARY2ASCII, &box, wrap(cookie, cmd, "?", flags, data, n)));

	assert_int_equal(m->header.flags, flags);
	assert_int_equal(m->header.typecookie, cookie);
	assert_int_equal(m->header.cmd, cmd);
	assert_int_equal(m->header.arglen, strlen(m->data) + 1);
	return (m);
}

/* Text and bytes of a command or its answer are each other's. */
static void
same(struct ngt *t, const char *path, uint32_t cookie, uint32_t cmd, const char *cmdstr, uint32_t flags, const char *text,
    const void *data, size_t n)
{
	const struct ng_mesg *m = to_binary(t, path, cmdstr, flags, text);

	assert_int_equal(m->header.typecookie, cookie);
	assert_int_equal(m->header.cmd, cmd);
	assert_int_equal(m->header.arglen, n);
	assert_memory_equal(m->data, data, n);
	m = to_ascii(t, path, cookie, cmd, flags, data, n);
	assert_string_equal(m->header.cmdstr, cmdstr);
	assert_string_equal(m->data, text);
}

/* A command as text to a node, in effect; its answer as text, or NULL. */
static const char *
do_text(struct ngt *t, const char *path, const char *cmdstr, const char *text)
{
	const struct ng_mesg *m = to_binary(t, path, cmdstr, 0, text), *resp;

	resp = ngt_msg(t, path, m->header.typecookie, m->header.cmd, m->data, m->header.arglen);
	if (resp == NULL)
		return (NULL);
	resp = to_ascii(t, path, resp->header.typecookie, resp->header.cmd, NGF_RESP, resp->data, resp->header.arglen);
	assert_string_equal(resp->header.cmdstr, cmdstr);
	return (resp->data);
}

/* ---- the generic messages ---- */

static void
test_generic_arguments(void **state)
{
	static const struct ngm_mkpeer mkpeer = { "tee", "a", "left" };
	static const struct ngm_connect connect = { "[1f]:x.y", "a \"b\"", "c" };
	static const struct ngm_name name = { "new" };
	static const struct ngm_rmhook rmhook = { "left" };
	static const struct nodeinfo ni = { "n", "tee", 0x1f, 3 };
	static const struct {
		uint32_t cmd;
		const char *cmdstr;
	} bare[] = {
		{ NGM_SHUTDOWN, "shutdown" },
		{ NGM_NODEINFO, "nodeinfo" },
		{ NGM_LISTHOOKS, "listhooks" },
		{ NGM_LISTNAMES, "listnames" },
		{ NGM_LISTNODES, "listnodes" },
		{ NGM_LISTTYPES, "listtypes" },
		{ NGM_TEXT_STATUS, "textstatus" },
		{ NGM_TEXT_CONFIG, "textconfig" },
	};
	struct ngt *t = ngt_graph("tee T; hub H");
	const struct ng_mesg *m;
	struct {
		uint32_t n;
		struct nodeinfo ni[2];
	} nl = { 2, { { "", "a", 1, 0 }, { "b", "c", 0x10, 2 } } };
	struct {
		struct nodeinfo ni;
		struct linkinfo li[2];
	} hl = { { "n", "tee", 0x1f, 2 }, { { "right", "x", { "m", "hub", 2, 1 } }, { "left", "", { "", "", 0, 0 } } } };
	struct {
		uint32_t n;
		struct typeinfo ti[3];
	} tl = { 3, { { "hub", 1 }, { "", 0 }, { "tee", 0 } } };

	(void)state;
	same(t, "T:", GEN, NGM_MKPEER, "mkpeer", 0, "{ type=\"tee\" ourhook=\"a\" peerhook=\"left\" }", &mkpeer, sizeof(mkpeer));
	same(t, "H:", GEN, NGM_CONNECT, "connect", 0, "{ path=\"[1f]:x.y\" ourhook=\"a \\\"b\\\"\" peerhook=\"c\" }", &connect,
	    sizeof(connect));
	same(t, "T:", GEN, NGM_NAME, "name", 0, "{ name=\"new\" }", &name, sizeof(name));
	same(t, "T:", GEN, NGM_RMHOOK, "rmhook", 0, "{ hook=\"left\" }", &rmhook, sizeof(rmhook));
	same(t, "T:", GEN, NGM_NODEINFO, "nodeinfo", NGF_RESP, "{ name=\"n\" type=\"tee\" id=0x1f hooks=3 }", &ni, sizeof(ni));
	same(t, "T:", GEN, NGM_LISTNAMES, "listnames", NGF_RESP,
	    "{ numnames=2 nodeinfo=[ { type=\"a\" id=0x1 } { name=\"b\" type=\"c\" id=0x10 hooks=2 } ] }", &nl, sizeof(nl));
	same(t, "T:", GEN, NGM_LISTNODES, "listnodes", NGF_RESP,
	    "{ numnames=2 nodeinfo=[ { type=\"a\" id=0x1 } { name=\"b\" type=\"c\" id=0x10 hooks=2 } ] }", &nl, sizeof(nl));
	same(t, "T:", GEN, NGM_LISTHOOKS, "listhooks", NGF_RESP, "{ nodeinfo={ name=\"n\" type=\"tee\" id=0x1f hooks=2 } "
	    "linkinfo=[ { ourhook=\"right\" peerhook=\"x\" nodeinfo={ name=\"m\" type=\"hub\" id=0x2 hooks=1 } } "
	    "{ ourhook=\"left\" } ] }", &hl, sizeof(hl));
	same(t, "T:", GEN, NGM_LISTTYPES, "listtypes", NGF_RESP,
	    "{ numtypes=3 typeinfo=[ { typename=\"hub\" numnodes=1 } 2={ typename=\"tee\" } ] }", &tl, sizeof(tl));
	same(t, "T:", GEN, NGM_TEXT_STATUS, "textstatus", NGF_RESP, "\"line\\nline\"", "line\nline", 10);
	same(t, "T:", GEN, NGM_TEXT_CONFIG, "textconfig", NGF_RESP, "\"x\"", "x", 2);
	/* Without arguments text is not looked at, and there are no bytes; bytes make no text. */
	for (size_t i = 0; i < NITEMS(bare); i++) {
		same(t, "T:", GEN, bare[i].cmd, bare[i].cmdstr, 0, "", "", 0);
		m = to_binary(t, "T:", bare[i].cmdstr, 0, "{ what ever");
		assert_int_equal(m->header.arglen, 0);
		m = to_ascii(t, "T:", GEN, bare[i].cmd, 0, "abc", 3);
		assert_string_equal(m->data, "");
	}
	/* Nor has a command without answer one as text. */
	same(t, "T:", GEN, NGM_MKPEER, "mkpeer", NGF_RESP, "", "", 0);
	ngt_end(t);
}

/* A graph made, looked at and taken down in text alone. */
static void
test_generic_in_effect(void **state)
{
	struct ngt *t = ngt_graph("tee T; hub H");
	uint32_t id, hub;
	char want[400];

	(void)state;
	assert_null(do_text(t, "T:", "connect", "{ peerhook=\"x\" ourhook=\"left\" path=\"H:\" }"));
	ngt_expect_hooks(t, "T:", "left - H.x");
	assert_null(do_text(t, "T:", "mkpeer", "{ type=\"hole\" ourhook=\"right\" peerhook=\"in\" }"));
	assert_null(do_text(t, "T:right", "name", "{ name=\"sink\" }"));
	assert_null(do_text(t, "T:", "name", "{ name=\"T2\" }"));
	assert_int_equal(ngu_lookup(G, "T2:", &id), 0);
	assert_int_equal(ngu_lookup(G, "H:", &hub), 0);
	(void)snprintf(want, sizeof(want), "{ name=\"T2\" type=\"tee\" id=0x%x hooks=2 }", (unsigned)id);
	assert_string_equal(do_text(t, "T2:", "nodeinfo", ""), want);
	(void)snprintf(want, sizeof(want), "{ nodeinfo={ name=\"H\" type=\"hub\" id=0x%x hooks=1 } linkinfo=[ { ourhook=\"x\" "
	    "peerhook=\"left\" nodeinfo={ name=\"T2\" type=\"tee\" id=0x%x hooks=2 } } ] }", (unsigned)hub, (unsigned)id);
	assert_string_equal(do_text(t, "H:", "listhooks", ""), want);
	assert_non_null(strstr(do_text(t, "H:", "listnodes", ""), "{ name=\"sink\" type=\"hole\" id=0x"));
	assert_non_null(strstr(do_text(t, "H:", "listnames", ""), "{ numnames=3 nodeinfo=[ "));
	assert_non_null(strstr(do_text(t, "H:", "listtypes", ""), "{ typename=\"hub\" numnodes=1 }"));
	assert_null(do_text(t, "T2:", "rmhook", "{ hook=\"right\" }"));
	ngt_expect_hooks(t, "T2:", "left - H.x");
	assert_null(do_text(t, "T2:", "shutdown", ""));
	assert_int_equal(ngu_lookup(G, "T2:", NULL), ENOENT);
	ngt_end(t);
}

/* Conversions are messages themselves. */
static void
test_conversion_as_text(void **state)
{
	struct ngt *t = ngt_graph("tee T");
	MESSAGE(4) v;

	(void)state;
	memset(&v, 0, sizeof(v));
	v.header.arglen = 4;
	(void)strcpy((char *)v.header.cmdstr, "name");
	memcpy(v.data, "{}", 3);
	same(t, "T:", GEN, NGM_ASCII2BINARY, "ascii2binary", 0, "{ arglen=4 cmdstr=\"name\" data=[ 0x7b 0x7d ] }", &v, 60);
	same(t, "T:", GEN, NGM_BINARY2ASCII, "binary2ascii", NGF_RESP, "{ arglen=4 cmdstr=\"name\" data=[ 0x7b 0x7d ] }", &v, 60);
	ngt_end(t);
}

/* ---- what is refused ---- */

static void
a2b_error(struct ngt *t, const char *cmdstr, const char *text, int error)
{
	ngt_msg_error(t, "T:", GEN, NGM_ASCII2BINARY, &box, wrap(0, 0, cmdstr, 0, text, strlen(text) + 1), error);
}

static void
test_refused(void **state)
{
	static const struct ngm_name name = { "new" };
	struct ngt *t = ngt_graph("tee T");
	const struct ng_mesg *m;
	size_t len;

	(void)state;
	/* Sizes that do not fit each other. */
	len = wrap(GEN, NGM_NAME, "name", 0, &name, sizeof(name));
	for (size_t n = 0; n < sizeof(box.m); n++) {
		ngt_msg_error(t, "T:", GEN, NGM_BINARY2ASCII, &box, n, EINVAL);
		ngt_msg_error(t, "T:", GEN, NGM_ASCII2BINARY, &box, n, EINVAL);
	}
	ngt_msg_error(t, "T:", GEN, NGM_ASCII2BINARY, &box, sizeof(box.m), EINVAL); /* no room for text */
	ngt_msg_error(t, "T:", GEN, NGM_BINARY2ASCII, &box, len - 1, EINVAL);
	ngt_msg_error(t, "T:", GEN, NGM_ASCII2BINARY, &box, len - 1, EINVAL);
	box.m.header.arglen = UINT32_MAX;
	ngt_msg_error(t, "T:", GEN, NGM_BINARY2ASCII, &box, len, EINVAL);
	ngt_msg_error(t, "T:", GEN, NGM_ASCII2BINARY, &box, len, EINVAL);
	box.m.header.arglen = 0; /* text has a NUL at least */
	ngt_msg_error(t, "T:", GEN, NGM_ASCII2BINARY, &box, len, EINVAL);
	/* Arguments cut off: an error, not a look at what lies behind. */
	for (size_t n = 0; n < sizeof(name); n++)
		ngt_msg_error(t, "T:", GEN, NGM_BINARY2ASCII, &box, wrap(GEN, NGM_NAME, "", 0, &name, n), EINVAL);
	/* A number of nodes that the message does not have. */
	ngt_msg_error(t, "T:", GEN, NGM_BINARY2ASCII, &box, wrap(GEN, NGM_LISTNODES, "", NGF_RESP, "\003\0\0\0", 4), EINVAL);
	ngt_msg_error(t, "T:", GEN, NGM_BINARY2ASCII, &box, wrap(GEN, NGM_LISTNODES, "", NGF_RESP, "\377\377\377\177", 4), EINVAL);
	ngt_msg_error(t, "T:", GEN, NGM_BINARY2ASCII, &box, wrap(GEN, NGM_LISTNODES, "", NGF_RESP, "\377\377\377\377", 4), EINVAL);
	/* Nobody's commands. */
	ngt_msg_error(t, "T:", GEN, NGM_BINARY2ASCII, &box, wrap(GEN, 4711, "", 0, NULL, 0), ENOSYS);
	ngt_msg_error(t, "T:", GEN, NGM_BINARY2ASCII, &box, wrap(GEN + 1, NGM_NAME, "name", 0, NULL, 0), ENOSYS);
	ngt_msg_error(t, "T:", GEN, NGM_BINARY2ASCII, &box, wrap(GEN, 6, "", 0, NULL, 0), ENOSYS); /* the bits belong to it */
	ngt_msg_error(t, "T:", GEN, NGM_BINARY2ASCII, &box, wrap(NGM_HOLE_COOKIE, 1, "", 0, NULL, 0), ENOSYS);
	a2b_error(t, "", "{}", ENOSYS);
	a2b_error(t, "Name", "{}", ENOSYS);
	a2b_error(t, "names", "{}", ENOSYS);
	a2b_error(t, "nam", "{}", ENOSYS);
	a2b_error(t, "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", "{}", ENOSYS); /* 32 of them, no NUL */
	/* Text that cannot be read: the parser's own errors. */
	a2b_error(t, "name", "", EINVAL);
	a2b_error(t, "name", "new", EINVAL);
	a2b_error(t, "name", "{ nam=\"x\" }", ENOENT);
	a2b_error(t, "name", "{ name=\"x\" name=\"y\" }", EALREADY);
	a2b_error(t, "name", "{ name=\"12345678901234567890123456789012\" }", E2BIG);
	/* The last byte is made a NUL; what follows a value is not looked at. */
	m = to_binary_n(t, "T:", "name", 0, "{ name=\"new\" }x", 15);
	assert_memory_equal(m->data, &name, sizeof(name));
	m = to_binary(t, "T:", "name", 0, "{ name=\"new\" } and more");
	assert_memory_equal(m->data, &name, sizeof(name));
	ngt_msg_error(t, "T:", GEN, NGM_ASCII2BINARY, &box, wrap(0, 0, "name", 0, "{ name=\"new\" }", 14), EINVAL);
	ngt_end(t);
}

/* 20 KiB either way. */
static void
test_long(void **state)
{
	struct ngt *t = ngt_graph("tee T");
	static char text[30000], bytes[30000];
	const struct ng_mesg *m;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	bytes[20480 - 3] = '\0';
	m = to_ascii(t, "T:", GEN, NGM_TEXT_STATUS, NGF_RESP, bytes, 20480 - 2);
	assert_int_equal(m->header.arglen, 20480);
	bytes[20480 - 3] = 'x';
	bytes[20480 - 2] = '\0';
	ngt_msg_error(t, "T:", GEN, NGM_BINARY2ASCII, &box, wrap(GEN, NGM_TEXT_STATUS, "", NGF_RESP, bytes, 20480 - 1), ERANGE);
	memset(bytes, 'x', 20480);
	bytes[20479] = '\0';
	(void)snprintf(text, sizeof(text), "\"%.20479s\"", bytes);
	m = to_binary(t, "T:", "textstatus", NGF_RESP, text);
	assert_int_equal(m->header.arglen, 20480);
	assert_memory_equal(m->data, bytes, 20480);
	bytes[20479] = 'x';
	bytes[20480] = '\0';
	(void)snprintf(text, sizeof(text), "\"%.20480s\"", bytes);
	ngt_msg_error(t, "T:", GEN, NGM_ASCII2BINARY, &box, wrap(0, 0, "textstatus", NGF_RESP, text, strlen(text) + 1), ERANGE);
	ngt_end(t);
}

/* ---- a type's own list ---- */

static unsigned char behind[8];

/* A method that does not know about arglen, as there are in the kernel. */
static int
careless_unparse(const struct ng_parse_type *type, const u_char *data, int *off, char *buf, int buflen)
{
	(void)type;
	memcpy(behind, data + *off, sizeof(behind));
	*off += (int)sizeof(behind);
	return (snprintf(buf, (size_t)buflen, "ok") < buflen ? 0 : ERANGE);
}

static const struct ng_parse_type careless_type = { .unparse = careless_unparse };

static const struct ng_cmdlist mine_cmdlist[] = {
	{ 4711, 1, "name", &ng_parse_uint16_type, &ng_parse_ipaddr_type }, /* a generic message has that name */
	{ 4711, 2 | NGM_READONLY, "careless", &careless_type, NULL },
	{ 4712, 1, "other", NULL, NULL },
	{ 4712, 2, "as-long-as-a-command-name-can-b", NULL, NULL },
	{ GEN, NGM_RMHOOK, "mine", &ng_parse_uint8_type, NULL }, /* and that number */
	{ 0, 0, NULL, NULL, NULL },
	{ 4711, 3, "beyond", NULL, NULL },
};
static struct ng_type mine_type = { .version = NG_ABI_VERSION, .name = "mine", .cmdlist = mine_cmdlist };

static int
mine_constructor(node_p node)
{
	(void)node;
	return (0);
}

static void
test_own_list(void **state)
{
	static const struct ngm_rmhook rmhook = { "x" };
	struct ngt *t;
	size_t len;

	(void)state;
	mine_type.constructor = mine_constructor;
	assert_int_equal(ng_newtype(&mine_type), 0);
	t = ngt_graph("mine M; tee T");
	/* By name and by number, its own list comes first. */
	same(t, "M:", 4711, 1, "name", 0, "258", "\002\001", 2);
	same(t, "M:", 4711, 1, "name", NGF_RESP, "1.2.3.4", "\001\002\003\004", 4);
	same(t, "M:", 4712, 1, "other", 0, "", "", 0);
	same(t, "M:", GEN, NGM_RMHOOK, "mine", 0, "7", "\007", 1);
	assert_string_equal(to_ascii(t, "M:", GEN, NGM_NAME, 0, "n\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 32)->data,
	    "{ name=\"n\" }");
	/* What it has not is generic. */
	same(t, "M:", GEN, NGM_SHUTDOWN, "shutdown", 0, "", "", 0);
	assert_int_equal(to_binary(t, "M:", "rmhook", 0, "{ hook=\"x\" }")->header.arglen, sizeof(rmhook));
	same(t, "M:", 4712, 2, "as-long-as-a-command-name-can-b", 0, "", "", 0);
	len = wrap(0, 0, "as-long-as-a-command-name-can-be", 0, "", 1); /* another, without a NUL */
	ngt_msg_error(t, "M:", GEN, NGM_ASCII2BINARY, &box, len, ENOSYS);
	/* The list ends where a name is missing. */
	ngt_msg_error(t, "M:", GEN, NGM_BINARY2ASCII, &box, wrap(4711, 3, "", 0, NULL, 0), ENOSYS);
	ngt_msg_error(t, "M:", GEN, NGM_ASCII2BINARY, &box, wrap(0, 0, "beyond", 0, "", 1), ENOSYS);
	ngt_msg_error(t, "T:", GEN, NGM_ASCII2BINARY, &box, wrap(0, 0, "careless", 0, "", 1), ENOSYS);
	/* One way only. */
	ngt_msg_error(t, "M:", GEN, NGM_ASCII2BINARY, &box, wrap(0, 0, "careless", 0, "", 1), EOPNOTSUPP);
	memset(behind, 1, sizeof(behind));
	len = wrap(4711, 2 | NGM_READONLY, "", 0, "ab\377\377\377\377\377\377\377\377", 10);
	box.m.header.arglen = 2;
	assert_string_equal(inner(ngt_msg(t, "M:", GEN, NGM_BINARY2ASCII, &box, len))->data, "ok");
	assert_memory_equal(behind, "ab\0\0\0\0\0\0", 8); /* zeros, and they are ours */
	assert_null(ngt_msg(t, "M:", GEN, NGM_SHUTDOWN, NULL, 0));
	ngt_end(t);
	assert_int_equal(ng_rmtype(&mine_type), 0);
}

/* ---- the node types of the tree ---- */

static void
test_tee(void **state)
{
	struct ngt *t = ngt_graph("probe in - tee T.left/right - probe out; T.left2right - probe tap");
	static const struct ng_tee_stats st = { .right = { 1, 2, 3, 4 }, .left2right = { .outFrames = UINT64_MAX } };

	(void)state;
	same(t, "T:", NGM_TEE_COOKIE, NGM_TEE_GET_STATS, "getstats", NGF_RESP, "{ right={ inOctets=1 inFrames=2 outOctets=3 "
	    "outFrames=4 } left2right={ outFrames=18446744073709551615 } }", &st, sizeof(st));
	assert_int_equal(sizeof(st), 128);
	assert_string_equal(do_text(t, "T:", "getstats", ""), "{}");
	ngt_send(ngt_probe(t, "in"), NULL, "00 11 22");
	ngt_expect(ngt_probe(t, "out"), NULL, "00 11 22");
	ngt_expect(ngt_probe(t, "tap"), NULL, "00 11 22");
	assert_string_equal(do_text(t, "T:", "getstats", ""), "{ right={ outOctets=3 outFrames=1 } left={ inOctets=3 inFrames=1 } "
	    "left2right={ outOctets=3 outFrames=1 } }");
	assert_non_null(strstr(do_text(t, "T:", "getclrstats", ""), "left={ inOctets=3 inFrames=1 }"));
	assert_string_equal(do_text(t, "T:", "getclrstats", ""), "{}");
	assert_null(do_text(t, "T:", "clrstats", ""));
	ngt_end(t);
}

static void
test_hole_hub(void **state)
{
	struct ngt *t = ngt_graph("probe p.one - hole O.a; probe q.one - hub H.x; O.b - H.y");
	static const struct ng_hole_hookstat st = { 5, 300 };
	static const char hook[NG_HOOKSIZ] = "a";

	(void)state;
	same(t, "O:", NGM_HOLE_COOKIE, NGM_HOLE_GET_STATS, "getstats", 0, "\"a\"", hook, sizeof(hook));
	same(t, "O:", NGM_HOLE_COOKIE, NGM_HOLE_CLR_STATS, "clrstats", 0, "\"a\"", hook, sizeof(hook));
	same(t, "O:", NGM_HOLE_COOKIE, NGM_HOLE_GETCLR_STATS, "getclrstats", 0, "\"a\"", hook, sizeof(hook));
	same(t, "O:", NGM_HOLE_COOKIE, NGM_HOLE_GETCLR_STATS, "getclrstats", NGF_RESP, "{ frames=5 octets=300 }", &st, sizeof(st));
	ngt_send(ngt_probe(t, "p"), NULL, "00 11 22");
	ngt_settle(t);
	assert_string_equal(do_text(t, "O:", "getstats", "\"a\""), "{ frames=1 octets=3 }");
	assert_string_equal(do_text(t, "O:", "getstats", "\"b\""), "{}");
	assert_string_equal(do_text(t, "O:", "getclrstats", "\"a\""), "{ frames=1 octets=3 }");
	assert_null(do_text(t, "O:", "clrstats", "\"a\""));
	assert_string_equal(do_text(t, "O:", "getstats", "\"a\""), "{}");
	same(t, "H:", NGM_HUB_COOKIE, NGM_HUB_SET_PERSISTENT, "setpersistent", 0, "", "", 0);
	assert_null(do_text(t, "H:", "setpersistent", ""));
	assert_null(do_text(t, "H:", "rmhook", "{ hook=\"x\" }"));
	assert_null(do_text(t, "H:", "rmhook", "{ hook=\"y\" }"));
	ngt_expect_hooks(t, "H:", ""); /* it stayed */
	ngt_end(t);
}

static void
test_sample(void **state)
{
	struct ngt *t = ngt_graph("probe p.one - sample S.left");
	static const struct ng_sample_config c = { 1500, 1 };

	(void)state;
	same(t, "S:", NGM_SAMPLE_COOKIE, NGM_SAMPLE_SET_CONFIG, "setconfig", 0, "{ maxlen=1500 persistent=1 }", &c, sizeof(c));
	assert_string_equal(do_text(t, "S:", "getconfig", ""), "{}");
	assert_null(do_text(t, "S:", "setconfig", "{ persistent=1 maxlen=2 }"));
	assert_string_equal(do_text(t, "S:", "getconfig", ""), "{ maxlen=2 persistent=1 }");
	assert_null(do_text(t, "S:", "setconfig", "{ maxlen=2 }")); /* what is left out is 0 */
	assert_string_equal(do_text(t, "S:", "getconfig", ""), "{ maxlen=2 }");
	assert_int_equal(ngt_try_send(ngt_probe(t, "p"), NULL, "00 11 22"), EMSGSIZE);
	assert_string_equal(do_text(t, "S:", "getstats", "\"left\""), "{ in=1 inOctets=3 drops=1 }");
	assert_null(do_text(t, "S:", "clrstats", ""));
	assert_string_equal(do_text(t, "S:", "getstats", "\"left\""), "{}");
	ngt_end(t);
}

#ifdef NGU_HAVE_PCAP
static void
test_pcap(void **state)
{
	struct ngt *t = ngt_graph("pcap P");
	static const struct ng_pcap_openread rd = { NG_PCAP_PRELOAD, "/a b\t.pcap" };
	static const struct ng_pcap_openwrite wr = { 96, 1, NG_PCAP_NANO, "out" };
	static const struct ng_pcap_start st = { 5000000000, 2, 1500, 8 };
	static const struct ng_pcap_close cl = { NG_PCAP_CLOSE_READ | NG_PCAP_CLOSE_WRITE };
	struct ng_pcap_stats ps;
	char text[200 + sizeof(NGU_SRCDIR)];

	(void)state;
	memset(&ps, 0, sizeof(ps));
	ps.sent = 1;
	ps.writtenOctets = 2;
	ps.linktype = 12;
	same(t, "P:", NGM_PCAP_COOKIE, NGM_PCAP_OPENREAD, "openread", 0, "{ flags=0x1 path=\"/a b\\t.pcap\" }", &rd, sizeof(rd));
	same(t, "P:", NGM_PCAP_COOKIE, NGM_PCAP_OPENWRITE, "openwrite", 0, "{ snaplen=96 linktype=1 flags=0x1 path=\"out\" }", &wr,
	    sizeof(wr));
	same(t, "P:", NGM_PCAP_COOKIE, NGM_PCAP_START, "start", 0, "{ count=5000000000 loops=2 speed=1500 batch=8 }", &st, sizeof(st));
	same(t, "P:", NGM_PCAP_COOKIE, NGM_PCAP_CLOSE, "close", 0, "{ which=0x3 }", &cl, sizeof(cl));
	same(t, "P:", NGM_PCAP_COOKIE, NGM_PCAP_GETSTATS, "getstats", NGF_RESP, "{ sent=1 writtenOctets=2 linktype=12 }", &ps,
	    sizeof(ps));
	same(t, "P:", NGM_PCAP_COOKIE, NGM_PCAP_STOP, "stop", 0, "", "", 0);
	(void)snprintf(text, sizeof(text), "{ path=\"%s/tests/data/traffic.pcap\" }", NGU_SRCDIR);
	assert_null(do_text(t, "P:", "openread", text));
	assert_string_equal(do_text(t, "P:", "getstats", ""), "{ linktype=1 }");
	assert_null(do_text(t, "P:", "close", "{ which=1 }"));
	assert_string_equal(do_text(t, "P:", "getstats", ""), "{}");
	ngt_end(t);
}
#endif

/* ---- no memory ---- */

static int left_to_allow;

static bool
allow(size_t size)
{
	(void)size;
	return (left_to_allow-- > 0);
}

/*
 * Each allocation refused in turn: ENOMEM until there are enough. What is left behind shows in ngt_end() and the teardown. The
 * functions are called as the node's writer would call them, so that only their own allocations are refused.
 */
static void
test_no_memory(void **state)
{
	struct ngt *t = ngt_graph("tee T");
	struct ng_node *node = node_of(t, "T");
	struct ng_mesg *msg, *resp;
	int refused[2] = { 0, 0 }, error;
	size_t len;

	(void)state;
	for (int way = 0; way < 2; way++) {
		len = way == 0 ? wrap(0, 0, "name", 0, "{ name=\"new\" }", 15) : wrap(GEN, NGM_NAME, "", 0, &(struct ngm_name){ "new" }, 32);
		NG_MKMESSAGE(msg, GEN, 0, len, M_WAITOK);
		memcpy(msg->data, &box, len);
		for (int k = 0; k < 10; k++) {
			left_to_allow = k;
			resp = NULL;
			ngu__port_alloc_hook = allow;
			error = way == 0 ? ngu__ascii2binary(node, msg, &resp) : ngu__binary2ascii(node, msg, &resp);
			ngu__port_alloc_hook = NULL;
			assert_true(error == 0 || error == ENOMEM);
			assert_int_equal(error == 0, resp != NULL);
			refused[way] += error != 0;
			NG_FREE_MSG(resp);
		}
		assert_in_range(refused[way], 1, 5);
		NG_FREE_MSG(msg);
	}
	NG_NODE_UNREF(node);
	ngt_end(t);
}

static int
setup(void **state)
{
	return (ngt_setup(state) != 0 ? -1 : parse_setup(state));
}

static int
teardown(void **state)
{
	return (ngt_teardown(state) != 0 ? -1 : parse_teardown(state));
}
#define ascii_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ascii_test(test_generic_arguments),
		ascii_test(test_generic_in_effect),
		ascii_test(test_conversion_as_text),
		ascii_test(test_refused),
		ascii_test(test_long),
		ascii_test(test_own_list),
		ascii_test(test_tee),
		ascii_test(test_hole_hub),
		ascii_test(test_sample),
#ifdef NGU_HAVE_PCAP
		ascii_test(test_pcap),
#endif
		ascii_test(test_no_memory),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
