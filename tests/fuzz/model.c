/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model.c - the reference model (model.h): netgraph's rules, one thread, nothing clever. Lists of changes are model_list.c.
 *
 * A node is `busy` while a method may be running with its writer's turn. What arrives for a busy node waits in its queue, removals of
 * hooks and of the node itself until the turn ends, packets and messages until the operation is over.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/model.h"
#include "fuzz/model_in.h"

#include <netgraph/ng_message.h>

const struct ftype ftypes[] = {
	{ "keep", 0 },
	{ "hub", FT_FLOOD | FT_AUTODIE },
	{ "wire", FT_FWD },
	{ "mirror", FT_ECHO | FT_AUTODIE },
	{ "brief", FT_AUTODIE },
	{ "phoenix", FT_PERSIST },
	{ "cat", FT_PERSIST | FT_AUTODIE | FT_FWD },
	{ "alone", FT_EXCL | FT_FLOOD },
	{ "tee", FT_BYPASS | FT_AUTODIE | FT_FWD },
	{ "mute", FT_NORCVMSG },
	{ "deaf", FT_NODATA | FT_AUTODIE },
	{ "unborn", FT_BADCTOR },
	{ "abstract", FT_NOCTOR },
	{ "hermit", FT_EXCL | FT_FWD | FT_AUTODIE },
};
const unsigned nftypes = sizeof(ftypes) / sizeof(ftypes[0]);

#define ITEMS 65536
#define PKT 64
#define LIMIT 12 /* nested deliveries */

struct mitem {
	struct mitem *next;
	struct mhook *hook; /* where it arrives, or what is to be removed */
	enum { M_DOOM, M_DATA, M_NOTE } kind;
	size_t len;
	uint8_t pkt[PKT];
};

static struct mnode nodes[NODES];
static struct mhook hooks[HOOKS];
static struct mitem items[ITEMS];
static unsigned nnodes, nhooks, nitems;
static uint32_t next_id;
static int64_t now;
static struct mnode *kept; /* a disconnect that takes a list back may not end this one */

struct md_text md_log, md_data;
bool md_queued;
struct md_counts md_count;

void
md_say(struct md_text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->text + t->len, sizeof(t->text) - t->len, fmt, ap);
	va_end(ap);
	FZ(n >= 0 && (size_t)n < sizeof(t->text) - t->len, "too much text");
	t->len += (size_t)n;
}

static int
lines(const void *a, const void *b)
{
	return (strcmp(*(char *const *)a, *(char *const *)b));
}

void
md_sort(struct md_text *t)
{
	static struct md_text out;
	static char *line[16384];
	unsigned n = 0, i;

	for (char *s = t->text; s != NULL && *s != '\0';) {
		FZ(n < 16384, "too many lines");
		line[n++] = s;
		if ((s = strchr(s, '\n')) != NULL)
			*s++ = '\0';
	}
	qsort(line, n, sizeof(line[0]), lines);
	out.len = 0;
	out.text[0] = '\0';
	for (i = 0; i < n; i++)
		md_say(&out, "%s\n", line[i]);
	memcpy(t->text, out.text, out.len + 1);
}

void
md_reset(void)
{
	memset(nodes, 0, nnodes * sizeof(nodes[0]));
	memset(hooks, 0, nhooks * sizeof(hooks[0]));
	nnodes = nhooks = nitems = 0;
	next_id = 1;
	now = 0;
	md_log.len = md_data.len = 0;
	md_queued = false;
	memset(&md_count, 0, sizeof(md_count));
}

/* ---- finding ---- */

uint32_t
md__id_of(const char *s)
{
	size_t n = strlen(s), i = 1;
	uint64_t v = 0;

	if (n < 3 || s[0] != '[' || s[n - 1] != ']')
		return (0);
	if (n > 4 && s[1] == '0' && (s[2] == 'x' || s[2] == 'X'))
		i = 3;
	for (; i < n - 1; i++) {
		unsigned d = s[i] >= '0' && s[i] <= '9' ? (unsigned)(s[i] - '0') :
		    s[i] >= 'a' && s[i] <= 'f'		? (unsigned)(s[i] - 'a') + 10 :
		    s[i] >= 'A' && s[i] <= 'F'		? (unsigned)(s[i] - 'A') + 10 :
							  16;

		if (d > 15 || (v = v * 16 + d) > UINT32_MAX)
			return (0);
	}
	return ((uint32_t)v);
}

