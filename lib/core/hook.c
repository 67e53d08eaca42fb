/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hook.c - the two ends of an edge, and how they come and go while packets cross.
 *
 * Readers    Packet path: inside a section, load hk_peer once, use it, leave. No lock, no retry, no reference.
 * Writers    A hook enters and leaves its node's list and index under nd_lock, by whoever has the node's writer turn (or the
 *            node to itself). Edges change under the edge locks of the hooks concerned; no lock is held over a method.
 * Invariants (attacked by tests/torture)
 *   H1  A reader sees in hk_peer a live hook, a retired one whose grace period is open, or the dead hook; never NULL.
 *   H2  peer(peer(h)) == h when no edge lock is held, except for hooks marked ONEWAY, which hold a counted reference on
 *       their peer until their own grace period has ended (bypass, insert, relink).
 *   H3  A hook is destroyed once, by whoever moved its state to DEAD, and retired once: by that one, or, if it stood on the
 *       doom list then, by whoever takes it off.
 *   H4  hk_node changes to the dead node only after the grace period and the methods: inside a section a hook's node is its real one.
 *   H5  Memory, node and the hook it leads to go after that, when all methods that may have read them have ended, too
 *       (ngu__method_enter()): a method may use the peer it found, with its node, outside of sections.
 * Lifetime   alloc -> newhook -> linked -> connected -> DEAD, unlinked -> disconnect -> grace period -> methods' ends -> last
 *            reference -> free.
 */
#include "core/core.h"
#include "core/gate.h"

static struct ngu__zone hook_zone = NGU_ZONE_INIT("hooks", NGU_Z_HOOK, sizeof(struct ng_hook), NGU_CACHELINE);

#define RETIRE(h) ((struct ngu__retire *)(void *)&(h)->hk_retire)

/* ---- index: hooks by name, for those who come without the gate ---- */

struct ngu__hidx {
	struct ngu__retire retire;
	uint32_t size; /* a power of two */
	uint32_t used; /* slots that are or were taken */
	_Atomic(struct ng_hook *) slot[];
};

#define GONE ((struct ng_hook *)(uintptr_t)1)

/* No further than a name can be long: types look for what a message says, which may have no end. strcmp() stops there, too. */
static uint32_t
hash(const char *s)
{
	uint32_t h = 2166136261u;

	for (unsigned i = 0; i < NG_HOOKSIZ && s[i] != '\0'; i++)
		h = (h ^ (unsigned char)s[i]) * 16777619u;
	return (h ^ h >> 15);
}

/* The smallest, of two slots, is what most nodes have. */
static struct ngu__zone hidx_zone = NGU_ZONE_INIT("hook indexes", NGU_Z_HIDX, sizeof(struct ngu__hidx) + 2 * sizeof(hook_p), 8);

void
ngu__hidx_free(struct ngu__hidx *x)
{
	if (x != NULL && x->size == 2)
		ngu__zone_free_at(ngu__self(), NGU_Z_HIDX, &hidx_zone, x);
	else
		ngu__port_free(x);
}

static void
hidx_free(struct ngu__retire *r)
{
	ngu__hidx_free(NGU_CONTAINER(r, struct ngu__hidx, retire));
}

static struct ngu__hidx *
hidx_new(uint32_t size)
{
	size_t bytes = sizeof(struct ngu__hidx) + size * sizeof(hook_p);
	struct ngu__hidx *x = size == 2 ? ngu__zone_alloc_at(ngu__self(), NGU_Z_HIDX, &hidx_zone) : ngu__port_alloc(bytes, 16);

	if (x != NULL) {
		ngu__memset(x, 0, bytes);
		x->size = size;
	}
	return (x);
}

static void
hidx_put(struct ngu__hidx *x, hook_p hook)
{
	uint32_t i = hash(hook->hk_name) & (x->size - 1);
	hook_p e;

	while ((e = NGU_LD_RLX(&x->slot[i])) != NULL && e != GONE)
		i = (i + 1) & (x->size - 1);
	if (e == NULL)
		x->used++;
	/* ORDER hidx-publish (store side): the hook is complete; pairs with the acquire load in findhook_default(). */
	if (NGU_PLANT(S2))
		*(hook_p *)(void *)&x->slot[i] = hook;
	else
		NGU_ST_REL(&x->slot[i], hook);
}

