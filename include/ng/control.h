/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control.h - change and ask a graph: nodes, hooks, names, messages.
 *
 * Each call runs in the calling thread and returns when the work is done at both ends: after ngu_rmhook() both hooks are
 * gone, after ngu_shutdown() the name is free. All may wait; none may be called inside a section (EDEADLK). Called from inside
 * a node's control method they work on other nodes, but not on the node itself (EDEADLK: the answer could never come; what was
 * begun by then may still be done later).
 * Any of them but ngu_lookup() and ngu_bypass() may also return ENOMEM, or ENOBUFS when the node's queue is full: then nothing has changed.
 * Paths are absolute: "name:", "[id]:", "name:hook.hook".
 */
#ifndef NG_CONTROL_H
#define NG_CONTROL_H

#include <ng/base.h>

NGU_BEGIN_DECLS

/*
 * Make a node of `type` without any hook, named `name` (NULL or "": unnamed). *id (may be NULL) gets its ID.
 * ENXIO unknown type; EINVAL a type without constructor or an illegal name; EADDRINUSE; ENOMEM; the constructor's error.
 */
NGU_API NGU_CHECK int ngu_mknode(struct ngu_graph *g, const char *type, const char *name, uint32_t *id);

/* NGM_MKPEER to the node at `path`. ENOENT, ENXIO, EEXIST, EINVAL, ENOMEM, or what a method says. */
NGU_API NGU_CHECK int ngu_mkpeer(struct ngu_graph *g, const char *path, const char *type, const char *ourhook,
    const char *peerhook);

/* NGM_CONNECT: hook `ourhook` of the node at `path` to hook `peerhook` of the node at `peerpath` (both absolute). */
NGU_API NGU_CHECK int ngu_connect(struct ngu_graph *g, const char *path, const char *ourhook, const char *peerpath,
    const char *peerhook);

/* NGM_RMHOOK. A hook that is not there is success, as in the original. */
NGU_API NGU_CHECK int ngu_rmhook(struct ngu_graph *g, const char *path, const char *hook);

/* NGM_NAME. EINVAL illegal, EADDRINUSE taken, ENOENT no such node, or it died meanwhile. */
NGU_API NGU_CHECK int ngu_name(struct ngu_graph *g, const char *path, const char *name);

/* NGM_SHUTDOWN. 0 also when a persistent node survives it. */
NGU_API NGU_CHECK int ngu_shutdown(struct ngu_graph *g, const char *path);

/* ID of the node at `path`: ENOENT, ENXIO, EINVAL. Never waits; fine inside a section. */
NGU_API NGU_CHECK int ngu_lookup(struct ngu_graph *g, const char *path, uint32_t *id);

/*
 * Send a message and wait until it, and any immediate reply, has been dealt with. `arg` (arglen bytes, may be NULL) is
 * copied. If `reply` is not NULL it gets the reply, to be freed with ngu_msg_free(), or NULL if the node sent none.
 * Errors of the path, of the node's method, ENOMEM, and
 * ENOBUFS when 1024 callers wait for answers already.
 */
NGU_API NGU_CHECK int ngu_msg(struct ngu_graph *g, const char *path, uint32_t cookie, uint32_t cmd, const void *arg,
    size_t arglen, struct ng_mesg **reply);
NGU_API void ngu_msg_free(struct ng_mesg *msg);

/*
 * Put a new node of `type` into the live link behind hook `hook` of the node at `path`: that link's near end is connected to
 * the new node's hook `in`, the far end to its hook `out`. The outer nodes keep their hook objects, none of their methods
 * run, and per direction each packet takes the old way or the new one. The new node has seen newhook and connect for both
 * hooks before the first packet. Named `name` unless NULL. ENOENT no such hook; ENOTCONN it has no peer; and as ngu_mkpeer().
 */
NGU_API NGU_CHECK int ngu_insert(struct ngu_graph *g, const char *path, const char *hook, const char *type, const char *in,
    const char *out, const char *name, uint32_t *id);

/*
 * Take the node at `path` out of the link between its hooks `a` and `b`: their peers become each other's, then, when no packet
 * is on its way through any more, the node's two hooks are removed (its disconnect runs for each; the outer nodes are not
 * told). ENOENT no such hook; EINVAL a == b or one of them is half connected. No packet is lost. What waits in the
 * node's queue meanwhile arrives later than what takes the new way.
 */
NGU_API NGU_CHECK int ngu_bypass(struct ngu_graph *g, const char *path, const char *a, const char *b);

/*
 * Move the far end of the link behind hook `hook` of the node at `path` to a new hook `newhook` of the node at `newpath`. The near
 * node keeps its hook object and none of its methods run; the new node gets newhook and connect before the first packet; the
 * old far hook is removed when no packet is on its way to it any more. ENOENT, EEXIST, EINVAL.
 */
NGU_API NGU_CHECK int ngu_relink(struct ngu_graph *g, const char *path, const char *hook, const char *newpath,
    const char *newhook);

/*
 * Where the calls above, and ngu_apply(), look for the object of a node type that nobody has registered: directories separated by ':' (at most
 * 1023 characters, copied), the first of which that has a file ng_TYPE.so counts. It is loaded in the calling thread, as the kernel
 * loads modules for ngctl(8), and stays. "": nowhere. NULL: where the environment's NGU_MODULE_PATH says, as before the first call;
 * without that, nowhere. What cannot be loaded is told in the graph's log, and the call says ENXIO. ENAMETOOLONG. For the process.
 * One thread loads at a time, and a node of a type is made when its MOD_LOAD has returned: others wait, ten seconds at most. Then their calls say
 * ETIMEDOUT, with a line in the log: that MOD_LOAD may wait for them. The loading thread itself may make nodes of the type meanwhile.
 */
NGU_API NGU_CHECK int ngu_module_path(const char *dirs);

NGU_END_DECLS

#endif /* NG_CONTROL_H */
