/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_vlan_rotate.c - node type "vlan_rotate". A frame is written as its tags: "1 2 3" has VLAN 1 outermost; "s2" is a tag with
 * TPID 0x88a8, "x9100:5" one with that TPID.
 */
#include "nodes/nt.h"

#include <ng/test.h>
#include <netgraph/ng_vlan_rotate.h>

#include "kern/zone.h"
#include "port/port.h"

#define C NGM_VLANROTATE_COOKIE

static struct ngt *t;

static struct ngt_pkt
frame(const char *tags)
{
	char hex[512] = "020000000001 020000000002";
	unsigned tpid, vid;
	size_t n;
	int used;

	for (; *tags != '\0'; tags += used) {
		tpid = 0x8100;
		if (sscanf(tags, " x%x:%u%n", &tpid, &vid, &used) != 2 && sscanf(tags, " s%u%n", &vid, &used) != 1)
			assert_int_equal(sscanf(tags, " %u%n", &vid, &used), 1);
		else if (tags[strspn(tags, " ")] == 's')
			tpid = 0x88a8;
		n = strlen(hex);
		(void)snprintf(hex + n, sizeof(hex) - n, " %04x %04x", tpid, vid);
	}
	n = strlen(hex);
	(void)snprintf(hex + n, sizeof(hex) - n, " 0800 aabbcc");
	return (ngt_hex(hex));
}

/* A node "v" with a probe on each end of which the letter is in `ends`: o original, r ordered, e excessive, i incomplete. */
static void
make(const char *ends)
{
	t = ngt_graph("vlan_rotate v");
	if (strchr(ends, 'o') != NULL)
		ngt_add(t, "probe o.x - v.original");
	if (strchr(ends, 'r') != NULL)
		ngt_add(t, "probe r.x - v.ordered");
	if (strchr(ends, 'e') != NULL)
		ngt_add(t, "probe e.x - v.excessive");
	if (strchr(ends, 'i') != NULL)
		ngt_add(t, "probe i.x - v.incomplete");
}

static struct ngt_probe *
at(char end)
{
	const char name[] = { end, '\0' };

	return (ngt_probe(t, name));
}

static int
conf(int rot, unsigned min, unsigned max)
{
	struct ng_vlanrotate_conf c = { (int8_t)rot, (uint8_t)min, (uint8_t)max };
	struct ng_mesg *r = NULL;
	int error = ngu_msg(ngt_g(t), "v:", C, NGM_VLANROTATE_SET_CONF, &c, sizeof(c), &r);

	assert_null(r);
	return (error);
}

static void
conf_is(int rot, unsigned min, unsigned max)
{
	const struct ng_mesg *r = ngt_msg(t, "v:", C, NGM_VLANROTATE_GET_CONF, NULL, 0);
	struct ng_vlanrotate_conf c;

	assert_int_equal(r->header.arglen, 3);
	memcpy(&c, r->data, sizeof(c));
	assert_int_equal(c.rot, rot);
	assert_int_equal(c.min, min);
	assert_int_equal(c.max, max);
}

static struct ng_vlanrotate_stat
stat(uint32_t cmd)
{
	const struct ng_mesg *r = ngt_msg(t, "v:", C, cmd, NULL, 0);
	struct ng_vlanrotate_stat st;

	assert_int_equal(r->header.arglen, 104);
	memcpy(&st, r->data, sizeof(st));
	return (st);
}

/* drops, excessive, incomplete, then pairs of histogram place and count; everything else is 0. Clears. */
#define counted(d, e, i, ...) counted_((const unsigned[]){ d, e, i, __VA_ARGS__ 99 })
static void
counted_(const unsigned *v)
{
	struct ng_vlanrotate_stat st = stat(NGM_VLANROTATE_GETCLR_STAT), want = { v[0], v[1], v[2], { 0 } };

	for (v += 3; *v != 99; v += 2)
		want.histogram[v[0]] = v[1];
	assert_int_equal(st.drops, want.drops);
	assert_int_equal(st.excessive, want.excessive);
	assert_int_equal(st.incomplete, want.incomplete);
	for (int n = 0; n < NG_VLANROTATE_MAX_VLANS; n++)
		assert_int_equal(st.histogram[n], want.histogram[n]);
}

