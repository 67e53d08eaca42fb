/* SPDX-License-Identifier: BSD-2-Clause */
/* test_module.c - node types that are loaded when somebody asks for them. */
#include "nodes/nt.h"

#include <ng/socket.h>

#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define THREADS 4

static char dir[64], said[4096], at_home[4096];
static struct ngu_graph *own;

static void
note(void *arg, int level, const char *line)
{
	size_t n = strlen(said);

	(void)arg;
	(void)level;
	(void)snprintf(said + n, sizeof(said) - n, "%s\n", line);
}

/* dir/ng_TYPE.so leads to that object. */
static void
offer(const char *type, const char *object)
{
	char file[128];

	(void)snprintf(file, sizeof(file), "%s/ng_%s.so", dir, type);
	assert_int_equal(symlink(object, file), 0);
}

static int
set_up(void **state)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .name = "modules", .log = note };

	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/ng-modules.XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_non_null(getcwd(at_home, sizeof(at_home)));
	said[0] = '\0';
	(void)unsetenv("NGU_MODULE_PATH");
	ok(ngu_module_path(NULL));
	ok(ngu_graph_create(&o, &own));
	return (0);
}

static int
tear_down(void **state)
{
	static const char *const left[] = { "ng_flows.so", "ng_table.so", "ng_toil.so", "ng_late.so", "ng_other.so", "ng_broken.so", "ng_a/b.so", "ng_a" };
	char file[128];

	(void)state;
	ok(ngu_graph_destroy(own));
	assert_int_equal(chdir(at_home), 0);
	for (unsigned i = 0; i < sizeof(left) / sizeof(*left); i++) {
		(void)snprintf(file, sizeof(file), "%s/%s", dir, left[i]);
		(void)remove(file);
	}
	assert_int_equal(rmdir(dir), 0);
	return (0);
}

/* Nobody has said where: nothing is tried, and nobody hears of it. */
static void
test_nowhere(void **state)
{
	(void)state;
	offer("flows", OBJECT_FLOWS);
	ok(ngu_mknode(own, "hole", "h", NULL));
	assert_int_equal(ngu_mkpeer(own, "h:", "flows", "a", "in"), ENXIO);
	ok(ngu_module_path("")); /* before the environment */
	ok(setenv("NGU_MODULE_PATH", dir, 1));
	assert_int_equal(ngu_mknode(own, "flows", NULL, NULL), ENXIO);
	/* An empty one is not the working directory. */
	assert_int_equal(chdir(dir), 0);
	ok(ngu_module_path(":"));
	assert_int_equal(ngu_mknode(own, "flows", NULL, NULL), ENXIO);
	ok(ngu_module_path("/nonexistent"));
	assert_int_equal(ngu_mknode(own, "flows", NULL, NULL), ENXIO);
	assert_int_equal(ngu_mknode(own, NULL, NULL, NULL), EINVAL);
	assert_string_equal(said, "");
}

