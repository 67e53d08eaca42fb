/* SPDX-License-Identifier: BSD-2-Clause */
/* test_uma.c - uma(9): who is called when, limits, caches, memory that is refused, many threads. */
#include "support/dies.h"
#include "support/unit.h"

#include <sys/systm.h>
#include <vm/uma.h>

#define NT 4

struct thing {
	uint32_t magic; /* init's, as long as the object is in the zone */
	uint32_t used;	/* ctor's */
	char pad[40];
};
#define MADE 0x6d616465u

static _Atomic int inits, finis, ctors, dtors;
static int ctor_fails, init_fails;

static int
init(void *p, int size, int flags)
{
	struct thing *t = p;

	assert_int_equal(size, sizeof(*t));
	if (init_fails)
		return (ENOMEM);
	t->magic = MADE;
	t->used = 0;
	inits++;
	return (0);
}

static void
fini(void *p, int size)
{
	finis += ((struct thing *)p)->magic == MADE && size == sizeof(struct thing);
}

static int
ctor(void *p, int size, void *arg, int flags)
{
	struct thing *t = p;

	if (ctor_fails)
		return (ENOMEM);
	if (arg == &ctors)
		ctors++;
	t->used++;
	return (t->magic == MADE && t->used == 1 ? 0 : EINVAL); /* given out twice? */
}

static void
dtor(void *p, int size, void *arg)
{
	((struct thing *)p)->used--;
	dtors += arg == &dtors;
}

static void
test_calls(void **state)
{
	uma_zone_t z = uma_zcreate("things", sizeof(struct thing), ctor, dtor, init, fini, UMA_ALIGN_CACHE, 0);
	struct thing *t[3];

	(void)state;
	inits = finis = ctors = dtors = 0;
	for (int i = 0; i < 3; i++) {
		t[i] = uma_zalloc_arg(z, &ctors, M_WAITOK);
		assert_non_null(t[i]);
		assert_int_equal((uintptr_t)t[i] % 64, 0);
		assert_int_equal(t[i]->magic, MADE);
	}
	assert_int_equal(uma_zone_get_cur(z), 3);
	assert_int_equal(inits, 3);
	assert_int_equal(ctors, 3);
	for (int i = 0; i < 3; i++)
		uma_zfree_arg(z, t[i], &dtors);
	uma_zfree(z, NULL);
	assert_int_equal(dtors, 3);
	assert_int_equal(uma_zone_get_cur(z), 0);
#ifdef NGU_NO_CACHES
	assert_int_equal(finis, 3);
#else
	assert_int_equal(finis, 0); /* they are kept, and given out again as init made them */
	t[0] = uma_zalloc(z, M_NOWAIT);
	assert_int_equal(inits, 3);
	uma_zfree(z, t[0]);
	uma_zone_reclaim(z, UMA_RECLAIM_DRAIN);
	assert_int_equal(finis, 3);
#endif
	/* a constructor that refuses: the object goes, also when waiting is allowed */
	ctor_fails = 1;
	assert_null(uma_zalloc(z, M_WAITOK));
	ctor_fails = 0;
	assert_int_equal(finis, inits);
	init_fails = 1;
	assert_null(uma_zalloc(z, M_WAITOK));
	init_fails = 0;
	assert_int_equal(uma_zone_get_cur(z), 0);
	uma_zdestroy(z);
	assert_int_equal(finis, inits);
}

