/* SPDX-License-Identifier: BSD-2-Clause */
/* lock.h - what the lock headers share. libng's locks carry their own names; there is no witness and no lock class. */
#ifndef NGU_KERN_SYS_LOCK_H
#define NGU_KERN_SYS_LOCK_H

#include <sys/types.h>

#define LA_UNLOCKED 0x00000000
#define LA_LOCKED 0x00000001
#define LA_SLOCKED 0x00000002
#define LA_XLOCKED 0x00000004
#define LA_RECURSED 0x00000008
#define LA_NOTRECURSED 0x00000010

#define WITNESS_WARN(flags, lock, ...) NGU_LACKS("WITNESS_WARN(): strict mode watches locks by itself")
#define WITNESS_CHECK(lock) NGU_LACKS("WITNESS_CHECK()")

#endif /* NGU_KERN_SYS_LOCK_H */
