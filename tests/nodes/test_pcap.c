/* SPDX-License-Identifier: BSD-2-Clause */
/* test_pcap.c - node type "pcap": replay and writing, whole and damaged files, full disks. */
#include "nodes/nt.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>

#include <netgraph/ng_pcap.h>

#define TRAFFIC NGU_SRCDIR "/tests/data/traffic.pcap"
#define PACKETS 5221
#define FEW 300 /* packets in a file that is repeated without end */
#define OCTETS 3734428
#define MS INT64_C(1000000)

static char dir[64];

static const char *
in_dir(const char *name)
{
	static char path[4][128];
	static int i;

	i = (i + 1) % 4;
	(void)snprintf(path[i], sizeof(path[i]), "%s/%s", dir, name);
	return (path[i]);
}

static int
openread(const char *node, const char *path, uint32_t flags)
{
	struct ng_pcap_openread a = { .flags = flags };

	(void)snprintf(a.path, sizeof(a.path), "%s", path);
	return (nt_tell(node, NGM_PCAP_COOKIE, NGM_PCAP_OPENREAD, &a, sizeof(a)));
}

static int
openwrite_as(const char *node, const char *path, uint32_t snaplen, uint32_t linktype, uint32_t flags)
{
	struct ng_pcap_openwrite a = { .snaplen = snaplen, .linktype = linktype, .flags = flags };

	(void)snprintf(a.path, sizeof(a.path), "%s", path);
	return (nt_tell(node, NGM_PCAP_COOKIE, NGM_PCAP_OPENWRITE, &a, sizeof(a)));
}

static int
openwrite(const char *node, const char *path)
{
	return (openwrite_as(node, path, 0, 1, 0));
}

static int
start(const char *node, uint64_t count, uint32_t loops, uint32_t speed, uint32_t batch)
{
	struct ng_pcap_start a = { .count = count, .loops = loops, .speed = speed, .batch = batch };

	return (nt_tell(node, NGM_PCAP_COOKIE, NGM_PCAP_START, &a, sizeof(a)));
}

static int
stop(const char *node)
{
	return (nt_tell(node, NGM_PCAP_COOKIE, NGM_PCAP_STOP, NULL, 0));
}

static int
close_file(const char *node, uint32_t which)
{
	struct ng_pcap_close a = { which };

	return (nt_tell(node, NGM_PCAP_COOKIE, NGM_PCAP_CLOSE, &a, sizeof(a)));
}

static struct ng_pcap_stats
stats(const char *node)
{
	struct ng_pcap_stats st;

	nt_ask(node, NGM_PCAP_COOKIE, NGM_PCAP_GETSTATS, NULL, 0, &st, sizeof(st));
	return (st);
}

static char *
slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	char *p;

	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	*len = (size_t)st.st_size;
	p = malloc(*len + 1);
	assert_non_null(p);
	assert_int_equal(fread(p, 1, *len, f), *len);
	(void)fclose(f);
	return (p);
}

static void
same_file(const char *a, const char *b)
{
	size_t la, lb;
	char *pa = slurp(a, &la), *pb = slurp(b, &lb);

	assert_int_equal(la, lb);
	assert_int_equal(memcmp(pa, pb, la), 0);
	free(pa);
	free(pb);
}

/* A capture file made by hand: header, and packets of 4 bytes (their number) at the given milliseconds. */
static void
make_file(const char *path, uint32_t linktype, const int *ms, int n, int cut)
{
	uint32_t head[6] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, linktype }, rec[5];
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	if (ms != NULL || n == 0)
		(void)fwrite(head, 1, sizeof(head), f);
	for (int i = 0; i < n; i++) {
		rec[0] = 1700000000u + (uint32_t)(ms[i] / 1000);
		rec[1] = (uint32_t)(ms[i] % 1000 * 1000);
		rec[2] = rec[3] = 4;
		rec[4] = (uint32_t)i;
		(void)fwrite(rec, 1, i == n - 1 ? sizeof(rec) - (size_t)cut : sizeof(rec), f);
	}
	(void)fclose(f);
}

