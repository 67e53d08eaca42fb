/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path.c - "node:hook.hook": from text to a referenced node and hook (section 11).
 */
#include "core/core.h"

/*
 * Cut `addr` in place. *node is what stands before the ':' or NULL; *path what follows, without one leading and one trailing
 * dot, NULL if empty; *hook the path if it is a single hook. -1 when it is no path.
 */
int
ng_path_parse(char *addr, char **nodep, char **pathp, char **hookp)
{
	char *node, *path, *hook = NULL, *p;
	size_t len;

	node = NULL;
	path = addr;
	for (p = addr; *p != '\0' && *p != ':'; p++)
		;
	if (*p == ':') {
		node = addr;
		*p = '\0';
		path = p + 1;
		if (node[0] == '\0')
			return (-1);
		if (ngu__strcmp(node, ".") != 0)
			for (p = node; *p != '\0'; p++)
				if (*p == '.')
					return (-1);
	}
	for (p = path; *p != '\0'; p++)
		if (*p == ':' || (p[0] == '.' && p[1] == '.'))
			return (-1);
	if (path[0] == '.')
		path++;
	len = ngu__strlen(path);
	if (len != 0 && path[len - 1] == '.')
		path[len - 1] = '\0';
	if (path[0] == '\0') {
		path = NULL;
	} else {
		for (hook = path; *hook != '\0' && *hook != '.'; hook++)
			;
		hook = *hook == '\0' ? path : NULL;
	}
	*nodep = node;
	*pathp = path;
	if (hookp != NULL)
		*hookp = hook;
	return (0);
}

/*
 * EINVAL not a path, or relative without a place to start; ENOENT no such node or hook; ENXIO a dying node on the way. *dest and
 * *lasthook (may be NULL; the hook through which the path enters the destination) come referenced.
 */
int
ng_path2noderef(node_p here, const char *address, node_p *destp, hook_p *lasthook)
{
	struct ngu__thread *ts = ngu__self();
	char buf[NG_PATHSIZ], *nodename, *path, *hookname, *next;
	node_p node, n;
	hook_p hook, peer = NULL;
	int error = 0;

	*destp = NULL;
	if (lasthook != NULL)
		*lasthook = NULL;
	(void)ngu__strlcpy(buf, address, sizeof(buf));
	if (ng_path_parse(buf, &nodename, &path, NULL) < 0)
		return (EINVAL);
	if (nodename == NULL || ngu__strcmp(nodename, ".") == 0) {
		if ((node = here) == NULL)
			return (EINVAL);
		NG_NODE_REF(node);
	} else if ((node = ng_name2noderef(here, nodename)) == NULL) {
		return (ENOENT);
	}
	/* R12: one section over the whole walk; what we keep at its end is referenced. */
	ngu__look_enter(ts);
	for (hookname = path; hookname != NULL && *hookname != '\0'; hookname = next) {
		for (next = hookname; *next != '\0' && *next != '.'; next++)
			;
		if (*next == '.')
			*next++ = '\0';
		hook = ngu__findhook(node, hookname);
		if (hook == NULL || NG_HOOK_NOT_VALID(hook)) {
			error = ENOENT;
			break;
		}
		peer = NGU_LD_ACQ(&hook->hk_peer);
		if (NG_HOOK_NOT_VALID(peer)) {
			error = ENOENT;
			break;
		}
		if (NGU_PLANT(R12)) {
			ngu__look_leave(ts);
			ngu__look_enter(ts);
		}
		n = NGU_LD_ACQ(&peer->hk_node);
		if (NG_NODE_NOT_VALID(n) || !ngu__node_tryref(n)) {
			error = ENXIO;
			break;
		}
		NG_NODE_UNREF(node);
		node = n;
	}
	if (error == 0 && peer != NULL && lasthook != NULL) {
		if (ngu__hook_tryref(peer))
			*lasthook = peer;
		else
			error = ENOENT;
	}
	ngu__look_leave(ts);
	if (error != 0) {
		NG_NODE_UNREF(node);
		return (error);
	}
	*destp = node;
	return (0);
}
