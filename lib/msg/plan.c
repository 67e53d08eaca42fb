/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plan.c - ngu_apply(), first part: each entry of a list is checked against the graph as the entries before it would leave it.
 *
 * The graph itself is only read. What the list has to do with is noted: nodes and hooks that are there, referenced, so that what
 * was checked is what will be changed; nodes and hooks that are to be made; names that change hands. A path is looked up among
 * these first, then in the graph.
 * Nothing is locked, so all of it may be outdated when the list runs (plan_run.c): then the core's own functions refuse.
 */
#include "msg/plan.h"

/* ---- memory: goes all at once ---- */

static void *
get(struct plan *p, size_t size)
{
	struct chunk *c = p->chunks;
	size_t room;
	void *v;

	size = (size + 15) & ~(size_t)15;
	if (c == NULL || c->size - c->used < size) {
		room = size > 4000 ? size : 4000;
		if ((c = ngu__port_alloc(sizeof(*c) + 16 + room, 16)) == NULL)
			return (NULL);
		c->used = (sizeof(*c) + 15) & ~(size_t)15;
		c->size = c->used + room;
		c->next = p->chunks;
		p->chunks = c;
	}
	v = (char *)c + c->used;
	c->used += size;
	return (v);
}

static uint32_t
hash(const struct plan *p, const void *ptr, const char *s)
{
	uint32_t h = 2166136261u ^ (uint32_t)((uintptr_t)ptr >> 4);

	while (s != NULL && *s != '\0')
		h = (h ^ (unsigned char)*s++) * 16777619u;
	return ((h ^ h >> 15) & p->mask);
}

/* ---- what is known of the graph ---- */

/* The note of a node that is there; takes the reference. NULL: no memory. */
static struct pnode *
note_node(struct plan *p, node_p node)
{
	struct ngu__thread *ts = ngu__self();
	struct pnode **b = &p->nodes[hash(p, node, NULL)], *n;

	for (n = *b; n != NULL && n->node != node; n = n->next)
		;
	if (n != NULL || (n = get(p, sizeof(*n))) == NULL) {
		NG_NODE_UNREF(node);
		return (n);
	}
	n->node = node;
	n->type = node->nd_type;
	ngu__look_enter(ts); /* keeps the name */
	(void)ngu__strlcpy(n->name, NG_NODE_NAME(node), sizeof(n->name));
	ngu__look_leave(ts);
	n->maker = n->gone = NONE;
	n->bare = NG_NODE_NUMHOOKS(node) == 0;
	n->next = *b;
	*b = n;
	n->all = p->all_nodes;
	p->all_nodes = n;
	return (n);
}

static struct pnode *
new_node(struct plan *p, uint32_t maker, struct ng_type *type)
{
	struct pnode *n = get(p, sizeof(*n));

	if (n == NULL)
		return (NULL);
	n->type = type;
	n->maker = maker;
	n->gone = NONE;
	n->all = p->all_nodes;
	p->all_nodes = n;
	return (n);
}

static struct pname *
find_name(struct plan *p, const char *name)
{
	struct pname *n;

	for (n = p->names[hash(p, NULL, name)]; n != NULL && ngu__strcmp(n->name, name) != 0; n = n->next)
		;
	return (n);
}

static int
note_name(struct plan *p, const char *name, struct pnode *holder, uint32_t gone)
{
	struct pname *n = get(p, sizeof(*n)), **b = &p->names[hash(p, NULL, name)];

	if (n == NULL)
		return (ENOMEM);
	(void)ngu__strlcpy(n->name, name, sizeof(n->name));
	n->holder = holder;
	n->gone = gone;
	n->next = *b; /* in front: the latest counts */
	*b = n;
	return (0);
}

/*
 * The node called `name` ("[id]" too), whether it is still there in the plan or not. NULL with ENOENT: none; *gone: an entry
 * took the name away.
 */
static struct pnode *
node_called(struct plan *p, const char *name, uint32_t *gone, int *error)
{
	struct pname *pn = find_name(p, name);
	struct pnode *n;
	node_p node;

	*gone = NONE;
	*error = ENOENT;
	if (pn != NULL) {
		*gone = pn->gone;
		return (pn->holder);
	}
	if ((node = ng_name2noderef(NULL, name)) == NULL)
		return (NULL);
	if ((n = note_node(p, node)) == NULL)
		*error = ENOMEM;
	return (n);
}

