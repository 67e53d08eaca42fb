/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.c - log() and printf() of kernel sources, to the log of the thread's current graph. A text of several lines
 * becomes several log lines; a line is cut at 1023 bytes.
 * Blocks     never, but for what the graph's log sink does.
 */
#include <sys/syslog.h>
#include <sys/systm.h>

#include "kern/graph_prefix.h"
#include "port/port.h"
#include "reclaim/thread.h"

#define LINE 1024

void
ngu_k_vlog(int level, const char *fmt, va_list ap)
{
	struct ngu_graph *g = ngu__self()->graph;
	char text[LINE], *p = text, *end;

	(void)ngu__port_vsnprintf(text, sizeof(text), fmt, ap);
	level &= 7;
	while (*p != '\0') {
		for (end = p; *end != '\0' && *end != '\n'; end++)
			;
		if (*end == '\n')
			*end++ = '\0';
		if (*p != '\0')
			ngu__graph_log(g, level, p);
		p = end;
	}
}

void
ngu_k_log(int level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	ngu_k_vlog(level, fmt, ap);
	va_end(ap);
}

int
ngu_k_vprintf(const char *fmt, va_list ap)
{
	char nothing[1];
	va_list again;
	int n;

	va_copy(again, ap);
	n = ngu__port_vsnprintf(nothing, sizeof(nothing), fmt, again);
	va_end(again);
	ngu_k_vlog(6, fmt, ap);
	return (n);
}

int
ngu_k_printf(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = ngu_k_vprintf(fmt, ap);
	va_end(ap);
	return (n);
}
