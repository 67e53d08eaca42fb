/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_table.c - the two tables of a graph, names.c and idtab.c: growth, order, wrap-around, several threads.
 * Threads record in atomics; the main thread asserts after it joined them.
 */
#include "support/unit.h"

#include <pthread.h>
#include <stdlib.h>
#undef malloc
#undef free

#define NT 4

static struct ng_node *
fake_nodes(size_t n)
{
	return (ngu__port_alloc(n * sizeof(struct ng_node), NGU_CACHELINE));
}

/* ---- names ---- */

static struct ngu__name *
name_new(struct ng_node *node, const char *fmt, unsigned n)
{
	struct ngu__name *e;
	char name[NG_NODESIZ];

	(void)snprintf(name, sizeof(name), fmt, n);
	e = ngu__name_new(name);
	e->node = node;
	return (e);
}

static void
name_gone(struct ngu__retire *r)
{
	ngu__name_free(NGU_CONTAINER(r, struct ngu__name, retire));
}

static void
test_names_many(void **state)
{
	enum { N = 100000 };
	struct ngu__thread *ts = ngu__self();
	struct ngu__names t = { 0 };
	struct ngu__name **e = calloc(N, sizeof(*e));
	struct ng_node *nodes = fake_nodes(N);
	char name[32];
	unsigned i;

	(void)state;
	assert_non_null(nodes);
	assert_int_equal(ngu__names_init(&t), 0);
	ngu__section_enter(ts);
	for (i = 0; i < N; i++) {
		e[i] = name_new(&nodes[i], "node%u", i);
		assert_int_equal(ngu__names_insert(&t, e[i]), 0);
	}
	assert_int_equal(NGU_LD_ACQ(&t.count), N);
	assert_true(NGU_LD_ACQ(&t.size) >= N / 4); /* it has grown with them */
	for (i = 0; i < N; i++) {
		(void)snprintf(name, sizeof(name), "node%u", i);
		assert_ptr_equal(ngu__names_find(&t, name), &nodes[i]);
	}
	assert_null(ngu__names_find(&t, "node100000"));
	assert_null(ngu__names_find(&t, ""));
	/* Taken is taken, whoever asks. */
	struct ngu__name *twice = name_new(&nodes[0], "node%u", 77);
	assert_int_equal(ngu__names_insert(&t, twice), EADDRINUSE);
	/* Unless the holder is dying. */
	NGU_ST_REL(&nodes[77].nd_flags, NGF_INVALID);
	assert_null(ngu__names_find(&t, "node77"));
	assert_int_equal(ngu__names_insert(&t, twice), 0);
	assert_ptr_equal(ngu__names_find(&t, "node77"), &nodes[0]);
	/* It comes back: the one named last is found; when that goes, the other. */
	NGU_ST_REL(&nodes[77].nd_flags, 0);
	assert_ptr_equal(ngu__names_find(&t, "node77"), &nodes[0]);
	ngu__names_remove(&t, twice);
	assert_ptr_equal(ngu__names_find(&t, "node77"), &nodes[77]);
	for (i = 0; i < N; i += 2)
		ngu__names_remove(&t, e[i]);
	for (i = 0; i < N; i++) {
		(void)snprintf(name, sizeof(name), "node%u", i);
		assert_ptr_equal(ngu__names_find(&t, name), i % 2 ? &nodes[i] : NULL);
	}
	for (i = 1; i < N; i += 2)
		ngu__names_remove(&t, e[i]);
	assert_int_equal(NGU_LD_ACQ(&t.count), 0);
	ngu__section_leave(ts);
	ngu__name_free(twice);
	for (i = 0; i < N; i++)
		ngu__name_free(e[i]);
	ngu__names_fini(&t);
	ngu__port_free(nodes);
	free(e);
}

/* 4 threads: each puts in, finds and takes out names of its own, and fights for a few common ones. */
static struct ngu__names names;
static struct ng_node *name_nodes;
static _Atomic uint32_t holders[8], start_flag;
static _Atomic uint64_t wrong_count, won;

