/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * module.c - node types that are not there yet: ng_TYPE.so, from a list of directories, loaded by whoever asks for such a node.
 *
 * As in the kernel it is the asking thread that loads, before the message is sent; a node's own mkpeer never does (section 17.3).
 *
 * Lock    guards the list; a copy is made under it, since what is loaded registers itself while the loader runs.
 * Loading one thread at a time. A type is registered before its MOD_LOAD has returned (section 3), so who finds it meanwhile waits; but not what
 *         that handler itself asks for. The handler may be waiting for the very thread that waits for it: so nobody waits for ever.
 * Blocks  ngu__type_want(), as long as the loader takes; for another thread's loading ngu__load_patience at most. Outside sections; no turn is needed,
 *         and one that is held stays held.
 */
#include "core/core.h"

#define MOST 1024u /* characters of the list, and of a file's name */
#define ENVIRONMENT "NGU_MODULE_PATH"

static ngu__spin lock;
static char dirs[MOST];
static bool chosen; /* else the environment's */
static _Atomic uint32_t loading;
static _Atomic(struct ngu__thread *) loader;
int64_t ngu__load_patience = 10000000000; /* ns, as for M_WAITOK; for tests to change */

int
ngu_module_path(const char *list)
{
	if (list != NULL && ngu__strlen(list) >= MOST)
		return (ENAMETOOLONG);
	ngu__spin_lock(&lock);
	chosen = list != NULL;
	(void)ngu__strlcpy(dirs, chosen ? list : "", sizeof(dirs));
	ngu__spin_unlock(&lock);
	return (0);
}

/* Letters, digits, '_' and '-': nothing that leads out of the directory. */
static bool
may_be_a_type(const char *name)
{
	size_t n;

	for (n = 0; name[n] != '\0'; n++)
		if (n == NG_TYPESIZ - 1 || !((name[n] >= 'a' && name[n] <= 'z') || (name[n] >= 'A' && name[n] <= 'Z') ||
		    (name[n] >= '0' && name[n] <= '9') || name[n] == '_' || name[n] == '-'))
			return (false);
	return (n != 0);
}

/* Another thread loads: sleep until it has news. false: since `until` it has none. */
static bool
sleep_on(int64_t until)
{
	int64_t left = until - ngu__port_mono_ns();

	if (left <= 0)
		return (false);
	ngu__port_wait(&loading, 1, left);
	return (true);
}

/*
 * Wait until nobody else loads. *ours: this thread does already. 0, or ETIMEDOUT.
 *
 * ORDER module-loading (load side)
 *   before:      the type was found
 *   pairs with:  begin(), before the type is published (type-publish): who finds it does not find the old zero; and end()
 *   if relaxed:  a node could be made while the type's MOD_LOAD still runs
 */
static int
settled(struct ngu__thread *ts, bool *ours)
{
	int64_t until = 0;

	/* No order needed: only this thread could have stored its own record. */
	while (NGU_LD_SC(&loading) != 0 && NGU_LD_RLX(&loader) != ts) {
		if (until == 0)
			until = ngu__port_mono_ns() + ngu__load_patience;
		if (!sleep_on(until))
			return (ETIMEDOUT);
	}
	*ours = NGU_LD_RLX(&loader) == ts;
	return (0);
}

/* This thread loads, until end(). 0, or ETIMEDOUT. */
static int
begin(struct ngu__thread *ts)
{
	int64_t until = ngu__port_mono_ns() + ngu__load_patience;
	uint32_t zero = 0;

	while (!NGU_CAS_SC(&loading, &zero, 1u)) {
		if (!sleep_on(until))
			return (ETIMEDOUT);
		zero = 0;
	}
	NGU_ST_RLX(&loader, ts);
	return (0);
}

static void
end(void)
{
	NGU_ST_RLX(&loader, NULL);
	/* ORDER module-loading (store side): release at least; behind all that MOD_LOAD did. */
	NGU_ST_SC(&loading, 0u);
	ngu__port_wake(&loading, INT32_MAX);
}

/* The file is there: 0, or what is wrong with it is in the log. */
static int
load(struct ngu_graph *g, const char *file, const char *type)
{
	char why[256];

	if (!ngu__port_load(file, why, sizeof(why))) {
		ngu__log(g, LOG_ERR, "netgraph: node type %s: %s", type, why);
		return (ENOEXEC);
	}
	if (ng_findtype(type) == NULL) { /* it stays: of what else it has registered nodes may have been made */
		ngu__log(g, LOG_ERR, "netgraph: %s has no node type %s", file, type);
		return (ENXIO);
	}
	return (0);
}

static int
given_up(struct ngu_graph *g, const char *type)
{
	ngu__log(g, LOG_ERR, "netgraph: node type %s: another thread is still loading, and may wait for this one", type);
	return (ETIMEDOUT);
}

int
ngu__type_want(struct ngu_graph *g, const char *type)
{
	struct ngu__thread *ts = ngu__self();
	char list[MOST], file[MOST + NG_TYPESIZ + 8], *dir, *next;
	bool environment, nested;
	int error;

	if (type != NULL && ng_findtype(type) != NULL)
		return (settled(ts, &nested) == 0 ? 0 : given_up(g, type));
	if (type == NULL || !may_be_a_type(type))
		return (ENOENT);
	ngu__spin_lock(&lock);
	(void)ngu__strlcpy(list, dirs, sizeof(list));
	environment = !chosen;
	ngu__spin_unlock(&lock);
	if (environment && !ngu__port_env(ENVIRONMENT, list, sizeof(list)))
		return (ENOENT);
	for (dir = list; dir != NULL; dir = next) {
		for (next = dir; *next != '\0' && *next != ':'; next++)
			;
		if (*next == ':')
			*next++ = '\0';
		else
			next = NULL;
		if (dir[0] == '\0') /* not the working directory */
			continue;
		(void)ngu__port_snprintf(file, sizeof(file), "%s/ng_%s.so", dir, type);
		if (!ngu__port_exists(file))
			continue;
		if (settled(ts, &nested) != 0 || (!nested && begin(ts) != 0))
			return (given_up(g, type));
		error = ng_findtype(type) != NULL ? 0 : load(g, file, type); /* another thread may have been quicker */
		if (!nested)
			end();
		return (error);
	}
	return (ENOENT);
}
