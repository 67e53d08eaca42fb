/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * connect.c - making edges: mkpeer, connect, bypass, insert, relink.
 *
 * Order of methods is the original's (section 13): mkpeer calls ours before the new node's, connect the remote before the local.
 * Each stage of a connect runs under its own node's writer turn, as a function item that carries the requester's completion; a
 * stage that cannot run any more takes back what the stages before it made.
 * Insert, bypass and relink change one pointer per direction under the edge locks, wait until the sections that were open
 * have closed, and only then take away what is no longer reachable: per direction a packet goes the old way or the new one.
 */
#include "core/core.h"

/* ---- edges that are opened, or taken back, later ---- */

/* Hand the hook out: the edge's maker keeps a reference. */
static void
note_hook(struct ngu__made *made, unsigned end, hook_p hook)
{
	if (made == NULL)
		return;
	NG_HOOK_REF(hook);
	made->hook[end] = hook;
}

bool
ngu__made_open(struct ngu__made *made)
{
	if (((NGU_LD_ACQ(&made->hook[0]->hk_state) | NGU_LD_ACQ(&made->hook[1]->hk_state)) & NGU_HS_DEAD) != 0)
		return (false);
	ngu__hook_validate(made->hook[1]);
	ngu__hook_validate(made->hook[0]);
	return (true);
}

void
ngu__made_unref(struct ngu__made *made)
{
	unsigned i;

	for (i = 0; i < 2; i++) {
		if (made->hook[i] != NULL)
			NG_HOOK_UNREF(made->hook[i]);
		made->hook[i] = NULL;
	}
	if (made->node != NULL)
		NG_NODE_UNREF(made->node);
	made->node = NULL;
}

/* ---- mkpeer: with the writer turn of `node` ---- */

/* The new node goes again; we hold its turn. Who may want it back with its edge gets none of those that live on. */
static void
unmake(node_p node2, const struct ngu__made *made)
{
	if (made != NULL)
		ngu_k_node_really_die(node2);
	ng_rmnode(node2);
}

int
ngu__mkpeer_made(node_p node, const char *name, const char *name2, const char *type, struct ngu__made *made)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__wframe f;
	hook_p hook, hook2;
	node_p node2;
	int error;

	if ((error = ngu__make_node_held(type, &node2, &f)) != 0)
		return (error);
	NG_NODE_REF(node2); /* a method of its own may end it while we work on it */
	if ((error = ngu__add_hook(node, name, made != NULL ? made->keep[0] : 0, &hook)) != 0) {
		unmake(node2, made);
		ngu__w_release(ts, node2, &f);
		NG_NODE_UNREF(node2);
		return (error);
	}
	NG_HOOK_REF(hook);
	if ((error = ngu__add_hook(node2, name2, 0, &hook2)) != 0) {
		unmake(node2, made);
		ngu__w_release(ts, node2, &f);
		ng_destroy_hook(hook);
		NG_HOOK_UNREF(hook);
		NG_NODE_UNREF(node2);
		return (error);
	}
	NG_HOOK_REF(hook2);
	/* ORDER peer-publish (store side): release; pairs with the acquire load of hk_peer in hop(). Both are INVALID still. */
	NGU_ST_REL(&hook2->hk_peer, hook);
	NGU_ST_REL(&hook->hk_peer, hook2);
	NGU_STRICT_W(node, "connect");
	NGU_STRICT_W(node2, "connect");
	if (node->nd_type->connect != NULL)
		error = node->nd_type->connect(hook);
	if (error == 0 && node2->nd_type->connect != NULL)
		error = node2->nd_type->connect(hook2);
	if (error != 0) {
		ng_destroy_hook(hook2); /* ours goes after this writer turn: its removal is in our queue */
		unmake(node2, made);
	} else if (made == NULL) {
		ngu__hook_validate(hook);
		ngu__hook_validate(hook2);
	} else {
		NG_NODE_REF(node2);
		made->node = node2;
		note_hook(made, 0, hook);
		note_hook(made, 1, hook2);
	}
	NG_HOOK_UNREF(hook);
	NG_HOOK_UNREF(hook2);
	ngu__w_release(ts, node2, &f);
	NG_NODE_UNREF(node2);
	return (error);
}

