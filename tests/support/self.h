/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * self.h - a test program runs itself once more, for what ends a process.
 *
 * A program of another machine needs its emulator for that: NGU_TEST_WRAPPER is that command, quoted for sh(1).
 */
#ifndef NGU_SELF_H
#define NGU_SELF_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Where this program is: size bytes at path, "" when that cannot be found out. */
static inline void
self_path(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	const char *told = getenv("NGU_TEST_SELF"); /* no /proc */

	if (n >= 0)
		path[n] = '\0';
	else
		(void)snprintf(path, size, "%s", told != NULL ? told : "");
}

/* Returns only if it failed. */
static inline void
self_exec(const char *path, const char *option, const char *value)
{
	if (getenv("NGU_TEST_WRAPPER") != NULL)
		(void)execl("/bin/sh", "sh", "-c", "eval \"exec $NGU_TEST_WRAPPER\" '\"$@\"'", "sh", path, option, value, (char *)NULL);
	else
		(void)execl(path, path, option, value, (char *)NULL);
}

#endif /* NGU_SELF_H */