bool
md__legal(const char *s)
{
	return (s[0] != '\0' && strlen(s) < NG_NODESIZ && strpbrk(s, ".:") == NULL && md__id_of(s) == 0);
}

static struct mnode *
by_name(const char *name)
{
	uint32_t id = md__id_of(name);

	for (unsigned i = 0; i < nnodes; i++) {
		struct mnode *n = &nodes[i];

		if (n->alive && !n->invalid &&
		    (id != 0 ? n->id == id : name[0] != '\0' && (strcmp(n->name, name) == 0 || strcmp(n->second, name) == 0)))
			return (n);
	}
	return (NULL);
}

/* Any hook of that name that is on the node's list. */
static struct mhook *
listed(struct mnode *n, const char *name)
{
	struct mhook *h;

	for (h = n->hooks; h != NULL && strcmp(h->name, name) != 0; h = h->next)
		;
	return (h);
}

static struct mhook *
hook_of(struct mnode *n, const char *name)
{
	struct mhook *h = listed(n, name);

	return (h != NULL && !h->dead && !h->closed ? h : NULL);
}

/* A path into the node part ("" none) and the hooks; -1 when it is none. */
int
md__split(const char *path, char *node, char *rest, bool *has)
{
	const char *colon;
	size_t n;

	(void)snprintf(rest, NG_PATHSIZ, "%s", path);
	*has = (colon = strchr(rest, ':')) != NULL;
	node[0] = '\0';
	if (*has) {
		n = (size_t)(colon - rest);
		memcpy(node, rest, n);
		node[n] = '\0';
		memmove(rest, colon + 1, strlen(colon + 1) + 1);
		if (n == 0 || (strchr(node, '.') != NULL && strcmp(node, ".") != 0))
			return (-1);
	}
	if (strchr(rest, ':') != NULL || strstr(rest, "..") != NULL)
		return (-1);
	if (rest[0] == '.')
		memmove(rest, rest + 1, strlen(rest));
	if ((n = strlen(rest)) != 0 && rest[n - 1] == '.')
		rest[n - 1] = '\0';
	return (0);
}

static int
find(struct mnode *here, const char *path, struct mnode **out, struct mhook **last)
{
	char name[NG_PATHSIZ], rest[NG_PATHSIZ], *seg, *next;
	struct mnode *n = here;
	struct mhook *h;
	bool has;

	if (last != NULL)
		*last = NULL;
	if (md__split(path, name, rest, &has) != 0)
		return (EINVAL);
	if (has && strcmp(name, ".") != 0) {
		if ((n = by_name(name)) == NULL)
			return (ENOENT);
	} else if (n == NULL) {
		return (EINVAL);
	}
	for (seg = rest; seg != NULL && seg[0] != '\0'; seg = next) {
		if ((next = strchr(seg, '.')) != NULL)
			*next++ = '\0';
		if ((h = hook_of(n, seg)) == NULL || h->peer == NULL)
			return (ENOENT);
		n = h->peer->node;
		if (last != NULL)
			*last = h->peer;
	}
	*out = n;
	return (0);
}

int
md_lookup(const char *path, uint32_t *id)
{
	struct mnode *n;
	int error = find(NULL, path, &n, NULL);

	if (error == 0)
		*id = n->id;
	return (error);
}

/* ---- turns, and what waits for them ---- */

static void destroy(struct mhook *h);

static struct mitem *
push(struct mnode *n, int kind, struct mhook *h)
{
	struct mitem *i = &items[nitems++];

	FZ(nitems < ITEMS, "the model is full");
	memset(i, 0, sizeof(*i));
	i->kind = kind;
	i->hook = h;
	if (n->head == NULL)
		n->tail = &n->head;
	*n->tail = i;
	n->tail = &i->next;
	return (i);
}

