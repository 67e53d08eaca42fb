/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_methods.c - what methods outside of sections may read stays memory until they end, and nothing else does for longer: the
 * engine's side (ngu__retire_methods), then what a node type sees.
 *
 * No verdict hangs on time: what must have happened is waited for, and what must not happen is looked at after that.
 */
#include "support/unit.h"

#include <sys/types.h>
#include <sys/wait.h>

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define LIVE 0x6d657468u
#define COOKIE 78
#define BACKLOG (1u << 17)

static _Atomic uint32_t stage, wrong, freed;

static void
reset(void)
{
	ngu__rcl_barrier();
	NGU_ST_SC(&stage, 0u);
	NGU_ST_SC(&wrong, 0u);
	NGU_ST_SC(&freed, 0u);
}

static void
await(uint32_t n)
{
	while (NGU_LD_ACQ(&stage) < n)
		ngu__port_yield();
}

static void
advance(uint32_t n)
{
	NGU_ST_REL(&stage, n);
}

static pthread_t
spawn(void *(*fn)(void *), void *arg)
{
	pthread_t th;

	assert_int_equal(pthread_create(&th, NULL, fn, arg), 0);
	return (th);
}

/* ---- the engine ---- */

struct obj {
	struct ngu__retire r;
	_Atomic uint32_t magic;
};

static _Atomic(struct obj *) shared;

static void
obj_last(struct ngu__retire *r)
{
	struct obj *o = NGU_CONTAINER(r, struct obj, r);

	NGU_ST_RLX(&o->magic, 0u);
	(void)NGU_FADD_SC(&freed, 1u);
	ngu__port_free(o);
}

static void
obj_grace(struct ngu__retire *r)
{
	ngu__retire_methods(r, obj_last);
}

static struct obj *
obj_new(void)
{
	struct obj *o = ngu__port_alloc(sizeof(*o), 0);

	if (o == NULL)
		abort();
	NGU_ST_RLX(&o->magic, LIVE);
	return (o);
}

/* Everybody finds this one from now on. */
static void
replace(struct obj *new)
{
	struct obj *old = NGU_XCHG_SC(&shared, new);

	if (old != NULL)
		ngu__retire(&old->r, obj_grace);
}

static void
look(void)
{
	struct obj *o = NGU_LD_SC(&shared);

	if (o == NULL || NGU_LD_RLX(&o->magic) != LIVE)
		(void)NGU_FADD_SC(&wrong, 1u);
}

static uint64_t
backlog(void)
{
	struct ngu__rcl_stats st;

	ngu__rcl_stats(&st);
	return (st.retired - st.freed);
}

/* Grace periods are over; what methods hold is not waited for. Inside a method a barrier is the same. */
static void
graces(void)
{
	struct ngu__thread *ts = ngu__self();

	ngu__rcl_graces();
	ngu__method_enter(ts);
	ngu__rcl_barrier();
	ngu__method_leave(ts);
}

/* In a method it finds the object at stage 1, leaves the inner one at 2, the outer one at 4. */
static void *
method_nested(void *arg)
{
	struct ngu__thread *ts = ngu__self();
	struct obj *o;

	(void)arg;
	ngu__method_enter(ts);
	ngu__method_enter(ts);
	o = NGU_LD_SC(&shared);
	advance(1);
	await(2);
	ngu__section_enter(ts);
	ngu__method_enter(ts);
	ngu__method_leave(ts);
	ngu__section_leave(ts);
	ngu__method_leave(ts);
	advance(3);
	await(4);
	if (NGU_LD_RLX(&o->magic) != LIVE)
		(void)NGU_FADD_SC(&wrong, 1u);
	ngu__method_leave(ts);
	return (NULL);
}

