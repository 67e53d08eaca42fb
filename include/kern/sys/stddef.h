/* SPDX-License-Identifier: BSD-2-Clause */
/* stddef.h - the kernel's name of <stddef.h>. */
#ifndef NGU_KERN_SYS_STDDEF_H
#define NGU_KERN_SYS_STDDEF_H

#include <stddef.h>

#endif /* NGU_KERN_SYS_STDDEF_H */
