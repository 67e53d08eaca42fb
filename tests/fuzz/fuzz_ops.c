/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_ops.c - bytes are a sequence of operations, which run on the library and on the model (model.c, model_list.c). After each: the same result,
 * the same graph (names, types, hooks, peers), the same methods in the same order, the same packets at the same hooks, the
 * same accounts; and what the messages tell is what there is. At the end all is shut down and nothing is alive.
 *
 * Where something waited in a queue, the order of packets at different nodes is not compared: nobody promises it.
 */
#include "fuzz/fuzz.h"
#include "fuzz/model.h"

#include "core/core.h"

#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/callout.h>
#include <sys/kernel.h>

#define OPS 48
#define ENTRIES 6
#define PKT 16

static struct ngu_graph *g;
static struct md_text log_text, data_text, last;
static bool refused; /* an operation that changes nothing when it is refused */

/* ---- the types, as node types ---- */

struct priv {
	struct callout timer;
};

static const struct ftype *
type_of(node_p node)
{
	unsigned i;

	for (i = 0; strcmp(ftypes[i].name, node->nd_type->name + 3) != 0; i++) /* "fz-" */
		;
	return (&ftypes[i]);
}

static int
t_constructor(node_p node)
{
	const struct ftype *t = type_of(node);
	struct priv *p;

	md_say(&log_text, "constructor %u\n", NG_NODE_ID(node));
	if (t->flags & FT_BADCTOR)
		return (EXDEV);
	p = malloc(sizeof(*p), M_NETGRAPH, M_WAITOK | M_ZERO);
	ng_callout_init(&p->timer);
	NG_NODE_SET_PRIVATE(node, p);
	if (t->flags & FT_EXCL)
		NG_NODE_FORCE_WRITER(node);
	return (0);
}

static int
t_newhook(node_p node, hook_p hook, const char *name)
{
	md_say(&log_text, "newhook %u %s\n", NG_NODE_ID(node), NG_HOOK_NAME(hook));
	switch (name[0]) {
	case 'n':
		return (EXDEV);
	case 'q':
		NG_HOOK_FORCE_QUEUE(hook);
		break;
	case 'w':
		NG_HOOK_FORCE_WRITER(hook);
		break;
	}
	return (0);
}

static int
t_connect(hook_p hook)
{
	md_say(&log_text, "connect %u %s\n", NG_NODE_ID(NG_HOOK_NODE(hook)), NG_HOOK_NAME(hook));
	return (NG_HOOK_NAME(hook)[0] == 'k' ? EPERM : 0);
}

static int
t_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);

	md_say(&log_text, "disconnect %u %s\n", NG_NODE_ID(node), NG_HOOK_NAME(hook));
	if ((type_of(node)->flags & FT_AUTODIE) && NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		(void)ng_rmnode_self(node);
	return (0);
}

static int
t_close(node_p node)
{
	hook_p h = LIST_FIRST(&node->nd_hooks);

	md_say(&log_text, "close %u\n", NG_NODE_ID(node));
	if ((type_of(node)->flags & FT_BYPASS) && h != NULL && LIST_NEXT(h, hk_hooks) != NULL)
		(void)ng_bypass(h, LIST_NEXT(h, hk_hooks));
	return (0);
}

static int
t_shutdown(node_p node)
{
	struct priv *p = NG_NODE_PRIVATE(node);

	md_say(&log_text, "shutdown %u\n", NG_NODE_ID(node));
	(void)ng_uncallout(&p->timer, node);
	if ((type_of(node)->flags & FT_PERSIST) && !(node->nd_flags & NGF_REALLY_DIE)) {
		NG_NODE_REVIVE(node);
		return (0);
	}
	free(p, M_NETGRAPH);
	NG_NODE_UNREF(node);
	return (0);
}

