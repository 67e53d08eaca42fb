/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_type.c - node types as modules (sections 3 and 9): registering, loading, unloading, the other events, and how many
 * nodes there are, exactly.
 */
#include "support/unit.h"

#include <pthread.h>
#include <unistd.h>

static int events[8], nevents, event_error;
static module_t event_mod;

static int
on_event(module_t mod, int what, void *data)
{
	event_mod = mod;
	if (nevents < 8)
		events[nevents++] = what;
	(void)data;
	return (event_error);
}

static int
accept_all(node_p node)
{
	(void)node;
	return (0);
}

/* As a source of its own has it: the identifier is not the type's name. */
static const struct ng_cmdlist linked_cmdlist[] = {
	{ .cookie = 4242, .cmd = 1, .name = "one" },
	{ .cookie = 0 },
};

static struct ng_type linked_type = {
	.version = NG_ABI_VERSION,
	.name = "linked_in",
	.mod_event = on_event,
	.constructor = accept_all,
	.cmdlist = linked_cmdlist,
};
NETGRAPH_INIT(linkedin, &linked_type);
MODULE_VERSION(ng_linkedin, 1);

static void
test_registered(void **state)
{
	(void)state;
	assert_ptr_equal(ng_findtype("linked_in"), &linked_type);
	assert_null(ng_findtype("linkedin"));
	assert_int_equal(nevents, 1); /* when the program was loaded */
	assert_int_equal(events[0], MOD_LOAD);
	assert_string_equal(ng_linkedin_mod.name, "ng_linkedin");
	assert_ptr_equal(ng_linkedin_mod.priv, &linked_type);
	assert_true(ng_linkedin_mod.evhand == ng_mod_event);
	assert_int_equal(linked_type.refs, 1);
	assert_null(linked_type.cmdlist[1].name);
}

static void
test_newtype(void **state)
{
	struct ng_type t = { .version = NG_ABI_VERSION + 1, .name = "fresh", .constructor = accept_all }, twin;
	char name[40];

	(void)state;
	print_message("one line about an ABI mismatch belongs here:\n");
	assert_int_equal(ng_newtype(&t), EINVAL);
	t.version = NG_ABI_VERSION;
	t.name = "";
	assert_int_equal(ng_newtype(&t), EINVAL);
	t.name = NULL;
	assert_int_equal(ng_newtype(&t), EINVAL);
	memset(name, 'n', sizeof(name));
	name[32] = '\0';
	t.name = name;
	assert_int_equal(ng_newtype(&t), EINVAL);
	name[31] = '\0';
	assert_int_equal(ng_newtype(&t), 0);
	assert_int_equal(t.refs, 1);
	assert_ptr_equal(ng_findtype(name), &t);
	twin = t;
	assert_int_equal(ng_newtype(&twin), EEXIST);
	assert_ptr_equal(ng_findtype(name), &t);
	assert_int_equal(ng_rmtype(&t), 0);
	assert_null(ng_findtype(name));
	assert_int_equal(ng_newtype(&twin), 0); /* the name is free */
	assert_int_equal(ng_rmtype(&twin), 0);
}

/* What a source compiled with NETGRAPH_DEBUG says is another version, and as good. */
static void
test_debug_version(void **state)
{
	struct ng_type t = { .version = _NG_ABI_VERSION + 0x10000, .name = "debugged", .constructor = accept_all };

	(void)state;
	assert_int_equal(_NG_ABI_VERSION, 12);
	assert_int_equal(ng_newtype(&t), 0);
	assert_int_equal(ng_rmtype(&t), 0);
}

static void
test_events(void **state)
{
	struct ng_type t = { .version = NG_ABI_VERSION, .name = "eventful", .constructor = accept_all, .mod_event = on_event };
	struct ng_type quiet = { .version = NG_ABI_VERSION, .name = "quiet", .constructor = accept_all };
	struct ngt *g = ngt_graph("");
	module_t mod = (module_t)&t;

	(void)state;
	nevents = event_error = 0;
	/* Loading: registered first, then told. */
	assert_int_equal(ng_mod_event(mod, MOD_LOAD, &t), 0);
	assert_ptr_equal(event_mod, mod);
	assert_int_equal(events[0], MOD_LOAD);
	assert_ptr_equal(ng_findtype("eventful"), &t);
	assert_int_equal(ng_mod_event(mod, MOD_LOAD, &t), EEXIST);
	assert_int_equal(nevents, 1);
	/* Any other event is the type's. */
	assert_int_equal(ng_mod_event(mod, MOD_QUIESCE, &t), 0);
	assert_int_equal(events[1], MOD_QUIESCE);
	event_error = EPROTO;
	assert_int_equal(ng_mod_event(mod, MOD_SHUTDOWN, &t), EPROTO);
	/* It may refuse to go. */
	assert_int_equal(ng_mod_event(mod, MOD_UNLOAD, &t), EPROTO);
	assert_ptr_equal(ng_findtype("eventful"), &t);
	event_error = 0;
	/* With a node it is not asked. */
	nevents = 0;
	assert_int_equal(ngu_mknode(ngt_g(g), "eventful", "n", NULL), 0);
	assert_int_equal(ng_mod_event(mod, MOD_UNLOAD, &t), EBUSY);
	assert_int_equal(nevents, 0);
	assert_int_equal(ngu_shutdown(ngt_g(g), "n:"), 0);
	assert_int_equal(ng_mod_event(mod, MOD_UNLOAD, &t), 0);
	assert_int_equal(events[0], MOD_UNLOAD);
	assert_null(ng_findtype("eventful"));
	/* Not loaded: nothing to do, nobody to ask. */
	nevents = 0;
	assert_int_equal(ng_mod_event(mod, MOD_UNLOAD, &t), 0);
	assert_int_equal(nevents, 0);
	/* A load that its handler refuses leaves no type. */
	event_error = ENXIO;
	assert_int_equal(ng_mod_event(mod, MOD_LOAD, &t), ENXIO);
	assert_null(ng_findtype("eventful"));
	assert_int_equal(t.refs, 0);
	event_error = 0;
	/* Without a handler. */
	assert_int_equal(ng_mod_event(mod, MOD_LOAD, &quiet), 0);
	assert_int_equal(ng_mod_event(mod, MOD_QUIESCE, &quiet), EOPNOTSUPP);
	assert_int_equal(ng_mod_event(mod, MOD_UNLOAD, &quiet), 0);
	ngt_end(g);
}

