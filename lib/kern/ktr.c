/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ktr.c - ktr(4) trace points of sources compiled with -DKTR, to the current graph's log.
 * Blocks     never, but for what the graph's log sink does.
 */
#include <sys/ktr.h>
#include <sys/sysctl.h>
#include <sys/syslog.h>

#include "port/port.h"

u_int ngu_k_ktr_mask = KTR_ALL;

SYSCTL_NODE(_debug, OID_AUTO, ktr, CTLFLAG_RD, 0, "trace points");
SYSCTL_UINT(_debug_ktr, OID_AUTO, mask, CTLFLAG_RWTUN, &ngu_k_ktr_mask, 0, "classes of trace points that are logged");

void
ngu_k_ktr(const char *file, int line, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	(void)ngu__port_vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ngu_k_log(7, "ktr %s:%d: %s", file, line, text);
}