/* `in` into one end comes out of another as `out`, and nowhere else. */
static void
goes(char from, const char *in, char to, const char *out)
{
	ngt_send(at(from), NULL, frame(in));
	ngt_expect(at(to), NULL, frame(out));
}

static void
test_hooks(void **state)
{
	static const char *const bad[] = { "", "Original", "original2", "link0", "order" };

	(void)state;
	make("orei");
	ngt_expect_hooks(t, "v:", "incomplete - i.x; excessive - e.x; ordered - r.x; original - o.x");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ngu_mkpeer(ngt_g(t), "v:", "hole", bad[i], "h"), EINVAL);
	assert_int_equal(ngu_mkpeer(ngt_g(t), "v:", "hole", "ordered", "h"), EEXIST);
	/* A hook that went leaves its place. */
	assert_int_equal(ngu_rmhook(ngt_g(t), "v:", "ordered"), 0);
	assert_int_equal(ngu_mkpeer(ngt_g(t), "v:", "hole", "ordered", "h"), 0);
	/* The node goes with the last one. */
	assert_int_equal(ngu_rmhook(ngt_g(t), "v:", "ordered"), 0);
	assert_int_equal(ngu_rmhook(ngt_g(t), "v:", "original"), 0);
	assert_int_equal(ngu_rmhook(ngt_g(t), "v:", "excessive"), 0);
	ngt_expect_hooks(t, "v:", "incomplete - i.x");
	assert_int_equal(ngu_rmhook(ngt_g(t), "v:", "incomplete"), 0);
	ngt_expect_hooks(t, "v:", NULL);
	ngt_end(t);
}

static void
test_conf(void **state)
{
	(void)state;
	make("or");
	conf_is(0, 0, 10);
	assert_int_equal(conf(2, 1, 5), 0);
	conf_is(2, 1, 5);
	assert_int_equal(conf(-4, 5, 5), 0);
	conf_is(-4, 5, 5);
	/* Refused: nothing changes. */
	assert_int_equal(conf(0, 0, 11), EINVAL);
	assert_int_equal(conf(0, 6, 5), EINVAL);
	assert_int_equal(conf(5, 0, 5), EINVAL);
	assert_int_equal(conf(-5, 0, 5), EINVAL);
	assert_int_equal(conf(-128, 0, 10), EINVAL);
	assert_int_equal(conf(127, 0, 10), EINVAL);
	assert_int_equal(conf(10, 0, 10), EINVAL);
	assert_int_equal(conf(1, 0, 1), EINVAL);
	conf_is(-4, 5, 5);
	/* max 0 keeps the one that is set, and is judged as that. */
	assert_int_equal(conf(0, 6, 0), EINVAL);
	assert_int_equal(conf(5, 0, 0), EINVAL);
	assert_int_equal(conf(1, 2, 0), 0);
	conf_is(1, 2, 5);
	assert_int_equal(conf(9, 10, 10), 0);
	assert_int_equal(conf(-9, 0, 10), 0);
	conf_is(-9, 0, 10);
	for (size_t len = 0; len < 6; len++)
		if (len != 3)
			ngt_msg_error(t, "v:", C, NGM_VLANROTATE_SET_CONF, "\0\0\0\0\0", len, EINVAL);
	conf_is(-9, 0, 10);
	ngt_end(t);
}

