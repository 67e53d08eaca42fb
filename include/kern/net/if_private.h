/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * if_private.h - what node types read of an interface that a packet came from (m_pkthdr.rcvif). There are no interfaces in
 * libng: rcvif is NULL unless an embedder or a node type points it at a structure of its own. Whatever else a kernel keeps in
 * struct ifnet is not there, and a source that uses it does not compile.
 */
#ifndef NGU_KERN_NET_IF_PRIVATE_H
#define NGU_KERN_NET_IF_PRIVATE_H

#include <net/if.h>

struct ifnet {
	char if_xname[IFNAMSIZ];
	u_short if_index;
	int if_flags; /* IFF_* */
	int if_mtu;
	void *if_softc;
};

#define if_name(ifp) ((const char *)(ifp)->if_xname)

#endif /* NGU_KERN_NET_IF_PRIVATE_H */
