/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_tee.c - a link that can be listened to. When the node is shut down its two neighbours are joined: the link survives.
 *
 * Packets run as readers, many at once; `hook` pointers change only while the node stands still, so they are read plainly,
 * and what packets count is counter(9).
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/counter.h>
#include <sys/mbuf.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_parse.h>
#include <netgraph/ng_tee.h>

#ifdef NG_SEPARATE_MALLOC
static MALLOC_DEFINE(M_NETGRAPH_TEE, "netgraph_tee", "netgraph tee node");
#else
#define M_NETGRAPH_TEE M_NETGRAPH
#endif

enum { RIGHT, LEFT, RIGHT2LEFT, LEFT2RIGHT, ENDS };
enum { IN_OCTETS, IN_FRAMES, OUT_OCTETS, OUT_FRAMES, COUNTERS };

/* One of the four places a hook may have. */
struct tee_end {
	hook_p hook; /* NULL: nothing is attached */
	struct tee_end *to; /* where its packets go */
	struct tee_end *tap; /* who gets a copy; NULL: nobody */
	counter_u64_t count[COUNTERS];
};

struct tee {
	struct tee_end end[ENDS];
};

static const char *const end_name[ENDS] = {
	[RIGHT] = NG_TEE_HOOK_RIGHT,
	[LEFT] = NG_TEE_HOOK_LEFT,
	[RIGHT2LEFT] = NG_TEE_HOOK_RIGHT2LEFT,
	[LEFT2RIGHT] = NG_TEE_HOOK_LEFT2RIGHT,
};

static ng_constructor_t ng_tee_constructor;
static ng_rcvmsg_t ng_tee_rcvmsg;
static ng_close_t ng_tee_close;
static ng_shutdown_t ng_tee_shutdown;
static ng_newhook_t ng_tee_newhook;
static ng_rcvdata_t ng_tee_rcvdata;
static ng_disconnect_t ng_tee_disconnect;

static const struct ng_parse_struct_field ng_tee_hookstat_fields[] = NG_TEE_HOOKSTAT_INFO;
static const struct ng_parse_type ng_tee_hookstat_type = {
	.supertype = &ng_parse_struct_type,
	.info = &ng_tee_hookstat_fields,
};
static const struct ng_parse_struct_field ng_tee_stats_fields[] = NG_TEE_STATS_INFO(&ng_tee_hookstat_type);
static const struct ng_parse_type ng_tee_stats_type = {
	.supertype = &ng_parse_struct_type,
	.info = &ng_tee_stats_fields,
};

static const struct ng_cmdlist ng_tee_cmdlist[] = {
	{ NGM_TEE_COOKIE, NGM_TEE_GET_STATS, "getstats", NULL, &ng_tee_stats_type },
	{ NGM_TEE_COOKIE, NGM_TEE_CLR_STATS, "clrstats", NULL, NULL },
	{ NGM_TEE_COOKIE, NGM_TEE_GETCLR_STATS, "getclrstats", NULL, &ng_tee_stats_type },
	{ 0, 0, NULL, NULL, NULL }
};

static struct ng_type ng_tee_type = {
	.version = NG_ABI_VERSION,
	.name = NG_TEE_NODE_TYPE,
	.constructor = ng_tee_constructor,
	.rcvmsg = ng_tee_rcvmsg,
	.close = ng_tee_close,
	.shutdown = ng_tee_shutdown,
	.newhook = ng_tee_newhook,
	.rcvdata = ng_tee_rcvdata,
	.disconnect = ng_tee_disconnect,
	.cmdlist = ng_tee_cmdlist,
};
NETGRAPH_INIT(tee, &ng_tee_type);

static void
tee_free(struct tee *tee)
{
	for (int i = 0; i < ENDS; i++)
		COUNTER_ARRAY_FREE(tee->end[i].count, COUNTERS);
	free(tee, M_NETGRAPH_TEE);
}

