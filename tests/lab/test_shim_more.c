/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_shim_more.c - what is read without a lock, and threads of the kernel's kind, in every order: sys/ck.h, sys/smr.h, sys/kthread.h.
 * As in test_shim.c, programs of a few lines, each with a fault that drivers have had and without. What is published, and what is freed, is
 * plain memory: the orders that docs/memory-model.md has for lists and for smr are all there is between two threads here.
 */
#include "lab/lab_test.h"

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/ck.h>
#include <sys/epoch.h>
#include <sys/kthread.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/proc.h>
#include <sys/smr.h>
#include <machine/atomic.h>
#include <machine/cpu.h>
#include <vm/uma.h>

static MALLOC_DEFINE(M_PROG, "prog", "programs of the lab's tests");

/* ======== sys/ck.h: one element on a list of each kind ======== */

struct elm {
	int value;
	CK_SLIST_ENTRY(elm) s;
	CK_LIST_ENTRY(elm) l;
	CK_STAILQ_ENTRY(elm) q;
	struct epoch_context ctx;
};

static CK_SLIST_HEAD(, elm) slist, other;
static CK_LIST_HEAD(, elm) list;
static CK_STAILQ_HEAD(, elm) stailq;
static struct elm *at[3];
static struct mtx mtx;

static struct elm *
elm_alloc(int value)
{
	struct elm *e = malloc(sizeof(*e), M_PROG, M_NOWAIT | M_ZERO);

	if (e != NULL)
		e->value = value;
	return (e);
}

static void
elm_free(epoch_context_t ctx)
{
	free(__containerof(ctx, struct elm, ctx), M_PROG);
}

/* All three exist; the first n are on the lists, in their order. */
static int
lists_setup(int n)
{
	mtx_init(&mtx, "lists", NULL, MTX_DEF);
	CK_SLIST_INIT(&slist);
	CK_SLIST_INIT(&other);
	CK_LIST_INIT(&list);
	CK_STAILQ_INIT(&stailq);
	for (int i = 0; i < 3; i++)
		if ((at[i] = elm_alloc(1 << i)) == NULL)
			return (ENOMEM);
	for (int i = n - 1; i >= 0; i--) {
		CK_SLIST_INSERT_HEAD(&slist, at[i], s);
		CK_LIST_INSERT_HEAD(&list, at[i], l);
		CK_STAILQ_INSERT_HEAD(&stailq, at[i], q);
	}
	return (0);
}

static void
lists_end(void *arg)
{
	(void)arg;
	NET_EPOCH_DRAIN_CALLBACKS();
	for (int i = 0; i < 3; i++)
		free(at[i], M_PROG);
	mtx_destroy(&mtx);
}

/* Each list has element 0 and may have the others, whole and in their order. */
static void
walks(void *arg)
{
	struct epoch_tracker et;
	struct elm *e;
	int seen;

	(void)arg;
	NET_EPOCH_ENTER(et);
	seen = 0;
	CK_SLIST_FOREACH(e, &slist, s) {
		ngu_lab_check(e->value > seen);
		seen += e->value;
	}
	ngu_lab_check((seen & 1) != 0);
	seen = 0;
	CK_LIST_FOREACH(e, &list, l) {
		ngu_lab_check(e->value > seen);
		seen += e->value;
	}
	ngu_lab_check((seen & 1) != 0);
	seen = 0;
	CK_STAILQ_FOREACH(e, &stailq, q) {
		ngu_lab_check(e->value > seen);
		seen += e->value;
	}
	ngu_lab_check((seen & 1) != 0);
	NET_EPOCH_EXIT(et);
}

/* What an element is, is written when it is on the lists. */

static int
insert_setup(void *arg)
{
	(void)arg;
	return (lists_setup(1));
}

static void
inserts(void *arg)
{
	struct elm *e = at[1];

	e->value = 0;
	if (arg == NULL)
		e->value = 2;
	CK_SLIST_INSERT_AFTER(at[0], e, s);
	CK_LIST_INSERT_AFTER(at[0], e, l);
	CK_STAILQ_INSERT_TAIL(&stailq, e, q);
	if (arg != NULL)
		e->value = 2;
}

