/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * register.c - the list of libng's own node types, for programs that link libng.a: a reference to each keeps it in the link.
 */
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/module.h>

#include <ng/base.h>

#ifdef NGU_HAVE_PCAP
#define PCAP_TYPES(X) X(ng_bpf) X(ng_pcap)
#else
#define PCAP_TYPES(X)
#endif

#ifdef NGU_LAB /* there are no threads but the lab's there */
#define HOST_TYPES(X)
#else
#define HOST_TYPES(X) X(ng_ksocket)
#endif

/* One line a type. */
#define TYPES(X) \
	X(ng_bridge) \
	X(ng_car) \
	X(ng_checksum) \
	X(ng_echo) \
	X(ng_etf) \
	X(ng_ether_echo) \
	X(ng_fault) \
	X(ng_hole) \
	X(ng_hub) \
	X(ng_macfilter) \
	X(ng_one2many) \
	X(ng_patch) \
	X(ng_pipe) \
	X(ng_port) \
	X(ng_sample) \
	X(ng_socket) \
	X(ng_source) \
	X(ng_split) \
	X(ng_tag) \
	X(ng_tcpmss) \
	X(ng_tee) \
	X(ng_UI) \
	X(ng_vlan) \
	X(ng_vlanrotate) \
	HOST_TYPES(X) \
	PCAP_TYPES(X)

#define DECLARE(mod) extern const moduledata_t *const ngu__modref_##mod;
TYPES(DECLARE)

int
ngu_register_types(void)
{
#define ADDRESS(mod) &ngu__modref_##mod,
	static const moduledata_t *const *const list[] = { TYPES(ADDRESS) };
	int error = 0, e;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		e = (*list[i])->evhand(NULL, MOD_LOAD, (*list[i])->priv);
		if (e != 0 && e != EEXIST && error == 0)
			error = e;
	}
	return (error);
}
