/* SPDX-License-Identifier: BSD-2-Clause */
/* capture.c - ngctl capture: what crosses a hook, into a pcap file. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* ppoll */
#endif
#include "commands.h"
#include "pcapfile.h"
#include "question.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ng/client.h>
#include <ng/host.h>

/* A record and its bytes. */
static union {
	struct ngu_captured head;
	unsigned char bytes[sizeof(struct ngu_captured) + NGU_CAP_SNAPLEN_MOST + 8];
} rec;

/* Does anything look at hook `hook` of the node at `path`, which does not change its place? If not, nothing will come. */
static bool
watched(const char *path, const char *hook)
{
	const struct ngu_hook_stat *h;
	struct ngu_node_stat *s;
	bool is = false;
	uint32_t i;

	if (!question(NGU_ASK_NODE, path, NULL, NULL, NGU_B_NODE, &s))
		return (false);
	for (i = 0; i < s->nhooks; i++) {
		h = NGU_NODE_HOOK(s, i);
		is = is || (strncmp(h->name, hook, sizeof(h->name)) == 0 && (h->flags & NGU_H_WATCHED) != 0);
	}
	free(s);
	return (is);
}

/* Wait a second for a record: 1 there is one, or the end; 0 there is none; -1 enough(), or errno. */
static int
wait_for(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct timespec second = { .tv_sec = 1 };
	sigset_t block, old;
	int n = -1;

	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &old);
	if (!enough())
		n = ppoll(&p, 1, &second, &old);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return (n);
}

/*
 * Write what comes, `most` packets (0: no end). Returns why it ended: "limit", "signal", "hook" (gone), "graph" (gone), or NULL: the file
 * could not be written, errno.
 */
static const char *
relay(int fd, struct pcapfile *p, const char *node, const char *hook, unsigned long most, uint64_t *packets, uint64_t *lost)
{
	bool last = false;
	ssize_t n;
	int r;

	while (most == 0 || *packets < most) {
		if ((n = read(fd, &rec, sizeof(rec))) > 0) {
			if ((size_t)n < sizeof(rec.head) || rec.head.rec.caplen > (size_t)n - sizeof(rec.head))
				continue;
			*lost = rec.head.lost;
			pcapfile_write(p, rec.head.rec.time_ns, rec.head.rec.caplen, rec.head.rec.len, rec.bytes + sizeof(rec.head));
			(*packets)++;
			continue;
		}
		if (n == 0)
			return ("graph");
		if (errno != EAGAIN && errno != EINTR)
			return ("graph");
		if (last)
			return ("hook");
		if (!pcapfile_flush(p)) /* whoever reads the file meanwhile */
			return (NULL);
		if ((r = wait_for(fd)) < 0 && enough())
			return ("signal");
		if (r == 0 && !watched(node, hook))
			last = true; /* once more, for what came between */
	}
	return ("limit");
}

static enum result
run(int ac, char **av)
{
	static const struct {
		const char *word;
		unsigned dirs;
	} dir[] = { { "in", NGU_CAP_IN }, { "out", NGU_CAP_OUT }, { "both", NGU_CAP_IN | NGU_CAP_OUT } };
	const char *v_most = NULL, *v_snap = NULL, *v_dir = NULL, *v_type = NULL, *end, *why = "";
	unsigned long most = 0, snaplen = NGU_CAP_SNAPLEN_MOST;
	struct about a = { .command = "capture", .question = true };
	unsigned dirs = NGU_CAP_IN | NGU_CAP_OUT;
	char *abs = NULL, *node = NULL;
	uint64_t packets = 0, lost = 0;
	enum result r = CMD_OK;
	struct pcapfile *p;
	bool to_stdout;
	int fd, type = 1;
	FILE *f;
	size_t i;

	if (option_value(&ac, av, "-n", &v_most) < 0 || option_value(&ac, av, "-s", &v_snap) < 0 || option_value(&ac, av, "-d", &v_dir) < 0 ||
	    option_value(&ac, av, "-t", &v_type) < 0 || ac != 4)
		return (CMD_USAGE);
	if ((v_most != NULL && !number(v_most, 1, 1000000000, &most)) || (v_snap != NULL && !number(v_snap, 1, NGU_CAP_SNAPLEN_MOST, &snaplen)))
		return (CMD_USAGE);
	if (v_dir != NULL) {
		for (i = 0; i < 3 && strcmp(dir[i].word, v_dir) != 0; i++)
			;
		if (i == 3)
			return (CMD_USAGE);
		dirs = dir[i].dirs;
	}
	to_stdout = strcmp(av[3], "-") == 0;
	if (ctl.as_json && to_stdout)
		return (CMD_USAGE);
	fflush(stdout);
	if (!pcapfile_there()) {
		warnx("capture: this ngctl was built without libpcap, which writes such files");
		return (CMD_ERROR);
	}
	if (v_type != NULL && (type = pcapfile_type(v_type)) < 0) {
		warnx("capture: there is no link type \"%s\"", v_type);
		return (CMD_ERROR);
	}
	a.path = av[1];
	if ((abs = path_absolute(av[1])) == NULL || (node = path_fixed(av[1])) == NULL) {
		free(abs);
		return (failed("capture", &a));
	}
	a.hook = av[2];
	enough_begin();
	if ((fd = ngu_client_capture(abs, av[2], dirs, (uint32_t)snaplen, 0)) < 0) {
		r = failed("capture", &a);
		goto out;
	}
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	f = to_stdout ? fdopen(dup(STDOUT_FILENO), "w") : fopen(av[3], "w");
	if (f == NULL || (p = pcapfile_open(f, type, (uint32_t)snaplen, &why)) == NULL) {
		if (f == NULL)
			warn("%s", av[3]);
		else
			warnx("%s: %s", av[3], why);
		close(fd);
		r = CMD_ERROR;
		goto out;
	}
	end = relay(fd, p, node, av[2], most, &packets, &lost);
	close(fd);
	if (!pcapfile_close(p) || end == NULL) {
		warn("%s", av[3]);
		r = CMD_ERROR;
	}
	if (end == NULL)
		end = "file";
	if (ctl.as_json) {
		json_begin();
		json_str("file", av[3]);
		json_num("packets", (long long)packets);
		json_num("lost", (long long)lost);
		json_str("end", end);
		json_end();
	} else
		fprintf(to_stdout ? stderr : stdout, "%llu packets, %llu lost%s\n", (unsigned long long)packets, (unsigned long long)lost,
		    strcmp(end, "hook") == 0 ? "; the hook is gone" : strcmp(end, "graph") == 0 ? "; the graph is gone" : "");
out:
	enough_end();
	free(abs);
	free(node);
	return (r);
}

const struct command capture_command = {
	.name = "capture",
	.run = run,
	.synopsis = "capture <path> <hook> <file> [-n packets] [-s snaplen] [-d in | out | both] [-t linktype]",
	.summary = "Write what crosses a hook into a pcap file",
	.help = "Copies of the packets that arrive at hook <hook> of the node at <path> (in), are sent out of it (out), or both, with the time of "
		"each in nanoseconds; the hook stays as it is. It ends after <packets>, with ^C, or when the hook is gone, and tells how many there "
		"were and how many were lost for want of room. <file> is \"-\" for standard output; <linktype> is a name or number of "
		"libpcap's, EN10MB if it is left out.",
	.args = "phf.",
	.ours = true,
};
