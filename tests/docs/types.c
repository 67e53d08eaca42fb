/* SPDX-License-Identifier: BSD-2-Clause */
/* types.c - listings of the pages of node types, docs/man/ng_*.4: lists of changes, and a test for each that runs it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ng/ng.h>
#include <ng/test.h>

/* The changes, all of them or none. */
static void
run(struct ngt *t, const char *list)
{
	struct ngu_apply_error err;

	if (ngu_apply_text(ngt_g(t), list, 0, &err) != 0)
		fail_msg("%s", err.text);
}

/* VLAN 7 of the link behind hook "wire" of node "up" goes to a bridge, what has no tag to node "lan". */
static const char vlan7[] =
    "mkpeer up: vlan wire downstream\n"
    "name up:wire v\n"
    "mkpeer v: bridge vlan7 link0\n"
    "connect v: lan: nomatch all\n"
    "msg v: addfilter { hook=\"vlan7\" vid=7 pcp=2 }\n";

static void
test_vlan(void **state)
{
	struct ngt *t = ngt_graph("probe up; probe lan");

	run(t, vlan7);
	ngt_add(t, "probe host");
	assert_int_equal(ngu_connect(ngt_g(t), "v:vlan7", "link1", "host:", "x"), 0);
	ngt_send(ngt_probe(t, "up"), NULL, "020000000001 020000000002 8100 0007 0800");
	ngt_expect(ngt_probe(t, "host"), NULL, "020000000001 020000000002 0800");
	ngt_send(ngt_probe(t, "host"), NULL, "020000000002 020000000001 0800");
	ngt_expect(ngt_probe(t, "up"), NULL, "020000000002 020000000001 8100 4007 0800");
	ngt_send(ngt_probe(t, "up"), NULL, "020000000001 020000000002 0800");
	ngt_expect(ngt_probe(t, "lan"), NULL, "020000000001 020000000002 0800");
	ngt_end(t);
}

/* A link between "inside" and "outside" that carries 1492 bytes: both sides get to know. */
static const char narrow[] =
    "mkpeer inside: tcpmss x in\n"
    "name inside:x mss\n"
    "connect mss: outside: out x\n"
    "msg mss: config { inHook=\"in\" outHook=\"out\" maxMSS=1452 }\n"
    "msg mss: config { inHook=\"out\" outHook=\"in\" maxMSS=1452 }\n";

static void
test_tcpmss(void **state)
{
	struct ngt_pkt syn = ngt_ip4("10.0.0.1", "10.0.0.2", ngt_tcp(1025, 80, 7, 0, NGT_SYN, ngt_hex("0204 05b4")));
	struct ngt *t = ngt_graph("probe inside; probe outside");

	run(t, narrow);
	syn = ngt_fix(ngt_set(syn, 32, "60")); /* these four bytes are an option */
	ngt_send(ngt_probe(t, "inside"), NULL, syn);
	ngt_expect(ngt_probe(t, "outside"), NULL, ngt_fix(ngt_set(syn, 42, "05ac")));
	ngt_send(ngt_probe(t, "outside"), NULL, syn);
	ngt_expect(ngt_probe(t, "inside"), NULL, ngt_fix(ngt_set(syn, 42, "05ac")));
	ngt_end(t);
}

/* PPPoE frames of the link behind hook "wire" of node "up" go to node "pppoe", all others to "lan". */
static const char pppoe[] =
    "mkpeer up: etf wire downstream\n"
    "name up:wire e\n"
    "connect e: pppoe: pppoe x\n"
    "connect e: lan: nomatch x\n"
    "msg e: setfilter { matchhook=\"pppoe\" ethertype=0x8863 }\n"
    "msg e: setfilter { matchhook=\"pppoe\" ethertype=0x8864 }\n";

static void
test_etf(void **state)
{
	struct ngt *t = ngt_graph("probe up; probe pppoe; probe lan");

	run(t, pppoe);
	ngt_send(ngt_probe(t, "up"), NULL, "020000000001 020000000002 8864 11");
	ngt_expect(ngt_probe(t, "pppoe"), NULL, "020000000001 020000000002 8864 11");
	ngt_send(ngt_probe(t, "up"), NULL, "020000000001 020000000002 0800 45");
	ngt_expect(ngt_probe(t, "lan"), NULL, "020000000001 020000000002 0800 45");
	assert_int_equal(ngt_try_send(ngt_probe(t, "lan"), NULL, "020000000001 020000000002 8864 11"), EPROTOTYPE);
	ngt_end(t);
}

/* The time to live of packets from "from" to "to" becomes one less. Their checksums are wrong then. */
static const char older[] =
    "mkpeer from: patch x in\n"
    "name from:x p\n"
    "connect p: to: out x\n"
    "msg p: setconfig { count=1 ops=[ { offset=8 length=1 mode=3 value=1 } ] }\n";