static struct mitem *
pop(struct mnode *n)
{
	struct mitem *i = n->head;

	n->head = i->next;
	return (i);
}

/* Removals: hooks' first, then the node's own. */
static void
dooms(struct mnode *n)
{
	struct mitem **p, *i;
	bool more = true;

	while (more) {
		more = false;
		for (p = &n->head; (i = *p) != NULL && i->kind != M_DOOM; p = &i->next)
			;
		if (i != NULL) {
			more = true;
			*p = i->next;
			for (n->tail = &n->head; *n->tail != NULL; n->tail = &(*n->tail)->next)
				;
			destroy(i->hook);
		} else if (n->doomed) {
			more = true;
			n->doomed = false;
			md__rmnode(n);
		}
	}
}

void
md__take(struct mnode *n)
{
	FZ(!n->busy, "the model takes a turn twice");
	n->busy = true;
}

void
md__release(struct mnode *n)
{
	dooms(n);
	n->busy = false;
}

static void
kick(struct mnode *n)
{
	if (n->busy)
		return;
	md__take(n);
	md__release(n);
}

static void
rmhook_self(struct mhook *h)
{
	if (h->dead || h->doomed)
		return;
	h->doomed = true;
	(void)push(h->node, M_DOOM, h);
	kick(h->node);
}

static void
rmnode_self(struct mnode *n)
{
	if (n == kept || n->closing || n->gone)
		return;
	n->invalid = true;
	n->doomed = true;
	kick(n);
}

/* ---- methods ---- */

static int
newhook(struct mnode *n, struct mhook *h)
{
	md_say(&md_log, "newhook %u %s\n", n->id, h->name);
	if (h->name[0] == 'n')
		return (EXDEV);
	h->queue = h->name[0] == 'q';
	return (0);
}

static int
connect_method(struct mhook *h)
{
	md_say(&md_log, "connect %u %s\n", h->node->id, h->name);
	return (h->name[0] == 'k' ? EPERM : 0);
}

static unsigned
count_hooks(const struct mnode *n)
{
	unsigned k = 0;

	for (const struct mhook *h = n->hooks; h != NULL; h = h->next)
		k++;
	return (k);
}

static void
disconnect(struct mnode *n, struct mhook *h)
{
	struct mnode *before = kept;

	md_say(&md_log, "disconnect %u %s\n", n->id, h->name);
	kept = h->keep ? n : NULL;
	if ((n->type->flags & FT_AUTODIE) && n->hooks == NULL && !n->invalid)
		rmnode_self(n);
	kept = before;
}

static int join(struct mhook *a, struct mhook *b);

static void
close_method(struct mnode *n)
{
	md_say(&md_log, "close %u\n", n->id);
	if ((n->type->flags & FT_BYPASS) && n->hooks != NULL && n->hooks->next != NULL)
		(void)join(n->hooks, n->hooks->next);
}

/* ---- birth and death ---- */

const struct ftype *
md__type_of(const char *name)
{
	for (unsigned i = 0; i < nftypes; i++)
		if (strcmp(ftypes[i].name, name) == 0)
			return (&ftypes[i]);
	return (NULL);
}

int
md__make_node(const char *typename, struct mnode **out)
{
	const struct ftype *t = md__type_of(typename);
	struct mnode *n;

	if (t == NULL)
		return (ENXIO);
	if (t->flags & FT_NOCTOR)
		return (EINVAL);
	n = &nodes[nnodes++];
	FZ(nnodes < NODES, "the model is full");
	n->id = next_id++;
	n->type = t;
	md_say(&md_log, "constructor %u\n", n->id);
	if (t->flags & FT_BADCTOR)
		return (EXDEV);
	n->alive = true;
	n->excl = (t->flags & FT_EXCL) != 0;
	*out = n;
	return (0);
}

static struct mhook *
new_hook(const char *name)
{
	struct mhook *h = &hooks[nhooks++];

	FZ(nhooks < HOOKS, "the model is full");
	(void)snprintf(h->name, sizeof(h->name), "%s", name);
	return (h);
}

