/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_lab.c - the lab itself: each oracle sees what it is there for, the search misses nothing small, a failure can be
 * replayed. No graph in here: bodies of a few lines.
 */
#include <sys/wait.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <ng/lab.h>
#include <ng/ng.h>

#define RLX memory_order_relaxed
#define ACQ memory_order_acquire
#define REL memory_order_release

static _Atomic uint32_t x, y, z;
static uint32_t plain, plain2;
static uint32_t r0, r1;

static const struct ngu_lab_opts quiet = { .quiet = true };

static struct ngu_lab_result
run(const struct ngu_lab *scene, const struct ngu_lab_opts *opts)
{
	struct ngu_lab_result r;
	int error = ngu_lab_run(scene, opts != NULL ? opts : &quiet, &r);

	assert_int_equal(error, r.fail == NGU_LAB_OK ? 0 : ENOTRECOVERABLE);
	return (r);
}

static void
fails(const struct ngu_lab *scene, enum ngu_lab_fail kind, const char *part)
{
	struct ngu_lab_result r = run(scene, NULL);

	if (r.fail != kind || strstr(r.why, part) == NULL)
		fail_msg("%s: expected failure %d with \"%s\", got %d: %s", scene->name, kind, part, r.fail, r.why);
}

static void
passes(const struct ngu_lab *scene)
{
	struct ngu_lab_result r = run(scene, NULL);

	if (r.fail != NGU_LAB_OK)
		fail_msg("%s: %s", scene->name, r.why);
	assert_true(r.complete);
}

/* ---- data races */

static void
counts(void *arg)
{
	(void)arg;
	plain++;
}

static void
test_race(void **state)
{
	const struct ngu_lab s = { .name = "race", .body = { { "a", counts }, { "b", counts } } };

	(void)state;
	fails(&s, NGU_LAB_RACE, "plain");
}

static void
publish_rel(void *arg)
{
	(void)arg;
	plain = 7;
	atomic_store_explicit(&x, 1, REL);
}

static void
publish_rlx(void *arg)
{
	(void)arg;
	plain = 7;
	atomic_store_explicit(&x, 1, RLX);
}

static void
consume_acq(void *arg)
{
	(void)arg;
	if (atomic_load_explicit(&x, ACQ) != 0)
		ngu_lab_check(plain == 7);
}

static void
consume_rlx(void *arg)
{
	(void)arg;
	if (atomic_load_explicit(&x, RLX) != 0)
		ngu_lab_check(plain == 7);
}

static void
consume_fence(void *arg)
{
	(void)arg;
	if (atomic_load_explicit(&x, RLX) != 0) {
		atomic_thread_fence(ACQ);
		ngu_lab_check(plain == 7);
	}
}

static void
test_publication(void **state)
{
	const struct ngu_lab good = { .name = "publish", .body = { { "writer", publish_rel }, { "reader", consume_acq } } };
	const struct ngu_lab fence = { .name = "publish-fence", .body = { { "writer", publish_rel }, { "reader", consume_fence } } };
	const struct ngu_lab store = { .name = "publish-relaxed", .body = { { "writer", publish_rlx }, { "reader", consume_acq } } };
	const struct ngu_lab load = { .name = "consume-relaxed", .body = { { "writer", publish_rel }, { "reader", consume_rlx } } };

	(void)state;
	passes(&good);
	passes(&fence);
	fails(&store, NGU_LAB_RACE, "plain");
	fails(&load, NGU_LAB_RACE, "plain");
}

/* Two halves of one word, and one after the other by the same thread: neighbours are no race, what was written before is kept. */
static uint32_t pair[2] __attribute__((__aligned__(8)));

static void
left(void *arg)
{
	(void)arg;
	pair[0]++;
}

static void
right(void *arg)
{
	(void)arg;
	pair[1]++;
}

static void
left_then_right(void *arg)
{
	(void)arg;
	pair[0]++;
	atomic_store_explicit(&x, 1, REL);
	pair[1]++;
}

static void
test_neighbours(void **state)
{
	const struct ngu_lab good = { .name = "halves", .body = { { "left", left }, { "right", right } } };
	const struct ngu_lab bad = { .name = "halves-race", .body = { { "both", left_then_right }, { "left", left } } };

	(void)state;
	passes(&good);
	fails(&bad, NGU_LAB_RACE, "pair");
}

