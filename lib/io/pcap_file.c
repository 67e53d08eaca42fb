/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pcap_file.c - capture files through libpcap. The host's half of ng_pcap.c: knows files, knows no netgraph.
 *
 * Writing    libpcap's dumper writes through stdio and says nothing of errors. So its buffer is made big enough that stdio never
 *            writes by itself; a group of packets is flushed in one go, where the error is seen, and the sizes of the group's
 *            packets tell how many of them are whole in a file that could not grow.
 */
#include <sys/types.h>

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "pcap_file.h"

#define MAX_SNAPLEN 262144u
#define RECORD_HEADER 16u
#define GROUP 256		/* packets */
#define GROUP_BYTES (1u << 18)	/* ... or bytes, and one packet more */
#define BUFFER (GROUP_BYTES + MAX_SNAPLEN + RECORD_HEADER + 4096u)

struct ngu__pcap_reader {
	pcap_t *p;
	FILE *f;
	char *path;
	struct ngu__pcap_packet first; /* read when the file was opened, not yet asked for; data in `copy` */
	uint8_t *copy;
	bool pending;
};

struct ngu__pcap_writer {
	pcap_t *p;
	pcap_dumper_t *d;
	FILE *f; /* the dumper's */
	char *buffer;
	uint32_t snaplen;
	bool nano;
	int error;	      /* that ended it */
	off_t whole;	      /* bytes of the file that are whole packets */
	uint32_t n;	      /* packets collected */
	uint32_t size[GROUP]; /* ... and their sizes in the file */
	uint32_t bytes;
};

static int
because(char *why, int error, const char *text)
{
	(void)snprintf(why, NGU__PCAP_WHY, "%s", text);
	return (error != 0 ? error : EIO);
}

/* Link types that somebody has defined; 147 to 162 are for everybody's own use and have no name. */
static bool
known(int dlt)
{
	return (pcap_datalink_val_to_name(dlt) != NULL || (dlt >= 147 && dlt <= 162));
}

/* ---- reading ---- */

/* One packet from libpcap; EIO when the file ends within it or is damaged. */
static int
next(struct ngu__pcap_reader *r, struct ngu__pcap_packet *p, bool *end, char *why)
{
	struct pcap_pkthdr *h;
	const u_char *data;
	int n;

	*end = false;
	errno = 0;
	n = pcap_next_ex(r->p, &h, &data);
	if (n == 1) {
		p->ns = (int64_t)h->ts.tv_sec * 1000000000 + (int64_t)h->ts.tv_usec; /* opened with nanoseconds */
		p->len = h->caplen;
		p->wire = h->len;
		p->data = data;
		return (0);
	}
	if (n == PCAP_ERROR_BREAK) {
		*end = true;
		return (0);
	}
	return (because(why, EIO, pcap_geterr(r->p)));
}

static void
drop_file(struct ngu__pcap_reader *r)
{
	if (r->p != NULL)
		pcap_close(r->p); /* closes f */
	else if (r->f != NULL)
		(void)fclose(r->f);
	r->p = NULL;
	r->f = NULL;
	free(r->copy);
	r->copy = NULL;
	r->pending = false;
}

static int
take_file(struct ngu__pcap_reader *r, char *why)
{
	char errbuf[PCAP_ERRBUF_SIZE] = "";
	bool end;
	int error;

	if ((r->f = fopen(r->path, "rb")) == NULL)
		return (because(why, errno, strerror(errno)));
	errno = 0;
	r->p = pcap_fopen_offline_with_tstamp_precision(r->f, PCAP_TSTAMP_PRECISION_NANO, errbuf);
	if (r->p == NULL) /* a read error has its errno; a file that is none has not */
		return (because(why, ferror(r->f) && errno != 0 ? errno : EINVAL, errbuf));
	if (!known(pcap_datalink(r->p))) {
		(void)snprintf(why, NGU__PCAP_WHY, "link type %d is not known", pcap_datalink(r->p));
		return (EPROTONOSUPPORT);
	}
	if ((error = next(r, &r->first, &end, why)) != 0)
		return (error);
	if (end)
		return (because(why, ENODATA, "there are no packets in it"));
	if ((r->copy = malloc(r->first.len + 1u)) == NULL)
		return (because(why, ENOMEM, strerror(ENOMEM)));
	memcpy(r->copy, r->first.data, r->first.len);
	r->first.data = r->copy;
	r->pending = true;
	return (0);
}