static void
link_hook(struct mnode *n, struct mhook *h)
{
	h->node = n;
	h->linked = true;
	h->next = n->hooks;
	n->hooks = h;
	if (h->name[0] == 'w')
		n->excl = true;
}

static int
add_hook(struct mnode *n, const char *name, struct mhook **out)
{
	struct mhook *h;
	int error;

	*out = NULL;
	if (name[0] == '\0')
		return (EINVAL);
	h = new_hook(name);
	if (listed(n, h->name) != NULL)
		return (EEXIST);
	if ((error = newhook(n, h)) != 0)
		return (error);
	link_hook(n, h);
	*out = h;
	return (0);
}

static void
destroy(struct mhook *h)
{
	struct mhook *p = h->peer, **at;

	if (h->dead)
		return;
	h->dead = true;
	h->peer = NULL;
	if (p != NULL && p->peer == h) {
		p->peer = NULL;
		if (p->linked)
			rmhook_self(p);
		else
			p->dead = true;
	}
	if (h->linked) {
		for (at = &h->node->hooks; *at != h; at = &(*at)->next)
			;
		*at = h->next;
		h->linked = false;
		disconnect(h->node, h);
	}
}

void
md__rmnode(struct mnode *n)
{
	if (n->closing || n->gone)
		return;
	n->invalid = n->closing = true;
	close_method(n);
	while (n->hooks != NULL)
		destroy(n->hooks);
	for (; n->head != NULL; (void)pop(n)) /* flushed */
		if (n->head->kind == M_DATA)
			md_count.dropped++;
	n->doomed = false;
	md_say(&md_log, "shutdown %u\n", n->id);
	n->due = 0;
	if ((n->type->flags & FT_PERSIST) && !n->really_die) {
		n->invalid = n->closing = false;
	} else {
		n->gone = true;
		n->alive = false;
	}
}

int
md__rename_node(struct mnode *n, const char *name)
{
	if (strcmp(n->name, name) == 0)
		return (0);
	if (!md__legal(name))
		return (EINVAL);
	if (by_name(name) != NULL)
		return (EADDRINUSE);
	(void)snprintf(n->name, sizeof(n->name), "%s", name);
	return (0);
}

/* ---- edges ---- */

int
md__mkpeer(struct mnode *n, const char *type, const char *ourhook, const char *peerhook, struct made *made)
{
	struct mhook *h, *h2;
	struct mnode *n2;
	int error;

	if ((error = md__make_node(type, &n2)) != 0)
		return (error);
	md__take(n2);
	if ((error = add_hook(n, ourhook, &h)) != 0) {
		n2->really_die = made != NULL;
		md__rmnode(n2);
		md__release(n2);
		return (error);
	}
	h->keep = made != NULL && made->keep[0];
	if ((error = add_hook(n2, peerhook, &h2)) != 0) {
		n2->really_die = made != NULL;
		md__rmnode(n2);
		md__release(n2);
		destroy(h);
		return (error);
	}
	h->peer = h2;
	h2->peer = h;
	if ((error = connect_method(h)) == 0)
		error = connect_method(h2);
	if (error != 0) {
		destroy(h2);
		n2->really_die = n2->really_die || made != NULL;
		md__rmnode(n2);
	} else if (made != NULL) {
		*made = (struct made){ .h = { h, h2 }, .node = n2 };
		h->closed = h2->closed = true;
	}
	md__release(n2);
	return (error);
}

