/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab_test.h - what the scenarios share: a graph, a port at each end, numbered packets, and the accounts afterwards.
 *
 * The order of a sender's packets, the exact accounts, and that everything is gone at the end are checked for every
 * schedule. A scenario only says what its threads do.
 */
#ifndef LAB_TEST_H
#define LAB_TEST_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <ng/lab.h>
#include <ng/ng.h>
#include <ng/strict.h>

static struct ngu_graph *g;

#define LT_SENDERS 3

/*
 * For `points` of a scenario: so many places of the program had decisions. Fewer mean that scheduling points got lost. The numbers
 * are those of gcc 12 on x86-64 as the tree is built by default; others make more or less of what is inline out of the same text.
 */
#if defined(__x86_64__) && __GNUC__ == 12 && !defined(__clang__) && defined(__OPTIMIZE__) && !defined(NGU_DEBUG)
#define LT_POINTS(n) (n)
#else
#define LT_POINTS(n) ((n) * 3 / 4)
#endif

struct lt_sink { /* of one sender, or several */
	_Atomic uint32_t last[LT_SENDERS]; /* the highest number that came, from each */
	_Atomic uint32_t got;
};

static struct ngu_port *lt_in, *lt_out, *lt_out2;
static struct lt_sink lt_sink __attribute__((__unused__));
static _Atomic uint32_t lt_sent, lt_ok;

/* A packet says who sent it and the how manieth it is. */
static inline void
lt_rx(void *arg, struct mbuf *m)
{
	struct lt_sink *s = arg;
	uint8_t b[2];

	ngu_lab_check(ngu_packet_read(m, 0, b, 2) == 2);
	ngu_packet_free(m);
	ngu_lab_check(b[0] < LT_SENDERS);
	if (b[1] <= s->last[b[0]])
		ngu_lab_fail("packet %u of sender %u came after packet %u", b[1], b[0], s->last[b[0]]);
	s->last[b[0]] = b[1];
	s->got++;
}

static inline int
lt_send(struct ngu_port *p, unsigned sender, unsigned number)
{
	uint8_t b[2] = { (uint8_t)sender, (uint8_t)number };
	struct mbuf *m = ngu_packet(g, b, 2);
	int error;

	if (m == NULL)
		return (ENOBUFS);
	lt_sent++;
	if ((error = ngu_port_send(p, m)) == 0)
		lt_ok++;
	return (error);
}

static inline void
lt_report(void *arg, const struct ngu_strict_report *r)
{
	(void)arg;
	ngu_lab_fail("strict mode: %s", r->what);
}

/* A strict graph with a fake clock. */
static inline int
lt_graph(unsigned workers)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .fake_clock = true, .workers = workers };
	int error = ngu_graph_create(&o, &g);

	if (error != 0)
		return (error);
	ngu_strict_set_handler(lt_report, NULL);
	return (ngu_graph_strict(g, NGU_STRICT_DEFAULT));
}

/* What was sent was delivered, refused or dropped; nothing is left; nothing stays alive. */
static inline void
lt_accounts(void)
{
	struct ngu_graph_stats st;

	ngu_lab_check(ngu_settle(g, 0) == 0);
	ngu_graph_stats(g, &st);
	if (st.attempted != st.delivered + st.refused + st.dropped + st.queued)
		ngu_lab_fail("accounts: %ju sent, %ju delivered, %ju refused, %ju dropped, %ju queued", (uintmax_t)st.attempted,
		    (uintmax_t)st.delivered, (uintmax_t)st.refused, (uintmax_t)st.dropped, (uintmax_t)st.queued);
	ngu_lab_check(st.queued == 0);
}

static inline void
lt_destroy(void)
{
	int error;

	if ((error = ngu_graph_destroy(g)) != 0) {
		struct ngu_graph_stats st;

		ngu_graph_stats(g, &st);
		ngu_lab_fail("the graph cannot be destroyed (error %d): %ju nodes, %ju hooks, %ju packet buffers are alive", error,
		    (uintmax_t)st.nodes, (uintmax_t)st.hooks, (uintmax_t)st.mbufs);
	}
}

static inline void
lt_end(void *arg)
{
	(void)arg;
	lt_accounts();
	ngu_port_close(lt_in);
	ngu_port_close(lt_out);
	ngu_port_close(lt_out2);
	lt_destroy();
}

