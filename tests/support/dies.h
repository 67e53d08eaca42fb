/* SPDX-License-Identifier: BSD-2-Clause */
/* dies.h - does a call end the process? For tests of what panics. */
#ifndef NGU_DIES_H
#define NGU_DIES_H

#include <sys/types.h>

#include <sys/wait.h>

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

/* True if fn ends the process by abort(). In a child, which has this thread alone. */
static inline bool
dies(void (*fn)(void))
{
	int status;
	pid_t pid;

	(void)fflush(NULL);
	if ((pid = fork()) == 0) {
		(void)freopen("/dev/null", "w", stderr);
		fn();
		_exit(0);
	}
	return (waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

#endif /* NGU_DIES_H */
