/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c - ngctl(8): look at a netgraph and change it, by a command, by a file of commands, or at a prompt.
 */
#include "ngctl.h"

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

struct ngctl ctl = { .cs = -1, .ds = -1 };

static void usage(const char *what) __attribute__((__noreturn__));

static void
usage(const char *what)
{
	if (what != NULL)
		warnx("%s", what);
	fprintf(stderr, "usage: ngctl [-j jail] [-d] [-f filename] [-n nodename] [--json] [command [argument ...]]\n");
	exit(EX_USAGE);
}

/* For shells: what may stand at the end of the line. */
static void
print_completions(const char *line)
{
	struct words w;
	size_t i;

	complete(line, &w);
	for (i = 0; i < w.n; i++)
		puts(w.word[i]);
	words_free(&w);
}

int
main(int argc, char **argv)
{
	enum { JSON = 256, COMPLETE };
	static const struct option longs[] = {
		{ "json", no_argument, NULL, JSON },
		{ "complete", required_argument, NULL, COMPLETE },
		{ NULL, 0, NULL, 0 },
	};
	char name[NG_NODESIZ];
	const char *line = NULL;
	FILE *file = NULL;
	bool named = false;
	enum result r;
	int c;

	signal(SIGPIPE, SIG_IGN); /* of a node that is gone there is more to say */
	snprintf(name, sizeof(name), "ngctl%d", (int)getpid());
	while ((c = getopt_long(argc, argv, "+df:j:n:", longs, NULL)) != -1) {
		switch (c) {
		case 'd':
			NgSetDebug(NgSetDebug(-1) + 1);
			break;
		case 'f':
			if (strcmp(optarg, "-") == 0)
				file = stdin;
			else if ((file = fopen(optarg, "r")) == NULL)
				err(EX_NOINPUT, "%s", optarg);
			break;
		case 'j':
			errx(EX_UNAVAILABLE, "not built with jail support");
		case 'n':
			snprintf(name, sizeof(name), "%s", optarg);
			named = true;
			break;
		case JSON:
			ctl.json = ctl.as_json = true;
			break;
		case COMPLETE:
			line = optarg;
			break;
		default:
			usage(NULL);
		}
	}
	argc -= optind;
	argv += optind;
	if (line == NULL && file == NULL && argc == 0 && !(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)))
		usage("no command specified");
	/* A name that is gone in a moment is nothing to offer. */
	if (NgMkSockNode(line == NULL || named ? name : NULL, &ctl.cs, &ctl.ds) < 0) {
		if (line == NULL) {
			failed("can't create node", &(struct about){ .command = "ngctl", .name = name });
			return (EX_OSERR);
		}
		ctl.cs = ctl.ds = -1; /* the names of commands need no graph */
	}
	if (line != NULL) {
		print_completions(line);
		r = CMD_OK;
	} else if (file != NULL)
		r = command_file(file);
	else if (argc > 0)
		r = command_run(argc, argv);
	else
		r = prompt_loop();
	if (fflush(stdout) != 0 || ferror(stdout)) {
		if (errno == EPIPE) { /* as if we had not asked to be spared */
			signal(SIGPIPE, SIG_DFL);
			raise(SIGPIPE);
		}
		err(EX_OSERR, "standard output");
	}
	switch (r) {
	case CMD_USAGE:
		return (EX_USAGE);
	case CMD_ERROR:
		return (EX_OSERR);
	default:
		return (EX_OK);
	}
}