static int
t_rcvdata(hook_p hook, item_p item)
{
	node_p node = NG_HOOK_NODE(hook);
	const unsigned flags = type_of(node)->flags;
	struct mbuf *m, *c;
	uint8_t *b;
	hook_p o;
	int error = 0, e;

	NGI_GET_M(item, m);
	b = mtod(m, uint8_t *);
	md_say(&data_text, "%u %s ", NG_NODE_ID(node), NG_HOOK_NAME(hook));
	for (int i = 0; i < m->m_len; i++)
		md_say(&data_text, "%02x", b[i]);
	md_say(&data_text, "\n");
	if (!(flags & (FT_FWD | FT_FLOOD | FT_ECHO)) || m->m_len < 2 || b[1] == 0 || ((flags & FT_FLOOD) && b[0] == 0)) {
		NG_FREE_ITEM(item);
		NG_FREE_M(m);
		return (!(flags & (FT_FWD | FT_FLOOD | FT_ECHO)) && NG_HOOK_NAME(hook)[0] == 'e' ? ENOSPC : 0);
	}
	b[1]--;
	if (flags & FT_ECHO) {
		NG_FWD_NEW_DATA(error, item, hook, m);
		return (error);
	}
	if (flags & FT_FLOOD) {
		NG_FREE_ITEM(item);
		b[0]--;
		LIST_FOREACH(o, &node->nd_hooks, hk_hooks) {
			if (o == hook)
				continue;
			c = m_dup(m, M_NOWAIT);
			NG_SEND_DATA_ONLY(e, o, c);
			if (e != 0)
				error = e;
		}
		NG_FREE_M(m);
		return (error);
	}
	LIST_FOREACH(o, &node->nd_hooks, hk_hooks)
		if (o != hook)
			break;
	if (o == NULL) {
		NG_FREE_ITEM(item);
		NG_FREE_M(m);
		return (ENOTCONN);
	}
	NG_FWD_NEW_DATA(error, item, o, m);
	return (error);
}

static void
t_timer(node_p node, hook_p hook, void *arg, int ms)
{
	hook_p h = LIST_FIRST(&node->nd_hooks);
	struct mbuf *m;
	int error;

	(void)hook;
	(void)arg;
	md_say(&log_text, "timer %u %u\n", NG_NODE_ID(node), (unsigned)ms);
	if (h == NULL)
		return;
	m = ngu_packet(g, ((const uint8_t[]){ 1, 3, 't' }), 3);
	NG_SEND_DATA_ONLY(error, h, m);
	(void)error;
}

static int
t_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	hook_p h = LIST_FIRST(&node->nd_hooks);
	struct priv *p = NG_NODE_PRIVATE(node);
	struct ng_mesg *msg, *resp = NULL;
	struct mbuf *m;
	uint8_t first;
	int error = 0;

	NGI_GET_MSG(item, msg);
	first = msg->header.arglen != 0 ? (uint8_t)msg->data[0] : 0;
	md_say(&log_text, "rcvmsg %u %u %s\n", NG_NODE_ID(node), msg->header.cmd & ~(uint32_t)(NGM_READONLY | NGM_HASREPLY),
	    lasthook != NULL ? NG_HOOK_NAME(lasthook) : "-");
	switch (msg->header.cmd) {
	case FZ_REPEAT | NGM_READONLY | NGM_HASREPLY:
		NG_MKRESPONSE(resp, msg, msg->header.arglen, M_NOWAIT);
		memcpy(resp->data, msg->data, msg->header.arglen);
		break;
	case FZ_ERROR:
		error = first;
		break;
	case FZ_TIMER:
		error = ng_callout(&p->timer, node, NULL, first * hz / 1000, t_timer, NULL, first);
		break;
	case FZ_DIE:
		error = ng_rmnode_self(node);
		break;
	case FZ_UNHOOK:
		error = h != NULL ? ng_rmhook_self(h) : 0;
		break;
	case FZ_JOIN:
		error = h != NULL && LIST_NEXT(h, hk_hooks) != NULL ? ng_bypass(h, LIST_NEXT(h, hk_hooks)) : EINVAL;
		break;
	case FZ_SEND:
		m = ngu_packet(g, msg->data, msg->header.arglen);
		NG_SEND_DATA_ONLY(error, h, m);
		break;
	case FZ_TELL: {
		struct ng_mesg *note;

		NG_MKMESSAGE(note, FZ_COOKIE, FZ_NOTE, 0, M_NOWAIT);
		NG_SEND_MSG_HOOK(error, node, note, h, 0);
		break;
	}
	case FZ_NOTE:
		break;
	default:
		error = EINVAL;
		break;
	}
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

static struct ng_type types[32];
static char names[32][NG_TYPESIZ];

