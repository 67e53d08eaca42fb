/* SPDX-License-Identifier: BSD-2-Clause */
/* ctype.h - the kernel's name of <ctype.h>. */
#ifndef NGU_KERN_SYS_CTYPE_H
#define NGU_KERN_SYS_CTYPE_H

#include <ctype.h>

#endif /* NGU_KERN_SYS_CTYPE_H */