static void *
name_thread(void *arg)
{
	unsigned self = (unsigned)(uintptr_t)arg, i, k;
	struct ngu__thread *ts = ngu__self();
	struct ngu__name *own[64] = { NULL }, *e;
	struct ng_node *node = &name_nodes[self], *f;
	char name[32];

	(void)NGU_FADD_SC(&start_flag, 1u);
	while (NGU_LD_ACQ(&start_flag) < NT)
		ngu__port_yield();
	for (i = 0; i < 20000; i++) {
		k = i % 64;
		ngu__section_enter(ts);
		if (own[k] != NULL) {
			ngu__names_remove(&names, own[k]);
			ngu__retire(&own[k]->retire, name_gone);
			own[k] = NULL;
		}
		e = name_new(node, "t%u", 1000 * self + i % 4096);
		(void)snprintf(name, sizeof(name), "%s", e->name);
		if (ngu__names_insert(&names, e) == 0) {
			own[k] = e;
			if (ngu__names_find(&names, name) != node)
				(void)NGU_FADD_RLX(&wrong_count, 1u);
		} else {
			ngu__name_free(e); /* one of our own names, still in */
		}
		/* Somebody else's: theirs or nobody's. */
		(void)snprintf(name, sizeof(name), "t%u", 1000 * ((self + 1) % NT) + i % 4096);
		f = ngu__names_find(&names, name);
		if (f != NULL && (f < name_nodes || f >= name_nodes + NT))
			(void)NGU_FADD_RLX(&wrong_count, 1u);
		/* The common ones: one holder at a time. */
		e = name_new(node, "common%u", i % 8);
		if (ngu__names_insert(&names, e) == 0) {
			(void)NGU_FADD_RLX(&won, 1u);
			if (NGU_FADD_SC(&holders[i % 8], 1u) != 0)
				(void)NGU_FADD_RLX(&wrong_count, 1u);
			(void)snprintf(name, sizeof(name), "common%u", i % 8);
			if (ngu__names_find(&names, name) != node)
				(void)NGU_FADD_RLX(&wrong_count, 1u);
			(void)NGU_FSUB_SC(&holders[i % 8], 1u);
			ngu__names_remove(&names, e);
			ngu__retire(&e->retire, name_gone);
		} else {
			ngu__name_free(e);
		}
		ngu__section_leave(ts);
		if (i % 256 == 0)
			ngu__rcl_backpressure();
	}
	ngu__section_enter(ts);
	for (k = 0; k < 64; k++)
		if (own[k] != NULL) {
			ngu__names_remove(&names, own[k]);
			ngu__retire(&own[k]->retire, name_gone);
		}
	ngu__section_leave(ts);
	return (NULL);
}

static void
test_names_threads(void **state)
{
	pthread_t th[NT];
	unsigned i;

	(void)state;
	memset(&names, 0, sizeof(names));
	assert_int_equal(ngu__names_init(&names), 0);
	name_nodes = fake_nodes(NT);
	NGU_ST_REL(&start_flag, 0u);
	for (i = 0; i < NT; i++)
		assert_int_equal(pthread_create(&th[i], NULL, name_thread, (void *)(uintptr_t)i), 0);
	for (i = 0; i < NT; i++)
		assert_int_equal(pthread_join(th[i], NULL), 0);
	assert_int_equal(NGU_LD_ACQ(&wrong_count), 0);
	assert_int_equal(NGU_LD_ACQ(&names.count), 0);
	assert_true(NGU_LD_ACQ(&won) > 1000);
	ngu_reclaim_barrier();
	ngu__names_fini(&names);
	ngu__port_free(name_nodes);
}

/* ---- IDs ---- */