/* With the turn of `n`, which is given back. */
int
md__connect_nodes(struct mnode *n, const char *ourhook, struct mnode *n2, const char *peerhook, struct made *made)
{
	bool self = n == n2;
	struct mhook *h, *h2;
	int error;

	if (peerhook[0] == '\0') {
		md__release(n);
		return (EINVAL);
	}
	if ((self && strcmp(ourhook, peerhook) == 0) || listed(n2, peerhook) != NULL) {
		md__release(n);
		return (EEXIST);
	}
	if ((error = add_hook(n, ourhook, &h)) != 0) {
		md__release(n);
		return (error);
	}
	h2 = new_hook(peerhook);
	h->keep = made != NULL && made->keep[0];
	h2->keep = made != NULL && made->keep[1];
	h->peer = h2;
	h2->peer = h;
	if (self)
		md__release(n);
	md__take(n2);
	if ((error = newhook(n2, h2)) != 0) {
		rmhook_self(h);
	} else {
		link_hook(n2, h2);
		if ((error = connect_method(h2)) != 0) {
			destroy(h2);
		} else {
			if (self) {
				md__release(n);
				md__take(n);
			}
			if ((error = connect_method(h)) != 0)
				destroy(self ? h : h2);
		}
	}
	md__release(n2);
	if (!self)
		md__release(n);
	if (error == 0 && made != NULL) {
		*made = (struct made){ .h = { h, h2 } };
		h->closed = h2->closed = true;
	}
	return (error);
}

/* The peers of two hooks of a node become each other's; the hooks go. With the node's turn. */
static int
can_join(const struct mhook *a, const struct mhook *b)
{
	if (a == b || a->node != b->node || a->dead || b->dead || a->peer == NULL || b->peer == NULL || a->peer == b ||
	    a->closed || b->closed)
		return (EINVAL);
	return (0);
}

static void
splice(struct mhook *a, struct mhook *b)
{
	a->peer->peer = b->peer;
	b->peer->peer = a->peer;
	a->peer = b->peer = NULL;
}

static int
join(struct mhook *a, struct mhook *b)
{
	int error = can_join(a, b);

	if (error != 0)
		return (error);
	splice(a, b);
	destroy(a);
	destroy(b);
	return (0);
}

/* ---- packets ---- */

static struct {
	struct mhook *hook;
	size_t len;
	uint8_t pkt[PKT];
} put_off[ITEMS];
static unsigned noff, nran;
static bool deferring;

static int send(struct mhook *h, const uint8_t *pkt, size_t len, unsigned depth, bool queue);

/* The method. */
static int
receive(struct mhook *h, const uint8_t *in, size_t len, unsigned depth)
{
	const unsigned flags = h->node->type->flags;
	uint8_t pkt[PKT];
	struct mhook *o;
	int error = 0, e;

	if (flags & FT_NODATA) {
		md_count.dropped++;
		return (0);
	}
	md_count.delivered++;
	md_say(&md_data, "%u %s ", h->node->id, h->name);
	for (size_t i = 0; i < len; i++)
		md_say(&md_data, "%02x", in[i]);
	md_say(&md_data, "\n");
	memcpy(pkt, in, len);
	if (!(flags & (FT_FWD | FT_FLOOD | FT_ECHO)))
		return (h->name[0] == 'e' ? ENOSPC : 0);
	if (len < 2 || pkt[1] == 0 || ((flags & FT_FLOOD) && pkt[0] == 0))
		return (0);
	pkt[1]--;
	if (flags & FT_ECHO)
		return (send(h, pkt, len, depth, false));
	if (flags & FT_FLOOD)
		pkt[0]--;
	else
		error = ENOTCONN;
	for (o = h->node->hooks; o != NULL; o = o->next) {
		if (o == h)
			continue;
		e = send(o, pkt, len, depth, false);
		if (flags & FT_FWD)
			return (e);
		if (e != 0)
			error = e;
	}
	return (error);
}

static void
wait_in_queue(struct mhook *p, const uint8_t *pkt, size_t len)
{
	struct mitem *i = push(p->node, M_DATA, p);

	memcpy(i->pkt, pkt, len);
	i->len = len;
	md_queued = true;
}

/* At the node itself, now or in its queue. */
static int
arrive(struct mhook *p, const uint8_t *pkt, size_t len, unsigned depth)
{
	struct mnode *n = p->node;
	bool excl = n->excl;
	int error;

	if (n->busy || n->head != NULL) {
		wait_in_queue(p, pkt, len);
		return (0);
	}
	n->busy = excl;
	error = receive(p, pkt, len, depth + 1);
	if (excl)
		n->busy = false;
	return (error);
}

