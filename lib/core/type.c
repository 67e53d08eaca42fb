/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * type.c - node types: per process, found by name without a lock; each counts its instances.
 */
#include "core/core.h"

#define SLOTS 512u
#define GONE ((struct ng_type *)(uintptr_t)1)

static ngu__spin lock;
static LIST_HEAD(, ng_type) types; /* newest first; under the lock */
static _Atomic(struct ng_type *) slot[SLOTS];

static uint32_t
hash(const char *s)
{
	uint32_t h = 2166136261u;

	while (*s != '\0')
		h = (h ^ (unsigned char)*s++) * 16777619u;
	return ((h ^ h >> 15) & (SLOTS - 1));
}

struct ng_type *
ng_findtype(const char *name)
{
	uint32_t i = hash(name), n;
	struct ng_type *t;

	/* ORDER type-publish (load side): acquire; pairs with the release store in ng_newtype(). */
	for (n = 0; n < SLOTS && (t = NGU_LD_ACQ(&slot[i])) != NULL; n++, i = (i + 1) & (SLOTS - 1))
		if (t != GONE && ngu__strcmp(t->name, name) == 0)
			return (t);
	return (NULL);
}

int
ng_newtype(struct ng_type *tp)
{
	struct ng_type *t;
	uint32_t i, n;
	size_t len;
	bool known;

	len = tp->name != NULL ? ngu__strlen(tp->name) : 0;
	/* A source compiled with NETGRAPH_DEBUG has another version, but the same layouts: it may run beside others. */
	known = tp->version == _NG_ABI_VERSION || tp->version == _NG_ABI_VERSION + 0x10000;
	if (!known || len == 0 || len >= NG_TYPESIZ) {
		if (!known)
			ngu__log(ngu__self()->graph, LOG_WARNING,
			    "Netgraph: Node type rejected. ABI mismatch. Suggest recompile");
		return (EINVAL);
	}
	ngu__spin_lock(&lock);
	if (ng_findtype(tp->name) != NULL) {
		ngu__spin_unlock(&lock);
		return (EEXIST);
	}
	for (i = hash(tp->name), n = 0; n < SLOTS && (t = NGU_LD_RLX(&slot[i])) != NULL && t != GONE; n++)
		i = (i + 1) & (SLOTS - 1);
	if (n == SLOTS) {
		ngu__spin_unlock(&lock);
		return (ENOMEM);
	}
	LIST_INSERT_HEAD(&types, tp, types);
	NGU_ST_REL(&tp->refs, 1);
	/* ORDER type-publish (store side): the type is complete. */
	NGU_ST_REL(&slot[i], tp);
	ngu__spin_unlock(&lock);
	return (0);
}

int
ng_rmtype(struct ng_type *tp)
{
	uint32_t i;
	int one = 1;

	ngu__spin_lock(&lock);
	/* R11: the count is shared data; from one to none in one step, or somebody still uses it. */
	if (!NGU_CAS_AR(&tp->refs, &one, 0)) {
		ngu__spin_unlock(&lock);
		return (EBUSY);
	}
	LIST_REMOVE(tp, types);
	for (i = hash(tp->name); NGU_LD_RLX(&slot[i]) != tp; i = (i + 1) & (SLOTS - 1))
		;
	NGU_ST_REL(&slot[i], GONE);
	ngu__spin_unlock(&lock);
	return (0);
}

/* ---- burst methods ---- */

/* By address, so that a source may add its method before or after its type. rcvburst NULL: taken back, and another type may have the entry. */
static struct {
	_Atomic(const struct ng_type *) type;
	_Atomic(ngu_rcvburst_t *) rcvburst;
} burst[SLOTS];

static uint32_t
burst_hash(const struct ng_type *tp)
{
	return ((uint32_t)((uintptr_t)tp >> 4) * 2654435761u >> 16 & (SLOTS - 1));
}