static struct phook *
find_hook(struct plan *p, struct pnode *node, const char *name)
{
	struct phook *h;

	for (h = p->hooks[hash(p, node, name)]; h != NULL; h = h->next)
		if (h->node == node && ngu__strcmp(h->name, name) == 0)
			break;
	return (h);
}

static struct phook *
new_hook(struct plan *p, struct pnode *node, const char *name, uint32_t maker)
{
	struct phook *h = get(p, sizeof(*h)), **b = &p->hooks[hash(p, node, name)];

	if (h == NULL)
		return (NULL);
	h->node = node;
	(void)ngu__strlcpy(h->name, name, sizeof(h->name));
	h->maker = maker;
	h->gone = NONE;
	h->next = *b;
	*b = h;
	h->all = p->all_hooks;
	p->all_hooks = h;
	return (h);
}

/* The entry that takes the hook away: itself, or the far node with all it has. */
static uint32_t
hook_gone(const struct phook *h)
{
	return (h->gone != NONE || h->peer == NULL ? h->gone : h->peer->node->gone);
}

/* A hook by name, noted with its peer, whether it is still there in the plan or not. NULL: ENOENT or ENOMEM. */
static struct phook *
hook_called(struct plan *p, struct pnode *node, const char *name, int *error)
{
	struct ngu__thread *ts = ngu__self();
	struct phook *h = find_hook(p, node, name), *h2;
	struct pnode *far;
	hook_p hook, peer;
	node_p node2 = NULL;

	*error = ENOENT;
	if (h != NULL || node->node == NULL)
		return (h);
	ngu__look_enter(ts);
	hook = ngu__findhook(node->node, name);
	if (hook != NULL && (NG_HOOK_NOT_VALID(hook) || !ngu__hook_tryref(hook)))
		hook = NULL;
	peer = hook != NULL ? NGU_LD_ACQ(&hook->hk_peer) : NULL;
	if (peer != NULL && (NG_HOOK_NOT_VALID(peer) || !ngu__hook_tryref(peer)))
		peer = NULL;
	if (peer != NULL) {
		node2 = NGU_LD_ACQ(&peer->hk_node);
		if (NG_NODE_NOT_VALID(node2) || !ngu__node_tryref(node2)) {
			NG_HOOK_UNREF(peer);
			peer = NULL;
		}
	}
	ngu__look_leave(ts);
	if (hook == NULL)
		return (NULL);
	/* A type may find one hook by several names: its own one counts. */
	if ((h = find_hook(p, node, NG_HOOK_NAME(hook))) == NULL && (h = new_hook(p, node, NG_HOOK_NAME(hook), NONE)) != NULL) {
		NG_HOOK_REF(hook);
		h->hook = hook;
	}
	if (h != NULL && h->peer == NULL && peer != NULL) {
		NG_NODE_REF(node2);
		if ((far = note_node(p, node2)) == NULL) {
			h = NULL;
		} else if ((h2 = find_hook(p, far, NG_HOOK_NAME(peer))) == NULL &&
		    (h2 = new_hook(p, far, NG_HOOK_NAME(peer), NONE)) == NULL) {
			h = NULL;
		} else {
			if (h2->hook == NULL) {
				NG_HOOK_REF(peer);
				h2->hook = peer;
			}
			h->peer = h2;
			h2->peer = h;
		}
	}
	if (h == NULL)
		*error = ENOMEM;
	NG_HOOK_UNREF(hook);
	if (peer != NULL) {
		NG_HOOK_UNREF(peer);
		NG_NODE_UNREF(node2);
	}
	return (h);
}

/* ---- paths ---- */

