/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_vnet.c - lib/kern/vnet.c in the lab: two make the first nodes of a graph, and what one has made for it the other finds. Compiled once
 * more, under other names, with orders that can be weakened while it runs: each of the four that vnet-publish asks for is tried, and missed.
 *
 * That a place is seen filled is no plain memory, and here stores come out in the order they were made; so the allocation itself writes
 * down, in plain memory, that it was there. Linked with the parts of libng-lab, which exports none of this.
 */
#include "lab/lab_test.h"

#define ngu_k_vnet_addr tv_addr
#define ngu_k_vnet_loaded tv_loaded
#define ngu_k_vnet_unloaded tv_unloaded
#define ngu__vnets_fill tv_fill
#define ngu__vnets_free tv_free
#define ngu__port_alloc tv_alloc

#include "port/port.h"

#define SIZE 48u /* of the variable */

static enum weak { NOTHING, NUMBER_STORED, NUMBER_LOADED, PLACE_STORED, PLACE_LOADED, WEAKS } weak;
static bool counted;
static unsigned made; /* how often its memory was asked for */

#undef ngu__port_alloc
void *ngu__port_alloc(size_t size, size_t align);
void *
tv_alloc(size_t size, size_t align)
{
	void *p = ngu__port_alloc(size, align);

	if (counted && size == SIZE && p != NULL)
		made++;
	return (p);
}
#define ngu__port_alloc tv_alloc

/* The one release store is the number's; of the loads those of a number are. */
#undef NGU_ST_REL
#define NGU_ST_REL(p, v) (weak == NUMBER_STORED ? atomic_store_explicit((p), (v), memory_order_relaxed) : atomic_store_explicit((p), (v), memory_order_release))
#undef NGU_LD_ACQ
#define NGU_LD_ACQ(p) \
	(weak == _Generic((p), _Atomic uint32_t *: NUMBER_LOADED, default: PLACE_LOADED) ? atomic_load_explicit((p), memory_order_relaxed) \
											 : atomic_load_explicit((p), memory_order_acquire))
#undef NGU_CAS_AR
#define NGU_CAS_AR(p, e, v) \
	(weak == PLACE_STORED ? atomic_compare_exchange_strong_explicit((p), (e), (v), memory_order_relaxed, memory_order_relaxed) \
			      : atomic_compare_exchange_strong_explicit((p), (e), (v), memory_order_acq_rel, memory_order_acquire))

#include "kern/vnet.c"

static const unsigned first[SIZE / sizeof(unsigned)] = { 7 };
static struct ngu_k_vnet variable = { SIZE, 16, first, 0, NULL };

static int
setup(void *arg)
{
	(void)arg;
	tv_loaded(&variable);
	return (lt_graph(0));
}

/* As who makes a node does: when he has been told that all is there, none of it is made any more. */
static void
fills(void *arg)
{
	unsigned n;

	(void)arg;
	if (!tv_fill(g))
		return;
	n = made;
	ngu_lab_check(n == 1);
}

/* As the node's methods do. */
static void
touches(void *arg)
{
	struct ngu_graph *before = ngu_graph_enter(g);

	(void)arg;
	ngu_lab_check(*(unsigned *)tv_addr(&variable) == 7);
	(void)ngu_graph_enter(before);
}

static void
end(void *arg)
{
	(void)arg;
	ngu_lab_check(tv_fill(g));
	touches(arg);
	lt_destroy(); /* and with it what is there */
}

static const struct ngu_lab fill_fill = { .name = "vnet-fill-fill", .points = LT_POINTS(15), .setup = setup,
	.body = { { "one", fills }, { "two", fills } }, .end = end };
static const struct ngu_lab touch_touch = { .name = "vnet-touch-touch", .points = LT_POINTS(9), .setup = setup,
	.body = { { "one", touches }, { "two", touches } }, .end = end };
static const struct ngu_lab_opts refusals = { .failures = 1 };

static void
misses(const struct ngu_lab *scene, enum weak what, const char *part)
{
	const struct ngu_lab_opts o = { .quiet = true };
	struct ngu_lab s = *scene;
	struct ngu_lab_result r;

	s.points = 0;
	weak = what;
	assert_int_equal(ngu_lab_run(&s, &o, &r), ENOTRECOVERABLE);
	assert_int_equal(r.fail, NGU_LAB_RACE);
	assert_non_null(strstr(r.why, part));
	weak = NOTHING;
}

static void
test_fill(void **state)
{
	(void)state;
	counted = true;
	misses(&fill_fill, NUMBER_STORED, "on made");
	misses(&fill_fill, NUMBER_LOADED, "on made");
	lt_run_with(&fill_fill, &refusals);
	counted = false;
}

static void
test_touch(void **state)
{
	(void)state;
	misses(&touch_touch, PLACE_STORED, "of 48 made in");
	misses(&touch_touch, PLACE_LOADED, "of 48 made in");
	lt_run(&touch_touch);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fill),
		cmocka_unit_test(test_touch),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