/* Room for one more. Under nd_lock. */
static int
hidx_room(node_p node)
{
	struct ngu__hidx *x = NGU_LD_RLX(&node->nd_hidx), *y;
	uint32_t live = (uint32_t)NGU_LD_RLX(&node->nd_numhooks), size = 2, i;
	hook_p e;

	/* Two slots may both be taken: most nodes have no more hooks. Else a quarter is free. */
	if (x == NULL || (x->used + 1) * 4 > x->size * 3 + (x->size == 2 ? 2u : 0)) {
		while (live + 1 > 2 && size < (live + 1) * 2)
			size *= 2;
		if ((y = hidx_new(size)) == NULL)
			return (ENOMEM);
		for (i = 0; x != NULL && i < x->size; i++)
			if ((e = NGU_LD_RLX(&x->slot[i])) != NULL && e != GONE)
				hidx_put(y, e);
		NGU_ST_REL(&node->nd_hidx, y);
		if (x != NULL)
			ngu__retire(&x->retire, hidx_free);
	}
	return (0);
}

static void
hidx_del(node_p node, hook_p hook)
{
	struct ngu__hidx *x = NGU_LD_RLX(&node->nd_hidx);
	uint32_t i = hash(hook->hk_name) & (x->size - 1);

	while (NGU_LD_RLX(&x->slot[i]) != hook)
		i = (i + 1) & (x->size - 1);
	NGU_ST_REL(&x->slot[i], GONE);
}

/* With `any`, a hook that is half connected or going is found as well. */
static hook_p
findhook_default(node_p node, const char *name, bool any)
{
	struct ngu__hidx *x = NGU_LD_ACQ(&node->nd_hidx);
	uint32_t i, n;
	hook_p h;

	if (x == NULL)
		return (NULL);
	for (i = hash(name) & (x->size - 1), n = 0; n < x->size; i = (i + 1) & (x->size - 1), n++) {
		if (NGU_PLANT(R8))
			x = NGU_LD_ACQ(&node->nd_hidx);
		if ((h = NGU_LD_ACQ(&x->slot[i])) == NULL) /* ORDER hidx-publish (load side) */
			break;
		if (h != GONE && ngu__strcmp(h->hk_name, name) == 0 && (any || NG_HOOK_IS_VALID(h)))
			return (h);
	}
	return (NULL);
}

hook_p
ngu__findhook(node_p node, const char *name)
{
	if (node->nd_type->findhook != NULL)
		return (node->nd_type->findhook(node, name));
	return (findhook_default(node, name, false));
}

/* Is the name in use? A half connected hook counts, too: two of one name would be one too many (section 13.2). */
bool
ngu__hook_taken(node_p node, const char *name)
{
	struct ngu__thread *ts = ngu__self();
	bool taken, alone = ngu__w_mine(ts, node); /* then nobody else changes the index: no section needed */

	if (!alone)
		ngu__look_enter(ts);
	taken = ngu__findhook(node, name) != NULL || findhook_default(node, name, true) != NULL;
	if (!alone)
		ngu__look_leave(ts);
	return (taken);
}

hook_p
ng_findhook(node_p node, const char *name)
{
	struct ngu__thread *ts = ngu__self();
	bool alone = ngu__w_mine(ts, node);
	hook_p h;

	if (!alone)
		ngu__look_enter(ts);
	h = ngu__findhook(node, name);
	if (!alone)
		ngu__look_leave(ts);
	return (h);
}

hook_p
ngu_k_foreach_hook(node_p node, ng_fn_eachhook *fn, void *arg)
{
	hook_p h, n;

	for (h = LIST_FIRST(&node->nd_hooks); h != NULL; h = n) {
		n = LIST_NEXT(h, hk_hooks);
		if (!fn(h, arg))
			return (h);
	}
	return (NULL);
}

