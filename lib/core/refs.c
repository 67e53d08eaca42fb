/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * refs.c - debug builds: where references on nodes and hooks were taken and dropped, for the leak report.
 *
 * NG_NODE_REF and its kin pass file and line in sources compiled with NGU_DEBUG. A count cannot say which of two
 * references was dropped, so the report lists both sides: what was taken more often than dropped stands out. The entries
 * come from a fixed pool, so that taking notes never allocates; when it is full, new places go unnoted.
 */
#include "core/core.h"

#ifdef NGU_DEBUG

#define ENTRIES 32768u
#define BUCKETS 8192u

struct entry {
	const void *obj;
	const char *file;
	uint32_t line;
	uint32_t count;
	uint32_t next; /* index + 1 */
	bool drop;
	bool hook;
};

static ngu__spin lock;
static struct entry pool[ENTRIES];
static uint32_t bucket[BUCKETS]; /* index + 1 */
static uint32_t free_list, fresh;

static uint32_t *
bucket_of(const void *obj)
{
	return (&bucket[((uintptr_t)obj >> 6) * 2654435761u >> 7 & (BUCKETS - 1)]);
}

void
ngu__ref_note(const void *obj, bool hook, bool drop, const char *file, int line)
{
	uint32_t *b = bucket_of(obj), i;
	struct entry *e;

	ngu__spin_lock(&lock);
	for (i = *b; i != 0; i = pool[i - 1].next) {
		e = &pool[i - 1];
		if (e->obj == obj && e->line == (uint32_t)line && e->file == file && e->drop == drop)
			break;
	}
	if (i == 0) {
		if ((i = free_list) != 0)
			free_list = pool[i - 1].next;
		else if (fresh < ENTRIES)
			i = ++fresh;
		if (i != 0) {
			e = &pool[i - 1];
			*e = (struct entry){ obj, file, (uint32_t)line, 0, *b, drop, hook };
			*b = i;
		}
	}
	if (i != 0)
		pool[i - 1].count++;
	ngu__spin_unlock(&lock);
}

/* The object is about to be freed. */
void
ngu__ref_forget(const void *obj)
{
	uint32_t *p = bucket_of(obj), i;

	ngu__spin_lock(&lock);
	while ((i = *p) != 0) {
		if (pool[i - 1].obj == obj) {
			*p = pool[i - 1].next;
			pool[i - 1].next = free_list;
			pool[i - 1].obj = NULL;
			free_list = i;
		} else {
			p = &pool[i - 1].next;
		}
	}
	ngu__spin_unlock(&lock);
}

static bool
dead_in(const struct entry *e, const struct ngu_graph *g)
{
	if (e->obj == NULL)
		return (false);
	if (e->hook) {
		struct ng_hook *h = (struct ng_hook *)(uintptr_t)e->obj;
		struct ng_node *n = NGU_LD_ACQ(&h->hk_node);

		return ((NGU_LD_ACQ(&h->hk_state) & NGU_HS_DEAD) &&
		    (n != &ng_deadnode ? n->nd_graph : h->hk_retire.next) == g);
	} else {
		struct ng_node *n = (struct ng_node *)(uintptr_t)e->obj;

		return ((NGU_LD_ACQ(&n->nd_state) & NGU_NS_GONE) && n->nd_graph == g);
	}
}

/* One line for each place where a dead but still referenced object of the graph was taken or dropped. */
void
ngu__ref_report(struct ngu_graph *g, void (*out)(void *arg, const char *text), void *arg)
{
	char text[256];
	uint32_t i;

	ngu__spin_lock(&lock); /* objects forget themselves under it before they are freed: what stands here is memory */
	for (i = 0; i < fresh; i++) {
		const struct entry *e = &pool[i];

		if (!dead_in(e, g))
			continue;
		if (e->hook)
			(void)ngu__port_snprintf(text, sizeof(text), "hook \"%s\": reference %s %u time%s at %s:%u",
			    ((const struct ng_hook *)e->obj)->hk_name, e->drop ? "dropped" : "taken", e->count, NGU_PLURAL(e->count),
			    e->file, e->line);
		else
			(void)ngu__port_snprintf(text, sizeof(text), "node [%x] type %s: reference %s %u time%s at %s:%u",
			    (unsigned)((const struct ng_node *)e->obj)->nd_ID, ((const struct ng_node *)e->obj)->nd_type->name,
			    e->drop ? "dropped" : "taken", e->count, NGU_PLURAL(e->count), e->file, e->line);
		out(arg, text);
	}
	ngu__spin_unlock(&lock);
}

#else

void
ngu__ref_note(const void *obj, bool hook, bool drop, const char *file, int line)
{
	(void)obj;
	(void)hook;
	(void)drop;
	(void)file;
	(void)line;
}

#endif /* NGU_DEBUG */

/* What the debug macros of netgraph.h call; without notes in other builds, so a debug node type runs on any library. */

void
ngu_k_node_ref_at(node_p node, const char *file, int line)
{
	if (node != &ng_deadnode)
		ngu__ref_note(node, false, false, file, line);
	ngu_k_node_ref(node);
}

void
ngu_k_node_unref_at(node_p node, const char *file, int line)
{
	if (node != &ng_deadnode)
		ngu__ref_note(node, false, true, file, line);
	ng_unref_node(node);
}

void
ngu_k_hook_ref_at(hook_p hook, const char *file, int line)
{
	if (hook != &ng_deadhook)
		ngu__ref_note(hook, true, false, file, line);
	ngu_k_hook_ref(hook);
}

void
ngu_k_hook_unref_at(hook_p hook, const char *file, int line)
{
	if (hook != &ng_deadhook)
		ngu__ref_note(hook, true, true, file, line);
	ng_unref_hook(hook);
}
