/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pcap_file.h - capture files, seen from ng_pcap.c: libpcap's and the host's headers stay in pcap_file.c.
 *
 * Results are 0 or an errno. `why` (NGU__PCAP_WHY bytes) gets the reason in words whenever the result is not 0. All may block
 * on the file system. One thread at a time per handle.
 */
#ifndef NGU_PCAP_FILE_H
#define NGU_PCAP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NGU__PCAP_WHY 256

struct ngu__pcap_reader;
struct ngu__pcap_writer;

struct ngu__pcap_packet {
	int64_t ns;		/* when, since 1970 */
	uint32_t len;		/* bytes kept */
	uint32_t wire;		/* bytes there were */
	const uint8_t *data;	/* good until the next call for the reader */
};

/* Open, and see that there is a first packet. */
int ngu__pcap_read_open(const char *path, struct ngu__pcap_reader **out, char *why);
uint32_t ngu__pcap_read_linktype(const struct ngu__pcap_reader *r);
/* The next packet; *end instead of it behind the last one. */
int ngu__pcap_read_next(struct ngu__pcap_reader *r, struct ngu__pcap_packet *p, bool *end, char *why);
/* Back to the first packet. */
int ngu__pcap_read_rewind(struct ngu__pcap_reader *r, char *why);
void ngu__pcap_read_close(struct ngu__pcap_reader *r); /* NULL is fine */

int ngu__pcap_write_open(const char *path, uint32_t snaplen, uint32_t linktype, bool nano, struct ngu__pcap_writer **out,
    char *why);
uint32_t ngu__pcap_write_snaplen(const struct ngu__pcap_writer *w);
/*
 * Append. Packets are collected and go to the file in groups. After an error the file ends with the last packet that is whole in
 * it, and every further call fails the same way; *done and *octets count the packets that came to be in the file with this
 * call, *lost those that had been taken and did not (this one included).
 */
int ngu__pcap_write(struct ngu__pcap_writer *w, const struct ngu__pcap_packet *p, uint32_t *done, uint64_t *octets,
    uint32_t *lost, char *why);
int ngu__pcap_write_flush(struct ngu__pcap_writer *w, uint32_t *done, uint64_t *octets, uint32_t *lost, char *why);
/* Flush first: what is still collected is written, but nobody learns how that went. NULL is fine. The error of closing. */
int ngu__pcap_write_close(struct ngu__pcap_writer *w, char *why);

#endif /* NGU_PCAP_FILE_H */
