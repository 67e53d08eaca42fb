/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control.c - calls that change or ask a graph and return when it is done (include/ng/control.h).
 *
 * The caller's thread does the work: it serves what it had to queue itself, and waits only for what another thread has in
 * hand. An answer does not go through a node: it is put into a slot that the request's return address names.
 */
#include "core/core.h"
#include "core/gate.h"

#define DEADLOCK_WAITS 50 /* milliseconds, about, before a call from inside a method is given up */

struct waiter {
	struct ng_apply_info apply;
	_Atomic uint32_t done; /* 0 not yet, 1 done, 2 not yet and the caller sleeps */
	_Atomic uint32_t refs; /* the caller's and the completion's */
	int error;
	/* The caller's own, for ngu__calls_recover(). */
	struct waiter *prev;	     /* the call that this one is nested in, by way of a method */
	struct ng_apply_info *outer; /* what that method completes */
	struct ngu__reply *reply;    /* NULL: it expects no answer */
	uint32_t addr;
	bool sent;
};

static void
waiter_unref(struct waiter *w)
{
	struct ngu__thread *ts;

	if (NGU_FSUB_AR(&w->refs, 1u) != 1)
		return;
	ts = ngu__self();
#ifndef NGU_NO_CACHES
	if (ts->waiter == NULL) { /* the next call will want one */
		ts->waiter = w;
		return;
	}
#endif
	(void)ts;
	ngu__port_free(w);
}

static void
waiter_done(void *arg, int error)
{
	struct waiter *w = arg;

	w->error = error;
	/* ORDER call-done (store side): release; pairs with the acquire load in wait_for(). */
	if (NGU_XCHG_AR(&w->done, 1u) == 2)
		ngu__port_wake(&w->done, 1);
	waiter_unref(w);
}

static struct waiter *
waiter_new(void)
{
	struct ngu__thread *ts = ngu__self();
	struct waiter *w = ts->waiter;

	ts->waiter = NULL;
	if (w == NULL && (w = ngu__port_alloc(sizeof(*w), 16)) == NULL)
		return (NULL);
	NGU_ST_RLX(&w->done, 0u);
	NGU_ST_RLX(&w->apply.error, 0);
	w->error = 0;
	w->apply.apply = waiter_done;
	w->apply.context = w;
	NGU_ST_RLX(&w->apply.refs, 1); /* the caller's, until its send has returned: then it cannot complete early */
	NGU_ST_RLX(&w->refs, 2u);
	return (w);
}

/*
 * This thread itself stands in the way: something waits at a node whose turn it has. Q alone does not say so, it is set while the
 * last item is served; so where the queue is this thread's it looks. Where another thread serves, that one gets on until
 * it meets a writer, and then leaves the queue to the last reader.
 */
static bool
own_way(struct ngu__thread *ts)
{
	uint32_t i, d = NGU_LD_RLX(&ts->depth);

	for (struct ngu__wframe *f = ts->wframes; f != NULL; f = f->prev)
		if (!ngu__w_nothing_before(f->node))
			return (true);
	for (struct ngu__wframe *f = ts->rframes; f != NULL; f = f->prev)
		if (f->drainer ? !ngu__w_nothing_before(f->node)
			       : (NGU_LD_ACQ(&f->node->nd_gate) & (NGU_G_Q | NGU_G_D)) == NGU_G_Q)
			return (true);
	for (i = 0; i < d; i++)
		if (NGU_LD_ACQ(&NGU_LD_RLX(&ts->slot[i])->nd_gate) & NGU_G_Q)
			return (true);
	return (false);
}

