/* SPDX-License-Identifier: BSD-2-Clause */
/* test_tag.c - node type "tag": tags looked for, taken off and put on. */
#include "nodes/kt.h"

#include <netgraph/ng_tag.h>

#define C NGM_TAG_COOKIE

static struct kt_end *a, *b, *c;

/* What the next packets carry: cookie, ID and data, "" for no data; the first is prepended first. */
static struct {
	uint32_t cookie;
	int id;
	const char *data;
} carry[3];

static void
dress(struct mbuf *m)
{
	struct m_tag *t;

	for (int i = 0; i < 3 && carry[i].data != NULL; i++) {
		t = m_tag_alloc(carry[i].cookie, carry[i].id, (int)strlen(carry[i].data), M_NOWAIT);
		assert_non_null(t);
		memcpy(t + 1, carry[i].data, strlen(carry[i].data));
		m_tag_prepend(m, t);
	}
}

static void
make(void)
{
	memset(carry, 0, sizeof(carry));
	kt_dress = dress;
	ok(ngu_mknode(g, "tag", "x", NULL));
	a = kt_open("x:", "a");
	b = kt_open("x:", "b");
	c = kt_open("x:", "c");
}

static int
hookin(const char *this, const char *yes, const char *no, unsigned strip, uint32_t cookie, unsigned id, const char *data)
{
	const struct ng_tag_hookin head = { .strip = (uint8_t)strip, .tag_cookie = cookie, .tag_id = (uint16_t)id,
		.tag_len = (uint16_t)strlen(data) };
	char m[200];

	memcpy(m, &head, 108);
	memcpy(m, this, strlen(this));
	memcpy(m + 32, yes, strlen(yes));
	memcpy(m + 64, no, strlen(no));
	memcpy(m + 108, data, strlen(data));
	return (nt_tell("x:", C, NGM_TAG_SET_HOOKIN, m, 108 + strlen(data)));
}

static int
hookout(const char *this, uint32_t cookie, unsigned id, const char *data)
{
	const struct ng_tag_hookout head = { .tag_cookie = cookie, .tag_id = (uint16_t)id, .tag_len = (uint16_t)strlen(data) };
	char m[200];

	memcpy(m, &head, 40);
	memcpy(m, this, strlen(this));
	memcpy(m + 40, data, strlen(data));
	return (nt_tell("x:", C, NGM_TAG_SET_HOOKOUT, m, 40 + strlen(data)));
}

/* From a to that end, which gets these tags: "cookie/id:data ...", first one first. */
static void
comes(struct kt_end *to, const char *want)
{
	const struct ngt_pkt p = ngt_pattern(100, 1);
	struct mbuf *same;
	struct m_tag *t;
	char text[256];
	size_t n = 0;

	kt_goes(a, p, to, p);
	kt_keep = true;
	ok(ngu_port_send(a->port, kt_mbuf(&p, KT_WHOLE, &same)));
	kt_keep = false;
	text[0] = '\0';
	for (t = m_tag_first(to->m); t != NULL; t = m_tag_next(to->m, t))
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%u/%u:%.*s", n != 0 ? " " : "", t->m_tag_cookie, t->m_tag_id,
		    t->m_tag_len, (char *)(t + 1));
	assert_string_equal(text, want);
	ngu_packet_free(to->m);
}