static void
test_unknown_commands(void **state)
{
	(void)state;
	make("o");
	ngt_msg_error(t, "v:", C, 0, NULL, 0, EINVAL);
	ngt_msg_error(t, "v:", C, 6, NULL, 0, EINVAL);
	ngt_msg_error(t, "v:", C + 1, 1, NULL, 0, EINVAL);
	ngt_msg_error(t, "v:", NGM_FLOW_COOKIE, NGM_LINK_IS_UP, NULL, 0, EINVAL);
	ngt_msg_error(t, "v:", NGM_GENERIC_COOKIE, NGM_TEXT_STATUS, NULL, 0, EINVAL);
	ngt_msg_error(t, "v:", NGM_GENERIC_COOKIE, NGM_TEXT_CONFIG, NULL, 0, EINVAL);
	ngt_end(t);
}

/* Each rotation of one to nine tags, there and back. */
static void
test_rotation(void **state)
{
	char in[64], out[64];
	int k;

	(void)state;
	make("orei");
	assert_int_equal(conf(1, 0, 10), 0);
	goes('o', "1 2 3 4", 'r', "4 1 2 3");
	goes('r', "4 1 2 3", 'o', "1 2 3 4");
	assert_int_equal(conf(-1, 0, 10), 0);
	goes('o', "1 2 3 4", 'r', "2 3 4 1");
	goes('r', "2 3 4 1", 'o', "1 2 3 4");
	assert_int_equal(conf(2, 0, 10), 0);
	goes('o', "1 2 3 4 5", 'r', "4 5 1 2 3");
	assert_int_equal(conf(0, 0, 10), 0);
	goes('o', "1 2 3", 'r', "1 2 3");
	goes('r', "1 2 3", 'o', "1 2 3");
	counted(0, 0, 0, 3, 2, 4, 4, 5, 1,);
	for (int rot = -8; rot <= 8; rot++) {
		assert_int_equal(conf(rot, 0, 10), 0);
		for (int n = abs(rot) + 1; n < 10; n++) {
			in[0] = out[0] = '\0';
			for (int i = 0; i < n; i++) {
				k = ((i - rot) % n + n) % n;
				(void)snprintf(in + strlen(in), 8, " %d", 100 + i);
				(void)snprintf(out + strlen(out), 8, " %d", 100 + k);
			}
			goes('o', in, 'r', out);
			goes('r', out, 'o', in);
			counted(0, 0, 0, (unsigned)n, 2,);
		}
	}
	for (const char *c = "orei"; *c != '\0'; c++)
		ngt_expect_none(at(*c), NULL);
	ngt_end(t);
}

/* The TPID goes with its tag, priority bits too; all five of them are tags, others are not. */
static void
test_tpids(void **state)
{
	(void)state;
	make("orei");
	assert_int_equal(conf(1, 0, 10), 0);
	goes('o', "s40961 x9100:2 3 x9200:4 x9300:5", 'r', "x9300:5 s40961 x9100:2 3 x9200:4");
	counted(0, 0, 0, 5, 1,);
	goes('o', "1 2 x9101:3", 'r', "2 1 x9101:3");	/* two tags, then some other type */
	goes('o', "1 x9400:2 3", 'i', "1 x9400:2 3");
	goes('o', "x86dd:1 2 3", 'i', "x86dd:1 2 3");
	goes('o', "x80ff:1 2 3", 'i', "x80ff:1 2 3");
	counted(0, 0, 3, 2, 1,);
	ngt_end(t);
}

