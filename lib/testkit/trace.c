/* SPDX-License-Identifier: BSD-2-Clause */
/* trace.c - node types that log the calls of their methods and fail where they are told to. Written like any node type. */
#include <stdarg.h>
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/errno.h>
#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>

#include "testkit.h"

struct tracetype {
	struct ng_type type; /* first */
	struct tracetype *next;
	unsigned flags;
	char name[NG_TYPESIZ];
};

#define NRULES 16
static struct rule {
	char what[96];
	int error;
	ngt_trace_fn *fn;
	void *arg;
} rules[NRULES];
static unsigned nrules;		/* these three under the kit's lock */
static struct tracetype *types;

/* One call of a method: log it, then what a rule says. */
static int
called(node_p node, hook_p hook, struct ng_item **item, bool quiet, const char *fmt, ...)
{
	char line[160];
	ngt_trace_fn *fn = NULL;
	void *arg = NULL;
	va_list ap;
	unsigned i;
	int error = 0;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line) - 8, fmt, ap);
	va_end(ap);
	ngt__lock();
	for (i = 0; i < nrules; i++) {
		if (rules[i].what[0] == '\0' || strncmp(line, rules[i].what, strlen(rules[i].what)) != 0)
			continue;
		if (rules[i].error != 0)
			error = rules[i].error;
		if (rules[i].fn != NULL) {
			fn = rules[i].fn;
			arg = rules[i].arg;
		}
	}
	ngt__unlock();
	if (error != 0)
		(void)strlcat(line, " fails", sizeof(line));
	if (!quiet)
		ngt__trace_append(line);
	if (fn != NULL) {
		int e = fn(arg, node, hook, item);

		if (error == 0)
			error = e;
	}
	return (error);
}

static unsigned
flags_of(node_p node)
{
	return (((struct tracetype *)(void *)node->nd_type)->flags);
}

static const char *
label(node_p node)
{
	return (NG_NODE_HAS_NAME(node) ? NG_NODE_NAME(node) : node->nd_type->name);
}

static int
t_constructor(node_p node)
{
	int error = called(node, NULL, NULL, false, "constructor %s", label(node));

	if (error == 0 && (flags_of(node) & NGT_EXCLUSIVE))
		NG_NODE_FORCE_WRITER(node);
	return (error);
}

static int
t_newhook(node_p node, hook_p hook, const char *name)
{
	return (called(node, hook, NULL, false, "newhook %s/%s", label(node), name));
}

static int
t_connect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);

	return (called(node, hook, NULL, false, "connect %s/%s", label(node), NG_HOOK_NAME(hook)));
}

static int
t_rcvdata(hook_p hook, item_p item)
{
	node_p node = NG_HOOK_NODE(hook);
	hook_p other;
	int error = called(node, hook, &item, !(flags_of(node) & NGT_LOG_DATA), "rcvdata %s/%s %u", label(node),
	    NG_HOOK_NAME(hook), m_length(NGI_M(item), NULL));

	if (item == NULL)
		return (error);
	if (error == 0 && (flags_of(node) & NGT_FORWARD)) {
		LIST_FOREACH(other, &node->nd_hooks, hk_hooks) {
			if (other == hook)
				continue;
			NG_FWD_ITEM_HOOK(error, item, other);
			return (error);
		}
	}
	NG_FREE_ITEM(item);
	return (error);
}

static int
t_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	int error = called(node, lasthook, &item, false, "rcvmsg %s %u:%u", label(node), NGI_MSG(item)->header.typecookie,
	    NGI_MSG(item)->header.cmd & ~(unsigned)(NGM_READONLY | NGM_HASREPLY));

	if (item != NULL)
		NG_FREE_ITEM(item);
	return (error);
}

static int
t_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	int error = called(node, hook, NULL, false, "disconnect %s/%s", label(node), NG_HOOK_NAME(hook));

	if ((flags_of(node) & NGT_AUTODIE) && NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		(void)ng_rmnode_self(node);
	return (error);
}

