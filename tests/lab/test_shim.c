/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_shim.c - kernel facilities in every order of their threads. First the facilities: what they guard is plain memory, so an order that
 * one does not make is a race. Then programs of a few lines that use them, each with a fault that drivers have had and without: the lab
 * finds it, for each facility is a place where others may run, and passes the mended one.
 */
#include "lab/lab_test.h"

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/epoch.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/rmlock.h>
#include <sys/rwlock.h>
#include <sys/sx.h>
#include <sys/taskqueue.h>
#include <machine/atomic.h>
#include <net/vnet.h>
#include <vm/uma.h>

/* ---- rwlock(9) ---- */

static struct rwlock rw;
static int left, right; /* the same, under the lock */

static int
rw_setup(void *arg)
{
	(void)arg;
	rw_init(&rw, "lab");
	left = right = 0;
	return (0);
}

static void
writes(void *arg)
{
	(void)arg;
	rw_wlock(&rw);
	left++;
	right++;
	rw_wunlock(&rw);
}

static void
reads(void *arg)
{
	(void)arg;
	rw_rlock(&rw);
	ngu_lab_check(left == right);
	rw_rlock(&rw); /* again, with a writer waiting or not */
	rw_runlock(&rw);
	rw_runlock(&rw);
}

static void
upgrades(void *arg)
{
	(void)arg;
	rw_rlock(&rw);
	if (rw_try_upgrade(&rw)) {
		left++;
		right++;
		rw_downgrade(&rw);
		ngu_lab_check(left == right);
	}
	rw_unlock(&rw);
}

static void
rw_end(void *arg)
{
	(void)arg;
	ngu_lab_check(left == right && left >= 1);
	ngu_k_rw_assert(&rw, RA_UNLOCKED, __FILE__, __LINE__);
	rw_destroy(&rw);
}

static const struct ngu_lab read_write = { .name = "shim-read-write", .points = LT_POINTS(25), .setup = rw_setup,
	.body = { { "writer", writes }, { "reader", reads } }, .end = rw_end };
static const struct ngu_lab write_write = { .name = "shim-write-write", .points = LT_POINTS(14), .setup = rw_setup,
	.body = { { "one", writes }, { "two", writes } }, .end = rw_end };
static const struct ngu_lab write_upgrade = { .name = "shim-write-upgrade", .points = LT_POINTS(36), .setup = rw_setup,
	.body = { { "writer", writes }, { "upgrade", upgrades } }, .end = rw_end };

/* ---- uma(9): one object for two ---- */

static uma_zone_t zone;
static int uses;

static int
zone_setup(void *arg)
{
	(void)arg;
	zone = uma_zcreate("lab", 16, NULL, NULL, NULL, NULL, UMA_ALIGN_PTR, 0);
	(void)uma_zone_set_max(zone, 1);
	uses = 0;
	return (0);
}

static void
borrows(void *arg)
{
	void *p = uma_zalloc(zone, M_WAITOK);

	(void)arg;
	ngu_lab_check(p != NULL);
	ngu_lab_check(uma_zone_get_cur(zone) == 1);
	uma_zfree(zone, p);
}

static void
zone_end(void *arg)
{
	(void)arg;
	ngu_lab_check(uma_zone_get_cur(zone) == 0);
	uma_zdestroy(zone);
}

static const struct ngu_lab zone_limit = { .name = "shim-zone-limit", .points = LT_POINTS(19), .setup = zone_setup,
	.body = { { "one", borrows }, { "two", borrows } }, .end = zone_end };

/* ---- taskqueue(9) ---- */

static struct taskqueue *tq;
static struct task task;
static int ran, asked; /* plain: the queue orders them */

static void
does(void *arg, int pending)
{
	(void)arg;
	ran += pending;
}

static int
tq_setup(void *arg)
{
	(void)arg;
	ran = 0;
	TASK_INIT(&task, 0, does, NULL);
	if ((tq = taskqueue_create("lab", M_NOWAIT, taskqueue_thread_enqueue, &tq)) == NULL)
		return (ENOMEM);
	return (taskqueue_start_threads(&tq, 1, 0, "lab"));
}