/* ---- connect, stage 3: with the writer turn of the requesting node ---- */

static int
con_part3(node_p node, item_p item, hook_p hook)
{
	int error = 0;

	NGU_STRICT_W(node, "connect");
	if (NG_NODE_NOT_VALID(node) || (NGU_LD_ACQ(&hook->hk_state) & NGU_HS_DEAD))
		error = ENOENT;
	else if (node->nd_type->connect != NULL)
		error = node->nd_type->connect(hook);
	/*
	 * On error the pair goes, the far end's disconnect first. Within stage 2 the far node's turn is held by this thread: then
	 * stage 2 does it, which runs that disconnect at once and ours when this turn ends.
	 */
	if (error == 0 && NGI_ARG1(item) == NULL)
		ngu__hook_validate(hook);
	else if (error != 0 && NGI_ARG2(item) == 0)
		ng_destroy_hook(hook);
	NG_FREE_ITEM(item);
	return (error);
}

/* ---- stage 2: with the writer turn of the other node ---- */

static int
con_part2(node_p node, item_p item, hook_p hook)
{
	struct ngu__made *made = NGI_ARG1(item);
	hook_p peer = &ng_deadhook;
	node_p peernode;
	struct ngu__thread *ts = ngu__self();
	int error = 0;

	NGU_STRICT_W(node, "newhook");
	/*
	 * The first node's end may go at any time, and takes a half that is on no list with it. Either the look at DEAD below sees it, or it
	 * comes after this method has begun, and hook_last() takes the node away (H4) after its end. Shown by torture/races,
	 * the half-born case, on ck-epoch.
	 */
	ngu__look_enter(ts);
	peer = NGU_LD_ACQ(&hook->hk_peer);
	NG_HOOK_REF(peer);
	ngu__look_leave(ts);
	if (NG_NODE_NOT_VALID(node) || (NGU_LD_ACQ(&hook->hk_state) & NGU_HS_DEAD) || peer == &ng_deadhook)
		error = ENOENT;
	else if (ngu__hook_taken(node, hook->hk_name))
		error = EEXIST;
	else if (node->nd_type->newhook != NULL)
		error = node->nd_type->newhook(node, hook, hook->hk_name);
	if (error != 0) { /* the hook never was the node's: only the other end has to go */
		if (peer != &ng_deadhook)
			(void)ng_rmhook_self(peer);
		goto out;
	}
	NG_NODE_REF(node);
	NGU_ST_REL(&hook->hk_node, node);
	if ((error = ngu__hook_link(node, hook)) != 0) {
		ngu__hook_disconnect(node, hook);
		(void)ng_rmhook_self(peer);
		goto out;
	}
	if (node->nd_type->connect != NULL && (error = node->nd_type->connect(hook)) != 0) {
		ng_destroy_hook(hook);
		goto out;
	}
	ngu__look_enter(ts);
	peernode = NGU_LD_ACQ(&peer->hk_node);
	NG_NODE_REF(peernode);
	ngu__look_leave(ts);
	if ((NGU_LD_ACQ(&peer->hk_state) & NGU_HS_DEAD) || peernode == &ng_deadnode) {
		ng_destroy_hook(hook);
		error = ENOENT;
	} else if ((error = ngu__send_core(peernode, peer, item, con_part3, made)) != 0) {
		ng_destroy_hook(hook);
	} else if (made == NULL) {
		ngu__hook_validate(hook);
	}
	NG_NODE_UNREF(peernode);
out:
	NG_HOOK_UNREF(peer);
	NG_FREE_ITEM(item);
	return (error);
}