static int
t_close(node_p node)
{
	return (called(node, NULL, NULL, false, "close %s", label(node)));
}

static int
t_shutdown(node_p node)
{
	int error = called(node, NULL, NULL, false, "shutdown %s", label(node));

	if ((flags_of(node) & NGT_PERSIST) && !(node->nd_flags & NGF_REALLY_DIE))
		NG_NODE_REVIVE(node);
	else
		NG_NODE_UNREF(node);
	return (error);
}

/* EBUSY: nodes of it are alive. */
int
ngt__trace_make(const char *name, unsigned flags)
{
	struct tracetype *t;
	int error;

	if (strlen(name) >= NG_TYPESIZ)
		return (EINVAL);
	ngt__lock();
	for (t = types; t != NULL && strcmp(t->name, name) != 0; t = t->next)
		;
	ngt__unlock();
	if (t == NULL) {
		t = ngt__alloc(sizeof(*t));
		ngt__keep(t);
		(void)strlcpy(t->name, name, sizeof(t->name));
		ngt__lock();
		t->next = types;
		types = t;
		ngt__unlock();
	} else if (ng_findtype(name) == &t->type) {
		if (t->flags == flags)
			return (0);
		if ((error = ng_rmtype(&t->type)) != 0)
			return (error);
	}
	t->flags = flags;
#define METHOD(bit, m) (flags & (bit)) ? NULL : (m)
	t->type.version = NG_ABI_VERSION;
	t->type.name = t->name;
	t->type.constructor = METHOD(NGT_NO_CONSTRUCTOR, t_constructor);
	t->type.rcvmsg = METHOD(NGT_NO_RCVMSG, t_rcvmsg);
	t->type.close = METHOD(NGT_NO_CLOSE, t_close);
	t->type.shutdown = METHOD(NGT_NO_SHUTDOWN, t_shutdown);
	t->type.newhook = METHOD(NGT_NO_NEWHOOK, t_newhook);
	t->type.connect = METHOD(NGT_NO_CONNECT, t_connect);
	t->type.rcvdata = METHOD(NGT_NO_RCVDATA, t_rcvdata);
	t->type.disconnect = METHOD(NGT_NO_DISCONNECT, t_disconnect);
	return (ng_newtype(&t->type));
}

static void
set_rule(const char *what, int error, ngt_trace_fn *fn, void *arg, bool is_fn)
{
	unsigned i;

	ngt__lock();
	for (i = 0; i < nrules && (strcmp(rules[i].what, what) != 0 || is_fn != (rules[i].error == 0)); i++)
		;
	if (i == nrules)
		for (i = 0; i < nrules && rules[i].what[0] != '\0'; i++)
			;
	if (i < NRULES) {
		if (i == nrules)
			nrules++;
		(void)strlcpy(rules[i].what, what, sizeof(rules[i].what));
		rules[i].error = error;
		rules[i].fn = fn;
		rules[i].arg = arg;
		if (error == 0 && fn == NULL)
			rules[i].what[0] = '\0';
	}
	ngt__unlock();
}

void
ngt_trace_fail(const char *what, int error)
{
	unsigned i;

	if (error != 0) {
		set_rule(what, error, NULL, NULL, false);
		return;
	}
	ngt__lock();
	for (i = 0; i < nrules; i++)
		if (rules[i].error != 0 && strcmp(rules[i].what, what) == 0)
			rules[i].what[0] = '\0';
	ngt__unlock();
}

void
ngt_trace_on(const char *what, ngt_trace_fn *fn, void *arg)
{
	set_rule(what, 0, fn, arg, true);
}

void
ngt__trace_reset(void)
{
	ngt__lock();
	nrules = 0;
	memset(rules, 0, sizeof(rules));
	ngt__unlock();
	ngt_trace_clear();
}
