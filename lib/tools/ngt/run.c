/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run.c - one script: lines that are commands of ngctl(8), packets, and what is expected.
 *
 *	COMMAND ...            an ngctl command, "." is the script's own socket node
 *	> HOOK PACKET          send out of that hook
 *	< HOOK PACKET          the next packet that came in through it; HOOK *: whatever came
 *	< -                    nothing else came
 *	> HOOK pcap FILE       all packets of a capture; likewise <
 *	= NAME PACKET          from now on $NAME
 *	| TEXT                 the next line that the command before printed
 *	|~ TEXT                ... which has TEXT in it
 *	! ERRNO                the command or packet before failed so (also at the end of a line with a packet)
 *	advance TIME           the clock goes on: 5s, 20ms, 3us, 100ns
 *	drops REASON N         so many packets were refused or dropped for that reason since the last such line
 *
 * Whatever fails, comes or is dropped and is not expected fails the script; output that nothing is said about does not.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* open_memstream(3), a stdout that can be set */
#endif
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netgraph.h>
#include <ng/client.h>
#include <ng/ng.h>

#include "tools/ngctl/ngctl.h"
#include "ngt.h"

struct ngctl ctl = { .cs = -1, .ds = -1 }; /* what ngctl's commands work on */

#define BUFFER (4u << 20) /* of the script's sockets */

struct came {
	struct came *next;
	char hook[NG_HOOKSIZ];
	struct ngt_pkt pkt;
	size_t whole; /* its length, if it is longer than a packet of ours can be */
};

struct run {
	const char *name, *folder;
	struct outcome *out;
	struct ngu_graph *g;
	struct came *came, **came_end;
	struct named *names;
	struct ngt_pkt last;
	char *printed, *next; /* what the last command printed; the line that is to be looked at next */
	int error;	      /* of the last step; 0 none */
	bool open;	      /* it failed, and nothing has been said about that yet */
	char why[512];	      /* ... in words */
	uint64_t told[NGU_R_COUNT];
	unsigned line;
	unsigned strict;
	char report[2048];
};

static bool fail(struct run *r, const char *fmt, ...) __attribute__((__format__(__printf__, 2, 3)));

static bool
fail(struct run *r, const char *fmt, ...)
{
	size_t n = strlen(r->out->text);
	va_list ap;

	r->out->line = r->line;
	va_start(ap, fmt);
	(void)vsnprintf(r->out->text + n, sizeof(r->out->text) - n, fmt, ap);
	va_end(ap);
	n = strlen(r->out->text);
	if (n > 0 && n + 1 < sizeof(r->out->text) && r->out->text[n - 1] != '\n')
		strcpy(r->out->text + n, "\n");
	return (false);
}

/* ---- what comes ---- */

/* All that has arrived, and is queued and will arrive. */
static bool
collect(struct run *r)
{
	char hook[NG_HOOKSIZ];
	unsigned char *buf;
	struct came *c;
	int n;

	if (ngu_settle(r->g, 10000) != 0)
		return (fail(r, "the graph does not come to rest"));
	while ((n = NgAllocRecvData(ctl.ds, &buf, hook)) > 0) {
		c = need(calloc(1, sizeof(*c)));
		strcpy(c->hook, hook);
		c->whole = (size_t)n;
		c->pkt.len = c->whole < NGT_PKT_MAX ? c->whole : NGT_PKT_MAX;
		memcpy(c->pkt.b, buf, c->pkt.len);
		free(buf);
		*r->came_end = c;
		r->came_end = &c->next;
	}
	return (true);
}

static struct came *
take(struct run *r, const char *hook)
{
	struct came **p, *c;

	for (p = &r->came; (c = *p) != NULL; p = &c->next) {
		if (hook != NULL && strcmp(c->hook, hook) != 0)
			continue;
		if ((*p = c->next) == NULL)
			r->came_end = p;
		c->next = NULL;
		return (c);
	}
	return (NULL);
}

