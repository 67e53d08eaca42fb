/* SPDX-License-Identifier: BSD-2-Clause */
/* pcapfile.h - packets into a file of libpcap's: by it (pcapfile.c), or not at all (nopcap.c). */
#ifndef NGCTL_PCAPFILE_H
#define NGCTL_PCAPFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct pcapfile;

/* The number of a link type by name ("EN10MB") or number; -1: there is none. */
int pcapfile_type(const char *text);
/* Write to `f`, which is the file's from now on, also on error. NULL: `why` says it. */
struct pcapfile *pcapfile_open(FILE *f, int type, uint32_t snaplen, const char **why);
void pcapfile_write(struct pcapfile *p, uint64_t time_ns, uint32_t caplen, uint32_t len, const void *bytes);
bool pcapfile_flush(struct pcapfile *p); /* false: errno */
bool pcapfile_close(struct pcapfile *p); /* false: errno, not all of it was written */
bool pcapfile_there(void);

#endif /* NGCTL_PCAPFILE_H */