size_t
ngu__hooks_walk(node_p node, bool (*fn)(void *arg, hook_p hook), void *arg)
{
	struct ngu__hidx *x = NGU_LD_ACQ(&node->nd_hidx);
	uint32_t i;
	hook_p h;

	if (x == NULL)
		return (0);
	for (i = 0; i < x->size; i++)
		if ((h = NGU_LD_ACQ(&x->slot[i])) != NULL && h != GONE && !fn(arg, h)) /* ORDER hidx-publish (load side) */
			break;
	return (sizeof(*x) + x->size * sizeof(hook_p));
}

/* ---- references ---- */

void
ngu_k_hook_ref(hook_p hook)
{
	if (hook == &ng_deadhook)
		return;
	(void)NGU_FADD_RLX(&hook->hk_refs, 1);
}

bool
ngu__hook_tryref(hook_p hook)
{
	int n = NGU_LD_RLX(&hook->hk_refs);

	if (hook == &ng_deadhook)
		return (false);
	while (n > 0)
		if (NGU_CAS_AR(&hook->hk_refs, &n, n + 1))
			return (true);
	return (false);
}

/*
 * A hook's graph, also when its node is gone: until it is first linked the list linkage holds it, after its grace period the
 * retire link does.
 */
static struct ngu_graph *
graph_of(hook_p hook)
{
	node_p node = NGU_LD_ACQ(&hook->hk_node);

	if (!(NGU_LD_ACQ(&hook->hk_state) & NGU_HS_BORN))
		return ((struct ngu_graph *)(void *)hook->hk_hooks.le_prev);
	return (node != &ng_deadnode ? node->nd_graph : hook->hk_retire.next);
}

static void
hook_free(hook_p hook)
{
	struct ngu__thread *ts = ngu__self();
	node_p node = NGU_LD_RLX(&hook->hk_node);
	struct ngu_graph *g = graph_of(hook);

	if (g != NULL)
		ngu__count(ts, g->ctr_memory, 0, 1);
#ifdef NGU_DEBUG
	ngu__ref_forget(hook);
#endif
	ngu__memset(hook, 0x5d, sizeof(*hook));
	ngu__zone_free_at(ts, NGU_Z_HOOK, &hook_zone, hook);
	if (node != &ng_deadnode)
		NG_NODE_UNREF(node);
}

/* `most` references at once. */
void
ngu__hook_unref_n(hook_p hook, uint32_t most)
{
	int n;

	if (hook == &ng_deadhook)
		return;
	n = NGU_FSUB_AR(&hook->hk_refs, (int)most);
	NGU_INVARIANT(n >= (int)most, "H5");
	if (n == (int)most)
		NGU_PLANT(dying_hook) ? ngu__hook_retire(hook) : hook_free(hook);
}

void
ng_unref_hook(hook_p hook)
{
	ngu__hook_unref_n(hook, 1);
}

/* ---- birth ---- */

static hook_p
blank(struct ngu__thread *ts)
{
	hook_p h = ngu__zone_alloc_at(ts, NGU_Z_HOOK, &hook_zone);
	uint32_t idx;

	if (h == NULL)
		return (NULL);
	if ((idx = ngu__ctr_alloc()) == 0) {
		ngu__zone_free_at(ts, NGU_Z_HOOK, &hook_zone, h);
		return (NULL);
	}
	ngu__memset(h, 0, sizeof(*h));
	NGU_ST_RLX(&h->hk_peer, &ng_deadhook);
	NGU_ST_RLX(&h->hk_node, &ng_deadnode);
	NGU_ST_RLX(&h->hk_rcvdata, ngu__rcvdata_none);
	NGU_ST_RLX(&h->hk_flags, HK_INVALID);
	NGU_ST_RLX(&h->hk_refs, 1);
	h->hk_idx = idx;
	return (h);
}

/*
 * Before a gate is closed to make an edge: the memory for its two ends, so that packets do not wait for the allocator. A failure
 * here is none; ngu__hook_alloc() tries again.
 */
