/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sysctl.h - sysctl(9): variables of the process by dotted names, "net.graph.pptpgre.reorder_max". They are there as soon as
 * the object that declares them is loaded, and go with it. Values are read and set by name, with ngu_k_sysctlbyname() (the
 * kernel's kernel_sysctlbyname()) in binary or with ngu_k_sysctl_text() in text.
 *
 * CTLFLAG_TUN takes the first value from the environment of the process, where a kernel looks into the loader's: a variable with
 * the same dotted name, as env(1) sets. Variables made at run time (SYSCTL_ADD_*) do not exist here.
 */
#ifndef NGU_KERN_SYS_SYSCTL_H
#define NGU_KERN_SYS_SYSCTL_H

#include <sys/types.h>
#include <sys/queue.h>
#include <ng/base.h>
#define _SYS_SYSCTL_H 1 /* the system's own: out */

#define CTL_MAXNAME 24
#define CTLTYPE 0xf
#define CTLTYPE_NODE 1
#define CTLTYPE_INT 2
#define CTLTYPE_STRING 3
#define CTLTYPE_S64 4
#define CTLTYPE_OPAQUE 5
#define CTLTYPE_STRUCT CTLTYPE_OPAQUE
#define CTLTYPE_UINT 6
#define CTLTYPE_LONG 7
#define CTLTYPE_ULONG 8
#define CTLTYPE_U64 9
#define CTLTYPE_U8 0xa
#define CTLTYPE_U16 0xb
#define CTLTYPE_S8 0xc
#define CTLTYPE_S16 0xd
#define CTLTYPE_S32 0xe
#define CTLTYPE_U32 0xf

#define CTLFLAG_RD 0x80000000u
#define CTLFLAG_WR 0x40000000u
#define CTLFLAG_RW (CTLFLAG_RD | CTLFLAG_WR)
#define CTLFLAG_ANYBODY 0x10000000u
#define CTLFLAG_SECURE 0x08000000u
#define CTLFLAG_PRISON 0x04000000u
#define CTLFLAG_SKIP 0x01000000u
#define CTLFLAG_TUN 0x00080000u
#define CTLFLAG_RDTUN (CTLFLAG_RD | CTLFLAG_TUN)
#define CTLFLAG_RWTUN (CTLFLAG_RW | CTLFLAG_TUN)
#define CTLFLAG_MPSAFE 0x00040000u
#define CTLFLAG_NEEDGIANT 0x00020000u
#define CTLFLAG_NOFETCH 0x00010000u /* with TUN: the source fetches it by itself */
#define CTLFLAG_CAPRD 0x00008000u
#define CTLFLAG_CAPWR 0x00004000u
#define CTLFLAG_STATS 0x00002000u
#define CTLFLAG_DORMANT 0

#define OID_AUTO (-1)

struct sysctl_oid;
SLIST_HEAD(sysctl_oid_list, sysctl_oid);

/* A read (oldptr) or a change (newptr), or both. NULL oldptr asks for the length. */
struct sysctl_req {
	void *oldptr;
	size_t oldlen, oldidx;
	const void *newptr;
	size_t newlen, newidx;
};

#define SYSCTL_HANDLER_ARGS struct sysctl_oid *oidp, void *arg1, intmax_t arg2, struct sysctl_req *req

struct sysctl_oid {
	struct sysctl_oid_list oid_children;
	struct sysctl_oid *oid_parent_oid; /* NULL: at the top */
	SLIST_ENTRY(sysctl_oid) oid_link;
	u_int oid_kind; /* CTLTYPE_* and CTLFLAG_* */
	int oid_number;
	void *oid_arg1;
	intmax_t oid_arg2;
	const char *oid_name;
	int (*oid_handler)(SYSCTL_HANDLER_ARGS);
	const char *oid_fmt;
	const char *oid_descr;
	uint32_t oid_busy; /* calls under way */
	uint32_t oid_known;
};

/* By the macros below, when an object comes and goes. Unregistering waits for calls of its handler. */
NGU_API void ngu_k_sysctl_register(struct sysctl_oid *oid);
NGU_API void ngu_k_sysctl_unregister(struct sysctl_oid *oid);

/*
 * Read and set. `old`: room for *oldlen bytes (NULL: none), which becomes the length of the value. `val`: the new value of
 * newlen bytes, or NULL. The value is read before it is set. 0; ENOENT: no such name; EISDIR: a node; EPERM: it may not be read,
 * or set; EINVAL: a value of another length; ENOMEM: no room, *oldlen is what it takes; or what a handler returned. May wait.
 */
NGU_API int ngu_k_sysctlbyname(const char *name, void *old, size_t *oldlen, const void *val, size_t newlen);
/*
 * The same in text: numbers in decimal (set also as 0x..), strings as they are. buf NULL: not read; text NULL: not set. ENOTSUP:
 * neither number nor string.
 */
NGU_API int ngu_k_sysctl_text(const char *name, char *buf, size_t size, const char *text);
/* fn(arg, name, description, kind) for each variable, in order of registration within its node. fn must not use sysctl. */
NGU_API void ngu_k_sysctl_walk(void (*fn)(void *arg, const char *name, const char *descr, u_int kind), void *arg);

#define kernel_sysctlbyname(td, name, old, oldlenp, val, newlen, retval, flags) \
	((void)(td), (void)(retval), (void)(flags), \
	    ngu_k_sysctlbyname((name), (old), (oldlenp), (val), (newlen)))

/* For handlers: give the old value, take the new one. 0 or errno; nothing happens when not asked for. */
NGU_API int ngu_k_sysctl_out(struct sysctl_req *req, const void *p, size_t n);
NGU_API int ngu_k_sysctl_in(struct sysctl_req *req, void *p, size_t n);
#define SYSCTL_OUT(req, p, n) ngu_k_sysctl_out((req), (p), (n))
#define SYSCTL_IN(req, p, n) ngu_k_sysctl_in((req), (p), (n))
#define SYSCTL_OUT_STR(req, s) ngu_k_sysctl_out((req), (s), strlen(s) + 1)

/* arg1: the variable; NULL: arg2 is the value, which cannot be set. handle_string: arg2 is its size, 0 read-only. */
NGU_API int ngu_k_sysctl_handle_int(SYSCTL_HANDLER_ARGS);
NGU_API int ngu_k_sysctl_handle_long(SYSCTL_HANDLER_ARGS);
NGU_API int ngu_k_sysctl_handle_64(SYSCTL_HANDLER_ARGS);
NGU_API int ngu_k_sysctl_handle_32(SYSCTL_HANDLER_ARGS);
NGU_API int ngu_k_sysctl_handle_16(SYSCTL_HANDLER_ARGS);
NGU_API int ngu_k_sysctl_handle_8(SYSCTL_HANDLER_ARGS);
NGU_API int ngu_k_sysctl_handle_bool(SYSCTL_HANDLER_ARGS);
NGU_API int ngu_k_sysctl_handle_string(SYSCTL_HANDLER_ARGS);
NGU_API int ngu_k_sysctl_handle_opaque(SYSCTL_HANDLER_ARGS);
NGU_API int ngu_k_sysctl_handle_counter(SYSCTL_HANDLER_ARGS); /* arg1: counter_u64_t *; any new value sets it to 0 */
#define sysctl_handle_int ngu_k_sysctl_handle_int
#define sysctl_handle_long ngu_k_sysctl_handle_long
#define sysctl_handle_64 ngu_k_sysctl_handle_64
#define sysctl_handle_32 ngu_k_sysctl_handle_32
#define sysctl_handle_16 ngu_k_sysctl_handle_16
#define sysctl_handle_8 ngu_k_sysctl_handle_8
#define sysctl_handle_bool ngu_k_sysctl_handle_bool
#define sysctl_handle_string ngu_k_sysctl_handle_string
#define sysctl_handle_opaque ngu_k_sysctl_handle_opaque
#define sysctl_handle_counter_u64 ngu_k_sysctl_handle_counter

/* `parent` is the name with underscores for dots and one before: _net_graph. Empty: the top. */
#define NGU__OID(path) ngu_k_sysctl_##path
#define SYSCTL_DECL(path) extern struct sysctl_oid NGU__OID(path)
#define SYSCTL_CHILDREN(oid) (&(oid)->oid_children)
#define SYSCTL_STATIC_CHILDREN(path) (&NGU__OID(path).oid_children)

#define NGU__SYSCTL(class, parent, nbr, name, kind, a1, a2, handler, fmt, descr) \
	class struct sysctl_oid NGU__OID(parent##_##name) = { \
		.oid_parent_oid = &NGU__OID(parent), \
		.oid_kind = (kind), \
		.oid_number = (nbr), \
		.oid_arg1 = (void *)(uintptr_t)(a1), \
		.oid_arg2 = (a2), \
		.oid_name = #name, \
		.oid_handler = (handler), \
		.oid_fmt = (fmt), \
		.oid_descr = (descr), \
	}; \
	static __attribute__((__constructor__, __used__)) void ngu__sysctl_in_##parent##_##name(void) \
	{ \
		ngu_k_sysctl_register(&NGU__OID(parent##_##name)); \
	} \
	static __attribute__((__destructor__, __used__)) void ngu__sysctl_out_##parent##_##name(void) \
	{ \
		ngu_k_sysctl_unregister(&NGU__OID(parent##_##name)); \
	} \
	_Static_assert(1, "")
/* A variable of another size does not compile. */
#define NGU__SYSCTL_VAR(parent, nbr, name, type, access, ptr, val, ctype, handler, fmt, descr) \
	_Static_assert(sizeof(*(ptr)) == sizeof(ctype), "SYSCTL_* of " #name ": the variable is not as wide as " #ctype); \
	NGU__SYSCTL(static, parent, nbr, name, (type) | (access), (ptr), (val), handler, fmt, descr)

#define SYSCTL_NODE(parent, nbr, name, access, handler, descr) \
	NGU__SYSCTL(, parent, nbr, name, CTLTYPE_NODE | (access), 0, 0, NULL, "N", descr); \
	_Static_assert((handler) == 0, "a node's own handler is never called here: " #name)
#define SYSCTL_OID(parent, nbr, name, kind, a1, a2, handler, fmt, descr) \
	NGU__SYSCTL(static, parent, nbr, name, kind, a1, a2, handler, fmt, descr)
#define SYSCTL_PROC(parent, nbr, name, access, ptr, arg, handler, fmt, descr) \
	_Static_assert(((access) & CTLTYPE) != 0, "SYSCTL_PROC of " #name " says its CTLTYPE_*"); \
	NGU__SYSCTL(static, parent, nbr, name, access, ptr, arg, handler, fmt, descr)
#define SYSCTL_STRING(parent, nbr, name, access, arg, len, descr) \
	NGU__SYSCTL(static, parent, nbr, name, CTLTYPE_STRING | (access), (arg), (len), ngu_k_sysctl_handle_string, "A", descr)
#define SYSCTL_OPAQUE(parent, nbr, name, access, ptr, len, fmt, descr) \
	NGU__SYSCTL(static, parent, nbr, name, CTLTYPE_OPAQUE | (access), (ptr), (intmax_t)(len), ngu_k_sysctl_handle_opaque, fmt, descr)
#define SYSCTL_STRUCT(parent, nbr, name, access, ptr, type, descr) \
	SYSCTL_OPAQUE(parent, nbr, name, access, ptr, sizeof(struct type), "S," #type, descr)
#define SYSCTL_INT(parent, nbr, name, access, ptr, val, descr) \
	NGU__SYSCTL_VAR(parent, nbr, name, CTLTYPE_INT, access, ptr, val, int, ngu_k_sysctl_handle_int, "I", descr)
#define SYSCTL_UINT(parent, nbr, name, access, ptr, val, descr) \
	NGU__SYSCTL_VAR(parent, nbr, name, CTLTYPE_UINT, access, ptr, val, unsigned, ngu_k_sysctl_handle_int, "IU", descr)
#define SYSCTL_LONG(parent, nbr, name, access, ptr, val, descr) \
	NGU__SYSCTL_VAR(parent, nbr, name, CTLTYPE_LONG, access, ptr, val, long, ngu_k_sysctl_handle_long, "L", descr)
#define SYSCTL_ULONG(parent, nbr, name, access, ptr, val, descr) \
	NGU__SYSCTL_VAR(parent, nbr, name, CTLTYPE_ULONG, access, ptr, val, unsigned long, ngu_k_sysctl_handle_long, "LU", descr)
#define SYSCTL_S8(parent, nbr, name, access, ptr, val, descr) \
	NGU__SYSCTL_VAR(parent, nbr, name, CTLTYPE_S8, access, ptr, val, int8_t, ngu_k_sysctl_handle_8, "C", descr)
#define SYSCTL_U8(parent, nbr, name, access, ptr, val, descr) \
	NGU__SYSCTL_VAR(parent, nbr, name, CTLTYPE_U8, access, ptr, val, uint8_t, ngu_k_sysctl_handle_8, "CU", descr)
#define SYSCTL_S16(parent, nbr, name, access, ptr, val, descr) \
	NGU__SYSCTL_VAR(parent, nbr, name, CTLTYPE_S16, access, ptr, val, int16_t, ngu_k_sysctl_handle_16, "S", descr)
#define SYSCTL_U16(parent, nbr, name, access, ptr, val, descr) \
	NGU__SYSCTL_VAR(parent, nbr, name, CTLTYPE_U16, access, ptr, val, uint16_t, ngu_k_sysctl_handle_16, "SU", descr)
#define SYSCTL_S32(parent, nbr, name, access, ptr, val, descr) \
	NGU__SYSCTL_VAR(parent, nbr, name, CTLTYPE_S32, access, ptr, val, int32_t, ngu_k_sysctl_handle_32, "I", descr)
#define SYSCTL_U32(parent, nbr, name, access, ptr, val, descr) \
	NGU__SYSCTL_VAR(parent, nbr, name, CTLTYPE_U32, access, ptr, val, uint32_t, ngu_k_sysctl_handle_32, "IU", descr)
#define SYSCTL_S64(parent, nbr, name, access, ptr, val, descr) \
	NGU__SYSCTL_VAR(parent, nbr, name, CTLTYPE_S64, access, ptr, val, int64_t, ngu_k_sysctl_handle_64, "Q", descr)
#define SYSCTL_U64(parent, nbr, name, access, ptr, val, descr) \
	NGU__SYSCTL_VAR(parent, nbr, name, CTLTYPE_U64, access, ptr, val, uint64_t, ngu_k_sysctl_handle_64, "QU", descr)
#define SYSCTL_QUAD SYSCTL_S64
#define SYSCTL_UQUAD SYSCTL_U64
#define SYSCTL_BOOL(parent, nbr, name, access, ptr, val, descr) \
	NGU__SYSCTL_VAR(parent, nbr, name, CTLTYPE_U8, access, ptr, val, bool, ngu_k_sysctl_handle_bool, "CU", descr)
#define SYSCTL_COUNTER_U64(parent, nbr, name, access, ptr, descr) \
	NGU__SYSCTL(static, parent, nbr, name, CTLTYPE_U64 | (access), (ptr), 0, ngu_k_sysctl_handle_counter, "QU", descr)
#define SYSCTL_NULL_INT_PTR ((int *)NULL)
#define SYSCTL_NULL_UINT_PTR ((unsigned *)NULL)
#define SYSCTL_NULL_LONG_PTR ((long *)NULL)
#define SYSCTL_NULL_ULONG_PTR ((unsigned long *)NULL)
#define SYSCTL_NULL_S64_PTR ((int64_t *)NULL)
#define SYSCTL_NULL_U64_PTR ((uint64_t *)NULL)

/* The nodes that are there. ngu_k_sysctl_ is the top. */
extern NGU_API struct sysctl_oid ngu_k_sysctl_, ngu_k_sysctl__kern, ngu_k_sysctl__kern_ipc, ngu_k_sysctl__net, ngu_k_sysctl__net_graph,
    ngu_k_sysctl__net_inet, ngu_k_sysctl__net_inet_ip, ngu_k_sysctl__net_inet_tcp, ngu_k_sysctl__net_inet_udp,
    ngu_k_sysctl__net_inet6, ngu_k_sysctl__net_link, ngu_k_sysctl__net_link_ether, ngu_k_sysctl__debug, ngu_k_sysctl__hw,
    ngu_k_sysctl__vm, ngu_k_sysctl__dev, ngu_k_sysctl__security;

#endif /* NGU_KERN_SYS_SYSCTL_H */