/* After the drain the task has run and is at rest: what it wrote can be read. */
static void
drains(void *arg)
{
	(void)arg;
	ngu_lab_check(taskqueue_enqueue(tq, &task) == 0);
	taskqueue_drain(tq, &task);
	ngu_lab_check(ran == 1);
}

static void
cancels(void *arg)
{
	u_int n = 0;

	(void)arg;
	ngu_lab_check(taskqueue_enqueue(tq, &task) == 0);
	if (taskqueue_cancel(tq, &task, &n) == 0 && n == 1)
		ngu_lab_check(ran == 0);
	asked = (int)n;
	taskqueue_drain(tq, &task);
	ngu_lab_check(ran == 1 - asked);
}

static void
tq_end(void *arg)
{
	(void)arg;
	taskqueue_free(tq);
}

static const struct ngu_lab task_drain = { .name = "shim-task-drain", .points = LT_POINTS(20), .setup = tq_setup, .body = { { "drain", drains } },
	.end = tq_end };
static const struct ngu_lab task_cancel = { .name = "shim-task-cancel", .points = LT_POINTS(25), .setup = tq_setup, .body = { { "cancel", cancels } },
	.end = tq_end };

/* ---- sys/kernel.h: each thread's own ticks ---- */

static struct ngu_graph *late; /* its clock is far ahead */

static int
ticks_setup(void *arg)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .fake_clock = true };
	int error = lt_graph(0);

	(void)arg;
	if (error == 0 && (error = ngu_graph_create(&o, &late)) == 0)
		error = ngu_clock_advance(late, 100000000000);
	return (error);
}

static void
reads_ticks(void *arg)
{
	struct ngu_graph *before = ngu_graph_enter(g);

	(void)arg;
	for (int i = 0; i < 2; i++)
		ngu_lab_check(ticks < 100000);
	(void)ngu_graph_enter(before);
}

static void
reads_late_ticks(void *arg)
{
	struct ngu_graph *before = ngu_graph_enter(late);

	(void)arg;
	for (int i = 0; i < 2; i++) {
		ngu_lab_check(ngu_clock_advance(g, 1000000) == 0); /* what the other one reads */
		ngu_lab_check(ticks == 100000);
	}
	(void)ngu_graph_enter(before);
}

static void
ticks_end(void *arg)
{
	ngu_lab_check(ngu_graph_destroy(late) == 0);
	(void)arg;
	lt_destroy();
}

static const struct ngu_lab own_ticks = { .name = "shim-ticks", .points = LT_POINTS(4), .setup = ticks_setup,
	.body = { { "one", reads_ticks }, { "two", reads_late_ticks } }, .end = ticks_end };

/* ---- net/vnet.h: two at the first touch ---- */

VNET_DEFINE_STATIC(int, own) = 7;
static int touched;

static int
vnet_setup(void *arg)
{
	(void)arg;
	return (lt_graph(0));
}

static void
touches(void *arg)
{
	struct ngu_graph *before = ngu_graph_enter(g);
	int *p = &VNET(own);

	(void)arg;
	ngu_lab_check(*p == 7);
	ngu_lab_check(p == &VNET(own));
	(void)ngu_graph_enter(before);
}

static void
vnet_end(void *arg)
{
	struct ngu_graph *before = ngu_graph_enter(g);

	(void)arg;
	VNET(own) = 8;
	touched = VNET(own);
	(void)ngu_graph_enter(before);
	ngu_lab_check(touched == 8);
	lt_destroy();
}

static const struct ngu_lab vnet_touch = { .name = "shim-vnet-touch", .points = LT_POINTS(10), .setup = vnet_setup,
	.body = { { "one", touches }, { "two", touches } }, .end = vnet_end };

LT_TEST(read_write)
LT_TEST(write_write)
LT_TEST(write_upgrade)
LT_TEST(zone_limit)
LT_TEST(task_drain)
LT_TEST(task_cancel)
LT_TEST(own_ticks)
LT_TEST(vnet_touch)

/* ======== programs: `arg` is one with the fault, NULL for the mended one (lt_finds()) ======== */

static MALLOC_DEFINE(M_PROG, "prog", "programs of the lab's tests");

struct softc {
	int value;
	int uses;
	struct callout timer;
	struct task task;
	struct epoch_context ctx;
};

static struct softc *sc;