void
ngu__hooks_ready(struct ngu__thread *ts)
{
#ifndef NGU_NO_CACHES
	hook_p h;

	while (ts->nready < 2 && (h = blank(ts)) != NULL)
		ts->ready[ts->nready++] = h;
#else
	(void)ts;
#endif
}

/* What of it was not wanted. */
void
ngu__hooks_unready(struct ngu__thread *ts)
{
	while (ts->nready != 0) {
		hook_p h = ts->ready[--ts->nready];

		ngu__ctr_free(h->hk_idx);
		ngu__zone_free_at(ts, NGU_Z_HOOK, &hook_zone, h);
	}
}

/* A hook that nobody knows: INVALID, peer and node dead, one reference (the list's to be). */
hook_p
ngu__hook_alloc(struct ngu_graph *g, const char *name)
{
	struct ngu__thread *ts = ngu__self();
	hook_p h = ts->nready != 0 ? ts->ready[--ts->nready] : blank(ts);

	if (h == NULL)
		return (NULL);
	h->hk_hooks.le_prev = (void *)g;
	(void)ngu__strlcpy(h->hk_name, name, sizeof(h->hk_name));
	ngu__count(ts, g->ctr_hooks, 1, 0);
	return (h);
}

/* Take a hook back that never was on a node's list: nobody can be looking at it. */
void
ngu__hook_free_unborn(hook_p hook)
{
	struct ngu__thread *ts = ngu__self();

	if (ts->graph != NULL)
		ngu__count(ts, ts->graph->ctr_hooks, 0, 1);
	if (hook->hk_idx != 0)
		ngu__ctr_free(hook->hk_idx);
	hook->hk_idx = 0;
	NGU_ST_RLX(&hook->hk_state, NGU_HS_DEAD);
	NG_HOOK_UNREF(hook);
}

/* Onto the node: list, index, count. The hook must know its node already. ENOMEM; ENOENT when the hook is dead by now. */
int
ngu__hook_link(node_p node, hook_p hook)
{
	ng_rcvdata_t *rcv = node->nd_type->rcvdata, *none = ngu__rcvdata_none;
	uint32_t st = 0, real, n;
	int error;

	/* The receiver is settled now: an override made in newhook, else the type's. */
	if (rcv != NULL)
		(void)NGU_CAS_AR(&hook->hk_rcvdata, &none, rcv);
	rcv = NGU_LD_ACQ(&hook->hk_rcvdata);
	real = ngu__receiver_number(rcv, ngu__rcvburst_for(node->nd_type, rcv));
	if (!NGU_PLANT(R4))
		ngu__spin_lock(&node->nd_lock);
	n = (uint32_t)NGU_LD_RLX(&node->nd_numhooks) + 1;
	if (n > NGU_LD_RLX(&node->nd_graph->max[NGU_L_HOOKS])) {
		ngu__limit_refused(node->nd_graph, NGU_L_HOOKS);
		error = ENOMEM;
	} else {
		error = hidx_room(node);
	}
	while (error == 0) {
		if (st & NGU_HS_DEAD)
			error = ENOENT; /* its other end has died meanwhile */
		else if (NGU_CAS_SC(&hook->hk_state, &st, (st & ~NGU_HS_REAL) | real | NGU_HS_LINKED | NGU_HS_BORN))
			break;
	}
	if (error == 0) {
		if (NGU_LD_RLX(&node->nd_flags) & NGF_HI_STACK)
			(void)NGU_FOR_SC(&hook->hk_flags, HK_HI_STACK); /* where the packet path looks */
		if (NGU_LD_RLX(&hook->hk_flags) & HK_FORCE_WRITER) /* set in newhook, when the hook may have had no node yet */
			(void)NGU_FOR_SC(&node->nd_gate, NGU_G_EXCL);
		ngu__strict_hook(node, hook);
		hidx_put(NGU_LD_RLX(&node->nd_hidx), hook);
		LIST_INSERT_HEAD(&node->nd_hooks, hook, hk_hooks);
		NGU_ST_RLX(&node->nd_numhooks, (int)n);
		ngu__limit_high(&node->nd_graph->high[NGU_L_HOOKS], n);
	}
	if (!NGU_PLANT(R4))
		ngu__spin_unlock(&node->nd_lock);
	return (error);
}