static void
test_patch(void **state)
{
	struct ngt_pkt p = ngt_ip4("10.0.0.1", "10.0.0.2", ngt_udp(1025, 53, ngt_text("hello")));
	struct ngt *t = ngt_graph("probe from; probe to");

	run(t, older);
	ngt_send(ngt_probe(t, "from"), NULL, p);
	ngt_expect(ngt_probe(t, "to"), NULL, ngt_set(p, 8, "3f"));
	ngt_send(ngt_probe(t, "to"), NULL, p);
	ngt_expect(ngt_probe(t, "from"), NULL, p);
	ngt_end(t);
}

/* What goes from "lan" to "wan" gets a tag; what comes back with it goes to "lan" without it, all else to "rest". */
static const char mark[] =
    "mkpeer lan: tag x lan\n"
    "name lan:x m\n"
    "connect m: wan: wan x\n"
    "connect m: rest: rest x\n"
    "msg m: sethookin { thisHook=\"lan\" ifNotMatch=\"wan\" }\n"
    "msg m: sethookout { thisHook=\"wan\" tag_cookie=1148380143 tag_id=7 }\n"
    "msg m: sethookin { thisHook=\"wan\" ifMatch=\"lan\" ifNotMatch=\"rest\" strip=1 tag_cookie=1148380143 tag_id=7 }\n";

static void
test_tag(void **state)
{
	struct ngt *t = ngt_graph("probe lan; echo wan; probe rest");

	run(t, mark);
	ngt_send(ngt_probe(t, "lan"), NULL, "0011");
	ngt_expect(ngt_probe(t, "lan"), NULL, "0011"); /* the echo sends it back with its tag */
	ngt_end(t);
}

/* What "feed" sends is sent to "sink" twice a second, ten times in all. */
static const char drip[] =
    "mkpeer sink: source x output\n"
    "name sink:x drip\n"
    "connect drip: feed: input x\n"
    "msg drip: setpps 2\n"
    "msg drip: start 10\n";

static void
test_source(void **state)
{
	struct ngt *t = ngt_graph("probe feed; probe sink");

	run(t, drip);
	ngt_send(ngt_probe(t, "feed"), NULL, "0011");
	ngt_advance(t, 3000);
	assert_int_equal(ngt_packets(ngt_probe(t, "sink")), 6);
	ngt_advance(t, 10000);
	assert_int_equal(ngt_packets(ngt_probe(t, "sink")), 10);
	ngt_end(t);
}

/* 2 Mbit/s and 30 ms between "a" and "b". */
static const char slow[] =
    "mkpeer a: pipe x upper\n"
    "name a:x slow\n"
    "connect slow: b: lower x\n"
    "msg slow: setcfg { bandwidth=2000000 delay=30000 }\n";

static void
test_pipe(void **state)
{
	struct ngt_pkt p = ngt_pattern(1240, 1); /* with 10 bytes more it takes 5 ms */
	struct ngt *t = ngt_graph("probe a; probe b");

	run(t, slow);
	ngt_send(ngt_probe(t, "a"), NULL, p);
	ngt_advance(t, 34);
	ngt_expect_none(ngt_probe(t, "b"), NULL);
	ngt_advance(t, 1);
	ngt_expect(ngt_probe(t, "b"), NULL, p);
	ngt_end(t);
}

/* 1 Mbit/s from "lan" to "wan", what is too much waits; the other way 8 Mbit/s, what is too much is dropped. */
static const char contract[] =
    "mkpeer lan: car x upper\n"
    "name lan:x car\n"
    "connect car: wan: lower x\n"
    "msg car: setconf { downstream={ cir=1000000 cbs=4000 mode=3 greenAction=1 } "
    "upstream={ cir=8000000 cbs=32000 greenAction=1 yellowAction=2 redAction=2 } }\n";

static void
test_car(void **state)
{
	struct ngt *t = ngt_graph("probe lan; probe wan");

	run(t, contract);
	for (unsigned i = 0; i < 6; i++)
		ngt_send(ngt_probe(t, "lan"), NULL, ngt_pattern(1000, i));
	assert_int_equal(ngt_packets(ngt_probe(t, "wan")), 4);
	ngt_advance(t, 8);
	assert_int_equal(ngt_packets(ngt_probe(t, "wan")), 5);
	ngt_advance(t, 8);
	assert_int_equal(ngt_packets(ngt_probe(t, "wan")), 6);
	for (unsigned i = 0; i < 40; i++)
		ngt_send(ngt_probe(t, "wan"), NULL, ngt_pattern(1000, i));
	assert_int_equal(ngt_packets(ngt_probe(t, "lan")), 32);
	ngt_end(t);
}

/* Two hosts on the link behind hook "wire" of node "up" get to "inside", all others to "portal". */
static const char guests[] =
    "mkpeer up: macfilter wire ether\n"
    "name up:wire mf\n"
    "connect mf: inside: known x\n"
    "connect mf: portal: default x\n"
    "msg mf: direct { ether=02:00:00:00:00:01 hookname=\"known\" }\n"
    "msg mf: direct { ether=02:00:00:00:00:02 hookname=\"known\" }\n";

