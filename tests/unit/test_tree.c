/* SPDX-License-Identifier: BSD-2-Clause */
/* test_tree.c - <sys/tree.h>: red-black and splay trees against a plain table, their shape after every change, all the walks. */
#include "support/unit.h"

#include <sys/tree.h>

#define N 200

struct num {
	char before[8]; /* links need not come first */
	RB_ENTRY(num) rb;
	SPLAY_ENTRY(num) splay;
	int key;
};

static int compared;

static int
by_key(const struct num *a, const struct num *b)
{
	compared++;
	return (a->key < b->key ? -1 : a->key > b->key);
}

RB_HEAD(nums, num);
RB_PROTOTYPE(nums, num, rb, by_key);
RB_GENERATE(nums, num, rb, by_key);
RB_HEAD(own, num);
RB_GENERATE_STATIC(own, num, rb, by_key);
SPLAY_HEAD(turns, num);
SPLAY_PROTOTYPE(turns, num, splay, by_key);
SPLAY_GENERATE(turns, num, splay, by_key);

static struct num num[N];
static bool in[N];
static uint32_t seed = 1;

static unsigned
rnd(unsigned below)
{
	seed = seed * 1103515245u + 12345u;
	return ((seed >> 8) % below);
}

/* How many black elements each way down meets; -1: not the same number, or two red ones in a row, or a parent that is not the parent. */
static int
height(struct num *n, struct num *parent)
{
	int l, r;

	if (n == NULL)
		return (0);
	if (RB_PARENT(n, rb) != parent || (n->rb.red && (parent == NULL || parent->rb.red)))
		return (-1);
	l = height(RB_LEFT(n, rb), n);
	r = height(RB_RIGHT(n, rb), n);
	if (l < 0 || l != r || (RB_LEFT(n, rb) != NULL && RB_LEFT(n, rb)->key >= n->key) ||
	    (RB_RIGHT(n, rb) != NULL && RB_RIGHT(n, rb)->key <= n->key))
		return (-1);
	return (l + !n->rb.red);
}

static void
reset(void)
{
	for (int i = 0; i < N; i++) {
		num[i].key = 10 * i;
		in[i] = false;
	}
}

/* The tree has what `in` says, both ways. */
static void
same(struct nums *t)
{
	struct num *n, *next;
	int i = -1;

	assert_true(height(RB_ROOT(t), NULL) >= 0);
	RB_FOREACH(n, nums, t) {
		while (!in[++i])
			;
		assert_ptr_equal(n, &num[i]);
	}
	while (++i < N)
		assert_false(in[i]);
	RB_FOREACH_REVERSE(n, nums, t) {
		while (!in[--i])
			;
		assert_ptr_equal(n, &num[i]);
	}
	while (--i >= 0)
		assert_false(in[i]);
	i = 0;
	RB_FOREACH_SAFE(n, nums, t, next)
		i++;
	RB_FOREACH_REVERSE_SAFE(n, nums, t, next)
		i--;
	assert_int_equal(i, 0);
}

static void
test_rb(void **state)
{
	struct nums t = RB_INITIALIZER(&t);
	struct num key, *n, *next;
	unsigned most = 0, k;

	(void)state;
	reset();
	assert_true(RB_EMPTY(&t));
	assert_null(RB_MIN(nums, &t));
	assert_null(RB_MAX(nums, &t));
	for (unsigned i = 0; i < 6000; i++) {
		k = rnd(N);
		if (!in[k]) {
			assert_null(RB_INSERT(nums, &t, &num[k]));
			in[k] = true;
		} else if (rnd(4) == 0) {
			key.key = num[k].key;
			assert_ptr_equal(RB_INSERT(nums, &t, &key), &num[k]); /* there is one */
		} else {
			assert_ptr_equal(RB_REMOVE(nums, &t, &num[k]), &num[k]);
			in[k] = false;
		}
		if (i % 16 == 0)
			same(&t);
		key.key = (int)rnd(10 * N);
		n = RB_FIND(nums, &t, &key);
		assert_true(key.key % 10 == 0 && in[key.key / 10] ? n == &num[key.key / 10] : n == NULL);
		for (k = ((unsigned)key.key + 9) / 10; k < N && !in[k]; k++)
			;
		assert_ptr_equal(RB_NFIND(nums, &t, &key), k < N ? &num[k] : NULL);
	}
	/* in order, which is the worst for a tree without balance */
	RB_FOREACH_SAFE(n, nums, &t, next)
		(void)RB_REMOVE(nums, &t, n);
	assert_true(RB_EMPTY(&t));
	for (int i = 0; i < N; i++) {
		compared = 0;
		(void)RB_INSERT(nums, &t, &num[i]);
		in[i] = true;
		if ((unsigned)compared > most)
			most = (unsigned)compared;
	}
	same(&t);
	assert_in_range(most, 7, 15); /* 2 * log2(201) */
	assert_ptr_equal(RB_MIN(nums, &t), &num[0]);
	assert_ptr_equal(RB_MAX(nums, &t), &num[N - 1]);
	k = 5;
	RB_FOREACH_FROM(n, nums, &num[5])
		assert_ptr_equal(n, &num[k++]);
	assert_int_equal(k, N);
	k = 5;
	RB_FOREACH_REVERSE_FROM(n, nums, &num[5])
		assert_ptr_equal(n, &num[k--]);
	assert_null(RB_NEXT(nums, &t, &num[N - 1]));
	assert_ptr_equal(RB_PREV(nums, &t, &num[1]), &num[0]);
	/* a key that changes */
	num[7].key = 10 * N + 5;
	assert_null(RB_REINSERT(nums, &t, &num[7]));
	assert_true(height(RB_ROOT(&t), NULL) > 0);
	assert_ptr_equal(RB_MAX(nums, &t), &num[7]);
	num[7].key++;
	compared = 0;
	assert_null(RB_REINSERT(nums, &t, &num[7])); /* where it is */
	assert_int_equal(compared, 1);
	num[7].key = num[8].key;
	assert_ptr_equal(RB_REINSERT(nums, &t, &num[7]), &num[8]);
	assert_ptr_equal(RB_NEXT(nums, &t, &num[6]), &num[8]);
	RB_INIT(&t);
	assert_true(RB_EMPTY(&t));
}