static int
wait_for(struct ngu__thread *ts, struct ngu_graph *g, struct waiter *w)
{
	struct ngu__wq *wq = ngu__wq_own(ts, g);
	unsigned spin = 0, waits = 0;
	uint32_t zero, errand = ts->errand;
	int error = EDEADLK;

	if (wq != NULL) /* nobody else may come for what is in front of ours */
		ts->errand = 0;
	w->sent = true;
	ngu__apply_done(&w->apply, 0, 2);
	while (NGU_LD_ACQ(&w->done) != 1) { /* ORDER call-done (load side) */
		if (ts->nmine != 0)
			ngu__promises_keep(ts);
		if (NGU_LD_ACQ(&w->done) == 1)
			break;
		/* Not at once: what waits at our node may have nothing to do with what we wait for. */
		if (ts->level > 1 && waits >= DEADLOCK_WAITS && own_way(ts))
			goto out;
		if (wq != NULL && NGU_LD_ACQ(&wq->len) != 0) {
			(void)ngu__wq_serve(ts, wq, 64);
		} else if (++spin < NGU_SPINS(200)) {
			NGU_PAUSE();
		} else if (zero = 0, NGU_CAS_SC(&w->done, &zero, 2u) || zero == 2) {
			ngu__port_wait(&w->done, 2, 1000000);
			waits++;
		}
	}
	error = w->error;
out:
	ts->errand = errand;
	ts->calls = w->prev;
	waiter_unref(w);
	return (error);
}

static int
send_with(struct ngu__thread *ts, struct ngu_graph *g, struct ng_item *item, struct waiter *w, struct ngu__reply *reply, uint32_t addr)
{
	struct ngu__ctx ctx;
	int error;

	w->prev = ts->calls;
	w->outer = ts->apply;
	w->reply = reply;
	w->addr = addr;
	w->sent = false;
	ts->calls = w;
	item->apply = &w->apply;
	if (ts->w_other != NULL && ts->w_other != item->el_dest)
		ngu__w_other_done(ts); /* nobody may wait for us while we wait */
	ngu__enter(ts, &ctx, g);
	(void)ng_snd_item(item, NG_NOFLAGS);
	error = wait_for(ts, g, w);
	ngu__leave(ts, &ctx);
	return (error);
}

/* Send an addressed item and wait for its completion. reply: where the answer goes, with its address. */
static int
send_and_wait(struct ngu__thread *ts, struct ngu_graph *g, struct ng_item *item, struct ngu__reply *reply, uint32_t addr)
{
	struct waiter *w = waiter_new();

	if (w == NULL) {
		NG_FREE_ITEM(item);
		return (ENOMEM);
	}
	return (send_with(ts, g, item, w, reply, addr));
}

static void
address_core(struct ng_item *item, struct ng_node *node, struct ng_hook *hook, ng_item_fn2 *fn, void *arg1, int arg2)
{
	item->el_flags = NGQF_FN2 | NGQF_WRITER | NGU_QF_CORE;
	NG_NODE_REF(node);
	ngu_k_item_set_node(item, node);
	if (hook != NULL) {
		NG_HOOK_REF(hook);
		ngu_k_item_set_hook(item, hook);
	}
	NGI_FN2(item) = fn;
	NGI_ARG1(item) = arg1;
	NGI_ARG2(item) = arg2;
}

/* Run fn2 with the node's writer turn and wait; it runs even if node or hook is dying. */
int
ngu__call_writer(struct ng_node *node, struct ng_hook *hook, ng_item_fn2 *fn, void *arg1, int arg2)
{
	struct ngu__thread *ts = ngu__self();
	struct ng_item *item;

	if (ts->nest != 0 || ngu__w_held(ts, node))
		return (EDEADLK);
	if ((item = ngu__item_alloc(ts)) == NULL)
		return (ENOMEM);
	address_core(item, node, hook, fn, arg1, arg2);
	return (send_and_wait(ts, node->nd_graph, item, NULL, 0));
}

/* ---- calls that took their memory beforehand ---- */

void
ngu__reserve_free(struct ngu__reserve *r)
{
	struct ng_item *item;

	while ((item = r->items) != NULL) {
		r->items = item->el_next.stqe_next;
		NG_FREE_ITEM(item);
	}
	if (r->waiter != NULL)
		waiter_unref(r->waiter);
	r->waiter = NULL;
}

