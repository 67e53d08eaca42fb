/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * limit.c - how much of everything a graph may hold: limits, high-water marks, and what was refused (section 16).
 *
 * Checking is done where things are made or queued; here are the figures. A mark is read far more often than it moves, so it
 * costs a look at a line that nobody writes. Refusals are counted by each thread for itself.
 */
#include "core/core.h"

static const struct {
	const char *name;
	uint32_t preset, most;
} limit[NGU_L_COUNT] = {
	[NGU_L_DATA] = { "maxdata", 1u << 20, UINT32_MAX },
	[NGU_L_ITEMS] = { "maxalloc", 1u << 20, UINT32_MAX },
	[NGU_L_NODEQUEUE] = { "nodequeue", 65536, 1u << 22 }, /* counted in 24 bits; messages go to twice that */
	[NGU_L_NODES] = { "nodes", NGU_REPLY_BASE - 1, NGU_REPLY_BASE - 1 },
	[NGU_L_HOOKS] = { "hooks", INT32_MAX, INT32_MAX },
	[NGU_L_DEPTH] = { "depth", NGU_DEPTH_DEFAULT, NGU_SLOTS - 1 },
};

void
ngu__limit_high(_Atomic uint32_t *high, uint32_t n)
{
	uint32_t h = NGU_LD_RLX(high);

	while (n > h && !NGU_CAS_AR(high, &h, n))
		;
}

void
ngu__limit_refused(struct ngu_graph *g, enum ngu_limit which)
{
	ngu__count(ngu__self(), g->ctr_limit[which], 1, 0);
}

void
ngu__limits_init(struct ngu_graph *g, const struct ngu_graph_opts *opts)
{
	unsigned i;

	for (i = 0; i < NGU_L_COUNT; i++)
		NGU_ST_RLX(&g->max[i], limit[i].preset);
	if (opts->max_data != 0)
		NGU_ST_RLX(&g->max[NGU_L_DATA], opts->max_data);
	if (opts->max_items != 0)
		NGU_ST_RLX(&g->max[NGU_L_ITEMS], opts->max_items);
	if (opts->depth_limit != 0)
		NGU_ST_RLX(&g->max[NGU_L_DEPTH], opts->depth_limit);
}

/* A slot that was never written is NULL: how deep a thread has been costs nothing to know. */
static uint32_t
deepest(void)
{
	uint32_t d, high = 0;

	for (struct ngu__thread *t = NGU_LD_ACQ(&ngu__threads); t != NULL; t = t->next)
		for (d = high; d < NGU_SLOTS && NGU_LD_RLX(&t->slot[d]) != NULL; d++)
			high = d + 1;
	return (high);
}

int
ngu_limit_get(struct ngu_graph *g, enum ngu_limit which, struct ngu_limit_info *out)
{
	uint64_t none;

	if (g == NULL || (unsigned)which >= NGU_L_COUNT)
		return (EINVAL);
	ngu__memset(out, 0, sizeof(*out));
	out->limit = NGU_LD_RLX(&g->max[which]);
	out->high = NGU_LD_RLX(&g->high[which]);
	ngu__ctr_read(g->ctr_limit[which], &out->refused, &none);
	switch (which) {
	case NGU_L_DATA:
		out->now = NGU_LD_RLX(&g->queued_data);
		break;
	case NGU_L_ITEMS:
		out->now = NGU_LD_RLX(&g->queued_items);
		break;
	case NGU_L_NODES:
		out->now = NGU_LD_RLX(&g->ids.live);
		out->high = NGU_LD_RLX(&g->ids.high);
		out->refused = NGU_LD_RLX(&g->ids.refused);
		break;
	case NGU_L_DEPTH:
		out->high = deepest();
		break;
	default:
		break;
	}
	return (0);
}

int
ngu_limit_set(struct ngu_graph *g, enum ngu_limit which, uint32_t value)
{
	if (g == NULL || (unsigned)which >= NGU_L_COUNT || value == 0 || value > limit[which].most)
		return (EINVAL);
	NGU_ST_RLX(&g->max[which], value);
	if (which == NGU_L_NODES)
		NGU_ST_RLX(&g->ids.max, value);
	return (0);
}

const char *
ngu_limit_name(enum ngu_limit which)
{
	return ((unsigned)which < NGU_L_COUNT ? limit[which].name : "unknown");
}

int
ngu_limit_find(const char *name, enum ngu_limit *out)
{
	unsigned i;

	for (i = 0; i < NGU_L_COUNT; i++)
		if (ngu__strcmp(limit[i].name, name) == 0) {
			*out = (enum ngu_limit)i;
			return (0);
		}
	return (ENOENT);
}

uint32_t
ngu_max_data(const struct ngu_graph *g)
{
	return (NGU_LD_RLX(&((struct ngu_graph *)(uintptr_t)g)->max[NGU_L_DATA]));
}

uint32_t
ngu_max_items(const struct ngu_graph *g)
{
	return (NGU_LD_RLX(&((struct ngu_graph *)(uintptr_t)g)->max[NGU_L_ITEMS]));
}

int
ngu_set_max_data(struct ngu_graph *g, uint32_t items)
{
	return (ngu_limit_set(g, NGU_L_DATA, items));
}

int
ngu_set_max_items(struct ngu_graph *g, uint32_t items)
{
	return (ngu_limit_set(g, NGU_L_ITEMS, items));
}
