/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stats.c - reading the accounts (include/ng/stats.h). All counting is done where things happen, each thread in its own cells;
 * here they are added up.
 */
#include "core/core.h"

static const char *const reason[NGU_R_COUNT] = {
	[NGU_R_NONE] = "none",
	[NGU_R_NO_HOOK] = "no-hook",
	[NGU_R_HOOK_INVALID] = "hook-invalid",
	[NGU_R_NO_PEER] = "no-peer",
	[NGU_R_NODE_INVALID] = "node-invalid",
	[NGU_R_NO_MBUF] = "no-mbuf",
	[NGU_R_NO_ITEM] = "no-item",
	[NGU_R_QUEUE_FULL] = "queue-full",
	[NGU_R_HOOK_GONE] = "hook-gone",
	[NGU_R_NODE_GONE] = "node-gone",
	[NGU_R_FLUSHED] = "flushed",
	[NGU_R_NO_METHOD] = "no-method",
};

const char *
ngu_reason_name(enum ngu_reason r)
{
	return ((unsigned)r < NGU_R_COUNT ? reason[r] : "unknown");
}

static uint64_t
hook_bytes(struct ngu__thread *ts, struct ngu_graph *g)
{
	uint64_t sum = NGU_LD_RLX(&g->folded_bytes), n, b;
	struct ng_node *node;
	struct ng_hook *h;
	uint32_t id = 0;

	/* Under each node's lock: the list is stable, and it is a moment only. */
	ngu__look_enter(ts);
	while ((node = ngu__id_next(&g->ids, &id)) != NULL) {
		ngu__spin_lock(&node->nd_lock);
		LIST_FOREACH(h, &node->nd_hooks, hk_hooks) {
			ngu__ctr_read(h->hk_idx, &n, &b);
			sum += b;
		}
		ngu__spin_unlock(&node->nd_lock);
	}
	ngu__look_leave(ts);
	return (sum);
}

void
ngu_graph_stats(struct ngu_graph *g, struct ngu_graph_stats *out)
{
	struct ngu__thread *ts = ngu__self();
	uint64_t a, b, c, d;
	unsigned i;

	ngu__memset(out, 0, sizeof(*out));
	ngu__ctr_read(g->ctr_flow, &out->attempted, &out->delivered);
	out->delivered_bytes = hook_bytes(ts, g);
	out->queued = NGU_LD_ACQ(&g->queued_data);
	ngu__ctr_read(g->ctr_queue, &out->queued_total, &out->messages);
	for (i = 1; i < NGU_R_COUNT; i++) {
		ngu__ctr_read(g->ctr_reason[i], &out->by_reason[i], &a);
		*(i >= NGU_R_HOOK_GONE ? &out->dropped : &out->refused) += out->by_reason[i];
	}
	ngu__ctr_read(g->ctr_gate, &out->gate_closed, &out->messages_refused);
	out->gate_longest_ns = NGU_LD_RLX(&g->gate_longest);
	ngu__ctr_read(g->ctr_memory, &c, &d); /* what goes down first, then what goes up: never a negative difference */
	ngu__ctr_read(g->ctr_nodes, &a, &b);
	out->nodes = a - c;
	out->dead_nodes = b - c;
	ngu__ctr_read(g->ctr_hooks, &a, &b);
	out->hooks = a - d;
	out->dead_hooks = b - d;
	ngu__ctr_read(g->prefix.ctr_mbuf_free, &c, &d);
	ngu__ctr_read(g->prefix.ctr_mbuf_alloc, &a, &b);
	out->mbufs = a - c;
	out->high_data = NGU_LD_RLX(&g->high[NGU_L_DATA]);
	out->high_items = NGU_LD_RLX(&g->high[NGU_L_ITEMS]);
}

void
ngu_gate_timing(struct ngu_graph *g, bool on)
{
	NGU_ST_RLX(&g->gate_longest, 0u);
	NGU_ST_RLX(&g->timing, on ? 1u : 0u);
}

int
ngu_hook_stats(struct ngu_graph *g, const char *path, const char *hook, struct ngu_hook_stats *out)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu__ctx ctx;
	struct ng_node *node;
	struct ng_hook *h;
	int error;

	ngu__enter(ts, &ctx, g);
	if ((error = ng_path2noderef(NULL, path, &node, NULL)) == 0) {
		ngu__look_enter(ts);
		if ((h = ngu__findhook(node, hook)) == NULL) {
			error = ENOENT;
		} else {
			ngu__ctr_read(h->hk_idx, &out->packets, &out->bytes);
			out->refused = NGU_LD_RLX(&h->hk_drops);
		}
		ngu__look_leave(ts);
		NG_NODE_UNREF(node);
	}
	ngu__leave(ts, &ctx);
	return (error);
}

void
ngu_reclaim_stats(struct ngu_reclaim_stats *out)
{
	struct ngu__rcl_stats s;

	ngu__rcl_stats(&s);
	out->retired = s.retired;
	out->freed = s.freed;
	out->periods = s.periods;
	out->high = s.high;
	out->longest_ns = s.longest_ns;
}

size_t
ngu_leaks(struct ngu_graph *g, void (*line)(void *arg, const char *text), void *arg)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu_graph_stats s;
	struct ng_node *node;
	char text[256];
	uint32_t id = 0;
	size_t n;

	ngu_graph_stats(g, &s);
	n = (size_t)(s.nodes + s.hooks + s.mbufs);
	if (line == NULL || n == 0)
		return (n);
	if (s.mbufs != 0 && ngu__mbuf_live(&g->prefix, line, arg) == 0) {
		(void)ngu__port_snprintf(text, sizeof(text), "%llu mbuf%s (a debug build tells from where)",
		    (unsigned long long)s.mbufs, NGU_PLURAL(s.mbufs));
		line(arg, text);
	}
	ngu__section_enter(ts);
	while ((node = ngu__id_next(&g->ids, &id)) != NULL) {
		(void)ngu__port_snprintf(text, sizeof(text), "node [%x] \"%s\" type %s: %d hook%s, %d reference%s",
		    (unsigned)node->nd_ID, NG_NODE_NAME(node), node->nd_type->name, NG_NODE_NUMHOOKS(node),
		    NGU_PLURAL(NG_NODE_NUMHOOKS(node)), NGU_LD_RLX(&node->nd_refs), NGU_PLURAL(NGU_LD_RLX(&node->nd_refs)));
		line(arg, text);
	}
	ngu__section_leave(ts);
	if (s.dead_nodes != 0) {
		(void)ngu__port_snprintf(text, sizeof(text), "%llu node%s shut down but still referenced",
		    (unsigned long long)s.dead_nodes, NGU_PLURAL(s.dead_nodes));
		line(arg, text);
	}
	if (s.dead_hooks != 0) {
		(void)ngu__port_snprintf(text, sizeof(text), "%llu hook%s removed but still referenced",
		    (unsigned long long)s.dead_hooks, NGU_PLURAL(s.dead_hooks));
		line(arg, text);
	}
#ifdef NGU_DEBUG
	ngu__ref_report(g, line, arg);
#endif
	return (n);
}