static const struct ngu_lab ck_insert = { .name = "shim-ck-insert", .points = LT_POINTS(15), .setup = insert_setup,
	.body = { { "walks", walks }, { "inserts", inserts } }, .end = lists_end };

static void
test_ck_insert(void **state)
{
	(void)state;
	lt_finds(&ck_insert, NULL, NGU_LAB_RACE, "elm_alloc");
}

/* What readers may stand on is freed at once. */

static int
remove_setup(void *arg)
{
	(void)arg;
	return (lists_setup(3));
}

static void
removes(void *arg)
{
	struct elm *e = at[1];

	CK_SLIST_REMOVE(&slist, e, elm, s);
	CK_LIST_REMOVE(e, l);
	CK_STAILQ_REMOVE(&stailq, e, elm, q);
	at[1] = NULL;
	if (arg != NULL)
		free(e, M_PROG);
	else
		NET_EPOCH_CALL(elm_free, &e->ctx);
}

static const struct ngu_lab ck_remove = { .name = "shim-ck-remove", .points = LT_POINTS(16), .setup = remove_setup,
	.body = { { "walks", walks }, { "removes", removes } }, .end = lists_end };

static void
test_ck_remove(void **state)
{
	(void)state;
	lt_finds(&ck_remove, NULL, NGU_LAB_MEMORY, "elm_alloc");
}

/* It goes on another list at once, and takes along who stands on it. */

static void
counts(void *arg)
{
	struct epoch_tracker et;
	struct elm *e;
	int seen = 0;

	(void)arg;
	NET_EPOCH_ENTER(et);
	CK_SLIST_FOREACH(e, &slist, s)
		seen += e->value;
	NET_EPOCH_EXIT(et);
	ngu_lab_check(seen == 1 + 4 || seen == 1 + 2 + 4);
}

static void
changes_list(void *arg)
{
	CK_SLIST_REMOVE_AFTER(at[0], s);
	if (arg == NULL)
		NET_EPOCH_WAIT();
	CK_SLIST_INSERT_HEAD(&other, at[1], s);
}

static const struct ngu_lab ck_again = { .name = "shim-ck-again", .points = LT_POINTS(5), .setup = remove_setup,
	.body = { { "counts", counts }, { "changes", changes_list } }, .end = lists_end };

static void
test_ck_again(void **state)
{
	(void)state;
	lt_finds(&ck_again, NULL, NGU_LAB_CHECK, "seen ==");
}

/* Two write, without the lock that makes one of them. */

static void
appends(struct elm *e, void *arg)
{
	if (arg == NULL)
		mtx_lock(&mtx);
	CK_STAILQ_INSERT_TAIL(&stailq, e, q);
	if (arg == NULL)
		mtx_unlock(&mtx);
}

static void
appends_one(void *arg)
{
	appends(at[1], arg);
}

static void
appends_two(void *arg)
{
	appends(at[2], arg);
}

static void
appended(void *arg)
{
	struct elm *e;
	int seen = 0;

	CK_STAILQ_FOREACH(e, &stailq, q)
		seen += e->value;
	ngu_lab_check(seen == 1 + 2 + 4);
	lists_end(arg);
}

static const struct ngu_lab ck_writers = { .name = "shim-ck-writers", .points = LT_POINTS(12), .setup = insert_setup,
	.body = { { "one", appends_one }, { "two", appends_two } }, .end = appended };

static void
test_ck_writers(void **state)
{
	(void)state;
	lt_finds(&ck_writers, NULL, NGU_LAB_RACE, "stailq");
}

/* ======== sys/smr.h: a configuration that is replaced, never changed ======== */

struct conf {
	int a, b; /* together 0 */
};

static smr_t smr;
static uma_zone_t zone;
static SMR_POINTER(struct conf *) current;
static struct conf *next;

