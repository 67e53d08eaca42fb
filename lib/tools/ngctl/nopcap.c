/* SPDX-License-Identifier: BSD-2-Clause */
/* nopcap.c - in place of pcapfile.c where libpcap is not: there are no such files. */
#include "pcapfile.h"

#include <stddef.h>

bool
pcapfile_there(void)
{
	return (false);
}

int
pcapfile_type(const char *text)
{
	(void)text;
	return (-1);
}

struct pcapfile *
pcapfile_open(FILE *f, int type, uint32_t snaplen, const char **why)
{
	(void)type;
	(void)snaplen;
	fclose(f);
	*why = "no libpcap";
	return (NULL);
}

void
pcapfile_write(struct pcapfile *p, uint64_t time_ns, uint32_t caplen, uint32_t len, const void *bytes)
{
	(void)p;
	(void)time_ns;
	(void)caplen;
	(void)len;
	(void)bytes;
}

bool
pcapfile_flush(struct pcapfile *p)
{
	(void)p;
	return (false);
}

bool
pcapfile_close(struct pcapfile *p)
{
	(void)p;
	return (false);
}