/* ---- interleavings and store buffers */

static void
lost0(void *arg)
{
	uint32_t v = atomic_load_explicit(&x, RLX);

	(void)arg;
	atomic_store_explicit(&x, v + 1, RLX);
}

static void
lost_end(void *arg)
{
	(void)arg;
	ngu_lab_check(x == 2);
}

static void
sb0(void *arg)
{
	(void)arg;
	atomic_store_explicit(&x, 1, RLX);
	r0 = atomic_load_explicit(&y, RLX);
}

static void
sb1(void *arg)
{
	(void)arg;
	atomic_store_explicit(&y, 1, RLX);
	r1 = atomic_load_explicit(&x, RLX);
}

static void
sb0_fence(void *arg)
{
	(void)arg;
	atomic_store_explicit(&x, 1, RLX);
	atomic_thread_fence(memory_order_seq_cst);
	r0 = atomic_load_explicit(&y, RLX);
}

static void
sb1_fence(void *arg)
{
	(void)arg;
	atomic_store_explicit(&y, 1, RLX);
	atomic_thread_fence(memory_order_seq_cst);
	r1 = atomic_load_explicit(&x, RLX);
}

static void
sb_end(void *arg)
{
	(void)arg;
	ngu_lab_check(r0 != 0 || r1 != 0);
}

static void
test_store_buffer(void **state)
{
	const struct ngu_lab lost = { .name = "lost-update", .body = { { "a", lost0 }, { "b", lost0 } }, .end = lost_end };
	const struct ngu_lab sb = { .name = "store-buffer", .body = { { "a", sb0 }, { "b", sb1 } }, .end = sb_end };
	const struct ngu_lab sbf = { .name = "store-buffer-fence", .body = { { "a", sb0_fence }, { "b", sb1_fence } }, .end = sb_end };
	const struct ngu_lab half = { .name = "store-buffer-half", .body = { { "a", sb0_fence }, { "b", sb1 } }, .end = sb_end };
	struct ngu_lab_opts none = { .quiet = true, .delays = NGU_LAB_NONE };
	struct ngu_lab_result r;

	(void)state;
	fails(&lost, NGU_LAB_CHECK, "x == 2");
	fails(&sb, NGU_LAB_CHECK, "r0 != 0");
	fails(&half, NGU_LAB_CHECK, "r0 != 0");
	passes(&sbf);
	/* Without store buffers no order of the four steps does it. */
	r = run(&sb, &none);
	assert_int_equal(r.fail, NGU_LAB_OK);
	assert_true(r.complete);
}

/* Every order: a tells which of the 20 interleavings of 3 and 3 steps it is. Without pruning all are run, with it all ends are seen. */
static void
three_a(void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++)
		(void)atomic_fetch_add(&x, 1u);
}

static _Atomic uint32_t seen_b[3];

static void
three_b(void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++)
		atomic_store(&seen_b[i], atomic_fetch_add(&x, 16u));
}

static void
test_all_orders(void **state)
{
	const struct ngu_lab s = { .name = "orders", .body = { { "a", three_a }, { "b", three_b } } };
	struct ngu_lab_opts o = { .quiet = true, .preemptions = 10, .delays = NGU_LAB_NONE, .no_prune = true };
	struct ngu_lab_result r, p, two;

	(void)state;
	r = run(&s, &o);
	assert_int_equal(r.fail, NGU_LAB_OK);
	assert_true(r.complete);
	assert_true(r.schedules >= 20);
	o.no_prune = false;
	p = run(&s, &o);
	assert_true(p.complete);
	assert_true(p.states >= 20);
	o.jobs = 2;
	two = run(&s, &o);
	assert_true(two.complete);
	assert_int_equal(two.fail, NGU_LAB_OK);
}

/* ---- memory */

static void *_Atomic block;

static int
make_block(void *arg)
{
	struct ngu_graph *g;
	int error;

	(void)arg;
	if ((error = ngu_graph_create(NULL, &g)) != 0)
		return (error);
	block = ngu_packet(g, "x", 1);
	plain2 = 0;
	*(struct ngu_graph **)arg = g;
	return (block != NULL ? 0 : ENOMEM);
}