static struct conf *
conf_alloc(int a)
{
	struct conf *c = malloc(sizeof(*c), M_PROG, M_NOWAIT);

	if (c != NULL)
		*c = (struct conf){ a, -a };
	return (c);
}

static int
conf_setup(void *arg)
{
	struct conf *c = conf_alloc(1);

	(void)arg;
	smr = smr_create("lab", 0, 0);
	smr_unserialized_store(&current, c, true);
	next = conf_alloc(2);
	return (c != NULL && next != NULL ? 0 : ENOMEM);
}

static void
conf_end(void *arg)
{
	(void)arg;
	free(smr_unserialized_load(&current, true), M_PROG);
	free(next, M_PROG);
	smr_destroy(smr);
}

static void
reads_conf(void *arg)
{
	const struct conf *c;

	(void)arg;
	smr_enter(smr);
	if ((c = smr_entered_load(&current, smr)) != NULL)
		ngu_lab_check(c->a + c->b == 0);
	smr_exit(smr);
}

/* The next one becomes the current one, in one of the two ways. */
static struct conf *
publish(struct conf *c)
{
	struct conf *old;

	if (ngu_lab_choose(2) != 0)
		return (smr_serialized_swap(&current, c, true));
	old = smr_serialized_load(&current, true);
	smr_serialized_store(&current, c, true);
	return (old);
}

/* It is filled in when readers have it. */

static void
fills(void *arg)
{
	struct conf *c = next, *old;

	if (arg == NULL)
		*c = (struct conf){ 3, -3 };
	old = publish(c);
	if (arg != NULL)
		*c = (struct conf){ 3, -3 };
	next = old; /* end frees it */
}

static const struct ngu_lab smr_pointer = { .name = "shim-smr-pointer", .points = LT_POINTS(8), .setup = conf_setup,
	.body = { { "reads", reads_conf }, { "fills", fills } }, .end = conf_end };

static void
test_smr_pointer(void **state)
{
	(void)state;
	lt_finds(&smr_pointer, NULL, NGU_LAB_RACE, "conf_alloc");
}

/* The old one is freed, or used for something else, at once. */

static void
replaces(void *arg)
{
	struct conf *old = publish(next);

	if (arg == NULL)
		smr_synchronize(smr);
	next = NULL;
	old->a = 0; /* nobody looks */
	free(old, M_PROG);
}

static const struct ngu_lab smr_synch = { .name = "shim-smr-synchronize", .points = LT_POINTS(17), .setup = conf_setup,
	.body = { { "reads", reads_conf }, { "replaces", replaces } }, .end = conf_end };

static void
test_smr_synchronize(void **state)
{
	(void)state;
	lt_finds(&smr_synch, NULL, NGU_LAB_MEMORY, "conf_alloc");
}

/* The number is asked for before the pointer is gone: a reader who comes between has it, and is not waited for. */

static void
asks_early(void *arg)
{
	smr_seq_t goal = SMR_SEQ_INVALID;
	struct conf *old;

	if (arg != NULL)
		goal = smr_advance(smr);
	old = publish(NULL);
	if (arg == NULL)
		goal = smr_advance(smr);
	smr_wait(smr, goal);
	free(old, M_PROG);
}

static const struct ngu_lab smr_goal = { .name = "shim-smr-goal", .points = LT_POINTS(16), .setup = conf_setup,
	.body = { { "reads", reads_conf }, { "asks", asks_early } }, .end = conf_end };

static void
test_smr_goal(void **state)
{
	(void)state;
	lt_finds(&smr_goal, NULL, NGU_LAB_MEMORY, "conf_alloc");
}

/* A third one frees what the number is for, and does not ask whether it is reached. */

static volatile u_int goal_of; /* of `gone` */
static struct conf *gone;

static int
later_setup(void *arg)
{
	goal_of = SMR_SEQ_INVALID;
	gone = NULL;
	return (conf_setup(arg));
}

static void
unlinks(void *arg)
{
	(void)arg;
	gone = publish(NULL);
	atomic_store_rel_int(&goal_of, smr_advance(smr));
}

