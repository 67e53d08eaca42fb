/* SPDX-License-Identifier: BSD-2-Clause */
/* test_describe.c - the syntax of messages from their parse tables, and where a text is wrong. */
#include "support/unit.h"
#include "msg/msg.h"

#include <netgraph/ng_bridge.h>
#include <netgraph/ng_parse.h>

/* ---- a type with everything in it ---- */

static int
two(const struct ng_parse_type *type, const u_char *start, const u_char *buf)
{
	return (2);
}

static int
own_parse(const struct ng_parse_type *type, const char *s, int *off, const u_char *start, u_char *buf, int *buflen)
{
	return (EINVAL);
}

static const struct ng_parse_type own_type = { .parse = own_parse };
static const struct ng_parse_type nothing_type = { .info = NULL };
static const struct ng_parse_type derived_type = { .supertype = &ng_parse_uint16_type, .info = (const void *)(uintptr_t)2 };
static const struct ng_parse_type bytes_type = { .supertype = &ng_parse_bytearray_type, .info = (const void *)(uintptr_t)two };
static const struct ng_parse_type broken_type = { .supertype = &ng_parse_struct_type };
static const struct ng_parse_fixedarray_info fixed_info = { &ng_parse_int8_type, 8, NULL };
static const struct ng_parse_type fixed_type = { .supertype = &ng_parse_fixedarray_type, .info = &fixed_info };
static const struct ng_parse_array_info array_info = { &fixed_type, two, NULL };
static const struct ng_parse_type array_type = { .supertype = &ng_parse_array_type, .info = &array_info };
static const struct ng_parse_fixedstring_info text_info = { 5 };
static const struct ng_parse_type text_type = { .supertype = &ng_parse_fixedstring_type, .info = &text_info };
static const struct ng_parse_struct_field all_fields[] = { { "a", &ng_parse_uint8_type, 0 }, { "b", &ng_parse_int64_type, 0 },
	{ "c", &ng_parse_hint32_type, 0 }, { "d", &derived_type, 0 }, { "e", &array_type, 0 }, { "f", &text_type, 0 },
	{ "g", &ng_parse_hookbuf_type, 0 }, { "h", &ng_parse_string_type, 0 }, { "i", &ng_parse_sizedstring_type, 0 },
	{ "j", &ng_parse_ipaddr_type, 0 }, { "k", &ng_parse_enaddr_type, 0 }, { "l", &bytes_type, 0 }, { "m", &own_type, 0 },
	{ "n", &nothing_type, 0 }, { "o", &broken_type, 0 }, { NULL, NULL, 0 } };
static const struct ng_parse_type all_type = { .supertype = &ng_parse_struct_type, .info = all_fields };

/* A struct that is its own member: it ends somewhere. */
static struct ng_parse_struct_field ring_fields[2];
static const struct ng_parse_type ring_type = { .supertype = &ng_parse_struct_type, .info = ring_fields };

static int
desc_constructor(node_p node)
{
	return (0);
}

static const struct ng_cmdlist desc_cmds[] = { { 4711, 1, "all", &all_type, NULL }, { 4711, 2, "none", NULL, &ng_parse_uint32_type },
	{ 4711, 3, "ring", &ring_type, NULL }, { 0, 0, NULL, NULL, NULL } };
static struct ng_type desc_type = { .version = NG_ABI_VERSION, .name = "desc", .constructor = desc_constructor, .cmdlist = desc_cmds };
static struct ng_type mute_type = { .version = NG_ABI_VERSION, .name = "mute", .constructor = desc_constructor };

static const struct ngu_help_msg *
find(const struct ngu_help *h, const char *name)
{
	for (uint32_t i = 0; i < h->nmsgs; i++)
		if (strcmp(NGU_HELP_TEXT(h, NGU_HELP_MSG(h, i)->name_off), name) == 0)
			return (NGU_HELP_MSG(h, i));
	return (NULL);
}

static void
expect_help(struct ngu_graph *g, const char *type, const char *name, uint32_t cookie, uint32_t cmd, const char *arg, const char *reply)
{
	const struct ngu_help_msg *m;
	struct ngu_help *h;

	assert_int_equal(ngu_type_help(g, type, &h), 0);
	assert_int_equal(h->block.kind, NGU_B_HELP);
	assert_string_equal(h->type, type != NULL ? type : "");
	assert_non_null(m = find(h, name));
	assert_int_equal(m->cookie, cookie);
	assert_int_equal(m->cmd, cmd);
	assert_string_equal(NGU_HELP_TEXT(h, m->arg_off), arg);
	assert_string_equal(NGU_HELP_TEXT(h, m->reply_off), reply);
	assert_int_equal(m->has_arg, arg[0] != '\0');
	assert_int_equal(m->has_reply, reply[0] != '\0');
	/* The last text ends the block. */
	m = NGU_HELP_MSG(h, h->nmsgs - 1);
	assert_int_equal(m->reply_off + strlen(NGU_HELP_TEXT(h, m->reply_off)) + 1, h->block.size);
	ngu_inspect_free(h);
}