/* Runs the scenario to the end within the bounds; a failure's story is on standard error. LT_ONLY=name: that scenario alone. */
static inline void
lt_run_with(const struct ngu_lab *scene, const struct ngu_lab_opts *opts)
{
	static const char *const bounds[] = { "SECONDS", "SCHEDULES", "MODE", "PREEMPTIONS", "DELAYS", "FAILURES" }; /* three are limits */
	const char *only = getenv("LT_ONLY");
	struct ngu_lab s = *scene;
	struct ngu_lab_result r;
	bool others = false, limited = false;

	if (only != NULL && strcmp(only, scene->name) != 0) {
		printf("# %s: not asked for (LT_ONLY=%s)\n", scene->name, only);
		return;
	}
	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		char var[32] = "NGU_LAB_";

		others |= getenv(strcat(var, bounds[i])) != NULL;
		if (i < 3)
			limited = others;
	}
	/* Other bounds have other places, and whoever sets a limit from outside does not ask for completeness. */
	if (others)
		s.points = 0;
	assert_int_equal(ngu_lab_run(&s, opts, &r), 0);
	assert_int_equal(r.fail, NGU_LAB_OK);
	assert_true(r.complete || limited);
}

static inline void
lt_run_bound(const struct ngu_lab *scene, uint32_t preemptions) /* 0: 2 */
{
	const struct ngu_lab_opts o = { .preemptions = preemptions };

	lt_run_with(scene, &o);
}

static inline void
lt_run(const struct ngu_lab *scene)
{
	lt_run_bound(scene, 0);
}

/*
 * Too many orders for every day: one preemption. What has three bodies has its pairs in scenarios of their own, with two; of the others
 * docs/verification.md has the list. tests/run --long takes two here, to the end, where it takes three elsewhere for as long as it says.
 */
static inline void
lt_run_one(const struct ngu_lab *scene)
{
	const char *v = getenv("NGU_LAB_PREEMPTIONS"), *seconds = getenv("NGU_LAB_SECONDS");
	char was[16] = "", limit[24] = "";

	if (v == NULL || atoi(v) < 3) {
		lt_run_bound(scene, 1);
		return;
	}
	(void)snprintf(was, sizeof(was), "%s", v);
	(void)snprintf(limit, sizeof(limit), "%s", seconds != NULL ? seconds : "");
	(void)setenv("NGU_LAB_PREEMPTIONS", "2", 1);
	(void)unsetenv("NGU_LAB_SECONDS");
	lt_run_bound(scene, 2);
	(void)setenv("NGU_LAB_PREEMPTIONS", was, 1);
	if (limit[0] != '\0')
		(void)setenv("NGU_LAB_SECONDS", limit, 1);
}

/*
 * Not quite so many: two preemptions with no store held back, and one with. Bounds from outside (tests/run --long) hold for both together.
 */
static inline void
lt_run_twice(const struct ngu_lab *scene)
{
	struct ngu_lab s = *scene;
	struct ngu_lab_opts o = { .preemptions = 1 };

	lt_run_with(&s, &o);
	if (getenv("NGU_LAB_PREEMPTIONS") != NULL)
		return;
	s.points = 0; /* of those with a store held back */
	o = (struct ngu_lab_opts){ .preemptions = 2, .delays = NGU_LAB_NONE };
	lt_run_with(&s, &o);
}

/*
 * A scene whose bodies have a fault if their `arg` is not NULL. With it the lab must find it, with `part` in what it says; without it, it
 * must pass, having seen every order. opts may be NULL.
 */
static inline void
lt_finds(const struct ngu_lab *scene, const struct ngu_lab_opts *opts, enum ngu_lab_fail kind, const char *part)
{
	static struct ngu_lab_result result;
	struct ngu_lab_opts o = opts != NULL ? *opts : (struct ngu_lab_opts){ .preemptions = 0 };
	struct ngu_lab s = *scene;
	char name[64];

	o.quiet = true;
	(void)snprintf(name, sizeof(name), "%s-planted", scene->name);
	s.name = name;
	s.arg = &result; /* anything */
	s.points = 0;
	assert_int_equal(ngu_lab_run(&s, &o, &result), ENOTRECOVERABLE);
	if (kind == NGU_LAB_MEMORY && result.fail == NGU_LAB_RACE) /* freed beside its use, or before: whichever order comes first */
		result.fail = kind;
	if (result.fail != kind || strstr(result.why, part) == NULL)
		fail_msg("%s: expected failure %d with \"%s\", got %d: %s", name, (int)kind, part, (int)result.fail, result.why);
	lt_run_with(scene, opts);
}

#define LT_TEST(scene) \
	static void test_##scene(void **state) \
	{ \
		(void)state; \
		lt_run(&scene); \
	}

#endif /* LAB_TEST_H */