static void
test_match(void **state)
{
	(void)state;
	make();
	kt_fails(a, "00", 0); /* nowhere to go */
	ok(hookin("a", "b", "c", 0, 77, 5, "ab"));
	comes(c, "");
	carry[0].cookie = 77;
	carry[0].id = 5;
	carry[0].data = "ab";
	comes(b, "77/5:ab");
	carry[0].data = "abc";
	comes(b, "77/5:abc");
	carry[0].data = "a";
	comes(c, "77/5:a");
	carry[0].data = "ba";
	comes(c, "77/5:ba");
	carry[0].data = "ab";
	carry[0].id = 6;
	comes(c, "77/6:ab");
	carry[0].id = 5;
	carry[0].cookie = 78;
	comes(c, "78/5:ab");
	/* The second of that kind is the one. */
	carry[0].cookie = 77;
	carry[1].cookie = 77;
	carry[1].id = 5;
	carry[1].data = "zz";
	comes(b, "77/5:zz 77/5:ab");
	/* Taken off: that one only. */
	ok(hookin("a", "b", "c", 1, 77, 5, "ab"));
	comes(b, "77/5:zz");
	ok(hookin("a", "b", "c", 1, 77, 5, ""));
	comes(b, "77/5:ab");
	ok(hookin("a", "b", "c", 1, 0, 5, ""));
	comes(c, "77/5:zz 77/5:ab");
	/* Cookie and ID 0 are never there. */
	carry[1].cookie = 0;
	carry[1].id = 0;
	ok(hookin("a", "b", "c", 1, 0, 0, ""));
	comes(c, "0/0:zz 77/5:ab");
	ok(hookin("a", "", "b", 1, 77, 5, ""));
	kt_fails(a, "00", 0);
	ok(hookin("a", "a", "", 0, 77, 5, ""));
	comes(a, "0/0:zz 77/5:ab");
	ok(hookin("a", "b", "", 0, 1, 5, ""));
	kt_fails(a, "00", 0);
}

static void
test_put_on(void **state)
{
	(void)state;
	make();
	ok(hookin("a", "b", "c", 1, 77, 5, ""));
	ok(hookout("b", 9, 8, "xyz"));
	ok(hookout("c", 0, 3, ""));
	comes(c, "0/3:");
	carry[0].cookie = 77;
	carry[0].id = 5;
	carry[0].data = "ab";
	comes(b, "9/8:xyz");
	carry[1].cookie = 5;
	carry[1].id = 5;
	carry[1].data = "zz";
	comes(b, "9/8:xyz 5/5:zz");
	ok(hookout("b", 9, 0, ""));
	comes(b, "9/0: 5/5:zz");
	ok(hookout("b", 0, 0, "data of no use"));
	comes(b, "5/5:zz");
}

static void
test_messages(void **state)
{
	static char arg[200] = "a";
	uint16_t len = 20;

	(void)state;
	make();
	nt_unknown("x:", C);
	assert_int_equal(nt_tell("x:", C, 0, NULL, 0), EINVAL);
	for (uint32_t cmd = 5; cmd < 9; cmd++)
		assert_int_equal(nt_tell("x:", C, cmd, arg, 32), EINVAL);
	memcpy(arg + 106, &len, 2);
	for (size_t l = 0; l < sizeof(arg); l++)
		assert_int_equal(nt_tell("x:", C, NGM_TAG_SET_HOOKIN, arg, l), l < 108 + 20 ? EINVAL : 0);
	memset(arg + 106, 0, 2);
	memcpy(arg + 38, &len, 2);
	for (size_t l = 0; l < sizeof(arg); l++)
		assert_int_equal(nt_tell("x:", C, NGM_TAG_SET_HOOKOUT, arg, l), l < 40 + 20 ? EINVAL : 0);
	assert_int_equal(hookin("z", "a", "a", 0, 0, 0, ""), ENOENT);
	assert_int_equal(hookout("z", 0, 0, ""), ENOENT);
	assert_int_equal(nt_tell("x:", C, NGM_TAG_GET_HOOKIN, "", 0), EINVAL);
	assert_int_equal(nt_tell("x:", C, NGM_TAG_GET_HOOKOUT, "", 0), EINVAL);
	assert_int_equal(nt_tell("x:", C, NGM_TAG_GET_HOOKOUT, "a", 1), ENOENT); /* the last byte is made NUL */
	assert_int_equal(nt_tell("x:", C, NGM_TAG_GET_HOOKIN, "zz", 3), ENOENT);
	nt_text_is("x:", "gethookin", "\"b\"", "{ thisHook=\"b\" }");
	nt_text_is("x:", "gethookout", "\"b\"", "{ thisHook=\"b\" }");
	nt_text_is("x:", "sethookin",
	    "{ thisHook=\"a\" ifMatch=\"b\" ifNotMatch=\"c\" strip=1 tag_cookie=1148380143 tag_id=4660 tag_len=2 tag_data=[ 0x7a 7 ] }", "");
	nt_text_is("x:", "gethookin", "\"a\"",
	    "{ thisHook=\"a\" ifMatch=\"b\" ifNotMatch=\"c\" strip=1 tag_cookie=1148380143 tag_id=4660 tag_len=2 tag_data=[ 0x7a 0x7 ] }");
	nt_text_is("x:", "sethookout", "{ thisHook=\"b\" tag_cookie=1 tag_id=2 tag_len=4 tag_data=[ 1 2 3 ] }", "");
	nt_text_is("x:", "gethookout", "\"b\"", "{ thisHook=\"b\" tag_cookie=1 tag_id=2 tag_len=4 tag_data=[ 0x1 0x2 0x3 ] }");
	/* Names that are as long as they get. */
	memset(arg, 'x', sizeof(arg));
	assert_int_equal(nt_tell("x:", C, NGM_TAG_SET_HOOKIN, arg, sizeof(arg)), EINVAL); /* so many data are not there */
	memset(arg + 96, 0, 12);
	assert_int_equal(nt_tell("x:", C, NGM_TAG_SET_HOOKIN, arg, sizeof(arg)), ENOENT);
}

