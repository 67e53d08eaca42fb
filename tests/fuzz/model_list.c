/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model_list.c - the reference model's lists (ngu_apply()): first what would come of each entry, in a picture of the graph, then each entry, then what is
 * taken back.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/model_in.h"

#include <ng/apply.h>

#define LIST 16

struct pnode {
	struct mnode *node; /* NULL before it is made */
	const struct ftype *type;
	char name[NG_NODESIZ];
	bool gone, bare, ours;
};
struct phook {
	struct pnode *node;
	struct phook *peer;
	struct mhook *hook;
	char name[NG_HOOKSIZ];
	bool gone;
};
struct given {
	char name[NG_NODESIZ];
};
struct entry {
	struct pnode *node, *peer;
	struct phook *hook, *far, *last;
	struct made made;
	bool done, reserved;
};

static struct pnode pn[NODES];
static struct phook ph[HOOKS];
static struct given given[LIST];
static unsigned npn, nph, ngiven;

static void
picture(void)
{
	struct mnode *n;
	struct phook *p;
	unsigned i, k;

	npn = nph = ngiven = 0;
	for (i = 0; (n = md__node(i)) != NULL; i++) {
		if (!n->alive)
			continue;
		pn[npn] = (struct pnode){ .node = n, .type = n->type, .bare = n->hooks == NULL };
		(void)snprintf(pn[npn].name, sizeof(pn[npn].name), "%s", n->name);
		for (struct mhook *h = n->hooks; h != NULL; h = h->next) {
			p = &ph[nph++];
			*p = (struct phook){ .node = &pn[npn], .hook = h };
			(void)snprintf(p->name, sizeof(p->name), "%s", h->name);
		}
		npn++;
	}
	for (i = 0; i < nph; i++)
		for (k = 0; k < nph; k++)
			if (ph[i].hook->peer == ph[k].hook)
				ph[i].peer = &ph[k];
}

static struct pnode *
p_by_name(const char *name)
{
	uint32_t id = md__id_of(name);

	for (unsigned i = 0; i < npn; i++)
		if (id != 0 ? pn[i].node != NULL && !pn[i].ours && pn[i].node->id == id : name[0] != '\0' && strcmp(pn[i].name, name) == 0)
			return (&pn[i]);
	return (NULL);
}

static bool
p_given(const char *name)
{
	for (unsigned i = 0; i < ngiven; i++)
		if (strcmp(given[i].name, name) == 0)
			return (true);
	return (false);
}

static bool
p_hook_gone(const struct phook *h)
{
	return (h->gone || (h->peer != NULL && h->peer->node->gone) || h->node->gone);
}

static struct phook *
p_hook(const struct pnode *n, const char *name)
{
	for (unsigned i = nph; i-- != 0;)
		if (ph[i].node == n && strcmp(ph[i].name, name) == 0)
			return (&ph[i]);
	return (NULL);
}

static int
p_find(struct pnode *here, const char *path, struct pnode **out, struct phook **last)
{
	char name[NG_PATHSIZ], rest[NG_PATHSIZ], *seg, *next;
	struct pnode *n = here;
	struct phook *h = NULL;
	bool has;

	if (strlen(path) >= NG_PATHSIZ || md__split(path, name, rest, &has) != 0)
		return (EINVAL);
	if (has && strcmp(name, ".") != 0) {
		if ((n = p_by_name(name)) == NULL)
			return (ENOENT);
	} else if (n == NULL) {
		return (EINVAL);
	}
	if (n->gone)
		return (ENOENT);
	for (seg = rest; seg != NULL && seg[0] != '\0'; seg = next) {
		if ((next = strchr(seg, '.')) != NULL)
			*next++ = '\0';
		if ((h = p_hook(n, seg)) == NULL || p_hook_gone(h) || h->peer == NULL)
			return (ENOENT);
		h = h->peer;
		n = h->node;
	}
	*out = n;
	if (last != NULL)
		*last = h;
	return (0);
}