static int
ng_tee_constructor(node_p node)
{
	struct tee *tee = malloc(sizeof(*tee), M_NETGRAPH_TEE, M_WAITOK | M_ZERO);

	for (int i = 0; i < ENDS; i++)
		COUNTER_ARRAY_ALLOC(tee->end[i].count, COUNTERS, M_WAITOK);
	tee->end[RIGHT].to = &tee->end[LEFT];
	tee->end[RIGHT].tap = &tee->end[RIGHT2LEFT];
	tee->end[LEFT].to = &tee->end[RIGHT];
	tee->end[LEFT].tap = &tee->end[LEFT2RIGHT];
	tee->end[RIGHT2LEFT].to = &tee->end[RIGHT];
	tee->end[LEFT2RIGHT].to = &tee->end[LEFT];
	NG_NODE_SET_PRIVATE(node, tee);
	return (0);
}

static void
end_clear(struct tee_end *e)
{
	COUNTER_ARRAY_ZERO(e->count, COUNTERS);
}

static int
ng_tee_newhook(node_p node, hook_p hook, const char *name)
{
	struct tee *tee = NG_NODE_PRIVATE(node);

	for (int i = 0; i < ENDS; i++) {
		if (strcmp(name, end_name[i]) != 0)
			continue;
		if (tee->end[i].hook != NULL) /* one is being connected under this name */
			return (EEXIST);
		end_clear(&tee->end[i]);
		tee->end[i].hook = hook;
		NG_HOOK_SET_PRIVATE(hook, &tee->end[i]);
		return (0);
	}
	return (EINVAL);
}

static void
end_fetch(struct tee_end *e, struct ng_tee_hookstat *hs)
{
	hs->inOctets = counter_u64_fetch(e->count[IN_OCTETS]);
	hs->inFrames = counter_u64_fetch(e->count[IN_FRAMES]);
	hs->outOctets = counter_u64_fetch(e->count[OUT_OCTETS]);
	hs->outFrames = counter_u64_fetch(e->count[OUT_FRAMES]);
}

static int
tee_command(struct tee *tee, struct ng_mesg *msg, struct ng_mesg **resp)
{
	struct ng_tee_stats *st;

	switch (msg->header.cmd) {
	case NGM_TEE_GET_STATS:
	case NGM_TEE_GETCLR_STATS:
		NG_MKRESPONSE(*resp, msg, sizeof(*st), M_NOWAIT);
		if (*resp == NULL)
			return (ENOMEM);
		st = (struct ng_tee_stats *)(void *)(*resp)->data;
		end_fetch(&tee->end[RIGHT], &st->right);
		end_fetch(&tee->end[LEFT], &st->left);
		end_fetch(&tee->end[RIGHT2LEFT], &st->right2left);
		end_fetch(&tee->end[LEFT2RIGHT], &st->left2right);
		if (msg->header.cmd == NGM_TEE_GET_STATS)
			break;
		/* FALLTHROUGH */
	case NGM_TEE_CLR_STATS:
		for (int i = 0; i < ENDS; i++)
			end_clear(&tee->end[i]);
		break;
	default:
		return (EINVAL);
	}
	return (0);
}

/* Who gets the original of what comes in here: a tap if nobody else is there. */
static struct tee_end *
heir(const struct tee_end *in)
{
	return (in->to->hook == NULL && in->tap != NULL && in->tap->hook != NULL ? in->tap : in->to);
}

static int
ng_tee_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct tee *tee = NG_NODE_PRIVATE(node);
	struct ng_mesg *msg, *resp = NULL;
	struct tee_end *e = NULL;
	int error = 0;

	NGI_GET_MSG(item, msg);
	switch (msg->header.typecookie) {
	case NGM_TEE_COOKIE:
		error = tee_command(tee, msg, &resp);
		break;
	case NGM_FLOW_COOKIE:
		/* What one neighbour says about the link goes where its packets go. */
		if (lasthook != NULL)
			e = NG_HOOK_PRIVATE(lasthook);
		if (e != NULL && e->tap != NULL && (e = heir(e))->hook != NULL) {
			NGI_MSG(item) = msg;
			NG_FWD_ITEM_HOOK(error, item, e->hook);
			return (error);
		}
		break;
	default:
		error = EINVAL;
		break;
	}
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