static void
test_help(void **state)
{
	struct ngt *t = ngt_graph("bridge br");
	struct ngu_help *h;

	(void)state;
	expect_help(G, "bridge", "setconfig", NGM_BRIDGE_COOKIE, NGM_BRIDGE_SET_CONFIG,
	    "{ debugLevel=<uint8> loopTimeout=<uint32> maxStaleness=<uint32> minStableAge=<uint32> }", "");
	expect_help(G, "bridge", "gettable", NGM_BRIDGE_COOKIE, NGM_BRIDGE_GET_TABLE, "",
	    "{ numHosts=<uint32> hosts=[ { addr=<enaddr> hook=<string 31> age=<uint16> staleness=<uint16> } ... ] }");
	expect_help(G, NULL, "mkpeer", NGM_GENERIC_COOKIE, NGM_MKPEER, "{ type=<string 31> ourhook=<string 31> peerhook=<string 31> }", "");
	expect_help(G, NULL, "textstatus", NGM_GENERIC_COOKIE, NGM_TEXT_STATUS, "", "<string>");
	expect_help(G, "desc", "all", 4711, 1,
	    "{ a=<uint8> b=<int64> c=<hint32> d=<hint16> e=[ [ <int8> ... 8 ] ... ] f=<string 4> g=<string 31> h=<string> i=<string> "
	    "j=<ipaddr> k=<enaddr> l=<bytes> m=<value> n=<value> o=<value> }", "");
	expect_help(G, "desc", "none", 4711, 2, "", "<uint32>");
	assert_int_equal(ngu_type_help(G, "desc", &h), 0);
	assert_int_equal(h->nmsgs, 3);
	assert_non_null(strstr(NGU_HELP_TEXT(h, find(h, "ring")->arg_off), "{ x={ x={ x="));
	ngu_inspect_free(h);
	assert_int_equal(ngu_type_help(G, "mute", &h), 0);
	assert_int_equal(h->nmsgs, 0);
	assert_int_equal(h->block.size, sizeof(*h));
	ngu_inspect_free(h);
	assert_int_equal(ngu_type_help(G, "nosuch", &h), ENOENT);
	assert_null(h);
	assert_int_equal(ngu_type_help(NULL, NULL, &h), EINVAL);
	assert_int_equal(ngu_type_help(G, NULL, NULL), EINVAL);
	ngu__port_alloc_hook = refuse_all;
	whatever = ngu_type_help(G, "bridge", &h);
	ngu__port_alloc_hook = NULL;
	assert_int_equal(whatever, ENOMEM);
	assert_int_equal(ng_rmtype(&mute_type), 0); /* nobody holds it any more */
	assert_int_equal(ngu_type_help(G, "mute", &h), ENOENT);
	assert_int_equal(ng_newtype(&mute_type), 0);
	ngt_end(t);
}

/* Each field that the table names, however deep, is in the text behind the one before; what follows the last. */
static const char *
has_fields(const struct ng_parse_type *type, const char *text)
{
	const struct ng_parse_struct_field *f;
	char name[64];

	if (type->supertype == &ng_parse_struct_type) {
		for (f = type->info; f->name != NULL; f++) {
			(void)snprintf(name, sizeof(name), " %s=", f->name);
			if ((text = strstr(text, name)) == NULL)
				fail_msg("there is no%s", name);
			text = has_fields(f->type, text + strlen(name));
		}
	} else if (type->supertype == &ng_parse_array_type) {
		text = has_fields(((const struct ng_parse_array_info *)type->info)->elementType, text);
	} else if (type->supertype == &ng_parse_fixedarray_type) {
		text = has_fields(((const struct ng_parse_fixedarray_info *)type->info)->elementType, text);
	}
	return (text);
}

static void
is_described(const struct ng_parse_type *type, uint32_t has, const char *text)
{
	assert_int_equal(has, type != NULL);
	assert_int_equal(text[0] != '\0', type != NULL);
	if (type != NULL)
		(void)has_fields(type, text);
}

/* Every type there is: all that its table has, and nothing else. */
static void
test_all_types(void **state)
{
	struct ngt *t = ngt_graph("hole h");
	const struct ng_cmdlist *c;
	const struct ngu_help_msg *m;
	const struct typelist *l;
	struct ng_mesg *reply;
	struct ngu_help *h;
	unsigned msgs = 0, deep = 0;

	(void)state;
	assert_int_equal(ngu_msg(G, "h:", NGM_GENERIC_COOKIE, NGM_LISTTYPES, NULL, 0, &reply), 0);
	l = (const void *)reply->data;
	assert_true(l->numtypes > 20);
	for (uint32_t i = 0, n; i < l->numtypes; i++) {
		const struct ng_type *type = ng_findtype(l->typeinfo[i].type_name);

		assert_non_null(type);
		if (type == &desc_type) /* has a ring */
			continue;
		assert_int_equal(ngu_type_help(G, type->name, &h), 0);
		for (n = 0, c = type->cmdlist; c != NULL && c->name != NULL; c++, n++) {
			assert_true(n < h->nmsgs);
			m = NGU_HELP_MSG(h, n);
			assert_string_equal(NGU_HELP_TEXT(h, m->name_off), c->name);
			assert_int_equal(m->cookie, c->cookie);
			assert_int_equal((int)m->cmd, c->cmd);
			is_described(c->mesgType, m->has_arg, NGU_HELP_TEXT(h, m->arg_off));
			is_described(c->respType, m->has_reply, NGU_HELP_TEXT(h, m->reply_off));
			deep += strchr(NGU_HELP_TEXT(h, m->arg_off), '=') != NULL;
		}
		assert_int_equal(h->nmsgs, n);
		msgs += n;
		ngu_inspect_free(h);
	}
	assert_true(msgs > 100);
	assert_true(deep > 20);
	ngu_msg_free(reply);
	ngt_end(t);
}

