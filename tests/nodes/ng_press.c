/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_press.c - a test node in kernel style: packets from "plain" leave by "coded" compressed and enciphered, and the other way they are
 * brought back. One that is not IPv4 goes through as it is. A coded packet begins with struct coding.
 *
 * Uses bpf(9), slcompress, zlib, MPPC, RC4, SHA-1, checksums over chains, much of mbuf(9), VLAN tags beside packets, qsort_r(9).
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/endian.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/libkern.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>

#include <contrib/zlib/zlib.h>
#include <crypto/rc4/rc4.h>
#include <crypto/sha1.h>
#include <machine/in_cksum.h>
#include <net/bpf.h>
#include <net/if_vlan_var.h>
#include <net/mppc.h>
#include <net/slcompress.h>
#include <netinet/in.h>
#include <netinet/ip.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>
#include <netgraph/ng_parse.h>

#include "ng_shim.h"

static MALLOC_DEFINE(M_NETGRAPH_PRESS, "netgraph_press", "netgraph press node");

#define LIMIT 4096 /* bytes of packets that are coded */

struct coding {
	uint8_t how; /* PLAIN, or what of it */
#define PLAIN 0
#define DEFLATED 1
#define MPPC 2
	uint8_t vj;   /* TYPE_* of slcompress; 0: no VJ */
	uint16_t sum; /* so that the checksum of the whole is 0 */
	uint16_t len; /* before compression, network order */
	uint16_t tag; /* VLAN tag, network order; 0: none */
} __packed;

struct press {
	hook_p plain, coded;
	struct slcompress *vj;
	char *mppc[2]; /* histories */
	u_char key[SHA1_RESULTLEN];
	struct ng_press_stats st;
	u_char work[LIMIT], packed[MPPC_MAX_BLOWUP(LIMIT) + 64];
};

/* IPv4, and not a fragment. */
static struct bpf_insn wanted[] = {
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x40, 0, 3),
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x3fff, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, (u_int)-1),
	BPF_STMT(BPF_RET | BPF_K, 0),
};

static void
make_key(struct press *sc, const char *text, size_t n)
{
	SHA1_CTX sha;

	SHA1Init(&sha);
	SHA1Update(&sha, text, n);
	SHA1Final(sc->key, &sha);
}

/* Every packet stands for itself: the cipher begins anew. */
static void
cipher(struct press *sc, u_char *p, int n)
{
	struct rc4_state rc4;

	rc4_init(&rc4, sc->key, SHA1_RESULTLEN);
	rc4_crypt(&rc4, p, p, n);
}

static voidpf
z_get(voidpf type, uInt n, uInt size)
{
	return (mallocarray(n, size, type, M_NOWAIT));
}

static void
z_put(voidpf type, voidpf p)
{
	free(p, type);
}

/* Result length, or 0: it cannot be done. */
static size_t
squeeze(const u_char *in, size_t n, u_char *out, size_t room)
{
	z_stream z = { .zalloc = z_get, .zfree = z_put, .opaque = M_NETGRAPH_PRESS };
	size_t got = 0;

	if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, -12, 5, Z_DEFAULT_STRATEGY) != Z_OK)
		return (0);
	z.next_in = __DECONST(u_char *, in);
	z.avail_in = (uInt)n;
	z.next_out = out;
	z.avail_out = (uInt)room;
	if (deflate(&z, Z_FINISH) == Z_STREAM_END)
		got = room - z.avail_out;
	(void)deflateEnd(&z);
	return (got);
}

static size_t
unsqueeze(const u_char *in, size_t n, u_char *out, size_t room)
{
	z_stream z = { .zalloc = z_get, .zfree = z_put, .opaque = M_NETGRAPH_PRESS };
	size_t got = 0;

	if (inflateInit2(&z, -12) != Z_OK)
		return (0);
	z.next_in = __DECONST(u_char *, in);
	z.avail_in = (uInt)n;
	z.next_out = out;
	z.avail_out = (uInt)room;
	if (inflate(&z, Z_FINISH) == Z_STREAM_END)
		got = room - z.avail_out;
	(void)inflateEnd(&z);
	return (got);
}