static void
make_pair(void)
{
	ok(ngu_mknode(g, "pcap", "p", NULL));
	ok(ngu_mknode(g, "pcap", "q", NULL));
	ok(ngu_connect(g, "p:", "out", "q:", "in"));
}

static void
replay_into_file(uint32_t flags, uint32_t batch, uint32_t loops)
{
	struct ng_pcap_stats a, b;
	const char *out = in_dir("out.pcap");

	make_pair();
	ok(openread("p:", TRAFFIC, flags));
	ok(openwrite("q:", out));
	ok(start("p:", 0, loops, NG_PCAP_SPEED_FULL, batch));
	ok(ngu_settle(g, 60000));
	a = stats("p:");
	b = stats("q:");
	assert_int_equal(a.running, 0);
	assert_int_equal(a.sent, (uint64_t)PACKETS * loops);
	assert_int_equal(a.sentOctets, (uint64_t)OCTETS * loops);
	assert_int_equal(a.refused, 0);
	assert_int_equal(a.loops, loops);
	assert_int_equal(a.readErrors, 0);
	assert_int_equal(a.linktype, 1);
	assert_int_equal(b.written, a.sent);
	assert_int_equal(b.writtenOctets, a.sentOctets);
	assert_int_equal(b.unwritten, 0);
	assert_int_equal(b.writeError, 0);
	ok(close_file("q:", NG_PCAP_CLOSE_WRITE));
	if (loops == 1)
		same_file(out, TRAFFIC);
	ok(ngu_shutdown(g, "p:"));
	assert_int_equal(ngu_lookup(g, "q:", NULL), ENOENT); /* its last hook went with p */
}

static void
test_full_speed(void **state)
{
	(void)state;
	replay_into_file(0, 0, 1);
	replay_into_file(0, 1, 1);
	replay_into_file(0, 1000000, 1);
}

static void
test_preloaded(void **state)
{
	(void)state;
	replay_into_file(NG_PCAP_PRELOAD, 0, 1);
}

static void
test_looped(void **state)
{
	(void)state;
	replay_into_file(0, 0, 3);
	replay_into_file(NG_PCAP_PRELOAD, 512, 5);
}

/* What is still collected when the node goes is in the file afterwards. */
static void
test_shutdown_completes_the_file(void **state)
{
	const char *out = in_dir("out.pcap");

	(void)state;
	make_pair();
	ok(openread("p:", TRAFFIC, 0));
	ok(openwrite("q:", out));
	ok(start("p:", 0, 1, NG_PCAP_SPEED_FULL, 0));
	ok(ngu_settle(g, 60000));
	ok(ngu_shutdown(g, "q:"));
	same_file(out, TRAFFIC);
	assert_int_equal(ngu_lookup(g, "p:", NULL), ENOENT); /* with its last hook */
}

static void
test_through_a_graph(void **state)
{
	const char *out = in_dir("out.pcap");

	(void)state;
	ok(ngu_mknode(g, "pcap", "p", NULL));
	ok(ngu_mkpeer(g, "p:", "tee", "out", "left"));
	ok(ngu_mkpeer(g, "p:out", "hub", "right", "a"));
	ok(ngu_connect(g, "p:out.right", "b", "p:", "in")); /* back into the very node */
	ok(ngu_mkpeer(g, "p:out", "hole", "left2right", "h"));
	ok(openread("p:", TRAFFIC, 0));
	ok(openwrite("p:", out));
	ok(start("p:", 0, 1, NG_PCAP_SPEED_FULL, 100));
	ok(ngu_settle(g, 60000));
	assert_int_equal(stats("p:").written, PACKETS);
	ok(close_file("p:", NG_PCAP_CLOSE_WRITE | NG_PCAP_CLOSE_READ));
	same_file(out, TRAFFIC);
	ok(ngu_shutdown(g, "p:out.right"));
	ok(ngu_shutdown(g, "p:"));
}

