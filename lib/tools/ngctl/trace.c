/* SPDX-License-Identifier: BSD-2-Clause */
/* trace.c - ngctl trace: the next packets at a node, followed hop by hop. */
#include "commands.h"
#include "question.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ng/host.h>

#define LOOK 50 /* ms between two looks */
#define CALM 20 /* looks without anything new after which what still waits is left waiting, unless it was said how long to wait */

/* What became of it, and of what it was waiting before that. Whoever finds a queue full was not in it: refusals speak for themselves. */
static void
print_event(const struct ngu_trace_rec *r)
{
	static const char *const event[] = { "direct", "put off", "laid aside", "queued", "refused" };
	static const char *const before[] = { "", "after having been put off", "after having been laid aside", "after having been queued" };
	const char *how = r->how < sizeof(before) / sizeof(before[0]) && r->event != NGU_T_REFUSED ? before[r->how] : "";
	const char *what = r->event == NGU_T_DELIVERED && how[0] != '\0' ? "" : r->event <= NGU_T_REFUSED ? event[r->event] : "unknown";

	printf("%s%s%s", what, what[0] != '\0' && how[0] != '\0' ? " " : "", how);
}

static const char *
event_key(uint32_t event)
{
	static const char *const key[] = { "delivered", "put-off", "aside", "queued", "refused" };

	return (event < sizeof(key) / sizeof(key[0]) ? key[event] : "unknown");
}

/* How many were made to wait and have not come again: delivered, refused, or made to wait for something else. */
static long
waiting(const struct ngu_trace *t)
{
	const struct ngu_trace_rec *r;
	long n = 0;
	uint32_t i;

	for (i = 0; i < t->nrecs; i++) {
		r = NGU_TRACE_REC(t, i);
		n += r->event == NGU_T_PUT_OFF || r->event == NGU_T_ASIDE || r->event == NGU_T_QUEUED;
		n -= r->how != 0;
	}
	return (n > 0 ? n : 0);
}

/* Has everything come that will? What was made to wait comes once more; methods return. */
static bool
complete_trace(const struct ngu_trace *t)
{
	bool seen[NGU_TRACE_MOST + 1] = { false };
	const struct ngu_trace_rec *r;
	uint32_t i, n = 0;

	if (t->started < t->packets)
		return (false);
	for (i = 0; i < t->nrecs; i++) {
		r = NGU_TRACE_REC(t, i);
		if (r->event == NGU_T_DELIVERED && r->done == 0)
			return (false);
		if (r->packet <= NGU_TRACE_MOST && !seen[r->packet]) {
			seen[r->packet] = true;
			n++;
		}
	}
	/* A packet that has a number gets its first record a moment later. */
	return ((n >= t->started || t->lost != 0) && waiting(t) == 0);
}

static void
as_json(const struct ngu_trace *t)
{
	const struct ngu_trace_rec *r;
	uint32_t i;

	json_begin();
	json_num("packets", t->packets);
	json_num("started", t->started);
	json_num("lost", t->lost);
	json_array("hops");
	for (i = 0; i < t->nrecs; i++) {
		r = NGU_TRACE_REC(t, i);
		json_object(NULL);
		json_num("packet", r->packet);
		json_num("depth", r->depth);
		json_str("event", event_key(r->event));
		json_str("after", r->how != 0 ? event_key(r->how) : NULL);
		json_num("id", r->node);
		json_str("name", r->name[0] != '\0' ? r->name : NULL);
		json_str("type", r->type);
		json_str("hook", r->hook);
		json_num("fromid", r->far_node);
		json_str("fromhook", r->far_hook);
		json_num("length", r->len);
		json_num("count", r->count);
		json_str("reason", r->event == NGU_T_REFUSED ? ngu_reason_name((enum ngu_reason)r->reason) : NULL);
		json_num("result", r->result);
		json_bool("done", r->done != 0);
		json_num("at", (long long)r->at_ns);
		json_num("took", (long long)r->took_ns);
		json_num("thread", (long long)r->thread);
		json_close();
	}
	json_close();
	json_num("waiting", waiting(t));
	json_end();
}

