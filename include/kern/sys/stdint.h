/* SPDX-License-Identifier: BSD-2-Clause */
/* stdint.h - the kernel's name of <stdint.h>. */
#ifndef NGU_KERN_SYS_STDINT_H
#define NGU_KERN_SYS_STDINT_H

#include <stdint.h>

#endif /* NGU_KERN_SYS_STDINT_H */
