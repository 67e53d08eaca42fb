/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_bpf.c - packets by packet filter programs: each hook has one, which decides where what comes by the hook goes.
 *
 * Packets run as readers, many at once; hooks and programs change only while the node stands still, so they are read plainly, and
 * what packets count is counter(9). Destinations are names, bound to hooks as these come and go.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/counter.h>
#include <sys/mbuf.h>

#include <net/bpf.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_parse.h>
#include <netgraph/ng_bpf.h>

#ifdef NG_SEPARATE_MALLOC
static MALLOC_DEFINE(M_NETGRAPH_BPF, "netgraph_bpf", "netgraph bpf node");
#else
#define M_NETGRAPH_BPF M_NETGRAPH
#endif

CTASSERT(NG_BPF_HOOKPROG_SIZE(0) == 100);
CTASSERT(NG_BPF_HOOKPROG_SIZE(1) == 108);

/* In the order of struct ng_bpf_hookstat. */
enum { RECV_FRAMES, RECV_OCTETS, MATCH_FRAMES, MATCH_OCTETS, XMIT_FRAMES, XMIT_OCTETS, COUNTERS };
CTASSERT(sizeof(struct ng_bpf_hookstat) == COUNTERS * sizeof(uint64_t));

struct bpf_hook {
	hook_p match, nomatch; /* what the names in prog mean; NULL: nothing now */
	struct ng_bpf_hookprog *prog;
	counter_u64_t count[COUNTERS];
};

/* What a new hook has: nothing is wanted. */
static const struct bpf_insn nothing[] = { BPF_STMT(BPF_RET | BPF_K, 0) };

static ng_constructor_t ng_bpf_constructor;
static ng_rcvmsg_t ng_bpf_rcvmsg;
static ng_shutdown_t ng_bpf_shutdown;
static ng_newhook_t ng_bpf_newhook;
static ng_rcvdata_t ng_bpf_rcvdata;
static ng_disconnect_t ng_bpf_disconnect;

static int
prog_length(const struct ng_parse_type *type, const u_char *start, const u_char *buf)
{
	int32_t n;

	memcpy(&n, buf - sizeof(n), sizeof(n)); /* right before the program */
	return (n);
}

static const struct ng_parse_struct_field insn_fields[] = {
	{ "code", &ng_parse_hint16_type, 0 },
	{ "jt", &ng_parse_uint8_type, 0 },
	{ "jf", &ng_parse_uint8_type, 0 },
	{ "k", &ng_parse_uint32_type, 0 },
	{ NULL, NULL, 0 }
};
static const struct ng_parse_type insn_type = { .supertype = &ng_parse_struct_type, .info = &insn_fields };
static const struct ng_parse_array_info prog_info = { &insn_type, prog_length, NULL };
static const struct ng_parse_type prog_type = { .supertype = &ng_parse_array_type, .info = &prog_info };
static const struct ng_parse_struct_field hookprog_fields[] = NG_BPF_HOOKPROG_TYPE_INFO(&prog_type);
static const struct ng_parse_type hookprog_type = { .supertype = &ng_parse_struct_type, .info = &hookprog_fields };
static const struct ng_parse_struct_field hookstat_fields[] = NG_BPF_HOOKSTAT_TYPE_INFO;
static const struct ng_parse_type hookstat_type = { .supertype = &ng_parse_struct_type, .info = &hookstat_fields };

static const struct ng_cmdlist ng_bpf_cmdlist[] = {
	{ NGM_BPF_COOKIE, NGM_BPF_SET_PROGRAM, "setprogram", &hookprog_type, NULL },
	{ NGM_BPF_COOKIE, NGM_BPF_GET_PROGRAM, "getprogram", &ng_parse_hookbuf_type, &hookprog_type },
	{ NGM_BPF_COOKIE, NGM_BPF_GET_STATS, "getstats", &ng_parse_hookbuf_type, &hookstat_type },
	{ NGM_BPF_COOKIE, NGM_BPF_CLR_STATS, "clrstats", &ng_parse_hookbuf_type, NULL },
	{ NGM_BPF_COOKIE, NGM_BPF_GETCLR_STATS, "getclrstats", &ng_parse_hookbuf_type, &hookstat_type },
	{ 0, 0, NULL, NULL, NULL }
};

