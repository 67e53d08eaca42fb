/* SPDX-License-Identifier: BSD-2-Clause */
/* ngt.h - what the files of ngt(1) share. */
#ifndef NGT_H
#define NGT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <ng/test.h>

/* What became of a script. */
struct outcome {
	bool passed;
	unsigned steps;	 /* carried out */
	unsigned line;	 /* where it failed, from 1; 0: at its end */
	char title[128]; /* its first comment */
	char text[8192]; /* why it failed; lines end in '\n' */
};

/* Run a script in a graph of its own. `name` is for messages, `folder` where files that it names are. */
void script_run(FILE *f, const char *name, const char *folder, bool verbose, struct outcome *out);

/* ---- packet.c */

struct named {
	struct named *next;
	char name[32];
	struct ngt_pkt pkt;
};

/*
 * The packet that *text describes, up to the end or a '!' by itself; *text is moved there. False: `why` (128 bytes) says what is wrong. `names`: packets with
 * names, `last` that of "$".
 */
bool packet_parse(const char **text, const struct named *names, const struct ngt_pkt *last, struct ngt_pkt *out, char *why);

/* Read the next packet of a pcap file. 1, 0 at the end, -1: `why` says. */
struct captured;
struct captured *captured_open(const char *file, char *why);
int captured_next(struct captured *c, struct ngt_pkt *out, char *why);
void captured_close(struct captured *c);

#endif /* NGT_H */
