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

/* By class; what is above the low byte is no code's. */
static bool
known(u_short code)
{
	switch (BPF_CLASS(code)) {
	case BPF_LD:
		if (BPF_MODE(code) == BPF_ABS || BPF_MODE(code) == BPF_IND)
			return (code <= 0xff && BPF_SIZE(code) <= BPF_B);
		return (code == (BPF_LD | BPF_IMM) || code == (BPF_LD | BPF_MEM) || code == (BPF_LD | BPF_LEN));
	case BPF_LDX:
		return (code == (BPF_LDX | BPF_IMM) || code == (BPF_LDX | BPF_MEM) || code == (BPF_LDX | BPF_LEN) ||
		    code == (BPF_LDX | BPF_MSH | BPF_B));
	case BPF_ST:
	case BPF_STX:
		return (code == BPF_CLASS(code));
	case BPF_ALU:
		return (code == (BPF_ALU | BPF_NEG) || (code <= 0xff && BPF_OP(code) <= BPF_XOR && BPF_OP(code) != BPF_NEG));
	case BPF_JMP:
		return (code == (BPF_JMP | BPF_JA) || (code <= 0xff && BPF_OP(code) >= BPF_JEQ && BPF_OP(code) <= BPF_JSET));
	case BPF_RET:
		return (code == (BPF_RET | BPF_K) || code == (BPF_RET | BPF_A));
	default:
		return (code == (BPF_MISC | BPF_TAX) || code == (BPF_MISC | BPF_TXA));
	}
}

int
ngu_k_bpf_known(const struct bpf_insn *prog, int len)
{
	if (len < 1 || len > ngu_k_bpf_maxinsns)
		return (0);
	for (int i = 0; i < len; i++)
		if (!known(prog[i].code))
			return (0);
	return (1);
}

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
