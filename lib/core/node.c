/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * node.c - nodes: birth, names, references, death.
 *
 * Readers    find nodes by ID or name inside a section; what they find is complete (published after the constructor) and stays
 *            memory until the section ends. To keep it longer they take a reference, if the count is not zero.
 * Writers    rename and removal under the node's own gate.
 * Invariants
 *   N3  A node holds one reference for its type (dropped by the shutdown method) and one for the core, dropped only by the
 *       grace-period callback. So while anybody can find it in a section the count is at least one, and a plain reference
 *       taken inside a method or a section is always legal.
 *   N4  nd_gate has DEAD exactly while nd_flags has NGF_INVALID.
 *   N5  Death needs no memory: a flag (NGU_NS_DOOMED) and the node's own gate word.
 *   N7  A name that a node had stays memory until all methods that may have asked for it have ended.
 * Lifetime   alloc -> constructor -> published -> ng_rmnode -> out of the tables -> grace period -> last reference -> free.
 */
#include "core/core.h"
#include "core/gate.h"
#include "kern/timers.h"

static struct ngu__zone node_zone = NGU_ZONE_INIT("nodes", NGU_Z_NODE, sizeof(struct ng_node), NGU_CACHELINE);

static struct ng_type dead_type = {
	.version = NG_ABI_VERSION,
	.name = "dead",
};

/* What pointers lead to when there is nothing else: never NULL, never counted, in no table. */
struct ng_node ng_deadnode = {
	.nd_gate = NGU_G_DEAD,
	.nd_flags = NGF_INVALID,
	.nd_type = &dead_type,
	.nd_refs = 1,
};

struct ng_hook ng_deadhook = {
	.hk_peer = &ng_deadhook,
	.hk_node = &ng_deadnode,
	.hk_rcvdata = ngu__rcvdata_none,
	.hk_flags = HK_INVALID | HK_DEAD,
	.hk_name = "dead",
	.hk_refs = 1,
	.hk_state = NGU_HS_DEAD,
};

/* ---- references ---- */

void
ngu_k_node_ref(node_p node)
{
	if (node == &ng_deadnode)
		return;
	(void)NGU_FADD_RLX(&node->nd_refs, 1);
}

bool
ngu__node_tryref(node_p node)
{
	int n = NGU_LD_RLX(&node->nd_refs);

	if (node == &ng_deadnode)
		return (false);
	while (n > 0)
		if (NGU_CAS_AR(&node->nd_refs, &n, n + 1))
			return (true);
	return (false);
}

static void
node_free(node_p node)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu_graph *g = node->nd_graph;

	NGU_INVARIANT(NGU_LD_RLX(&node->nd_qhead) == 0 && node->nd_qlocal == 0, "N6");
	ngu__hidx_free(NGU_LD_RLX(&node->nd_hidx));
	/* Not before: whoever had a reference, or was in a section, may have looked at the type. */
	if (NGU_PLANT(R11))
		--*(int *)(void *)&node->nd_type->refs;
	else
		(void)NGU_FSUB_AR(&node->nd_type->refs, 1);
	ngu__count(ts, g->ctr_memory, 1, 0);
#ifdef NGU_DEBUG
	ngu__ref_forget(node);
#endif
	ngu__memset(node, 0x5d, sizeof(*node));
	ngu__zone_free_at(ts, NGU_Z_NODE, &node_zone, node);
}

void
ng_unref_node(node_p node)
{
	int n;

	if (node == &ng_deadnode)
		return;
	n = NGU_FSUB_AR(&node->nd_refs, 1);
	NGU_INVARIANT(n > 0, "N3");
	if (n == 1)
		node_free(node);
}

/* ---- names ---- */

static void
name_last(struct ngu__retire *r)
{
	struct ngu__name *n = NGU_CONTAINER(r, struct ngu__name, retire);

	NG_NODE_UNREF(n->node); /* held, so that whoever finds the name in a section finds a node */
	ngu__name_free(n);
}

/* A method may have asked for the name of its neighbour, and be looking at it (N7). */
static void
name_grace(struct ngu__retire *r)
{
	ngu__retire_methods(r, name_last);
}

const char *
ngu_k_node_name_c(node_cp node)
{
	struct ngu__name *n = NGU_LD_ACQ(&((node_p)(uintptr_t)node)->nd_nameent);

	return (n != NULL ? n->name : node == &ng_deadnode ? "dead" : "");
}