/* A new hook on `node`, newhook called, linked. With the node's writer turn, or the node to itself. */
int
ngu__add_hook(node_p node, const char *name, uint32_t keep, hook_p *out)
{
	struct ngu__thread *ts = ngu__self();
	hook_p hook;
	int error = 0;

	*out = NULL;
	if (name == NULL || name[0] == '\0')
		return (EINVAL);
	if (ngu__hook_taken(node, name))
		return (EEXIST);
	if ((hook = ngu__hook_alloc(node->nd_graph, name)) == NULL)
		return (ENOMEM);
	NGU_ST_RLX(&hook->hk_state, keep);
	NG_NODE_REF(node);
	NGU_ST_REL(&hook->hk_node, node);
	NGU_STRICT_W(node, "newhook");
	ngu__method_enter(ts);
	if (node->nd_type->newhook != NULL)
		error = node->nd_type->newhook(node, hook, name);
	ngu__method_leave(ts);
	if (error != 0) {
		ngu__hook_free_unborn(hook);
		return (error);
	}
	if ((error = ngu__hook_link(node, hook)) != 0) {
		/* The type has accepted the hook and must hear that it goes again. */
		(void)NGU_FOR_SC(&hook->hk_state, NGU_HS_DEAD);
		ngu__hook_disconnect(node, hook);
		ngu__hook_free_unborn(hook);
		return (error);
	}
	*out = hook;
	return (0);
}

/* ---- edges ---- */

/* Lock some hooks: all or none, so that the order does not matter. */
void
ngu__edge_lock(hook_p *h, unsigned n)
{
	unsigned i, j, round = 0;

	for (;;) {
		for (i = 0; i < n; i++) {
			for (j = 0; j < i && h[j] != h[i]; j++)
				;
			if (j == i && h[i] != &ng_deadhook && !ngu__spin_try(&h[i]->hk_lock))
				break;
		}
		if (i == n)
			return;
		ngu__edge_unlock(h, i);
		ngu__port_backoff(&round);
	}
}

void
ngu__edge_unlock(hook_p *h, unsigned n)
{
	unsigned i, j;

	for (i = 0; i < n; i++) {
		for (j = 0; j < i && h[j] != h[i]; j++)
			;
		if (j == i && h[i] != &ng_deadhook)
			ngu__spin_unlock(&h[i]->hk_lock);
	}
}

void
ngu__hook_validate(hook_p hook)
{
	ngu__spin_lock(&hook->hk_lock);
	if (!(NGU_LD_ACQ(&hook->hk_state) & NGU_HS_DEAD))
		(void)NGU_FAND_SC(&hook->hk_flags, ~HK_INVALID);
	ngu__spin_unlock(&hook->hk_lock);
}

/* ---- death ---- */

/* The list's backward link, which nobody follows in a hook that is off its list: what hk_peer was, when that was counted (H2). */
#define LED_TO(h) (*(hook_p *)(void *)&(h)->hk_hooks.le_prev)

/* H5: nobody looks at it any more. */
static void
hook_last(struct ngu__retire *r)
{
	hook_p hook = NGU_CONTAINER(r, struct ng_hook, hk_retire);
	node_p node;

	if (NGU_LD_ACQ(&hook->hk_state) & NGU_HS_ONEWAY)
		NG_HOOK_UNREF(LED_TO(hook));
	hook->hk_retire.next = graph_of(hook);
	node = NGU_XCHG_SC(&hook->hk_node, &ng_deadnode); /* H4; a late second stage may still put its node there */
	if (node != &ng_deadnode)
		NG_NODE_UNREF(node);
	NGU_PLANT(dying_hook) ? hook_free(hook) : NG_HOOK_UNREF(hook);
}

