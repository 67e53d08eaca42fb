/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bpf.h - packet filters, run and checked by libpcap's interpreter (-lpcap, linked with the source that calls it), and the link
 * types of captures. The programs' format is bpf(4)'s everywhere.
 */
#ifndef NGU_KERN_NET_BPF_H
#define NGU_KERN_NET_BPF_H

#include <sys/types.h>
#include <ng/base.h>
/* The system's own, and libpcap's: out. */
#define _NET_BPF_H_ 1
#define lib_pcap_bpf_h 1

typedef int32_t bpf_int32;
typedef u_int32_t bpf_u_int32;

struct bpf_insn {
	u_short code;
	u_char jt;
	u_char jf;
	bpf_u_int32 k;
};

struct bpf_program {
	u_int bf_len; /* instructions */
	struct bpf_insn *bf_insns;
};

/* Parts of an instruction's code */
#define BPF_CLASS(code) ((code) & 0x07)
#define BPF_LD 0x00
#define BPF_LDX 0x01
#define BPF_ST 0x02
#define BPF_STX 0x03
#define BPF_ALU 0x04
#define BPF_JMP 0x05
#define BPF_RET 0x06
#define BPF_MISC 0x07
#define BPF_SIZE(code) ((code) & 0x18)
#define BPF_W 0x00
#define BPF_H 0x08
#define BPF_B 0x10
#define BPF_MODE(code) ((code) & 0xe0)
#define BPF_IMM 0x00
#define BPF_ABS 0x20
#define BPF_IND 0x40
#define BPF_MEM 0x60
#define BPF_LEN 0x80
#define BPF_MSH 0xa0
#define BPF_OP(code) ((code) & 0xf0)
#define BPF_ADD 0x00
#define BPF_SUB 0x10
#define BPF_MUL 0x20
#define BPF_DIV 0x30
#define BPF_OR 0x40
#define BPF_AND 0x50
#define BPF_LSH 0x60
#define BPF_RSH 0x70
#define BPF_NEG 0x80
#define BPF_MOD 0x90
#define BPF_XOR 0xa0
#define BPF_JA 0x00
#define BPF_JEQ 0x10
#define BPF_JGT 0x20
#define BPF_JGE 0x30
#define BPF_JSET 0x40
#define BPF_SRC(code) ((code) & 0x08)
#define BPF_K 0x00
#define BPF_X 0x08
#define BPF_RVAL(code) ((code) & 0x18)
#define BPF_A 0x10
#define BPF_MISCOP(code) ((code) & 0xf8)
#define BPF_TAX 0x00
#define BPF_TXA 0x80

#define BPF_STMT(code, k) { (u_short)(code), 0, 0, (k) }
#define BPF_JUMP(code, k, jt, jf) { (u_short)(code), (jt), (jf), (k) }
#define BPF_MEMWORDS 16
#define BPF_MAXINSNS 512
#define BPF_ALIGNMENT sizeof(long)
#define BPF_WORDALIGN(x) (((x) + (BPF_ALIGNMENT - 1)) & ~(BPF_ALIGNMENT - 1))

/* Link types */
#define DLT_NULL 0
#define DLT_EN10MB 1
#define DLT_EN3MB 2
#define DLT_AX25 3
#define DLT_PRONET 4
#define DLT_CHAOS 5
#define DLT_IEEE802 6
#define DLT_ARCNET 7
#define DLT_SLIP 8
#define DLT_PPP 9
#define DLT_FDDI 10
#define DLT_ATM_RFC1483 11
#define DLT_RAW 12
#define DLT_PPP_SERIAL 50
#define DLT_PPP_ETHER 51
#define DLT_C_HDLC 104
#define DLT_IEEE802_11 105
#define DLT_FRELAY 107
#define DLT_LOOP 108
#define DLT_LINUX_SLL 113
#define DLT_PPP_BSDOS 16
#define DLT_IPV4 228
#define DLT_IPV6 229

/* libpcap's. */
u_int bpf_filter(const struct bpf_insn *prog, const u_char *p, u_int wirelen, u_int buflen);
int bpf_validate(const struct bpf_insn *prog, int len);

/* 1: all instructions exist, and are no more than a program may have. Never blocks. */
NGU_API int ngu_k_bpf_known(const struct bpf_insn *prog, int len);

/*
 * 1: the program is fit to be run: its instructions exist, jumps stay inside, it ends, and it divides by no constant 0. libpcap's
 * own check lets codes pass on which its interpreter aborts.
 */
static inline int
ngu__bpf_validate(const struct bpf_insn *prog, int len)
{
	return (ngu_k_bpf_known(prog, len) && bpf_validate(prog, len));
}

/* `wirelen` bytes of an mbuf chain in one piece, which may be the chain's own; NULL: no memory. */
NGU_API const u_char *ngu_k_bpf_linear(const void *m, u_int *wirelen);
NGU_API void ngu_k_bpf_linear_done(const void *m, const u_char *p);

/*
 * How many bytes of the packet to take, 0: none. `buflen` bytes are at p; buflen 0: p is an mbuf chain, of which `wirelen` bytes
 * are looked at. No memory for a chain in pieces: 0. Never blocks.
 */
static inline u_int
ngu__bpf_filter(const struct bpf_insn *prog, const u_char *p, u_int wirelen, u_int buflen)
{
	const u_char *linear;
	u_int n = wirelen, result;

	if (prog == NULL)
		return ((u_int)-1); /* no filter: everything */
	if (buflen != 0)
		return (bpf_filter(prog, p, wirelen, buflen));
	if ((linear = ngu_k_bpf_linear(p, &n)) == NULL)
		return (0);
	result = bpf_filter(prog, linear, wirelen, n);
	ngu_k_bpf_linear_done(p, linear);
	return (result);
}
#define bpf_filter(prog, p, wirelen, buflen) ngu__bpf_filter((prog), (p), (wirelen), (buflen))
#define bpf_validate(prog, len) ngu__bpf_validate((prog), (len))

/* Most instructions a program may have; sysctl net.bpf.maxinsns. */
extern NGU_API int ngu_k_bpf_maxinsns;
#define bpf_maxinsns ngu_k_bpf_maxinsns

#endif /* NGU_KERN_NET_BPF_H */
