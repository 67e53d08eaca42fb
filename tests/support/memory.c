/* SPDX-License-Identifier: BSD-2-Clause */
/* memory.c - what the system and the C library say about this process's memory. Linked into each test. */
#include <sys/resource.h>

#include <stdio.h>
#include <unistd.h>

#if defined(__has_include)
#if __has_include(<malloc.h>)
#include <malloc.h>
#endif
#endif

#include "support/memory.h"

unsigned long
memory_resident(void)
{
	unsigned long size = 0, pages = 0;
	struct rusage ru;
	FILE *f = fopen("/proc/self/statm", "r");
	int n = 0;

	if (f != NULL) {
		n = fscanf(f, "%lu %lu", &size, &pages);
		(void)fclose(f);
	}
	if (n == 2)
		return (pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024);
	return (getrusage(RUSAGE_SELF, &ru) == 0 ? (unsigned long)ru.ru_maxrss : 0);
}

unsigned long
memory_allocated(void)
{
#if defined(__GLIBC__)
#if __GLIBC_PREREQ(2, 33)
	struct mallinfo2 m = mallinfo2();

	return ((unsigned long)((m.uordblks + m.hblkhd) / 1024));
#endif
#endif
	return (0);
}