static void
register_types(void)
{
	for (unsigned i = 0; i < nftypes; i++) {
		const unsigned flags = ftypes[i].flags;

		(void)snprintf(names[i], sizeof(names[i]), "fz-%s", ftypes[i].name);
		types[i] = (struct ng_type){
			.version = NG_ABI_VERSION,
			.name = names[i],
			.constructor = flags & FT_NOCTOR ? NULL : t_constructor,
			.rcvmsg = flags & FT_NORCVMSG ? NULL : t_rcvmsg,
			.close = t_close,
			.shutdown = t_shutdown,
			.newhook = t_newhook,
			.connect = t_connect,
			.rcvdata = flags & FT_NODATA ? NULL : t_rcvdata,
			.disconnect = t_disconnect,
		};
		FZ(ng_newtype(&types[i]) == 0, "type %s", names[i]);
	}
}

/* ---- words ---- */

static const char *const node_names[] = { "a", "b", "c", "d", "e", "f", "", "x y", "[1]", "[0]", "[x]", "a.b", "a:b",
	"0123456789012345678901234567890", "01234567890123456789012345678901", "dead" };
static const char *const hook_names[] = { "a", "b", "c", "d", "f", "g", "h", "e1", "q1", "w1", "n1", "k1", "", "a.b",
	"0123456789012345678901234567890", "01234567890123456789012345678901" };

/* Names are taken from the list, mostly its beginning. */
static const char *
a_name(struct fz_in *in)
{
	unsigned b = fz_byte(in);

	return (node_names[b < 224 ? b % 6 : b % 16]);
}

static const char *
a_hook(struct fz_in *in)
{
	unsigned b = fz_byte(in);

	return (hook_names[b < 160 ? b % 7 : b % 16]);
}

/* As the model knows it; the library's has "fz-" in front. */
static const char *
a_type(struct fz_in *in)
{
	unsigned b = fz_byte(in);

	return (b == 255 ? "nothing" : b == 254 ? "" : ftypes[b % nftypes].name);
}

static const char *
real_type(const char *type, char *buf)
{
	if (type[0] == '\0')
		return (type);
	(void)snprintf(buf, NG_TYPESIZ, "fz-%s", type);
	return (buf);
}

#define PATH 256
static char *
a_path(struct fz_in *in, char *buf)
{
	unsigned how = fz_byte(in), hops = how % 8 < 5 ? 0 : how % 4;
	size_t n;

	if (how < 128)
		n = (size_t)snprintf(buf, PATH, "%s:", a_name(in));
	else if (how < 240)
		n = (size_t)snprintf(buf, PATH, "[%x]:", fz_byte(in) % 24);
	else
		n = (size_t)snprintf(buf, PATH, "%s", ((const char *const[]){ ".", "", ".:", ":", "a", ".a", "a:..", "[0x2]:" })[how % 8]);
	for (; hops != 0; hops--)
		n += (size_t)snprintf(buf + n, PATH - n, "%s%s", n != 0 && buf[n - 1] != ':' ? "." : "", a_hook(in));
	return (buf);
}

/* ---- comparing ---- */

static char doing[8192];
static unsigned step;

#define SAME(mine, theirs, what) \
	FZ((mine) == (theirs), "step %u, %s: " what " is %lld, the model says %lld\nlog:\n%s\nmodel's log:\n%s", step, doing, \
	    (long long)(mine), (long long)(theirs), log_text.text, md_log.text)

static void
dump(struct md_text *t)
{
	struct ngu__thread *ts = ngu__self();
	const uint32_t last = md_last_id() + 8;
	struct ng_node *n;
	struct ng_hook *h;
	uint32_t id, found = 0;

	t->len = 0;
	t->text[0] = '\0';
	ngu__section_enter(ts);
	for (id = 1; id < last; id++) { /* ngu__id_next() looks at a whole page */
		if ((n = ngu__id_find(&g->ids, id)) == NULL)
			continue;
		found++;
		md_say(t, "%u \"%s\" %s %u\n", NG_NODE_ID(n), NG_NODE_NAME(n), n->nd_type->name + 3, (unsigned)NG_NODE_NUMHOOKS(n));
		FZ(NG_NODE_IS_VALID(n), "step %u, %s: node %u is dying", step, doing, NG_NODE_ID(n));
		LIST_FOREACH(h, &n->nd_hooks, hk_hooks) {
			hook_p p = NG_HOOK_PEER(h);

			md_say(t, " %s - %u.%s\n", NG_HOOK_NAME(h), NG_NODE_ID(NG_HOOK_NODE(p)), NG_HOOK_NAME(p));
			FZ(NG_HOOK_IS_VALID(h) && ng_findhook(n, NG_HOOK_NAME(h)) == h && NG_HOOK_PEER(p) == h && NG_HOOK_NODE(h) == n,
			    "step %u, %s: hook %u.%s is not whole", step, doing, NG_NODE_ID(n), NG_HOOK_NAME(h));
		}
	}
	ngu__section_leave(ts);
	FZ(found == NGU_LD_ACQ(&g->ids.live), "step %u, %s: %u nodes, %u found", step, doing, (unsigned)NGU_LD_ACQ(&g->ids.live), found);
}

