/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_slab.c - slabs: what is out does not overlap, what comes back is used again, empty slabs and regions go back to the system.
 * In builds where each object is an allocation of its own there are none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kern/slab.h"

#ifndef NGU_NO_CACHES
#define MANY 120000 /* of 192 bytes: eleven regions */

static struct ngu__slabs slabs;
static unsigned char *out[MANY];

static uint64_t
draw(uint64_t *x)
{
	*x = *x * 6364136223846793005u + 1442695040888963407u;
	return (*x >> 33);
}

static void
mark(unsigned i)
{
	memset(out[i], (int)(i * 7 + 1), slabs.size);
}

static void
check_mark(unsigned i)
{
	for (unsigned k = 0; k < slabs.size; k += 31)
		assert_int_equal(out[i][k], (unsigned char)(i * 7 + 1));
	assert_int_equal(out[i][slabs.size - 1], (unsigned char)(i * 7 + 1));
}

static void
take(unsigned i)
{
	out[i] = ngu__slab_alloc(&slabs);
	assert_non_null(out[i]);
	mark(i);
}

static void
give(unsigned i)
{
	check_mark(i);
	ngu__slab_free(&slabs, out[i]);
	out[i] = NULL;
}

static void
one_size(uint32_t size, unsigned align, unsigned many)
{
	const size_t kept = (size_t)8 * (2 << 20);
	size_t before = ngu__slab_bytes();
	uint64_t x = size;
	unsigned i, k;

	memset(&slabs, 0, sizeof(slabs));
	slabs.size = size;
	for (i = 0; i < many; i++) {
		take(i);
		assert_int_equal((uintptr_t)out[i] % align, 0);
	}
	/* Taken one after the other, they lie one behind the other, but where a slab ends. */
	for (i = 1, k = 0; i < many; i++)
		k += out[i] == out[i - 1] + size;
	assert_true(k >= many - 1 - many / (65536 / size - 1));
	assert_true(ngu__slab_bytes() - before <= (size_t)many * size / 15 * 16 + (4u << 20));
	/* Half of them come and go in any order. */
	for (k = 0; k < many * 2; k++) {
		i = (unsigned)(draw(&x) % many);
		if (out[i] != NULL)
			give(i);
		else
			take(i);
	}
	for (i = 0; i < many; i++)
		if (out[i] != NULL)
			check_mark(i);
	/* All come back: so does the memory, but for one slab, and that when it is asked for; a few regions stay. */
	for (i = 0; i < many; i++)
		if (out[i] != NULL)
			give(i);
	assert_int_equal(slabs.spare, 1);
	ngu__slab_trim(&slabs);
	assert_int_equal(slabs.spare, 0);
	assert_null(slabs.part);
	assert_true(ngu__slab_bytes() <= (before > kept ? before : kept));
}

static void
test_sizes(void **state)
{
	(void)state;
	one_size(32, 32, MANY);
	one_size(192, 64, MANY);
	one_size(576, 64, 10000);
	one_size(NGU_SLAB_OBJECT, 64, 2000);
}

/* The one that came back last is the next: it is still in the cache. An empty slab is kept, so that one object to and fro costs nothing. */
static void
test_reuse(void **state)
{
	size_t before;
	void *p, *q;

	(void)state;
	memset(&slabs, 0, sizeof(slabs));
	slabs.size = 128;
	p = ngu__slab_alloc(&slabs);
	assert_non_null(p);
	before = ngu__slab_bytes();
	for (unsigned i = 0; i < 10; i++) {
		ngu__slab_free(&slabs, p);
		q = ngu__slab_alloc(&slabs);
		assert_ptr_equal(q, p);
	}
	assert_int_equal(ngu__slab_bytes(), before);
	q = ngu__slab_alloc(&slabs);
	assert_ptr_equal(q, (char *)p + 128);
	ngu__slab_free(&slabs, p);
	ngu__slab_free(&slabs, q);
	assert_ptr_equal(ngu__slab_alloc(&slabs), q);
	ngu__slab_free(&slabs, q);
	ngu__slab_trim(&slabs);
}
#endif

static void
test_regions(void **state)
{
	const size_t size = (size_t)2 << 20;
	char *p;

	(void)state;
	for (unsigned large = 0; large < 2; large++) {
		p = ngu__port_alloc_region(size, large != 0);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % size, 0);
		assert_int_equal(p[0], 0);
		p[size - 1] = 1;
		ngu__port_free_region(p, size);
	}
	assert_null(ngu__port_alloc_region((size_t)1 << 62, false));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_regions),
#ifndef NGU_NO_CACHES
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_reuse),
#endif
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
