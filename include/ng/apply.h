/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * apply.h - change a graph by a list of operations, all or nothing.
 *
 * Three parts, in this order; ngu_apply(3) has the details.
 *   Check    Each entry is looked at against the graph as it would be after the entries before it: paths may lead through
 *            hooks and names that earlier entries make. Whatever can be known to fail fails here, and nothing has been done.
 *   Create   mknode, mkpeer, connect, name and msg run in the order of the list. New links refuse packets until all of them
 *            have succeeded (or until the next msg, see there). If one fails, what was made is taken back, last first.
 *   Destroy  Names that were given up go, then rmhook and shutdown run in the order of the list. This cannot fail.
 *
 * What a list gives up (a hook's name, a node's name) is free only when the whole list has run: an entry that needs it again
 * makes the list fail with EBUSY before anything has run.
 * Other threads may change and use the graph meanwhile: what they took away after the check makes the list fail, and be
 * taken back. Links that stay are not touched.
 */
#ifndef NG_APPLY_H
#define NG_APPLY_H

#include <ng/base.h>

NGU_BEGIN_DECLS

enum ngu_op_kind {
	NGU_OP_MKNODE = 1, /* make a node of `type`, called `name` unless NULL or "" */
	NGU_OP_MKPEER,	   /* make a node of `type`, its hook `peerhook` connected to hook `hook` of the node at `path` */
	NGU_OP_CONNECT,	   /* hook `hook` of the node at `path` to hook `peerhook` of the node at `peerpath` */
	NGU_OP_RMHOOK,	   /* remove hook `hook` of the node at `path`, and its peer; here ENOENT if there is none */
	NGU_OP_NAME,	   /* call the node at `path` `name` */
	NGU_OP_SHUTDOWN,   /* shut the node at `path` down; a type may let it live on */
	NGU_OP_MSG,	   /* send it message `cookie`, `cmd` with `arglen` bytes at `arg` */
	NGU_OP_TEXTMSG	   /* the same, command and arguments as text: `command`, `args` (NULL or "": none) */
};

/*
 * An entry. Members that its kind does not name are not looked at. Texts and bytes stay the caller's and are not needed after
 * the call. Paths are absolute; `peerpath` may also be relative to `path` (".hook"), as in NGM_CONNECT.
 * The generic messages that change graphs (mkpeer, connect, rmhook, name, shutdown) are not sent by NGU_OP_MSG: EINVAL.
 */
struct ngu_op {
	enum ngu_op_kind kind;
	const char *path;
	const char *type;
	const char *hook;
	const char *peerpath;
	const char *peerhook;
	const char *name;
	uint32_t cookie, cmd;
	const void *arg;
	size_t arglen;
	const char *command;
	const char *args;
	uint32_t *id; /* MKNODE, MKPEER: gets the new node's ID unless NULL; only when the list succeeds */
	struct ng_mesg **reply; /* messages: gets the reply, for ngu_msg_free(), or NULL; only when the list succeeds */
};

#define NGU_APPLY_DRY 0x1u /* check only */

#define NGU_APPLY_NONE UINT32_MAX /* no entry */

/* Where a list failed, and why. Texts are cut if need be. */
struct ngu_apply_error {
	int error;	 /* what the call returned; 0: all went well and the rest is empty */
	bool ran;	 /* false: nothing has been run; true: it had begun, and was taken back */
	uint32_t index;	 /* the entry, from 0; NGU_APPLY_NONE: no entry in particular */
	uint32_t other;	 /* the entry it collides with, or NGU_APPLY_NONE */
	uint32_t line;	 /* of the text, from 1; 0: there is no text */
	uint32_t column; /* of the word, in bytes, from 1; 0: the line as a whole */
	char op[256];	 /* the entry as text */
	char node[64];	 /* the path of the node concerned, as given; "" none */
	char hook[32];	 /* the hook concerned; "" none */
	char text[448];	 /* all of this as one sentence, no newline */
};

/*
 * Apply `n` entries. `err` may be NULL. May wait; not inside a section or a node's method (EDEADLK).
 * 0; EINVAL an entry that is none, an illegal name, a path that is none; ENOENT, ENXIO, ETIMEDOUT, EEXIST, EADDRINUSE as the single calls;
 * EBUSY see above; ENOSYS a command the type does not know; ENOMEM; what a node's method returned.
 * Memory that the third part and taking back need is had before anything runs.
 */
NGU_API NGU_CHECK int ngu_apply(struct ngu_graph *g, const struct ngu_op *ops, uint32_t n, unsigned flags,
    struct ngu_apply_error *err);

/*
 * The same from text (NUL-terminated), one operation a line:
 *
 *	mknode TYPE [NAME]
 *	mkpeer PATH TYPE HOOK PEERHOOK
 *	connect PATH PEERPATH HOOK PEERHOOK
 *	rmhook PATH HOOK
 *	name PATH NAME
 *	shutdown PATH
 *	msg PATH COMMAND [ARGUMENTS]
 *
 * Words are separated by blanks; in double quotes they may contain any, \" and \\ too. ARGUMENTS are the rest of the line, as
 * NGM_ASCII2BINARY takes them. A # at the beginning of a word and outside double quotes begins a comment. Operations are found in
 * any case, and by ngctl(8)'s other names: join, disconnect, kill, rmnode, cmd. Replies are thrown away.
 */
NGU_API NGU_CHECK int ngu_apply_text(struct ngu_graph *g, const char *text, unsigned flags, struct ngu_apply_error *err);

NGU_END_DECLS

#endif /* NG_APPLY_H */