/* ---- counts ---- */

static struct ngu_graph *count_g;

static void *
make_and_break(void *arg)
{
	unsigned i;

	(void)arg;
	for (i = 0; i < 500; i++) {
		char path[40];
		uint32_t id;

		if (ngu_mknode(count_g, "counted", NULL, &id) != 0)
			continue;
		(void)snprintf(path, sizeof(path), "[%x]:", (unsigned)id);
		if (i % 3 != 0 && ngu_shutdown(count_g, path) != 0)
			break;
	}
	return (NULL);
}

static void
test_exact_counts(void **state)
{
	struct ng_type type = { .version = NG_ABI_VERSION, .name = "counted", .constructor = accept_all };
	struct ngt *t = ngt_graph("");
	pthread_t th[4];
	unsigned i;

	(void)state;
	count_g = G;
	assert_int_equal(ng_newtype(&type), 0);
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&th[i], NULL, make_and_break, NULL), 0);
	for (i = 0; i < 4; i++)
		pthread_join(th[i], NULL);
	ngt_settle(t);
	ngu_reclaim_barrier();
	ngu_reclaim_barrier();
	assert_int_equal(type.refs, 1 + 4 * 167);
	assert_int_equal(ng_rmtype(&type), EBUSY);
	ngt_end(t);
	assert_int_equal(type.refs, 1);
	assert_int_equal(ng_rmtype(&type), 0);
	ngu_reclaim_barrier();
}

/* ---- the table ---- */

#define ROOM 512

/* As many types as there are places: the next is refused, all are found, and their places can be had again. */
static void
test_full(void **state)
{
	static struct ng_type type[ROOM + 1];
	static char name[ROOM + 1][16];
	unsigned i, n;

	(void)state;
	for (i = 0; i <= ROOM; i++) {
		(void)snprintf(name[i], sizeof(name[i]), "type%u", i);
		type[i].version = NG_ABI_VERSION;
		type[i].name = name[i];
		type[i].constructor = accept_all;
	}
	for (int round = 0; round < 2; round++) {
		for (n = 0; n <= ROOM && ng_newtype(&type[n]) == 0; n++)
			;
		assert_in_range(n, ROOM / 2, ROOM - 1); /* the library's own ones are there, too */
		assert_int_equal(ng_newtype(&type[n]), ENOMEM);
		assert_int_equal(type[n].refs, 0);
		assert_null(ng_findtype(name[n])); /* and the search ends */
		for (i = 0; i < n; i++)
			assert_ptr_equal(ng_findtype(name[i]), &type[i]);
		assert_ptr_equal(ng_findtype("linked_in"), &linked_type);
		/* One goes, one comes. */
		assert_int_equal(ng_rmtype(&type[n / 2]), 0);
		assert_null(ng_findtype(name[n / 2]));
		assert_int_equal(ng_newtype(&type[n]), 0);
		assert_int_equal(ng_newtype(&type[n / 2]), ENOMEM);
		assert_int_equal(ng_rmtype(&type[n]), 0);
		for (i = 0; i < n; i++)
			if (i != n / 2)
				assert_int_equal(ng_rmtype(&type[i]), 0);
		for (i = 0; i < n; i++)
			assert_null(ng_findtype(name[i]));
	}
	assert_ptr_equal(ng_findtype("linked_in"), &linked_type);
}

/* A module whose load fails is reported; one without a handler is fine. */
static void
test_module(void **state)
{
	static struct ng_type type = { .version = NG_ABI_VERSION, .name = "unwanted", .constructor = accept_all, .mod_event = on_event };
	const moduledata_t bad = { "ng_unwanted", ng_mod_event, &type }, quiet = { "ng_quiet", NULL, NULL };
	char said[256] = "";
	int fd[2], old;

	(void)state;
	assert_int_equal(pipe(fd), 0);
	(void)fflush(stderr);
	assert_true((old = dup(STDERR_FILENO)) >= 0);
	(void)dup2(fd[1], STDERR_FILENO);
	(void)close(fd[1]);
	nevents = 0;
	event_error = EPROTO;
	ngu_k_module_register(&bad, 0, 0);
	ngu_k_module_register(&quiet, 0, 0);
	event_error = 0;
	(void)dup2(old, STDERR_FILENO);
	(void)close(old);
	assert_true(read(fd[0], said, sizeof(said) - 1) > 0);
	(void)close(fd[0]);
	assert_non_null(strstr(said, "libng: module ng_unwanted: load failed, error "));
	assert_null(strstr(said, "quiet"));
	assert_int_equal(nevents, 1);
	assert_null(ng_findtype("unwanted"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_registered),
		ngt_test(test_newtype),
		ngt_test(test_debug_version),
		ngt_test(test_events),
		ngt_test(test_exact_counts),
		ngt_test(test_full),
		ngt_test(test_module),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