static void
end_count_out(struct tee_end *e, int len)
{
	counter_u64_add(e->count[OUT_OCTETS], len);
	counter_u64_add(e->count[OUT_FRAMES], 1);
}

static int
ng_tee_rcvdata(hook_p hook, item_p item)
{
	struct tee_end *in = NG_HOOK_PRIVATE(hook), *out = heir(in), *tap = in->tap;
	struct mbuf *m = NGI_M(item), *copy;
	const int len = m->m_pkthdr.len;
	int error;

	counter_u64_add(in->count[IN_OCTETS], len);
	counter_u64_add(in->count[IN_FRAMES], 1);
	if (tap != NULL && tap != out && tap->hook != NULL && (copy = m_dup(m, M_NOWAIT)) != NULL) {
		NG_SEND_DATA_ONLY(error, tap->hook, copy);
		if (error == 0)
			end_count_out(tap, len);
	}
	if (out->hook == NULL) {
		NG_FREE_ITEM(item);
		return (0);
	}
	end_count_out(out, len);
	NG_FWD_ITEM_HOOK(error, item, out->hook);
	return (error);
}

#ifdef NGU_BURST_MAX
static void
end_count_out_n(struct tee_end *e, unsigned n, size_t bytes)
{
	counter_u64_add(e->count[OUT_OCTETS], (int64_t)bytes);
	counter_u64_add(e->count[OUT_FRAMES], n);
}

/* The same for a burst: all copies, then all packets. Copies count as sent if all of them could be. */
static int
ng_tee_rcvburst(hook_p hook, struct mbuf **vec, unsigned n, size_t bytes)
{
	struct tee_end *in = NG_HOOK_PRIVATE(hook), *out = heir(in), *tap = in->tap;
	struct mbuf *copy[NGU_BURST_MAX];
	unsigned got = 0;
	size_t len = 0;

	counter_u64_add(in->count[IN_OCTETS], (int64_t)bytes);
	counter_u64_add(in->count[IN_FRAMES], n);
	if (tap != NULL && tap != out && tap->hook != NULL) {
		for (unsigned i = 0; i < n; i++)
			if ((copy[got] = m_dup(vec[i], M_NOWAIT)) != NULL)
				len += (size_t)copy[got++]->m_pkthdr.len;
		if (got != 0 && ngu_send_burst(tap->hook, copy, got, len) == 0)
			end_count_out_n(tap, got, len);
	}
	if (out->hook == NULL) {
		for (unsigned i = 0; i < n; i++)
			m_freem(vec[i]);
		return (0);
	}
	end_count_out_n(out, n, bytes);
	return (ngu_send_burst(out->hook, vec, n, bytes));
}
NGU_BURST_INIT(tee, &ng_tee_type, ng_tee_rcvburst);
#endif

/* The node goes, the link stays. */
static int
ng_tee_close(node_p node)
{
	struct tee *tee = NG_NODE_PRIVATE(node);

	if (tee->end[LEFT].hook != NULL && tee->end[RIGHT].hook != NULL)
		(void)ng_bypass(tee->end[LEFT].hook, tee->end[RIGHT].hook);
	return (0);
}

static int
ng_tee_shutdown(node_p node)
{
	struct tee *tee = NG_NODE_PRIVATE(node);

	NG_NODE_SET_PRIVATE(node, NULL);
	tee_free(tee);
	NG_NODE_UNREF(node);
	return (0);
}

static int
ng_tee_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct tee_end *e = NG_HOOK_PRIVATE(hook);

	e->hook = NULL;
	NG_HOOK_SET_PRIVATE(hook, NULL);
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}