/* What is there, and is none: told with its name, and the call fails as without it. */
static void
test_useless(void **state)
{
	char file[128];
	FILE *f;

	(void)state;
	ok(ngu_module_path(dir));
	(void)snprintf(file, sizeof(file), "%s/ng_broken.so", dir);
	assert_non_null(f = fopen(file, "w"));
	assert_true(fputs("not an object\n", f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(ngu_mknode(own, "broken", NULL, NULL), ENXIO);
	assert_non_null(strstr(said, "netgraph: node type broken: "));
	assert_non_null(strstr(said, file));
	/* An object with another type. */
	said[0] = '\0';
	offer("other", OBJECT_FLOWS);
	assert_int_equal(ngu_mknode(own, "other", NULL, NULL), ENXIO);
	assert_non_null(strstr(said, "has no node type other\n"));
}

/* A type's name is no path, and has an end. */
static void
test_names(void **state)
{
	char file[128], list[1100];
	struct ngm_mkpeer m;

	(void)state;
	(void)snprintf(file, sizeof(file), "%s/ng_a", dir);
	assert_int_equal(mkdir(file, 0700), 0);
	offer("a/b", OBJECT_TABLE);
	ok(ngu_module_path(dir));
	assert_int_equal(ngu_mknode(own, "a/b", NULL, NULL), ENXIO);
	assert_int_equal(ngu_mknode(own, "", NULL, NULL), ENXIO);
	assert_int_equal(ngu_mknode(own, "a_type_with_a_name_that_is_longer_than_32_characters", NULL, NULL), ENXIO);
	ok(ngu_mknode(own, "hole", "h", NULL));
	memset(&m, 'x', sizeof(m));
	assert_int_equal(ngu_msg(own, "h:", NGM_GENERIC_COOKIE, NGM_MKPEER, &m, sizeof(m), NULL), ENXIO);
	assert_string_equal(said, "");
	memset(list, 'x', sizeof(list));
	list[1024] = '\0';
	assert_int_equal(ngu_module_path(list), ENAMETOOLONG);
	list[1023] = '\0';
	ok(ngu_module_path(list)); /* a name no file can have: looked for, not found */
	assert_int_equal(ngu_mknode(own, "table", NULL, NULL), ENXIO);
}

/* By a message, and where the environment says: the second of three. */
static void
test_mkpeer(void **state)
{
	char list[256];

	(void)state;
	offer("flows", OBJECT_FLOWS);
	(void)snprintf(list, sizeof(list), "/nonexistent:%s:", dir);
	ok(setenv("NGU_MODULE_PATH", list, 1));
	ok(ngu_mknode(own, "hole", "h", NULL));
	ok(ngu_mkpeer(own, "h:", "flows", "a", "in"));
	ok(ngu_name(own, "h:a", "f"));
	ok(ngu_mknode(own, "flows", "g", NULL)); /* there by now */
	ok(ngu_insert(own, "h:", "a", "flows", "out", "in", "i", NULL));
	assert_string_equal(said, "");
}

static void
test_apply(void **state)
{
	struct ngu_apply_error e;

	(void)state;
	ok(ngu_module_path(dir));
	assert_int_equal(ngu_apply_text(own, "mknode table t\n", 0, &e), ENXIO);
	offer("table", OBJECT_TABLE);
	ok(ngu_apply_text(own, "mknode table t\n", 0, &e));
	ok(ngu_shutdown(own, "t:"));
}

static void *
make_one(void *arg)
{
	*(int *)arg = ngu_mknode(own, "toil", NULL, NULL);
	return (NULL);
}

/* Each of them finds it missing, or not: it is registered once. */
static void
test_threads(void **state)
{
	pthread_t t[THREADS];
	int error[THREADS];

	(void)state;
	offer("toil", OBJECT_TOIL);
	ok(ngu_module_path(dir));
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, make_one, &error[i]), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(t[i], NULL), 0);
		ok(error[i]);
	}
	assert_string_equal(said, "");
}

/* ---- a mkpeer through a socket: what was wrong, as from the kernel's loader ---- */

static const struct ngu_sock_ops no_ops;

static int
sock_mkpeer(const char *type)
{
	struct ngm_mkpeer a = { .ourhook = "a", .peerhook = "b" };
	struct ng_mesg *msg;
	struct ngu_sock *s;
	int error;

	if ((error = ngu_sock_open(own, NGU_SOCK_CONTROL, &no_ops, NULL, &s)) != 0)
		return (error);
	if ((msg = calloc(1, sizeof(*msg) + sizeof(a))) == NULL)
		abort();
	msg->header.version = NG_VERSION;
	msg->header.typecookie = NGM_GENERIC_COOKIE;
	msg->header.cmd = NGM_MKPEER;
	msg->header.arglen = sizeof(a);
	(void)snprintf(a.type, sizeof(a.type), "%s", type);
	memcpy(msg->data, &a, sizeof(a));
	error = ngu_sock_send_msg(s, ".", msg, sizeof(*msg) + sizeof(a), NULL, NULL);
	ngu_sock_close(s);
	free(msg);
	return (error);
}