/* The node at `path`, relative ones from `here`; *last as ng_path2noderef() gives it. On error the plan has failed. */
static int
walk(struct plan *p, uint32_t i, enum field f, const char *path, struct pnode *here, struct pnode **out, struct phook **last)
{
	char buf[NG_PATHSIZ], *name, *hooks, *seg, *next;
	struct pnode *node = here;
	struct phook *h = NULL;
	uint32_t gone;
	int error;

	if (path == NULL)
		return (ngu__plan_fail(p, i, f, EINVAL, NONE, "no path"));
	if (ngu__strlcpy(buf, path, sizeof(buf)) >= sizeof(buf))
		return (ngu__plan_fail(p, i, f, EINVAL, NONE, "the path is too long"));
	if (ng_path_parse(buf, &name, &hooks, NULL) < 0)
		return (ngu__plan_fail(p, i, f, EINVAL, NONE, "\"%.64s\" is not a path", path));
	if (name != NULL && ngu__strcmp(name, ".") != 0) {
		if ((node = node_called(p, name, &gone, &error)) == NULL)
			return (ngu__plan_fail(p, i, f, error, gone, "no node \"%.40s\"", name));
	} else if (node == NULL) {
		return (ngu__plan_fail(p, i, f, EINVAL, NONE, "\"%.64s\" is not an absolute path (\"name:\")", path));
	}
	if (node->gone != NONE)
		return (ngu__plan_fail(p, i, f, ENOENT, node->gone, "\"%.64s\" has been shut down by then", path));
	for (seg = hooks; seg != NULL && *seg != '\0'; seg = next) {
		for (next = seg; *next != '\0' && *next != '.'; next++)
			;
		if (*next == '.')
			*next++ = '\0';
		h = hook_called(p, node, seg, &error);
		if (h == NULL || hook_gone(h) != NONE || h->peer == NULL) {
			error = h != NULL ? ENOENT : error;
			(void)ngu__plan_fail(p, i, f, error, h != NULL ? hook_gone(h) : NONE, "no hook \"%.40s\" on the way to \"%.64s\"", seg, path);
			(void)ngu__strlcpy(p->err->hook, seg, sizeof(p->err->hook));
			return (error);
		}
		h = h->peer;
		node = h->node;
	}
	*out = node;
	if (last != NULL)
		*last = h;
	return (0);
}

/* ---- the entries ---- */

static int
check_type(struct plan *p, uint32_t i, struct ng_type **type)
{
	const char *name = p->op[i].type;

	if (name == NULL || name[0] == '\0')
		return (ngu__plan_fail(p, i, F_TYPE, EINVAL, NONE, "no node type"));
	if (ngu__type_want(p->g, name) == ETIMEDOUT)
		return (ngu__plan_fail(p, i, F_TYPE, ETIMEDOUT, NONE, "node type \"%.40s\": another thread is still loading", name));
	if ((*type = ng_findtype(name)) == NULL)
		return (ngu__plan_fail(p, i, F_TYPE, ENXIO, NONE, "no node type \"%.40s\"", name));
	if ((*type)->constructor == NULL)
		return (ngu__plan_fail(p, i, F_TYPE, EINVAL, NONE, "nodes of type \"%.40s\" cannot be made by a message", name));
	return (0);
}

/* A hook that is to be made. The far end of a mkpeer has a node of its own, where nothing can be in the way. */
static int
check_new_hook(struct plan *p, uint32_t i, enum field f, struct pnode *node, struct phook **out)
{
	const char *name = f == F_HOOK ? p->op[i].hook : p->op[i].peerhook;
	struct phook *h;
	uint32_t gone;
	int error;

	if (name == NULL || name[0] == '\0' || ngu__strlen(name) >= NG_HOOKSIZ)
		return (ngu__plan_fail(p, i, f, EINVAL, NONE, "a hook's name has 1 to %u bytes", NG_HOOKSIZ - 1));
	if ((h = find_hook(p, node, name)) == NULL && node->node != NULL && ngu__hook_taken(node->node, name)) {
		if ((h = hook_called(p, node, name, &error)) == NULL)
			return (ngu__plan_fail(p, i, f, error == ENOENT ? EEXIST : error, NONE, "hook \"%s\" is in use", name));
	}
	if (h != NULL) {
		if ((gone = hook_gone(h)) == NONE)
			return (ngu__plan_fail(p, i, f, EEXIST, h->maker, "hook \"%s\" is in use", name));
		return (ngu__plan_fail(p, i, f, EBUSY, gone, "hook \"%s\" is in use until the list has run", name));
	}
	if ((*out = new_hook(p, node, name, i)) == NULL)
		return (ngu__plan_fail(p, i, f, ENOMEM, NONE, "no memory"));
	return (0);
}

