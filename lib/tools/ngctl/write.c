/* SPDX-License-Identifier: BSD-2-Clause */
/* write.c - ngctl write: a packet out of a hook of ours. */
#include "commands.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 8192 /* bytes */

static enum result
from_file(const char *name, unsigned char *buf, size_t *len)
{
	FILE *f;
	int bad;

	if ((f = fopen(name, "r")) == NULL) {
		fflush(stdout);
		warn("%s", name);
		return (CMD_ERROR);
	}
	*len = fread(buf, 1, MOST, f);
	bad = ferror(f) ? errno : *len == MOST && getc(f) != EOF ? EFBIG : 0;
	fclose(f);
	if (bad == 0)
		return (CMD_OK);
	fflush(stdout);
	errno = bad;
	warn("%s", name);
	return (CMD_ERROR);
}

static enum result
run(int ac, char **av)
{
	struct about a = { .command = "write" };
	unsigned char buf[MOST];
	char what[NG_PATHSIZ], *end;
	size_t len = 0;
	enum result r;
	long byte;
	int i;

	if (ac < 3)
		return (CMD_USAGE);
	a.hook = av[1];
	if (strcmp(av[2], "-f") == 0) {
		if (ac != 4)
			return (CMD_USAGE);
		if ((r = from_file(av[3], buf, &len)) != CMD_OK)
			return (r);
	} else {
		for (i = 2; i < ac; i++) {
			byte = strtol(av[i], &end, 0); /* as %i reads it */
			if (end == av[i] || *end != '\0' || byte < -128 || byte > 255 || len == MOST) {
				fflush(stdout);
				warnx("invalid byte \"%s\"", av[i]);
				return (CMD_ERROR);
			}
			buf[len++] = (unsigned char)byte;
		}
	}
	if (NgSendData(ctl.ds, a.hook, buf, len) < 0) {
		snprintf(what, sizeof(what), "writing to hook \"%s\"", a.hook);
		return (failed(what, &a));
	}
	return (CMD_OK);
}

const struct command write_command = {
	.name = "write",
	.run = run,
	.synopsis = "write <hook> < -f file | byte ... >",
	.summary = "Send a packet out of a hook of ngctl's own node",
	.help = "Sends the contents of a file, or the bytes given as numbers from -128 to 255 (0x for hexadecimal, 0 for octal), as one packet out of "
		"hook <hook> of the node \".\". At most 8192 bytes.",
	.args = "h.",
	.words = true,
	.alias = { "w" },
};