/*
 * Stages 2 and 3 in one, for the caller of stage 1 that has the turns of both nodes: the same methods in the same order and the
 * same roll-back, without items and sections, because all this time both gates are closed.
 */
static int
con_both(struct ngu__thread *ts, node_p node, hook_p hook, node_p node2, hook_p hook2)
{
	struct ngu__wframe f;
	int error = 0;

	(void)ngu__w_take(ts, node2, &f);
	NGU_STRICT_W(node, "connect");
	NGU_STRICT_W(node2, "newhook");
	if (NG_NODE_NOT_VALID(node2))
		error = ENOENT;
	else if (node2->nd_type->newhook != NULL)
		error = node2->nd_type->newhook(node2, hook2, hook2->hk_name);
	if (error != 0) {
		(void)ng_rmhook_self(hook);
		goto out;
	}
	NG_NODE_REF(node2);
	NGU_ST_REL(&hook2->hk_node, node2);
	if ((error = ngu__hook_link(node2, hook2)) != 0) {
		ngu__hook_disconnect(node2, hook2);
		(void)ng_rmhook_self(hook);
		goto out;
	}
	if (node2->nd_type->connect != NULL)
		error = node2->nd_type->connect(hook2);
	if (error == 0) {
		if (NG_NODE_NOT_VALID(node) || (NGU_LD_ACQ(&hook->hk_state) & NGU_HS_DEAD))
			error = ENOENT;
		else if (node->nd_type->connect != NULL)
			error = node->nd_type->connect(hook);
	}
	if (error != 0) {
		ng_destroy_hook(hook2); /* the far end's disconnect at once, ours when our turn ends */
		goto out;
	}
	ngu__hook_validate(hook);
	ngu__hook_validate(hook2);
out:
	ngu__w_release(ts, node2, &f);
	return (error);
}

/* ---- stage 1: with the writer turn of `node` ---- */

int
ngu__con_nodes_made(item_p item, node_p node, const char *name, node_p node2, const char *name2, struct ngu__made *made)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__wframe *f;
	hook_p hook, hook2;
	int error;

	if (name2 == NULL || name2[0] == '\0')
		return (EINVAL);
	if (node == node2 && ngu__strcmp(name, name2) == 0)
		return (EEXIST);
	if (ngu__hook_taken(node2, name2))
		return (EEXIST);
	if ((error = ngu__add_hook(node, name, made != NULL ? made->keep[0] : 0, &hook)) != 0)
		return (error);
	if ((hook2 = ngu__hook_alloc(node->nd_graph, name2)) == NULL) {
		ng_destroy_hook(hook);
		return (ENOMEM);
	}
	NG_HOOK_REF(hook2); /* until stage 2 has it */
	if (made != NULL)
		NGU_ST_RLX(&hook2->hk_state, made->keep[1]); /* nobody knows it yet */
	note_hook(made, 0, hook);
	note_hook(made, 1, hook2);
	NGU_ST_REL(&hook2->hk_peer, hook);
	NGU_ST_REL(&hook->hk_peer, hook2);
	for (f = ts->wframes; f != NULL && f->node != node; f = f->prev)
		;
	if (made == NULL && f != NULL && f == ts->wframes && ts->w_other == node2 && ngu__w_nothing_before(node2)) {
		NG_HOOK_REF(hook); /* a method may have it bypassed */
		error = con_both(ts, node, hook, node2, hook2);
		NG_HOOK_UNREF(hook);
		NG_HOOK_UNREF(hook2);
		return (error);
	}
	if (f != NULL && f == ts->wframes && node2 != node)
		f->generic = true;
	else
		f = NULL;
	if ((error = ngu__send_core(node2, hook2, item, con_part2, made)) == ENOMEM)
		ng_destroy_hook(hook); /* takes the unborn half with it */
	if (f != NULL)
		f->generic = false;
	NG_HOOK_UNREF(hook2);
	return (error);
}