/* How many are too many, how many too few. */
static void
test_limits(void **state)
{
	(void)state;
	make("orei");
	assert_int_equal(conf(0, 2, 4), 0);
	goes('o', "", 'i', "");
	goes('o', "1", 'i', "1");
	goes('r', "1", 'i', "1");
	goes('o', "1 2", 'r', "1 2");
	goes('o', "1 2 3 4", 'r', "1 2 3 4");
	goes('r', "1 2 3 4", 'o', "1 2 3 4");
	goes('o', "1 2 3 4 5", 'e', "1 2 3 4 5");
	goes('r', "1 2 3 4 5", 'e', "1 2 3 4 5");
	counted(0, 2, 3, 2, 1, 4, 2,);
	/* A rotation by n places needs more than n tags, whatever min says. */
	assert_int_equal(conf(3, 0, 4), 0);
	goes('o', "1 2 3", 'i', "1 2 3");
	goes('o', "1 2 3 4", 'r', "2 3 4 1");
	assert_int_equal(conf(-3, 0, 4), 0);
	goes('o', "1 2 3", 'i', "1 2 3");
	/* So does none: a frame without tags is never rotated. */
	assert_int_equal(conf(0, 0, 10), 0);
	goes('o', "", 'i', "");
	/* Ten tags are too many even if max is 10. */
	goes('o', "1 2 3 4 5 6 7 8 9", 'r', "1 2 3 4 5 6 7 8 9");
	goes('o', "1 2 3 4 5 6 7 8 9 10", 'e', "1 2 3 4 5 6 7 8 9 10");
	goes('o', "1 2 3 4 5 6 7 8 9 10 11 12", 'e', "1 2 3 4 5 6 7 8 9 10 11 12");
	/* min 10: too few or too many, always. */
	assert_int_equal(conf(0, 10, 10), 0);
	goes('o', "1 2 3 4 5 6 7 8 9", 'i', "1 2 3 4 5 6 7 8 9");
	goes('o', "1 2 3 4 5 6 7 8 9 10", 'e', "1 2 3 4 5 6 7 8 9 10");
	counted(0, 3, 4, 4, 1, 9, 1,);
	for (const char *c = "orei"; *c != '\0'; c++)
		ngt_expect_none(at(*c), NULL);
	ngt_end(t);
}

/* What comes back from the side doors goes to original as it is. */
static void
test_side_doors(void **state)
{
	(void)state;
	make("orei");
	assert_int_equal(conf(1, 2, 3), 0);
	goes('e', "1 2 3 4 5", 'o', "1 2 3 4 5");
	goes('i', "1", 'o', "1");
	goes('i', "1 2 3", 'o', "1 2 3");
	ngt_send(at('e'), NULL, "00"); /* nobody looks at it */
	ngt_expect(at('o'), NULL, "00");
	counted(0, 0, 0,);
	for (const char *c = "orei"; *c != '\0'; c++)
		ngt_expect_none(at(*c), NULL);
	ngt_end(t);
}

static void
test_missing_hooks(void **state)
{
	(void)state;
	make("o"); /* alone */
	assert_int_equal(conf(0, 2, 3), 0);
	assert_int_equal(ngt_try_send(at('o'), NULL, frame("1 2")), ENETDOWN);
	/* Nobody looks at a frame that could go nowhere. */
	assert_int_equal(ngt_try_send(at('o'), NULL, frame("1")), ENETDOWN);
	assert_int_equal(ngt_try_send(at('o'), NULL, frame("1 2 3 4")), ENETDOWN);
	assert_int_equal(ngt_try_send(at('o'), NULL, "00"), ENETDOWN);
	assert_int_equal(conf(1, 2, 3), 0);
	assert_int_equal(ngt_try_send(at('o'), NULL, frame("1 2")), ENETDOWN);
	counted(5, 0, 0,);
	ngt_end(t);
	make("rei");
	assert_int_equal(ngt_try_send(at('r'), NULL, frame("1 2")), ENETDOWN);
	assert_int_equal(ngt_try_send(at('r'), NULL, frame("")), ENETDOWN);
	assert_int_equal(ngt_try_send(at('e'), NULL, frame("1 2")), ENOSYS);
	assert_int_equal(ngt_try_send(at('i'), NULL, frame("1 2")), ENOSYS);
	counted(4, 0, 0,);
	ngt_expect_none(at('e'), NULL);
	ngt_expect_none(at('i'), NULL);
	ngt_end(t);
	make("or");
	assert_int_equal(conf(0, 2, 3), 0);
	assert_int_equal(ngt_try_send(at('o'), NULL, frame("1")), ENOSYS);
	assert_int_equal(ngt_try_send(at('r'), NULL, frame("1 2 3 4")), ENOSYS);
	counted(2, 1, 1,);
	ngt_end(t);
}