static void
test_ids_many(void **state)
{
	enum { N = 100000 };
	struct ngu__thread *ts = ngu__self();
	struct ngu__idtab t = { 0 };
	struct ng_node *nodes = fake_nodes(N);
	uint32_t id, at = 0;
	unsigned i, n;

	(void)state;
	assert_int_equal(ngu__idtab_init(&t), 0);
	for (i = 0; i < N; i++) {
		id = ngu__id_new(&t);
		assert_int_equal(id, i + 1); /* from 1, one by one */
		nodes[i].nd_ID = id;
	}
	ngu__section_enter(ts);
	assert_null(ngu__id_find(&t, 1)); /* not published yet */
	for (i = 0; i < N; i++)
		ngu__id_publish(&t, i + 1, &nodes[i]);
	for (i = 0; i < N; i++)
		assert_ptr_equal(ngu__id_find(&t, i + 1), &nodes[i]);
	assert_null(ngu__id_find(&t, 0));
	assert_null(ngu__id_find(&t, N + 1));
	assert_null(ngu__id_find(&t, 0xfffffffeu));
	assert_null(ngu__id_find(&t, NGU_REPLY_BASE));
	for (n = 0; ngu__id_next(&t, &at) != NULL; n++)
		assert_int_equal(at, n + 1);
	assert_int_equal(n, N);
	for (i = 0; i < N; i++)
		if (i % 1000 != 0)
			ngu__id_drop(&t, i + 1);
	for (n = 0, at = 0; ngu__id_next(&t, &at) != NULL; n++)
		assert_int_equal(at, n * 1000 + 1);
	assert_int_equal(n, N / 1000);
	for (i = 0; i < N; i += 1000)
		ngu__id_drop(&t, i + 1);
	at = 0;
	assert_null(ngu__id_next(&t, &at));
	ngu__section_leave(ts);
	ngu_reclaim_barrier();
	ngu__idtab_fini(&t);
	ngu__port_free(nodes);
}

/* All the way round: IDs in use are skipped, 0 and the reply addresses never given out. */
static void
test_ids_wrap(void **state)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__idtab t = { 0 };
	struct ng_node node;
	uint32_t a, b, id;
	unsigned i;

	(void)state;
	assert_int_equal(ngu__idtab_init(&t), 0);
	a = ngu__id_new(&t);
	b = ngu__id_new(&t);
	assert_int_equal(a, 1);
	assert_int_equal(b, 2);
	ngu__section_enter(ts);
	ngu__id_publish(&t, a, &node);
	ngu__id_publish(&t, b, &node);
	ngu__section_leave(ts);
	NGU_ST_REL(&t.next, NGU_REPLY_BASE - 3);
	for (i = 0; i < 3; i++) {
		id = ngu__id_new(&t);
		assert_int_equal(id, NGU_REPLY_BASE - 3 + i);
		ngu__section_enter(ts);
		ngu__id_publish(&t, id, &node);
		assert_ptr_equal(ngu__id_find(&t, id), &node);
		ngu__section_leave(ts);
	}
	id = ngu__id_new(&t);
	assert_int_equal(id, 3); /* 1 and 2 are still in use */
	ngu__section_enter(ts);
	ngu__id_drop(&t, a);
	ngu__id_drop(&t, b);
	ngu__id_drop(&t, id);
	for (i = 0; i < 3; i++)
		ngu__id_drop(&t, NGU_REPLY_BASE - 3 + i);
	ngu__section_leave(ts);
	/* Round once more: now 1 is free again. */
	NGU_ST_REL(&t.next, NGU_REPLY_BASE);
	assert_int_equal(ngu__id_new(&t), 1);
	ngu__section_enter(ts);
	ngu__id_publish(&t, 1, &node);
	ngu__section_leave(ts);
	NGU_ST_REL(&t.next, 0xffffffffu);
	id = ngu__id_new(&t);
	assert_int_equal(id, 2);
	NGU_ST_REL(&t.next, 0u);
	id = ngu__id_new(&t);
	assert_true(id > 1 && id < 10);
	ngu_reclaim_barrier();
	ngu__idtab_fini(&t);
}

/* Pages come and go at their edges. */
static void
test_ids_pages(void **state)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__idtab t = { 0 };
	struct ng_node node;
	uint32_t id;
	unsigned i;

	(void)state;
	assert_int_equal(ngu__idtab_init(&t), 0);
	for (i = 1; i < 20 * NGU_ID_LEAF; i++) {
		id = ngu__id_new(&t);
		assert_int_equal(id, i);
		ngu__section_enter(ts);
		ngu__id_publish(&t, id, &node);
		ngu__id_drop(&t, id);
		ngu__section_leave(ts);
	}
	for (i = 0; i < 18; i++)
		assert_null(NGU_LD_ACQ(&NGU_LD_ACQ(&t.root[0])->leaf[i]));
	ngu_reclaim_barrier();
	ngu__idtab_fini(&t);
}