ngu_rcvburst_t *
ngu__type_burst(const struct ng_type *tp)
{
	const struct ng_type *t;
	uint32_t i = burst_hash(tp), n;
	ngu_rcvburst_t *r;

	/*
	 * ORDER burst-publish (load side): acquire; pairs with the release stores in ngu_type_set_burst(): of type, for the method that stands
	 * beside it; of rcvburst, so that who sees the next type's method sees in the second look that it is no longer this one's.
	 */
	for (n = 0; n < SLOTS && (t = NGU_LD_ACQ(&burst[i].type)) != NULL; n++, i = (i + 1) & (SLOTS - 1))
		if (t == tp) {
			r = NGU_LD_ACQ(&burst[i].rcvburst);
			return (NGU_LD_ACQ(&burst[i].type) == tp ? r : NULL);
		}
	return (NULL);
}

int
ngu_type_set_burst(struct ng_type *tp, ngu_rcvburst_t *rcvburst)
{
	const struct ng_type *t;
	uint32_t i = burst_hash(tp), at = SLOTS, n;
	int error = 0;

	ngu__spin_lock(&lock);
	for (n = 0; n < SLOTS && (t = NGU_LD_RLX(&burst[i].type)) != NULL && t != tp; n++, i = (i + 1) & (SLOTS - 1))
		if (at == SLOTS && NGU_LD_RLX(&burst[i].rcvburst) == NULL)
			at = i; /* of one that is gone */
	if (n < SLOTS && (t == tp || at == SLOTS))
		at = i;
	if (at < SLOTS && (NGU_LD_RLX(&burst[at].type) == tp || rcvburst != NULL)) {
		if (NGU_LD_RLX(&burst[at].type) != tp)
			NGU_ST_REL(&burst[at].type, GONE);
		/* ORDER burst-publish (store side): behind the end of the entry's last type, and before the type whose method it is. */
		NGU_ST_REL(&burst[at].rcvburst, rcvburst);
		NGU_ST_REL(&burst[at].type, tp);
	} else if (rcvburst != NULL) {
		error = ENOMEM;
	}
	ngu__spin_unlock(&lock);
	return (error);
}

/* Fill up to `max` entries, newest first; returns how many types there are. */
unsigned
ngu__types_list(struct ng_type **out, unsigned max)
{
	struct ng_type *t;
	unsigned n = 0;

	ngu__spin_lock(&lock);
	LIST_FOREACH(t, &types, types) {
		if (n < max)
			out[n] = t;
		n++;
	}
	ngu__spin_unlock(&lock);
	return (n);
}

int
ng_mod_event(module_t mod, int what, void *arg)
{
	struct ng_type *tp = arg;
	int error = 0;

	switch (what) {
	case MOD_LOAD:
		if ((error = ng_newtype(tp)) == 0 && tp->mod_event != NULL &&
		    (error = tp->mod_event(mod, what, arg)) != 0)
			(void)ng_rmtype(tp);
		break;
	case MOD_UNLOAD:
		if (NGU_LD_ACQ(&tp->refs) > 1 && ngu__self()->nest == 0) { /* nodes that are gone, but still memory, count */
			ngu__rcl_barrier();
			ngu__rcl_barrier();
		}
		if (NGU_LD_ACQ(&tp->refs) > 1)
			return (EBUSY);
		if (NGU_LD_ACQ(&tp->refs) == 0) /* its load failed */
			break;
		if (tp->mod_event != NULL && (error = tp->mod_event(mod, what, arg)) != 0)
			break;
		error = ng_rmtype(tp);
		break;
	default:
		error = tp->mod_event != NULL ? tp->mod_event(mod, what, arg) : EOPNOTSUPP;
		break;
	}
	return (error);
}

void
ngu_k_module_register(const moduledata_t *data, int sub, int order)
{
	int error = data->evhand != NULL ? data->evhand(NULL, MOD_LOAD, data->priv) : 0;

	(void)sub;
	(void)order;
	if (error != 0)
		ngu__log(NULL, LOG_ERR, "module %s: load failed, error %d", data->name, error);
}
