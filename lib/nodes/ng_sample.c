/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_sample.c - a node type to copy. It does little (see ng_sample.h) and shows everything an ordinary type needs: two kinds of
 * hooks, data of its own per node and per hook, counters, commands with and without reply, and a choice whether it stays when
 * nobody is connected any more. docs/node-author.md walks through this file from top to bottom.
 *
 * It compiles in FreeBSD's kernel and in libng. To make a type of your own: copy this file and ng_sample.h, replace "sample",
 * take another cookie, add one line to meson.build, one to register.c (or load it with dlopen), and write a test.
 *
 * Who may run beside whom. Everything below follows from this:
 *
 *   rcvdata and NGM_READONLY messages  are readers: any number of them at a time, in any number of threads. A reader may look at
 *                                      what the node keeps, but must not change it (counters excepted: counter(9)).
 *   all other methods, timers and      are writers: alone in the node. A writer may change anything, without a lock, and no
 *   functions sent with ng_send_fn     reader sees it half done.
 *
 * Between two nodes there is no such order: another node's data are none of our business. We talk to it by sending.
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
#include <netgraph/ng_sample.h>

/* Memory is accounted by type: with one of its own, a leak has a name. */
#ifdef NG_SEPARATE_MALLOC
static MALLOC_DEFINE(M_NETGRAPH_SAMPLE, "netgraph_sample", "netgraph sample node");
#else
#define M_NETGRAPH_SAMPLE M_NETGRAPH
#endif

enum { IN, IN_OCTETS, OUT, OUT_OCTETS, DROPS, COUNTERS };

/* What we keep for each hook: NG_HOOK_PRIVATE(hook). Made in newhook, freed in disconnect. */
struct sample_hook {
	hook_p hook;
	int tap; /* its place among the taps; -1: left or right */
	counter_u64_t count[COUNTERS];
};

/* What we keep for each node: NG_NODE_PRIVATE(node). Made in the constructor, freed in shutdown. */
struct sample {
	struct ng_sample_config conf;
	struct sample_hook *left; /* NULL: not connected */
	struct sample_hook *right;
	struct sample_hook *tap[NG_SAMPLE_TAPS];
};

/* The types of the methods come from netgraph.h, so a wrong argument does not compile. */
static ng_constructor_t ng_sample_constructor;
static ng_rcvmsg_t ng_sample_rcvmsg;
static ng_shutdown_t ng_sample_shutdown;
static ng_newhook_t ng_sample_newhook;
static ng_connect_t ng_sample_connect;
static ng_rcvdata_t ng_sample_rcvdata;
static ng_rcvdata_t ng_sample_rcvtap;
static ng_disconnect_t ng_sample_disconnect;

/*
 * Messages for people. A type says how the bytes of a structure look as text: { maxlen=1500 persistent=1 }; the tables are in
 * ng_sample.h, beside the structures they describe. See ng_parse(3).
 */
static const struct ng_parse_struct_field ng_sample_config_fields[] = NG_SAMPLE_CONFIG_INFO;
static const struct ng_parse_type ng_sample_config_type = {
	.supertype = &ng_parse_struct_type,
	.info = &ng_sample_config_fields,
};
static const struct ng_parse_struct_field ng_sample_hookstat_fields[] = NG_SAMPLE_HOOKSTAT_INFO;
static const struct ng_parse_type ng_sample_hookstat_type = {
	.supertype = &ng_parse_struct_type,
	.info = &ng_sample_hookstat_fields,
};

/* The commands' names, with the types of argument and reply; NULL: none. As text: getstats "left". */
static const struct ng_cmdlist ng_sample_cmdlist[] = {
	{ NGM_SAMPLE_COOKIE, NGM_SAMPLE_SET_CONFIG, "setconfig", &ng_sample_config_type, NULL },
	{ NGM_SAMPLE_COOKIE, NGM_SAMPLE_GET_CONFIG, "getconfig", NULL, &ng_sample_config_type },
	{ NGM_SAMPLE_COOKIE, NGM_SAMPLE_GET_STATS, "getstats", &ng_parse_hookbuf_type, &ng_sample_hookstat_type },
	{ NGM_SAMPLE_COOKIE, NGM_SAMPLE_CLR_STATS, "clrstats", NULL, NULL },
	{ 0, 0, NULL, NULL, NULL }
};

