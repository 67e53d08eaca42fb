/* SPDX-License-Identifier: BSD-2-Clause */
/* sctp.h - the common header of SCTP packets (RFC 9260). Fields are in network order. */
#ifndef NGU_KERN_NETINET_SCTP_H
#define NGU_KERN_NETINET_SCTP_H

#include <sys/types.h>

struct sctphdr {
	uint16_t src_port;
	uint16_t dest_port;
	uint32_t v_tag;
	uint32_t checksum; /* CRC32c */
} __attribute__((__packed__));
_Static_assert(sizeof(struct sctphdr) == 12, "an SCTP header");

#endif /* NGU_KERN_NETINET_SCTP_H */