static void
test_held_and_nested(void **state)
{
	uint64_t before;
	pthread_t th;

	(void)state;
	reset();
	before = backlog();
	replace(obj_new());
	th = spawn(method_nested, NULL);
	await(1);
	replace(NULL);
	graces();
	assert_int_equal(NGU_LD_SC(&freed), 0);
	assert_int_equal(backlog() - before, 1); /* the counters tell of it */
	advance(2);
	await(3);
	graces();
	assert_int_equal(NGU_LD_SC(&freed), 0); /* inner methods let nothing go */
	advance(4);
	ngu__rcl_barrier();
	assert_int_equal(NGU_LD_SC(&freed), 1);
	assert_int_equal(backlog(), before);
	assert_int_equal(pthread_join(th, NULL), 0);
	assert_int_equal(NGU_LD_SC(&wrong), 0);
}

static void *
method_first(void *arg)
{
	struct ngu__thread *ts = ngu__self();

	(void)arg;
	ngu__method_enter(ts);
	advance(1);
	await(2);
	ngu__method_leave(ts);
	return (NULL);
}

static void *
method_later(void *arg)
{
	struct ngu__thread *ts = ngu__self();

	(void)arg;
	ngu__method_enter(ts);
	advance(2);
	await(3);
	ngu__method_leave(ts);
	return (NULL);
}

/* A method that began after the object had its stamp does not hold it. */
static void
test_later_methods(void **state)
{
	uint64_t wanted;
	pthread_t a, b;

	(void)state;
	reset();
	wanted = NGU_LD_SC(&ngu__era_wanted);
	replace(obj_new());
	a = spawn(method_first, NULL);
	await(1);
	replace(NULL);
	while (NGU_LD_SC(&ngu__era_wanted) == wanted) /* until it has */
		ngu__port_yield();
	b = spawn(method_later, NULL);
	await(2);
	assert_int_equal(pthread_join(a, NULL), 0);
	ngu__rcl_barrier(); /* if b held it, this would be for ever */
	assert_int_equal(NGU_LD_SC(&freed), 1);
	advance(3);
	assert_int_equal(pthread_join(b, NULL), 0);
}

#define ROUNDS 20000
#define STORMERS 3

/* From one method into the next, without a pause. */
static void *
method_after_method(void *arg)
{
	struct ngu__thread *ts = ngu__self();
	int i;

	(void)arg;
	while (NGU_LD_ACQ(&stage) == 0) {
		ngu__method_enter(ts);
		for (i = 0; i < 4; i++) {
			look();
			if (i == 1)
				ngu__port_yield();
		}
		ngu__method_leave(ts);
	}
	return (NULL);
}

static void *
replaces(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		replace(obj_new());
		ngu__rcl_backpressure();
	}
	return (NULL);
}

/* All goes, although there is a method at any time. */
static void
test_storm(void **state)
{
	pthread_t th[STORMERS], wr[2];
	uint64_t before;
	int i;

	(void)state;
	reset();
	before = backlog();
	replace(obj_new());
	for (i = 0; i < STORMERS; i++)
		th[i] = spawn(method_after_method, NULL);
	for (i = 0; i < 2; i++)
		wr[i] = spawn(replaces, NULL);
	for (i = 0; i < 2; i++)
		assert_int_equal(pthread_join(wr[i], NULL), 0);
	ngu__rcl_barrier(); /* they are still at it */
	assert_int_equal(NGU_LD_SC(&freed), 2 * ROUNDS);
	assert_int_equal(backlog(), before);
	advance(1);
	for (i = 0; i < STORMERS; i++)
		assert_int_equal(pthread_join(th[i], NULL), 0);
	replace(NULL);
	ngu__rcl_barrier();
	assert_int_equal(NGU_LD_SC(&freed), 2 * ROUNDS + 1);
	assert_int_equal(NGU_LD_SC(&wrong), 0);
}

