/* SPDX-License-Identifier: BSD-2-Clause */
/* types.c - ngctl types: the node types that are known; the messages of one. */
#include "commands.h"
#include "question.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ng/host.h>

#define GENERIC "generic" /* in place of a type: what every node understands */

bool
type_messages(const char *type)
{
	const struct ngu_help_msg *m;
	struct ngu_help *h;
	uint32_t i;

	if (!question(NGU_ASK_HELP, NULL, type, NULL, NGU_B_HELP, &h) &&
	    (errno != ENOENT || strcmp(type, GENERIC) != 0 || !question(NGU_ASK_HELP, NULL, NULL, NULL, NGU_B_HELP, &h)))
		return (false);
	if (ctl.as_json) {
		json_begin();
		json_str("type", h->type[0] != '\0' ? h->type : NULL);
		json_array("messages");
	} else if (h->type[0] == '\0')
		printf("Every node understands %u messages:\n", h->nmsgs);
	else if (h->nmsgs == 0)
		printf("Nodes of type %.31s understand no messages but those of every node: help " GENERIC "\n", h->type);
	else
		printf("Nodes of type %.31s understand %u messages, and those of every node (help " GENERIC "):\n", h->type, h->nmsgs);
	for (i = 0; i < h->nmsgs; i++) {
		m = NGU_HELP_MSG(h, i);
		if (ctl.as_json) {
			json_object(NULL);
			json_str("command", NGU_HELP_TEXT(h, m->name_off));
			json_num("cmd", (int32_t)m->cmd);
			json_num("cookie", m->cookie);
			json_str("args", m->has_arg ? NGU_HELP_TEXT(h, m->arg_off) : NULL);
			json_str("answer", m->has_reply ? NGU_HELP_TEXT(h, m->reply_off) : NULL);
			json_close();
			continue;
		}
		printf("  %s%s%s\n", NGU_HELP_TEXT(h, m->name_off), m->has_arg ? " " : "", NGU_HELP_TEXT(h, m->arg_off));
		if (m->has_reply)
			printf("      answer: %s\n", NGU_HELP_TEXT(h, m->reply_off));
	}
	if (ctl.as_json)
		json_end();
	free(h);
	return (true);
}

static enum result
run(int ac, char **av)
{
	const struct typelist *t;
	struct ng_mesg *rep;
	enum result r;
	uint32_t i, n;

	if (ac > 2)
		return (CMD_USAGE);
	if (ac == 2)
		return (type_messages(av[1]) ? CMD_OK : failed("types", &(struct about){ .command = "types", .type = av[1], .question = true }));
	if ((r = ask_or_say("types", ".", NGM_LISTTYPES, &rep)) != CMD_OK)
		return (r);
	t = (const void *)rep->data;
	n = rep->header.arglen < sizeof(*t) ? 0 : (uint32_t)((rep->header.arglen - sizeof(*t)) / sizeof(t->typeinfo[0]));
	if (rep->header.arglen >= sizeof(*t) && t->numtypes < n)
		n = t->numtypes;
	if (ctl.as_json) {
		json_begin();
		json_array("types");
	} else {
		printf("There are %u total types:\n", n);
		if (n > 0) {
			printf("%15s   Number of living nodes\n", "Type name");
			printf("%15s   ----------------------\n", "---------");
		}
	}
	for (i = 0; i < n; i++) {
		if (ctl.as_json) {
			json_object(NULL);
			json_str("type", t->typeinfo[i].type_name);
			json_num("nodes", t->typeinfo[i].numnodes);
			json_close();
		} else
			printf("%15s   %5d\n", t->typeinfo[i].type_name, (int)t->typeinfo[i].numnodes);
	}
	if (ctl.as_json)
		json_end();
	free(rep);
	return (CMD_OK);
}

const struct command types_command = {
	.name = "types",
	.run = run,
	.synopsis = "types [type]",
	.summary = "Show the node types that are known, or one's messages",
	.help = "The types that are linked in or have been loaded, the newest first, and how many nodes there are of each. With <type> the "
		"messages that its nodes understand, with what they want and what they answer; those of every node for \"generic\".",
	.args = "t.",
};