static void
hook_grace(struct ngu__retire *r)
{
	hook_p hook = NGU_CONTAINER(r, struct ng_hook, hk_retire), peer;
	struct ngu_graph *g = graph_of(hook);
	uint64_t n, bytes;

	/* Hooks that still lead here keep new sections coming (H2): their turn first. */
	if (NGU_LD_SC(&hook->hk_state) >= NGU_HS_IN) {
		ngu__retire(r, hook_grace);
		return;
	}
	/* No section is left in which anybody could deliver through this hook. */
	if (hook->hk_idx != 0) {
		ngu__ctr_fold(hook->hk_idx, &n, &bytes);
		if (g != NULL)
			(void)NGU_FADD_RLX(&g->folded_bytes, bytes);
		hook->hk_idx = 0;
	}
	if (NGU_LD_ACQ(&hook->hk_state) & NGU_HS_ONEWAY) {
		LED_TO(hook) = peer = NGU_LD_ACQ(&hook->hk_peer);
		NGU_ST_REL(&hook->hk_peer, &ng_deadhook);
		(void)NGU_FSUB_SC(&peer->hk_state, NGU_HS_IN); /* nobody waits for methods here: a bypass called by one waits for this */
	}
	ngu__retire_methods(r, hook_last);
}

void
ngu__hook_retire(hook_p hook)
{
	NGU_PLANT(dying_hook) && NGU_LD_RLX(&hook->hk_refs) != 0 ? ng_unref_hook(hook) : ngu__retire(RETIRE(hook), hook_grace);
}

/*
 * The other half of a connection whose second stage has not linked it: on no list, nobody else will end it. false: it is
 * linked, and its node has to remove it.
 */
static bool
unborn_half(struct ngu__thread *ts, hook_p hook)
{
	uint32_t st = NGU_LD_ACQ(&hook->hk_state);

	do {
		if (st & NGU_HS_LINKED)
			return (false);
		if (st & NGU_HS_DEAD)
			return (true);
	} while (!NGU_CAS_SC(&hook->hk_state, &st, st | NGU_HS_DEAD));
	(void)NGU_FOR_SC(&hook->hk_flags, HK_INVALID);
	if (ts->graph != NULL)
		ngu__count(ts, ts->graph->ctr_hooks, 0, 1);
	ngu__hook_retire(hook);
	return (true);
}

static bool
unlink_hook(node_p node, hook_p hook)
{
	bool was;

	ngu__spin_lock(&node->nd_lock);
	was = (NGU_FAND_SC(&hook->hk_state, ~NGU_HS_LINKED) & NGU_HS_LINKED) != 0;
	if (was) {
		if (!NGU_PLANT(S3))
			hidx_del(node, hook);
		LIST_REMOVE(hook, hk_hooks); /* its own forward link stays readable until the grace period ends */
		NGU_ST_RLX(&node->nd_numhooks, NGU_LD_RLX(&node->nd_numhooks) - 1);
	}
	ngu__spin_unlock(&node->nd_lock);
	return (was);
}

void
ngu__hook_disconnect(node_p node, hook_p hook)
{
	struct ngu__thread *ts = ngu__self();
	node_p before = ts->keep;

	NGU_STRICT_W(node, "disconnect");
	if (node->nd_type->disconnect == NULL)
		return;
	ts->keep = (NGU_LD_ACQ(&hook->hk_state) & NGU_HS_KEEP) != 0 ? node : NULL;
	ngu__method_enter(ts);
	(void)node->nd_type->disconnect(hook);
	ngu__method_leave(ts);
	ts->keep = before;
}

/* The rest for a hook that is DEAD and whose edge is gone; `st` is its state from before. */
static void
bury(node_p node, hook_p hook, uint32_t st)
{
	if (NGU_PLANT(R7) && !(st & NGU_HS_DOOMED))
		ngu__hook_retire(hook);
	if ((st & NGU_HS_LINKED) && unlink_hook(node, hook))
		ngu__hook_disconnect(node, hook);
	if (!NGU_PLANT(R7) && !(st & NGU_HS_DOOMED))
		ngu__hook_retire(hook);
}