int
ngu__reserve(struct ngu__reserve *r, unsigned calls)
{
	struct ngu__thread *ts = ngu__self();
	struct ng_item *item;
	struct waiter *w;

	r->items = NULL;
	if ((r->waiter = w = waiter_new()) == NULL)
		return (ENOMEM);
	NGU_ST_RLX(&w->refs, 1u); /* ours; each call adds its two */
	while (calls-- != 0) {
		if ((item = ngu__item_alloc(ts)) == NULL) {
			ngu__reserve_free(r);
			return (ENOMEM);
		}
		item->el_flags = NGQF_FN2;
		item->el_next.stqe_next = r->items;
		r->items = item;
	}
	return (0);
}

void
ngu__reserve_call(struct ngu__reserve *r, struct ng_node *node, struct ng_hook *hook, ng_item_fn2 *fn, int arg2)
{
	struct ngu__thread *ts = ngu__self();
	struct ng_item *item = r->items;
	struct waiter *w = r->waiter;

	r->items = item->el_next.stqe_next;
	address_core(item, node, hook, fn, NULL, arg2);
	/* The call before may not have dropped its last reference yet; of the rest it has let go. */
	(void)NGU_FADD_RLX(&w->refs, 2u);
	NGU_ST_RLX(&w->done, 0u);
	NGU_ST_RLX(&w->apply.error, 0);
	NGU_ST_RLX(&w->apply.refs, 1);
	w->error = 0;
	(void)send_with(ts, node->nd_graph, item, w, NULL, 0);
}

static int
rmnode_fn(node_p node, item_p item, hook_p hook)
{
	(void)hook;
	ng_rmnode(node);
	NG_FREE_ITEM(item);
	return (0);
}

int
ngu__call_rmnode(struct ng_node *node)
{
	int error = ngu__call_writer(node, NULL, rmnode_fn, NULL, 0);

	if (error == ENOMEM || error == EDEADLK) /* death needs no memory */
		error = ng_rmnode_self(node);
	return (error);
}

/* Who wants to be told of the end of an item, instead of waiting for it. */
struct report {
	struct ng_apply_info apply;
	ng_apply_t *done;
	void *arg;
};

static void
report_done(void *arg, int error)
{
	struct report *w = arg;
	ng_apply_t *done = w->done;
	void *done_arg = w->arg;

	ngu__port_free(w);
	done(done_arg, error);
}

/* Send an addressed item; done(arg, result) when all of it is complete, maybe before this returns. ENOMEM: nothing was sent. */
static int
send_and_tell(struct ng_item *item, ng_apply_t *done, void *arg)
{
	struct report *w = ngu__port_alloc(sizeof(*w), 16);

	if (w == NULL) {
		NG_FREE_ITEM(item);
		return (ENOMEM);
	}
	w->apply.apply = report_done;
	w->apply.context = w;
	NGU_ST_RLX(&w->apply.refs, 1); /* ours, until the send has returned */
	NGU_ST_RLX(&w->apply.error, 0);
	w->done = done;
	w->arg = arg;
	item->apply = &w->apply;
	(void)ng_snd_item(item, NG_NOFLAGS);
	ngu__apply_done(&w->apply, 0, 2);
	return (0);
}

int
ngu__send_path(struct ng_node *here, const char *path, struct ng_mesg *msg, ng_apply_t *done, void *arg)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu_graph *g = here->nd_graph;
	struct ngu__ctx ctx;
	struct ng_item *item;
	int error;

	NGU_INVARIANT(ts->nest == 0, "nobody waits in a section");
	ngu__press(ts);
	if ((item = ng_package_msg(msg, NG_NOFLAGS)) == NULL)
		return (ENOMEM);
	ngu__enter(ts, &ctx, g);
	if ((error = ng_address_path(here, item, path, 0)) == 0) {
		if (done != NULL) {
			error = send_and_tell(item, done, arg);
		} else if (ngu__w_held(ts, item->el_dest)) {
			NG_FREE_ITEM(item);
			error = EDEADLK;
		} else {
			error = send_and_wait(ts, g, item, NULL, 0);
		}
	}
	ngu__leave(ts, &ctx);
	return (error);
}

/* ---- replies ---- */