static void
test_count(void **state)
{
	struct nt_end e;

	(void)state;
	ok(ngu_mknode(g, "pcap", "p", NULL));
	memset(&e, 0, sizeof(e));
	ok(ngu_port_open(g, "p:", "out", nt_rx_count, &e, &e.port));
	ok(openread("p:", TRAFFIC, 0));
	ok(start("p:", 100, 0, NG_PCAP_SPEED_FULL, 0));
	ok(ngu_settle(g, 60000));
	assert_int_equal(e.n, 100);
	assert_int_equal(stats("p:").running, 0);
	ok(start("p:", PACKETS + 1, 0, NG_PCAP_SPEED_FULL, 7)); /* from the beginning, and into the second pass */
	ok(ngu_settle(g, 60000));
	assert_int_equal(e.n, 100 + PACKETS + 1);
	assert_int_equal(stats("p:").loops, 1);
	nt_close(&e);
}

/* ---- by the clock ---- */

static void
advance(int64_t ns)
{
	ok(ngu_clock_advance(g, ns));
	ok(ngu_settle(g, 10000));
}

static void
test_recorded_speed(void **state)
{
	static const int ms[] = { 500, 500, 510, 505, 1500, 3500 };
	const char *in = in_dir("in.pcap");
	uint64_t loops;
	struct nt_end e;

	(void)state;
	make_file(in, 1, ms, 6, 0);
	ok(ngu_mknode(g, "pcap", "p", NULL));
	nt_open(&e, "p:", "out");
	for (uint32_t flags = 0; flags < 2; flags++) {
		ok(openread("p:", in, flags ? NG_PCAP_PRELOAD : 0));
		atomic_store(&e.n, 0u);
		loops = stats("p:").loops;
		ok(start("p:", 0, 2, NG_PCAP_SPEED_RECORDED, 0));
		ok(ngu_settle(g, 10000));
		assert_int_equal(e.n, 2);
		advance(9 * MS);
		assert_int_equal(e.n, 2);
		advance(1 * MS);
		assert_int_equal(e.n, 4); /* the fourth is older than the third: at once */
		advance(989 * MS);
		assert_int_equal(e.n, 4);
		advance(1 * MS);
		assert_int_equal(e.n, 5);
		assert_int_equal(stats("p:").running, 1);
		advance(2000 * MS); /* the second pass begins when the first is through */
		assert_int_equal(e.n, 8);
		assert_int_equal(stats("p:").loops, loops + 1);
		advance(10000 * MS); /* deadline by deadline, however far the clock goes */
		assert_int_equal(e.n, 12);
		assert_int_equal(stats("p:").running, 0);
		/* Twice and half as fast. */
		ok(start("p:", 0, 1, 2000, 0));
		advance(499 * MS);
		assert_int_equal(e.n, 16);
		advance(1 * MS);
		assert_int_equal(e.n, 17);
		ok(stop("p:"));
		advance(10000 * MS);
		assert_int_equal(e.n, 17);
		ok(start("p:", 0, 1, 500, 1));
		advance(1999 * MS);
		assert_int_equal(e.n, 21);
		advance(4001 * MS);
		assert_int_equal(e.n, 23);
		assert_int_equal(stats("p:").running, 0);
		ok(close_file("p:", NG_PCAP_CLOSE_READ));
		assert_int_equal(stats("p:").linktype, 0);
		assert_int_equal(stats("p:").readErrors, 0);
	}
	nt_close(&e);
}

static void
test_recorded_traffic(void **state)
{
	const char *out = in_dir("out.pcap");
	uint64_t half;

	(void)state;
	make_pair();
	ok(openread("p:", TRAFFIC, 0));
	ok(openwrite("q:", out));
	ok(start("p:", 0, 1, NG_PCAP_SPEED_RECORDED, 0));
	advance(3640 * MS);
	half = stats("q:").written;
	assert_true(half > 0 && half < PACKETS);
	advance(3640 * MS);
	assert_in_range(stats("q:").written, half, PACKETS - 1);
	advance(1 * MS);
	assert_int_equal(stats("q:").written, PACKETS);
	assert_int_equal(stats("p:").running, 0);
	ok(close_file("q:", NG_PCAP_CLOSE_WRITE));
	same_file(out, TRAFFIC);
	ok(ngu_shutdown(g, "p:"));
}

/* ---- replays without end ---- */