/* A stage: runs in any case, also on a node or hook that is dying, and carries the requester's completion. */
int
ngu__send_core(node_p node, hook_p hook, item_p pitem, ng_item_fn2 *fn, struct ngu__made *made)
{
	struct ngu__thread *ts = ngu__self();
	item_p item = ngu__item_alloc(ts);

	if (item == NULL)
		return (ENOMEM);
	item->apply = pitem != NULL ? pitem->apply : NULL;
	item->el_flags = NGQF_FN2 | NGQF_WRITER | NGU_QF_CORE;
	NG_NODE_REF(node);
	ngu_k_item_set_node(item, node);
	if (hook != NULL) {
		NG_HOOK_REF(hook);
		ngu_k_item_set_hook(item, hook);
	}
	NGI_FN2(item) = fn;
	NGI_ARG1(item) = made;
	NGI_ARG2(item) = 0;
	/*
	 * Stage 3 comes back to the node whose turn this thread holds for stage 1. No method of that node is running, so
	 * it can have its turn now instead of after a second closing of the gate.
	 */
	for (struct ngu__wframe *f = ts->wframes; f != NULL; f = f->prev)
		if (f->node == node && f->generic) {
			int error;

			if (item->apply != NULL)
				(void)NGU_FADD_RLX(&item->apply->refs, 1);
			item->depth = 1;
			NGI_ARG2(item) = 1; /* nested: the caller deals with failure */
			NG_NODE_REF(node);
			error = ngu__apply(ts, node, item, true, NULL);
			NG_NODE_UNREF(node);
			return (error);
		}
	return (ng_snd_item(item, NG_NOFLAGS));
}

/* ---- one pointer a direction ---- */

/* hook->hk_peer becomes `peer`, which points elsewhere (for now or for good): held by a reference (H2). Edge locks held. */
static void
point_oneway(hook_p hook, hook_p peer)
{
	NG_HOOK_REF(peer);
	(void)NGU_FADD_SC(&peer->hk_state, NGU_HS_IN);
	(void)NGU_FOR_SC(&hook->hk_state, NGU_HS_ONEWAY);
	NGU_ST_REL(&hook->hk_peer, peer);
}

/* The pair agrees again: no reference needed. */
static void
made_mutual(hook_p hook)
{
	hook_p peer = NGU_LD_ACQ(&hook->hk_peer);

	if (NGU_FAND_SC(&hook->hk_state, ~NGU_HS_ONEWAY) & NGU_HS_ONEWAY) {
		(void)NGU_FSUB_SC(&peer->hk_state, NGU_HS_IN);
		NG_HOOK_UNREF(peer);
	}
}

/* The original's bypass, called by a node (with its writer turn) on two of its own hooks. */
int
ng_bypass(hook_p hook1, hook_p hook2)
{
	struct ngu__thread *ts = ngu__self();
	hook_p h[4] = { hook1, hook2, NULL, NULL };
	int error = 0;

	if (hook1 == hook2 || NG_HOOK_NODE(hook1) != NG_HOOK_NODE(hook2))
		return (EINVAL);
	ngu__collect_sent(ts);
	if (!ts->bypass_keeps)
		NGU_STRICT_W(NG_HOOK_NODE(hook1), "ng_bypass");
	ngu__look_enter(ts);
#if NGU_RCL_HOP_LOCKED
	ngu__topo_wlock();
#endif
	for (;;) {
		h[2] = NGU_LD_ACQ(&hook1->hk_peer);
		h[3] = NGU_LD_ACQ(&hook2->hk_peer);
		ngu__edge_lock(h, 4);
		if (h[2] == NGU_LD_ACQ(&hook1->hk_peer) && h[3] == NGU_LD_ACQ(&hook2->hk_peer))
			break;
		ngu__edge_unlock(h, 4);
	}
	if (NG_HOOK_NOT_VALID(hook1) || NG_HOOK_NOT_VALID(hook2) || NG_HOOK_NOT_VALID(h[2]) || NG_HOOK_NOT_VALID(h[3]) ||
	    h[2] == hook2 || NGU_LD_ACQ(&h[2]->hk_peer) != hook1 || NGU_LD_ACQ(&h[3]->hk_peer) != hook2) {
		error = EINVAL;
	} else {
		point_oneway(hook1, h[2]); /* what is inside the node still gets out the old way */
		point_oneway(hook2, h[3]);
		NGU_ST_SC(&h[2]->hk_peer, h[3]);
		NGU_ST_SC(&h[3]->hk_peer, h[2]);
	}
	ngu__edge_unlock(h, 4);
#if NGU_RCL_HOP_LOCKED
	ngu__topo_wunlock();
#endif
	ngu__look_leave(ts);
	if (error == 0 && !ts->bypass_keeps) {
		ng_destroy_hook(hook1);
		ng_destroy_hook(hook2);
	}
	return (error);
}