static void
test_sockets(void **state)
{
	char file[128];
	FILE *f;

	(void)state;
	ok(ngu_module_path(dir));
	ok(sock_mkpeer("hub"));
	assert_int_equal(sock_mkpeer("nothing"), ENOENT); /* no such file */
	assert_int_equal(sock_mkpeer("../ng_other"), ENOENT); /* nobody is asked */
	assert_string_equal(said, "");
	(void)snprintf(file, sizeof(file), "%s/ng_broken.so", dir);
	assert_non_null(f = fopen(file, "w"));
	assert_int_equal(fclose(f), 0);
	assert_int_equal(sock_mkpeer("broken"), ENOEXEC); /* no object */
	offer("other", OBJECT_FLOWS);
	assert_int_equal(sock_mkpeer("other"), ENXIO); /* an object, loaded, without the type */
	/* Below, from node to node, nobody loads: it is unknown and no more. */
	ok(ngu_mknode(own, "hole", "h", NULL));
	assert_int_equal(ngu_mkpeer(own, "h:", "broken", "a", "b"), ENXIO);
	assert_int_equal(ngu_mkpeer(own, "h:", "nothing", "a", "b"), ENXIO);
}

/* ---- a MOD_LOAD that waits for others ---- */

extern int64_t ngu__load_patience;
int ngt_late_load(void);
static int asked[5], late_loads;

static void *
ask_meanwhile(void *arg)
{
	struct ngu_apply_error e;

	(void)arg;
	asked[0] = ngu_mknode(own, "late", NULL, NULL); /* there already, and not yet to be used */
	asked[1] = ngu_mkpeer(own, "h:", "late", "a", "in");
	asked[2] = ngu_apply_text(own, "mknode late t\n", 0, &e);
	asked[3] = ngu_mknode(own, "table", NULL, NULL); /* the next to be loaded, or there: test_apply() */
	asked[4] = sock_mkpeer("late");
	return (NULL);
}

/* ng_late.c's. It asks for a node of its type itself: that it gets. */
int
ngt_late_load(void)
{
	pthread_t t;

	late_loads++;
	if (pthread_create(&t, NULL, ask_meanwhile, NULL) != 0 || pthread_join(t, NULL) != 0)
		return (EAGAIN);
	return (ngu_mknode(own, "late", "own", NULL));
}

/* Who is waited for is told so after a while, and has made nothing; with MOD_LOAD's end all is as it should be. */
static void
test_waits(void **state)
{
	const int64_t patience = ngu__load_patience;

	(void)state;
	offer("late", OBJECT_LATE);
	offer("table", OBJECT_TABLE);
	ok(ngu_module_path(dir));
	ok(ngu_mknode(own, "hole", "h", NULL));
	ngu__load_patience = 5000000;
	ok(ngu_mknode(own, "late", "l", NULL));
	ngu__load_patience = patience;
	assert_int_equal(late_loads, 1);
	for (unsigned i = 0; i < sizeof(asked) / sizeof(*asked); i++)
		assert_int_equal(asked[i], ETIMEDOUT);
	assert_non_null(strstr(said, "netgraph: node type late: another thread is still loading"));
	assert_non_null(strstr(said, "netgraph: node type table: another thread is still loading"));
	ok(ngu_shutdown(own, "own:"));
	ok(ngu_shutdown(own, "l:"));
	(void)ask_meanwhile(NULL);
	for (unsigned i = 0; i < sizeof(asked) / sizeof(*asked); i++)
		if (i != 1 && i != 4) /* a late node has no hook: what its type says of that is not asked here */
			ok(asked[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nowhere, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mkpeer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_useless, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_apply, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_threads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sockets, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_waits, set_up, tear_down),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