int
ngu__pcap_read_open(const char *path, struct ngu__pcap_reader **out, char *why)
{
	struct ngu__pcap_reader *r = calloc(1, sizeof(*r));
	int error = ENOMEM;

	if (r == NULL || (r->path = strdup(path)) == NULL)
		(void)because(why, ENOMEM, strerror(ENOMEM));
	else
		error = take_file(r, why);
	if (error != 0)
		ngu__pcap_read_close(r);
	else
		*out = r;
	return (error);
}

uint32_t
ngu__pcap_read_linktype(const struct ngu__pcap_reader *r)
{
	return (r->p != NULL ? (uint32_t)pcap_datalink(r->p) : 0);
}

int
ngu__pcap_read_next(struct ngu__pcap_reader *r, struct ngu__pcap_packet *p, bool *end, char *why)
{
	if (r->p == NULL) /* a rewind has failed */
		return (because(why, EIO, "the file cannot be opened any more"));
	if (r->pending) {
		r->pending = false;
		*p = r->first;
		*end = false;
		return (0);
	}
	return (next(r, p, end, why));
}

int
ngu__pcap_read_rewind(struct ngu__pcap_reader *r, char *why)
{
	int error;

	drop_file(r);
	if ((error = take_file(r, why)) != 0)
		drop_file(r);
	return (error);
}

void
ngu__pcap_read_close(struct ngu__pcap_reader *r)
{
	if (r == NULL)
		return;
	drop_file(r);
	free(r->path);
	free(r);
}

/* ---- writing ---- */

static void
write_free(struct ngu__pcap_writer *w)
{
	if (w->d != NULL)
		pcap_dump_close(w->d); /* closes f */
	else if (w->f != NULL)
		(void)fclose(w->f);
	if (w->p != NULL)
		pcap_close(w->p);
	free(w->buffer);
	free(w);
}

/* What stdio keeps after a failed write must not follow into the file later: let it go nowhere. */
static void
discard(struct ngu__pcap_writer *w)
{
	int fd = open("/dev/null", O_WRONLY);

	if (fd >= 0) {
		(void)dup2(fd, fileno(w->f));
		(void)close(fd);
	}
}

int
ngu__pcap_write_open(const char *path, uint32_t snaplen, uint32_t linktype, bool nano, struct ngu__pcap_writer **out, char *why)
{
	struct ngu__pcap_writer *w;
	int error = 0;

	if (linktype > INT32_MAX || !known((int)linktype)) {
		(void)snprintf(why, NGU__PCAP_WHY, "link type %u is not known", linktype);
		return (EPROTONOSUPPORT);
	}
	if (snaplen > MAX_SNAPLEN)
		return (because(why, EINVAL, "snapshot length over 262144"));
	if ((w = calloc(1, sizeof(*w))) == NULL || (w->buffer = malloc(BUFFER)) == NULL) {
		free(w);
		return (because(why, ENOMEM, strerror(ENOMEM)));
	}
	w->snaplen = snaplen != 0 ? snaplen : MAX_SNAPLEN;
	w->nano = nano;
	w->p = pcap_open_dead_with_tstamp_precision((int)linktype, (int)w->snaplen,
	    nano ? PCAP_TSTAMP_PRECISION_NANO : PCAP_TSTAMP_PRECISION_MICRO);
	if (w->p == NULL) {
		error = because(why, ENOMEM, strerror(ENOMEM));
	} else if ((w->f = fopen(path, "wb")) == NULL) {
		error = because(why, errno, strerror(errno));
	} else if (setvbuf(w->f, w->buffer, _IOFBF, BUFFER) != 0) {
		error = because(why, ENOMEM, strerror(ENOMEM));
	} else {
		/* The header goes into the buffer, which cannot fail: NULL means a link type that files have no number for. */
		if ((w->d = pcap_dump_fopen(w->p, w->f)) == NULL) {
			error = because(why, EPROTONOSUPPORT, pcap_geterr(w->p));
		} else if (fflush(w->f) != 0) {
			error = because(why, errno, strerror(errno));
			discard(w);
		} else {
			w->whole = 24; /* the file's header */
		}
	}
	if (error != 0)
		write_free(w);
	else
		*out = w;
	return (error);
}