/*
 * What stands in a slot while an answer to `addr` may come: no pointer. Who answers replaces just this, so that an answer to an earlier
 * address cannot take the place of one to a later.
 */
#define ASKED(addr) ((struct ng_mesg *)((uintptr_t)(addr) << 1 | 1u))

static struct ngu__reply *
reply_open(struct ngu__thread *ts, struct ngu_graph *g, uint32_t *addr)
{
	uint32_t i, k, e;

	for (i = 0; i < NGU_REPLY_SLOTS; i++) {
		struct ngu__reply *r;

		k = ((uint32_t)ts->id * 2 + i) & (NGU_REPLY_SLOTS - 1);
		r = &g->reply[k];
		e = 0;
		if (NGU_LD_RLX(&r->addr) == 0 && NGU_CAS_AR(&r->addr, &e, 1u)) {
			r->gen = (r->gen + 1) & 0x3ffffu;
			*addr = NGU_REPLY_BASE | r->gen << 10 | k;
			NGU_ST_SC(&r->msg, ASKED(*addr));
			NGU_ST_SC(&r->addr, *addr);
			return (r);
		}
	}
	return (NULL);
}

static struct ng_mesg *
reply_close(struct ngu__reply *r, uint32_t addr)
{
	struct ng_mesg *m;

	NGU_ST_SC(&r->addr, 1u); /* closed, not yet free */
	m = NGU_XCHG_AR(&r->msg, NULL);
	NGU_ST_SC(&r->addr, 0u);
	return (m != ASKED(addr) ? m : NULL);
}

/*
 * The method that this thread was in did not return, nor will the calls it was made by. Whoever waits for it, perhaps another thread, is told
 * so; the records of this thread's own calls go back, and their reply slots.
 */
void
ngu__calls_recover(struct ngu__thread *ts)
{
	struct ng_apply_info *lost = ts->apply;
	struct ng_mesg *answer;
	struct waiter *w;

	while ((w = ts->calls) != NULL) {
		ts->calls = w->prev;
		if (lost != NULL)
			ngu__apply_done(lost, EINTR, 0);
		lost = w->outer;
		if (w->reply != NULL && (answer = reply_close(w->reply, w->addr)) != NULL)
			NG_FREE_MSG(answer);
		if (!w->sent)
			ngu__apply_done(&w->apply, 0, 2);
		waiter_unref(w);
	}
	if (lost != NULL)
		ngu__apply_done(lost, EINTR, 0);
	ts->apply = NULL;
}

bool
ngu__reply_open_at(struct ngu_graph *g, uint32_t addr)
{
	return (g != NULL && NGU_LD_SC(&g->reply[addr & (NGU_REPLY_SLOTS - 1)].addr) == addr);
}

int
ngu__reply_put(struct ngu_graph *g, uint32_t addr, struct ng_mesg *msg)
{
	struct ngu__reply *r = &g->reply[addr & (NGU_REPLY_SLOTS - 1)];
	struct ng_mesg *asked = ASKED(addr);

	ngu__collect_sent(ngu__self());
	if (!ngu__msg_whole(msg) || !NGU_CAS_SC(&r->msg, &asked, msg)) {
		NG_FREE_MSG(msg);
		return (EINVAL);
	}
	return (0);
}

/* ---- the calls ---- */

int
ngu__call_msg(struct ng_node *node, struct ng_hook *last, struct ng_mesg *msg, struct ng_mesg **reply)
{
	struct ngu__thread *ts = ngu__self();
	struct ng_mesg *answer;
	struct ngu__reply *r;
	struct ng_item *item;
	uint32_t addr;
	int error;

	*reply = NULL;
	if ((item = ng_package_msg(msg, NG_NOFLAGS)) == NULL)
		return (ENOMEM);
	if ((r = reply_open(ts, node->nd_graph, &addr)) == NULL) {
		ngu__count(ts, node->nd_graph->ctr_gate, 0, 1);
		ngu__why(ts, node->nd_graph, node, last, NGU_R_NO_ITEM, NGU_WHY_MESSAGE, ENOBUFS, 1, msg->header.arglen);
		NG_FREE_ITEM(item);
		return (ENOBUFS);
	}
	msg->header.token = addr;
	NGI_RETADDR(item) = addr;
	NG_NODE_REF(node);
	ngu_k_item_set_node(item, node);
	if (last != NULL) {
		NG_HOOK_REF(last);
		ngu_k_item_set_hook(item, last);
	}
	error = send_and_wait(ts, node->nd_graph, item, r, addr);
	answer = reply_close(r, addr);
	if (error == 0)
		*reply = answer;
	else
		NG_FREE_MSG(answer);
	return (error);
}