static int
remove_after(node_p node, item_p item, hook_p hook)
{
	(void)node;
	if (hook != NULL)
		ng_destroy_hook(hook);
	NG_FREE_ITEM(item);
	return (0);
}

/* Remove a hook nobody leads to any more, behind whatever its node's queue holds; waits for it. */
static int
remove_drained(hook_p hook)
{
	struct ngu__thread *ts = ngu__self();
	unsigned round = 0;
	bool waited = false;
	node_p node;

	ngu__look_enter(ts);
	node = NGU_LD_ACQ(&hook->hk_node);
	NG_NODE_REF(node);
	ngu__look_leave(ts);
	/* Another bypass may still send what waits in its node to this hook: first that one, then this. */
	for (; NGU_LD_SC(&hook->hk_state) >= NGU_HS_IN; waited = true) {
		ngu__rcl_graces(); /* not for methods: one of them may wait for us */
		ngu__port_backoff(&round); /* a barrier is short when nothing is retired yet */
	}
	if (waited)
		ngu__sections_wait(ts);
	/* Removal needs no memory: without an item it stands in the same queue as a doomed hook. */
	if (node != &ng_deadnode && ngu__call_writer(node, hook, remove_after, NULL, 0) == ENOMEM)
		(void)ng_rmhook_self(hook);
	NG_NODE_UNREF(node);
	return (0);
}

int
ngu__bypass(node_p node, hook_p a, hook_p b)
{
	struct ngu__thread *ts = ngu__self();
	int error;

	if (!ngu__w_mine(ts, node)) /* or it would be this thread that it waits for */
		ngu__node_quiet_wait(ts, node);
	ts->bypass_keeps = true;
	error = ng_bypass(a, b);
	ts->bypass_keeps = false;
	if (error != 0)
		return (error);
	ngu__sections_wait(ts); /* whoever entered the node by the old pointers has left it, or waits in its queue */
	(void)remove_drained(a);
	(void)remove_drained(b);
	return (0);
}

/* A new hook on a node that is ready for use but that nobody leads to: its packets go to `peer`. */
struct half {
	const char *name;
	hook_p peer;
	hook_p hook;
};

static int
make_half(node_p node, struct half *h)
{
	int error;

	if ((error = ngu__add_hook(node, h->name, 0, &h->hook)) != 0)
		return (error);
	NG_HOOK_REF(h->hook);
	point_oneway(h->hook, h->peer);
	return (0);
}

static int
connect_half(node_p node, struct half *h)
{
	struct ngu__thread *ts = ngu__self();
	int error = 0;

	NGU_STRICT_W(node, "connect");
	ngu__method_enter(ts);
	if (node->nd_type->connect != NULL)
		error = node->nd_type->connect(h->hook);
	ngu__method_leave(ts);
	if (error == 0)
		ngu__hook_validate(h->hook);
	return (error);
}

