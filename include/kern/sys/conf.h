/* SPDX-License-Identifier: BSD-2-Clause */
/* conf.h - character devices. There are none here, so nothing is declared: a source that makes one does not compile. */
#ifndef NGU_KERN_SYS_CONF_H
#define NGU_KERN_SYS_CONF_H

#include <sys/types.h>

#endif /* NGU_KERN_SYS_CONF_H */