static void
show(struct run *r, const char *what, const uint8_t *b, size_t len)
{
	(void)fail(r, "%s (%zu bytes)", what, len);
	for (size_t i = 0; i < len && i < 256; i += 16) {
		char hex[64] = "";
		size_t n = 0;

		for (size_t k = i; k < i + 16 && k < len; k++)
			n += (size_t)snprintf(hex + n, sizeof(hex) - n, " %02x", b[k]);
		(void)fail(r, "    %04zx%s", i, hex);
	}
}

static bool
expect(struct run *r, const char *hook, const struct ngt_pkt *want)
{
	struct came *c = take(r, hook);
	char diff[2048];
	bool same;

	if (c == NULL) {
		show(r, "this packet did not come", want->b, want->len);
		if (r->came != NULL)
			(void)fail(r, "but there is one on hook %s", r->came->hook);
		return (false);
	}
	same = c->whole == want->len && memcmp(c->pkt.b, want->b, want->len) == 0;
	if (!same) {
		(void)ngt_diff(diff, sizeof(diff), want->b, want->len, c->pkt.b, c->pkt.len);
		(void)fail(r, "another packet came in through hook %s than was expected:\n%s", hook, diff);
	}
	free(c);
	return (same);
}

/* ---- errors ---- */

static const char *
error_name(int error)
{
	static const struct {
		int error;
		const char *name;
	} more[] = { { ENETUNREACH, "ENETUNREACH" }, { EPROTONOSUPPORT, "EPROTONOSUPPORT" }, { ENOPROTOOPT, "ENOPROTOOPT" }, { ENOSPC, "ENOSPC" },
		{ EAFNOSUPPORT, "EAFNOSUPPORT" }, { ESRCH, "ESRCH" }, { EFAULT, "EFAULT" }, { EDOM, "EDOM" } };
	const char *name = errno_name(error);

	for (size_t i = 0; name == NULL && i < sizeof(more) / sizeof(more[0]); i++)
		if (more[i].error == error)
			name = more[i].name;
	return (name);
}

static bool
named_error(const char *name, int *error)
{
	for (int e = 1; e < 256; e++) {
		const char *n = error_name(e);

		if (n != NULL && strcasecmp(n, name) == 0) {
			*error = e;
			return (true);
		}
	}
	return (false);
}

/* The step before failed, and nobody expected it. */
static bool
closed(struct run *r)
{
	if (!r->open)
		return (true);
	r->open = false;
	r->line--; /* where it stands */
	return (fail(r, "%s", r->why));
}

static void
failed_step(struct run *r, int error, const char *fmt, ...) __attribute__((__format__(__printf__, 3, 4)));

static void
failed_step(struct run *r, int error, const char *fmt, ...)
{
	va_list ap;

	r->error = error;
	r->open = true;
	va_start(ap, fmt);
	(void)vsnprintf(r->why, sizeof(r->why), fmt, ap);
	va_end(ap);
}

static bool
do_error(struct run *r, const char *arg)
{
	int want;

	if (!named_error(arg, &want))
		return (fail(r, "there is no error \"%s\"", arg));
	r->open = false;
	if (r->error == want)
		return (true);
	if (r->error == 0)
		return (fail(r, "%s was expected, but all went well", arg));
	return (fail(r, "%s was expected, not %s (%s): %s", arg, error_name(r->error), strerror(r->error), r->why));
}

/* ---- lines ---- */

static char *
rest_of(char *p)
{
	while (isspace((unsigned char)*p))
		p++;
	return (p);
}

/* The first word of *p, which goes on behind it. */
static char *
first_word(char **p)
{
	char *w = rest_of(*p), *end;

	for (end = w; *end != '\0' && !isspace((unsigned char)*end); end++)
		;
	if (*end != '\0')
		*end++ = '\0';
	*p = rest_of(end);
	return (w);
}

static bool
packet_of(struct run *r, const char **text, struct ngt_pkt *out)
{
	char why[128];

	return (packet_parse(text, r->names, &r->last, out, why) || fail(r, "packet: %s", why));
}

static struct captured *
capture_of(struct run *r, const char *file)
{
	struct captured *c;
	char path[1024], why[128];

	(void)snprintf(path, sizeof(path), "%s%s%s", file[0] == '/' ? "" : r->folder, file[0] == '/' ? "" : "/", file);
	if ((c = captured_open(path, why)) == NULL)
		(void)fail(r, "%s", why);
	return (c);
}