/*
 * The type. Any method may be left out: newhook accepts any name then, rcvdata drops, rcvmsg knows the generic commands
 * only. Without a constructor the type cannot be made by a message.
 */
static struct ng_type ng_sample_type = {
	.version = NG_ABI_VERSION,
	.name = NG_SAMPLE_NODE_TYPE,
	.constructor = ng_sample_constructor,
	.rcvmsg = ng_sample_rcvmsg,
	.shutdown = ng_sample_shutdown,
	.newhook = ng_sample_newhook,
	.connect = ng_sample_connect,
	.rcvdata = ng_sample_rcvdata,
	.disconnect = ng_sample_disconnect,
	.cmdlist = ng_sample_cmdlist,
};
NETGRAPH_INIT(sample, &ng_sample_type);

/*
 * constructor: a node is being made; nobody else knows it yet, and it has no hooks. May wait for memory. An error undoes the
 * node without calling shutdown: free what was made here yourself.
 */
static int
ng_sample_constructor(node_p node)
{
	struct sample *sc = malloc(sizeof(*sc), M_NETGRAPH_SAMPLE, M_WAITOK | M_ZERO);

	NG_NODE_SET_PRIVATE(node, sc);
	/* A type whose data methods must be alone, too, would say NG_NODE_FORCE_WRITER(node) here, and pay for it. */
	return (0);
}

/* "tap7" is 7; -1 for all that is no tap. Only what a number would be printed as: not "tap07". */
static int
tap_number(const char *name)
{
	const size_t len = sizeof(NG_SAMPLE_HOOK_TAP) - 1;
	int n = 0;

	if (strncmp(name, NG_SAMPLE_HOOK_TAP, len) != 0)
		return (-1);
	name += len;
	if (name[0] == '\0' || (name[0] == '0' && name[1] != '\0'))
		return (-1);
	for (; *name != '\0'; name++) {
		if (*name < '0' || *name > '9')
			return (-1);
		n = n * 10 + (*name - '0');
		if (n >= NG_SAMPLE_TAPS)
			return (-1);
	}
	return (n);
}

static void
sample_hook_free(struct sample_hook *sh)
{
	COUNTER_ARRAY_FREE(sh->count, COUNTERS); /* NULL is fine */
	free(sh, M_NETGRAPH_SAMPLE);
}

/*
 * newhook: somebody wants to connect a hook called `name`. EINVAL for names we do not know; the core has seen to it that no
 * connected hook has the name. The hook is not on the node yet: use `node`, not NG_HOOK_NODE(hook). Runs where waiting is not
 * allowed, so M_NOWAIT. After an error disconnect is not called; after success it will be, once.
 */
static int
ng_sample_newhook(node_p node, hook_p hook, const char *name)
{
	struct sample *sc = NG_NODE_PRIVATE(node);
	struct sample_hook **place, *sh;
	int tap = -1;

	if (strcmp(name, NG_SAMPLE_HOOK_LEFT) == 0)
		place = &sc->left;
	else if (strcmp(name, NG_SAMPLE_HOOK_RIGHT) == 0)
		place = &sc->right;
	else if ((tap = tap_number(name)) >= 0)
		place = &sc->tap[tap];
	else
		return (EINVAL);
	if (*place != NULL) /* taken by a hook that is half connected: the core does not count those */
		return (EEXIST);
	if ((sh = malloc(sizeof(*sh), M_NETGRAPH_SAMPLE, M_NOWAIT | M_ZERO)) == NULL)
		return (ENOMEM);
	sh->hook = hook;
	sh->tap = tap;
	COUNTER_ARRAY_ALLOC(sh->count, COUNTERS, M_NOWAIT);
	for (int i = 0; i < COUNTERS; i++) {
		if (sh->count[i] == NULL) {
			sample_hook_free(sh);
			return (ENOMEM);
		}
	}
	NG_HOOK_SET_PRIVATE(hook, sh);
	if (tap >= 0)
		NG_HOOK_SET_RCVDATA(hook, ng_sample_rcvtap); /* this hook's packets go there instead */
	*place = sh;
	return (0);
}

