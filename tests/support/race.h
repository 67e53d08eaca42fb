/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * race.h - several threads at chosen places: a method that waits to be let go, a call that runs in a thread of its own, and
 * waiting for what another thread is about to do.
 *
 * No verdict depends on how long anything takes: a wait ends when the thing is there. After LIMIT_NS it will not come: then the
 * program ends, because threads that hang cannot be joined and their graph cannot be taken down.
 */
#ifndef NGU_RACE_H
#define NGU_RACE_H

#include "support/unit.h"

#include <pthread.h>
#include <stdlib.h>

#define LIMIT_NS 60000000000
#define COOKIE 77

static inline void
race_hangs(const char *file, int line, const char *what)
{
	char text[256];
	int n = snprintf(text, sizeof(text), "\n# %s:%d: waited in vain for: %s\n", file, line, what);

	fflush(stdout);
	if (n > 0 && fwrite(text, 1, (size_t)n, stderr) == (size_t)n)
		fflush(stderr);
	_Exit(1);
}

#define AWAIT(cond) \
	do { \
		int64_t end_ = ngu__port_mono_ns() + LIMIT_NS; \
		while (!(cond)) { \
			if (ngu__port_mono_ns() > end_) \
				race_hangs(__FILE__, __LINE__, #cond); \
			ngu__port_yield(); \
		} \
	} while (0)

#define GATE(node) NGU_LD_SC(&(node)->nd_gate)
#define GATE_BUSY (NGU_G_W | NGU_G_D | NGU_G_Q | NGU_G_QW | NGU_G_R | NGU_G_C)

/* ---- a method that waits inside its node ---- */

struct hold {
	_Atomic uint32_t in; /* how often it was entered */
	_Atomic uint32_t go;
};

/* For ngt_trace_on(). */
static inline int
hold_here(void *arg, struct ng_node *node, struct ng_hook *hook, struct ng_item **item)
{
	struct hold *h = arg;

	(void)node;
	(void)hook;
	(void)item;
	(void)NGU_FADD_SC(&h->in, 1u);
	AWAIT(NGU_LD_SC(&h->go) != 0);
	return (0);
}

/* ---- a call in a thread of its own ---- */

struct call {
	int (*fn)(struct call *);
	struct ngu_graph *g;
	const char *path, *a, *b, *c; /* what fn wants */
	uint32_t cmd;
	pthread_t th;
	int result;
	_Atomic uint32_t done;
};

static inline void *
call_main(void *arg)
{
	struct call *c = arg;

	(void)ngu_graph_enter(c->g);
	c->result = c->fn(c);
	(void)ngu_graph_enter(NULL);
	NGU_ST_SC(&c->done, 1u);
	return (NULL);
}

static inline void
call_start(struct call *c)
{
	NGU_ST_SC(&c->done, 0u);
	c->result = -1;
	assert_int_equal(pthread_create(&c->th, NULL, call_main, c), 0);
}

static inline int
call_join(struct call *c)
{
	AWAIT(NGU_LD_SC(&c->done) != 0);
	pthread_join(c->th, NULL);
	return (c->result);
}

static inline int
call_msg(struct call *c)
{
	return (ngu_msg(c->g, c->path, COOKIE, c->cmd, NULL, 0, NULL));
}

static inline int
call_connect(struct call *c)
{
	return (ngu_connect(c->g, c->path, c->a, c->b, c->c));
}

static inline int
call_shutdown(struct call *c)
{
	return (ngu_shutdown(c->g, c->path));
}

/* ---- a node whose writer's turn another thread has, inside a method ---- */

#define HELD 99 /* the command */

struct held {
	struct hold hold;
	struct call call;
	char rule[64], path[40];
};

/* `name` is a node of a trace type. */
static inline void
held_start(struct held *h, struct ngu_graph *g, const char *name)
{
	memset(h, 0, sizeof(*h));
	(void)snprintf(h->rule, sizeof(h->rule), "rcvmsg %s %u:%u", name, COOKIE, HELD);
	(void)snprintf(h->path, sizeof(h->path), "%s:", name);
	ngt_trace_on(h->rule, hold_here, &h->hold);
	h->call = (struct call){ .fn = call_msg, .g = g, .path = h->path, .cmd = HELD };
	call_start(&h->call);
	AWAIT(NGU_LD_SC(&h->hold.in) != 0);
}

static inline void
held_go(struct held *h)
{
	NGU_ST_SC(&h->hold.go, 1u);
}

static inline void
held_end(struct held *h)
{
	held_go(h);
	assert_int_equal(call_join(&h->call), 0);
	ngt_trace_on(h->rule, NULL, NULL);
}

/* Something waits at the node, and nobody has promised to come: whoever has it now will serve it. */
static inline bool
left_to_holder(struct ng_node *node, uint32_t bit)
{
	uint32_t w = GATE(node);

	return ((w & bit) != 0 && (w & NGU_G_C) == 0);
}

/* A message to a node by path, sent and not waited for. */
static inline int
post(const char *path, uint32_t cmd, int flags)
{
	struct ng_mesg *msg;
	struct ng_item *item;
	int error;

	NG_MKMESSAGE(msg, COOKIE, cmd, 0, M_NOWAIT);
	if (msg == NULL || (item = ng_package_msg(msg, NG_NOFLAGS)) == NULL)
		return (ENOMEM);
	if ((error = ng_address_path(NULL, item, path, 0)) != 0)
		return (error);
	return (ng_snd_item(item, flags));
}

#endif /* NGU_RACE_H */
