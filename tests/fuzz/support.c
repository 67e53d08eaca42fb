/* SPDX-License-Identifier: BSD-2-Clause */
/* support.c - what fuzz.h promises. Host headers. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <ng/test.h>

#include "fuzz/fuzz.h"

void
fz_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	(void)fprintf(stderr, "%s:%d: ", file, line);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	abort();
}

void *
fz_copy(const void *p, size_t n)
{
	void *v = malloc(n != 0 ? n : 1);

	FZ(v != NULL, "no memory");
	if (n != 0)
		memcpy(v, p, n);
	return (v);
}

char *
fz_text(const void *p, size_t n)
{
	char *s = malloc(n + 1);

	FZ(s != NULL, "no memory");
	if (n != 0)
		memcpy(s, p, n);
	s[n] = '\0';
	return (s);
}

void
fz_free(void *p)
{
	free(p);
}

/* ---- graphs ---- */

static void
quiet(void *arg, int level, const char *line)
{
	(void)arg;
	(void)level;
	(void)line;
}

static void
broken_rule(void *arg, const struct ngu_strict_report *r)
{
	(void)arg;
	fz_fail("strict", 0, "%s", r->text);
}

static const struct ngu_graph_opts opts = { .size = sizeof(opts), .name = "fuzz", .fake_clock = true, .log = quiet };

struct ngu_graph *
fz_graph(void)
{
	struct ngu_graph *g;

	ngu_strict_set_handler(broken_rule, NULL);
	FZ(ngu_graph_create(&opts, &g) == 0, "no graph");
	FZ(ngu_graph_strict(g, NGU_STRICT_DEFAULT) == 0, "no strict mode");
	return (g);
}

void
fz_accounts(struct ngu_graph *g)
{
	struct ngu_graph_stats s;
	uint64_t refused = 0, dropped = 0;

	FZ(ngu_settle(g, 60000) == 0, "no rest after a minute");
	ngu_graph_stats(g, &s);
	for (unsigned r = NGU_R_NONE + 1; r < NGU_R_COUNT; r++)
		*(r < NGU_R_HOOK_GONE ? &refused : &dropped) += s.by_reason[r];
	FZ(s.queued == 0, "%llu packets wait in a graph at rest", (unsigned long long)s.queued);
	FZ(s.refused == refused && s.dropped == dropped, "the reasons do not add up");
	FZ(s.attempted == s.delivered + s.refused + s.dropped, "%llu attempted, %llu delivered, %llu refused, %llu dropped",
	    (unsigned long long)s.attempted, (unsigned long long)s.delivered, (unsigned long long)s.refused,
	    (unsigned long long)s.dropped);
}

static void
alive(void *arg, const char *line)
{
	(void)arg;
	(void)fprintf(stderr, "alive: %s\n", line);
}

void
fz_graph_end(struct ngu_graph *g)
{
	int error;

	fz_accounts(g);
	if ((error = ngu_graph_destroy(g)) != 0) {
		(void)ngu_leaks(g, alive, NULL);
		fz_fail(__FILE__, __LINE__, "graph cannot be destroyed: error %d", error);
	}
}

struct ngt *
fz_kit(const char *text)
{
	return (ngt_graph_with(&opts, text));
}

void
fz_kit_end(struct ngt *t)
{
	fz_accounts(ngt_g(t));
	ngt_end(t); /* aborts when something is alive */
	ngt_trace_clear();
}

/* ---- files ---- */

static struct {
	char path[64];
	int fd;
} files[2] = { { "", -1 }, { "", -1 } };

static void
remove_files(void)
{
	for (unsigned i = 0; i < 2; i++)
		if (files[i].fd >= 0)
			(void)unlink(files[i].path);
}

const char *
fz_file(unsigned which, const void *p, size_t n)
{
	const char *dir = getenv("TMPDIR");

	if (files[which].fd < 0) {
		if (files[!which].fd < 0)
			(void)atexit(remove_files);
		(void)snprintf(files[which].path, sizeof(files[which].path), "%.40s/ng-fuzz-XXXXXX", dir != NULL ? dir : "/tmp");
		FZ((files[which].fd = mkstemp(files[which].path)) >= 0, "cannot make %s", files[which].path);
	}
	FZ(ftruncate(files[which].fd, 0) == 0 && pwrite(files[which].fd, p, n, 0) == (ssize_t)n, "cannot write %s", files[which].path);
	return (files[which].path);
}
