/* SPDX-License-Identifier: BSD-2-Clause */
/* tcp_seq.h - which of two TCP sequence numbers comes first: they wrap, and are less than 2^31 apart (RFC 793). */
#ifndef NGU_KERN_NETINET_TCP_SEQ_H
#define NGU_KERN_NETINET_TCP_SEQ_H

#include <sys/types.h>

#define SEQ_SUB(a, b) ((int32_t)((uint32_t)(a) - (uint32_t)(b)))
#define SEQ_LT(a, b) (SEQ_SUB((a), (b)) < 0)
#define SEQ_LEQ(a, b) (SEQ_SUB((a), (b)) <= 0)
#define SEQ_GT(a, b) (SEQ_SUB((a), (b)) > 0)
#define SEQ_GEQ(a, b) (SEQ_SUB((a), (b)) >= 0)
#define SEQ_MIN(a, b) (SEQ_LT((a), (b)) ? (a) : (b))
#define SEQ_MAX(a, b) (SEQ_GT((a), (b)) ? (a) : (b))

#endif /* NGU_KERN_NETINET_TCP_SEQ_H */
