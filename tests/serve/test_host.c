/* SPDX-License-Identifier: BSD-2-Clause */
/* test_host.c - <ng/host.h> where things happen at the wrong time. */
#include "serve.h"

#include <ng/test.h>

/* ---- the graph's end ---- */

static void *
destroys(void *arg)
{
	return ((void *)(intptr_t)ngu_graph_destroy(arg));
}

/* A graph that is being destroyed gets no host any more, for which nobody would see to its end. */
static void
test_no_host_at_the_end(void **state)
{
	struct ngu_host *host = NULL, *of = NULL;
	struct ngu_server *late = NULL;
	struct ngu_graph *two;
	int e_open, e_of, e_serve;
	char path[100];
	pthread_t th;
	void *r;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/late", dir);
	ok(ngu_graph_create(NULL, &two));
	(void)ngu_graph_enter(two);
	ngt_trace_type("slow", 0);
	ngt_trace_on("shutdown slow", stuck_method, NULL);
	ok(ngu_mknode(two, "slow", "slow", NULL));
	stuck_hold(true);
	ok(pthread_create(&th, NULL, destroys, two));
	until(stuck_inside() == 1);
	e_open = ngu_host_open(two, NULL, &host);
	e_of = ngu_host_of(two, &of);
	e_serve = ngu_serve(two, path, NULL, &late);
	stuck_hold(false);
	ok(pthread_join(th, &r));
	assert_null(r);
	assert_int_equal(e_open, ESHUTDOWN);
	assert_int_equal(e_of, ESHUTDOWN);
	assert_int_equal(e_serve, ESHUTDOWN);
	assert_int_not_equal(access(path, F_OK), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		serve_test(test_no_host_at_the_end),
	};

	return (cmocka_run_group_tests_name("host", tests, NULL, NULL));
}