/* A method that sleeps holds what is unlinked meanwhile; callers are slowed down, not stopped, and the counters tell. */
static void
test_backlog(void **state)
{
	uint64_t before;
	pthread_t th;
	uint32_t i;

	(void)state;
	reset();
	before = backlog();
	th = spawn(method_first, NULL);
	await(1);
	for (i = 0; i < BACKLOG + 10; i++) {
		replace(obj_new());
		if (i % 4096 == 0)
			graces();
	}
	graces();
	assert_int_equal(NGU_LD_SC(&freed), 0);
	assert_int_equal(backlog() - before, BACKLOG + 9);
	ngu__rcl_backpressure(); /* comes back */
	assert_int_equal(NGU_LD_SC(&freed), 0);
	replace(NULL);
	advance(2);
	ngu__rcl_barrier();
	assert_int_equal(NGU_LD_SC(&freed), BACKLOG + 10);
	assert_int_equal(backlog(), before);
	assert_int_equal(pthread_join(th, NULL), 0);
}

static void *
ends_inside(void *arg)
{
	struct ngu__thread *ts = ngu__self();

	(void)arg;
	ngu__method_enter(ts);
	ngu__method_enter(ts);
	advance(1);
	await(2);
	pthread_exit(NULL);
}

/* A thread that ends in a method holds nothing any more, and its record is as new. */
static void
test_thread_ends_inside(void **state)
{
	pthread_t th;

	(void)state;
	reset();
	replace(obj_new());
	th = spawn(ends_inside, NULL);
	await(1);
	replace(NULL);
	graces();
	assert_int_equal(NGU_LD_SC(&freed), 0);
	advance(2);
	assert_int_equal(pthread_join(th, NULL), 0);
	ngu__rcl_barrier();
	assert_int_equal(NGU_LD_SC(&freed), 1);
	for (struct ngu__thread *ts = NGU_LD_SC(&ngu__threads); ts != NULL; ts = ts->next)
		assert_int_equal(NGU_LD_SC(&ts->era), 0);
}

/* exit(3) from inside a method: the exit handler does not wait for it. In a process of its own, with a reclaimer of its own. */
static int
exits(void)
{
	struct ngu__thread *ts = ngu__self();

	replace(obj_new());
	ngu__method_enter(ts);
	look();
	replace(NULL);
	ngu__rcl_barrier(); /* it is the method that holds it now */
	if (backlog() != 1 || NGU_LD_SC(&freed) != 0 || NGU_LD_SC(&wrong) != 0)
		return (1);
	alarm(60);
	return (0);
}

