/* SPDX-License-Identifier: BSD-2-Clause */
/* question.c - questions about a graph (<ng/host.h>, <ng/inspect.h>), and what commands that go on for a while need. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* asprintf */
#endif
#include "question.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ng/client.h>

static char *
with_id(const char *path, const char *rest)
{
	const struct nodeinfo *n;
	struct ng_mesg *rep;
	char *s = NULL;

	if (ask(path, NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0, &rep) != ASK_OK)
		return (NULL);
	n = (const void *)rep->data;
	if (rep->header.arglen < sizeof(*n))
		errno = EBADMSG;
	else if (asprintf(&s, "[%x]:%s", n->id, rest) < 0)
		need(NULL);
	free(rep);
	return (s);
}

char *
path_absolute(const char *path)
{
	if (strcmp(path, ".") == 0 || strcmp(path, ".:") == 0)
		return (with_id(".", ""));
	if (strncmp(path, ".:", 2) == 0)
		return (with_id(".", path + 2));
	if (strchr(path, ':') == NULL)
		return (with_id(".", path));
	return (need(strdup(path)));
}

char *
path_fixed(const char *path)
{
	return (with_id(path, ""));
}

/* ---- answers: a block comes from another process, so nothing of it is believed that can be checked */

/* Are there n entries at this offset? */
static bool
fits(const struct ngu_block *b, uint64_t off, uint64_t n, size_t each)
{
	return (off % sizeof(uint64_t) == 0 && off <= b->size && n <= (b->size - off) / each);
}

static bool
ends_in(const struct ngu_block *b, uint64_t off)
{
	return (off < b->size && memchr((const char *)b + off, '\0', (size_t)(b->size - off)) != NULL);
}

/* All of a block but texts of fixed size, which end by construction in blocks and are cut here. */
static bool
sound(struct ngu_block *b, size_t len, uint32_t kind)
{
	static const size_t least[] = { 0, sizeof(struct ngu_snapshot), sizeof(struct ngu_node_stat), sizeof(struct ngu_why), sizeof(struct ngu_trace),
		sizeof(struct ngu_help) };
	const struct ngu_help *h = (const void *)b;
	const struct ngu_snapshot *s = (const void *)b;
	const struct ngu_node_stat *n = (const void *)b;
	const struct ngu_why *w = (const void *)b;
	const struct ngu_trace *t = (const void *)b;
	uint32_t i;

	if (kind >= sizeof(least) / sizeof(least[0]) || len < least[kind] || b->size != len || b->kind != kind || b->version != NGU_B_VERSION)
		return (false);
	switch (kind) {
	case NGU_B_SNAPSHOT:
		if (!fits(b, s->nodes_off, s->nnodes, sizeof(struct ngu_snap_node)) || !fits(b, s->links_off, s->nlinks, sizeof(struct ngu_snap_link)))
			return (false);
		for (i = 0; i < s->nlinks; i++)
			if (NGU_SNAP_LINK(s, i)->end[0].node >= s->nnodes || NGU_SNAP_LINK(s, i)->end[1].node >= s->nnodes)
				return (false);
		return (true);
	case NGU_B_NODE:
		return (fits(b, n->hooks_off, n->nhooks, sizeof(struct ngu_hook_stat)));
	case NGU_B_WHY:
		return (fits(b, w->recs_off, w->nrecs, sizeof(struct ngu_why_rec)));
	case NGU_B_TRACE:
		return (fits(b, t->recs_off, t->nrecs, sizeof(struct ngu_trace_rec)));
	default:
		if (!fits(b, h->msgs_off, h->nmsgs, sizeof(struct ngu_help_msg)))
			return (false);
		for (i = 0; i < h->nmsgs; i++)
			if (!ends_in(b, NGU_HELP_MSG(h, i)->name_off) || !ends_in(b, NGU_HELP_MSG(h, i)->arg_off) ||
			    !ends_in(b, NGU_HELP_MSG(h, i)->reply_off))
				return (false);
		return (true);
	}
}

