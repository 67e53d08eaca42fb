/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plan_run.c - ngu_apply(), second and third part: what was checked is carried out, or taken back.
 *
 * Create     Each entry in the turns its single call would take, on the nodes the check found. The hooks of new links stay INVALID:
 *            packets are refused, lists and paths leave them out. A new name of a node that was there is reserved, and leads to
 *            it; the old one stays.
 * Publish    Before each message, and when all is made: every link that was made is still there; then they are opened, the last
 *            made first, so that a chain is open before packets enter it at the end that was there.
 * Take back  From the failing entry backwards. A hook that is taken back is marked NGU_HS_KEEP if its node had none before:
 *            that node's disconnect method may then not end it. New nodes go with NGF_REALLY_DIE.
 * Destroy    When the sections that were open at the opening have closed, so that what is on its way over an old link has arrived or
 *            is queued in front of the removal: names, then hooks and nodes. Like taking back it uses calls whose memory was taken before anything ran, and has no
 *            way to fail: a hook or node that somebody else removed in the meantime is what was wanted.
 */
#include "msg/plan.h"

/* ---- in the turn of a node ---- */

static int
mkpeer_at(node_p node, item_p item, hook_p unused)
{
	struct entry *e = NGI_ARG1(item);
	int error = ENOENT;

	(void)unused;
	if (NG_NODE_IS_VALID(node))
		error = ngu__mkpeer_made(node, e->op->hook, e->op->peerhook, e->op->type, &e->made);
	NG_FREE_ITEM(item);
	return (error);
}

static int
connect_at(node_p node, item_p item, hook_p unused)
{
	struct entry *e = NGI_ARG1(item);
	int error = ENOENT;

	(void)unused;
	if (NG_NODE_IS_VALID(node))
		error = ngu__con_nodes_made(item, node, e->op->hook, e->peer->node, e->op->peerhook, &e->made);
	NG_FREE_ITEM(item);
	return (error);
}

static int
rmhook_at(node_p node, item_p item, hook_p hook)
{
	(void)node;
	ng_destroy_hook(hook);
	NG_FREE_ITEM(item);
	return (0);
}

static int
rmnode_at(node_p node, item_p item, hook_p unused)
{
	(void)unused;
	if (NGI_ARG2(item) != 0)
		ngu_k_node_really_die(node);
	ng_rmnode(node);
	NG_FREE_ITEM(item);
	return (0);
}

/* ---- create ---- */

static void
note_made(struct entry *e)
{
	NG_HOOK_REF(e->made.hook[0]);
	e->hook->hook = e->made.hook[0];
	NG_HOOK_REF(e->made.hook[1]);
	e->peerhook->hook = e->made.hook[1];
	if (e->made.node != NULL) {
		NG_NODE_REF(e->made.node);
		e->peer->node = e->made.node;
	}
	e->done = true;
}

static int
make_link(struct entry *e, ng_item_fn2 *fn)
{
	int error;

	e->made.keep[0] = e->node->bare ? NGU_HS_KEEP : 0;
	e->made.keep[1] = e->peer->bare ? NGU_HS_KEEP : 0;
	if ((error = ngu__call_writer(e->node->node, NULL, fn, e, 0)) == 0)
		note_made(e);
	return (error);
}

static int
make_node(struct entry *e)
{
	const char *name = e->op->name;
	node_p node;
	int error;

	if ((error = ng_make_node(e->op->type, &node)) != 0)
		return (error);
	NG_NODE_REF(node);
	e->peer->node = node;
	e->done = true;
	return (name != NULL && name[0] != '\0' ? ng_name_node(node, name) : 0);
}

static int
give_name(struct entry *e)
{
	node_p node = e->node->node;
	int error;

	if (NG_NODE_NOT_VALID(node))
		return (ENOENT);
	if (e->idle) /* an entry before may have reserved it, and commits it later */
		return (0);
	if (e->node->maker != NONE) /* goes with its name if it has to */
		return (ng_name_node(node, e->op->name));
	if ((error = ngu__name_reserve(node, e->op->name, &e->name)) == 0)
		e->done = true;
	return (error);
}

/* Everything made by the entries below `n` becomes usable. */
static int
open_links(struct plan *p, uint32_t n)
{
	struct entry *e;
	uint32_t i;

	for (i = 0; i < n; i++) {
		e = &p->e[i];
		if (e->done && e->hook != NULL && !e->open &&
		    ((NGU_LD_ACQ(&e->made.hook[0]->hk_state) | NGU_LD_ACQ(&e->made.hook[1]->hk_state)) & NGU_HS_DEAD) != 0)
			return (ngu__plan_fail(p, i, F_OP, ENOENT, NONE, "somebody else removed the new link"));
	}
	for (i = n; i-- != 0;) {
		e = &p->e[i];
		if (e->done && e->hook != NULL && !e->open) {
			(void)ngu__made_open(&e->made); /* one that dies now died in use */
			e->open = true;
		}
	}
	return (0);
}