/* "[hex]": the address, 0 if it is not of that form. Values over 32 bits are no address. */
static ng_ID_t
decode_id(const char *s)
{
	uint64_t v = 0;
	const char *p;

	if (s[0] != '[')
		return (0);
	p = s + 1;
	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X') && p[2] != ']')
		p += 2;
	if (*p == ']')
		return (0);
	for (; *p != ']'; p++) {
		unsigned c = (unsigned char)*p, x;

		if (c >= '0' && c <= '9')
			x = c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			x = (c | 0x20) - 'a' + 10;
		else
			return (0);
		v = v << 4 | x;
		if (v > 0xffffffffu)
			return (0);
	}
	return (p[1] == '\0' ? (ng_ID_t)v : 0);
}

static bool
looks_like_id(const char *s)
{
	return (decode_id(s) != 0);
}

bool
ngu__name_legal(const char *name)
{
	size_t len = 0;

	for (; name[len] != '\0'; len++)
		if (name[len] == '.' || name[len] == ':' || len >= NG_NODESIZ - 1)
			return (false);
	return (len != 0 && !looks_like_id(name));
}

int
ngu__name_reserve(node_p node, const char *name, struct ngu__name **np)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__name *n;
	int error;

	*np = NULL;
	if (ngu__strcmp(ngu_k_node_name_c(node), name) == 0)
		return (0);
	if (!ngu__name_legal(name))
		return (EINVAL);
	if ((n = ngu__name_new(name)) == NULL)
		return (ENOMEM);
	n->node = node;
	NG_NODE_REF(node);
	ngu__look_enter(ts);
	error = ngu__names_insert(&node->nd_graph->names, n);
	ngu__look_leave(ts);
	if (error != 0) {
		NG_NODE_UNREF(node);
		ngu__name_free(n);
	} else {
		*np = n;
	}
	return (error);
}

void
ngu__name_cancel(node_p node, struct ngu__name *n)
{
	struct ngu__thread *ts = ngu__self();

	ngu__look_enter(ts);
	ngu__names_remove(&node->nd_graph->names, n);
	ngu__retire(&n->retire, name_grace);
	ngu__look_leave(ts);
}

int
ngu__name_commit(node_p node, struct ngu__name *n)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__name *old;
	int error = 0;

	ngu__look_enter(ts);
	if ((old = NGU_XCHG_SC(&node->nd_nameent, n)) != NULL)
		ngu__name_cancel(node, old);
	/* The node may have died meanwhile: then one of us two takes the name out, whoever gets hold of it. */
	if ((NGU_LD_SC(&node->nd_state) & NGU_NS_GONE) && (old = NGU_XCHG_SC(&node->nd_nameent, NULL)) != NULL) {
		ngu__name_cancel(node, old);
		error = ENOENT;
	}
	ngu__look_leave(ts);
	return (error);
}

int
ng_name_node(node_p node, const char *name)
{
	struct ngu__name *n;
	int error;

	if ((error = ngu__name_reserve(node, name, &n)) == 0 && n != NULL)
		error = ngu__name_commit(node, n);
	return (error);
}

/* Does nothing, as in FreeBSD: a name goes with its node. For sources that call it. */
void
ng_unname(node_p node)
{
	(void)node;
}

node_p
ng_name2noderef(node_p here, const char *name)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu_graph *g = here != NULL ? here->nd_graph : ngu_graph_current();
	node_p node;
	ng_ID_t id;

	if (name[0] == '.' && name[1] == '\0') {
		if (here != NULL)
			NG_NODE_REF(here);
		return (here);
	}
	if (g == NULL)
		return (NULL);
	ngu__look_enter(ts);
	if ((id = decode_id(name)) != 0)
		node = ngu__id2node(g, id);
	else
		node = ngu__names_find(&g->names, name);
	if (NGU_PLANT(R5) && node == NULL)
		return (NULL);
	if (NGU_PLANT(R3))
		ngu__look_leave(ts);
	if (node != NULL && !ngu__node_tryref(node)) /* R2: inside a section only a reference that can fail */
		node = NULL;
	if (!NGU_PLANT(R3))
		ngu__look_leave(ts);
	return (node);
}

ng_ID_t
ng_node2ID(node_cp node)
{
	return (node != NULL ? node->nd_ID : 0);
}

node_p
ngu__id2node(struct ngu_graph *g, ng_ID_t id)
{
	node_p node = ngu__id_find(&g->ids, id);

	return (node != NULL && NG_NODE_IS_VALID(node) ? node : NULL);
}

node_p
ngu_k_id2noderef(ng_ID_t id)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu_graph *g = ngu_graph_current();
	node_p node;

	if (g == NULL)
		return (NULL);
	ngu__look_enter(ts);
	node = ngu__id2node(g, id);
	if (node != NULL && !ngu__node_tryref(node))
		node = NULL;
	ngu__look_leave(ts);
	return (node);
}

