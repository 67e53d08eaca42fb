/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_checked.c - sources compiled with NETGRAPH_DEBUG, as this one is: the macros mean the same, and stop at what is no node,
 * hook or item any more.
 */
#define NETGRAPH_DEBUG 1
#include "support/unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

_Static_assert(NG_ABI_VERSION == 12 + 0x10000, "version of checked sources");

static int
pass(hook_p hook, item_p item)
{
	node_p node = NG_HOOK_NODE(hook);
	hook_p other = NULL;
	int error;

	SAVE_LINE(item);
	LIST_FOREACH(other, &node->nd_hooks, hk_hooks)
		if (other != hook)
			break;
	NG_FWD_ITEM_HOOK(error, item, other);
	return (error);
}

static int
constructor(node_p node)
{
	NG_NODE_SET_PRIVATE(node, node);
	return (0);
}

static int
stop(node_p node)
{
	NG_NODE_SET_PRIVATE(node, NULL);
	NG_NODE_UNREF(node);
	return (0);
}

static struct ng_type checked = {
	.version = NG_ABI_VERSION,
	.name = "checked",
	.constructor = constructor,
	.rcvdata = pass,
	.shutdown = stop,
};
NETGRAPH_INIT(checked, &checked);

/* It runs beside sources compiled otherwise. */
static void
test_runs(void **state)
{
	struct ngt *t = ngt_graph("probe p.o - checked c.1; c.2 - probe q.i");
	struct ng_node *c = node_of(t, "c");
	struct ng_hook *h = ng_findhook(c, "1");
	struct ng_item *item;

	(void)state;
	ngt_send(ngt_probe(t, "p"), "o", "01 02");
	ngt_expect(ngt_probe(t, "q"), "i", "01 02");
	assert_ptr_equal(NG_NODE_PRIVATE(c), c);
	assert_string_equal(NG_NODE_NAME(c), "c");
	assert_true(NG_NODE_HAS_NAME(c));
	assert_int_equal(NG_NODE_ID(c), _NG_NODE_ID(c));
	assert_true(NG_NODE_IS_VALID(c));
	assert_false(NG_NODE_NOT_VALID(c));
	assert_int_equal(NG_NODE_NUMHOOKS(c), 2);
	assert_string_equal(NG_HOOK_NAME(h), "1");
	NG_HOOK_SET_PRIVATE(h, t);
	assert_ptr_equal(NG_HOOK_PRIVATE(h), t);
	assert_true(NG_HOOK_IS_VALID(h));
	assert_string_equal(NG_PEER_NODE_NAME(h), "p");
	/* Lvalues they stay. */
	item = ng_package_data(NULL, NG_NOFLAGS);
	NGI_M(item) = ngu_packet(G, "x", 1);
	assert_ptr_equal(NGI_M(item), _NGI_M(item));
	NG_FREE_ITEM(item);
	NG_NODE_UNREF(c);
	ngt_end(t);
}

/* ---- what is wrong ---- */

static struct ng_node *node;
static struct ng_hook *hook;
static struct ng_item *item;
static int odd[64];

static void use_node(void) { (void)NG_NODE_ID(node); }
static void use_node_ref(void) { NG_NODE_REF(node); }
static void use_node_name(void) { (void)NG_NODE_NAME(node); }
static void use_hook(void) { (void)NG_HOOK_NODE(hook); }
static void use_hook_private(void) { NG_HOOK_SET_PRIVATE(hook, NULL); }
static void use_item(void) { (void)NGI_M(item); }
static void use_item_free(void) { NG_FREE_ITEM(item); }

/* The process ends by abort(), and what it says names this file. */
static void
dies(void (*fn)(void), const char *what)
{
	char buf[512] = "";
	int fd[2], status = 0;
	ssize_t n, have = 0;
	pid_t pid;

	assert_int_equal(pipe(fd), 0);
	(void)fflush(NULL);
	if ((pid = fork()) == 0) {
		(void)signal(SIGABRT, SIG_DFL);
		(void)dup2(fd[1], STDERR_FILENO);
		fn();
		_exit(0);
	}
	(void)close(fd[1]);
	while ((n = read(fd[0], buf + have, sizeof(buf) - 1 - (size_t)have)) > 0)
		have += n;
	(void)close(fd[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFSIGNALED(status) || strstr(buf, "test_checked.c:") == NULL || strstr(buf, what) == NULL)
		print_message("expected \"%s\", got \"%s\" (status %x)\n", what, buf, status);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	assert_non_null(strstr(buf, "test_checked.c:"));
	assert_non_null(strstr(buf, what));
}

static void
test_no_object(void **state)
{
	(void)state;
	node = NULL;
	hook = NULL;
	item = NULL;
	dies(use_node, "is none");
	dies(use_node_name, "is none");
	dies(use_hook, "is none");
	dies(use_item, "is none");
	node = (struct ng_node *)(void *)((char *)odd + 4);
	hook = (struct ng_hook *)(void *)((char *)odd + 4);
	item = (struct ng_item *)(void *)((char *)odd + 4);
	dies(use_node, "is no node");
	dies(use_hook_private, "is no hook");
	dies(use_item_free, "is no item");
}

/*
 * What is left of a freed object, here in memory of our own: the caches of this process may have given the place to somebody
 * else, and a sanitizer would stop us before we look.
 */
static void
test_freed(void **state)
{
	static struct ng_node n;
	static struct ng_hook h;
	static struct ng_item i __attribute__((__aligned__(64)));

	(void)state;
	memset(&n, 0x5d, sizeof(n));
	memset(&h, 0x5d, sizeof(h));
	memset(&i, 0x5d, sizeof(i));
	node = &n;
	hook = &h;
	item = &i;
	dies(use_node, "was freed");
	dies(use_node_ref, "was freed");
	dies(use_hook, "was freed");
	dies(use_hook_private, "was freed");
	dies(use_item, "was freed");
	dies(use_item_free, "was freed");
	/* The dead ones are there for ever. */
	assert_string_equal(NG_NODE_NAME(&ng_deadnode), "dead");
	assert_string_equal(NG_HOOK_NAME(&ng_deadhook), "dead");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_no_object), /* first: they fork, and few threads were started yet */
		ngt_test(test_freed),
		ngt_test(test_runs),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