static void
test_static(void **state)
{
	struct own t = RB_INITIALIZER(&t);

	(void)state;
	reset();
	for (int i = 0; i < 10; i++)
		assert_null(RB_INSERT(own, &t, &num[9 - i]));
	assert_ptr_equal(RB_MIN(own, &t), &num[0]);
	assert_ptr_equal(RB_FIND(own, &t, &num[4]), &num[4]);
}

static unsigned
count(struct num *n)
{
	return (n == NULL ? 0 : 1 + count(SPLAY_LEFT(n, splay)) + count(SPLAY_RIGHT(n, splay)));
}

static void
test_splay(void **state)
{
	struct turns t = SPLAY_INITIALIZER(&t);
	struct num key, *n;
	unsigned k, have = 0;
	int i;

	(void)state;
	reset();
	assert_true(SPLAY_EMPTY(&t));
	assert_null(SPLAY_MIN(turns, &t));
	key.key = 0;
	assert_null(SPLAY_FIND(turns, &t, &key));
	assert_null(SPLAY_REMOVE(turns, &t, &key));
	for (unsigned r = 0; r < 6000; r++) {
		k = rnd(N);
		if (!in[k]) {
			assert_null(SPLAY_INSERT(turns, &t, &num[k]));
			assert_ptr_equal(SPLAY_ROOT(&t), &num[k]);
			in[k] = true;
			have++;
		} else if (rnd(4) == 0) {
			assert_ptr_equal(SPLAY_INSERT(turns, &t, &num[k]), &num[k]); /* itself: nothing happens to it */
		} else {
			assert_ptr_equal(SPLAY_REMOVE(turns, &t, &num[k]), &num[k]);
			in[k] = false;
			have--;
		}
		key.key = (int)rnd(10 * N);
		n = SPLAY_FIND(turns, &t, &key);
		assert_true(key.key % 10 == 0 && in[key.key / 10] ? n == &num[key.key / 10] && SPLAY_ROOT(&t) == n : n == NULL);
		assert_int_equal(count(SPLAY_ROOT(&t)), have);
		if (r % 64 != 0)
			continue;
		i = -1;
		SPLAY_FOREACH(n, turns, &t) {
			while (!in[++i])
				;
			assert_ptr_equal(n, &num[i]);
		}
		while (++i < N)
			assert_false(in[i]);
		if (have != 0) {
			for (i = N - 1; !in[i]; i--)
				;
			assert_ptr_equal(SPLAY_MAX(turns, &t), &num[i]);
		}
	}
	/* what is asked for again and again is near */
	for (i = 0; i < N; i++)
		(void)SPLAY_INSERT(turns, &t, &num[i]);
	(void)SPLAY_FIND(turns, &t, &num[3]);
	compared = 0;
	(void)SPLAY_FIND(turns, &t, &num[3]);
	assert_in_range(compared, 1, 2);
	SPLAY_INIT(&t);
	assert_true(SPLAY_EMPTY(&t));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rb),
		cmocka_unit_test(test_static),
		cmocka_unit_test(test_splay),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