/*
 * Destroy a hook and ask its peer's node to do the same with the other end. With the writer turn of its own node, or with
 * the node to itself.
 */
void
ng_destroy_hook(hook_p hook)
{
	struct ngu__thread *ts = ngu__self();
	node_p node = NGU_LD_ACQ(&hook->hk_node);
	node_p other = NULL;
	struct ngu__wframe f;
	hook_p pair[2];
	uint32_t st, ost = 0;
	bool mutual = false;

	if (hook == &ng_deadhook)
		return;
	pair[0] = hook;
	ngu__look_enter(ts); /* keeps the peer as memory until it is locked */
#if NGU_RCL_HOP_LOCKED
	ngu__topo_wlock();
#endif
	for (;;) {
		pair[1] = NGU_LD_ACQ(&hook->hk_peer);
		ngu__edge_lock(pair, 2);
		if (NGU_LD_ACQ(&hook->hk_peer) == pair[1])
			break;
		ngu__edge_unlock(pair, 2);
	}
	st = NGU_FOR_SC(&hook->hk_state, NGU_HS_DEAD);
	if (st & NGU_HS_DEAD) { /* H3 */
		ngu__edge_unlock(pair, 2);
#if NGU_RCL_HOP_LOCKED
		ngu__topo_wunlock();
#endif
		ngu__look_leave(ts);
		/* Still linked: whoever destroyed it never came back (a test left a method by longjmp). */
		if ((st & NGU_HS_LINKED) && unlink_hook(node, hook) && !(st & NGU_HS_DOOMED))
			ngu__hook_retire(hook);
		return;
	}
	(void)NGU_FOR_SC(&hook->hk_flags, HK_INVALID);
	if (node->nd_graph != NULL)
		ngu__count(ts, node->nd_graph->ctr_hooks, 0, 1);
	if (pair[1] != &ng_deadhook && NGU_LD_ACQ(&pair[1]->hk_peer) == hook) {
		mutual = true;
		other = NGU_LD_ACQ(&pair[1]->hk_node);
		/* Is its node's turn ours, too, and does nothing wait there? Then it need not stand in the queue. */
		if (ts->w_other != other || !ngu__w_nothing_before(other) ||
		    ((ost = NGU_FOR_SC(&pair[1]->hk_state, NGU_HS_DEAD)) & NGU_HS_DEAD) != 0) {
			other = NULL;
			NG_HOOK_REF(pair[1]); /* legal: its list reference goes only after a grace period, and we are in a section */
		} else {
			(void)NGU_FOR_SC(&pair[1]->hk_flags, HK_INVALID);
			ngu__count(ts, other->nd_graph->ctr_hooks, 0, 1);
		}
		NGU_ST_REL(&pair[1]->hk_peer, &ng_deadhook);
		NGU_ST_REL(&hook->hk_peer, &ng_deadhook);
	}
	ngu__edge_unlock(pair, 2);
#if NGU_RCL_HOP_LOCKED
	ngu__topo_wunlock();
#endif
	ngu__look_leave(ts);

	if (other != NULL) {
		(void)ngu__w_take(ts, other, &f);
		bury(other, pair[1], ost);
		ngu__w_release(ts, other, &f);
	} else if (mutual) {
		if (!unborn_half(ts, pair[1]))
			ngu__hook_doom(ts, pair[1]);
		NG_HOOK_UNREF(pair[1]);
		if (NGU_PLANT(S9))
			NG_HOOK_UNREF(pair[1]);
	}
	bury(node, hook, st);
}

int
ng_rmhook_self(hook_p hook)
{
	struct ngu__thread *ts = ngu__self();

	if (hook == &ng_deadhook || (NGU_LD_ACQ(&hook->hk_state) & NGU_HS_DEAD))
		return (0);
	ngu__collect_sent(ts);
	ngu__hook_doom(ts, hook);
	return (0);
}