static int
check_name(struct plan *p, uint32_t i, struct pnode *node)
{
	const char *name = p->op[i].name;
	struct pnode *n;
	uint32_t gone;
	int error;

	if (name == NULL || !ngu__name_legal(name))
		return (ngu__plan_fail(p, i, F_NAME, EINVAL, NONE, "\"%.40s\" cannot be a node's name", name != NULL ? name : ""));
	if (ngu__strcmp(node->name, name) == 0)
		return (0);
	n = node_called(p, name, &gone, &error);
	if (n == NULL && error != ENOENT)
		return (ngu__plan_fail(p, i, F_NAME, error, NONE, "no memory"));
	if (n != NULL && n->gone != NONE)
		gone = n->gone;
	if (gone != NONE)
		return (ngu__plan_fail(p, i, F_NAME, EBUSY, gone, "name \"%s\" is in use until the list has run", name));
	if (n != NULL)
		return (ngu__plan_fail(p, i, F_NAME, EADDRINUSE, n->maker, "name \"%s\" is in use", name));
	if ((node->name[0] != '\0' && note_name(p, node->name, NULL, i) != 0) || note_name(p, name, node, NONE) != 0)
		return (ngu__plan_fail(p, i, F_NAME, ENOMEM, NONE, "no memory"));
	(void)ngu__strlcpy(node->name, name, sizeof(node->name));
	return (0);
}

static int
check_rmhook(struct plan *p, uint32_t i, struct entry *e)
{
	const char *name = p->op[i].hook;
	struct phook *h;
	int error;

	if (name == NULL || name[0] == '\0')
		return (ngu__plan_fail(p, i, F_HOOK, EINVAL, NONE, "no hook"));
	if ((h = hook_called(p, e->node, name, &error)) == NULL)
		return (ngu__plan_fail(p, i, F_HOOK, error, NONE, "no hook \"%.40s\"", name));
	if (hook_gone(h) != NONE)
		return (ngu__plan_fail(p, i, F_HOOK, ENOENT, hook_gone(h), "hook \"%.40s\" has been removed by then", name));
	e->hook = h;
	h->gone = i;
	if (h->peer != NULL)
		h->peer->gone = i;
	return (0);
}

static int
check_msg(struct plan *p, uint32_t i, struct entry *e)
{
	const struct ngu_op *o = &p->op[i];
	int error;

	if (o->kind == NGU_OP_TEXTMSG) {
		if ((error = ngu__plan_textmsg(p, i, e->node->type, &e->msg)) != 0)
			return (error);
	} else {
		if ((o->arg == NULL && o->arglen != 0) || o->arglen > UINT32_MAX - sizeof(struct ng_mesg))
			return (ngu__plan_fail(p, i, F_ARGS, EINVAL, NONE, "no arguments, or too many"));
		if ((e->msg = ngu_k_mkmsg(o->cookie, o->cmd, "", o->arglen, M_NOWAIT)) == NULL)
			return (ngu__plan_fail(p, i, F_ARGS, ENOMEM, NONE, "no memory"));
		if (o->arglen != 0)
			ngu__memcpy(e->msg->data, o->arg, o->arglen);
	}
	if (e->msg->header.typecookie == NGM_GENERIC_COOKIE) {
		switch (e->msg->header.cmd) {
		case NGM_MKPEER:
		case NGM_CONNECT:
		case NGM_RMHOOK:
		case NGM_NAME:
		case NGM_SHUTDOWN:
			return (ngu__plan_fail(p, i, F_COMMAND, EINVAL, NONE, "not as a message: it is an operation of its own"));
		default:
			break;
		}
	}
	return (0);
}

static int
check_link(struct plan *p, uint32_t i, struct entry *e)
{
	int error;

	if ((error = check_new_hook(p, i, F_HOOK, e->node, &e->hook)) != 0 ||
	    (error = check_new_hook(p, i, F_PEERHOOK, e->peer, &e->peerhook)) != 0)
		return (error);
	e->hook->peer = e->peerhook;
	e->peerhook->peer = e->hook;
	return (0);
}

