/* SPDX-License-Identifier: BSD-2-Clause */
/* machine.c - what the numbers come from: processor, how many of them, kernel, compiler. No names of hosts. */
#include "driver.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* The text behind "key : " in /proc/cpuinfo, without what JSON would have to escape. */
static void
cpuinfo(const char *key, char *out, size_t size)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[512], *s;
	size_t n = 0;

	(void)snprintf(out, size, "unknown");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, key, strlen(key)) != 0 || (s = strchr(line, ':')) == NULL)
			continue;
		for (s++; *s == ' '; s++)
			;
		for (; *s != '\0' && *s != '\n' && n + 1 < size; s++)
			if (*s >= ' ' && *s != '"' && *s != '\\')
				out[n++] = *s;
		out[n] = '\0';
		break;
	}
	if (f != NULL)
		(void)fclose(f);
}

void
machine_line(void)
{
	struct utsname u;
	char cpu[128], cache[64], day[16] = "";
	time_t now = time(NULL);
	struct tm tm;

	cpuinfo("model name", cpu, sizeof(cpu));
	cpuinfo("cache size", cache, sizeof(cache));
	if (uname(&u) != 0)
		memset(&u, 0, sizeof(u));
	if (gmtime_r(&now, &tm) != NULL)
		(void)strftime(day, sizeof(day), "%Y-%m-%d", &tm);
	(void)printf("{\"bench\":\"machine\",\"cpu\":\"%s\",\"cache\":\"%s\",\"cpus\":%ld,\"arch\":\"%s\",\"system\":\"%s %s\",\"compiler\":\"%s\","
		     "\"date\":\"%s\"}\n",
	    cpu, cache, sysconf(_SC_NPROCESSORS_ONLN), u.machine, u.sysname, u.release,
#ifdef __clang__
	    __VERSION__,
#else
	    "gcc " __VERSION__,
#endif
	    day);
}
