/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bpf.c - what filters of packets need beside libpcap's interpreter, which reads one piece of memory and knows no mbufs.
 */
#include <net/bpf.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <sys/sysctl.h>

int ngu_k_bpf_maxinsns = BPF_MAXINSNS;

SYSCTL_NODE(_net, OID_AUTO, bpf, CTLFLAG_RW | CTLFLAG_MPSAFE, 0, "packet filters");
SYSCTL_INT(_net_bpf, OID_AUTO, maxinsns, CTLFLAG_RWTUN, &ngu_k_bpf_maxinsns, 0, "most instructions of a filter");

const u_char *
ngu_k_bpf_linear(const void *chain, u_int *wirelen)
{
	const struct mbuf *m = chain;
	u_int n = ngu_k_m_length(__DECONST(struct mbuf *, m), NULL);
	u_char *p;

	if (n > *wirelen)
		n = *wirelen;
	*wirelen = n;
	if ((u_int)m->m_len >= n)
		return ((const u_char *)m->m_data);
	if ((p = ngu_k_malloc(n, M_TEMP, M_NOWAIT)) != NULL)
		ngu_k_m_copydata(__DECONST(struct mbuf *, m), 0, (int)n, (char *)p);
	return (p);
}

void
ngu_k_bpf_linear_done(const void *chain, const u_char *p)
{
	if (p != (const u_char *)((const struct mbuf *)chain)->m_data)
		ngu_k_free(__DECONST(u_char *, p), M_TEMP);
}