static void
collects(void *arg)
{
	smr_seq_t goal = atomic_load_acq_int(&goal_of);

	if (goal == SMR_SEQ_INVALID || (arg == NULL && !smr_poll(smr, goal, false)))
		return;
	free(gone, M_PROG);
	gone = NULL;
}

static void
later_end(void *arg)
{
	if (gone != NULL) {
		smr_wait(smr, goal_of);
		free(gone, M_PROG);
	}
	conf_end(arg);
}

static const struct ngu_lab smr_later = { .name = "shim-smr-poll", .points = LT_POINTS(20), .setup = later_setup,
	.body = { { "reads", reads_conf }, { "unlinks", unlinks }, { "collects", collects } }, .end = later_end };

static void
test_smr_poll(void **state)
{
	(void)state;
	lt_finds(&smr_later, NULL, NGU_LAB_MEMORY, "conf_alloc");
}

/* uma(9) has no zones that defer their frees (sys/smr.h says so): an object goes back before its readers have left, and is another's. */

static int
zone_setup(void *arg)
{
	struct conf *c;

	(void)arg;
	smr = smr_create("lab", 0, 0);
	zone = uma_zcreate("confs", sizeof(struct conf), NULL, NULL, NULL, NULL, UMA_ALIGN_PTR, 0);
	if ((c = uma_zalloc(zone, M_NOWAIT)) == NULL)
		return (ENOMEM);
	*c = (struct conf){ 1, -1 };
	smr_unserialized_store(&current, c, true);
	return (0);
}

static void
recycles(void *arg)
{
	struct conf *old = publish(NULL), *c;

	if (arg == NULL)
		smr_synchronize(smr);
	uma_zfree(zone, old);
	if ((c = uma_zalloc(zone, M_NOWAIT)) != NULL) {
		*c = (struct conf){ 5, 5 }; /* another's */
		uma_zfree(zone, c);
	}
}

static void
zone_end(void *arg)
{
	(void)arg;
	ngu_lab_check(uma_zone_get_cur(zone) == 0);
	uma_zdestroy(zone);
	smr_destroy(smr);
}

static const struct ngu_lab smr_zone = { .name = "shim-smr-zone", .points = LT_POINTS(16), .setup = zone_setup,
	.body = { { "reads", reads_conf }, { "recycles", recycles } }, .end = zone_end };

static void
test_smr_zone(void **state)
{
	(void)state;
	lt_finds(&smr_zone, NULL, NGU_LAB_MEMORY, "zone_setup");
}

/* ======== sys/kthread.h: a driver's thread ======== */

struct softc {
	int value, uses, seen;
	bool stop, running; /* under mtx */
	struct thread *td;
};

static struct softc *sc;

static int
sc_setup(void *arg)
{
	(void)arg;
	mtx_init(&mtx, "softc", NULL, MTX_DEF);
	return ((sc = malloc(sizeof(*sc), M_PROG, M_NOWAIT | M_ZERO)) != NULL ? 0 : ENOMEM);
}

/* The threads that nobody joined are gone when they are counted. */
static void
sc_end(void *arg)
{
	(void)arg;
	while (ngu_k_kthread_count() != 0)
		cpu_spinwait();
	free(sc, M_PROG);
	mtx_destroy(&mtx);
}

/* What the thread uses is filled in when it has been started. */

static void
uses(void *arg)
{
	struct softc *s = arg;

	ngu_lab_check(s->value == 7);
	s->uses++;
	kthread_exit();
}

static void
starts(void *arg)
{
	if (arg == NULL)
		sc->value = 7;
	ngu_lab_check(kthread_add(uses, sc, NULL, &sc->td, 0, 0, "uses") == 0);
	if (arg != NULL)
		sc->value = 7;
}

static const struct ngu_lab kthread_start = { .name = "shim-kthread-start", .points = LT_POINTS(16), .setup = sc_setup,
	.body = { { "starts", starts } }, .end = sc_end };