static void
test_macfilter(void **state)
{
	struct ngt *t = ngt_graph("probe up; probe inside; probe portal");

	run(t, guests);
	ngt_send(ngt_probe(t, "up"), NULL, "020000000009 020000000001 0800");
	ngt_expect(ngt_probe(t, "inside"), NULL, "020000000009 020000000001 0800");
	ngt_send(ngt_probe(t, "up"), NULL, "020000000009 020000000003 0800");
	ngt_expect(ngt_probe(t, "portal"), NULL, "020000000009 020000000003 0800");
	ngt_send(ngt_probe(t, "portal"), NULL, "020000000003 020000000009 0800");
	ngt_expect(ngt_probe(t, "up"), NULL, "020000000003 020000000009 0800");
	ngt_end(t);
}

/* The time to live of packets from "from" to "to" becomes one less, and their checksums are right. */
static const char forward[] =
    "mkpeer from: patch x in\n"
    "name from:x p\n"
    "mkpeer p: checksum out in\n"
    "name p:out c\n"
    "connect c: to: out x\n"
    "msg c: setconfig { csum_flags=0 }\n"
    "msg p: setconfig { count=1 csum_flags=1 ops=[ { offset=8 length=1 mode=3 value=1 } ] }\n";

static void
test_checksum(void **state)
{
	struct ngt_pkt p = ngt_ip4("10.0.0.1", "10.0.0.2", ngt_udp(1025, 53, ngt_text("hello")));
	struct ngt *t = ngt_graph("probe from; probe to");

	run(t, forward);
	ngt_send(ngt_probe(t, "from"), NULL, p);
	ngt_expect(ngt_probe(t, "to"), NULL, ngt_fix(ngt_set(p, 8, "3f")));
	ngt_end(t);
}

/* A host behind bridge "br" that sends every frame back. */
static const char mirror[] =
    "mkpeer br: ether_echo link7 x\n";

static void
test_ether_echo(void **state)
{
	struct ngt *t = ngt_graph("bridge br; probe a - br.link0");

	run(t, mirror);
	ngt_send(ngt_probe(t, "a"), NULL, "020000000007 020000000001 0800");
	ngt_expect(ngt_probe(t, "a"), NULL, "020000000001 020000000007 0800");
	ngt_end(t);
}

/* Between the line at "hdlc" and "ppp", which knows nothing of control fields. */
static const char control_field[] =
    "mkpeer hdlc: UI x downstream\n"
    "connect hdlc:x ppp: upstream x\n";

static void
test_UI(void **state)
{
	struct ngt *t = ngt_graph("probe hdlc; probe ppp");

	run(t, control_field);
	ngt_send(ngt_probe(t, "hdlc"), NULL, "03 0021 45");
	ngt_expect(ngt_probe(t, "ppp"), NULL, "0021 45");
	ngt_send(ngt_probe(t, "ppp"), NULL, "0021 45");
	ngt_expect(ngt_probe(t, "hdlc"), NULL, "03 0021 45");
	ngt_end(t);
}

#ifdef NGU_HAVE_PCAP
/* ARP from the link behind hook "wire" of node "up" goes to "arpd", all else to "lan"; the program is tcpdump -ddd arp. */
static const char arp[] =
    "mkpeer up: bpf wire link\n"
    "name up:wire f\n"
    "connect f: arpd: arp x\n"
    "connect f: lan: rest x\n"
    "msg f: setprogram { thisHook=\"link\" ifMatch=\"arp\" ifNotMatch=\"rest\" bpf_prog_len=4 bpf_prog=[ "
    "{ code=40 k=12 } { code=21 jt=0 jf=1 k=2054 } { code=6 k=262144 } { code=6 k=0 } ] }\n";

static void
test_bpf(void **state)
{
	struct ngt *t = ngt_graph("probe up; probe arpd; probe lan");

	run(t, arp);
	ngt_send(ngt_probe(t, "up"), NULL, "ffffffffffff 020000000002 0806 0001");
	ngt_expect(ngt_probe(t, "arpd"), NULL, "ffffffffffff 020000000002 0806 0001");
	ngt_send(ngt_probe(t, "up"), NULL, "ffffffffffff 020000000002 0800 45");
	ngt_expect(ngt_probe(t, "lan"), NULL, "ffffffffffff 020000000002 0800 45");
	ngt_end(t);
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_vlan),
		ngt_test(test_tcpmss),
		ngt_test(test_etf),
		ngt_test(test_patch),
		ngt_test(test_tag),
		ngt_test(test_source),
		ngt_test(test_pipe),
		ngt_test(test_car),
		ngt_test(test_macfilter),
		ngt_test(test_checksum),
		ngt_test(test_ether_echo),
		ngt_test(test_UI),
#ifdef NGU_HAVE_PCAP
		ngt_test(test_bpf),
#endif
	};

	return (cmocka_run_group_tests_name("types", tests, NULL, NULL));
}