static void
send_one(struct run *r, const char *hook)
{
	r->error = 0;
	if (NgSendData(ctl.ds, hook, r->last.b, r->last.len) != 0) {
		int error = errno;

		failed_step(r, error, "packet out of hook %s: %s (%s)", hook, error_name(error), strerror(error));
	}
}

/* "HOOK pcap FILE", or NULL. */
static const char *
file_of(char *p)
{
	char *w;

	if (strncmp(p, "pcap", 4) != 0 || !isspace((unsigned char)p[4]))
		return (NULL);
	(void)first_word(&p);
	w = first_word(&p);
	return (w);
}

static bool
do_send(struct run *r, char *p)
{
	char *hook = first_word(&p), why[128];
	const char *text = p, *file = file_of(p);
	int more;

	if (file != NULL) {
		struct captured *c = capture_of(r, file);

		if (c == NULL)
			return (false);
		while ((more = captured_next(c, &r->last, why)) == 1 && !r->open) {
			send_one(r, hook);
			if (!collect(r))
				break;
		}
		captured_close(c);
		return (more >= 0 || fail(r, "%s: %s", file, why));
	}
	if (!packet_of(r, &text, &r->last))
		return (false);
	send_one(r, hook);
	if (!collect(r))
		return (false);
	if (*text == '!') {
		char *t = (char *)(uintptr_t)text + 1, *w = first_word(&t);

		return (do_error(r, w));
	}
	return (true);
}

static bool
do_expect(struct run *r, char *p)
{
	char *hook = first_word(&p), why[128];
	const char *text = p, *file;
	struct ngt_pkt want;
	struct came *c;

	if (strcmp(hook, "-") == 0) {
		if ((c = take(r, NULL)) == NULL)
			return (true);
		(void)snprintf(why, sizeof(why), "a packet that nobody expected, on hook %s", c->hook);
		show(r, why, c->pkt.b, c->pkt.len);
		free(c);
		return (false);
	}
	if (strcmp(p, "*") == 0) {
		while ((c = take(r, strcmp(hook, "*") == 0 ? NULL : hook)) != NULL)
			free(c);
		return (true);
	}
	if ((file = file_of(p)) != NULL) {
		struct captured *cap = capture_of(r, file);
		bool good = true;
		int more = 0;

		if (cap == NULL)
			return (false);
		while (good && (more = captured_next(cap, &want, why)) == 1)
			good = expect(r, hook, &want);
		captured_close(cap);
		return (good && (more >= 0 || fail(r, "%s: %s", file, why)));
	}
	return (packet_of(r, &text, &want) && expect(r, hook, &want));
}

static bool
do_name(struct run *r, char *p)
{
	char *name = first_word(&p);
	struct named *k = need(calloc(1, sizeof(*k)));
	const char *text = p;

	k->next = r->names;
	r->names = k;
	if (strlen(name) >= sizeof(k->name))
		return (fail(r, "\"%s\" is too long", name));
	if (!packet_of(r, &text, &k->pkt))
		return (false);
	strcpy(k->name, name); /* not before: it may be made of an older one */
	return (true);
}

static bool
do_advance(struct run *r, const char *arg)
{
	static const struct {
		const char *unit;
		int64_t ns;
	} units[] = { { "s", 1000000000 }, { "ms", 1000000 }, { "us", 1000 }, { "ns", 1 } };
	char *end;
	double n = strtod(arg, &end);
	int error;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].unit) != 0 || end == arg || n < 0 || n * (double)units[i].ns > 9e18)
			continue;
		if ((error = ngu_clock_advance(r->g, (int64_t)(n * (double)units[i].ns))) != 0)
			return (fail(r, "the clock does not go on: %s", strerror(error)));
		return (collect(r));
	}
	return (fail(r, "\"%s\" is no time: 5s, 20ms, 3us, 100ns", arg));
}

