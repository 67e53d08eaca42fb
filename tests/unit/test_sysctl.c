/* SPDX-License-Identifier: BSD-2-Clause */
/* test_sysctl.c - sysctl(9): variables of every width by name, in binary and in text; handlers; tunables; what is refused. */
#include <stdlib.h>

#include "support/unit.h"

#include <sys/counter.h>
#include <sys/kernel.h>
#include <sys/systm.h>
#include <sys/sysctl.h>

static int v_int = -5, v_tun = 3, v_late = 8;
static unsigned v_uint = 4000000000u;
static long v_long = -1;
static unsigned long v_ulong = ~0ul;
static int8_t v_s8 = -128;
static uint8_t v_u8 = 255;
static int16_t v_s16 = -300;
static uint16_t v_u16 = 65535;
static int32_t v_s32 = INT32_MIN;
static uint32_t v_u32 = UINT32_MAX;
static int64_t v_s64 = INT64_MIN;
static uint64_t v_u64 = UINT64_MAX;
static bool v_bool;
static char v_string[8] = "hello", v_tunstr[8] = "";
static struct pair { int a, b; } v_pair = { 1, 2 };
static counter_u64_t v_counter;
static int called, asked;

static int
even_only(SYSCTL_HANDLER_ARGS)
{
	int v = v_int, error;

	called++;
	asked = arg2;
	if ((error = sysctl_handle_int(oidp, &v, 0, req)) != 0 || req->newptr == NULL)
		return (error);
	if (v % 2 != 0)
		return (EINVAL);
	*(int *)arg1 = v;
	return (0);
}

SYSCTL_DECL(_net_graph);
static SYSCTL_NODE(_net_graph, OID_AUTO, tested, CTLFLAG_RW | CTLFLAG_MPSAFE, 0, "of the test");
SYSCTL_INT(_net_graph_tested, OID_AUTO, i, CTLFLAG_RW, &v_int, 0, "an int");
SYSCTL_UINT(_net_graph_tested, OID_AUTO, ui, CTLFLAG_RW, &v_uint, 0, "");
SYSCTL_LONG(_net_graph_tested, OID_AUTO, l, CTLFLAG_RW, &v_long, 0, "");
SYSCTL_ULONG(_net_graph_tested, OID_AUTO, ul, CTLFLAG_RW, &v_ulong, 0, "");
SYSCTL_S8(_net_graph_tested, OID_AUTO, s8, CTLFLAG_RW, &v_s8, 0, "");
SYSCTL_U8(_net_graph_tested, OID_AUTO, u8, CTLFLAG_RW, &v_u8, 0, "");
SYSCTL_S16(_net_graph_tested, OID_AUTO, s16, CTLFLAG_RW, &v_s16, 0, "");
SYSCTL_U16(_net_graph_tested, OID_AUTO, u16, CTLFLAG_RW, &v_u16, 0, "");
SYSCTL_S32(_net_graph_tested, OID_AUTO, s32, CTLFLAG_RW, &v_s32, 0, "");
SYSCTL_U32(_net_graph_tested, OID_AUTO, u32, CTLFLAG_RW, &v_u32, 0, "");
SYSCTL_S64(_net_graph_tested, OID_AUTO, s64, CTLFLAG_RW, &v_s64, 0, "");
SYSCTL_U64(_net_graph_tested, OID_AUTO, u64, CTLFLAG_RW, &v_u64, 0, "");
SYSCTL_BOOL(_net_graph_tested, OID_AUTO, yes, CTLFLAG_RW, &v_bool, 0, "");
SYSCTL_STRING(_net_graph_tested, OID_AUTO, s, CTLFLAG_RW, v_string, sizeof(v_string), "");
SYSCTL_STRING(_net_graph_tested, OID_AUTO, constant, CTLFLAG_RD, "fixed", 0, "");
SYSCTL_STRUCT(_net_graph_tested, OID_AUTO, pair, CTLFLAG_RW, &v_pair, pair, "");
SYSCTL_COUNTER_U64(_net_graph_tested, OID_AUTO, count, CTLFLAG_RW, &v_counter, "");
SYSCTL_INT(_net_graph_tested, OID_AUTO, version, CTLFLAG_RD, SYSCTL_NULL_INT_PTR, 42, "");
SYSCTL_INT(_net_graph_tested, OID_AUTO, secret, CTLFLAG_WR, &v_int, 0, "");
SYSCTL_PROC(_net_graph_tested, OID_AUTO, even, CTLTYPE_INT | CTLFLAG_RW, &v_int, 77, even_only, "I", "");

static void
expect(const char *name, const char *want)
{
	char full[64], buf[64] = "";

	(void)snprintf(full, sizeof(full), "net.graph.tested.%s", name);
	assert_int_equal(ngu_k_sysctl_text(full, buf, sizeof(buf), NULL), 0);
	assert_string_equal(buf, want);
}