static void
run_put_off(unsigned depth)
{
	deferring = true;
	for (; nran < noff; nran++)
		(void)arrive(put_off[nran].hook, put_off[nran].pkt, put_off[nran].len, depth);
	deferring = false;
	noff = nran = 0;
}

static int
send(struct mhook *h, const uint8_t *pkt, size_t len, unsigned depth, bool queue)
{
	struct mhook *p;
	int error;

	md_count.attempted++;
	if (h == NULL || h->dead || h->closed || (p = h->peer) == NULL || p->dead || p->closed || p->node->invalid) {
		md_count.refused++;
		return (ENETDOWN);
	}
	if (queue || p->queue) {
		wait_in_queue(p, pkt, len);
		return (0);
	}
	if (depth >= LIMIT) {
		FZ(noff < ITEMS, "the model is full");
		put_off[noff].hook = p;
		put_off[noff].len = len;
		memcpy(put_off[noff++].pkt, pkt, len);
		return (0);
	}
	error = arrive(p, pkt, len, depth);
	if (noff != 0 && !deferring)
		run_put_off(depth);
	return (error);
}

static void
note(struct mnode *n, struct mhook *last)
{
	if (!(n->type->flags & FT_NORCVMSG))
		md_say(&md_log, "rcvmsg %u %u %s\n", n->id, FZ_NOTE, last != NULL ? last->name : "-");
}

/* The end of an operation: what waits is served. */
void
md__settle(void)
{
	struct mitem *i;
	bool more = true;

	while (more) {
		more = false;
		for (unsigned k = 0; k < nnodes; k++) {
			struct mnode *n = &nodes[k];

			while (n->head != NULL && !n->busy) {
				more = true;
				i = pop(n);
				if (i->kind == M_DATA && (i->hook->dead || n->invalid)) {
					md_count.dropped++;
				} else if (i->kind == M_DATA) {
					n->busy = n->excl;
					(void)receive(i->hook, i->pkt, i->len, 1);
					n->busy = false;
					if (noff != 0)
						run_put_off(0);
				} else if (i->kind == M_NOTE) {
					note(n, i->hook->dead ? NULL : i->hook);
				}
			}
		}
	}
}

/* ---- the calls ---- */

static bool
fits(const char *s, size_t size)
{
	return (strlen(s) < size);
}

int
md_mknode(const char *type, const char *name, uint32_t *id)
{
	struct mnode *n;
	int error;

	if ((error = md__make_node(type, &n)) != 0)
		return (error);
	if (name[0] != '\0' && (error = md__rename_node(n, name)) != 0) {
		n->really_die = true;
		md__take(n);
		md__rmnode(n);
		md__release(n);
		md__settle();
		return (error);
	}
	*id = n->id;
	return (0);
}

int
md_mkpeer(const char *path, const char *type, const char *ourhook, const char *peerhook)
{
	struct mnode *n;
	int error;

	if (!fits(type, NG_TYPESIZ) || !fits(ourhook, NG_HOOKSIZ) || !fits(peerhook, NG_HOOKSIZ))
		return (EINVAL);
	if ((error = find(NULL, path, &n, NULL)) != 0)
		return (error);
	md__take(n);
	error = md__mkpeer(n, type, ourhook, peerhook, NULL);
	md__release(n);
	md__settle();
	return (error);
}

int
md_connect(const char *path, const char *ourhook, const char *peerpath, const char *peerhook)
{
	struct mnode *n, *n2;
	int error;

	if (!fits(peerpath, NG_PATHSIZ) || !fits(ourhook, NG_HOOKSIZ) || !fits(peerhook, NG_HOOKSIZ))
		return (EINVAL);
	if ((error = find(NULL, path, &n, NULL)) != 0)
		return (error);
	if ((error = find(n, peerpath, &n2, NULL)) != 0)
		return (error);
	md__take(n);
	error = md__connect_nodes(n, ourhook, n2, peerhook, NULL);
	md__settle();
	return (error);
}

int
md_rmhook(const char *path, const char *hook)
{
	struct mnode *n;
	struct mhook *h;
	int error;

	if (!fits(hook, NG_HOOKSIZ))
		return (EINVAL);
	if ((error = find(NULL, path, &n, NULL)) != 0)
		return (error);
	md__take(n);
	if ((h = hook_of(n, hook)) != NULL)
		destroy(h);
	md__release(n);
	md__settle();
	return (0);
}

