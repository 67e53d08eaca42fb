/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_engine.c - what the lab makes of sections, grace periods and mutexes that have nothing around them, as no program that is linked
 * with libng-lab can have them: linked with its parts.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ng/lab.h>

#include "port/port.h"
#include "reclaim/reclaim.h"
#include "reclaim/section.h"

static _Atomic unsigned begun, flag, turn;

static bool
has_begun(void *arg)
{
	(void)arg;
	return (begun != 0);
}

static struct ngu_lab_result
run(const struct ngu_lab *scene, uint32_t preemptions)
{
	struct ngu_lab_opts o = { .preemptions = preemptions, .quiet = true };
	struct ngu_lab_result r;

	(void)ngu_lab_run(scene, &o, &r);
	if (r.fail == NGU_LAB_OK)
		assert_true(r.complete);
	return (r);
}

/* ---- what was stored before a section's end is out when a grace period is over that began after it */

static void
uses(void *arg)
{
	(void)arg;
	ngu__section_enter(ngu__self());
	(void)atomic_exchange(&begun, 1);
	atomic_store_explicit(&flag, 1, memory_order_relaxed);
	ngu__section_leave(ngu__self());
	(void)atomic_load_explicit(&turn, memory_order_relaxed);
}

static struct ngu__retire object;

static void
flag_is_out(struct ngu__retire *r)
{
	(void)r;
	ngu_lab_check(atomic_load_explicit(&flag, memory_order_relaxed) == 1);
}

static void
retires(void *arg)
{
	(void)arg;
	atomic_store_explicit(&turn, 1, memory_order_relaxed);
	ngu_lab_wait(has_begun, NULL);
	ngu__retire(&object, flag_is_out);
}

static void
test_period(void **state)
{
	static const struct ngu_lab scene = { .name = "engine-period", .body = { { "uses", uses }, { "retires", retires } } };
	struct ngu_lab_result r = run(&scene, 3);

	(void)state;
	if (r.fail != NGU_LAB_OK)
		fail_msg("%s", r.why);
}

/* ---- a mutex that one thread alone locks is no point; who destroys it, or frees it, is seen all the same */

static ngu__mtx *mutex;

static int
makes_mutex(void *arg)
{
	(void)arg;
	if ((mutex = ngu_lab_alloc(sizeof(*mutex))) == NULL)
		return (ENOMEM);
	return (ngu__mtx_init(mutex));
}

static void
locks(void *arg)
{
	(void)arg;
	(void)atomic_exchange(&begun, 1);
	ngu__mtx_lock(mutex);
	ngu__mtx_unlock(mutex);
}

static void
locks_and_says(void *arg)
{
	(void)arg;
	ngu__mtx_lock(mutex);
	ngu__mtx_unlock(mutex);
	(void)atomic_exchange(&begun, 1);
}

static void
destroys(void *arg)
{
	(void)arg;
	ngu_lab_wait(has_begun, NULL);
	ngu__mtx_destroy(mutex);
}

static void
frees(void *arg)
{
	(void)arg;
	ngu_lab_wait(has_begun, NULL);
	ngu_lab_free(mutex);
}

static void
end_mutex(void *arg)
{
	(void)arg;
	ngu_lab_free(mutex);
}

static void
test_mutex(void **state)
{
	static const struct ngu_lab bad = { .name = "engine-destroy", .setup = makes_mutex, .end = end_mutex,
		.body = { { "locks", locks }, { "destroys", destroys } } };
	static const struct ngu_lab freed = { .name = "engine-free", .setup = makes_mutex,
		.body = { { "locks", locks }, { "frees", frees } } };
	static const struct ngu_lab good = { .name = "engine-destroy-after", .setup = makes_mutex, .end = end_mutex,
		.body = { { "locks", locks_and_says }, { "destroys", destroys } } };
	static const struct ngu_lab good2 = { .name = "engine-free-after", .setup = makes_mutex,
		.body = { { "locks", locks_and_says }, { "frees", frees } } };
	struct ngu_lab_result r = run(&bad, NGU_LAB_NONE);

	(void)state;
	assert_int_equal(r.fail, NGU_LAB_RACE);
	r = run(&freed, NGU_LAB_NONE);
	assert_true(r.fail == NGU_LAB_RACE || r.fail == NGU_LAB_MEMORY);
	r = run(&good, 2);
	assert_int_equal(r.fail, NGU_LAB_OK);
	r = run(&good2, 2);
	assert_int_equal(r.fail, NGU_LAB_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_period),
		cmocka_unit_test(test_mutex),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