static bool
do_drops(struct run *r, char *p)
{
	char *reason = first_word(&p), *end;
	uint64_t want = strtoull(p, &end, 10), now;
	struct ngu_graph_stats st;

	if (end == p || *rest_of(end) != '\0')
		return (fail(r, "drops REASON N"));
	ngu_graph_stats(r->g, &st);
	for (int i = 1; i < NGU_R_COUNT; i++) {
		if (strcmp(ngu_reason_name((enum ngu_reason)i), reason) != 0)
			continue;
		now = st.by_reason[i] - r->told[i];
		r->told[i] = st.by_reason[i];
		return (now == want || fail(r, "%" PRIu64 " packets for reason %s, not %" PRIu64, now, reason, want));
	}
	return (fail(r, "there is no reason \"%s\"", reason));
}

/* Run an ngctl command with what it prints in r->printed. */
static bool
do_command(struct run *r, const char *line)
{
	char *copy = need(strdup(line)), *out = NULL, *err = NULL;
	size_t olen, elen;
	FILE *so = stdout, *se = stderr;
	enum result res;
	int error;

	free(r->printed);
	stdout = need(open_memstream(&out, &olen));
	stderr = need(open_memstream(&err, &elen));
	errno = 0;
	res = command_line(copy);
	error = errno;
	if (res == CMD_OK && ngu_settle(r->g, 10000) == 0)
		while (heard() && incoming_message() == CMD_OK)
			;
	(void)fclose(stdout);
	(void)fclose(stderr);
	stdout = so;
	stderr = se;
	free(copy);
	r->printed = out;
	r->next = out;
	r->error = 0;
	if (res == CMD_USAGE || (res == CMD_ERROR && error == 0)) {
		(void)fail(r, "%s", err[0] != '\0' ? err : "no such command");
		free(err);
		return (false);
	}
	if (res == CMD_ERROR)
		failed_step(r, error, "%.400s", err[0] != '\0' ? err : strerror(error));
	free(err);
	return (collect(r));
}

static bool
do_output(struct run *r, const char *want, bool part)
{
	char *line = r->next, *end;
	bool good;

	if (line == NULL || *line == '\0')
		return (fail(r, "the command printed no more; expected was\n    %s", want));
	end = strchr(line, '\n');
	if (end != NULL)
		*end = '\0';
	r->next = end != NULL ? end + 1 : line + strlen(line);
	good = part ? strstr(line, want) != NULL : strcmp(line, want) == 0;
	if (!good)
		(void)fail(r, "%s\n    %s\nthe command printed\n    %s", part ? "a line was expected that has" : "expected was", want, line);
	return (good);
}

/* Cut a comment off: a # at the beginning of a word, outside of quotes. */
static void
uncomment(char *p)
{
	bool quotes = false;

	for (char *s = p; *s != '\0'; s++) {
		if (*s == '\\' && quotes && s[1] != '\0')
			s++;
		else if (*s == '"')
			quotes = !quotes;
		else if (*s == '#' && !quotes && (s == p || isspace((unsigned char)s[-1]))) {
			*s = '\0';
			break;
		}
	}
	for (size_t n = strlen(p); n > 0 && isspace((unsigned char)p[n - 1]);)
		p[--n] = '\0';
}

static bool
do_line(struct run *r, char *line)
{
	char *p = rest_of(line);

	if (*p == '#' && r->out->title[0] == '\0') {
		(void)snprintf(r->out->title, sizeof(r->out->title), "%s", rest_of(p + 1));
		r->out->title[strcspn(r->out->title, "\n")] = '\0';
	}
	if (*p == '|') { /* to the end, blanks and all */
		bool part = p[1] == '~';

		if (!closed(r))
			return (false);

		p[strcspn(p, "\n")] = '\0';
		p += part ? 2 : 1;
		return (do_output(r, *p == ' ' ? p + 1 : p, part));
	}
	uncomment(p);
	if (*p == '\0')
		return (true);
	if (*p == '!') {
		p++;
		return (do_error(r, first_word(&p)));
	}
	if (!closed(r))
		return (false);
	r->out->steps++;
	switch (*p) {
	case '>':
		return (do_send(r, p + 1));
	case '<':
		return (do_expect(r, p + 1));
	case '=':
		return (do_name(r, p + 1));
	}
	if (strncmp(p, "advance", 7) == 0 && isspace((unsigned char)p[7]))
		return (do_advance(r, rest_of(p + 7)));
	if (strncmp(p, "drops", 5) == 0 && isspace((unsigned char)p[5]))
		return (do_drops(r, p + 5));
	return (do_command(r, p));
}

