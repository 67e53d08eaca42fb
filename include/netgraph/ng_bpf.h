/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_bpf.h - node type "bpf": sorts packets by packet filter programs. Hooks of any name. Names, numbers and layouts are FreeBSD's.
 * ng_bpf(4) describes the behaviour.
 */
#ifndef _NETGRAPH_NG_BPF_H_
#define _NETGRAPH_NG_BPF_H_

#include <stdint.h>
#include <netgraph/ng_message.h>

#define NG_BPF_NODE_TYPE "bpf"
#define NGM_BPF_COOKIE 944100792

/* An instruction: struct bpf_insn, if a header that has it was included before, or one of the same layout. */
#if defined(_KERNEL)
#include <net/bpf.h>
#define NG_BPF_INSN struct bpf_insn
#elif defined(lib_pcap_bpf_h) || defined(_NET_BPF_H_)
#define NG_BPF_INSN struct bpf_insn
#else
struct ng_bpf_insn {
	uint16_t code;
	uint8_t jt;
	uint8_t jf;
	uint32_t k;
};
#define NG_BPF_INSN struct ng_bpf_insn
#endif

/* NGM_BPF_SET_PROGRAM, NGM_BPF_GET_PROGRAM. 100 bytes and 8 an instruction. */
struct ng_bpf_hookprog {
	char thisHook[NG_HOOKSIZ];   /* what comes by this one */
	char ifMatch[NG_HOOKSIZ];    /* leaves by that one if the program wants any of it */
	char ifNotMatch[NG_HOOKSIZ]; /* by that one if not */
	int32_t bpf_prog_len;	     /* instructions, up to 512 */
	NG_BPF_INSN bpf_prog[];
};
#define NG_BPF_HOOKPROG_SIZE(numInsn) (sizeof(struct ng_bpf_hookprog) + (numInsn) * sizeof(NG_BPF_INSN))
#define NG_BPF_HOOKPROG_TYPE_INFO(bptype) \
	{ \
		{ "thisHook", &ng_parse_hookbuf_type, 0 }, { "ifMatch", &ng_parse_hookbuf_type, 0 }, \
		    { "ifNotMatch", &ng_parse_hookbuf_type, 0 }, { "bpf_prog_len", &ng_parse_int32_type, 0 }, \
		    { "bpf_prog", (bptype), 0 }, { NULL, NULL, 0 } \
	}

/* NGM_BPF_GET_STATS, NGM_BPF_GETCLR_STATS. 48 bytes. */
struct ng_bpf_hookstat {
	uint64_t recvFrames; /* came by the hook */
	uint64_t recvOctets;
	uint64_t recvMatchFrames; /* of these, wanted by its program */
	uint64_t recvMatchOctets; /* before they were cut */
	uint64_t xmitFrames;	  /* left by it */
	uint64_t xmitOctets;
};
#define NG_BPF_HOOKSTAT_TYPE_INFO \
	{ \
		{ "recvFrames", &ng_parse_uint64_type, 0 }, { "recvOctets", &ng_parse_uint64_type, 0 }, \
		    { "recvMatchFrames", &ng_parse_uint64_type, 0 }, { "recvMatchOctets", &ng_parse_uint64_type, 0 }, \
		    { "xmitFrames", &ng_parse_uint64_type, 0 }, { "xmitOctets", &ng_parse_uint64_type, 0 }, { NULL, NULL, 0 } \
	}

/* The argument of all but the first is a hook name. */
enum {
	NGM_BPF_SET_PROGRAM = 1, /* struct ng_bpf_hookprog */
	NGM_BPF_GET_PROGRAM = 2, /* reply: struct ng_bpf_hookprog */
	NGM_BPF_GET_STATS = 3, /* reply: struct ng_bpf_hookstat */
	NGM_BPF_CLR_STATS = 4,
	NGM_BPF_GETCLR_STATS = 5 /* reply: what was cleared */
};

#endif /* _NETGRAPH_NG_BPF_H_ */
