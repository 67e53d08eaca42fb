/* SPDX-License-Identifier: BSD-2-Clause */
/* pcapfile.c - packets into a file, by libpcap. */
#include "pcapfile.h"
#include "ngctl.h"

#include <errno.h>
#include <stdlib.h>

#include <pcap/pcap.h>

struct pcapfile {
	pcap_t *pcap;
	pcap_dumper_t *dump;
};

bool
pcapfile_there(void)
{
	return (true);
}

int
pcapfile_type(const char *text)
{
	char *end;
	long n;

	if (text[0] < '0' || text[0] > '9')
		return (pcap_datalink_name_to_val(text));
	n = strtol(text, &end, 10);
	return (*end == '\0' && n <= 0x3ffffff ? (int)n : -1);
}

struct pcapfile *
pcapfile_open(FILE *f, int type, uint32_t snaplen, const char **why)
{
	struct pcapfile *p = need(calloc(1, sizeof(*p)));
	static char text[PCAP_ERRBUF_SIZE];

	p->pcap = need(pcap_open_dead_with_tstamp_precision(type, (int)snaplen, PCAP_TSTAMP_PRECISION_NANO));
	if ((p->dump = pcap_dump_fopen(p->pcap, f)) != NULL)
		return (p);
	snprintf(text, sizeof(text), "%s", pcap_geterr(p->pcap));
	*why = text;
	fclose(f);
	pcap_close(p->pcap);
	free(p);
	return (NULL);
}

void
pcapfile_write(struct pcapfile *p, uint64_t time_ns, uint32_t caplen, uint32_t len, const void *bytes)
{
	struct pcap_pkthdr h = { .caplen = caplen, .len = len };

	h.ts.tv_sec = (time_t)(time_ns / 1000000000);
	h.ts.tv_usec = (suseconds_t)(time_ns % 1000000000); /* nanoseconds, as the file was opened */
	pcap_dump((void *)p->dump, &h, bytes);
}

bool
pcapfile_flush(struct pcapfile *p)
{
	return (pcap_dump_flush(p->dump) == 0 && !ferror(pcap_dump_file(p->dump)));
}

bool
pcapfile_close(struct pcapfile *p)
{
	bool good = pcapfile_flush(p);
	int error = errno;

	pcap_dump_close(p->dump);
	pcap_close(p->pcap);
	free(p);
	errno = error;
	return (good);
}