/* The type that a mkpeer asks for; in the message it may have no end. ETIMEDOUT; else it is there, or the node will say ENXIO. */
static int
want_peer(struct ngu_graph *g, const struct ngm_mkpeer *arg)
{
	char type[NG_TYPESIZ];

	ngu__memcpy(type, arg->type, sizeof(type));
	type[sizeof(type) - 1] = '\0';
	return (ngu__type_want(g, type) == ETIMEDOUT ? ETIMEDOUT : 0);
}

int
ngu_msg(struct ngu_graph *g, const char *path, uint32_t cookie, uint32_t cmd, const void *arg, size_t arglen,
    struct ng_mesg **reply)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__ctx ctx;
	struct ngu__reply *r;
	struct ng_mesg *msg, *answer;
	struct ng_item *item;
	uint32_t addr;
	int error;

	if (reply != NULL)
		*reply = NULL;
	if (g == NULL || path == NULL || (arg == NULL && arglen != 0) || arglen >= UINT32_MAX - sizeof(*msg))
		return (EINVAL);
	if (ts->nest != 0)
		return (EDEADLK);
	ngu__press(ts);
	if (cookie == NGM_GENERIC_COOKIE && cmd == NGM_MKPEER && arglen == sizeof(struct ngm_mkpeer) && (error = want_peer(g, arg)) != 0)
		return (error);
	/* With a zero behind: node types read names to their end, and one that fills its field has none. */
	if ((msg = ngu_k_mkmsg(cookie, cmd, "", arglen + 1, M_NOWAIT)) == NULL)
		return (ENOMEM);
	msg->header.arglen = (uint32_t)arglen;
	if (arglen != 0)
		ngu__memcpy(msg->data, arg, arglen);
	if ((item = ng_package_msg(msg, NG_NOFLAGS)) == NULL)
		return (ENOMEM);
	if ((r = reply_open(ts, g, &addr)) == NULL) {
		ngu__count(ts, g->ctr_gate, 0, 1);
		ngu__why(ts, g, NULL, NULL, NGU_R_NO_ITEM, NGU_WHY_MESSAGE, ENOBUFS, 1, arglen);
		NG_FREE_ITEM(item);
		return (ENOBUFS);
	}
	msg->header.token = addr;
	ngu__enter(ts, &ctx, g);
	if ((error = ng_address_path(NULL, item, path, addr)) == 0) {
		if (ngu__w_held(ts, item->el_dest)) {
			NG_FREE_ITEM(item);
			error = EDEADLK;
		} else {
			error = send_and_wait(ts, g, item, r, addr);
		}
	}
	ngu__leave(ts, &ctx);
	answer = reply_close(r, addr);
	if (reply != NULL && error == 0)
		*reply = answer;
	else
		NG_FREE_MSG(answer);
	return (error);
}

void
ngu_msg_free(struct ng_mesg *msg)
{
	NG_FREE_MSG(msg);
}

/* The generic messages that change a graph are names of fixed width, one after the other. */
struct field {
	const char *name;
	size_t size;
};
_Static_assert(sizeof(struct ngm_connect) == NG_PATHSIZ + 2 * NG_HOOKSIZ && sizeof(struct ngm_mkpeer) == NG_TYPESIZ + 2 * NG_HOOKSIZ &&
    sizeof(struct ngm_rmhook) == NG_HOOKSIZ && sizeof(struct ngm_name) == NG_NODESIZ, "nothing but names");

