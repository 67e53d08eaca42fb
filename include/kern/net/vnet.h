/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vnet.h - variables that each network stack has for itself. A graph is one: VNET(name) is the current graph's, or without a
 * graph the process's own. Each starts as it was initialised where it is defined, and goes with its graph. A graph has all that are
 * loaded before a node is made in it: without memory for them there is no node. Others come into being when they are first touched.
 *
 * There is no list of all graphs here: VNET_FOREACH, VNET_SYSINIT and vnet0 do not exist, and a source that uses them does not compile.
 */
#ifndef NGU_KERN_NET_VNET_H
#define NGU_KERN_NET_VNET_H

#include <sys/types.h>
#include <ng/base.h>

struct ngu_graph;
#define vnet ngu_graph

/* What is known of one variable; the fields belong to lib/kern/vnet.c. */
struct ngu_k_vnet {
	size_t size, align;
	const void *init;
	uint32_t index;
	struct ngu_k_vnet *next;
};

/*
 * Where the current graph has it. Never NULL, never blocks; the address is good as long as the graph. Panics when there is no memory
 * at a first touch that no node came before, or when there are more than 1024 such variables.
 */
NGU_API void *ngu_k_vnet_addr(struct ngu_k_vnet *v);
/* Its object is loaded, or goes. Constructors and destructors call them. */
NGU_API void ngu_k_vnet_loaded(struct ngu_k_vnet *v);
NGU_API void ngu_k_vnet_unloaded(struct ngu_k_vnet *v);

#define NGU__VNET(class, type, name) \
	class type ngu__vnet_init_##name; \
	class struct ngu_k_vnet ngu__vnet_##name
#define NGU__VNET_KNOWN(name, type) \
	struct ngu_k_vnet ngu__vnet_##name = { sizeof(type), _Alignof(type), &ngu__vnet_init_##name, 0, NULL }; \
	static __attribute__((__constructor__, __used__)) void ngu__vnet_loaded_##name(void) { ngu_k_vnet_loaded(&ngu__vnet_##name); } \
	static __attribute__((__destructor__, __used__)) void ngu__vnet_unloaded_##name(void) { ngu_k_vnet_unloaded(&ngu__vnet_##name); }
#define VNET_DECLARE(type, name) NGU__VNET(extern, type, name)
/* The initialiser follows: VNET_DEFINE(int, limit) = 5; */
#define VNET_DEFINE(type, name) \
	VNET_DECLARE(type, name); \
	NGU__VNET_KNOWN(name, type) \
	type ngu__vnet_init_##name
#define VNET_DEFINE_STATIC(type, name) \
	static type ngu__vnet_init_##name; \
	static NGU__VNET_KNOWN(name, type) \
	static type ngu__vnet_init_##name
#define VNET_NAME(name) ngu__vnet_init_##name
#define VNET_PTR(name) ((__typeof__(ngu__vnet_init_##name) *)ngu_k_vnet_addr(&ngu__vnet_##name))
#define VNET(name) (*VNET_PTR(name))

/* Work for another graph, and back; in one function. */
NGU_API struct ngu_graph *ngu_graph_enter(struct ngu_graph *g);
NGU_API struct ngu_graph *ngu_graph_current(void);
#define curvnet ngu_graph_current()
#define CURVNET_SET(v) struct ngu_graph *ngu__vnet_before = ngu_graph_enter(v)
#define CURVNET_SET_QUIET(v) CURVNET_SET(v)
#define CURVNET_RESTORE() ((void)ngu_graph_enter(ngu__vnet_before))

#endif /* NGU_KERN_NET_VNET_H */