/* ---- flags that the gate word mirrors ---- */

static void
set_invalid(node_p node)
{
	(void)NGU_FOR_SC(&node->nd_flags, NGF_INVALID);
	(void)NGU_FOR_SC(&node->nd_gate, NGU_G_DEAD);
}

void
ngu_k_node_revive(node_p node)
{
	NGU_STRICT_CHANGE(node, "NG_NODE_REVIVE");
	(void)NGU_FAND_SC(&node->nd_flags, ~NGF_INVALID);
	(void)NGU_FAND_SC(&node->nd_gate, ~NGU_G_DEAD);
}

void
ngu_k_node_really_die(node_p node)
{
	(void)NGU_FOR_SC(&node->nd_flags, NGF_REALLY_DIE);
	set_invalid(node);
}

void
ngu_k_node_force_writer(node_p node)
{
	NGU_STRICT_CHANGE(node, "NG_NODE_FORCE_WRITER");
	(void)NGU_FOR_SC(&node->nd_flags, NGF_FORCE_WRITER);
	(void)NGU_FOR_SC(&node->nd_gate, NGU_G_EXCL);
	if (!(NGU_LD_ACQ(&node->nd_state) & NGU_NS_PUBLIC) && NGU_LD_ACQ(&node->nd_numhooks) == 0)
		(void)NGU_FOR_AR(&node->nd_state, NGU_NS_EXCL_OK); /* nobody can be inside yet */
}

void
ngu_k_hook_force_writer(hook_p hook)
{
	node_p node = NGU_LD_ACQ(&hook->hk_node);

	NGU_STRICT_CHANGE(node, "NG_HOOK_FORCE_WRITER");
	(void)NGU_FOR_SC(&hook->hk_flags, HK_FORCE_WRITER);
	/* One exclusive hook makes the node exclusive: a reader beside it would have to be counted on each hop. */
	if (node != &ng_deadnode)
		(void)NGU_FOR_SC(&node->nd_gate, NGU_G_EXCL);
}

/* ---- birth ---- */

int
ngu__make_node(struct ngu_graph *g, struct ng_type *type, node_p *out, bool publish)
{
	struct ngu__thread *ts = ngu__self();
	int refs = NGU_LD_RLX(&type->refs);
	node_p node;

	if (!ngu__vnets_fill(g))
		return (ENOMEM);
	do {
		if (refs == 0 && !NGU_PLANT(R2)) /* unloaded since it was found (R11) */
			return (ENXIO);
	} while (!NGU_CAS_AR(&type->refs, &refs, refs + 1));
	if ((node = ngu__zone_alloc_at(ts, NGU_Z_NODE, &node_zone)) == NULL) {
		(void)NGU_FSUB_AR(&type->refs, 1);
		return (ENOMEM);
	}
	ngu__memset(node, 0, sizeof(*node));
	if ((node->nd_ID = ngu__id_new(&g->ids)) == 0) {
		ngu__zone_free_at(ts, NGU_Z_NODE, &node_zone, node);
		(void)NGU_FSUB_AR(&type->refs, 1);
		return (ENOMEM);
	}
	node->nd_type = type;
	node->nd_graph = g;
	LIST_INIT(&node->nd_hooks);
	NGU_ST_RLX(&node->nd_refs, 2); /* N3: the type's and the core's */
	ngu__count(ts, g->ctr_nodes, 1, 0);
	if (publish)
		ngu__node_publish(node);
	*out = node;
	return (0);
}

void
ngu__node_publish(node_p node)
{
	struct ngu__thread *ts = ngu__self();

	(void)NGU_FOR_AR(&node->nd_state, NGU_NS_PUBLIC);
	ngu__look_enter(ts);
	ngu__id_publish(&node->nd_graph->ids, node->nd_ID, node);
	ngu__look_leave(ts);
}

int
ng_make_node_common(struct ng_type *type, node_p *nodep)
{
	struct ngu_graph *g = ngu_graph_current();

	if (ng_findtype(type->name) != type || g == NULL)
		return (EINVAL);
	return (ngu__make_node(g, type, nodep, true));
}

/* A node whose constructor refused, or which was never published: nobody but the caller knows it. */
static void
node_unmake(node_p node)
{
	set_invalid(node);
	(void)NGU_FOR_SC(&node->nd_state, NGU_NS_GONE);
	NG_NODE_UNREF(node); /* the type's reference */
	ngu__node_dead_drop(node);
}