static int
press_constructor(node_p node)
{
	struct press *sc = malloc(sizeof(*sc), M_NETGRAPH_PRESS, M_NOWAIT | M_ZERO);

	if (sc == NULL)
		return (ENOMEM);
	sc->vj = malloc(sizeof(*sc->vj), M_NETGRAPH_PRESS, M_NOWAIT);
	sc->mppc[0] = malloc(MPPC_SizeOfCompressionHistory(), M_NETGRAPH_PRESS, M_NOWAIT);
	sc->mppc[1] = malloc(MPPC_SizeOfDecompressionHistory(), M_NETGRAPH_PRESS, M_NOWAIT);
	if (sc->vj == NULL || sc->mppc[0] == NULL || sc->mppc[1] == NULL || !bpf_validate(wanted, nitems(wanted))) {
		free(sc->vj, M_NETGRAPH_PRESS);
		free(sc->mppc[0], M_NETGRAPH_PRESS);
		free(sc->mppc[1], M_NETGRAPH_PRESS);
		free(sc, M_NETGRAPH_PRESS);
		return (ENOMEM);
	}
	sl_compress_init(sc->vj, -1);
	make_key(sc, "press", 5);
	NG_NODE_SET_PRIVATE(node, sc);
	NG_NODE_FORCE_WRITER(node); /* histories and buffers are for one packet at a time */
	return (0);
}

static int
press_newhook(node_p node, hook_p hook, const char *name)
{
	struct press *sc = NG_NODE_PRIVATE(node);

	if (strcmp(name, "plain") == 0)
		sc->plain = hook;
	else if (strcmp(name, "coded") == 0)
		sc->coded = hook;
	else
		return (EINVAL);
	return (0);
}

static const struct ng_parse_struct_field stats_fields[] = { { "coded", &ng_parse_uint32_type, 0 }, { "copied", &ng_parse_uint32_type, 0 },
	{ "decoded", &ng_parse_uint32_type, 0 }, { "errors", &ng_parse_uint32_type, 0 }, { NULL, NULL, 0 } };
static const struct ng_parse_type stats_type = { .supertype = &ng_parse_struct_type, .info = &stats_fields };
static const struct ng_cmdlist press_cmds[] = {
	{ NGM_PRESS_COOKIE, NGM_PRESS_KEY, "key", &ng_parse_string_type, NULL },
	{ NGM_PRESS_COOKIE, NGM_PRESS_GET, "get", NULL, &stats_type },
	{ 0, 0, NULL, NULL, NULL }
};

static int
press_rcvmsg(node_p node, item_p item, hook_p lasthook)
{
	struct press *sc = NG_NODE_PRIVATE(node);
	struct ng_mesg *msg, *resp = NULL;
	int error = 0;

	(void)lasthook;
	NGI_GET_MSG(item, msg);
	if (msg->header.typecookie == NGM_PRESS_COOKIE && msg->header.cmd == NGM_PRESS_KEY && msg->header.arglen > 1 &&
	    msg->data[msg->header.arglen - 1] == '\0') {
		make_key(sc, msg->data, msg->header.arglen - 1);
	} else if (msg->header.typecookie == NGM_PRESS_COOKIE && msg->header.cmd == NGM_PRESS_GET) {
		NG_MKRESPONSE(resp, msg, sizeof(sc->st), M_NOWAIT);
		if (resp == NULL)
			error = ENOMEM;
		else
			*(struct ng_press_stats *)(void *)resp->data = sc->st;
	} else
		error = EINVAL;
	NG_RESPOND_MSG(error, node, item, resp);
	NG_FREE_MSG(msg);
	return (error);
}

