/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * histogram - recount a capture and compare it with its provenance note.
 *
 *   histogram CAPTURE.pcap                  print the table
 *   histogram CAPTURE.pcap PROVENANCE.md    compare; exit 0 if all agree
 *
 * In the note every line "| key | number |" counts. Each key of the table
 * below must be there exactly once; a numeric line with another key is an
 * error too, so that no number in the note goes unchecked.
 *
 * Exit: 0 all ok, 1 a mismatch or a bad capture, 2 usage or unreadable file.
 *
 * Build: cc -std=c11 -Wall -Wextra -Werror -o histogram histogram.c -lpcap
 */
#define _DEFAULT_SOURCE /* u_char and friends, which pcap.h needs */

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#define PORT_DNS 53u
#define PORT_HTTP 80u
#define PORT_IPERF 5201u

enum key {
	K_PACKETS,
	K_FILE_BYTES,
	K_CAPTURED_BYTES,
	K_WIRE_BYTES,
	K_TRUNCATED,
	K_MAX_FRAME,
	K_DURATION_US,
	/* these six add up to K_PACKETS */
	K_ARP,
	K_ICMP,
	K_ICMP6,
	K_UDP,
	K_TCP,
	K_OTHER,
	/* subsets of the above */
	K_IPV4,
	K_IPV6,
	K_IPV4_FRAGMENT,
	K_IPV6_FRAGMENT,
	K_DNS,
	K_DNS_UDP,
	K_DNS_TCP,
	K_HTTP_PORT,
	K_IPERF_PORT,
	K_TCP_SYN,
	K_TCP_RST,
	K_ICMP_UNREACHABLE,
	K_ICMP6_UNREACHABLE,
	K_COUNT
};

static const char *const key_name[K_COUNT] = {
	[K_PACKETS] = "packets",
	[K_FILE_BYTES] = "file-bytes",
	[K_CAPTURED_BYTES] = "captured-bytes",
	[K_WIRE_BYTES] = "wire-bytes",
	[K_TRUNCATED] = "truncated",
	[K_MAX_FRAME] = "max-frame",
	[K_DURATION_US] = "duration-us",
	[K_ARP] = "arp",
	[K_ICMP] = "icmp",
	[K_ICMP6] = "icmp6",
	[K_UDP] = "udp",
	[K_TCP] = "tcp",
	[K_OTHER] = "other",
	[K_IPV4] = "ipv4",
	[K_IPV6] = "ipv6",
	[K_IPV4_FRAGMENT] = "ipv4-fragment",
	[K_IPV6_FRAGMENT] = "ipv6-fragment",
	[K_DNS] = "dns",
	[K_DNS_UDP] = "dns-udp",
	[K_DNS_TCP] = "dns-tcp",
	[K_HTTP_PORT] = "http-port",
	[K_IPERF_PORT] = "iperf-port",
	[K_TCP_SYN] = "tcp-syn",
	[K_TCP_RST] = "tcp-rst",
	[K_ICMP_UNREACHABLE] = "icmp-unreachable",
	[K_ICMP6_UNREACHABLE] = "icmp6-unreachable",
};

static unsigned be16(const uint8_t *p)
{
	return ((unsigned)p[0] << 8) | p[1];
}

static int has_port(const uint8_t *l4, unsigned port)
{
	return be16(l4) == port || be16(l4 + 2) == port;
}

/* l4 is NULL for a fragment other than the first; len counts from l4. */
static void count_l4(uint64_t *n, unsigned proto, int v6, const uint8_t *l4,
		     size_t len)
{
	if (proto == 1 && !v6) {
		n[K_ICMP]++;
		if (l4 != NULL && len >= 1 && l4[0] == 3)
			n[K_ICMP_UNREACHABLE]++;
	} else if (proto == 58 && v6) {
		n[K_ICMP6]++;
		if (l4 != NULL && len >= 1 && l4[0] == 1)
			n[K_ICMP6_UNREACHABLE]++;
	} else if (proto == 17) {
		n[K_UDP]++;
		if (l4 != NULL && len >= 8 && has_port(l4, PORT_DNS)) {
			n[K_DNS]++;
			n[K_DNS_UDP]++;
		}
	} else if (proto == 6) {
		n[K_TCP]++;
		if (l4 == NULL || len < 20)
			return;
		if (has_port(l4, PORT_DNS)) {
			n[K_DNS]++;
			n[K_DNS_TCP]++;
		}
		if (has_port(l4, PORT_HTTP))
			n[K_HTTP_PORT]++;
		if (has_port(l4, PORT_IPERF))
			n[K_IPERF_PORT]++;
		if (l4[13] & 0x02)
			n[K_TCP_SYN]++;
		if (l4[13] & 0x04)
			n[K_TCP_RST]++;
	} else {
		n[K_OTHER]++;
	}
}