/* ---- the end ---- */

static bool
nothing_left(struct run *r)
{
	struct ngu_graph_stats st;
	bool good = true;
	struct came *c;

	r->line++; /* behind the last */
	if (!closed(r))
		return (false);
	r->line = 0;
	while ((c = take(r, NULL)) != NULL) {
		char what[96];

		(void)snprintf(what, sizeof(what), "a packet that nobody expected, on hook %s", c->hook);
		if (good)
			show(r, what, c->pkt.b, c->pkt.len);
		good = false;
		free(c);
	}
	ngu_graph_stats(r->g, &st);
	for (int i = 1; i < NGU_R_COUNT; i++)
		if (st.by_reason[i] != r->told[i])
			good = fail(r, "%" PRIu64 " packets were refused or dropped, and no line \"drops %s ...\" says so",
			    st.by_reason[i] - r->told[i], ngu_reason_name((enum ngu_reason)i));
	return (good);
}

static void
leaked(void *arg, const char *text)
{
	(void)fail(arg, "still there: %s", text);
}

static void
strict_report(void *arg, const struct ngu_strict_report *rep)
{
	struct run *r = arg;

	if (r->strict++ == 0)
		(void)snprintf(r->report, sizeof(r->report), "%s", rep->text);
}

static void
quiet(void *arg, int level, const char *line)
{
	(void)arg;
	(void)level;
	(void)line;
}

void
script_run(FILE *f, const char *name, const char *folder, bool verbose, struct outcome *out)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .name = "ngt", .fake_clock = true, .log = verbose ? NULL : quiet };
	struct run r = { .name = name, .folder = folder, .out = out };
	struct named *k;
	struct came *c;
	char *line = NULL;
	size_t room = 0;
	bool good = true;
	int error;

	memset(out, 0, sizeof(*out));
	r.came_end = &r.came;
	ngu_strict_set_handler(strict_report, &r);
	if ((error = ngu_graph_create(&o, &r.g)) != 0 || (error = ngu_graph_strict(r.g, NGU_STRICT_DEFAULT)) != 0) {
		(void)fail(&r, "no graph: %s", strerror(error));
		return;
	}
	(void)ngu_graph_enter(r.g);
	if (NgMkSockNode(NULL, &ctl.cs, &ctl.ds) != 0 || fcntl(ctl.ds, F_SETFL, O_NONBLOCK) != 0 ||
	    ngu_client_setbuf(ctl.ds, BUFFER, BUFFER) != 0 || ngu_client_setbuf(ctl.cs, BUFFER, BUFFER) != 0)
		good = fail(&r, "no socket node: %s", strerror(errno));
	while (good && getline(&line, &room, f) > 0) {
		r.line++;
		if (verbose)
			(void)fprintf(stderr, "%s:%u: %s", name, r.line, line);
		good = do_line(&r, line);
	}
	free(line);
	good = good && collect(&r) && nothing_left(&r);
	(void)close(ctl.cs);
	(void)close(ctl.ds);
	while ((c = take(&r, NULL)) != NULL)
		free(c);
	while ((k = r.names) != NULL) {
		r.names = k->next;
		free(k);
	}
	free(r.printed);
	if ((error = ngu_graph_destroy(r.g)) != 0 && good) {
		r.line = 0;
		good = fail(&r, "the graph does not end: %s", strerror(error));
		(void)ngu_leaks(r.g, leaked, &r);
	}
	if (r.strict != 0) {
		r.line = good ? 0 : r.line;
		good = fail(&r, "%u rule%s of netgraph broken:\n%s", r.strict, r.strict == 1 ? "" : "s", r.report);
	}
	ngu_strict_set_handler(NULL, NULL);
	out->passed = good;
}