static struct ng_type ng_bpf_type = {
	.version = NG_ABI_VERSION,
	.name = NG_BPF_NODE_TYPE,
	.constructor = ng_bpf_constructor,
	.rcvmsg = ng_bpf_rcvmsg,
	.shutdown = ng_bpf_shutdown,
	.newhook = ng_bpf_newhook,
	.rcvdata = ng_bpf_rcvdata,
	.disconnect = ng_bpf_disconnect,
	.cmdlist = ng_bpf_cmdlist,
};
NETGRAPH_INIT(bpf, &ng_bpf_type);

static int
ng_bpf_constructor(node_p node)
{
	return (0);
}

static void
bpf_hook_free(struct bpf_hook *bh)
{
	COUNTER_ARRAY_FREE(bh->count, COUNTERS);
	free(bh->prog, M_NETGRAPH_BPF);
	free(bh, M_NETGRAPH_BPF);
}

static int
ng_bpf_newhook(node_p node, hook_p hook, const char *name)
{
	struct bpf_hook *bh = malloc(sizeof(*bh), M_NETGRAPH_BPF, M_NOWAIT | M_ZERO), *other;
	bool refused;
	hook_p h;

	if (bh == NULL)
		return (ENOMEM);
	bh->prog = malloc(NG_BPF_HOOKPROG_SIZE(1), M_NETGRAPH_BPF, M_NOWAIT | M_ZERO);
	refused = bh->prog == NULL;
	COUNTER_ARRAY_ALLOC(bh->count, COUNTERS, M_NOWAIT);
	for (int i = 0; i < COUNTERS; i++)
		refused |= bh->count[i] == NULL;
	if (refused) {
		bpf_hook_free(bh);
		return (ENOMEM);
	}
	(void)strlcpy(bh->prog->thisHook, name, sizeof(bh->prog->thisHook));
	bh->prog->bpf_prog_len = 1;
	bh->prog->bpf_prog[0] = nothing[0];
	NG_HOOK_SET_PRIVATE(hook, bh);
	/* Others may have waited for one of this name. */
	LIST_FOREACH(h, &node->nd_hooks, hk_hooks) {
		if ((other = NG_HOOK_PRIVATE(h)) == NULL)
			continue;
		if (strcmp(other->prog->ifMatch, name) == 0)
			other->match = hook;
		if (strcmp(other->prog->ifNotMatch, name) == 0)
			other->nomatch = hook;
	}
	return (0);
}

/* ---- commands ---- */

static int
set_program(node_p node, const struct ng_mesg *msg)
{
	struct ng_bpf_hookprog head, *prog;
	struct bpf_hook *bh;
	hook_p hook;

	if (msg->header.arglen < sizeof(head))
		return (EINVAL);
	memcpy(&head, msg->data, sizeof(head));
	if (head.bpf_prog_len < 1 || head.bpf_prog_len > BPF_MAXINSNS || msg->header.arglen != NG_BPF_HOOKPROG_SIZE((size_t)head.bpf_prog_len))
		return (EINVAL);
	head.thisHook[NG_HOOKSIZ - 1] = '\0';
	if ((hook = ng_findhook(node, head.thisHook)) == NULL)
		return (ENOENT);
	if ((prog = malloc(msg->header.arglen, M_NETGRAPH_BPF, M_NOWAIT)) == NULL)
		return (ENOMEM);
	memcpy(prog, msg->data, msg->header.arglen);
	prog->thisHook[NG_HOOKSIZ - 1] = prog->ifMatch[NG_HOOKSIZ - 1] = prog->ifNotMatch[NG_HOOKSIZ - 1] = '\0';
	if (!bpf_validate(prog->bpf_prog, prog->bpf_prog_len)) {
		free(prog, M_NETGRAPH_BPF);
		return (EINVAL);
	}
	bh = NG_HOOK_PRIVATE(hook);
	free(bh->prog, M_NETGRAPH_BPF);
	bh->prog = prog;
	bh->match = ng_findhook(node, prog->ifMatch);
	bh->nomatch = ng_findhook(node, prog->ifNotMatch);
	return (0);
}

static int
reply(struct ng_mesg *msg, struct ng_mesg **resp, const void *from, size_t len)
{
	NG_MKRESPONSE(*resp, msg, len, M_NOWAIT);
	if (*resp == NULL)
		return (ENOMEM);
	memcpy((*resp)->data, from, len);
	return (0);
}