uint32_t
ngu__pcap_write_snaplen(const struct ngu__pcap_writer *w)
{
	return (w->snaplen);
}

/* The group could not be written as a whole: find out what was, and cut the rest off. */
static void
salvage(struct ngu__pcap_writer *w, uint32_t *done, uint64_t *octets, char *why)
{
	int fd = fileno(w->f);
	struct stat st;
	uint32_t i = 0;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		while (i < w->n && w->whole + (off_t)w->size[i] <= st.st_size) {
			w->whole += (off_t)w->size[i];
			*octets += w->size[i] - RECORD_HEADER;
			i++;
		}
		if (ftruncate(fd, w->whole) != 0)
			(void)because(why, w->error, "out of room, and the file's end cannot be cut off");
	}
	*done += i;
	discard(w);
}

int
ngu__pcap_write_flush(struct ngu__pcap_writer *w, uint32_t *done, uint64_t *octets, uint32_t *lost, char *why)
{
	*done = 0;
	*octets = 0;
	*lost = 0;
	if (w->error != 0)
		return (because(why, w->error, strerror(w->error)));
	if (w->n == 0)
		return (0);
	errno = 0;
	if (fflush(w->f) == 0 && !ferror(w->f)) {
		*done = w->n;
		*octets = w->bytes - w->n * RECORD_HEADER;
		w->whole += (off_t)w->bytes;
	} else {
		w->error = errno != 0 ? errno : EIO;
		(void)because(why, w->error, strerror(w->error));
		salvage(w, done, octets, why);
		*lost = w->n - *done;
	}
	w->n = 0;
	w->bytes = 0;
	return (w->error);
}

int
ngu__pcap_write(struct ngu__pcap_writer *w, const struct ngu__pcap_packet *p, uint32_t *done, uint64_t *octets, uint32_t *lost,
    char *why)
{
	struct pcap_pkthdr h;

	*done = 0;
	*octets = 0;
	*lost = 0;
	if (w->error != 0) {
		*lost = 1;
		return (because(why, w->error, strerror(w->error)));
	}
	memset(&h, 0, sizeof(h));
	h.ts.tv_sec = (time_t)(p->ns / 1000000000);
	h.ts.tv_usec = (suseconds_t)(w->nano ? p->ns % 1000000000 : p->ns % 1000000000 / 1000);
	h.caplen = p->len < w->snaplen ? p->len : w->snaplen;
	h.len = p->wire;
	pcap_dump((u_char *)w->d, &h, p->data);
	w->size[w->n++] = RECORD_HEADER + h.caplen;
	w->bytes += RECORD_HEADER + h.caplen;
	if (w->n < GROUP && w->bytes < GROUP_BYTES)
		return (0);
	return (ngu__pcap_write_flush(w, done, octets, lost, why));
}

int
ngu__pcap_write_close(struct ngu__pcap_writer *w, char *why)
{
	int error = 0, fd;

	if (w == NULL)
		return (0);
	/* Some file systems say only at a close that there was no room. The dumper's own says nothing. */
	if (w->error == 0 && (fd = dup(fileno(w->f))) >= 0 && close(fd) != 0)
		error = because(why, errno, strerror(errno));
	write_free(w);
	return (error);
}