int
ngu__insert(hook_p h1, const char *type, const char *in, const char *out, const char *name, ng_ID_t *id)
{
	struct ngu__thread *ts = ngu__self();
	struct half a = { in, h1, NULL }, b = { out, NULL, NULL };
	struct ngu__wframe f;
	hook_p set[4];
	node_p node;
	bool there;
	int error;

	ngu__look_enter(ts);
	b.peer = NGU_LD_ACQ(&h1->hk_peer);
	if (NG_HOOK_NOT_VALID(h1) || NG_HOOK_NOT_VALID(b.peer)) {
		ngu__look_leave(ts);
		return (ENOTCONN);
	}
	NG_HOOK_REF(b.peer);
	ngu__look_leave(ts);

	if ((error = ngu__make_node_held(type, &node, &f)) != 0) {
		NG_HOOK_UNREF(b.peer);
		return (error);
	}
	NG_NODE_REF(node);
	if (name != NULL && name[0] != '\0')
		error = ng_name_node(node, name);
	if (error == 0)
		error = make_half(node, &a);
	if (error == 0)
		error = make_half(node, &b);
	if (error == 0)
		error = connect_half(node, &a);
	if (error == 0)
		error = connect_half(node, &b);
	there = error == 0;
	if (!there) {
		ngu_k_node_really_die(node); /* nobody asked for one without a link */
		ng_rmnode(node);	     /* we hold its turn */
	}
	ngu__w_release(ts, node, &f);
	if (there) {
		set[0] = h1;
		set[1] = b.peer;
		set[2] = a.hook;
		set[3] = b.hook;
		ngu__look_enter(ts);
#if NGU_RCL_HOP_LOCKED
		ngu__topo_wlock();
#endif
		ngu__edge_lock(set, 4);
		if (NGU_LD_ACQ(&h1->hk_peer) != b.peer || NGU_LD_ACQ(&b.peer->hk_peer) != h1 ||
		    ((NGU_LD_ACQ(&a.hook->hk_state) | NGU_LD_ACQ(&b.hook->hk_state)) & NGU_HS_DEAD)) {
			error = ENOTCONN; /* the link went away meanwhile */
		} else {
			NGU_ST_SC(&h1->hk_peer, a.hook);
			NGU_ST_SC(&b.peer->hk_peer, b.hook);
			made_mutual(a.hook);
			made_mutual(b.hook);
		}
		ngu__edge_unlock(set, 4);
#if NGU_RCL_HOP_LOCKED
		ngu__topo_wunlock();
#endif
		ngu__look_leave(ts);
	}
	if (error != 0 && there) {
		ngu_k_node_really_die(node);
		(void)ngu__call_rmnode(node);
	} else if (error == 0 && id != NULL) {
		*id = NG_NODE_ID(node);
	}
	if (a.hook != NULL)
		NG_HOOK_UNREF(a.hook);
	if (b.hook != NULL)
		NG_HOOK_UNREF(b.hook);
	NG_HOOK_UNREF(b.peer);
	NG_NODE_UNREF(node);
	return (error);
}

/* Relink: the new end is made under the writer turn of its node. */
struct relink {
	struct half half;
	hook_p near;
	char name[NG_HOOKSIZ];
	_Atomic uint32_t refs; /* the caller's and the item's: a call from inside a method may be given up (EDEADLK) */
	_Atomic uint32_t given_up;
	_Atomic uint32_t ran;
};

static void
relink_unref(struct relink *r)
{
	if (NGU_FSUB_AR(&r->refs, 1u) != 1)
		return;
	if (r->half.hook != NULL)
		NG_HOOK_UNREF(r->half.hook);
	NG_HOOK_UNREF(r->near);
	ngu__port_free(r);
}