static int
send_msg(struct plan *p, uint32_t i)
{
	struct entry *e = &p->e[i];
	struct ng_mesg *msg = e->msg;
	int error;

	if ((error = open_links(p, i)) != 0)
		return (error);
	e->msg = NULL;
	if ((error = ngu__call_msg(e->node->node, e->last != NULL ? e->last->hook : NULL, msg, &e->reply)) != 0)
		return (ngu__plan_fail(p, i, F_COMMAND, error, NONE, "the message was refused"));
	return (0);
}

static int
create(struct plan *p, uint32_t i)
{
	struct entry *e = &p->e[i];
	int error = 0;

	ngu__rcl_backpressure();
	switch (e->op->kind) {
	case NGU_OP_MKNODE:
		error = make_node(e);
		break;
	case NGU_OP_MKPEER:
		error = make_link(e, mkpeer_at);
		break;
	case NGU_OP_CONNECT:
		error = make_link(e, connect_at);
		break;
	case NGU_OP_NAME:
		error = give_name(e);
		break;
	case NGU_OP_MSG:
	case NGU_OP_TEXTMSG:
		return (send_msg(p, i));
	default:
		break;
	}
	if (error != 0)
		return (ngu__plan_fail(p, i, F_OP, error, NONE, error == ENOMEM ? "no memory" : "refused when it was carried out"));
	return (0);
}

/* The last moment to fail. */
static int
publish(struct plan *p)
{
	uint32_t i;

	for (i = 0; i < p->n; i++)
		if (p->e[i].name != NULL && NG_NODE_NOT_VALID(p->e[i].node->node))
			return (ngu__plan_fail(p, i, F_PATH, ENOENT, NONE, "somebody else shut the node down"));
	return (open_links(p, p->n));
}

/*
 * Packets that wait in what goes away, or are being served from its queue: through first, before the new way is open (their senders'
 * next would overtake them) and before the end (they would be lost).
 */
static void
let_rest(struct plan *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (p->e[i].op->kind == NGU_OP_RMHOOK || p->e[i].op->kind == NGU_OP_SHUTDOWN)
			ngu__node_quiet_wait(ngu__self(), p->e[i].node->node);
}

/* ---- take back, destroy ---- */

static void
take_back(struct plan *p, struct entry *e)
{
	if (!e->done)
		return;
	e->done = false;
	switch (e->op->kind) {
	case NGU_OP_MKNODE:
	case NGU_OP_MKPEER:
		ngu__reserve_call(&p->reserve, e->peer->node, NULL, rmnode_at, 1);
		break;
	case NGU_OP_CONNECT:
		ngu__reserve_call(&p->reserve, e->node->node, e->made.hook[0], rmhook_at, 0);
		break;
	default:
		if (e->name != NULL)
			ngu__name_cancel(e->node->node, e->name);
		e->name = NULL;
		break;
	}
}

static void
settle_for_good(struct entry *e)
{
	unsigned k;

	for (k = 0; k < 2; k++)
		if (e->made.hook[k] != NULL)
			(void)NGU_FAND_SC(&e->made.hook[k]->hk_state, ~NGU_HS_KEEP);
	if (e->name != NULL)
		(void)ngu__name_commit(e->node->node, e->name); /* ENOENT: it died under its new name */
	e->name = NULL;
	if (e->op->id != NULL && (e->op->kind == NGU_OP_MKNODE || e->op->kind == NGU_OP_MKPEER))
		*e->op->id = NG_NODE_ID(e->peer->node);
	if (e->op->reply != NULL && (e->op->kind == NGU_OP_MSG || e->op->kind == NGU_OP_TEXTMSG)) {
		*e->op->reply = e->reply;
		e->reply = NULL;
	}
}

int
ngu__plan_run(struct plan *p)
{
	bool made = false, goes = false;
	struct entry *e;
	uint32_t i;
	int error = 0;

	for (i = 0; error == 0 && i < p->n; i++)
		error = create(p, i);
	if (error == 0) {
		let_rest(p);
		error = publish(p);
	}
	if (error != 0) {
		p->err->ran = true;
		while (i-- != 0)
			take_back(p, &p->e[i]);
		return (error);
	}
	for (i = 0; i < p->n; i++) {
		e = &p->e[i];
		settle_for_good(e);
		made |= e->open;
		goes |= e->op->kind == NGU_OP_RMHOOK || e->op->kind == NGU_OP_SHUTDOWN;
	}
	if (made && goes) {
		ngu__sections_wait(ngu__self());
		let_rest(p);
	}
	for (i = 0; i < p->n; i++) {
		e = &p->e[i];
		ngu__rcl_backpressure();
		if (e->op->kind == NGU_OP_RMHOOK)
			ngu__reserve_call(&p->reserve, e->node->node, e->hook->hook, rmhook_at, 0);
		else if (e->op->kind == NGU_OP_SHUTDOWN)
			ngu__reserve_call(&p->reserve, e->node->node, NULL, rmnode_at, 0);
	}
	return (0);
}
