/* SPDX-License-Identifier: BSD-2-Clause */
/* net_bridge.c - bridge.c's cases on sockets. */
#include "conform/net.h"

#include <netgraph/ng_bridge.h>

#define FRAME 60

/* Host number n, or everybody. */
#define ALL 0xffffu

static void
address(unsigned char *p, unsigned n)
{
	static const unsigned char host[6] = { 2 };

	memcpy(p, host, sizeof(host));
	p[4] = (unsigned char)(n >> 8);
	p[5] = (unsigned char)n;
	if (n == ALL)
		memset(p, 0xff, 6);
}

static const unsigned char *
frame(unsigned dst, unsigned src)
{
	static unsigned char p[FRAME];

	address(p, dst);
	address(p + 6, src);
	p[12] = 8;
	p[13] = 0;
	memset(p + 14, 0x5a, FRAME - 14);
	return (p);
}

/* From `src` at hook `from` to `dst`: exactly these hooks hear it, once each. `to`: separated by spaces. */
static void
heard(const char *from, unsigned dst, unsigned src, const char *to)
{
	unsigned char buf[FRAME + 1];
	char left[256], hook[NG_HOOKSIZ], word[NG_HOOKSIZ + 2], *at;

	(void)snprintf(left, sizeof(left), " %s ", to);
	send_data(from, frame(dst, src), FRAME);
	while (strspn(left, " ") != strlen(left)) {
		assert_true(comes(ds, FOREVER));
		assert_int_equal(NgRecvData(ds, buf, sizeof(buf), hook), FRAME);
		assert_memory_equal(buf, frame(dst, src), FRAME);
		(void)snprintf(word, sizeof(word), " %s ", hook);
		if ((at = strstr(left, word)) == NULL)
			fail_msg("heard at %s, not (again) meant for it; from %s, still to hear it: %s", hook, from, left);
		memset(at, ' ', strlen(word));
	}
	silence();
}

/* A bridge "b" whose first hook is this one, named alike here. */
static void
bridge(const char *first)
{
	sockets(NULL);
	sent(try_mkpeer(".", NG_BRIDGE_NODE_TYPE, first, first));
	sent(NgNameNode(cs, first, "b"));
}

/* The hosts that "b" knows. For free(3). */
static struct ng_mesg *
table(unsigned want)
{
	struct ng_bridge_host_ary *ary;
	struct ng_mesg *m;
	int token;

	sent(token = NgSendMsg(cs, "b:", NGM_BRIDGE_COOKIE, NGM_BRIDGE_GET_TABLE, NULL, 0));
	m = answer(token);
	ary = (struct ng_bridge_host_ary *)(void *)m->data;
	assert_int_equal(ary->numHosts, want);
	assert_int_equal(m->header.arglen, sizeof(ary->numHosts) + want * sizeof(struct ng_bridge_hostent));
	return (m);
}

static void
basic(void **state)
{
	(void)state;
	bridge("link0");
	plug("link1", "b:", "link1");
	plug("link2", "b:", "link2");
	heard("link0", ALL, 0, "link1 link2");
	heard("link1", ALL, 1, "link0 link2");
	heard("link2", ALL, 2, "link0 link1");
	heard("link0", 1, 0, "link1");
	heard("link0", 2, 0, "link2");
	heard("link1", 0, 1, "link0");
	heard("link1", 2, 1, "link2");
	heard("link2", 0, 2, "link0");
	heard("link2", 1, 2, "link1");
	heard("link0", 0, 0, "");	     /* to itself */
	heard("link0", 9, 0, "link1 link2"); /* nobody has heard of that one */
	free(table(3));
	sent(try_shutdown(cs, "b:"));
}

/* Two bridges with two links between them: the loop is found, and the packets stop. */
static void
loop(void **state)
{
	static const char *const name[] = { "b:", "c:" };
	struct ng_bridge_link_stats st;
	struct ng_mesg *m;
	uint64_t detected = 0;
	int token;

	(void)state;
	bridge("link0");
	sent(try_mkpeer(".", NG_BRIDGE_NODE_TYPE, "other", "link0"));
	sent(NgNameNode(cs, "other", "c"));
	sent(try_connect("b:", "c:", "link1", "link1"));
	sent(try_connect("b:", "c:", "link2", "link2"));
	for (int i = 0; i < 3; i++) {
		errno = 0;
		if (NgSendData(ds, "link0", frame(ALL, 1), FRAME) != 0)
			assert_int_equal(errno, ELOOP);
	}
	for (int32_t n = 0; n < 6; n++) {
		const int32_t link = n % 3;

		sent(token = NgSendMsg(cs, name[n / 3], NGM_BRIDGE_COOKIE, NGM_BRIDGE_GET_STATS, &link, sizeof(link)));
		m = answer(token);
		memcpy(&st, m->data, sizeof(st));
		detected += st.loopDetects;
		free(m);
	}
	assert_true(detected > 0);
	assert_true(comes(ds, FOREVER)); /* it did get through */
	sent(try_shutdown(cs, "b:"));
	sent(try_shutdown(cs, "c:"));
}

