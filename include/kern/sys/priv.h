/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * priv.h - priv(9): may this thread do that? A graph belongs to the process it is in, so every thread may do everything to it, and the
 * answer is always 0. What the operating system has to allow it decides by itself when it is asked.
 */
#ifndef NGU_KERN_SYS_PRIV_H
#define NGU_KERN_SYS_PRIV_H

#include <sys/types.h>

struct thread;
struct ucred;

#define PRIV_NETBLUETOOTH_RAW 470
#define PRIV_NETGRAPH_CONTROL 480
#define PRIV_NETGRAPH_TTY 481

static inline int
priv_check(struct thread *td, int priv)
{
	(void)td;
	(void)priv;
	return (0);
}

static inline int
priv_check_cred(struct ucred *cred, int priv)
{
	(void)cred;
	(void)priv;
	return (0);
}

#endif /* NGU_KERN_SYS_PRIV_H */