/* m is consumed; NULL: no memory. */
static struct mbuf *
encode(struct press *sc, struct mbuf *m)
{
	struct coding c = { .how = PLAIN };
	struct mbuf *n;
	u_char *src, *dst;
	u_long srccnt, dstcnt;
	size_t len, got;
	u_int type = TYPE_IP;

	if ((m = m_unshare(m, M_NOWAIT)) == NULL)
		return (NULL);
	if (m->m_flags & M_VLANTAG)
		c.tag = htons(m->m_pkthdr.ether_vtag);
	if (m->m_pkthdr.len <= LIMIT && bpf_filter(wanted, (u_char *)m, (u_int)m->m_pkthdr.len, 0) != 0) {
		if (m->m_pkthdr.len >= 40 && (m = m_pullup(m, MIN(m->m_pkthdr.len, MAX_HDR))) == NULL)
			return (NULL);
		if (m->m_pkthdr.len >= 40 && mtod(m, struct ip *)->ip_p == IPPROTO_TCP && m->m_pkthdr.len == ntohs(mtod(m, struct ip *)->ip_len)) {
			type = sl_compress_tcp(m, mtod(m, struct ip *), sc->vj, 0);
			(void)m_fixhdr(m);
		}
		len = (size_t)m->m_pkthdr.len;
		m_copydata(m, 0, (int)len, (caddr_t)sc->work);
		got = 0; /* even lengths by zlib, odd ones by MPPC */
		if (len % 2 == 0 && (got = squeeze(sc->work, len, sc->packed, sizeof(sc->packed))) != 0 && got < len) {
			c.how = DEFLATED;
		} else {
			src = sc->work;
			dst = sc->packed;
			srccnt = len;
			dstcnt = sizeof(sc->packed);
			MPPC_InitCompressionHistory(sc->mppc[0]);
			if ((MPPC_Compress(&src, &dst, &srccnt, &dstcnt, sc->mppc[0], 0, 0) & MPPC_EXPANDED) == 0 && srccnt == 0) {
				c.how = MPPC;
				got = sizeof(sc->packed) - dstcnt;
			} else {
				got = len;
				bcopy(sc->work, sc->packed, len);
			}
		}
		c.vj = (uint8_t)type;
		c.len = htons((uint16_t)len);
		cipher(sc, sc->packed, (int)got);
		/* a new chain of its own, with the tags and flags of the old one */
		if ((n = m_getm2(NULL, (int)got, M_NOWAIT, MT_DATA, M_PKTHDR)) == NULL || !m_dup_pkthdr(n, m, M_NOWAIT)) {
			m_freem(n);
			m_freem(m);
			return (NULL);
		}
		m_freem(m);
		m = n;
		m->m_pkthdr.len = 0;
		m_copyback(m, 0, (int)got, (c_caddr_t)sc->packed);
		if (m->m_pkthdr.len != (int)got) {
			m_freem(m);
			return (NULL);
		}
		sc->st.coded++;
	} else
		sc->st.copied++;
	m->m_flags &= ~(uint32_t)M_VLANTAG & 0xffffffu;
	M_PREPEND(m, (int)sizeof(c), M_NOWAIT);
	if (m == NULL)
		return (NULL);
	bcopy(&c, m->m_data, sizeof(c));
	/* an odd end counts as if a zero followed: so does the receiver's sum */
	c.sum = in_cksum(m, m->m_pkthdr.len);
	bcopy(&c, m->m_data, sizeof(c));
	return (m);
}