static int
relink_at(node_p node, item_p item, hook_p unused)
{
	struct ngu__thread *ts = ngu__self();
	struct relink *r = NGI_ARG1(item);
	hook_p set[3], old;
	int error;

	(void)unused;
	NG_FREE_ITEM(item);
	NGU_ST_REL(&r->ran, 1u);
	if (NG_NODE_NOT_VALID(node) || NGU_LD_ACQ(&r->given_up)) { /* nobody would take the old end away */
		relink_unref(r);
		return (ENOENT);
	}
	if ((error = make_half(node, &r->half)) == 0)
		error = connect_half(node, &r->half);
	if (error != 0) {
		if (r->half.hook != NULL)
			ng_destroy_hook(r->half.hook);
		relink_unref(r);
		return (error);
	}
	ngu__look_enter(ts);
#if NGU_RCL_HOP_LOCKED
	ngu__topo_wlock();
#endif
	for (;;) {
		old = NGU_LD_ACQ(&r->near->hk_peer);
		set[0] = r->near;
		set[1] = old;
		set[2] = r->half.hook;
		ngu__edge_lock(set, 3);
		if (NGU_LD_ACQ(&r->near->hk_peer) == old)
			break;
		ngu__edge_unlock(set, 3);
	}
	if (NG_HOOK_NOT_VALID(r->near) || NG_HOOK_NOT_VALID(old) || NGU_LD_ACQ(&old->hk_peer) != r->near ||
	    (NGU_LD_ACQ(&r->half.hook->hk_state) & NGU_HS_DEAD)) {
		error = ENOTCONN;
	} else {
		point_oneway(old, r->near); /* what its node sends meanwhile still arrives */
		NGU_ST_SC(&r->near->hk_peer, r->half.hook);
		made_mutual(r->half.hook);
		NG_HOOK_REF(old);
	}
	ngu__edge_unlock(set, 3);
#if NGU_RCL_HOP_LOCKED
	ngu__topo_wunlock();
#endif
	ngu__look_leave(ts);
	if (error != 0) {
		ng_destroy_hook(r->half.hook);
	} else {
		r->half.peer = old;
		if (NGU_XCHG_SC(&r->given_up, 2u) == 1) { /* given up while we were at it: the old end goes all the same */
			(void)ng_rmhook_self(old);
			NG_HOOK_UNREF(old);
		}
	}
	relink_unref(r);
	return (error);
}

int
ngu__relink(hook_p near, node_p node, const char *name)
{
	struct ngu__thread *ts = ngu__self();
	struct relink *r = ngu__port_alloc(sizeof(*r), 16);
	node_p from;
	hook_p old;
	int error;

	if (r == NULL)
		return (ENOMEM);
	(void)ngu__strlcpy(r->name, name, sizeof(r->name));
	r->half.name = r->name;
	r->half.peer = near;
	r->near = near;
	NG_HOOK_REF(near);
	NGU_ST_RLX(&r->refs, 2u);
	ngu__look_enter(ts);
	from = NG_PEER_NODE(near);
	if (from == node || !ngu__node_tryref(from)) /* to another hook of the same node: one queue, nothing overtakes */
		from = NULL;
	ngu__look_leave(ts);
	if (from != NULL) {
		if (!ngu__w_mine(ts, from)) /* or it would be this thread that it waits for */
			ngu__node_quiet_wait(ts, from);
		NG_NODE_UNREF(from);
	}
	error = ngu__call_writer(node, NULL, relink_at, r, 0);
	if ((error == ENOMEM && !NGU_LD_ACQ(&r->ran)) || (error == EDEADLK && ngu__w_held(ts, node)) || (error == EDEADLK && ts->nest != 0)) {
		relink_unref(r); /* the item never was */
		relink_unref(r);
		return (error);
	}
	if (error == EDEADLK && NGU_XCHG_SC(&r->given_up, 1u) == 2) {
		/* It was done just then: the old end is ours to take away, as if nothing had happened. */
		error = 0;
	}
	if (error != 0) {
		relink_unref(r);
		return (error);
	}
	old = r->half.peer;
	relink_unref(r);
	ngu__sections_wait(ts);
	(void)remove_drained(old);
	NG_HOOK_UNREF(old);
	return (0);
}