/* Frames that end before the type behind their tags, or not two bytes behind it. */
static void
test_short_frames(void **state)
{
	static const char *const bad[] = { "020000000001 020000000002", "020000000001 020000000002 08", "020000000001",
		"020000000001 020000000002 8100", "020000000001 020000000002 8100 00", "020000000001 020000000002 8100 0001",
		"020000000001 020000000002 8100 0001 08", "020000000001 020000000002 8100 0001 88a8 0002",
		"020000000001 020000000002 8100 0001 0800", "020000000001 020000000002 8100 0001 0800 aa",
		"020000000001 020000000002 8100 0001 88a8 0002 0800 aa",
		("020000000001 020000000002 8100 0001 8100 0002 8100 0003 8100 0004 8100 0005 8100 0006 8100 0007 8100 0008 8100 0009"
		 " 8100 000a 0800 aa") };
	const size_t n = sizeof(bad) / sizeof(bad[0]);

	(void)state;
	make("orei");
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(ngt_try_send(at('o'), NULL, bad[i]), EINVAL);
		assert_int_equal(ngt_try_send(at('r'), NULL, bad[i]), EINVAL);
	}
	assert_int_equal(ngt_try_send(at('o'), NULL, ngt_bytes(NULL, 0)), EINVAL);
	counted(2 * (unsigned)n + 1, 0, 0,);
	ngt_send(at('o'), NULL, "020000000001 020000000002 8100 0001 0800 aabb");
	ngt_expect(at('r'), NULL, "020000000001 020000000002 8100 0001 0800 aabb");
	ngt_send(at('o'), NULL, "020000000001 020000000002 0800"); /* without a tag there need be nothing behind the type */
	ngt_expect(at('i'), NULL, "020000000001 020000000002 0800");
	counted(0, 0, 1, 1, 1,);
	for (const char *c = "orei"; *c != '\0'; c++)
		ngt_expect_none(at(*c), NULL);
	ngt_end(t);
}

/* Whatever the next node says, the result is 0 once the frame was sent. */
static void
test_result(void **state)
{
	(void)state;
	make("orei");
	assert_int_equal(conf(1, 0, 3), 0);
	for (const char *c = "orei"; *c != '\0'; c++)
		ngt_refuse(at(*c), EPERM);
	assert_int_equal(ngt_try_send(at('o'), NULL, frame("1 2 3")), 0);
	assert_int_equal(ngt_try_send(at('r'), NULL, frame("1 2 3")), 0);
	assert_int_equal(ngt_try_send(at('o'), NULL, frame("1")), 0);
	assert_int_equal(ngt_try_send(at('o'), NULL, frame("1 2 3 4")), 0);
	assert_int_equal(ngt_try_send(at('i'), NULL, frame("1")), 0);
	counted(0, 1, 1, 3, 2,);
	ngt_end(t);
}

static void
test_stat_commands(void **state)
{
	struct ng_vlanrotate_stat a, b, zero;

	(void)state;
	memset(&zero, 0, sizeof(zero));
	make("orei");
	a = stat(NGM_VLANROTATE_GET_STAT);
	assert_memory_equal(&a, &zero, sizeof(a));
	goes('o', "1 2", 'r', "1 2");
	goes('o', "", 'i', "");
	a = stat(NGM_VLANROTATE_GET_STAT);
	assert_int_equal(a.histogram[2], 1);
	assert_int_equal(a.incomplete, 1);
	b = stat(NGM_VLANROTATE_GETCLR_STAT);
	assert_memory_equal(&a, &b, sizeof(a));
	b = stat(NGM_VLANROTATE_GET_STAT);
	assert_memory_equal(&b, &zero, sizeof(b));
	goes('o', "1 2", 'r', "1 2");
	assert_null(ngt_msg(t, "v:", C, NGM_VLANROTATE_CLR_STAT, NULL, 0));
	b = stat(NGM_VLANROTATE_GET_STAT);
	assert_memory_equal(&b, &zero, sizeof(b));
	goes('o', "1 2", 'r', "1 2");
	b = stat(NGM_VLANROTATE_GET_STAT);
	assert_int_equal(b.histogram[2], 1);
	ngt_end(t);
}