/*
 * connect: both ends exist and know each other: NG_HOOK_PEER(hook), NG_PEER_NODE(hook). The last chance to refuse; disconnect
 * follows then. Sending through the hook does not work yet (ENETDOWN). Here: a tap may not listen to its own node.
 */
static int
ng_sample_connect(hook_p hook)
{
	struct sample_hook *sh = NG_HOOK_PRIVATE(hook);

	return (sh->tap >= 0 && NG_PEER_NODE(hook) == NG_HOOK_NODE(hook) ? ELOOP : 0);
}

/*
 * rcvmsg: a command of ours, or an answer to one that we sent. With NGM_READONLY it runs as a reader, else as a writer. The item is
 * ours and has to be consumed on every way out; NG_RESPOND_MSG does so, with or without a response. May wait for memory.
 */
static int
ng_sample_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct sample *sc = NG_NODE_PRIVATE(node);
	struct ng_mesg *msg, *resp = NULL;
	struct ng_sample_hookstat *hs;
	struct ng_sample_config *conf;
	struct sample_hook *sh;
	hook_p hook;
	int error = 0;

	NGI_GET_MSG(item, msg); /* the message is now ours, apart from the item */
	if (msg->header.typecookie != NGM_SAMPLE_COOKIE) {
		error = EINVAL;
		goto done;
	}
	switch (msg->header.cmd) {
	case NGM_SAMPLE_SET_CONFIG:
		/* Arguments come from outside: look at their size before you look at them. */
		if (msg->header.arglen != sizeof(*conf)) {
			error = EINVAL;
			break;
		}
		/* We are alone in the node: readers see the old configuration or the new one. */
		sc->conf = *(struct ng_sample_config *)(void *)msg->data;
		break;
	case NGM_SAMPLE_GET_CONFIG:
		NG_MKRESPONSE(resp, msg, sizeof(*conf), M_NOWAIT);
		if (resp == NULL) {
			error = ENOMEM;
			break;
		}
		*(struct ng_sample_config *)(void *)resp->data = sc->conf;
		break;
	case NGM_SAMPLE_GET_STATS:
		if (msg->header.arglen != NG_HOOKSIZ) {
			error = EINVAL;
			break;
		}
		msg->data[NG_HOOKSIZ - 1] = '\0'; /* text from outside may lack its end */
		if ((hook = ng_findhook(node, msg->data)) == NULL) {
			error = ENOENT;
			break;
		}
		NG_MKRESPONSE(resp, msg, sizeof(*hs), M_NOWAIT);
		if (resp == NULL) {
			error = ENOMEM;
			break;
		}
		sh = NG_HOOK_PRIVATE(hook);
		hs = (struct ng_sample_hookstat *)(void *)resp->data;
		hs->in = counter_u64_fetch(sh->count[IN]);
		hs->inOctets = counter_u64_fetch(sh->count[IN_OCTETS]);
		hs->out = counter_u64_fetch(sh->count[OUT]);
		hs->outOctets = counter_u64_fetch(sh->count[OUT_OCTETS]);
		hs->drops = counter_u64_fetch(sh->count[DROPS]);
		break;
	case NGM_SAMPLE_CLR_STATS:
		/* The node's hooks, newest first. Plain list code is fine here, and in readers. */
		LIST_FOREACH(hook, &node->nd_hooks, hk_hooks) {
			sh = NG_HOOK_PRIVATE(hook);
			COUNTER_ARRAY_ZERO(sh->count, COUNTERS);
		}
		break;
	default:
		error = EINVAL;
		break;
	}
