/* SPDX-License-Identifier: BSD-2-Clause */
/* watch.c - ngctl watch: what crosses each link a second, again and again. */
#include "commands.h"
#include "question.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <ng/host.h>

#define HEAD 2 /* lines above the rows */

/* One direction of a link. */
struct flow {
	const struct ngu_snap_end *from, *to;
	const struct ngu_snap_node *from_node, *to_node;
	double packets, bytes, refused; /* that arrive at `to`, or are refused there, a second; or, of a graph whose clock stood still, since the last snapshot */
};

static int
by_place(const void *x, const void *y)
{
	const struct flow *a = x, *b = y;
	int d;

	if (a->from->id != b->from->id)
		return (a->from->id < b->from->id ? -1 : 1);
	if ((d = strncmp(a->from->hook, b->from->hook, sizeof(a->from->hook))) != 0)
		return (d);
	if (a->to->id != b->to->id)
		return (a->to->id < b->to->id ? -1 : 1);
	return (strncmp(a->to->hook, b->to->hook, sizeof(a->to->hook)));
}

/* The busiest first; then in the order of nodes. */
static int
by_rate(const void *x, const void *y)
{
	const struct flow *a = x, *b = y;

	if (a->packets + a->refused != b->packets + b->refused)
		return (a->packets + a->refused > b->packets + b->refused ? -1 : 1);
	return (by_place(x, y));
}

/* All directions of all links (node 0), or of those of this node; in order. For free(). */
static struct flow *
flows(const struct ngu_snapshot *s, uint32_t node, size_t *n)
{
	struct flow *f = need(calloc(2 * (size_t)s->nlinks + 1, sizeof(*f)));
	const struct ngu_snap_link *l;
	uint32_t i;
	int k;

	*n = 0;
	for (i = 0; i < s->nlinks; i++) {
		l = NGU_SNAP_LINK(s, i);
		for (k = 0; k < 2; k++)
			if (node == 0 || l->end[0].id == node || l->end[1].id == node)
				f[(*n)++] = (struct flow){ .from = &l->end[k], .to = &l->end[!k],
					.from_node = NGU_SNAP_NODE(s, l->end[k].node), .to_node = NGU_SNAP_NODE(s, l->end[!k].node) };
	}
	if (*n > 0)
		qsort(f, *n, sizeof(*f), by_place);
	return (f);
}

/* What came since, a second. A count that went back is that of another hook of this name: it began at 0. */
static double
rate(uint64_t now, uint64_t then, double seconds)
{
	return ((double)(now >= then ? now - then : now) / seconds);
}

/* Give each of n flows its rates, by those of `old`, which are in order, too. A direction that was not there before counts from 0. */
static void
rates(struct flow *f, size_t n, const struct flow *old, size_t nold, double seconds)
{
	static const struct ngu_snap_end none;
	const struct ngu_snap_end *to;
	size_t i, k = 0;

	for (i = 0; i < n; i++) {
		while (k < nold && by_place(&old[k], &f[i]) < 0)
			k++;
		to = k < nold && by_place(&old[k], &f[i]) == 0 ? old[k].to : &none;
		f[i].packets = rate(f[i].to->packets, to->packets, seconds);
		f[i].bytes = rate(f[i].to->bytes, to->bytes, seconds);
		f[i].refused = rate(f[i].to->refused, to->refused, seconds);
	}
}

/* ---- output */

static void
end_text(char *buf, size_t size, const struct ngu_snap_node *n, const struct ngu_snap_end *e)
{
	if (n->name[0] != '\0')
		snprintf(buf, size, "%.31s:%.31s", n->name, e->hook);
	else
		snprintf(buf, size, "[%x]:%.31s", e->id, e->hook);
}

static void
rate_text(char *buf, size_t size, double x)
{
	snprintf(buf, size, x > 0 && x < 99.95 ? "%.1f" : "%.0f", x);
}

/* The lines and columns of the terminal; 0: it is none, or does not say. */
static void
screen(unsigned *lines, unsigned *columns)
{
	struct winsize w;

	*lines = *columns = 0;
	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0)
		*lines = w.ws_row, *columns = w.ws_col;
}

#define WIDTH 320
/* A line, cut where the terminal ends; what was there before is gone. */
static void
line(const char *text, unsigned columns, bool tty)
{
	printf("%.*s%s\n", columns != 0 && columns < WIDTH ? (int)columns : WIDTH, text, tty ? "\033[K" : "");
}

static void
as_text(const struct ngu_snapshot *s, struct flow *f, size_t n, double seconds, const char *path)
{
	char text[WIDTH + 1], from[80], to[80], p[32], b[32], r[32];
	unsigned lines, columns;
	bool tty = isatty(STDOUT_FILENO) != 0;
	double packets = 0;
	size_t i, rows = n;

	screen(&lines, &columns);
	if (lines > HEAD + 1 && n > lines - HEAD - 1)
		rows = lines - HEAD - 2; /* one line tells how many there are more */
	for (i = 0; i < n; i++)
		packets += f[i].packets;
	if (n > 0)
		qsort(f, n, sizeof(*f), by_rate);
	if (tty)
		fputs("\033[H", stdout);
	rate_text(p, sizeof(p), packets);
	snprintf(text, sizeof(text), "%.31s%s%s: %u nodes, %u links, %s packets %s%s", s->graph, path != NULL ? " " : "", path != NULL ? path : "", s->nnodes,
	    s->nlinks, p, seconds > 0 ? "a second over all" : "more, the graph's clock stands still",
	    (s->flags & NGU_SNAP_CHANGED) != 0 ? ", changing" : "");
	line(text, columns, tty);
	snprintf(text, sizeof(text), "%12s %14s %10s %8s  %s", seconds > 0 ? "packets/s" : "packets", seconds > 0 ? "bytes/s" : "bytes",
	    seconds > 0 ? "refused/s" : "refused", "queued", "link");
	line(text, columns, tty);
	for (i = 0; i < rows; i++) {
		end_text(from, sizeof(from), f[i].from_node, f[i].from);
		end_text(to, sizeof(to), f[i].to_node, f[i].to);
		rate_text(p, sizeof(p), f[i].packets);
		rate_text(b, sizeof(b), f[i].bytes);
		rate_text(r, sizeof(r), f[i].refused);
		snprintf(text, sizeof(text), "%12s %14s %10s %8u  %s -> %s", p, b, r, f[i].to_node->queued, from, to);
		line(text, columns, tty);
	}
	if (rows < n) {
		snprintf(text, sizeof(text), "%zu more", n - rows);
		line(text, columns, tty);
	}
	fputs(tty ? "\033[J" : "\n", stdout);
}