/* Storage that somebody else holds, too, is not written to. */
struct mbuf *ngu_k_m_copypacket(struct mbuf *m, int how);

static void
test_shared_storage(void **state)
{
	struct ng_vlanrotate_conf c = { 1, 0, 10 };
	uint8_t sent[600] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 1, 0x88, 0xa8, 0, 2, 8, 0 }, kept[600];
	struct nt_end a, b;
	struct mbuf *m, *same;

	(void)state;
	ok(ngu_mknode(g, "vlan_rotate", "v", NULL));
	nt_open(&a, "v:", "original");
	nt_open(&b, "v:", "ordered");
	ok(nt_tell("v:", C, NGM_VLANROTATE_SET_CONF, &c, sizeof(c)));
	m = ngu_packet(g, sent, sizeof(sent));
	same = ngu_k_m_copypacket(m, 1);
	assert_non_null(same);
	ok(ngu_port_send(a.port, m));
	assert_memory_equal(b.got[0] + 12, "\x88\xa8\0\2\x81\0\0\1\x08", 9);
	assert_int_equal(b.bytes, sizeof(sent));
	assert_int_equal(ngu_packet_read(same, 0, kept, sizeof(kept)), sizeof(kept));
	assert_memory_equal(kept, sent, sizeof(sent));
	ngu_packet_free(same);
	nt_close(&a);
	nt_close(&b);
}

static _Atomic unsigned refuse_at, seen;

static bool
refuse(size_t size)
{
	(void)size;
	return (++seen != refuse_at);
}

/* Every allocation of a long frame's way refused in turn. */
static void
test_refused_memory(void **state)
{
	struct ng_vlanrotate_conf c = { 1, 0, 10 };
	struct ng_vlanrotate_stat st;
	uint8_t long_frame[600] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 1, 0x88, 0xa8, 0, 2, 8, 0 };
	struct nt_end a, b;
	struct ng_mesg *r;
	struct mbuf *m;
	unsigned n, failed = 0;
	int error;

	(void)state;
	ok(ngu_mknode(g, "vlan_rotate", "v", NULL));
	nt_open(&a, "v:", "original");
	nt_open(&b, "v:", "ordered");
	ok(nt_tell("v:", C, NGM_VLANROTATE_SET_CONF, &c, sizeof(c)));
	ngu__zone_bypass(true);
	for (n = 1;; n++) {
		m = ngu_packet(g, long_frame, sizeof(long_frame));
		refuse_at = n;
		seen = 0;
		ngu__port_alloc_hook = refuse;
		error = ngu_port_send(a.port, m);
		ngu__port_alloc_hook = NULL;
		if (seen < n)
			break;
		assert_true(error == ENOMEM || error == ENOBUFS || error == 0);
	}
	ok(error);
	nt_ask("v:", C, NGM_VLANROTATE_GET_STAT, NULL, 0, &st, sizeof(st));
	assert_true(st.histogram[2] >= b.n); /* what came to the node was sent on, or counted as dropped */
	for (uint32_t cmd = NGM_VLANROTATE_GET_CONF; cmd <= NGM_VLANROTATE_GETCLR_STAT; cmd++) {
		if (cmd == NGM_VLANROTATE_SET_CONF || cmd == NGM_VLANROTATE_CLR_STAT)
			continue;
		for (n = 1;; n++) {
			r = NULL;
			refuse_at = n;
			seen = 0;
			ngu__port_alloc_hook = refuse;
			error = ngu_msg(g, "v:", C, cmd, NULL, 0, &r);
			ngu__port_alloc_hook = NULL;
			ngu_msg_free(r);
			if (seen < n)
				break;
			failed += error == ENOMEM;
		}
		ok(error);
	}
	assert_true(failed >= 3);
	ngu__zone_bypass(false);
	nt_close(&a);
	nt_close(&b);
}