static void
compare(void)
{
	static uint64_t attempted;
	static struct md_text mine, theirs;
	struct ngu_graph_stats s;

	FZ(ngu_settle(g, 60000) == 0, "step %u, %s: no rest", step, doing);
	dump(&mine);
	md_dump(&theirs);
	FZ(strcmp(mine.text, theirs.text) == 0, "step %u, %s: the graph is\n%snot\n%slog:\n%smodel's log:\n%s", step, doing, mine.text, theirs.text,
	    log_text.text, md_log.text);
	FZ(!refused || strcmp(mine.text, last.text) == 0, "step %u, %s: refused, and the graph\n%sis now\n%s", step, doing, last.text, mine.text);
	memcpy(last.text, mine.text, mine.len + 1);
	if (md_queued) {
		md_sort(&data_text);
		md_sort(&md_data);
		md_sort(&log_text);
		md_sort(&md_log);
	}
	FZ(strcmp(log_text.text, md_log.text) == 0, "step %u, %s: methods called were\n%snot\n%s", step, doing, log_text.text, md_log.text);
	FZ(strcmp(data_text.text, md_data.text) == 0, "step %u, %s: packets arrived\n%snot\n%s", step, doing, data_text.text, md_data.text);
	if (md_count.attempted == attempted && step % 16 != 15)
		return;
	attempted = md_count.attempted;
	ngu_graph_stats(g, &s);
	SAME(s.queued, 0, "the number of waiting packets");
	SAME(s.attempted, md_count.attempted, "the number of attempts");
	SAME(s.delivered, md_count.delivered, "the number of deliveries");
	SAME(s.refused, md_count.refused, "the number of refusals");
	SAME(s.dropped, md_count.dropped, "the number of losses");
}

static void
forget(void)
{
	log_text.len = data_text.len = md_log.len = md_data.len = 0;
	log_text.text[0] = data_text.text[0] = md_log.text[0] = md_data.text[0] = '\0';
	md_queued = refused = false;
}

/* What LISTNODES, LISTNAMES, LISTHOOKS, NODEINFO and LISTTYPES tell. */
static void
listings(const char *path)
{
	static struct md_text mine, theirs;
	struct ng_mesg *r = NULL, *r2;
	const struct namelist *nl;
	const struct hooklist *hl;
	const struct nodeinfo *ni;
	uint32_t i, id, named = 0;
	char byid[32];
	int error, want;

	md_dump(&theirs);
	want = md_lookup(path, &id);
	error = ngu_msg(g, path, NGM_GENERIC_COOKIE, NGM_LISTNODES, NULL, 0, &r);
	SAME(error, want, "the error");
	if (error != 0)
		return;
	mine.len = 0;
	mine.text[0] = '\0';
	nl = (const struct namelist *)(const void *)r->data;
	SAME(r->header.arglen, sizeof(*nl) + nl->numnames * sizeof(nl->nodeinfo[0]), "the length of the list of nodes");
	for (i = 0; i < nl->numnames; i++) {
		const struct nodeinfo *n = &nl->nodeinfo[i];

		named += n->name[0] != '\0';
		md_say(&mine, "%u \"%s\" %s %u\n", n->id, n->name, n->type + 3, n->hooks);
		(void)snprintf(byid, sizeof(byid), "[%x]:", n->id);
		r2 = NULL;
		FZ(ngu_msg(g, byid, NGM_GENERIC_COOKIE, NGM_LISTHOOKS, NULL, 0, &r2) == 0 && r2 != NULL, "no list of hooks of %s", byid);
		hl = (const struct hooklist *)(const void *)r2->data;
		SAME(hl->nodeinfo.hooks, n->hooks, "the number of hooks");
		FZ(memcmp(&hl->nodeinfo, n, sizeof(*n)) == 0, "LISTNODES and LISTHOOKS do not agree on %s", byid);
		for (uint32_t k = 0; k < hl->nodeinfo.hooks; k++)
			md_say(&mine, " %s - %u.%s\n", hl->link[k].ourhook, hl->link[k].nodeinfo.id, hl->link[k].peerhook);
		ngu_msg_free(r2);
	}
	ngu_msg_free(r);
	FZ(strcmp(mine.text, theirs.text) == 0, "step %u, %s: the lists say\n%snot\n%s", step, doing, mine.text, theirs.text);
	r = NULL;
	FZ(ngu_msg(g, path, NGM_GENERIC_COOKIE, NGM_LISTNAMES, NULL, 0, &r) == 0, "no list of names");
	SAME(((const struct namelist *)(const void *)r->data)->numnames, named, "the number of names");
	ngu_msg_free(r);
	r = NULL;
	FZ(ngu_msg(g, path, NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0, &r) == 0, "no info");
	ni = (const struct nodeinfo *)(const void *)r->data;
	SAME(ni->id, id, "the ID");
	ngu_msg_free(r);
	r = NULL;
	FZ(ngu_msg(g, path, NGM_GENERIC_COOKIE, NGM_LISTTYPES, NULL, 0, &r) == 0, "no list of types");
	for (i = named = 0; i < ((const struct typelist *)(const void *)r->data)->numtypes; i++)
		named += ((const struct typelist *)(const void *)r->data)->typeinfo[i].numnodes;
	SAME(named, md_nodes(), "the number of nodes of all types");
	ngu_msg_free(r);
}