static int
p_type(const char *name, const struct ftype **t)
{
	if (name[0] == '\0')
		return (EINVAL);
	if ((*t = md__type_of(name)) == NULL)
		return (ENXIO);
	return ((*t)->flags & FT_NOCTOR ? EINVAL : 0);
}

static int
p_name(struct pnode *n, const char *name)
{
	struct pnode *o;

	if (!md__legal(name))
		return (EINVAL);
	if (strcmp(n->name, name) == 0)
		return (0);
	o = p_by_name(name);
	if ((o == NULL && p_given(name)) || (o != NULL && o->gone))
		return (EBUSY);
	if (o != NULL)
		return (EADDRINUSE);
	if (n->name[0] != '\0')
		(void)snprintf(given[ngiven++].name, NG_NODESIZ, "%s", n->name);
	(void)snprintf(n->name, sizeof(n->name), "%s", name);
	return (0);
}

static int
p_new_hook(struct pnode *n, const char *name, struct phook **out)
{
	struct phook *h;

	if (name[0] == '\0' || strlen(name) >= NG_HOOKSIZ)
		return (EINVAL);
	if ((h = p_hook(n, name)) != NULL)
		return (p_hook_gone(h) ? EBUSY : EEXIST);
	h = &ph[nph++];
	*h = (struct phook){ .node = n };
	(void)snprintf(h->name, sizeof(h->name), "%s", name);
	*out = h;
	return (0);
}

static int
p_link(struct entry *e, const struct md_op *o)
{
	int error;

	if ((error = p_new_hook(e->node, o->hook, &e->hook)) != 0 || (error = p_new_hook(e->peer, o->peerhook, &e->far)) != 0)
		return (error);
	e->hook->peer = e->far;
	e->far->peer = e->hook;
	return (0);
}

static int
check(const struct md_op *o, struct entry *e)
{
	const struct ftype *t;
	int error;

	if (o->kind != NGU_OP_MKNODE && (error = p_find(NULL, o->path, &e->node, &e->last)) != 0)
		return (error);
	switch (o->kind) {
	case NGU_OP_MKNODE:
	case NGU_OP_MKPEER:
		if ((error = p_type(o->type, &t)) != 0)
			return (error);
		e->peer = &pn[npn++];
		*e->peer = (struct pnode){ .type = t, .ours = true };
		if (o->kind == NGU_OP_MKPEER)
			return (p_link(e, o));
		return (o->name[0] != '\0' ? p_name(e->peer, o->name) : 0);
	case NGU_OP_CONNECT:
		if ((error = p_find(e->node, o->peerpath, &e->peer, NULL)) != 0)
			return (error);
		return (p_link(e, o));
	case NGU_OP_RMHOOK:
		if (o->hook[0] == '\0')
			return (EINVAL);
		if ((e->hook = p_hook(e->node, o->hook)) == NULL || p_hook_gone(e->hook))
			return (ENOENT);
		e->hook->gone = true;
		if (e->hook->peer != NULL)
			e->hook->peer->gone = true;
		return (0);
	case NGU_OP_NAME:
		return (p_name(e->node, o->name));
	case NGU_OP_SHUTDOWN:
		e->node->gone = true;
		return (0);
	default:
		return (0);
	}
}

static void
open_links(struct entry *e, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < 2; k++)
			if (e[i].done && e[i].made.h[k] != NULL)
				e[i].made.h[k]->closed = false;
}