static int
set(const char *name, const char *text)
{
	char full[64];

	(void)snprintf(full, sizeof(full), "net.graph.tested.%s", name);
	return (ngu_k_sysctl_text(full, NULL, 0, text));
}

static void
test_text(void **state)
{
	static const struct { const char *name, *is, *low, *below, *high, *above; } t[] = {
		{ "i", "-5", "-2147483648", "-2147483649", "2147483647", "2147483648" },
		{ "ui", "4000000000", "0", "-1", "4294967295", "4294967296" },
		{ "s8", "-128", "-128", "-129", "127", "128" },
		{ "u8", "255", "0", "-1", "255", "256" },
		{ "s16", "-300", "-32768", "-32769", "32767", "32768" },
		{ "u16", "65535", "0", "-1", "65535", "65536" },
		{ "s32", "-2147483648", "-2147483648", "-2147483649", "2147483647", "2147483648" },
		{ "u32", "4294967295", "0", "-1", "4294967295", "4294967296" },
		{ "s64", "-9223372036854775808", "-9223372036854775808", "-9223372036854775809", "9223372036854775807", "9223372036854775808" },
		{ "u64", "18446744073709551615", "0", "-1", "18446744073709551615", "18446744073709551616" },
	};

	(void)state;
	for (unsigned i = 0; i < NITEMS(t); i++) {
		expect(t[i].name, t[i].is);
		assert_int_equal(set(t[i].name, t[i].low), 0);
		expect(t[i].name, t[i].low);
		assert_int_equal(set(t[i].name, t[i].below), ERANGE);
		assert_int_equal(set(t[i].name, t[i].high), 0);
		expect(t[i].name, t[i].high);
		assert_int_equal(set(t[i].name, t[i].above), ERANGE);
		assert_int_equal(set(t[i].name, "12x"), EINVAL);
		assert_int_equal(set(t[i].name, ""), EINVAL);
		assert_int_equal(set(t[i].name, "-"), EINVAL);
		expect(t[i].name, t[i].high);
		assert_int_equal(set(t[i].name, "0x1f"), 0);
		expect(t[i].name, "31");
	}
	expect("l", "-1");
	expect("ul", "18446744073709551615");
	expect("yes", "0");
	assert_int_equal(set("yes", "7"), 0);
	assert_true(v_bool);
	expect("yes", "1");
	expect("s", "hello");
	assert_int_equal(set("s", "1234567"), 0);
	expect("s", "1234567");
	assert_int_equal(set("s", "12345678"), EINVAL); /* no room for its end */
	expect("s", "1234567");
	expect("constant", "fixed");
	assert_int_equal(set("constant", "x"), EPERM);
	expect("version", "42");
	assert_int_equal(set("version", "43"), EPERM);
}

static void
test_binary(void **state)
{
	int a = 0, b = 9;
	char c;
	size_t n = sizeof(a);

	(void)state;
	v_int = 4;
	/* the old value and the new one in one call */
	assert_int_equal(kernel_sysctlbyname(NULL, "net.graph.tested.i", &a, &n, &b, sizeof(b), NULL, 0), 0);
	assert_int_equal(a, 4);
	assert_int_equal(v_int, 9);
	assert_int_equal(n, sizeof(a));
	n = 0;
	assert_int_equal(ngu_k_sysctlbyname("net.graph.tested.i", NULL, &n, NULL, 0), 0);
	assert_int_equal(n, sizeof(int));
	n = 1;
	assert_int_equal(ngu_k_sysctlbyname("net.graph.tested.i", &c, &n, NULL, 0), ENOMEM);
	assert_int_equal(n, sizeof(int));
	assert_int_equal(ngu_k_sysctlbyname("net.graph.tested.i", NULL, NULL, &b, 3), EINVAL);
	assert_int_equal(ngu_k_sysctlbyname("net.graph.tested.i", NULL, NULL, &v_s64, 8), EINVAL);
	assert_int_equal(ngu_k_sysctlbyname("net.graph.tested", NULL, &n, NULL, 0), EISDIR);
	assert_int_equal(ngu_k_sysctlbyname("net.graph.tested.", NULL, &n, NULL, 0), ENOENT);
	assert_int_equal(ngu_k_sysctlbyname("net.graph.tested.ii", NULL, &n, NULL, 0), ENOENT);
	assert_int_equal(ngu_k_sysctlbyname("net.graph.teste.i", NULL, &n, NULL, 0), ENOENT);
	assert_int_equal(ngu_k_sysctlbyname("", NULL, &n, NULL, 0), ENOENT);
	/* written, not read */
	assert_int_equal(ngu_k_sysctlbyname("net.graph.tested.secret", &a, &n, NULL, 0), EPERM);
	assert_int_equal(ngu_k_sysctlbyname("net.graph.tested.secret", NULL, NULL, &b, sizeof(b)), 0);
}