static struct ngu_graph *graph;

static void
frees(void *arg)
{
	struct mbuf *m = block;

	(void)arg;
	ngu_packet_free(m);
}

static void
reads(void *arg)
{
	char c;

	(void)arg;
	(void)ngu_packet_read(block, 0, &c, 1);
}

static void
end_graph(void *arg)
{
	ngu_lab_check(ngu_graph_destroy(*(struct ngu_graph **)arg) == 0);
}

static void
nothing(void *arg)
{
	(void)arg;
	ngu_lab_point();
}

static void
test_memory(void **state)
{
	const struct ngu_lab use = { .name = "use-after-free", .arg = &graph, .setup = make_block,
		.body = { { "frees", frees }, { "reads", reads } }, .end = end_graph };
	const struct ngu_lab twice = { .name = "free-twice", .arg = &graph, .setup = make_block,
		.body = { { "one", frees }, { "two", frees } }, .end = end_graph };
	const struct ngu_lab leak = { .name = "leak", .arg = &graph, .setup = make_block, .body = { { "a", nothing } } };
	struct ngu_lab_result r;

	(void)state;
	r = run(&use, NULL);
	assert_true(r.fail == NGU_LAB_MEMORY || r.fail == NGU_LAB_RACE);
	r = run(&twice, NULL);
	assert_true(r.fail == NGU_LAB_MEMORY || r.fail == NGU_LAB_RACE);
	fails(&leak, NGU_LAB_LEAK, "left at the end");
}

/* ---- waiting */

static bool
is_set(void *arg)
{
	return (*(_Atomic uint32_t *)arg != 0);
}

static void
wait_x(void *arg)
{
	(void)arg;
	ngu_lab_wait(is_set, &x);
	y = 1;
}

static void
wait_y(void *arg)
{
	(void)arg;
	ngu_lab_wait(is_set, &y);
	x = 1;
}

static void
set_x(void *arg)
{
	(void)arg;
	x = 1;
}

static void
for_ever(void *arg)
{
	(void)arg;
	while (atomic_load(&z) == 0)
		atomic_store(&y, y + 1);
}

static void
test_waiting(void **state)
{
	const struct ngu_lab dead = { .name = "deadlock", .body = { { "a", wait_x }, { "b", wait_y } } };
	const struct ngu_lab fine = { .name = "waits", .body = { { "a", wait_x }, { "b", set_x } } };
	const struct ngu_lab live = { .name = "livelock", .body = { { "a", for_ever }, { "b", nothing } } };

	(void)state;
	fails(&dead, NGU_LAB_DEADLOCK, "waits for a condition");
	passes(&fine);
	fails(&live, NGU_LAB_LIVELOCK, "steps");
}

static volatile int *volatile nowhere = (volatile int *)8;

static void
crashes(void *arg)
{
	(void)arg;
	*nowhere = 1;
}

static void
test_crash(void **state)
{
	const struct ngu_lab s = { .name = "crash", .body = { { "a", nothing }, { "b", crashes } } };

	(void)state;
	fails(&s, NGU_LAB_PANIC, "egmentation");
}

/* ---- the clock: a timer of the graph fires at any point, and the bound on how often holds */

static struct ngu_graph *clocked;

static int
with_clock(void *arg)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .fake_clock = true };
	int error = ngu_graph_create(&o, &clocked);

	(void)arg;
	if (error == 0 && (error = ngu_mknode(clocked, "fault", "f", NULL)) == 0)
		error = ngu_lab_clock(clocked, 1);
	return (error);
}

static void
real_clock_refused(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_lab_clock(NULL, 1) == EINVAL);
	ngu_lab_check(ngu_clock_next(clocked) == -1);
}

static void
end_clock(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_graph_destroy(clocked) == 0);
}

static void
test_clock(void **state)
{
	const struct ngu_lab s = { .name = "clock", .setup = with_clock, .body = { { "a", real_clock_refused } }, .end = end_clock };

	(void)state;
	passes(&s);
}

/* ---- choices, modes, replay */

