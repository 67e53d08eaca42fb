/* SPDX-License-Identifier: BSD-2-Clause */
/* stdarg.h - the kernel's newer name of <stdarg.h>. */
#ifndef NGU_KERN_SYS_STDARG_H
#define NGU_KERN_SYS_STDARG_H

#include <stdarg.h>

#endif /* NGU_KERN_SYS_STDARG_H */