static int
create(struct md_op *o, struct entry *all, unsigned i)
{
	struct entry *e = &all[i];
	bool replied;
	int error = 0;

	switch (o->kind) {
	case NGU_OP_MKNODE:
		if ((error = md__make_node(o->type, &e->peer->node)) == 0) {
			e->done = true;
			if (o->name[0] != '\0')
				error = md__rename_node(e->peer->node, o->name);
		}
		break;
	case NGU_OP_MKPEER:
		if (e->node->node->invalid)
			return (ENOENT);
		e->made.keep[0] = e->node->bare;
		md__take(e->node->node);
		error = md__mkpeer(e->node->node, o->type, o->hook, o->peerhook, &e->made);
		md__release(e->node->node);
		if (error == 0) {
			e->peer->node = e->made.node;
			e->done = true;
		}
		break;
	case NGU_OP_CONNECT:
		if (e->node->node->invalid)
			return (ENOENT);
		e->made.keep[0] = e->node->bare;
		e->made.keep[1] = e->peer->bare;
		md__take(e->node->node);
		error = md__connect_nodes(e->node->node, o->hook, e->peer->node, o->peerhook, &e->made);
		e->done = error == 0;
		break;
	case NGU_OP_NAME:
		if (e->node->node->invalid)
			return (ENOENT);
		if (e->node->ours) {
			error = md__rename_node(e->node->node, o->name);
		} else if (strcmp(e->node->node->name, o->name) != 0) {
			(void)snprintf(e->node->node->second, NG_NODESIZ, "%s", o->name);
			e->done = e->reserved = true;
		}
		break;
	case NGU_OP_MSG:
		open_links(all, i);
		md__take(e->node->node);
		error = md__rcvmsg(e->node->node, e->last != NULL ? (e->last->hook != NULL ? e->last->hook : NULL) : NULL, o->cmd, &o->arg, 1, &replied);
		md__release(e->node->node);
		break;
	default:
		break;
	}
	if (error == 0 && (o->kind == NGU_OP_MKPEER || o->kind == NGU_OP_CONNECT)) {
		e->hook->hook = e->made.h[0];
		e->far->hook = e->made.h[1];
	}
	md__settle();
	return (error);
}

static void
take_back(const struct md_op *o, struct entry *e)
{
	struct mnode *n;

	if (!e->done)
		return;
	if (o->kind == NGU_OP_MKNODE || o->kind == NGU_OP_MKPEER) {
		n = e->peer->node;
		n->really_die = true;
		n->invalid = true;
		md__take(n);
		md__rmnode(n);
		md__release(n);
	} else if (o->kind == NGU_OP_CONNECT) {
		if (!e->made.h[0]->dead)
			md__remove_one(e->made.h[0]);
	} else if (e->reserved) {
		e->node->node->second[0] = '\0';
	}
	md__settle();
}

int
md_apply(struct md_op *op, unsigned n, bool dry, bool *ran, unsigned *index)
{
	struct entry e[LIST];
	unsigned i, k;
	int error;

	*ran = false;
	memset(e, 0, sizeof(e));
	picture();
	for (i = 0; i < n; i++) {
		*index = i;
		if ((error = check(&op[i], &e[i])) != 0)
			return (error);
	}
	if (dry)
		return (0);
	for (i = 0; i < n; i++) {
		*index = i;
		if ((error = create(&op[i], e, i)) != 0) {
			*ran = true;
			for (k = i + 1; k-- != 0;)
				take_back(&op[k], &e[k]);
			return (error);
		}
	}
	open_links(e, n);
	for (i = 0; i < n; i++) {
		for (k = 0; k < 2; k++)
			if (e[i].done && e[i].made.h[k] != NULL)
				e[i].made.h[k]->keep = false;
		if (e[i].reserved) {
			(void)snprintf(e[i].node->node->name, NG_NODESIZ, "%s", op[i].name);
			e[i].node->node->second[0] = '\0';
		}
		if (op[i].kind == NGU_OP_MKNODE || op[i].kind == NGU_OP_MKPEER)
			op[i].id = e[i].peer->node->id;
	}
	for (i = 0; i < n; i++) {
		if (op[i].kind == NGU_OP_RMHOOK && !e[i].hook->hook->dead) {
			md__remove_one(e[i].hook->hook);
		} else if (op[i].kind == NGU_OP_SHUTDOWN && !e[i].node->node->gone) {
			md__take(e[i].node->node);
			md__rmnode(e[i].node->node);
			md__release(e[i].node->node);
		}
		md__settle();
	}
	return (0);
}
