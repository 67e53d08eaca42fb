/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ucred.h - credentials. A process has one: whoever calls into a graph is its program, which may do everything to it. So there is one
 * credential, of the process's effective user and group, and holding it counts nothing.
 */
#ifndef NGU_KERN_SYS_UCRED_H
#define NGU_KERN_SYS_UCRED_H

#include <sys/types.h>
#include <ng/base.h>

struct ucred {
	uint32_t cr_uid; /* effective user */
	uint32_t cr_gid; /* effective group */
};

/* The process's, as it was when somebody asked first. Never NULL, never blocks. */
NGU_API struct ucred *ngu_k_ucred(void);
#define crhold(cr) (cr)
#define crfree(cr) ((void)(cr))
#define crget() NGU_LACKS("crget(): there is one credential")
#define crcopy(to, from) NGU_LACKS("crcopy(): there is one credential")

/* There are no jails: nobody is in one. */
#define jailed(cr) ((void)(cr), 0)

#endif /* NGU_KERN_SYS_UCRED_H */