/* A node whose constructor has run, published, with its turn held by the caller, so that nobody comes in between. */
int
ngu__make_node_held(const char *typename, node_p *nodepp, struct ngu__wframe *f)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu_graph *g = ngu_graph_current();
	struct ng_type *type;
	node_p node;
	int error;

	*nodepp = NULL;
	if (typename == NULL || g == NULL)
		return (EINVAL);
	if ((type = ng_findtype(typename)) == NULL)
		return (ENXIO);
	if (type->constructor == NULL)
		return (EINVAL);
	if ((error = ngu__make_node(g, type, &node, false)) != 0)
		return (error);
	ngu__method_enter(ts);
	error = type->constructor(node);
	ngu__method_leave(ts);
	if (error != 0) {
		node_unmake(node);
		return (error);
	}
	if (f != NULL)
		ngu__w_take_fresh(ts, node, f);
	ngu__node_publish(node);
	*nodepp = node;
	return (0);
}

int
ng_make_node(const char *typename, node_p *nodepp)
{
	return (ngu__make_node_held(typename, nodepp, NULL));
}

/* ---- death ---- */

static void
node_grace(struct ngu__retire *r)
{
	NG_NODE_UNREF(NGU_CONTAINER(r, struct ng_node, nd_retire));
}

/* Out of the tables, and after a grace period the core's reference goes. */
void
ngu__node_dead_drop(node_p node)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu_graph *g = node->nd_graph;
	struct ngu__name *n;

	ngu__look_enter(ts);
	if ((n = NGU_XCHG_SC(&node->nd_nameent, NULL)) != NULL) {
		ngu__names_remove(&g->names, n);
		ngu__retire(&n->retire, name_grace);
	}
	ngu__id_drop(&g->ids, node->nd_ID);
	ngu__count(ts, g->ctr_nodes, 0, 1);
	/* R7: retired inside the section that unlinked it. */
	ngu__retire((struct ngu__retire *)(void *)&node->nd_retire, node_grace);
	ngu__look_leave(ts);
}

/*
 * Remove a node: close, every hook, the queue, shutdown (section 12). With the node's writer turn, or on a node nobody else
 * knows. A node that revives itself in shutdown keeps its identity.
 */
void
ng_rmnode(node_p node)
{
	struct ngu__thread *ts = ngu__self();
	hook_p hook;

	if (node == &ng_deadnode || (NGU_FOR_SC(&node->nd_flags, NGF_CLOSING) & NGF_CLOSING) ||
	    (NGU_LD_ACQ(&node->nd_state) & NGU_NS_GONE))
		return;
	NG_NODE_REF(node);
	NGU_STRICT_W(node, "close");
	ngu__method_enter(ts);
	set_invalid(node);
	if (node->nd_type->close != NULL)
		(void)node->nd_type->close(node);
	while ((hook = LIST_FIRST(&node->nd_hooks)) != NULL)
		ng_destroy_hook(hook);
	ngu__queue_flush(ts, node);
	NGU_STRICT_W(node, "shutdown");
	if (node->nd_type->shutdown != NULL)
		(void)node->nd_type->shutdown(node);
	else
		NG_NODE_UNREF(node); /* the type's reference */
	ngu__method_leave(ts);
	if (NG_NODE_IS_VALID(node)) { /* it wants to live on */
		(void)NGU_FAND_SC(&node->nd_flags, ~(NGF_INVALID | NGF_CLOSING));
		(void)NGU_FAND_SC(&node->nd_gate, ~NGU_G_DEAD);
	} else {
		if (NGU_FOR_SC(&node->nd_state, NGU_NS_GONE) & NGU_NS_DOOMED) /* marked while it went */
			(void)NGU_FSUB_AR(&node->nd_graph->queued_dooms, 1u);
		ngu__node_dead_drop(node);
	}
	NG_NODE_UNREF(node);
}

int
ng_rmnode_self(node_p node)
{
	struct ngu__thread *ts = ngu__self();

	int fl;

	if (node == &ng_deadnode || ts->keep == node)
		return (0);
	ngu__collect_sent(ts);
	/* In one step: a node that is being removed, and may come back, must not be marked from outside. */
	fl = NGU_LD_ACQ(&node->nd_flags);
	do {
		if (fl & NGF_CLOSING)
			return (0);
	} while (!NGU_CAS_SC(&node->nd_flags, &fl, fl | NGF_INVALID));
	(void)NGU_FOR_SC(&node->nd_gate, NGU_G_DEAD);
	(void)NGU_FADD_RLX(&node->nd_graph->queued_dooms, 1u);
	if (NGU_FOR_SC(&node->nd_state, NGU_NS_DOOMED) & (NGU_NS_DOOMED | NGU_NS_GONE)) {
		(void)NGU_FSUB_AR(&node->nd_graph->queued_dooms, 1u);
		return (0);
	}
	ngu__doom_kick(ts, node, NULL);
	return (0);
}