static int
tell(struct ngu_graph *g, const char *path, uint32_t cmd, const struct field *f, unsigned n)
{
	char arg[sizeof(struct ngm_connect)]; /* the longest */
	size_t len = 0;

	ngu__memset(arg, 0, sizeof(arg));
	for (; n != 0; n--, f++) {
		if (f->name == NULL || ngu__strlcpy(arg + len, f->name, f->size) >= f->size)
			return (EINVAL);
		len += f->size;
	}
	return (ngu_msg(g, path, NGM_GENERIC_COOKIE, cmd, arg, len, NULL));
}

int
ngu_mkpeer(struct ngu_graph *g, const char *path, const char *type, const char *ourhook, const char *peerhook)
{
	const struct field f[] = { { type, NG_TYPESIZ }, { ourhook, NG_HOOKSIZ }, { peerhook, NG_HOOKSIZ } };

	return (tell(g, path, NGM_MKPEER, f, 3));
}

int
ngu_connect(struct ngu_graph *g, const char *path, const char *ourhook, const char *peerpath, const char *peerhook)
{
	const struct field f[] = { { peerpath, NG_PATHSIZ }, { ourhook, NG_HOOKSIZ }, { peerhook, NG_HOOKSIZ } };

	return (tell(g, path, NGM_CONNECT, f, 3));
}

int
ngu_rmhook(struct ngu_graph *g, const char *path, const char *hook)
{
	const struct field f[] = { { hook, NG_HOOKSIZ } };

	return (tell(g, path, NGM_RMHOOK, f, 1));
}

int
ngu_name(struct ngu_graph *g, const char *path, const char *name)
{
	const struct field f[] = { { name, NG_NODESIZ } };

	return (tell(g, path, NGM_NAME, f, 1));
}

int
ngu_shutdown(struct ngu_graph *g, const char *path)
{
	return (tell(g, path, NGM_SHUTDOWN, NULL, 0));
}

int
ngu_lookup(struct ngu_graph *g, const char *path, uint32_t *id)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__ctx ctx;
	node_p node;
	int error;

	if (g == NULL || path == NULL)
		return (EINVAL);
	ngu__enter(ts, &ctx, g);
	if ((error = ng_path2noderef(NULL, path, &node, NULL)) == 0) {
		if (id != NULL)
			*id = NG_NODE_ID(node);
		NG_NODE_UNREF(node);
	}
	ngu__leave(ts, &ctx);
	return (error);
}

int
ngu_mknode(struct ngu_graph *g, const char *type, const char *name, uint32_t *id)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__wframe f;
	struct ngu__ctx ctx;
	node_p node;
	int error;

	if (g == NULL)
		return (EINVAL);
	if (ts->nest != 0)
		return (EDEADLK);
	ngu__press(ts);
	if (ngu__type_want(g, type) == ETIMEDOUT)
		return (ETIMEDOUT); /* without it: ENXIO, below */
	ngu__enter(ts, &ctx, g);
	if (name != NULL)
		ngu__names_expect(&g->names, name);
	/* With its turn held it cannot be shut down, and freed, before it is ours and has its name. */
	if ((error = ngu__make_node_held(type, &node, &f)) == 0) {
		NG_NODE_REF(node);
		if (name != NULL && name[0] != '\0')
			error = ng_name_node(node, name);
		if (error != 0) {
			ngu_k_node_really_die(node);
			ng_rmnode(node);
		} else if (id != NULL) {
			*id = NG_NODE_ID(node);
		}
		ngu__w_release(ts, node, &f);
		NG_NODE_UNREF(node);
	}
	ngu__leave(ts, &ctx);
	return (error);
}

/* For calls of lib/nodes that retire what they make: ngu__press(), unless it is called in a section. */
void
ngu__call_press(void)
{
	struct ngu__thread *ts = ngu__self();

	if (ts->nest == 0)
		ngu__press(ts);
}