/* Must run while the process has no thread and no record. */
static void
test_exit_inside(void **state)
{
	int status = 0;
	pid_t pid;

	(void)state;
	assert_null(NGU_LD_ACQ(&ngu__threads));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		exit(exits());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- what a node type sees ---- */

static struct ngt *T;

/* The neighbours of the first hook, as a method finds them, looked at again when all has changed: stages 1 and 2. */
static int
looks_for_long(void *arg, struct ng_node *node, struct ng_hook *unused, struct ng_item **item)
{
	struct ng_hook *hook = LIST_FIRST(&node->nd_hooks), *peer = NG_HOOK_PEER(hook);
	struct ng_node *other = NG_HOOK_NODE(peer);
	const char *name = NG_NODE_NAME(other);
	ng_ID_t id = NG_NODE_ID(other);

	(void)arg;
	(void)unused;
	(void)item;
	advance(1);
	await(2);
	if (strcmp(name, "B") != 0 || strcmp(NG_HOOK_NAME(peer), "y") != 0 || NG_NODE_ID(other) != id ||
	    strcmp(other->nd_type->name, "b") != 0)
		(void)NGU_FADD_SC(&wrong, 1u);
	return (0);
}

static void *
asks(void *arg)
{
	if (ngu_msg(ngt_g(T), arg, COOKIE, 1, NULL, 0, NULL) != 0)
		(void)NGU_FADD_SC(&wrong, 1u);
	return (NULL);
}

static void *
cuts(void *arg)
{
	if (ngu_rmhook(ngt_g(T), arg, "y") != 0)
		(void)NGU_FADD_SC(&wrong, 1u);
	return (NULL);
}

/* Renamed a thousand times, and cut: what the method has read is as it was. */
static void
test_neighbour_goes(void **state)
{
	struct ngt *t = traced(0, 0, "a A.x - b B.y; a C");
	char from[16] = "B:", to[20];
	pthread_t th, cut;
	int i;

	(void)state;
	T = t;
	reset();
	ngt_trace_on("rcvmsg A", looks_for_long, NULL);
	th = spawn(asks, "A:");
	await(1);
	for (i = 0; i < 1000; i++) {
		(void)snprintf(to, sizeof(to), "n%03d", i % 1000);
		assert_int_equal(ngu_name(G, from, to), 0);
		(void)snprintf(from, sizeof(from), "n%03d:", i % 1000);
	}
	cut = spawn(cuts, from); /* it waits for A's end to go, and that for the method */
	(void)snprintf(to, sizeof(to), "%sy", from);
	while (ngu_lookup(G, to, NULL) == 0)
		ngu__port_yield();
	graces();
	advance(2);
	assert_int_equal(pthread_join(th, NULL), 0);
	assert_int_equal(pthread_join(cut, NULL), 0);
	assert_int_equal(NGU_LD_SC(&wrong), 0);
	expect_alive(t, 3, 0);
	end_quietly(t);
}

/* The link is led elsewhere: by insert and what removes its old end, by relink; and neither call waits for the method. */
static void
test_neighbour_replaced(void **state)
{
	static const char *const how[] = { "insert", "relink" };
	struct ngt *t;
	pthread_t th;
	size_t i;

	(void)state;
	for (i = 0; i < NITEMS(how); i++) {
		t = traced(0, 0, "a A.x - b B.y; a C");
		T = t;
		reset();
		ngt_trace_on("rcvmsg A", looks_for_long, NULL);
		th = spawn(asks, "A:");
		await(1);
		if (i == 0) {
			assert_int_equal(ngu_insert(G, "A:", "x", "a", "in", "out", "D", NULL), 0);
			assert_int_equal(ngu_rmhook(G, "B:", "y"), 0);
		} else {
			assert_int_equal(ngu_relink(G, "A:", "x", "C:", "z"), 0);
		}
		graces();
		advance(2);
		assert_int_equal(pthread_join(th, NULL), 0);
		assert_int_equal(NGU_LD_SC(&wrong), 0);
		end_quietly(t);
	}
}

/* Calls that wait for what was retired, made inside a method that holds it: they come back. */
static int inside[5];

static int
calls_inside(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct ngt *t = T;

	(void)arg;
	(void)node;
	(void)hook;
	(void)item;
	inside[0] = ngu_name(G, "B:", "E");
	inside[1] = ngu_bypass(G, "E:", "y", "z");
	inside[2] = ngu_relink(G, "C:", "w", "D:", "v");
	ngu_reclaim_barrier();
	inside[3] = ngu_graph_destroy(G);
	inside[4] = (int)ngu__self()->methods;
	return (0);
}

static void
test_calls_inside(void **state)
{
	struct ngt *t = traced(0, 0, "a A; a F.x - b B.y; B.z - a C.w; a D");

	(void)state;
	T = t;
	reset();
	ngt_trace_on("rcvmsg A", calls_inside, NULL);
	assert_int_equal(ngu_msg(G, "A:", COOKIE, 1, NULL, 0, NULL), 0);
	assert_int_equal(inside[0], 0);
	assert_int_equal(inside[1], 0);
	assert_int_equal(inside[2], 0);
	assert_int_equal(inside[3], EDEADLK);
	assert_int_equal(inside[4], 1);
	assert_int_equal(ngu__self()->methods, 0);
	assert_int_equal(NGU_LD_SC(&ngu__self()->era), 0);
	ngt_settle(t);
	assert_int_equal(ngu_lookup(G, "F:x", NULL), ENOENT); /* bypassed to C:w, which then was led to D:v */
	assert_int_equal(ngu_lookup(G, "C:w", NULL), 0);
	assert_int_equal(ngu_lookup(G, "D:v", NULL), 0);
	end_quietly(t);
}

/* Each method that is no packet's is one: its thread shows an era in it, and none after it. */
static int
shows(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	(void)arg;
	(void)node;
	(void)hook;
	(void)item;
	if (NGU_LD_SC(&ngu__self()->era) == 0)
		(void)NGU_FADD_SC(&wrong, 1u);
	(void)NGU_FADD_SC(&stage, 1u);
	return (0);
}

static void
shows_fn(struct ng_node *node, struct ng_hook *hook, void *arg, int arg2)
{
	(void)arg2;
	(void)shows(arg, node, hook, NULL);
}

static void
shows_callout(void *arg)
{
	(void)shows(arg, NULL, NULL, NULL);
}

static void
test_every_method(void **state)
{
	static const char *const methods[] = { "constructor", "newhook", "connect", "rcvmsg", "disconnect", "close", "shutdown" };
	struct ngt *t = traced(0, 0, "a A");
	struct callout c, raw;
	struct ng_node *a;
	size_t i;

	(void)state;
	T = t;
	reset();
	for (i = 0; i < NITEMS(methods); i++)
		ngt_trace_on(methods[i], shows, NULL);
	assert_int_equal(ngu_mknode(G, "b", "B", NULL), 0);			/* constructor */
	assert_int_equal(ngu_mkpeer(G, "B:", "b", "x", "y"), 0);		/* and twice newhook, connect */
	assert_int_equal(ngu_insert(G, "B:", "x", "b", "in", "out", "D", NULL), 0); /* the same */
	assert_int_equal(ngu_connect(G, "B:", "z", "A:", "z"), 0);		/* twice newhook, connect */
	assert_int_equal(ngu_msg(G, "A:", COOKIE, 1, NULL, 0, NULL), 0);	/* rcvmsg */
	assert_int_equal(NGU_LD_SC(&stage), 1 + 5 + 5 + 4 + 1);
	assert_int_equal(ngu_rmhook(G, "A:", "z"), 0); /* twice disconnect */
	assert_int_equal(NGU_LD_SC(&stage), 18);
	assert_int_equal(ngu_shutdown(G, "A:"), 0); /* close, shutdown */
	assert_int_equal(NGU_LD_SC(&stage), 20);
	a = node_of(t, "B");
	assert_int_equal(ng_send_fn(a, NULL, shows_fn, NULL, 0), 0);
	ng_callout_init(&c);
	assert_int_equal(ng_callout(&c, a, NULL, 1, shows_fn, NULL, 0), 0);
	callout_init(&raw, 1);
	(void)ngu_graph_enter(G);
	(void)callout_reset(&raw, 1, shows_callout, NULL);
	ngt_advance(t, 1000);
	assert_int_equal(NGU_LD_SC(&stage), 23);
	NG_NODE_UNREF(a);
	assert_int_equal(NGU_LD_SC(&wrong), 0);
	assert_int_equal(NGU_LD_SC(&ngu__self()->era), 0);
	end_quietly(t);
}

/* A test that jumps out of its methods: ngu_thread_recover() forgets them. */
static void
test_recover(void **state)
{
	struct ngu__thread *ts = ngu__self();

	(void)state;
	reset();
	replace(obj_new());
	ngu__method_enter(ts);
	ngu__method_enter(ts);
	replace(NULL);
	ngu__rcl_barrier();
	assert_int_equal(NGU_LD_SC(&freed), 0);
	ngu_thread_recover(NULL);
	assert_int_equal(ts->methods, 0);
	assert_int_equal(NGU_LD_SC(&ts->era), 0);
	ngu__rcl_barrier();
	assert_int_equal(NGU_LD_SC(&freed), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_inside), /* first: see there */
		cmocka_unit_test(test_held_and_nested),
		cmocka_unit_test(test_later_methods),
		cmocka_unit_test(test_storm),
		cmocka_unit_test(test_backlog),
		cmocka_unit_test(test_thread_ends_inside),
		ngt_test(test_neighbour_goes),
		ngt_test(test_neighbour_replaced),
		ngt_test(test_calls_inside),
		ngt_test(test_every_method),
		cmocka_unit_test(test_recover),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