static struct softc *
sc_alloc(void)
{
	struct softc *s = malloc(sizeof(*s), M_PROG, M_NOWAIT | M_ZERO);

	if (s != NULL)
		s->value = 7;
	return (s);
}

/* mutex(9): an account of two, which one who looks does without the lock. */

static struct mtx mtx;

static int
account_setup(void *arg)
{
	(void)arg;
	mtx_init(&mtx, "account", NULL, MTX_DEF);
	left = 10;
	right = 0;
	return (0);
}

static void
moves(void *arg)
{
	(void)arg;
	mtx_lock(&mtx);
	left--;
	right++;
	mtx_unlock(&mtx);
}

static void
looks(void *arg)
{
	if (arg == NULL)
		mtx_lock(&mtx);
	ngu_lab_check(left + right == 10);
	if (arg == NULL)
		mtx_unlock(&mtx);
}

static void
account_end(void *arg)
{
	(void)arg;
	mtx_destroy(&mtx);
}

static const struct ngu_lab account = { .name = "shim-mutex", .points = LT_POINTS(10), .setup = account_setup,
	.body = { { "moves", moves }, { "looks", looks } }, .end = account_end };

static void
test_mutex(void **state)
{
	(void)state;
	lt_finds(&account, NULL, NGU_LAB_RACE, "left");
}

/* rwlock(9): who counts itself under the read lock. */

static int users;

static int
users_setup(void *arg)
{
	(void)arg;
	rw_init(&rw, "users");
	users = 0;
	return (0);
}

static void
comes(void *arg)
{
	if (arg != NULL)
		rw_rlock(&rw);
	else
		rw_wlock(&rw);
	users++;
	rw_unlock(&rw);
}

static void
users_end(void *arg)
{
	(void)arg;
	ngu_lab_check(users == 2);
	rw_destroy(&rw);
}

static const struct ngu_lab under_read = { .name = "shim-rwlock", .points = LT_POINTS(12), .setup = users_setup,
	.body = { { "one", comes }, { "two", comes } }, .end = users_end };

static void
test_rwlock(void **state)
{
	(void)state;
	lt_finds(&under_read, NULL, NGU_LAB_RACE, "users");
}

/* sx(9): two locks in two orders. */

static struct sx one, two;

static int
orders_setup(void *arg)
{
	(void)arg;
	sx_init(&one, "one");
	sx_init(&two, "two");
	return (0);
}

static void
both(struct sx *first, struct sx *second)
{
	sx_xlock(first);
	sx_slock(second);
	sx_sunlock(second);
	sx_xunlock(first);
}

static void
one_two(void *arg)
{
	(void)arg;
	both(&one, &two);
}

static void
two_one(void *arg)
{
	if (arg != NULL)
		both(&two, &one);
	else
		both(&one, &two);
}

static void
orders_end(void *arg)
{
	(void)arg;
	sx_destroy(&one);
	sx_destroy(&two);
}

static const struct ngu_lab two_orders = { .name = "shim-sx", .points = LT_POINTS(15), .setup = orders_setup,
	.body = { { "one-two", one_two }, { "two-one", two_one } }, .end = orders_end };

static void
test_sx(void **state)
{
	(void)state;
	lt_finds(&two_orders, NULL, NGU_LAB_DEADLOCK, "");
}

/* rmlock(9): what was found under the lock is used after it. */

static struct rmlock rm;

static int
found_setup(void *arg)
{
	(void)arg;
	rm_init(&rm, "found");
	return ((sc = sc_alloc()) != NULL ? 0 : ENOMEM);
}

static void
uses_found(void *arg)
{
	struct rm_priotracker t;
	struct softc *s;

	rm_rlock(&rm, &t);
	s = sc;
	if (arg != NULL)
		rm_runlock(&rm, &t);
	if (s != NULL)
		ngu_lab_check(s->value == 7);
	if (arg == NULL)
		rm_runlock(&rm, &t);
}

static void
removes(void *arg)
{
	struct softc *s;

	(void)arg;
	rm_wlock(&rm);
	s = sc;
	sc = NULL;
	rm_wunlock(&rm);
	free(s, M_PROG);
}

static void
found_end(void *arg)
{
	(void)arg;
	rm_destroy(&rm);
}

static const struct ngu_lab used_late = { .name = "shim-rmlock", .points = LT_POINTS(23), .setup = found_setup,
	.body = { { "uses", uses_found }, { "removes", removes } }, .end = found_end };