static void count_ipv4(uint64_t *n, const uint8_t *p, size_t len)
{
	size_t hl;
	unsigned frag;

	n[K_IPV4]++;
	if (len < 20 || p[0] >> 4 != 4) {
		n[K_OTHER]++;
		return;
	}
	hl = (size_t)(p[0] & 15u) * 4;
	if (hl < 20 || hl > len) {
		n[K_OTHER]++;
		return;
	}
	frag = be16(p + 6);
	if (frag & 0x3fffu) /* MF or an offset */
		n[K_IPV4_FRAGMENT]++;
	if (frag & 0x1fffu)
		count_l4(n, p[9], 0, NULL, 0);
	else
		count_l4(n, p[9], 0, p + hl, len - hl);
}

static void count_ipv6(uint64_t *n, const uint8_t *p, size_t len)
{
	size_t off = 40;
	unsigned next;
	int later = 0;

	n[K_IPV6]++;
	if (len < 40 || p[0] >> 4 != 6) {
		n[K_OTHER]++;
		return;
	}
	next = p[6];
	/* hop-by-hop, routing, fragment, destination options */
	while (!later &&
	       (next == 0 || next == 43 || next == 44 || next == 60)) {
		size_t ext;

		if (len - off < 8) {
			n[K_OTHER]++;
			return;
		}
		ext = next == 44 ? 8 : ((size_t)p[off + 1] + 1) * 8;
		if (ext > len - off) {
			n[K_OTHER]++;
			return;
		}
		if (next == 44) {
			n[K_IPV6_FRAGMENT]++;
			later = (be16(p + off + 2) & 0xfff8u) != 0;
		}
		next = p[off];
		off += ext;
	}
	if (later)
		count_l4(n, next, 1, NULL, 0);
	else
		count_l4(n, next, 1, p + off, len - off);
}

static void count_frame(uint64_t *n, const uint8_t *p, size_t len)
{
	unsigned type;

	if (len < 14) {
		n[K_OTHER]++;
		return;
	}
	type = be16(p + 12);
	if (type == 0x0806)
		n[K_ARP]++;
	else if (type == 0x0800)
		count_ipv4(n, p + 14, len - 14);
	else if (type == 0x86dd)
		count_ipv6(n, p + 14, len - 14);
	else
		n[K_OTHER]++;
}

/* libpcap hides the magic number: look at it, and at the size, first. */
static int look_at_file(const char *path, uint64_t *n)
{
	static const uint8_t le[4] = { 0xd4, 0xc3, 0xb2, 0xa1 };
	static const uint8_t be[4] = { 0xa1, 0xb2, 0xc3, 0xd4 };
	uint8_t magic[4];
	long size;
	FILE *f = fopen(path, "rb");

	if (f == NULL) {
		perror(path);
		return 2;
	}
	if (fread(magic, 1, sizeof magic, f) != sizeof magic ||
	    fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0) {
		fprintf(stderr, "%s: cannot read\n", path);
		fclose(f);
		return 2;
	}
	fclose(f);
	n[K_FILE_BYTES] = (uint64_t)size;
	if (memcmp(magic, le, 4) != 0 && memcmp(magic, be, 4) != 0) {
		printf("mismatch: not a classic microsecond pcap file\n");
		return 1;
	}
	return 0;
}