int
md_name(const char *path, const char *name)
{
	struct mnode *n;
	int error;

	if (!fits(name, NG_NODESIZ))
		return (EINVAL);
	return ((error = find(NULL, path, &n, NULL)) != 0 ? error : md__rename_node(n, name));
}

int
md_shutdown(const char *path)
{
	struct mnode *n;
	int error;

	if ((error = find(NULL, path, &n, NULL)) != 0)
		return (error);
	md__take(n);
	md__rmnode(n);
	md__release(n);
	md__settle();
	return (0);
}

int
md_insert(const char *path, const char *hook, const char *type, const char *in, const char *out, const char *name, uint32_t *id)
{
	struct mhook *h, *far, *a = NULL, *b = NULL;
	struct mnode *n;
	int error;

	if (!fits(in, NG_HOOKSIZ) || !fits(out, NG_HOOKSIZ))
		return (EINVAL);
	if ((error = find(NULL, path, &n, NULL)) != 0)
		return (error);
	if ((h = hook_of(n, hook)) == NULL)
		return (ENOENT);
	if ((far = h->peer) == NULL)
		return (ENOTCONN);
	if ((error = md__make_node(type, &n)) != 0)
		return (error);
	md__take(n);
	if (name[0] != '\0')
		error = md__rename_node(n, name);
	if (error == 0)
		error = add_hook(n, in, &a);
	if (error == 0)
		error = add_hook(n, out, &b);
	if (error == 0)
		error = connect_method(a);
	if (error == 0)
		error = connect_method(b);
	if (error != 0) {
		n->really_die = true;
		md__rmnode(n);
	} else {
		h->peer = a;
		a->peer = h;
		far->peer = b;
		b->peer = far;
		*id = n->id;
	}
	md__release(n);
	md__settle();
	return (error);
}

void
md__remove_one(struct mhook *h)
{
	md__take(h->node);
	destroy(h);
	md__release(h->node);
}

int
md_bypass(const char *path, const char *a, const char *b)
{
	struct mhook *h1, *h2;
	struct mnode *n;
	int error;

	if ((error = find(NULL, path, &n, NULL)) != 0)
		return (error);
	if ((h1 = hook_of(n, a)) == NULL || (h2 = hook_of(n, b)) == NULL)
		return (ENOENT);
	if ((error = can_join(h1, h2)) != 0)
		return (error);
	splice(h1, h2);
	md__remove_one(h1);
	md__remove_one(h2);
	md__settle();
	return (0);
}

int
md_relink(const char *path, const char *hook, const char *newpath, const char *newhook)
{
	struct mhook *near, *old, *h;
	struct mnode *n, *to;
	int error;

	if (!fits(newhook, NG_HOOKSIZ))
		return (EINVAL);
	if ((error = find(NULL, path, &n, NULL)) != 0)
		return (error);
	if ((near = hook_of(n, hook)) == NULL)
		return (ENOENT);
	if ((error = find(NULL, newpath, &to, NULL)) != 0)
		return (error);
	md__take(to);
	if ((error = add_hook(to, newhook, &h)) == 0 && (error = connect_method(h)) != 0)
		destroy(h);
	if (error == 0) {
		old = near->peer;
		old->peer = NULL;
		near->peer = h;
		h->peer = near;
	}
	md__release(to);
	if (error == 0)
		md__remove_one(old);
	md__settle();
	return (error);
}