/* All but the first command begin like this. */
static int
of_hook(node_p node, struct ng_mesg *msg, struct ng_mesg **resp)
{
	struct bpf_hook *bh;
	uint64_t v[COUNTERS];
	hook_p hook;

	if (msg->header.arglen == 0)
		return (EINVAL);
	msg->data[msg->header.arglen - 1] = '\0';
	if ((hook = ng_findhook(node, msg->data)) == NULL)
		return (ENOENT);
	bh = NG_HOOK_PRIVATE(hook);
	if (msg->header.cmd == NGM_BPF_GET_PROGRAM)
		return (reply(msg, resp, bh->prog, NG_BPF_HOOKPROG_SIZE((size_t)bh->prog->bpf_prog_len)));
	if (msg->header.cmd != NGM_BPF_CLR_STATS) {
		for (int i = 0; i < COUNTERS; i++)
			v[i] = counter_u64_fetch(bh->count[i]);
		if (reply(msg, resp, v, sizeof(v)) != 0)
			return (ENOMEM);
	}
	if (msg->header.cmd != NGM_BPF_GET_STATS)
		COUNTER_ARRAY_ZERO(bh->count, COUNTERS);
	return (0);
}

static int
bpf_command(node_p node, struct ng_mesg *msg, struct ng_mesg **resp)
{
	switch (msg->header.cmd) {
	case NGM_BPF_SET_PROGRAM:
		return (set_program(node, msg));
	case NGM_BPF_GET_PROGRAM:
	case NGM_BPF_GET_STATS:
	case NGM_BPF_CLR_STATS:
	case NGM_BPF_GETCLR_STATS:
		return (of_hook(node, msg, resp));
	default:
		return (EINVAL);
	}
}

static int
ng_bpf_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct ng_mesg *msg, *resp = NULL;
	int error;

	NGI_GET_MSG(item, msg);
	error = msg->header.typecookie == NGM_BPF_COOKIE ? bpf_command(node, msg, &resp) : EINVAL;
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

/* ---- packets: readers all of it ---- */

static int
ng_bpf_rcvdata(hook_p hook, item_p item)
{
	struct bpf_hook *bh = NG_HOOK_PRIVATE(hook), *out;
	struct mbuf *m = NGI_M(item);
	const int len = m->m_pkthdr.len;
	u_char *flat = NULL;
	u_int want = 0;
	hook_p to;
	int error;

	counter_u64_add(bh->count[RECV_FRAMES], 1);
	counter_u64_add(bh->count[RECV_OCTETS], len);
	if (len != 0) {
		/* A program looks at what is in one piece. */
		if (m->m_len != len) {
			if ((flat = malloc((size_t)len, M_NETGRAPH_BPF, M_NOWAIT)) == NULL) {
				NG_FREE_ITEM(item);
				return (ENOMEM);
			}
			m_copydata(m, 0, len, (caddr_t)flat);
		}
		want = bpf_filter(bh->prog->bpf_prog, flat != NULL ? flat : mtod(m, u_char *), (u_int)len, (u_int)len);
		free(flat, M_NETGRAPH_BPF);
	}
	if (want != 0) {
		counter_u64_add(bh->count[MATCH_FRAMES], 1);
		counter_u64_add(bh->count[MATCH_OCTETS], len);
		if (want < (u_int)len)
			m_adj(m, -(len - (int)want));
	}
	if ((to = want != 0 ? bh->match : bh->nomatch) == NULL) {
		NG_FREE_ITEM(item);
		return (0);
	}
	out = NG_HOOK_PRIVATE(to);
	counter_u64_add(out->count[XMIT_FRAMES], 1);
	counter_u64_add(out->count[XMIT_OCTETS], m->m_pkthdr.len);
	NG_FWD_ITEM_HOOK(error, item, to);
	return (error);
}

/* ---- ends ---- */

static int
ng_bpf_shutdown(node_p node)
{
	NG_NODE_UNREF(node);
	return (0);
}

static int
ng_bpf_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct bpf_hook *bh;
	hook_p h;

	LIST_FOREACH(h, &node->nd_hooks, hk_hooks) {
		if ((bh = NG_HOOK_PRIVATE(h)) == NULL)
			continue;
		if (bh->match == hook)
			bh->match = NULL;
		if (bh->nomatch == hook)
			bh->nomatch = NULL;
	}
	bpf_hook_free(NG_HOOK_PRIVATE(hook));
	NG_HOOK_SET_PRIVATE(hook, NULL);
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}
