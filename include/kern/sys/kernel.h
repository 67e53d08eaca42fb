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

#define TUNABLE_INT(path, var) _Static_assert(1, "")
#define TUNABLE_INT_FETCH(path, var) (0)
#define TUNABLE_LONG_FETCH(path, var) (0)
#define TUNABLE_STR_FETCH(path, var, size) (0)

#endif /* NGU_KERN_SYS_KERNEL_H */