static int read_capture(const char *path, uint64_t *n)
{
	char err[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	const u_char *data;
	int64_t first = 0, last = 0;
	uint64_t backwards = 0;
	int r, bad;
	pcap_t *pc;

	bad = look_at_file(path, n);
	if (bad)
		return bad;
	pc = pcap_open_offline(path, err);
	if (pc == NULL) {
		fprintf(stderr, "%s\n", err);
		return 2;
	}
	if (pcap_datalink(pc) != DLT_EN10MB) {
		printf("mismatch: link type %d, not Ethernet\n",
		       pcap_datalink(pc));
		pcap_close(pc);
		return 1;
	}
	while ((r = pcap_next_ex(pc, &h, &data)) == 1) {
		int64_t t = (int64_t)h->ts.tv_sec * 1000000 + h->ts.tv_usec;

		if (h->ts.tv_usec < 0 || h->ts.tv_usec > 999999) {
			printf("mismatch: packet %" PRIu64
			       ": microseconds out of range\n",
			       n[K_PACKETS] + 1);
			bad = 1;
		}
		if (n[K_PACKETS] == 0) {
			first = t;
		} else if (t < last) {
			backwards++;
			printf("mismatch: packet %" PRIu64
			       ": time goes back by %" PRId64 " us\n",
			       n[K_PACKETS] + 1, last - t);
		}
		last = t;
		n[K_PACKETS]++;
		n[K_CAPTURED_BYTES] += h->caplen;
		n[K_WIRE_BYTES] += h->len;
		if (h->caplen < h->len)
			n[K_TRUNCATED]++;
		if (h->len > n[K_MAX_FRAME])
			n[K_MAX_FRAME] = h->len;
		count_frame(n, data, h->caplen);
	}
	if (r != PCAP_ERROR_BREAK) {
		printf("mismatch: packet %" PRIu64 ": %s\n", n[K_PACKETS] + 1,
		       pcap_geterr(pc));
		bad = 1;
	}
	pcap_close(pc);
	if (backwards)
		bad = 1;
	else
		n[K_DURATION_US] = (uint64_t)(last - first);
	if (n[K_ARP] + n[K_ICMP] + n[K_ICMP6] + n[K_UDP] + n[K_TCP] +
		    n[K_OTHER] != n[K_PACKETS]) {
		printf("mismatch: the protocols do not add up to packets\n");
		bad = 1;
	}
	return bad;
}

static char *trim(char *s)
{
	size_t l;

	s += strspn(s, " \t");
	l = strlen(s);
	while (l > 0 && strchr(" \t\r\n", s[l - 1]) != NULL)
		s[--l] = '\0';
	return s;
}

/* "| key | number |" -> 1, with *key pointing into line; else 0. */
static int parse_line(char *line, char **key, uint64_t *value)
{
	char *a, *b, *c, *num;

	a = trim(line);
	if (*a++ != '|' || (b = strchr(a, '|')) == NULL)
		return 0;
	*b++ = '\0';
	if ((c = strchr(b, '|')) == NULL)
		return 0;
	*c++ = '\0';
	if (*trim(c) != '\0')
		return 0;
	*key = trim(a);
	num = trim(b);
	if (*num == '\0' || strlen(num) > 18 ||
	    strspn(num, "0123456789") != strlen(num))
		return 0;
	*value = strtoull(num, NULL, 10);
	return 1;
}

static int compare(const char *path, const uint64_t *n)
{
	unsigned seen[K_COUNT] = { 0 };
	char line[4096], *key;
	uint64_t value;
	int bad = 0, k;
	FILE *f = fopen(path, "r");

	if (f == NULL) {
		perror(path);
		return 2;
	}
	while (fgets(line, sizeof line, f) != NULL) {
		if (!parse_line(line, &key, &value))
			continue;
		for (k = 0; k < K_COUNT; k++)
			if (strcmp(key, key_name[k]) == 0)
				break;
		if (k == K_COUNT) {
			printf("mismatch: %s: unknown key in the note\n", key);
			bad = 1;
			continue;
		}
		if (seen[k]++) {
			printf("mismatch: %s: twice in the note\n", key);
			bad = 1;
		}
		if (value != n[k]) {
			printf("mismatch: %s: note %" PRIu64
			       ", capture %" PRIu64 "\n",
			       key, value, n[k]);
			bad = 1;
		}
	}
	if (ferror(f)) {
		perror(path);
		bad = 2;
	}
	fclose(f);
	for (k = 0; k < K_COUNT; k++) {
		if (seen[k] == 0) {
			printf("mismatch: %s: not in the note\n", key_name[k]);
			if (bad == 0)
				bad = 1;
		}
	}
	return bad;
}

int main(int argc, char **argv)
{
	uint64_t n[K_COUNT] = { 0 };
	int bad, k;

	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: histogram CAPTURE [PROVENANCE.md]\n");
		return 2;
	}
	bad = read_capture(argv[1], n);
	if (bad == 2)
		return 2;
	if (argc == 2) {
		for (k = 0; k < K_COUNT; k++)
			printf("| %s | %" PRIu64 " |\n", key_name[k], n[k]);
	} else {
		int r = compare(argv[2], n);

		if (r > bad)
			bad = r;
		if (bad == 0)
			printf("ok: %" PRIu64 " packets, %d numbers agree, "
			       "time never goes back\n",
			       n[K_PACKETS], K_COUNT);
	}
	return bad;
}