/* ---- many threads ---- */

#define SENDERS 4
#define FRAMES 6000

static struct nt_end ends[2];

/* The configuration changes meanwhile, but each frame meets one: what comes out is a rotation by +1, by -1, or none. */
static _Atomic unsigned wrong;

static void
rx(void *arg, struct mbuf *m)
{
	struct nt_end *e = arg;
	uint8_t b[26];
	unsigned v[3];

	if (ngu_packet_read(m, 0, b, sizeof(b)) != sizeof(b)) {
		wrong++;
	} else {
		for (int i = 0; i < 3; i++)
			v[i] = b[12 + 4 * i + 3];
		if (v[1] != v[0] % 3 + 1 || v[2] != v[1] % 3 + 1 || b[12] != 0x81 || b[24] != 8)
			wrong++;
	}
	e->n++;
	ngu_packet_free(m);
}

static void *
send_main(void *arg)
{
	static const uint8_t b[28] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 1, 0x81, 0, 0, 2, 0x81, 0, 0, 3, 8, 0, 0, 0 };
	struct nt_end *e = arg;
	struct mbuf *m;

	for (int i = 0; i < FRAMES; i++) {
		if ((m = ngu_packet(g, b, sizeof(b))) == NULL)
			abort();
		(void)ngu_port_send(e->port, m);
	}
	return (NULL);
}

static void
test_threads(void **state)
{
	struct ng_vlanrotate_stat st;
	pthread_t thread[SENDERS];

	(void)state;
	memset(ends, 0, sizeof(ends));
	ok(ngu_mknode(g, "vlan_rotate", "v", NULL));
	ok(ngu_port_open(g, "v:", "original", rx, &ends[0], &ends[0].port));
	ok(ngu_port_open(g, "v:", "ordered", rx, &ends[1], &ends[1].port));
	for (int i = 0; i < SENDERS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, send_main, &ends[i % 2]), 0);
	for (int i = 0; i < 300; i++) {
		struct ng_vlanrotate_conf c = { (int8_t)(i % 3 - 1), 0, 10 };

		ok(nt_tell("v:", C, NGM_VLANROTATE_SET_CONF, &c, sizeof(c)));
		nt_ask("v:", C, NGM_VLANROTATE_GET_STAT, NULL, 0, &st, sizeof(st));
		if (i % 10 == 0) {
			ok(ngu_mkpeer(g, "v:", "hole", "excessive", "h"));
			ok(ngu_rmhook(g, "v:", "excessive"));
		}
	}
	for (int i = 0; i < SENDERS; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	ok(ngu_settle(g, 10000));
	assert_int_equal(wrong, 0);
	assert_int_equal(ends[0].n, SENDERS / 2 * FRAMES);
	assert_int_equal(ends[1].n, SENDERS / 2 * FRAMES);
	nt_ask("v:", C, NGM_VLANROTATE_GET_STAT, NULL, 0, &st, sizeof(st));
	assert_int_equal(st.histogram[3], SENDERS * FRAMES);
	assert_int_equal(st.drops + st.excessive + st.incomplete, 0);
	nt_close(&ends[0]);
	nt_close(&ends[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_hooks),
		ngt_test(test_conf),
		ngt_test(test_unknown_commands),
		ngt_test(test_rotation),
		ngt_test(test_tpids),
		ngt_test(test_limits),
		ngt_test(test_side_doors),
		ngt_test(test_missing_hooks),
		ngt_test(test_short_frames),
		ngt_test(test_result),
		ngt_test(test_stat_commands),
		nt_test(test_shared_storage),
		nt_test(test_refused_memory),
		nt_test(test_threads),
	};

	return (cmocka_run_group_tests_name("vlan_rotate", tests, NULL, NULL));
}