/* ---- where it is wrong ---- */

static void
expect_wrong(struct ngu_graph *g, const char *text, int error, const char *there)
{
	struct ng_mesg *m;
	size_t off;

	assert_int_equal(ngu_msg_parse(g, "br:", text, &m, &off), error);
	assert_null(m);
	if (off > strlen(text) || strcmp(text + off, there) != 0)
		print_message("%s: at %zu, wanted \"%s\"\n", text, off, there);
	assert_string_equal(text + off, there);
}

static void
test_parse(void **state)
{
	struct ngt *t = ngt_graph("bridge br");
	const struct ng_bridge_config *c;
	struct ng_mesg *m, *reply;
	size_t off;

	(void)state;
	assert_int_equal(ngu_msg_parse(G, "br:", " setconfig  { debugLevel=3 maxStaleness=900 } x", &m, &off), 0);
	assert_int_equal(m->header.typecookie, NGM_BRIDGE_COOKIE);
	assert_int_equal(m->header.cmd, NGM_BRIDGE_SET_CONFIG);
	assert_string_equal((const char *)m->header.cmdstr, "setconfig");
	assert_int_equal(m->header.arglen, sizeof(*c));
	assert_int_equal(off, 45);
	c = (const struct ng_bridge_config *)(const void *)m->data;
	assert_int_equal(c->debugLevel, 3);
	assert_int_equal(c->maxStaleness, 900);
	assert_int_equal(ngu_msg(G, "br:", m->header.typecookie, m->header.cmd, m->data, m->header.arglen, &reply), 0);
	ngu_msg_free(reply);
	ngu_msg_free(m);
	assert_int_equal(ngu_msg_parse(G, "br:", "getconfig", &m, NULL), 0);
	assert_int_equal(m->header.arglen, 0);
	ngu_msg_free(m);
	assert_int_equal(ngu_msg_parse(G, "br:", "name { name=\"x\" }", &m, &off), 0); /* a generic one */
	assert_int_equal(m->header.cmd, NGM_NAME);
	ngu_msg_free(m);
	expect_wrong(G, "setconfig { debugLevel=3 maxstaleness=900 }", ENOENT, "maxstaleness=900 }");
	expect_wrong(G, "setconfig { debugLevel=300 }", EINVAL, "300 }");
	expect_wrong(G, "setconfig { debugLevel=3 debugLevel=4 }", EALREADY, "debugLevel=4 }");
	expect_wrong(G, "setconfig { debugLevel=3", EINVAL, "");
	expect_wrong(G, "  setconfig debugLevel", EINVAL, "debugLevel");
	expect_wrong(G, "setconfig", EINVAL, "");
	expect_wrong(G, " \t set { }", ENOSYS, "set { }");
	expect_wrong(G, "a-command-that-is-longer-than-any-can-be", ENOSYS, "a-command-that-is-longer-than-any-can-be");
	expect_wrong(G, "", EINVAL, "");
	expect_wrong(G, "  ", EINVAL, "");
	assert_int_equal(ngu_msg_parse(G, "nobody:", "getconfig", &m, &off), ENOENT);
	assert_true(off == SIZE_MAX);
	assert_int_equal(ngu_msg_parse(NULL, "br:", "getconfig", &m, &off), EINVAL);
	assert_int_equal(ngu_msg_parse(G, NULL, "getconfig", &m, &off), EINVAL);
	assert_int_equal(ngu_msg_parse(G, "br:", NULL, &m, &off), EINVAL);
	assert_int_equal(ngu_msg_parse(G, "br:", "getconfig", NULL, &off), EINVAL);
	ngu__port_alloc_hook = refuse_all;
	whatever = ngu_msg_parse(G, "br:", "getconfig", &m, &off);
	ngu__port_alloc_hook = NULL;
	assert_int_equal(whatever, ENOMEM);
	assert_null(m);
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_help),
		ngt_test(test_all_types),
		ngt_test(test_parse),
	};

	ring_fields[0] = (struct ng_parse_struct_field){ "x", &ring_type, 0 };
	if (ng_newtype(&desc_type) != 0 || ng_newtype(&mute_type) != 0)
		return (1);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