static void
test_kthread_start(void **state)
{
	(void)state;
	lt_finds(&kthread_start, NULL, NGU_LAB_RACE, "sc_setup");
}

/* What the thread did is looked at before it has ended. */

static void
joins(void *arg)
{
	struct thread *td = NULL;

	sc->value = 7;
	ngu_lab_check(kthread_add(uses, sc, NULL, &td, 0, 0, "uses") == 0);
	if (arg == NULL)
		ngu_k_kthread_join(td);
	sc->seen = sc->uses;
}

static void
joined(void *arg)
{
	ngu_lab_check(sc->seen == 1);
	sc_end(arg);
}

static const struct ngu_lab kthread_joined = { .name = "shim-kthread-join", .points = LT_POINTS(20), .setup = sc_setup,
	.body = { { "joins", joins } }, .end = joined };

static void
test_kthread_join(void **state)
{
	(void)state;
	lt_finds(&kthread_joined, NULL, NGU_LAB_RACE, "sc_setup");
}

/* A thread that serves until it is told to stop, and says when it has. */
static void
serves(void *arg)
{
	struct softc *s = arg;

	mtx_lock(&mtx);
	while (!s->stop)
		(void)mtx_sleep(&s->stop, &mtx, 0, "serves", 0);
	s->running = false;
	wakeup(&s->running);
	mtx_unlock(&mtx);
	kthread_exit();
}

static int
serve_setup(void *arg)
{
	int error = sc_setup(arg);

	if (error != 0)
		return (error);
	sc->running = true;
	return (kthread_add(serves, sc, NULL, &sc->td, 0, 0, "serves"));
}

static void
tells(void)
{
	sc->stop = true;
	wakeup(&sc->stop);
}

/* It is told to stop, and its memory goes without a wait for it. */

static void
detaches(void *arg)
{
	struct softc *s = sc;

	mtx_lock(&mtx);
	tells();
	while (arg == NULL && s->running)
		(void)mtx_sleep(&s->running, &mtx, 0, "stopped", 0);
	sc = NULL;
	mtx_unlock(&mtx);
	free(s, M_PROG);
}

static const struct ngu_lab kthread_drain = { .name = "shim-kthread-drain", .points = LT_POINTS(22), .setup = serve_setup,
	.body = { { "detaches", detaches } }, .end = sc_end };

static void
test_kthread_drain(void **state)
{
	(void)state;
	lt_finds(&kthread_drain, NULL, NGU_LAB_MEMORY, "sc_setup");
}

/* The lock is given up before the sleep, and the thread says so between. */

static void
sleeps_late(void *arg)
{
	bool runs;

	mtx_lock(&mtx);
	tells();
	if (arg != NULL) {
		runs = sc->running;
		mtx_unlock(&mtx);
		if (runs)
			(void)tsleep(&sc->running, 0, "stopped", 0);
		return;
	}
	while (sc->running)
		(void)mtx_sleep(&sc->running, &mtx, 0, "stopped", 0);
	mtx_unlock(&mtx);
}

static const struct ngu_lab kthread_wait = { .name = "shim-kthread-wait", .points = LT_POINTS(23), .setup = serve_setup,
	.body = { { "waits", sleeps_late } }, .end = sc_end };

static void
test_kthread_wait(void **state)
{
	(void)state;
	lt_finds(&kthread_wait, NULL, NGU_LAB_DEADLOCK, "");
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ck_insert),
		cmocka_unit_test(test_ck_remove),
		cmocka_unit_test(test_ck_again),
		cmocka_unit_test(test_ck_writers),
		cmocka_unit_test(test_smr_pointer),
		cmocka_unit_test(test_smr_synchronize),
		cmocka_unit_test(test_smr_goal),
		cmocka_unit_test(test_smr_poll),
		cmocka_unit_test(test_smr_zone),
		cmocka_unit_test(test_kthread_start),
		cmocka_unit_test(test_kthread_join),
		cmocka_unit_test(test_kthread_drain),
		cmocka_unit_test(test_kthread_wait),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