static void
chooses(void *arg)
{
	unsigned a = ngu_lab_choose(5), b = ngu_lab_choose(3);

	(void)arg;
	ngu_lab_check(!(a == 4 && b == 2));
}

static void
test_choices(void **state)
{
	const struct ngu_lab s = { .name = "choices", .body = { { "a", chooses } } };

	(void)state;
	fails(&s, NGU_LAB_CHECK, "a == 4");
}

static void
test_modes(void **state)
{
	const struct ngu_lab lost = { .name = "lost-update", .body = { { "a", lost0 }, { "b", lost0 } }, .end = lost_end };
	struct ngu_lab_opts o = { .quiet = true, .mode = NGU_LAB_RANDOM, .schedules = 2000 };

	(void)state;
	assert_int_equal(run(&lost, &o).fail, NGU_LAB_CHECK);
	o.mode = NGU_LAB_PCT;
	assert_int_equal(run(&lost, &o).fail, NGU_LAB_CHECK);
}

static void
test_replay(void **state)
{
	const struct ngu_lab lost = { .name = "lost-update", .body = { { "a", lost0 }, { "b", lost0 } }, .end = lost_end };
	const struct ngu_lab sb = { .name = "store-buffer", .body = { { "a", sb0 }, { "b", sb1 } }, .end = sb_end };
	const struct ngu_lab *both[] = { &lost, &sb };
	struct ngu_lab_result r, again;
	char text[1200];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		pid_t pid;
		int status = -1;

		r = run(both[i], NULL);
		assert_int_equal(r.fail, NGU_LAB_CHECK);
		assert_true(strlen(r.schedule) != 0 && strlen(r.schedule) < 40); /* made short */
		(void)snprintf(text, sizeof(text), "%s:%s", both[i]->name, r.schedule);
		/* A replay runs in the program itself: here, in a child of its own. */
		(void)fflush(NULL);
		if ((pid = fork()) == 0) {
			(void)setenv("NGU_LAB_REPLAY", text, 1);
			_exit(ngu_lab_run(both[i], &quiet, &again) == ENOTRECOVERABLE && again.fail == NGU_LAB_CHECK ? 0 : 1);
		}
		assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
		assert_int_equal(status, 0);
		/* Another schedule does not fail. */
		if ((pid = fork()) == 0) {
			(void)snprintf(text, sizeof(text), "%s:", both[i]->name);
			(void)setenv("NGU_LAB_REPLAY", text, 1);
			(void)freopen("/dev/null", "w", stderr);
			_exit(ngu_lab_run(both[i], &quiet, &again) == 0 ? 0 : 1);
		}
		assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
		assert_int_equal(status, 0);
	}
}

