/* SPDX-License-Identifier: BSD-2-Clause */
/* unistd.h - flags of kernel threads: there are none here (sys/kthread.h). */
#ifndef NGU_KERN_SYS_UNISTD_H
#define NGU_KERN_SYS_UNISTD_H

#include <sys/types.h>
#if __has_include_next(<sys/unistd.h>)
#include_next <sys/unistd.h>
#endif

#undef RFSTOPPED
#undef RFHIGHPID
#define RFSTOPPED NGU_LACKS("RFSTOPPED: threads start at once")
#define RFHIGHPID NGU_LACKS("RFHIGHPID")

#endif /* NGU_KERN_SYS_UNISTD_H */
