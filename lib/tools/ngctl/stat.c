/* SPDX-License-Identifier: BSD-2-Clause */
/* stat.c - ngctl stat: a node's state, its queue, and what has crossed its hooks. */
#include "commands.h"
#include "question.h"

#include <stdlib.h>

#include <ng/host.h>

static const struct {
	uint32_t flag;
	const char *key, *text;
} states[] = {
	{ NGU_N_DYING, "dying", "being shut down" },
	{ NGU_N_FORCE_WRITER, "force-writer", "one packet at a time" },
	{ NGU_N_HI_STACK, "hi-stack", "wants stack" },
	{ NGU_N_CLOSED, "closed", "a writer has it" },
	{ NGU_N_SERVED, "served", "its queue is served" },
	{ NGU_N_QUEUE, "queue", "something waits" },
	{ NGU_N_WRITER_WAITS, "writer-waits", "a writer waits" },
	{ NGU_N_LISTED, "listed", "on a worker's list" },
}, hook_states[] = {
	{ NGU_H_INVALID, "invalid", "invalid" },
	{ NGU_H_QUEUE, "queue", "queued" },
	{ NGU_H_FORCE_WRITER, "force-writer", "alone" },
	{ NGU_H_HI_STACK, "hi-stack", "wants stack" },
	{ NGU_H_TO_INBOUND, "to-inbound", "inbound" },
	{ NGU_H_WATCHED, "watched", "watched" },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
as_json(const struct ngu_node_stat *s)
{
	const struct ngu_hook_stat *h;
	struct nodeinfo n = { .id = s->id, .hooks = s->nhooks };
	size_t i, k;

	snprintf(n.name, sizeof(n.name), "%.31s", s->name);
	snprintf(n.type, sizeof(n.type), "%.31s", s->type);
	json_begin();
	json_node("node", &n);
	json_array("state");
	for (i = 0; i < COUNT(states); i++)
		if ((s->flags & states[i].flag) != 0)
			json_str(NULL, states[i].key);
	json_close();
	json_num("readers", s->readers);
	json_num("references", s->refs);
	json_num("queued", s->queued);
	json_num("queuelimit", s->queue_limit);
	json_num("memory", (long long)s->memory);
	json_num("time", (long long)s->time_ns);
	json_object("in");
	json_num("packets", (long long)s->in_packets);
	json_num("bytes", (long long)s->in_bytes);
	json_close();
	json_object("out");
	json_num("packets", (long long)s->out_packets);
	json_num("bytes", (long long)s->out_bytes);
	json_close();
	json_num("refused", (long long)s->refused);
	json_object("reasons");
	for (i = 0; i < NGU_R_COUNT; i++)
		if (s->by_reason[i] != 0)
			json_num(ngu_reason_name((enum ngu_reason)i), (long long)s->by_reason[i]);
	json_close();
	json_array("links");
	for (i = 0; i < s->nhooks; i++) {
		h = NGU_NODE_HOOK(s, i);
		json_object(NULL);
		json_str("hook", h->name);
		json_num("peerid", h->peer_id);
		json_str("peerhook", h->peer_hook);
		json_array("state");
		for (k = 0; k < COUNT(hook_states); k++)
			if ((h->flags & hook_states[k].flag) != 0)
				json_str(NULL, hook_states[k].key);
		json_close();
		json_object("in");
		json_num("packets", (long long)h->in_packets);
		json_num("bytes", (long long)h->in_bytes);
		json_close();
		json_object("out");
		json_num("packets", (long long)h->out_packets);
		json_num("bytes", (long long)h->out_bytes);
		json_close();
		json_num("refused", (long long)h->refused);
		json_close();
	}
	json_end();
}

#define ROW "  %-15s %12s %14s %12s %14s %10s  %s\n"

static void
as_text(const struct ngu_node_stat *s)
{
	const struct ngu_hook_stat *h;
	char num[5][24], peer[160], node[80];
	const char *comma;
	size_t i, k, n;

	printf("  Name: %-15s Type: %-15s ID: %08x   Num hooks: %u\n", s->name[0] != '\0' ? s->name : UNNAMED, s->type, s->id, s->nhooks);
	printf("  State: ");
	for (i = 0, comma = ""; i < COUNT(states); i++)
		if ((s->flags & states[i].flag) != 0) {
			printf("%s%s", comma, states[i].text);
			comma = ", ";
		}
	printf("%s; %u at work in it, %u references, %llu bytes\n", comma[0] == '\0' ? "open" : "", s->readers, s->refs, (unsigned long long)s->memory);
	printf("  Queue: %u of %u\n", s->queued, s->queue_limit);
	printf("  In: %llu packets, %llu bytes   Out: %llu packets, %llu bytes   Refused: %llu\n", (unsigned long long)s->in_packets,
	    (unsigned long long)s->in_bytes, (unsigned long long)s->out_packets, (unsigned long long)s->out_bytes, (unsigned long long)s->refused);
	for (i = 0; i < NGU_R_COUNT; i++)
		if (s->by_reason[i] != 0)
			printf("    %llu %s\n", (unsigned long long)s->by_reason[i], ngu_reason_name((enum ngu_reason)i));
	if (s->nhooks == 0)
		return;
	printf(ROW, "Local hook", "Packets in", "Bytes in", "Packets out", "Bytes out", "Refused", "Peer");
	printf(ROW, "----------", "----------", "--------", "-----------", "---------", "-------", "----");
	for (i = 0; i < s->nhooks; i++) {
		h = NGU_NODE_HOOK(s, i);
		snprintf(num[0], sizeof(num[0]), "%llu", (unsigned long long)h->in_packets);
		snprintf(num[1], sizeof(num[1]), "%llu", (unsigned long long)h->in_bytes);
		snprintf(num[2], sizeof(num[2]), "%llu", (unsigned long long)h->out_packets);
		snprintf(num[3], sizeof(num[3]), "%llu", (unsigned long long)h->out_bytes);
		snprintf(num[4], sizeof(num[4]), "%llu", (unsigned long long)h->refused);
		node_text(node, sizeof(node), h->peer_name, h->peer_type, h->peer_id);
		n = (size_t)snprintf(peer, sizeof(peer), "%s %.31s", h->peer_id != 0 ? node : "none", h->peer_hook);
		for (k = 0, comma = " ("; k < COUNT(hook_states); k++)
			if ((h->flags & hook_states[k].flag) != 0 && n < sizeof(peer)) {
				n += (size_t)snprintf(peer + n, sizeof(peer) - n, "%s%s", comma, hook_states[k].text);
				comma = ", ";
			}
		if (comma[0] == ',' && n + 1 < sizeof(peer))
			snprintf(peer + n, sizeof(peer) - n, ")");
		printf(ROW, h->name, num[0], num[1], num[2], num[3], num[4], peer);
	}
}

static enum result
run(int ac, char **av)
{
	struct ngu_node_stat *s;

	if (ac != 2)
		return (CMD_USAGE);
	if (!question_or_say("stat", NGU_ASK_NODE, av[1], NULL, NULL, NGU_B_NODE, &s))
		return (CMD_ERROR);
	(ctl.as_json ? as_json : as_text)(s);
	free(s);
	return (CMD_OK);
}

const struct command stat_command = {
	.name = "stat",
	.run = run,
	.synopsis = "stat <path>",
	.summary = "Show a node's state, its queue and what has crossed its hooks",
	.help = "What the graph knows of the node at <path>: whether it is open, busy or closed by a writer, how much waits in its queue, and "
		"how many packets and bytes came in by each hook, went out of it, or were refused there, with the reasons.",
	.args = "p",
	.ours = true,
};