/* m is consumed; NULL: no memory, or not one of ours. */
static struct mbuf *
decode(struct press *sc, struct mbuf *m)
{
	u_char *src, *dst, *hdr;
	u_long srccnt, dstcnt;
	struct mbuf *whole;
	struct coding c;
	u_int hlen;
	int n, room, skip, how;

	if (m->m_pkthdr.len < (int)sizeof(c) || m->m_pkthdr.len > (int)sizeof(sc->packed) || in_cksum(m, m->m_pkthdr.len) != 0 ||
	    (m = m_unshare(m, M_NOWAIT)) == NULL) {
		m_freem(m);
		return (NULL);
	}
	m_copydata(m, 0, sizeof(c), (caddr_t)&c);
	m_adj(m, sizeof(c));
	n = m->m_pkthdr.len;
	if (c.vj != 0) {
		room = ntohs(c.len);
		m_copydata(m, 0, n, (caddr_t)sc->packed);
		cipher(sc, sc->packed, n);
		switch (c.how) {
		case DEFLATED:
			n = (int)unsqueeze(sc->packed, (size_t)n, sc->work, sizeof(sc->work));
			break;
		case MPPC:
			src = sc->packed;
			dst = sc->work;
			srccnt = (u_long)n;
			dstcnt = sizeof(sc->work);
			MPPC_InitDecompressionHistory(sc->mppc[1]);
			how = MPPC_Decompress(&src, &dst, &srccnt, &dstcnt, sc->mppc[1], MPPC_RESTART_HISTORY);
			n = how == MPPC_INVALID || (how & MPPC_DEST_EXHAUSTED) != 0 ? 0 : (int)(sizeof(sc->work) - dstcnt);
			break;
		default:
			n = MIN(n, LIMIT);
			bcopy(sc->packed, sc->work, (size_t)n);
		}
		if (n != room || n == 0) {
			m_freem(m);
			return (NULL);
		}
		skip = 0;
		hlen = 0;
		hdr = NULL;
		if (c.vj != TYPE_IP && (skip = sl_uncompress_tcp_core(sc->work, n, n, c.vj, sc->vj, &hdr, &hlen)) < 0) {
			m_freem(m);
			return (NULL);
		}
		if (c.vj == TYPE_UNCOMPRESSED_TCP)
			hlen = 0; /* the packet itself was put right */
		m_adj(m, -m->m_pkthdr.len);
		m_copyback(m, 0, n - skip, (c_caddr_t)sc->work + skip);
		if (m->m_pkthdr.len != n - skip) {
			m_freem(m);
			return (NULL);
		}
		if (hlen != 0) {
			M_PREPEND(m, (int)hlen, M_NOWAIT);
			if (m == NULL)
				return (NULL);
			m_copyback(m, 0, (int)hlen, (c_caddr_t)hdr);
		}
	}
	if (c.tag != 0) {
		EVL_APPLY_VLID(m, EVL_VLANOFTAG(ntohs(c.tag)));
		m->m_pkthdr.ether_vtag = ntohs(c.tag);
	}
	sc->st.decoded++;
	return ((whole = m_defrag(m, M_NOWAIT)) != NULL ? whole : m); /* in one piece if there is memory */
}

static int
press_rcvdata(hook_p hook, item_p item)
{
	struct press *sc = NG_NODE_PRIVATE(NG_HOOK_NODE(hook));
	hook_p out = hook == sc->plain ? sc->coded : sc->plain;
	struct mbuf *m;
	int error = 0;

	NGI_GET_M(item, m);
	if ((m = hook == sc->plain ? encode(sc, m) : decode(sc, m)) == NULL) {
		sc->st.errors++;
		NG_FREE_ITEM(item);
		return (EINVAL);
	}
	NG_FWD_NEW_DATA(error, item, out, m);
	return (error);
}

static int
press_shutdown(node_p node)
{
	struct press *sc = NG_NODE_PRIVATE(node);

	free(sc->vj, M_NETGRAPH_PRESS);
	free(sc->mppc[0], M_NETGRAPH_PRESS);
	free(sc->mppc[1], M_NETGRAPH_PRESS);
	zfree(sc, M_NETGRAPH_PRESS); /* with the key */
	NG_NODE_UNREF(node);
	return (0);
}

static int
press_disconnect(hook_p hook)
{
	node_p node = NG_HOOK_NODE(hook);
	struct press *sc = NG_NODE_PRIVATE(node);

	if (hook == sc->plain)
		sc->plain = NULL;
	else
		sc->coded = NULL;
	if (NG_NODE_NUMHOOKS(node) == 0 && NG_NODE_IS_VALID(node))
		ng_rmnode_self(node);
	return (0);
}

static struct ng_type press_type = {
	.version = NG_ABI_VERSION,
	.name = "press",
	.constructor = press_constructor,
	.rcvmsg = press_rcvmsg,
	.shutdown = press_shutdown,
	.newhook = press_newhook,
	.rcvdata = press_rcvdata,
	.disconnect = press_disconnect,
	.cmdlist = press_cmds,
};
NETGRAPH_INIT(press, &press_type);