/* ---- operations ---- */

static int
send(const char *path, const char *hook, const uint8_t *pkt, size_t len, bool queue)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu_graph *before = ngu_graph_enter(g);
	node_p node;
	hook_p h;
	int error = ng_path2noderef(NULL, path, &node, NULL);

	if (error == 0) {
		ngu__section_enter(ts);
		h = ng_findhook(node, hook);
		if (h != NULL && !ngu__hook_tryref(h))
			h = NULL;
		ngu__section_leave(ts);
		error = ngu_k_send_data(h, ngu_packet(g, pkt, len), queue ? NG_QUEUE : NG_NOFLAGS);
		if (h != NULL)
			NG_HOOK_UNREF(h);
		NG_NODE_UNREF(node);
	}
	(void)ngu_graph_enter(before);
	return (error);
}

static void
a_list(struct fz_in *in)
{
	static const enum ngu_op_kind kinds[] = { NGU_OP_MKNODE, NGU_OP_MKPEER, NGU_OP_CONNECT, NGU_OP_RMHOOK, NGU_OP_NAME, NGU_OP_SHUTDOWN,
		NGU_OP_MSG, NGU_OP_CONNECT };
	static char path[ENTRIES][2][PATH], type[ENTRIES][NG_TYPESIZ];
	struct ngu_apply_error err;
	struct ngu_op op[ENTRIES];
	struct md_op mop[ENTRIES];
	uint32_t id[ENTRIES];
	unsigned n = 1 + fz_pick(in, ENTRIES), i, index = 0;
	bool dry = fz_pick(in, 8) == 7, ran;
	size_t len;
	int error, want;

	memset(op, 0, sizeof(op));
	memset(mop, 0, sizeof(mop));
	len = (size_t)snprintf(doing, sizeof(doing), "%slist:", dry ? "dry " : "");
	for (i = 0; i < n; i++) {
		struct md_op *m = &mop[i];

		op[i].kind = kinds[fz_pick(in, sizeof(kinds) / sizeof(kinds[0]))];
		m->kind = op[i].kind;
		op[i].path = m->path = m->kind != NGU_OP_MKNODE ? a_path(in, path[i][0]) : "";
		m->type = m->kind == NGU_OP_MKNODE || m->kind == NGU_OP_MKPEER ? a_type(in) : "";
		op[i].type = real_type(m->type, type[i]);
		op[i].peerpath = m->peerpath = m->kind == NGU_OP_CONNECT ? a_path(in, path[i][1]) : "";
		op[i].hook = m->hook = m->kind == NGU_OP_MKPEER || m->kind == NGU_OP_CONNECT || m->kind == NGU_OP_RMHOOK ? a_hook(in) : "";
		op[i].peerhook = m->peerhook = m->kind == NGU_OP_MKPEER || m->kind == NGU_OP_CONNECT ? a_hook(in) : "";
		op[i].name = m->name = m->kind == NGU_OP_MKNODE || m->kind == NGU_OP_NAME ? a_name(in) : "";
		op[i].id = &id[i];
		op[i].cookie = FZ_COOKIE;
		if (m->kind == NGU_OP_MSG) { /* what a message does is not taken back: only those that do nothing */
			op[i].cmd = m->cmd = fz_pick(in, 4) == 0 ? FZ_ERROR : FZ_NOTE;
			m->arg = (uint8_t)(fz_pick(in, 4) == 0 ? 0 : 77);
			op[i].arg = &m->arg;
			op[i].arglen = 1;
		}
		len += (size_t)snprintf(doing + len, sizeof(doing) - len, " %u(%s %s %s %s %s %s %u)", m->kind, m->path, m->type, m->hook,
		    m->peerpath, m->peerhook, m->name, m->cmd == FZ_ERROR ? m->arg : 0);
	}
	error = ngu_apply(g, op, n, dry ? NGU_APPLY_DRY : 0, &err);
	want = md_apply(mop, n, dry, &ran, &index);
	FZ(error == want, "step %u, %s: error %d (%s), the model says %d in entry %u\nlog:\n%smodel's:\n%s", step, doing, error, err.text, want, index,
	    log_text.text, md_log.text);
	SAME(err.error, error, "the error in the report");
	refused = error != 0;
	if (error != 0) {
		SAME(err.ran, ran, "\"ran\"");
		SAME(err.index, index, "the entry");
		FZ(err.text[0] != '\0', "an error without words");
	} else if (!dry) {
		for (i = 0; i < n; i++)
			if (mop[i].kind == NGU_OP_MKNODE || mop[i].kind == NGU_OP_MKPEER)
				SAME(id[i], mop[i].id, "an ID");
	}
}