/* Hooks are bound when they are named; what comes later under the name is another one. */
static void
test_bound(void **state)
{
	struct kt_end *d;

	(void)state;
	make();
	ok(hookin("a", "b", "d", 0, 1, 1, ""));
	d = kt_open("x:", "d");
	kt_fails(a, "00", 0);
	ok(hookin("a", "b", "d", 0, 1, 1, ""));
	kt_goes(a, "00", d, "00");
	kt_close(d);
	kt_fails(a, "00", 0);
	d = kt_open("x:", "d");
	kt_fails(a, "00", 0);
	ok(hookin("a", "d", "a", 0, 1, 1, ""));
	kt_goes(a, "00", a, "00");
	kt_close(a);
	kt_close(b);
	kt_close(c);
	kt_close(d);
	assert_int_equal(ngu_lookup(g, "x:", NULL), ENOENT);
}

static void
test_memory(void **state)
{
	static const char hook[NG_HOOKSIZ] = "a";

	(void)state;
	make();
	ok(hookin("a", "", "b", 0, 1, 1, ""));
	ok(hookout("b", 9, 8, "xyz"));
	kt_short(a, "0011", b, "0011", ENOMEM);
	assert_true(kt_tell_short("x:", C, NGM_TAG_GET_HOOKIN, hook, sizeof(hook)) > 1); /* the message, the reply */
	assert_true(kt_tell_short("x:", C, NGM_TAG_GET_HOOKOUT, hook, sizeof(hook)) > 1);
}

static void
tell(unsigned round)
{
	ok(hookin("a", "b", round % 2 ? "b" : "c", 1, 1, 1, "abc"));
	ok(hookin("b", "a", "a", 1, 1, 1, "abc"));
	ok(hookout("b", 1, round % 3, "abcd"));
}

static void
test_storm(void **state)
{
	struct kt_storm k = { .type = "tag", .hooks = { "a", "b", "c" }, .tell = tell };

	(void)state;
	k.pkt[0] = k.pkt[1] = ngt_pattern(100, 1);
	kt_storm(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		kt_test(test_match),
		kt_test(test_put_on),
		kt_test(test_messages),
		kt_test(test_bound),
		kt_bare_test(test_memory),
		kt_test(test_storm),
	};

	return (cmocka_run_group_tests_name("tag", tests, NULL, NULL));
}