static void
test_handlers(void **state)
{
	struct pair pair, other = { 5, 6 };
	size_t n = sizeof(pair);
	uint64_t u = 0;

	(void)state;
	assert_int_equal(set("even", "10"), 0);
	assert_int_equal(v_int, 10);
	assert_int_equal(asked, 77);
	assert_int_equal(set("even", "11"), EINVAL);
	expect("even", "10");
	assert_int_equal(called, 3);
	assert_int_equal(ngu_k_sysctlbyname("net.graph.tested.pair", &pair, &n, &other, sizeof(other)), 0);
	assert_true(pair.a == 1 && pair.b == 2 && v_pair.a == 5 && v_pair.b == 6);
	assert_int_equal(ngu_k_sysctl_text("net.graph.tested.pair", NULL, 0, "1"), ENOTSUP);
	v_counter = counter_u64_alloc(M_WAITOK);
	counter_u64_add(v_counter, 30);
	expect("count", "30");
	assert_int_equal(ngu_k_sysctlbyname("net.graph.tested.count", NULL, NULL, &u, sizeof(u)), 0);
	expect("count", "0");
	counter_u64_free(v_counter);
}

/* Walks find every variable once, in order. */
static void
note(void *arg, const char *name, const char *descr, u_int kind)
{
	char *text = arg;

	if (strncmp(name, "net.graph.tested.", 17) != 0)
		return;
	(void)strcat(strcat(text, name + 17), " ");
	if (strcmp(name + 17, "i") == 0) {
		assert_string_equal(descr, "an int");
		assert_int_equal(kind, CTLTYPE_INT | CTLFLAG_RW);
	}
}

static void
test_walk(void **state)
{
	char text[512] = "";

	(void)state;
	ngu_k_sysctl_walk(note, text);
	assert_string_equal(text, "i ui l ul s8 u8 s16 u16 s32 u32 s64 u64 yes s constant pair count version secret even ");
}

/* ---- tunables: registered by hand, so that the environment is there first ---- */

#define OID(nm, k, a, h) \
	{ .oid_parent_oid = &NGU__OID(_net_graph_tested), .oid_kind = (k), .oid_arg1 = (a), .oid_arg2 = 8, .oid_name = nm, .oid_handler = h, \
	    .oid_descr = "" }
static struct sysctl_oid o_tun = OID("tun", CTLTYPE_INT | CTLFLAG_RDTUN, &v_tun, ngu_k_sysctl_handle_int);
static struct sysctl_oid o_late = OID("late", CTLTYPE_INT | CTLFLAG_RWTUN | CTLFLAG_NOFETCH, &v_late, ngu_k_sysctl_handle_int);
static struct sysctl_oid o_str = OID("str", CTLTYPE_STRING | CTLFLAG_RDTUN, v_tunstr, ngu_k_sysctl_handle_string);

static void
test_tunable(void **state)
{
	int i = 1;
	long l = 2;
	char s[4] = "x";

	(void)state;
	assert_int_equal(setenv("net.graph.tested.tun", "17", 1), 0);
	assert_int_equal(setenv("net.graph.tested.late", "18", 1), 0);
	assert_int_equal(setenv("net.graph.tested.str", "abc", 1), 0);
	ngu_k_sysctl_register(&o_tun);
	ngu_k_sysctl_register(&o_late);
	ngu_k_sysctl_register(&o_str);
	expect("tun", "17");
	assert_int_equal(set("tun", "5"), EPERM);
	expect("late", "8");
	expect("str", "abc");
	ngu_k_sysctl_unregister(&o_tun);
	ngu_k_sysctl_unregister(&o_late);
	ngu_k_sysctl_unregister(&o_str);
	assert_int_equal(set("late", "5"), ENOENT);

	assert_int_equal(TUNABLE_INT_FETCH("net.graph.tested.tun", &i), 1);
	assert_int_equal(i, 17);
	assert_int_equal(TUNABLE_LONG_FETCH("net.graph.tested.late", &l), 1);
	assert_int_equal(l, 18);
	assert_int_equal(TUNABLE_STR_FETCH("net.graph.tested.str", s, sizeof(s)), 1);
	assert_string_equal(s, "abc");
	assert_int_equal(TUNABLE_INT_FETCH("net.graph.tested.str", &i), 0);
	assert_int_equal(TUNABLE_INT_FETCH("net.graph.tested.none", &i), 0);
	assert_int_equal(setenv("net.graph.tested.tun", "3000000000", 1), 0);
	assert_int_equal(TUNABLE_INT_FETCH("net.graph.tested.tun", &i), 0);
	assert_int_equal(i, 17);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_handlers),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_tunable),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