static void
test_zero(void **state)
{
	uma_zone_t z = uma_zcreate("zero", 100, NULL, NULL, NULL, NULL, UMA_ALIGN_PTR, UMA_ZONE_ZINIT);
	unsigned char *p = uma_zalloc(z, M_NOWAIT);

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	memset(p, 7, 100);
	uma_zfree(z, p);
	p = uma_zalloc(z, M_NOWAIT | M_ZERO);
	for (int i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	uma_zfree(z, p);
	uma_zdestroy(z);
}

/* ---- the limit ---- */

static uma_zone_t limited;
static void *_Atomic waited;

static void *
waits(void *arg)
{
	waited = uma_zalloc(limited, M_WAITOK);
	return (NULL);
}

static void
test_limit(void **state)
{
	ngu__port_thread t;
	void *p[3];

	(void)state;
	limited = uma_zcreate("limited", 32, NULL, NULL, NULL, NULL, UMA_ALIGN_PTR, 0);
	assert_int_equal(uma_zone_set_max(limited, 2), 2);
	assert_int_equal(uma_zone_get_max(limited), 2);
	p[0] = uma_zalloc(limited, M_NOWAIT);
	p[1] = uma_zalloc(limited, M_NOWAIT);
	assert_non_null(p[1]);
	assert_null(uma_zalloc(limited, M_NOWAIT));
	/* One that waits gets what is freed, although another thread frees it into its own cache. */
	waited = NULL;
	assert_int_equal(ngu__port_thread_start(&t, "waits", waits, NULL), 0);
	for (int i = 0; i < 100; i++)
		ngu__port_yield();
	assert_null(waited);
	uma_zfree(limited, p[0]);
	ngu__port_thread_join(&t);
	assert_non_null(waited);
	assert_null(uma_zalloc(limited, M_NOWAIT));
	uma_zone_set_max(limited, 0);
	p[0] = uma_zalloc(limited, M_NOWAIT);
	assert_non_null(p[0]);
	uma_zfree(limited, waited);
	uma_zfree(limited, p[0]);
	uma_zfree(limited, p[1]);
	uma_zdestroy(limited);
}

static void
test_refused(void **state)
{
	uma_zone_t z = uma_zcreate("refused", 32, NULL, NULL, NULL, NULL, UMA_ALIGN_PTR, 0);
	void *p;

	(void)state;
	p = uma_zalloc(z, M_NOWAIT);
	uma_zfree(z, p);
	ngu__port_alloc_hook = refuse_all; /* also what the cache could give */
	assert_null(uma_zalloc(z, M_NOWAIT));
	ngu__port_alloc_hook = NULL;
	assert_int_equal(uma_zone_get_cur(z), 0);
	p = uma_zalloc(z, M_NOWAIT);
	assert_non_null(p);
	uma_zfree(z, p);
	uma_zdestroy(z);
}

/* ---- many threads: no object is given out twice ---- */

static uma_zone_t shared;
static _Atomic int bad;

static void *
churn(void *arg)
{
	struct thing *t[40];

	for (int r = 0; r < 300; r++) {
		for (unsigned i = 0; i < NITEMS(t); i++)
			if ((t[i] = uma_zalloc_arg(shared, &ctors, M_NOWAIT)) == NULL)
				bad++;
		for (unsigned i = 0; i < NITEMS(t); i++)
			uma_zfree(shared, t[(i * 7) % NITEMS(t)]);
	}
	return (NULL);
}

static void
test_threads(void **state)
{
	ngu__port_thread t[NT];

	(void)state;
	inits = finis = 0;
	shared = uma_zcreate("shared", sizeof(struct thing), ctor, dtor, init, fini, UMA_ALIGN_PTR, 0);
	for (int i = 0; i < NT; i++)
		assert_int_equal(ngu__port_thread_start(&t[i], "churn", churn, NULL), 0);
	for (int i = 0; i < NT; i++)
		ngu__port_thread_join(&t[i]);
	assert_int_equal(bad, 0);
	assert_int_equal(uma_zone_get_cur(shared), 0);
	uma_zdestroy(shared);
	assert_int_equal(inits, finis);
#ifndef NGU_NO_CACHES
	assert_true(inits < NT * 300 * 40 / 2); /* the caches were of use */
#endif
}

static void d_align(void) { (void)uma_zcreate("odd", 8, NULL, NULL, NULL, NULL, 2, 0); }
static void d_empty(void) { (void)uma_zcreate("empty", 0, NULL, NULL, NULL, NULL, UMA_ALIGN_PTR, 0); }

static char said[512];

static void
hear(void *arg, int level, const char *line)
{
	(void)strncat(said, line, sizeof(said) - strlen(said) - 1);
}

/* What is still in use is told. */
static void
test_left(void **state)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .log = hear };
	struct ngu_graph *g, *before;
	uma_zone_t z;
	void *p;

	(void)state;
	assert_int_equal(ngu_graph_create(&o, &g), 0);
	before = ngu_graph_enter(g);
	z = uma_zcreate("left over", 48, NULL, NULL, NULL, NULL, UMA_ALIGN_PTR, 0);
	p = uma_zalloc(z, M_NOWAIT);
	uma_zdestroy(z);
	ngu__port_free(p);
	(void)ngu_graph_enter(before);
	assert_int_equal(ngu_graph_destroy(g), 0);
	assert_non_null(strstr(said, "uma_zdestroy: 1 objects of zone left over (48 bytes each) are still in use"));
	assert_true(dies(d_align));
	assert_true(dies(d_empty));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_zero),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_left),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