static int
check(struct plan *p, uint32_t i)
{
	const struct ngu_op *o = &p->op[i];
	struct entry *e = &p->e[i];
	struct ng_type *type = NULL;
	int error;

	e->op = o;
	if (o->kind < NGU_OP_MKNODE || o->kind > NGU_OP_TEXTMSG)
		return (ngu__plan_fail(p, i, F_OP, EINVAL, NONE, "no such operation"));
	if (o->kind != NGU_OP_MKNODE && (error = walk(p, i, F_PATH, o->path, NULL, &e->node, &e->last)) != 0)
		return (error);
	switch (o->kind) {
	case NGU_OP_MKNODE:
	case NGU_OP_MKPEER:
		if ((error = check_type(p, i, &type)) != 0)
			return (error);
		if ((e->peer = new_node(p, i, type)) == NULL)
			return (ngu__plan_fail(p, i, F_OP, ENOMEM, NONE, "no memory"));
		if (o->kind == NGU_OP_MKPEER)
			return (check_link(p, i, e));
		return (o->name != NULL && o->name[0] != '\0' ? check_name(p, i, e->peer) : 0);
	case NGU_OP_CONNECT:
		if ((error = walk(p, i, F_PEERPATH, o->peerpath, e->node, &e->peer, NULL)) != 0)
			return (error);
		return (check_link(p, i, e));
	case NGU_OP_RMHOOK:
		return (check_rmhook(p, i, e));
	case NGU_OP_NAME:
		e->idle = o->name != NULL && ngu__strcmp(e->node->name, o->name) == 0;
		return (check_name(p, i, e->node));
	case NGU_OP_SHUTDOWN:
		e->node->gone = i;
		return (0);
	default:
		return (check_msg(p, i, e));
	}
}

/* ---- beginning and end ---- */

static int
begin(struct plan *p)
{
	for (p->mask = 15; p->mask < p->n && p->mask < (1u << 20); p->mask = p->mask * 2 + 1)
		;
	p->e = get(p, (size_t)p->n * sizeof(*p->e));
	p->nodes = get(p, (p->mask + 1) * sizeof(*p->nodes));
	p->hooks = get(p, (p->mask + 1) * sizeof(*p->hooks));
	p->names = get(p, (p->mask + 1) * sizeof(*p->names));
	if (p->e == NULL || p->nodes == NULL || p->hooks == NULL || p->names == NULL)
		return (ENOMEM);
	return (ngu__reserve(&p->reserve, p->n)); /* no entry destroys, or is taken back, more than once */
}

static void
end(struct plan *p)
{
	struct pnode *n;
	struct phook *h;
	struct chunk *c;
	uint32_t i;

	for (i = 0; p->e != NULL && i < p->n; i++) {
		ngu__made_unref(&p->e[i].made);
		NG_FREE_MSG(p->e[i].msg);
		NG_FREE_MSG(p->e[i].reply);
	}
	for (h = p->all_hooks; h != NULL; h = h->all)
		if (h->hook != NULL)
			NG_HOOK_UNREF(h->hook);
	for (n = p->all_nodes; n != NULL; n = n->all)
		if (n->node != NULL)
			NG_NODE_UNREF(n->node);
	ngu__reserve_free(&p->reserve);
	while ((c = p->chunks) != NULL) {
		p->chunks = c->next;
		ngu__port_free(c);
	}
}

int
ngu__plan(struct ngu_graph *g, const struct ngu_op *op, const struct pos *pos, uint32_t n, unsigned flags,
    struct ngu_apply_error *err)
{
	struct ngu__thread *ts = ngu__self();
	struct plan p = { .g = g, .op = op, .pos = pos, .n = n, .err = err };
	struct ngu__ctx ctx;
	uint32_t i;
	int error;

	ngu__plan_error(err, 0);
	if (n == 0)
		return (0);
	ngu__enter(ts, &ctx, g);
	if ((error = begin(&p)) != 0)
		ngu__plan_error(err, error);
	for (i = 0; error == 0 && i < n; i++)
		error = check(&p, i);
	if (error == 0 && !(flags & NGU_APPLY_DRY))
		error = ngu__plan_run(&p);
	end(&p);
	ngu__leave(ts, &ctx);
	return (error);
}

int
ngu_apply(struct ngu_graph *g, const struct ngu_op *ops, uint32_t n, unsigned flags, struct ngu_apply_error *err)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu_apply_error mine;
	int error = 0;

	if (err == NULL)
		err = &mine;
	if (g == NULL || (ops == NULL && n != 0) || (flags & ~NGU_APPLY_DRY) != 0)
		error = EINVAL;
	else if (ts->nest != 0 || ts->level != 0)
		error = EDEADLK;
	if (error != 0) {
		ngu__plan_error(err, error);
		return (error);
	}
	return (ngu__plan(g, ops, NULL, n, flags, err));
}