static void
persistence(void **state)
{
	(void)state;
	bridge("link0");
	sent(try_rmhook(".", "link0"));
	refused(hooks("b:"), ENOENT);
	sent(try_mkpeer(".", NG_BRIDGE_NODE_TYPE, "link0", "link0"));
	sent(NgNameNode(cs, "link0", "b"));
	sent(NgSendAsciiMsg(cs, "b:", "setpersistent"));
	sent(try_rmhook(".", "link0"));
	assert_int_equal(hooks("b:"), 0);
	sent(try_shutdown(cs, "b:"));
	refused(hooks("b:"), ENOENT);
}

/* 1001 links with a host behind each: all are known, and each hears what is for it alone. */
static void
many_unicasts(void **state)
{
	enum { LINKS = 1001 };
	const struct ng_bridge_host_ary *ary;
	char hook[NG_HOOKSIZ];
	struct ng_mesg *m;

	(void)state;
	bridge("link0");
	heard("link0", 0, 0, "");
	for (unsigned i = 1; i < LINKS; i++) {
		(void)snprintf(hook, sizeof(hook), "link%u", i);
		plug(hook, "b:", hook);
		heard(hook, 0, i, "link0");
	}
	for (unsigned i = 1; i < LINKS; i++) {
		(void)snprintf(hook, sizeof(hook), "link%u", i);
		heard("link0", i, 0, hook);
	}
	/* Longer than any buffer, and whole. */
	m = table(LINKS);
	ary = (const struct ng_bridge_host_ary *)(const void *)m->data;
	for (unsigned i = 0; i < LINKS; i++) {
		const struct ng_bridge_hostent *h = &ary->hosts[i];

		(void)snprintf(hook, sizeof(hook), "link%u", (unsigned)h->addr[4] << 8 | h->addr[5]);
		assert_string_equal(h->hook, hook);
	}
	free(m);
	sent(try_shutdown(cs, "b:"));
}

/* Broadcasts over more and more links, until the socket has no room for all copies of one. */
static void
many_broadcasts(void **state)
{
	const int max = 1000;
	char hook[NG_HOOKSIZ];
	int i, got;

	(void)state;
	bridge("link0");
	for (i = 1; i <= max; i++) {
		(void)snprintf(hook, sizeof(hook), "link%d", i);
		plug(hook, "b:", hook);
		errno = ODD;
		if (NgSendData(ds, "link0", frame(ALL, 0), FRAME) != 0)
			break;
		assert_int_equal(errno, ODD);
		assert_int_equal(take_all(frame(ALL, 0), FRAME), i);
	}
	assert_int_equal(errno, ENOBUFS);
	assert_true(i > 100);
	assert_true(i <= max);
	got = take_all(frame(ALL, 0), FRAME);
	assert_true(got > 100);
	assert_true(got < i);
	sent(try_shutdown(cs, "b:"));
}

/* The uplink first: unknown hosts are looked for there and nowhere else. */
static void
uplink_private(void **state)
{
	(void)state;
	bridge("uplink1");
	plug("link1", "b:", "link1");
	plug("link2", "b:", "link2");
	plug("uplink2", "b:", "uplink2");
	heard("link1", 9, 1, "uplink1 uplink2");
	heard("uplink1", 9, 8, "uplink2");
	heard("link2", 1, 2, "link1");
	heard("uplink1", 2, 8, "link2");
	heard("link1", 8, 1, "uplink1 uplink2"); /* heard on an uplink: not learned */
	heard("uplink2", ALL, 8, "uplink1 link1 link2");
	heard("link2", ALL, 2, "uplink1 uplink2 link1");
	free(table(2));
	sent(try_shutdown(cs, "b:"));
}

/* A link first: unknown hosts are looked for everywhere, and the uplink learns nobody. */
static void
uplink_classic(void **state)
{
	(void)state;
	bridge("link1");
	plug("uplink1", "b:", "uplink1");
	plug("link2", "b:", "link2");
	heard("link1", 9, 1, "uplink1 link2");
	heard("uplink1", 9, 8, "link1 link2");
	heard("link2", 8, 2, "link1 uplink1");
	heard("uplink1", 2, 8, "link2");
	free(table(2));
	sent(try_shutdown(cs, "b:"));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		net_test(basic),
		net_test(loop),
		net_test(persistence),
		net_test(many_unicasts),
		net_test(many_broadcasts),
		net_test(uplink_private),
		net_test(uplink_classic),
	};

	net_main("net_bridge", tests, argc, argv);
}
