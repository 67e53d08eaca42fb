/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c - nghook(8): a hook of a netgraph node as standard input and output, or as those of a program.
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <netgraph.h>
#include <ng/client.h>

#define HOOK "hook"	/* our node's */
#define MOST 65536	/* bytes of a packet */

static struct {
	bool ascii, loop, no_input, execute;
	int in, out;
	const char *path, *hook;
} opt = { .in = STDIN_FILENO, .out = STDOUT_FILENO, .hook = "debug" };

static void usage(void) __attribute__((__noreturn__));
static void fail(const char *fmt, const char *arg) __attribute__((__noreturn__, __format__(__printf__, 1, 0)));

static void
usage(void)
{
	fprintf(stderr, "usage: nghook [-adlnsS] [-m msg]* path [hookname]\n"
			"       nghook -e [-n] [-m msg]* path hookname prog [args...]\n");
	exit(EX_USAGE);
}

/* FreeBSD's words on a line, then where it was. */
static void
fail(const char *fmt, const char *arg)
{
	char graph[128];
	int error = errno;

	if (ngu_client_where(graph, sizeof(graph)) < 0)
		snprintf(graph, sizeof(graph), "unknown");
	errno = error;
	warn(fmt, arg);
	warnx("path \"%s\", hook \"%s\", graph %s", opt.path, opt.hook, graph);
	exit(EX_OSERR);
}

static void
write_out(const void *data, size_t len)
{
	const char *p = data;
	ssize_t n;

	while (len > 0) {
		if ((n = write(opt.out, p, len)) < 0) {
			if (errno == EINTR)
				continue;
			fail("write(stdout)", NULL);
		}
		p += n;
		len -= (size_t)n;
	}
}

/* Sixteen bytes a line, and an empty line behind each packet. */
static void
write_ascii(const unsigned char *data, size_t len)
{
	char line[96];
	size_t at, i, n;

	for (at = 0; at < len; at += 16) {
		n = (size_t)snprintf(line, sizeof(line), "%04zx:  ", at);
		for (i = at; i < at + 16; i++)
			n += (size_t)snprintf(line + n, sizeof(line) - n, i < len ? "%02x " : "   ", i < len ? data[i] : 0);
		line[n++] = ' ';
		for (i = at; i < at + 16 && i < len; i++)
			line[n++] = data[i] >= 0x20 && data[i] < 0x7f ? (char)data[i] : '.';
		line[n++] = '\n';
		write_out(line, n);
	}
	write_out("\n", 1);
}

/* No bytes are the end, or a packet without any: then there is somebody who answers. */
static bool
alive(int cs)
{
	void (*before)(int) = signal(SIGPIPE, SIG_IGN); /* which a node that is gone brings */
	struct ng_mesg *rep = NULL;
	bool is = ngu_client_query(cs, ".", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0, &rep) > 0;

	signal(SIGPIPE, before);
	free(rep);
	return (is);
}

static void
relay(int cs, int ds)
{
	static unsigned char buf[MOST];
	char hook[NG_HOOKSIZ];
	struct pollfd p[2];
	ssize_t n;

	for (;;) {
		p[0] = (struct pollfd){ .fd = ds, .events = POLLIN };
		p[1] = (struct pollfd){ .fd = opt.no_input ? -1 : opt.in, .events = POLLIN };
		if (poll(p, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			fail("poll", NULL);
		}
		/* What has come out of the hook is written before the end of the input ends us. */
		if (p[0].revents != 0) {
			if ((n = NgRecvData(ds, buf, sizeof(buf), hook)) < 0)
				fail("read(hook)", NULL);
			if (n == 0 && !alive(cs))
				errx(EX_OSERR, "read EOF from hook?!");
			if (opt.ascii)
				write_ascii(buf, (size_t)n);
			else
				write_out(buf, (size_t)n);
			if (opt.loop && NgSendData(ds, HOOK, buf, (size_t)n) < 0)
				fail("write(hook)", NULL);
			continue;
		}
		if (p[1].revents != 0) {
			if ((n = read(opt.in, buf, sizeof(buf))) < 0) {
				if (errno == EINTR)
					continue;
				fail("read(stdin)", NULL);
			}
			if (n == 0)
				errx(EX_OSERR, "EOF(stdin)");
			if (NgSendData(ds, HOOK, buf, (size_t)n) < 0)
				fail("write(hook)", NULL);
		}
	}
}

/* The program's standard input and output are the hook; the control socket, which stays open, keeps the node. */
static void
execute(int ds, char **av)
{
	if ((!opt.no_input && dup2(ds, STDIN_FILENO) < 0) || dup2(ds, STDOUT_FILENO) < 0)
		fail("dup2", NULL);
	if (ds > STDERR_FILENO)
		close(ds);
	execvp(av[0], av);
	fail("%s", av[0]);
}

int
main(int argc, char **argv)
{
	struct ngm_connect c = { .path = "" };
	char **message;
	int cs, ds, ch, n = 0, i;

	if ((message = calloc((size_t)argc + 1, sizeof(*message))) == NULL)
		err(EX_OSERR, "no memory");
	(void)setvbuf(stdout, NULL, _IOLBF, 0); /* who looks at it through a pipe or a file sees it now */
	while ((ch = getopt(argc, argv, "+adelm:nsS")) != -1) {
		switch (ch) {
		case 'a':
			opt.ascii = true;
			break;
		case 'd':
			NgSetDebug(NgSetDebug(-1) + 1);
			break;
		case 'e':
			opt.execute = true;
			break;
		case 'l':
			opt.loop = true;
			break;
		case 'm':
			message[n++] = optarg;
			break;
		case 'n':
			opt.no_input = true;
			break;
		case 's':
			opt.out = STDIN_FILENO;
			break;
		case 'S':
			opt.in = STDOUT_FILENO;
			break;
		default:
			usage();
		}
	}
	argc -= optind;
	argv += optind;
	if (opt.execute ? argc < 3 || opt.ascii || opt.loop : argc != 1 && argc != 2)
		usage();
	opt.path = argv[0];
	if (argc > 1)
		opt.hook = argv[1];
	if (NgMkSockNode(NULL, &cs, &ds) < 0)
		fail("can't get sockets", NULL);
	(void)ngu_client_setbuf(ds, 8 * MOST, MOST); /* a limit that is lower holds then */
	if (opt.execute && ngu_client_raw(ds) < 0) /* while nothing can arrive yet */
		fail("can't make plain records", NULL);
	snprintf(c.path, sizeof(c.path), "%s", opt.path);
	snprintf(c.ourhook, sizeof(c.ourhook), HOOK);
	snprintf(c.peerhook, sizeof(c.peerhook), "%s", opt.hook);
	if (NgSendMsg(cs, ".", NGM_GENERIC_COOKIE, NGM_CONNECT, &c, sizeof(c)) < 0)
		fail("can't connect to node", NULL);
	for (i = 0; i < n; i++)
		if (NgSendAsciiMsg(cs, opt.path, "%s", message[i]) < 0)
			fail("sending message '%s'", message[i]);
	free(message);
	if (opt.execute)
		execute(ds, argv + 2);
	relay(cs, ds);
	return (EX_OSERR);
}