static void
endless(const char *how, unsigned times)
{
	const char *in = in_dir("endless");
	static const int ms[FEW];
	struct nt_end e;
	unsigned n;

	memset(&e, 0, sizeof(e));
	make_file(in, 1, ms, FEW, 0);
	ok(ngu_mknode(g, "pcap", "p", NULL));
	ok(ngu_port_open(g, "p:", "out", nt_rx_count, &e, &e.port));
	ok(openread("p:", in, NG_PCAP_PRELOAD));
	ok(start("p:", 0, 0, NG_PCAP_SPEED_FULL, 0));
	while (e.n <= times * FEW)
		(void)ngu_poll(g, 10);
	assert_int_equal(stats("p:").running, 1);
	assert_int_equal(start("p:", 0, 0, 0, 0), EBUSY);
	assert_int_equal(openread("p:", in, 0), EBUSY);
	if (strcmp(how, "stop") == 0) {
		ok(stop("p:"));
	} else if (strcmp(how, "close") == 0) {
		ok(close_file("p:", NG_PCAP_CLOSE_READ));
	} else if (strcmp(how, "rmhook") == 0) {
		ok(ngu_mkpeer(g, "p:", "hole", "in", "x"));
		ok(ngu_rmhook(g, "p:", "out"));
	} else {
		ok(ngu_shutdown(g, "p:"));
	}
	n = e.n;
	ok(ngu_settle(g, 60000));
	assert_int_equal(e.n, n);
	if (strcmp(how, "shutdown") != 0) {
		assert_int_equal(stats("p:").running, 0);
		assert_true(stats("p:").loops >= times);
		assert_int_equal(stats("p:").sent, n);
		ok(ngu_shutdown(g, "p:"));
	}
	nt_close(&e);
}

static void
test_endless(void **state)
{
	(void)state;
	endless("stop", 3);
	endless("close", 1);
	endless("rmhook", 1);
	endless("shutdown", 1);
}

/* ---- bad files ---- */

static void
test_bad_files(void **state)
{
	static const int ms[] = { 0, 1, 2, 3 };
	struct nt_end e;
	FILE *f;

	(void)state;
	ok(ngu_mknode(g, "pcap", "p", NULL));
	nt_open(&e, "p:", "out");
	for (uint32_t pre = 0; pre < 2; pre++) {
		assert_int_equal(openread("p:", in_dir("no such file"), pre), ENOENT);
		assert_non_null(strstr(nt_log, "no such file"));
		assert_int_equal(openread("p:", dir, pre), EISDIR);
		assert_int_equal(openread("p:", "", pre), EINVAL);
		make_file(in_dir("empty"), 1, NULL, -1, 0);
		assert_int_equal(openread("p:", in_dir("empty"), pre), EINVAL);
		f = fopen(in_dir("text"), "wb");
		assert_non_null(f);
		(void)fputs("this is no capture file but only some text of more than a few bytes\n", f);
		(void)fclose(f);
		assert_int_equal(openread("p:", in_dir("text"), pre), EINVAL);
		make_file(in_dir("header"), 1, ms, 0, 0);
		assert_int_equal(openread("p:", in_dir("header"), pre), ENODATA);
		assert_non_null(strstr(nt_log, "no packets"));
		make_file(in_dir("cut1"), 1, ms, 1, 2);
		assert_int_equal(openread("p:", in_dir("cut1"), pre), EIO);
		make_file(in_dir("cut2"), 1, ms, 1, 10);
		assert_int_equal(openread("p:", in_dir("cut2"), pre), EIO);
		make_file(in_dir("linktype"), 65000, ms, 4, 0);
		assert_int_equal(openread("p:", in_dir("linktype"), pre), EPROTONOSUPPORT);
		nt_log[0] = '\0';
	}
	assert_int_equal(openread("p:", TRAFFIC, 0x80), EINVAL);
	assert_int_equal(start("p:", 0, 1, 0, 0), EBADF);

	/* Cut off further on: what is whole is sent, then it ends with an error that says where. */
	make_file(in_dir("cut4"), 1, ms, 4, 1);
	assert_int_equal(openread("p:", in_dir("cut4"), NG_PCAP_PRELOAD), EIO);
	ok(openread("p:", in_dir("cut4"), 0));
	nt_log[0] = '\0';
	ok(start("p:", 0, 0, NG_PCAP_SPEED_FULL, 0));
	ok(ngu_settle(g, 10000));
	assert_int_equal(e.n, 3);
	assert_non_null(strstr(nt_log, "cut4"));
	assert_int_equal(stats("p:").running, 0);
	assert_int_equal(stats("p:").readErrors, 1);
	assert_int_equal(stats("p:").readError, EIO);
	assert_int_equal(stats("p:").loops, 0);

	/* A file that changes for the worse between two passes. */
	make_file(in_dir("changes"), 1, ms, 4, 0);
	ok(openread("p:", in_dir("changes"), 0));
	make_file(in_dir("changes"), 1, ms, 0, 0);
	assert_int_equal(start("p:", 0, 0, NG_PCAP_SPEED_FULL, 0), ENODATA);
	assert_int_equal(start("p:", 0, 0, NG_PCAP_SPEED_FULL, 0), ENODATA);
	make_file(in_dir("changes"), 1, ms, 4, 0);
	ok(start("p:", 0, 1, NG_PCAP_SPEED_FULL, 0));
	ok(ngu_settle(g, 10000));
	assert_int_equal(e.n, 7);
	/* A failed open leaves the open one alone. */
	assert_int_equal(openread("p:", in_dir("no such file"), 0), ENOENT);
	ok(start("p:", 0, 1, NG_PCAP_SPEED_FULL, 0));
	ok(ngu_settle(g, 10000));
	assert_int_equal(e.n, 11);
	nt_close(&e);
}