static void
as_text(const struct ngu_trace *t)
{
	const struct ngu_trace_rec *r;
	uint32_t i, packet = 0, depth;
	char node[80];

	for (i = 0; i < t->nrecs; i++) {
		r = NGU_TRACE_REC(t, i);
		if (r->packet != packet)
			printf("packet %u:\n", packet = r->packet);
		depth = r->depth < 1 ? 1 : r->depth < 32 ? r->depth : 32;
		node_text(node, sizeof(node), r->name, r->type, r->node);
		printf("%*s%s hook %.31s: ", (int)(2 * depth), "", node, r->hook);
		print_event(r);
		printf(", ");
		if (r->count != 1)
			printf("%u packets of ", r->count);
		printf("%u bytes", r->len);
		if (r->event == NGU_T_DELIVERED && r->done == 0)
			printf(", still at work");
		else if (r->event == NGU_T_DELIVERED) {
			if (r->result != 0)
				printf(", answered %s", errno_name(r->result));
			printf(", %llu ns", (unsigned long long)r->took_ns);
		} else if (r->event == NGU_T_REFUSED) {
			printf(": %s", ngu_reason_name((enum ngu_reason)r->reason));
			if (r->result > 0)
				printf(" (%s: %s)", errno_name(r->result), strerror(r->result));
		}
		printf(" (at %llu ns)\n", (unsigned long long)r->at_ns);
	}
	printf("%u of %u packets", t->started, t->packets);
	if (waiting(t) != 0)
		printf("; %ld still wait", waiting(t));
	if (t->lost != 0)
		printf("; %u events are not shown, there was no room for them", t->lost);
	putchar('\n');
}

static enum result
run(int ac, char **av)
{
	const char *v_most = NULL, *v_wait = NULL;
	struct about a = { .command = "trace", .question = true };
	unsigned ms = 0, passed = 0, calm = 0;
	struct ngu_trace *t = NULL, *next;
	unsigned long n = 1;
	enum result r = CMD_OK;
	bool line = false, tell;
	uint32_t packets;

	if (option_value(&ac, av, "-n", &v_most) < 0 || option_value(&ac, av, "-w", &v_wait) < 0 || ac < 2 || ac > 3)
		return (CMD_USAGE);
	if ((v_most != NULL && !number(v_most, 1, NGU_TRACE_MOST, &n)) || (v_wait != NULL && !seconds(v_wait, &ms)))
		return (CMD_USAGE);
	packets = (uint32_t)n;
	a.path = av[1];
	a.hook = ac == 3 ? av[2] : NULL;
	tell = isatty(STDERR_FILENO) && !ctl.as_json;
	fflush(stdout);
	enough_begin();
	if (!question(NGU_ASK_TRACE_START, a.path, a.hook != NULL ? a.hook : "", &packets, 0, NULL)) {
		r = failed("trace", &a);
		enough_end();
		return (r);
	}
	for (;;) {
		if (!question(NGU_ASK_TRACE_READ, NULL, NULL, NULL, NGU_B_TRACE, &next)) {
			r = failed("trace", &a);
			break;
		}
		calm = t != NULL && t->nrecs == next->nrecs && t->started == next->started ? calm + 1 : 0;
		free(t);
		t = next;
		if (complete_trace(t) || (ms == 0 && t->started == t->packets && calm >= CALM) || enough() || (ms != 0 && passed >= ms))
			break;
		if (tell) {
			fprintf(stderr, "\r%u of %u packets; ^C ends it", t->started, t->packets);
			line = true;
		}
		pause_ms(LOOK);
		passed += LOOK;
	}
	if (line)
		fprintf(stderr, "\r\033[K");
	if (!question(NGU_ASK_TRACE_STOP, NULL, NULL, NULL, 0, NULL) && r == CMD_OK)
		r = failed("trace", &a);
	enough_end();
	if (t != NULL && r == CMD_OK)
		(ctl.as_json ? as_json : as_text)(t);
	free(t);
	return (r);
}

const struct command trace_command = {
	.name = "trace",
	.run = run,
	.synopsis = "trace <path> [hook] [-n packets] [-w seconds]",
	.summary = "Follow the next packets at a node hop by hop",
	.help = "Follows the next packet (or <packets>) that arrives at hook <hook> of the node at <path>, or at any hook that it has. For each "
		"hop: the node, its hook, whether it was delivered at once or had to wait, its length, why it was refused, and for how many "
		"nanoseconds the node had it, with all that it sent. Ends when they have come, after <seconds>, or with ^C.",
	.args = "ph.",
	.ours = true,
};