static void
test_rmlock(void **state)
{
	(void)state;
	lt_finds(&used_late, NULL, NGU_LAB_MEMORY, "sc_alloc");
}

/* callout(9): the timer is stopped, not drained, before its memory goes. */

static void
ticks_over(void *arg)
{
	struct softc *s = arg;

	s->uses++;
}

static int
timer_setup(void *arg)
{
	struct ngu_graph *before;
	int error;

	(void)arg;
	if ((error = lt_graph(0)) != 0)
		return (error);
	if ((sc = sc_alloc()) == NULL)
		return (ENOMEM);
	before = ngu_graph_enter(g);
	callout_init(&sc->timer, 1);
	callout_reset(&sc->timer, hz / 10, ticks_over, sc);
	(void)ngu_graph_enter(before);
	return (0);
}

static void
passes_time(void *arg)
{
	(void)arg;
	ngu_lab_check(ngu_clock_advance(g, INT64_C(100000000)) == 0);
}

static void
detaches_timer(void *arg)
{
	if (arg != NULL)
		(void)callout_stop(&sc->timer);
	else
		(void)callout_drain(&sc->timer);
	free(sc, M_PROG);
}

static void
timer_end(void *arg)
{
	(void)arg;
	lt_destroy();
}

static const struct ngu_lab not_drained = { .name = "shim-callout", .points = LT_POINTS(23), .setup = timer_setup,
	.body = { { "clock", passes_time }, { "detaches", detaches_timer } }, .end = timer_end };

static void
test_timer(void **state)
{
	(void)state;
	lt_finds(&not_drained, NULL, NGU_LAB_MEMORY, "sc_alloc");
}

/* taskqueue(9): the task is asked for, and its memory goes without a drain. */

static void
task_uses(void *arg, int pending)
{
	struct softc *s = arg;

	s->uses += pending;
}

static int
task_setup(void *arg)
{
	int error = tq_setup(arg);

	if (error != 0)
		return (error);
	if ((sc = sc_alloc()) == NULL)
		return (ENOMEM);
	TASK_INIT(&sc->task, 0, task_uses, sc);
	return (0);
}

static void
asks_and_detaches(void *arg)
{
	(void)taskqueue_enqueue(tq, &sc->task);
	if (arg == NULL)
		taskqueue_drain(tq, &sc->task);
	free(sc, M_PROG);
}

static const struct ngu_lab task_left = { .name = "shim-taskqueue", .points = LT_POINTS(20), .setup = task_setup,
	.body = { { "detaches", asks_and_detaches } }, .end = tq_end };

static void
test_taskqueue(void **state)
{
	(void)state;
	lt_finds(&task_left, NULL, NGU_LAB_MEMORY, "sc_alloc");
}

/* malloc(9): memory that may be refused, and is not asked whether. */

static void
takes(void *arg)
{
	struct softc *s = malloc(sizeof(*s), M_PROG, M_NOWAIT);

	if (arg == NULL && s == NULL)
		return;
	s->value = 1;
	free(s, M_PROG);
}

static const struct ngu_lab refused = { .name = "shim-malloc", .points = LT_POINTS(7), .body = { { "one", takes }, { "two", takes } } };
static const struct ngu_lab_opts refusals = { .preemptions = 1, .failures = 1 };

static void
test_memory(void **state)
{
	(void)state;
	lt_finds(&refused, &refusals, NGU_LAB_PANIC, "egmentation");
}

/* uma(9): two zones of one object each, and two who need both. */

static uma_zone_t hammers, nails;

static int
zones_setup(void *arg)
{
	(void)arg;
	hammers = uma_zcreate("hammers", 16, NULL, NULL, NULL, NULL, UMA_ALIGN_PTR, 0);
	nails = uma_zcreate("nails", 16, NULL, NULL, NULL, NULL, UMA_ALIGN_PTR, 0);
	(void)uma_zone_set_max(hammers, 1);
	(void)uma_zone_set_max(nails, 1);
	return (0);
}

static void
needs(uma_zone_t first, uma_zone_t second)
{
	void *p = uma_zalloc(first, M_WAITOK), *q = uma_zalloc(second, M_WAITOK);

	uma_zfree(second, q);
	uma_zfree(first, p);
}