static void
a_message(struct fz_in *in)
{
	char path[PATH];
	uint8_t arg[PKT];
	struct ng_mesg *r = NULL;
	uint32_t cmd = fz_pick(in, FZ_COMMANDS + 1);
	bool replied;
	size_t len;
	int error, want;

	(void)a_path(in, path);
	len = fz_pick(in, PKT);
	memset(arg, 0, sizeof(arg));
	(void)fz_bytes(in, arg, len);
	if (cmd == FZ_REPEAT)
		cmd |= NGM_READONLY | NGM_HASREPLY;
	if (cmd == FZ_SEND) {
		arg[0] %= 4;
		arg[1] %= 20;
	}
	(void)snprintf(doing, sizeof(doing), "message %u to %s, %zu bytes", cmd, path, len);
	error = ngu_msg(g, path, FZ_COOKIE, cmd, arg, len, &r);
	want = md_msg(path, cmd, arg, len, &replied);
	SAME(error, want, "the error");
	SAME(r != NULL, replied && error == 0, "that there is a reply");
	if (r != NULL)
		FZ(r->header.arglen == len && memcmp(r->data, arg, len) == 0, "step %u, %s: another reply", step, doing);
	ngu_msg_free(r);
}

static void
one(struct fz_in *in)
{
	char p1[PATH], p2[PATH], t[NG_TYPESIZ];
	const char *h1, *h2, *name, *type;
	uint32_t id = 0, mid = 0;
	uint8_t pkt[PKT];
	int error = 0, want = 0;
	unsigned ms, op = fz_pick(in, 16);
	size_t len;
	bool queue;

	switch (op) {
	case 0:
		type = a_type(in);
		name = a_name(in);
		(void)snprintf(doing, sizeof(doing), "mknode %s \"%s\"", type, name);
		error = ngu_mknode(g, real_type(type, t), name, &id);
		want = md_mknode(type, name, &mid);
		break;
	case 1:
		(void)a_path(in, p1);
		type = a_type(in);
		h1 = a_hook(in);
		h2 = a_hook(in);
		(void)snprintf(doing, sizeof(doing), "mkpeer %s %s %s %s", p1, type, h1, h2);
		error = ngu_mkpeer(g, p1, real_type(type, t), h1, h2);
		want = md_mkpeer(p1, type, h1, h2);
		break;
	case 2:
	case 3:
		(void)a_path(in, p1);
		(void)a_path(in, p2);
		h1 = a_hook(in);
		h2 = a_hook(in);
		(void)snprintf(doing, sizeof(doing), "connect %s %s %s %s", p1, p2, h1, h2);
		error = ngu_connect(g, p1, h1, p2, h2);
		want = md_connect(p1, h1, p2, h2);
		break;
	case 4:
		(void)a_path(in, p1);
		h1 = a_hook(in);
		(void)snprintf(doing, sizeof(doing), "rmhook %s %s", p1, h1);
		error = ngu_rmhook(g, p1, h1);
		want = md_rmhook(p1, h1);
		break;
	case 5:
		(void)a_path(in, p1);
		name = a_name(in);
		(void)snprintf(doing, sizeof(doing), "name %s %s", p1, name);
		error = ngu_name(g, p1, name);
		want = md_name(p1, name);
		break;
	case 6:
		(void)a_path(in, p1);
		(void)snprintf(doing, sizeof(doing), "shutdown %s", p1);
		error = ngu_shutdown(g, p1);
		want = md_shutdown(p1);
		break;
	case 7:
		(void)a_path(in, p1);
		(void)snprintf(doing, sizeof(doing), "lookup %s", p1);
		error = ngu_lookup(g, p1, &id);
		want = md_lookup(p1, &mid);
		break;
	case 8:
		(void)a_path(in, p1);
		h1 = a_hook(in);
		len = 2 + fz_pick(in, PKT - 2);
		memset(pkt, 0, sizeof(pkt));
		(void)fz_bytes(in, pkt, len);
		queue = pkt[0] >= 240;
		pkt[0] %= 4;
		pkt[1] %= 40;
		(void)snprintf(doing, sizeof(doing), "send %s %s, %zu bytes%s", p1, h1, len, queue ? ", queued" : "");
		error = send(p1, h1, pkt, len, queue);
		want = md_send(p1, h1, pkt, len, queue);
		break;
	case 9:
		(void)a_path(in, p1);
		h1 = a_hook(in);
		type = a_type(in);
		h2 = a_hook(in);
		name = a_hook(in);
		(void)snprintf(p2, sizeof(p2), "%s", a_name(in));
		(void)snprintf(doing, sizeof(doing), "insert %s %s %s %s %s \"%s\"", p1, h1, type, h2, name, p2);
		error = ngu_insert(g, p1, h1, real_type(type, t), h2, name, p2, &id);
		want = md_insert(p1, h1, type, h2, name, p2, &mid);
		break;
	case 10:
		(void)a_path(in, p1);
		h1 = a_hook(in);
		h2 = a_hook(in);
		(void)snprintf(doing, sizeof(doing), "bypass %s %s %s", p1, h1, h2);
		error = ngu_bypass(g, p1, h1, h2);
		want = md_bypass(p1, h1, h2);
		break;
	case 11:
		(void)a_path(in, p1);
		h1 = a_hook(in);
		(void)a_path(in, p2);
		h2 = a_hook(in);
		(void)snprintf(doing, sizeof(doing), "relink %s %s %s %s", p1, h1, p2, h2);
		error = ngu_relink(g, p1, h1, p2, h2);
		want = md_relink(p1, h1, p2, h2);
		break;
	case 12:
		a_list(in);
		break;
	case 13:
		ms = fz_byte(in);
		(void)snprintf(doing, sizeof(doing), "advance %u ms", ms);
		error = ngu_clock_advance(g, (int64_t)ms * 1000000);
		md_advance(ms);
		break;
	case 14:
		a_message(in);
		break;
	default:
		(void)a_path(in, p1);
		(void)snprintf(doing, sizeof(doing), "lists from %s", p1);
		listings(p1);
		break;
	}
	SAME(error, want, "the error");
	SAME(id, mid, "the ID");
	/* Of the others, a method that has to be called to take things back may end a node that has no hooks. */
	if (op == 0 || op == 5 || op == 9 || op == 10)
		refused = error != 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool registered;
	struct fz_in in = { data, size };

	if (!registered)
		register_types();
	registered = true;
	g = fz_graph();
	md_reset();
	last.text[0] = '\0';
	for (step = 0; in.left != 0 && step < OPS; step++) {
		forget();
		one(&in);
		compare();
	}
	fz_graph_end(g);
	ngu_reclaim_barrier();
	return (0);
}