/* With the node's turn, but for FZ_REPEAT. */
int
md__rcvmsg(struct mnode *n, struct mhook *last, uint32_t cmd, const uint8_t *arg, size_t len, bool *replied)
{
	struct mhook *h = n->hooks;

	if (n->type->flags & FT_NORCVMSG)
		return (0);
	md_say(&md_log, "rcvmsg %u %u %s\n", n->id, cmd & ~(NGM_READONLY | NGM_HASREPLY), last != NULL ? last->name : "-");
	switch (cmd) {
	case FZ_REPEAT | NGM_READONLY | NGM_HASREPLY:
		*replied = true;
		return (0);
	case FZ_ERROR:
		return (len != 0 ? arg[0] : 0);
	case FZ_TIMER:
		n->timer = len != 0 ? arg[0] : 0;
		n->due = now + (n->timer != 0 ? n->timer : 1);
		return (0);
	case FZ_DIE:
		rmnode_self(n);
		return (0);
	case FZ_UNHOOK:
		if (h != NULL)
			rmhook_self(h);
		return (0);
	case FZ_JOIN:
		return (h != NULL && h->next != NULL ? join(h, h->next) : EINVAL);
	case FZ_SEND:
		return (send(h, arg, len, 0, false));
	case FZ_TELL:
		if (h == NULL || h->dead || h->closed || h->peer == NULL || h->peer->closed)
			return (ENETDOWN);
		if (h->peer->node->busy || h->peer->node->head != NULL || h->peer->queue)
			(void)push(h->peer->node, M_NOTE, h->peer);
		else
			note(h->peer->node, h->peer);
		return (0);
	case FZ_NOTE:
		return (0);
	default:
		return (EINVAL);
	}
}

int
md_msg(const char *path, uint32_t cmd, const uint8_t *arg, size_t len, bool *replied)
{
	struct mhook *last;
	struct mnode *n;
	int error;

	*replied = false;
	if ((error = find(NULL, path, &n, &last)) != 0)
		return (error);
	if (cmd & NGM_READONLY) { /* a reader: nothing is removed by it */
		error = md__rcvmsg(n, last, cmd, arg, len, replied);
	} else {
		md__take(n);
		error = md__rcvmsg(n, last, cmd, arg, len, replied);
		md__release(n);
	}
	md__settle();
	return (error);
}

int
md_send(const char *path, const char *hook, const uint8_t *pkt, size_t len, bool queue)
{
	struct mnode *n;
	int error;

	if ((error = find(NULL, path, &n, NULL)) != 0)
		return (error);
	error = send(hook_of(n, hook), pkt, len, 0, queue);
	md__settle();
	return (error);
}

void
md_advance(unsigned ms)
{
	int64_t end = now + ms, first;
	struct mnode *n, *next;
	unsigned i, same;

	for (;;) {
		next = NULL;
		first = end + 1;
		same = 0;
		for (i = 0; i < nnodes; i++) {
			n = &nodes[i];
			if (n->due == 0 || !n->alive || n->due > first)
				continue;
			same = n->due == first ? same + 1 : 0;
			if (n->due < first) {
				first = n->due;
				next = n;
			}
		}
		if (next == NULL)
			break;
		md_queued |= same != 0;
		now = first;
		next->due = 0;
		md_say(&md_log, "timer %u %u\n", next->id, next->timer);
		md__take(next);
		if (next->hooks != NULL)
			(void)send(next->hooks, (const uint8_t[]){ 1, 3, 't' }, 3, 0, false);
		md__release(next);
		md__settle();
	}
	now = end;
}

/* ---- what it looks like ---- */

struct mnode *
md__node(unsigned i)
{
	return (i < nnodes ? &nodes[i] : NULL);
}

void
md_dump(struct md_text *t)
{
	t->len = 0;
	t->text[0] = '\0';
	for (unsigned i = 0; i < nnodes; i++) {
		const struct mnode *n = &nodes[i];

		if (!n->alive)
			continue;
		md_say(t, "%u \"%s\" %s %u\n", n->id, n->name, n->type->name, count_hooks(n));
		for (const struct mhook *h = n->hooks; h != NULL; h = h->next)
			md_say(t, " %s - %u.%s\n", h->name, h->peer != NULL ? h->peer->node->id : 0, h->peer != NULL ? h->peer->name : "dead");
	}
}

unsigned
md_nodes(void)
{
	unsigned k = 0;

	for (unsigned i = 0; i < nnodes; i++)
		k += nodes[i].alive;
	return (k);
}

uint32_t
md_last_id(void)
{
	return (next_id - 1);
}