static struct ngu__idtab ids;
static _Atomic uint32_t id_start, id_seen[1u << 18];
static _Atomic uint64_t id_wrong;
static struct ng_node *id_nodes;

static void *
id_thread(void *arg)
{
	unsigned self = (unsigned)(uintptr_t)arg, i;
	struct ngu__thread *ts = ngu__self();
	struct ng_node *node = &id_nodes[self], *f;
	uint32_t mine[16] = { 0 }, id;

	(void)NGU_FADD_SC(&id_start, 1u);
	while (NGU_LD_ACQ(&id_start) < NT)
		ngu__port_yield();
	for (i = 0; i < 30000; i++) {
		id = ngu__id_new(&ids);
		if (id == 0 || id >= (1u << 18) || NGU_FADD_SC(&id_seen[id & ((1u << 18) - 1)], 1u) != 0)
			(void)NGU_FADD_RLX(&id_wrong, 1u); /* given out twice */
		ngu__section_enter(ts);
		ngu__id_publish(&ids, id, node);
		if (ngu__id_find(&ids, id) != node)
			(void)NGU_FADD_RLX(&id_wrong, 1u);
		f = ngu__id_find(&ids, id > 3 ? id - 3 : 1);
		if (f != NULL && (f < id_nodes || f >= id_nodes + NT))
			(void)NGU_FADD_RLX(&id_wrong, 1u);
		if (mine[i % 16] != 0)
			ngu__id_drop(&ids, mine[i % 16]);
		mine[i % 16] = id;
		ngu__section_leave(ts);
	}
	ngu__section_enter(ts);
	for (i = 0; i < 16; i++)
		ngu__id_drop(&ids, mine[i]);
	ngu__section_leave(ts);
	return (NULL);
}

static void
test_ids_threads(void **state)
{
	pthread_t th[NT];
	uint32_t at = 0;
	unsigned i;

	(void)state;
	memset(&ids, 0, sizeof(ids));
	assert_int_equal(ngu__idtab_init(&ids), 0);
	id_nodes = fake_nodes(NT);
	for (i = 0; i < NT; i++)
		assert_int_equal(pthread_create(&th[i], NULL, id_thread, (void *)(uintptr_t)i), 0);
	for (i = 0; i < NT; i++)
		assert_int_equal(pthread_join(th[i], NULL), 0);
	assert_int_equal(NGU_LD_ACQ(&id_wrong), 0);
	ngu__section_enter(ngu__self());
	assert_null(ngu__id_next(&ids, &at));
	ngu__section_leave(ngu__self());
	ngu_reclaim_barrier();
	ngu__idtab_fini(&ids);
	ngu__port_free(id_nodes);
}

/* The counter of a whole graph poked: nodes get new IDs over the edge, and are found. */
static void
test_graph_wrap(void **state)
{
	struct ngt *t = traced(0, 0, "a A; a B");
	uint32_t id[8];
	char path[40];
	unsigned i;

	(void)state;
	NGU_ST_REL(&G->ids.next, NGU_REPLY_BASE - 2);
	for (i = 0; i < 8; i++)
		assert_int_equal(ngu_mknode(G, "a", NULL, &id[i]), 0);
	assert_int_equal(id[0], NGU_REPLY_BASE - 2);
	assert_int_equal(id[1], NGU_REPLY_BASE - 1);
	assert_int_equal(id[2], 3); /* 1 and 2 are A and B */
	for (i = 0; i < 8; i++) {
		(void)snprintf(path, sizeof(path), "[%x]:", (unsigned)id[i]);
		assert_int_equal(ngu_lookup(G, path, NULL), 0);
		assert_int_equal(ngu_shutdown(G, path), 0);
		assert_int_equal(ngu_lookup(G, path, NULL), ENOENT);
	}
	expect_alive(t, 2, 0);
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_names_many),
		ngt_test(test_names_threads),
		ngt_test(test_ids_many),
		ngt_test(test_ids_wrap),
		ngt_test(test_ids_pages),
		ngt_test(test_ids_threads),
		ngt_test(test_graph_wrap),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