static void
hammer_first(void *arg)
{
	(void)arg;
	needs(hammers, nails);
}

static void
nail_first(void *arg)
{
	if (arg != NULL)
		needs(nails, hammers);
	else
		needs(hammers, nails);
}

static void
zones_end(void *arg)
{
	(void)arg;
	uma_zdestroy(hammers);
	uma_zdestroy(nails);
}

static const struct ngu_lab two_zones = { .name = "shim-uma", .points = LT_POINTS(18), .setup = zones_setup,
	.body = { { "hammer", hammer_first }, { "nail", nail_first } }, .end = zones_end };

static void
test_uma(void **state)
{
	(void)state;
	lt_finds(&two_zones, NULL, NGU_LAB_DEADLOCK, "");
}

/* epoch(9): what readers may have in hand is freed at once. */

static u_long shared; /* a softc */

static int
shared_setup(void *arg)
{
	(void)arg;
	shared = (u_long)sc_alloc();
	return (shared != 0 ? 0 : ENOMEM);
}

static void
reads_shared(void *arg)
{
	struct epoch_tracker et;
	const struct softc *s;

	(void)arg;
	NET_EPOCH_ENTER(et);
	if ((s = (const struct softc *)atomic_load_acq_long(&shared)) != NULL)
		ngu_lab_check(s->value == 7);
	NET_EPOCH_EXIT(et);
}

static void
sc_free(epoch_context_t ctx)
{
	free(__containerof(ctx, struct softc, ctx), M_PROG);
}

static void
unshares(void *arg)
{
	struct softc *s = (struct softc *)shared;

	atomic_store_rel_long(&shared, 0);
	if (arg != NULL)
		free(s, M_PROG);
	else
		NET_EPOCH_CALL(sc_free, &s->ctx);
}

static void
shared_end(void *arg)
{
	(void)arg;
	NET_EPOCH_DRAIN_CALLBACKS();
}

static const struct ngu_lab too_soon = { .name = "shim-epoch", .points = LT_POINTS(4), .setup = shared_setup,
	.body = { { "reads", reads_shared }, { "frees", unshares } }, .end = shared_end };

static void
test_epoch(void **state)
{
	(void)state;
	lt_finds(&too_soon, NULL, NGU_LAB_MEMORY, "sc_alloc");
}

/* sleep(9): the wake-up comes between the look and the sleep. */

static u_int done;

static int
sleep_setup(void *arg)
{
	(void)arg;
	mtx_init(&mtx, "sleep", NULL, MTX_DEF);
	done = 0;
	return (0);
}

static void
waits_done(void *arg)
{
	(void)arg;
	mtx_lock(&mtx);
	while (atomic_load_acq_int(&done) == 0)
		ngu_lab_check(msleep(&done, &mtx, PZERO, "done", 0) == 0);
	mtx_unlock(&mtx);
}

static void
says_done(void *arg)
{
	if (arg == NULL)
		mtx_lock(&mtx);
	atomic_store_rel_int(&done, 1);
	wakeup(&done);
	if (arg == NULL)
		mtx_unlock(&mtx);
}

static const struct ngu_lab wake_up = { .name = "shim-sleep", .points = LT_POINTS(19), .setup = sleep_setup,
	.body = { { "waits", waits_done }, { "says", says_done } }, .end = account_end };

static void
test_sleeps(void **state)
{
	(void)state;
	lt_finds(&wake_up, NULL, NGU_LAB_DEADLOCK, "");
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_write),
		cmocka_unit_test(test_write_write),
		cmocka_unit_test(test_write_upgrade),
		cmocka_unit_test(test_zone_limit),
		cmocka_unit_test(test_task_drain),
		cmocka_unit_test(test_task_cancel),
		cmocka_unit_test(test_own_ticks),
		cmocka_unit_test(test_vnet_touch),
		cmocka_unit_test(test_mutex),
		cmocka_unit_test(test_rwlock),
		cmocka_unit_test(test_sx),
		cmocka_unit_test(test_rmlock),
		cmocka_unit_test(test_timer),
		cmocka_unit_test(test_taskqueue),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_uma),
		cmocka_unit_test(test_epoch),
		cmocka_unit_test(test_sleeps),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