int
ngu__mknode_for(struct ngu_graph *g, struct ng_type *type, void *priv, _Atomic(node_p) *at)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__ctx ctx;
	node_p node;
	int error;

	if (ts->nest != 0)
		return (EDEADLK);
	ngu__enter(ts, &ctx, g);
	if ((error = ngu__make_node(g, type, &node, false)) == 0) {
		NG_NODE_SET_PRIVATE(node, priv);
		/* ORDER sock-node (store side): release; pairs with the acquire load in ng_socket.c, sockdata_node(). */
		NGU_ST_REL(at, node);
		ngu__node_publish(node);
	}
	ngu__leave(ts, &ctx);
	return (error);
}

int
ngu__find_hook(const char *path, const char *name, node_p *nodep, hook_p *hookp)
{
	struct ngu__thread *ts = ngu__self();
	hook_p hook;
	int error;

	if ((error = ng_path2noderef(NULL, path, nodep, NULL)) != 0)
		return (error);
	ngu__look_enter(ts);
	hook = ngu__findhook(*nodep, name);
	if (hook == NULL || !ngu__hook_tryref(hook))
		error = ENOENT;
	ngu__look_leave(ts);
	if (error != 0)
		NG_NODE_UNREF(*nodep);
	*hookp = hook;
	return (error);
}

/* A new hook's name is not cut: cut, it could be another hook's. */
static bool
hook_name_fits(const char *name)
{
	return (name != NULL && ngu__strlen(name) < NG_HOOKSIZ);
}

int
ngu_insert(struct ngu_graph *g, const char *path, const char *hook, const char *type, const char *in, const char *out,
    const char *name, uint32_t *id)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__ctx ctx;
	node_p node;
	hook_p h;
	int error;

	if (g == NULL || path == NULL || hook == NULL || !hook_name_fits(in) || !hook_name_fits(out))
		return (EINVAL);
	if (ts->nest != 0)
		return (EDEADLK);
	ngu__press(ts);
	if (ngu__type_want(g, type) == ETIMEDOUT)
		return (ETIMEDOUT);
	ngu__enter(ts, &ctx, g);
	if ((error = ngu__find_hook(path, hook, &node, &h)) == 0) {
		error = ngu__insert(h, type, in, out, name, id);
		NG_HOOK_UNREF(h);
		NG_NODE_UNREF(node);
	}
	ngu__leave(ts, &ctx);
	return (error);
}

int
ngu_bypass(struct ngu_graph *g, const char *path, const char *a, const char *b)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__ctx ctx;
	node_p node, n2;
	hook_p h1, h2;
	int error;

	if (g == NULL || path == NULL || a == NULL || b == NULL)
		return (EINVAL);
	if (ts->nest != 0)
		return (EDEADLK);
	ngu__press(ts);
	ngu__enter(ts, &ctx, g);
	if ((error = ngu__find_hook(path, a, &node, &h1)) == 0) {
		if (ngu__w_held(ts, node)) {
			error = EDEADLK;
		} else if ((error = ngu__find_hook(path, b, &n2, &h2)) == 0) {
			error = ngu__bypass(node, h1, h2);
			NG_HOOK_UNREF(h2);
			NG_NODE_UNREF(n2);
		}
		NG_HOOK_UNREF(h1);
		NG_NODE_UNREF(node);
	}
	ngu__leave(ts, &ctx);
	return (error);
}

int
ngu_relink(struct ngu_graph *g, const char *path, const char *hook, const char *newpath, const char *newhook)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__ctx ctx;
	node_p node, to;
	hook_p h;
	int error;

	if (g == NULL || path == NULL || hook == NULL || newpath == NULL || !hook_name_fits(newhook))
		return (EINVAL);
	if (ts->nest != 0)
		return (EDEADLK);
	ngu__press(ts);
	ngu__enter(ts, &ctx, g);
	if ((error = ngu__find_hook(path, hook, &node, &h)) == 0) {
		if ((error = ng_path2noderef(NULL, newpath, &to, NULL)) == 0) {
			error = ngu__relink(h, to, newhook);
			NG_NODE_UNREF(to);
		}
		NG_HOOK_UNREF(h);
		NG_NODE_UNREF(node);
	}
	ngu__leave(ts, &ctx);
	return (error);
}