static void
test_json(void **state)
{
	const struct ngu_lab lost = { .name = "lost\"update", .body = { { "a", lost0 }, { "b", lost0 } }, .end = lost_end };
	char name[] = "/tmp/ngu-lab-XXXXXX", line[2048];
	int fd = mkstemp(name);
	FILE *f;

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	(void)setenv("NGU_LAB_JSON", name, 1);
	(void)run(&lost, NULL);
	(void)unsetenv("NGU_LAB_JSON");
	f = fopen(name, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	(void)fclose(f);
	(void)unlink(name);
	assert_non_null(strstr(line, "{\"scenario\":\"lost\\\"update\",\"fail\":\"check\""));
	assert_non_null(strstr(line, "\"schedules\":"));
}

/* ---- scenarios that are not fit */

static int
refuses(void *arg)
{
	(void)arg;
	return (ENXIO);
}

static void
writes_outside(void *arg)
{
	(void)arg;
	(void)sscanf("7", "%u", &plain2); /* the C library writes: nobody sees it */
	ngu_lab_point();
}

void foreign_body(void *arg); /* foreign.c: compiled without the lab's flags */
void foreign_jumps(void *arg);
void foreign_calls(void *arg);

void
foreign_calls(void *arg)
{
	(void)arg;
	ngu_lab_point();
}

/* The same again: were the compiler to make one of the two, and a jump to it, it would not look like one of ours. */
static void
nothing_too(void *arg)
{
	(void)arg;
	ngu_lab_point();
}

static void
test_unfit(void **state)
{
	const struct ngu_lab ours = { .name = "foreign-none", .body = { { "ours", nothing }, { "theirs", nothing } } };
	const struct ngu_lab one = { .name = "foreign-one", .body = { { "theirs", foreign_body }, { "ours", nothing } } };
	const struct ngu_lab jumps = { .name = "foreign-jumps", .body = { { "ours", nothing }, { "theirs", foreign_jumps } } };
	const struct ngu_lab alike = { .name = "foreign-alike", .body = { { "ours", nothing }, { "the same", nothing_too } } };
	const struct ngu_lab two = { .name = "foreign-two", .body = { { "ours", nothing }, { "theirs", foreign_body } } };

	const struct ngu_lab none = { .name = "none" };
	const struct ngu_lab bad = { .name = "bad", .setup = refuses, .body = { { "a", nothing } } };
	const struct ngu_lab back = { .name = "behind", .body = { { "a", writes_outside }, { "b", nothing } } };
	const struct ngu_lab few = { .name = "few", .points = 1000, .body = { { "a", lost0 }, { "b", lost0 } } };

	(void)state;
	assert_int_equal(ngu_lab_run(&none, &quiet, NULL), EINVAL);
	assert_int_equal(ngu_lab_run(&bad, &quiet, NULL), ENXIO);
	passes(&ours);
	fails(&one, NGU_LAB_SELF, "body \"theirs\" was not compiled for the lab");
	fails(&jumps, NGU_LAB_SELF, "body \"theirs\" was not compiled for the lab");
	passes(&alike);
	fails(&two, NGU_LAB_SELF, "body \"theirs\" was not compiled for the lab");
	fails(&back, NGU_LAB_SELF, "behind the lab's back");
	fails(&few, NGU_LAB_SELF, "scheduling points got lost");
}

/* ---- what is said */

static int
panics(void *arg)
{
	(void)arg;
	ngu_lab_fail("no luck");
}

/* What a run writes to standard error. */
static void
said(const struct ngu_lab *scene, const struct ngu_lab_opts *opts, char *text, size_t size)
{
	FILE *f = tmpfile();
	int old = dup(STDERR_FILENO);

	assert_true(f != NULL && old >= 0);
	(void)fflush(NULL);
	(void)dup2(fileno(f), STDERR_FILENO);
	(void)ngu_lab_run(scene, opts, NULL);
	(void)dup2(old, STDERR_FILENO);
	(void)close(old);
	rewind(f);
	text[fread(text, 1, size - 1, f)] = '\0';
	(void)fclose(f);
}

static void
test_reports(void **state)
{
	const struct ngu_lab race = { .name = "race", .body = { { "a", counts }, { "b", counts } } };
	const struct ngu_lab lost = { .name = "lost-update", .body = { { "a", lost0 }, { "b", lost0 } }, .end = lost_end };
	const struct ngu_lab dead = { .name = "deadlock", .body = { { "a", wait_x }, { "b", wait_y } } };
	const struct ngu_lab setup = { .name = "setup", .setup = panics, .body = { { "a", nothing } } };
	const struct ngu_lab few = { .name = "few", .points = 1000, .body = { { "a", lost0 }, { "b", lost0 } } };
	const struct {
		const struct ngu_lab *scene;
		const char *first;
	} t[] = {
		{ &race, "lab: race: FAILED: data race on " },
		{ &lost, "lab: lost-update: FAILED: check failed: x == 2" },
		{ &dead, "lab: deadlock: FAILED: deadlock: " },
		{ &setup, "lab: setup: setup FAILED: check: no luck\n" },
		{ &few, "lab: few: decisions were taken at 3 places only; 1000 were known" },
	};
	char text[8192];

	(void)state;
	for (unsigned i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		said(t[i].scene, NULL, text, sizeof(text));
		if (strncmp(text, t[i].first, strlen(t[i].first)) != 0)
			fail_msg("expected \"%s\", said \"%s\"", t[i].first, text);
		said(t[i].scene, &quiet, text, sizeof(text));
		assert_string_equal(text, "");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_race),
		cmocka_unit_test(test_publication),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_store_buffer),
		cmocka_unit_test(test_all_orders),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_crash),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_unfit),
		cmocka_unit_test(test_reports),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
