/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel.h - initialisation at load, and the clock in ticks.
 *
 * SYSINIT functions run when the program or the shared object is loaded, in link order: subsystem and order numbers sort
 * modules (sys/module.h), not these.
 */
#ifndef NGU_KERN_SYS_KERNEL_H
#define NGU_KERN_SYS_KERNEL_H

#include <sys/types.h>
#include <ng/base.h>

enum sysinit_sub_id {
	SI_SUB_DUMMY = 0x0000000,
	SI_SUB_KMEM = 0x1800000,
	SI_SUB_LOCK = 0x1B00000,
	SI_SUB_VNET = 0x21E0000,
	SI_SUB_KLD = 0x2000000,
	SI_SUB_CPU = 0x2100000,
	SI_SUB_DRIVERS = 0x3100000,
	SI_SUB_CONFIGURE = 0x3800000,
	SI_SUB_VFS = 0x4000000,
	SI_SUB_CLOCKS = 0x4800000,
	SI_SUB_PSEUDO = 0x7000000,
	SI_SUB_EXEC = 0x7400000,
	SI_SUB_PROTO_BEGIN = 0x8000000,
	SI_SUB_PROTO_PFIL = 0x8100000,
	SI_SUB_PROTO_IF = 0x8400000,
	SI_SUB_PROTO_MC = 0x8700000,
	SI_SUB_PROTO_DOMAIN = 0x8800000,
	SI_SUB_PROTO_FIREWALL = 0x8806000,
	SI_SUB_PROTO_IFATTACHDOMAIN = 0x8808000,
	SI_SUB_PROTO_END = 0x8ffffff,
	SI_SUB_KTHREAD_INIT = 0xe000000,
	SI_SUB_LAST = 0xfffffff
};

enum sysinit_elem_order {
	SI_ORDER_FIRST = 0x0000000,
	SI_ORDER_SECOND = 0x0000001,
	SI_ORDER_THIRD = 0x0000002,
	SI_ORDER_FOURTH = 0x0000003,
	SI_ORDER_FIFTH = 0x0000004,
	SI_ORDER_SIXTH = 0x0000005,
	SI_ORDER_SEVENTH = 0x0000006,
	SI_ORDER_EIGHTH = 0x0000007,
	SI_ORDER_MIDDLE = 0x1000000,
	SI_ORDER_ANY = 0xfffffff
};

#define SYSINIT(uniq, sub, order, func, ident) \
	static __attribute__((__constructor__, __used__)) void ngu__sysinit_##uniq(void) \
	{ \
		((void (*)(void *))(func))((void *)(uintptr_t)(ident)); \
	} \
	_Static_assert((sub) >= 0 && (order) >= 0, "")
#define SYSUNINIT(uniq, sub, order, func, ident) \
	static __attribute__((__destructor__, __used__)) void ngu__sysuninit_##uniq(void) \
	{ \
		((void (*)(void *))(func))((void *)(uintptr_t)(ident)); \
	} \
	_Static_assert((sub) >= 0 && (order) >= 0, "")

/*
 * Ticks are milliseconds of the current graph's clock; without a graph, of the machine's. They wrap as in the kernel.
 *
 * In the kernel `ticks` is a variable, and sources have local ones of that name. So it is written as an element of an array: where
 * nothing shadows the array the index is a call that puts the time there; a declaration makes an array of one; and in its
 * scope the same call, told by the size, answers 0. A parameter or a member of that name does not compile.
 */
enum {
	hz = 1000,  /* ticks a second */
	tick = 1000 /* microseconds a tick */
};
NGU_API int ngu_k_ticks(void);
NGU_API size_t ngu_k_ticks_index(size_t size);
extern NGU_API _Thread_local _Atomic int ngu_k_ticks_now[3];
#define ticks ngu_k_ticks_now[ngu_k_ticks_index(sizeof(ngu_k_ticks_now))]

/*
 * Tunables: variables of the environment of the process with dotted names, where a kernel looks into the loader's. FETCH: 1 and
 * *var is changed; 0: there is none, or it is no number that fits, and *var stays. TUNABLE_INT: the same when the object is loaded.
 */
NGU_API int ngu_k_tunable(const char *path, int64_t *v);
NGU_API int ngu_k_tunable_str(const char *path, char *buf, size_t size);

static inline int
ngu__tunable_int(const char *path, int *var)
{
	int64_t v;

	if (ngu_k_tunable(path, &v) == 0 || v < -2147483647 - 1 || v > 2147483647)
		return (0);
	*var = (int)v;
	return (1);
}

static inline int
ngu__tunable_long(const char *path, long *var)
{
	int64_t v;

	if (ngu_k_tunable(path, &v) == 0 || (long)v != v)
		return (0);
	*var = (long)v;
	return (1);
}
#define TUNABLE_INT_FETCH(path, var) ngu__tunable_int((path), (var))
#define TUNABLE_LONG_FETCH(path, var) ngu__tunable_long((path), (var))
#define TUNABLE_STR_FETCH(path, var, size) ngu_k_tunable_str((path), (var), (size_t)(size))
#define NGU__TUNABLE(call, line) NGU__TUNABLE2(call, line)
#define NGU__TUNABLE2(call, line) \
	static __attribute__((__constructor__, __used__)) void ngu__tunable_at_##line(void) \
	{ \
		(void)(call); \
	} \
	_Static_assert(1, "")
#define TUNABLE_INT(path, var) NGU__TUNABLE(ngu__tunable_int((path), (var)), __LINE__)
#define TUNABLE_LONG(path, var) NGU__TUNABLE(ngu__tunable_long((path), (var)), __LINE__)
#define TUNABLE_STR(path, var, size) NGU__TUNABLE(ngu_k_tunable_str((path), (var), (size_t)(size)), __LINE__)

#endif /* NGU_KERN_SYS_KERNEL_H */