static void
test_commands(void **state)
{
	struct ng_pcap_start s = { 0 };
	struct ngu_port *p;
	struct nt_end e;
	char path[NG_PCAP_PATHSIZ + 8];

	(void)state;
	ok(ngu_mknode(g, "pcap", "p", NULL));
	ok(openread("p:", TRAFFIC, 0));
	assert_int_equal(start("p:", 0, 1, 0, 0), ENOTCONN);
	nt_open(&e, "p:", "in");
	assert_int_equal(ngu_port_open(g, "p:", "out2", NULL, NULL, &p), EINVAL);
	assert_int_equal(ngu_port_open(g, "p:", "in", NULL, NULL, &p), EEXIST);
	nt_unknown("p:", NGM_PCAP_COOKIE);
	memset(path, 'x', sizeof(path));
	for (uint32_t cmd = NGM_PCAP_OPENREAD; cmd <= NGM_PCAP_START; cmd++)
		assert_int_equal(nt_tell("p:", NGM_PCAP_COOKIE, cmd, path, 7), EINVAL);
	assert_int_equal(nt_tell("p:", NGM_PCAP_COOKIE, NGM_PCAP_START, &s, sizeof(s) - 1), EINVAL);
	assert_int_equal(nt_tell("p:", NGM_PCAP_COOKIE, NGM_PCAP_OPENREAD, path, sizeof(struct ng_pcap_openread)), EINVAL);
	assert_int_equal(close_file("p:", 0), EINVAL);
	assert_int_equal(close_file("p:", 4), EINVAL);
	ok(close_file("p:", NG_PCAP_CLOSE_READ | NG_PCAP_CLOSE_WRITE));
	ok(close_file("p:", NG_PCAP_CLOSE_READ));
	ok(stop("p:"));
	assert_int_equal(nt_send(&e, "no file"), EBADF);
	assert_int_equal(stats("p:").unwritten, 1);
	assert_int_equal(openwrite("p:", in_dir("no/such/dir")), ENOENT);
	assert_int_equal(openwrite("p:", ""), EINVAL);
	assert_int_equal(openwrite_as("p:", in_dir("o"), 0, 65000, 0), EPROTONOSUPPORT);
	assert_int_equal(openwrite_as("p:", in_dir("o"), 262145, 1, 0), EINVAL);
	assert_int_equal(openwrite_as("p:", in_dir("o"), 0, 1, 8), EINVAL);
	/* Data into "out" is refused. */
	nt_close(&e);
	ok(ngu_mknode(g, "pcap", "p", NULL));
	nt_open(&e, "p:", "out");
	assert_int_equal(nt_send(&e, "x"), EINVAL);
	nt_close(&e);
}

