/* SPDX-License-Identifier: BSD-2-Clause */
/* if_vlan_var.h - VLAN tags beside a packet: in m_pkthdr.ether_vtag, announced by M_VLANTAG. */
#ifndef NGU_KERN_NET_IF_VLAN_VAR_H
#define NGU_KERN_NET_IF_VLAN_VAR_H

#include <sys/mbuf.h>
#include <net/ethernet.h>

#define EVL_ENCAPLEN ETHER_VLAN_ENCAP_LEN
#define EVL_APPLY_VLID(m, vlid) \
	do { \
		if (((m)->m_flags & M_VLANTAG) != 0) \
			(m)->m_pkthdr.ether_vtag = (uint16_t)(((m)->m_pkthdr.ether_vtag & ~EVL_VLID_MASK) | (vlid)); \
		else { \
			(m)->m_pkthdr.ether_vtag = (uint16_t)(vlid); \
			(m)->m_flags |= M_VLANTAG; \
		} \
	} while (0)
#define EVL_APPLY_PRI(m, pri) \
	do { \
		uint16_t ngu__vlid = ((m)->m_flags & M_VLANTAG) != 0 ? EVL_VLANOFTAG((m)->m_pkthdr.ether_vtag) : 0; \
		(m)->m_pkthdr.ether_vtag = (uint16_t)EVL_MAKETAG(ngu__vlid, (pri), 0); \
		(m)->m_flags |= M_VLANTAG; \
	} while (0)

#define MTAG_8021Q 1326104895
#define MTAG_8021Q_PCP_IN 0
#define MTAG_8021Q_PCP_OUT 1

#endif /* NGU_KERN_NET_IF_VLAN_VAR_H */