static void
json_flow_end(const char *key, const struct ngu_snap_node *n, const struct ngu_snap_end *e)
{
	json_object(key);
	json_num("id", e->id);
	json_str("name", n->name[0] != '\0' ? n->name : NULL);
	json_str("type", n->type);
	json_str("hook", e->hook);
	json_close();
}

/* Not rates but what came in the span, which is nanoseconds: whole numbers. */
static void
as_json(const struct ngu_snapshot *s, const struct flow *f, size_t n, double seconds)
{
	double each = seconds > 0 ? seconds : 1;
	size_t i;

	json_begin();
	json_str("graph", s->graph);
	json_num("time", (long long)s->time_ns);
	json_num("span", (long long)(seconds * 1e9 + 0.5));
	json_num("nodes", s->nnodes);
	json_num("links", s->nlinks);
	json_bool("changed", (s->flags & NGU_SNAP_CHANGED) != 0);
	json_array("flows");
	for (i = 0; i < n; i++) {
		json_object(NULL);
		json_flow_end("from", f[i].from_node, f[i].from);
		json_flow_end("to", f[i].to_node, f[i].to);
		json_num("packets", (long long)(f[i].packets * each + 0.5));
		json_num("bytes", (long long)(f[i].bytes * each + 0.5));
		json_num("refused", (long long)(f[i].refused * each + 0.5));
		json_num("queued", f[i].to_node->queued);
		json_close();
	}
	json_end();
}

/* ---- */

/* The ID in "[id]:", which path_fixed() made. */
static uint32_t
fixed_id(const char *fixed)
{
	return ((uint32_t)strtoul(fixed + 1, NULL, 16));
}

static bool
is_there(const struct ngu_snapshot *s, uint32_t node)
{
	uint32_t i;

	for (i = 0; i < s->nnodes; i++)
		if (NGU_SNAP_NODE(s, i)->id == node)
			return (true);
	return (false);
}

static enum result
run(int ac, char **av)
{
	const char *v_most = NULL, *v_every = NULL, *path;
	struct ngu_snapshot *s, *old = NULL;
	unsigned long most = 0, shown = 0;
	struct flow *f, *before = NULL;
	unsigned ms = 1000;
	enum result r = CMD_OK;
	uint32_t node = 0;
	double seconds_gone;
	size_t n, nbefore = 0;
	char *fixed;

	if (option_value(&ac, av, "-n", &v_most) < 0 || option_value(&ac, av, "-i", &v_every) < 0 || ac > 2)
		return (CMD_USAGE);
	if ((v_most != NULL && !number(v_most, 1, 1000000000, &most)) || (v_every != NULL && !seconds(v_every, &ms)))
		return (CMD_USAGE);
	path = ac == 2 ? av[1] : NULL;
	if (path != NULL) {
		if ((fixed = path_fixed(path)) == NULL)
			return (failed("watch", &(struct about){ .command = "watch", .path = path, .question = true }));
		node = fixed_id(fixed);
		free(fixed);
	}
	fflush(stdout);
	enough_begin();
	do {
		if (!question_or_say("watch", NGU_ASK_SNAPSHOT, NULL, NULL, NULL, NGU_B_SNAPSHOT, &s)) {
			r = CMD_ERROR;
			break;
		}
		if (node != 0 && !is_there(s, node)) {
			free(s);
			errno = ENOENT;
			r = failed("watch", &(struct about){ .command = "watch", .path = path, .question = true });
			break;
		}
		f = flows(s, node, &n);
		if (old != NULL) {
			seconds_gone = (double)(s->time_ns - old->time_ns) / 1e9;
			rates(f, n, before, nbefore, seconds_gone > 0 ? seconds_gone : 1);
			if (ctl.as_json)
				as_json(s, f, n, seconds_gone);
			else {
				if (shown == 0 && isatty(STDOUT_FILENO))
					fputs("\033[2J", stdout);
				as_text(s, f, n, seconds_gone, path);
				if (n > 0)
					qsort(f, n, sizeof(*f), by_place);
			}
			shown++;
			if (fflush(stdout) != 0)
				break; /* nobody reads it any more */
		}
		free(before);
		free(old);
		before = f, nbefore = n, old = s;
	} while ((most == 0 || shown < most) && pause_ms(ms));
	enough_end();
	free(before);
	free(old);
	return (r);
}

const struct command watch_command = {
	.name = "watch",
	.run = run,
	.synopsis = "watch [path] [-i seconds] [-n times]",
	.summary = "Show what crosses each link a second, again and again",
	.help = "For each direction of each link (of the node at <path>) the packets and bytes a second that arrive, the packets that are refused where "
		"they arrive, and how many wait in the queue of that node; the busiest first, as many as the screen has lines. Anew every second, or "
		"every <seconds>; ends after <times>, or with ^C.",
	.args = "p.",
	.ours = true,
};