/* ---- writing ---- */

struct rec {
	uint32_t sec, frac, len, wire;
};

/* Counts the records; fails unless the file is whole. */
static unsigned
check_file(const char *path, uint32_t magic, uint32_t snaplen, uint32_t linktype)
{
	size_t len, off = 24;
	char *p = slurp(path, &len);
	uint32_t head[6];
	unsigned n = 0;
	struct rec r;

	assert_true(len >= 24);
	memcpy(head, p, sizeof(head));
	assert_int_equal(head[0], magic);
	assert_int_equal(head[4], snaplen);
	assert_int_equal(head[5], linktype);
	for (; off < len; off += 16 + r.len, n++) {
		assert_true(len - off >= 16);
		memcpy(&r, p + off, 16);
		assert_true(r.len <= snaplen && r.len <= r.wire && len - off - 16 >= r.len);
		assert_true(r.sec > 1600000000);
	}
	free(p);
	return (n);
}

static void
test_write_forms(void **state)
{
	struct nt_end e;
	char big[1000];

	(void)state;
	ok(ngu_mknode(g, "pcap", "p", NULL));
	nt_open(&e, "p:", "in");
	ok(openwrite_as("p:", in_dir("a"), 3, 1, 0));
	ok(nt_send(&e, "12345"));
	ok(nt_send(&e, ""));
	ok(nt_send(&e, "12"));
	assert_int_equal(stats("p:").written, 3);
	assert_int_equal(stats("p:").writtenOctets, 5);
	assert_int_equal(check_file(in_dir("a"), 0xa1b2c3d4, 3, 1), 3);
	/* Another file: the first is complete. */
	ok(openwrite_as("p:", in_dir("b"), 0, 147, NG_PCAP_NANO));
	memset(big, 'y', sizeof(big));
	for (int i = 0; i < 1000; i++)
		ok(ngu_port_send(e.port, ngu_packet(g, big, (size_t)i)));
	assert_int_equal(stats("p:").written, 1003);
	ok(close_file("p:", NG_PCAP_CLOSE_WRITE));
	assert_int_equal(check_file(in_dir("b"), 0xa1b23c4d, 262144, 147), 1000);
	assert_int_equal(check_file(in_dir("a"), 0xa1b2c3d4, 3, 1), 3);
	/* The same file again starts anew. */
	ok(openwrite("p:", in_dir("a")));
	ok(nt_send(&e, "1"));
	ok(openwrite("p:", in_dir("a")));
	ok(nt_send(&e, "22"));
	ok(nt_send(&e, "333"));
	nt_close(&e);
	assert_int_equal(check_file(in_dir("a"), 0xa1b2c3d4, 262144, 1), 2);
}

static void
test_four_writers(void **state)
{
	struct nt_pump p[4];
	struct nt_end e;

	(void)state;
	ok(ngu_mknode(g, "pcap", "p", NULL));
	nt_open(&e, "p:", "in");
	ok(openwrite("p:", in_dir("four")));
	for (int i = 0; i < 4; i++)
		nt_pump_start(&p[i], e.port, 3000, 20, NULL);
	for (int i = 0; i < 4; i++) {
		nt_pump_join(&p[i]);
		assert_int_equal(p[i].failed, 0);
	}
	ok(ngu_settle(g, 10000));
	assert_int_equal(stats("p:").written, 12000);
	nt_close(&e);
	assert_int_equal(check_file(in_dir("four"), 0xa1b2c3d4, 262144, 1), 12000);
}