bool
question(unsigned what, const char *path, const char *more, const uint32_t *head, uint32_t kind, void *answer)
{
	size_t nhead = head != NULL ? sizeof(*head) : 0, npath, nmore = more != NULL ? strlen(more) + 1 : 0;
	char *abs = NULL, *arg;
	void *block = NULL;
	ssize_t n;
	int error;

	if (path != NULL && (abs = path_absolute(path)) == NULL)
		return (false);
	npath = abs != NULL ? strlen(abs) : 0;
	arg = need(malloc(nhead + npath + nmore + 1));
	if (head != NULL)
		memcpy(arg, head, nhead);
	if (abs != NULL)
		memcpy(arg + nhead, abs, npath);
	if (more != NULL) { /* behind a path, and a zero; or alone */
		arg[nhead + npath] = '\0';
		memcpy(arg + nhead + npath + (abs != NULL), more, nmore - 1);
		nmore -= abs == NULL;
	}
	n = ngu_client_ask(what, arg, nhead + npath + nmore, &block);
	error = errno;
	free(arg);
	free(abs);
	if (n >= 0 && kind == 0) {
		free(block);
		return (true);
	}
	if (n >= 0 && block != NULL && (size_t)n >= sizeof(struct ngu_block) && sound(block, (size_t)n, kind)) {
		*(void **)answer = block;
		return (true);
	}
	if (n >= 0) {
		free(block);
		error = EBADMSG;
	}
	errno = error;
	return (false);
}

bool
question_or_say(const char *command, unsigned what, const char *path, const char *more, const uint32_t *head, uint32_t kind, void *answer)
{
	if (question(what, path, more, head, kind, answer))
		return (true);
	failed(command, &(struct about){ .command = command, .path = path, .question = true });
	return (false);
}

/* ---- options */

int
option_value(int *ac, char **av, const char *name, const char **value)
{
	int i, k;

	for (i = 1; i < *ac && strcmp(av[i], name) != 0; i++)
		;
	if (i == *ac)
		return (0);
	if (i + 1 == *ac)
		return (-1);
	*value = av[i + 1];
	for (k = i; k + 2 < *ac; k++)
		av[k] = av[k + 2];
	*ac -= 2;
	return (1);
}

bool
number(const char *text, unsigned long least, unsigned long most, unsigned long *out)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return (false);
	errno = 0;
	*out = strtoul(text, &end, 10);
	return (*end == '\0' && errno == 0 && *out >= least && *out <= most);
}

bool
seconds(const char *text, unsigned *ms)
{
	char *end;
	double s;

	if (strchr("0123456789.", text[0]) == NULL)
		return (false);
	s = strtod(text, &end);
	if (end == text || *end != '\0' || !(s >= 0.001 && s <= 86400))
		return (false);
	*ms = (unsigned)(s * 1000);
	return (true);
}

/* ---- the end */

static volatile sig_atomic_t told;
static struct sigaction before[2];

static void
on_signal(int sig)
{
	(void)sig;
	told = 1;
}

void
enough_begin(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	told = 0;
	sigaction(SIGINT, &sa, &before[0]);
	sigaction(SIGTERM, &sa, &before[1]);
}

bool
enough(void)
{
	return (told != 0);
}

void
enough_end(void)
{
	sigaction(SIGINT, &before[0], NULL);
	sigaction(SIGTERM, &before[1], NULL);
}

bool
pause_ms(unsigned ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
	sigset_t block, old;

	/* told between the test and the wait would be slept through */
	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &old);
	if (!enough())
		ppoll(NULL, 0, &t, &old);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return (!enough());
}

/* ---- texts */

void
node_text(char *buf, size_t size, const char *name, const char *type, uint32_t id)
{
	snprintf(buf, size, "%.31s%s%s%.31s%s[%x]", name, name[0] != '\0' ? ":" : "", name[0] != '\0' && type[0] != '\0' ? " " : "", type,
	    name[0] != '\0' || type[0] != '\0' ? " " : "", id);
}

void
span_text(char *buf, size_t size, uint64_t ns)
{
	if (ns < 10000000000u)
		snprintf(buf, size, "%.1f s", (double)(ns / 100000000) / 10);
	else if (ns < UINT64_C(600) * 1000000000)
		snprintf(buf, size, "%llu s", (unsigned long long)(ns / 1000000000));
	else if (ns < UINT64_C(36000) * 1000000000)
		snprintf(buf, size, "%llu min", (unsigned long long)(ns / UINT64_C(60000000000)));
	else
		snprintf(buf, size, "%llu h", (unsigned long long)(ns / UINT64_C(3600000000000)));
}