done:
	NG_RESPOND_MSG(error, node, item, resp); /* consumes item and resp */
	NG_FREE_MSG(msg);
	return (error);
}

static void
count_out(struct sample_hook *sh, int len)
{
	counter_u64_add(sh->count[OUT], 1);
	counter_u64_add(sh->count[OUT_OCTETS], len);
}

static int
drop(struct sample_hook *sh, item_p item, int error)
{
	counter_u64_add(sh->count[DROPS], 1);
	NG_FREE_ITEM(item); /* and the packet in it */
	return (error);
}

/*
 * rcvdata: a packet came by `hook`. A reader: the same code runs in other threads, for this hook too. The item is ours, to be
 * consumed on every way out; the packet in it may be shared, so write to it only after m_unshare() or m_pullup(). Never waits:
 * M_NOWAIT, no locks that are held for long. The error goes back to the sender unless the packet waited in a queue meanwhile.
 */
static int
ng_sample_rcvdata(hook_p hook, item_p item)
{
	struct sample *sc = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	struct sample_hook *in = NG_HOOK_PRIVATE(hook), *out = in == sc->left ? sc->right : sc->left;
	struct mbuf *m = NGI_M(item), *copy;
	const int len = m->m_pkthdr.len;
	int error;

	counter_u64_add(in->count[IN], 1);
	counter_u64_add(in->count[IN_OCTETS], len);
	if (sc->conf.maxlen != 0 && (uint32_t)len > sc->conf.maxlen)
		return (drop(in, item, EMSGSIZE));
	if (out == NULL)
		return (drop(in, item, ENETDOWN));
	for (int i = 0; i < NG_SAMPLE_TAPS; i++) {
		if (sc->tap[i] == NULL)
			continue;
		/* A copy that shares nothing: the receiver may do with it what he likes. A lost one does not stop the rest. */
		if ((copy = m_dup(m, M_NOWAIT)) == NULL)
			continue;
		count_out(sc->tap[i], len);
		NG_SEND_DATA_ONLY(error, sc->tap[i]->hook, copy); /* consumes copy, whatever error says */
	}
	/* Count first: after it is sent, neither item nor packet is ours to look at. */
	count_out(out, len);
	NG_FWD_ITEM_HOOK(error, item, out->hook);
	return (error);
}

/* The taps' own: see NG_HOOK_SET_RCVDATA above. */
static int
ng_sample_rcvtap(hook_p hook, item_p item)
{
	return (drop(NG_HOOK_PRIVATE(hook), item, EINVAL));
}

/*
 * disconnect: the hook is going; its peer has gone, but its node and its private data are still what they were, and it has
 * left the node's list. No reader is in the node, and none will come by this hook: its data may be freed.
 */
static int
ng_sample_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct sample *sc = NG_NODE_PRIVATE(node);
	struct sample_hook *sh = NG_HOOK_PRIVATE(hook);

	if (sc->left == sh)
		sc->left = NULL;
	else if (sc->right == sh)
		sc->right = NULL;
	else
		sc->tap[sh->tap] = NULL;
	NG_HOOK_SET_PRIVATE(hook, NULL);
	sample_hook_free(sh);
	/* By custom a node goes with its last hook. During a shutdown it is not valid any more: then it goes anyway. */
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node) && !sc->conf.persistent)
		ng_rmnode_self(node);
	return (0);
}

/*
 * shutdown: the last call. The hooks are gone, what waited was thrown away, timers find the node invalid and do nothing (stop
 * them nonetheless: ng_uncallout). Either give the type's reference back and never touch the node again, or, as types that
 * stand for hardware do, say NG_NODE_REVIVE(node) unless NGF_REALLY_DIE is set, and live on without hooks.
 */
static int
ng_sample_shutdown(node_p node)
{
	struct sample *sc = NG_NODE_PRIVATE(node);

	NG_NODE_SET_PRIVATE(node, NULL);
	free(sc, M_NETGRAPH_SAMPLE);
	NG_NODE_UNREF(node);
	return (0);
}