static void
test_full_disk(void **state)
{
	struct ng_pcap_stats a, b;
	struct rlimit old, lim;
	const char *out = in_dir("full");
	struct nt_end e;
	size_t la, lb;
	char *pa, *pb;
	int fd;

	(void)state;
	if ((fd = open("/dev/full", O_WRONLY)) >= 0) {
		(void)close(fd);
		ok(ngu_mknode(g, "pcap", "p", NULL));
		assert_int_equal(openwrite("p:", "/dev/full"), ENOSPC);
		assert_non_null(strstr(nt_log, "/dev/full"));
		ok(ngu_shutdown(g, "p:"));
	}
	/* A file that cannot grow beyond some size stands for a disk that is full. */
	make_pair();
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	ok(openread("p:", TRAFFIC, 0));
	ok(openwrite("q:", out));
	lim = old;
	lim.rlim_cur = 1234567;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &lim), 0);
	ok(start("p:", 0, 1, NG_PCAP_SPEED_FULL, 0));
	ok(ngu_settle(g, 60000));
	a = stats("p:");
	b = stats("q:");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(a.sent, PACKETS);
	assert_true(b.written > 0 && b.written < PACKETS);
	assert_int_equal(b.written + b.unwritten, PACKETS);
	assert_int_equal(b.writeError, EFBIG);
	assert_non_null(strstr(nt_log, out));
	assert_int_equal(close_file("q:", NG_PCAP_CLOSE_WRITE), EFBIG);
	assert_int_equal(check_file(out, 0xa1b2c3d4, 262144, 1), b.written);
	pa = slurp(out, &la);
	pb = slurp(TRAFFIC, &lb);
	assert_true(la <= 1234567 && la > 1234567 - 1600); /* all that fitted */
	assert_int_equal(la, 24 + 16 * b.written + b.writtenOctets);
	assert_int_equal(memcmp(pa, pb, la), 0);
	free(pa);
	free(pb);
	/* The next file is all right, and the error is forgotten. */
	ok(openwrite("q:", out));
	assert_int_equal(stats("q:").writeError, 0);
	ok(start("p:", 0, 1, NG_PCAP_SPEED_FULL, 0));
	ok(ngu_settle(g, 60000));
	ok(ngu_shutdown(g, "q:"));
	same_file(out, TRAFFIC);
	assert_int_equal(ngu_lookup(g, "p:", NULL), ENOENT); /* with its last hook */
	/* A sender is told. */
	ok(ngu_mknode(g, "pcap", "p", NULL));
	nt_open(&e, "p:", "in");
	ok(openwrite("p:", out));
	lim.rlim_cur = 30;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &lim), 0);
	ok(nt_send(&e, "12345")); /* only taken */
	ok(ngu_settle(g, 10000));
	assert_int_equal(nt_send(&e, "12345"), EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(stats("p:").unwritten, 2);
	assert_int_equal(stats("p:").written, 0);
	nt_close(&e);
	assert_int_equal(check_file(out, 0xa1b2c3d4, 262144, 1), 0);
}

static int
with_workers(void **state)
{
	nt_workers = 2;
	return (nt_setup(state));
}

static int
dir_make(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	(void)snprintf(dir, sizeof(dir), "%s/ngpcap.XXXXXX", tmp != NULL && strlen(tmp) < 40 ? tmp : "/tmp");
	return (mkdtemp(dir) != NULL ? 0 : -1);
}

static int
dir_remove(void **state)
{
	static const char *const names[] = { "out.pcap", "in.pcap", "empty", "text", "header", "cut1", "cut2", "cut4", "linktype",
		"changes", "a", "b", "o", "four", "full", "endless" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(in_dir(names[i]));
	return (rmdir(dir));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		nt_test(test_full_speed),
		nt_test(test_preloaded),
		nt_test(test_looped),
		nt_test(test_shutdown_completes_the_file),
		nt_test(test_through_a_graph),
		nt_test(test_count),
		nt_test(test_recorded_speed),
		nt_test(test_recorded_traffic),
		nt_test(test_endless),
		cmocka_unit_test_setup_teardown(test_endless, with_workers, nt_teardown),
		nt_test(test_bad_files),
		nt_test(test_commands),
		nt_test(test_write_forms),
		nt_test(test_four_writers),
		cmocka_unit_test_setup_teardown(test_four_writers, with_workers, nt_teardown),
		nt_test(test_full_disk),
	};

	return (cmocka_run_group_tests_name("pcap", tests, dir_make, dir_remove));
}
