/* SPDX-License-Identifier: BSD-2-Clause */
/* show.c - ngctl show: a node and what it is linked to. */
#include "commands.h"

#include <errno.h>
#include <stdlib.h>

#define ROW "  %-15s %-15s %-12s %-15s %-15s\n"

static void
links_json(const struct hooklist *h, uint32_t n)
{
	uint32_t i;

	json_array("links");
	for (i = 0; i < n; i++) {
		json_object(NULL);
		json_str("hook", h->link[i].ourhook);
		json_node("peer", &h->link[i].nodeinfo);
		json_close();
		json_str("peerhook", h->link[i].peerhook);
		json_close();
	}
	json_close();
}

/* Print the node. The JSON is an object of the array, or the document's member "node", as the caller has begun it. */
enum result
show_node(const char *command, const char *path, bool hooks)
{
	const struct hooklist *h;
	const struct linkinfo *l;
	struct ng_mesg *rep;
	enum result r;
	char id[16];
	uint32_t i, n;

	if ((r = ask_or_say(command, path, NGM_LISTHOOKS, &rep)) != CMD_OK)
		return (r);
	if (rep->header.arglen < sizeof(*h)) {
		free(rep);
		errno = EBADMSG;
		return (failed("recv msg", &(struct about){ .command = command, .path = path }));
	}
	h = (const void *)rep->data;
	n = (uint32_t)((rep->header.arglen - sizeof(*h)) / sizeof(h->link[0]));
	if (h->nodeinfo.hooks < n)
		n = h->nodeinfo.hooks;
	if (ctl.as_json) {
		json_node(command[0] == 'l' ? NULL : "node", &h->nodeinfo);
		if (hooks)
			links_json(h, n);
		json_close();
		free(rep);
		return (CMD_OK);
	}
	node_line(&h->nodeinfo);
	if (hooks && n > 0) {
		printf(ROW, "Local hook", "Peer name", "Peer type", "Peer ID", "Peer hook");
		printf(ROW, "----------", "---------", "---------", "-------", "---------");
		for (i = 0; i < n; i++) {
			l = &h->link[i];
			snprintf(id, sizeof(id), "%08x", l->nodeinfo.id);
			printf(ROW, l->ourhook, l->nodeinfo.name[0] != '\0' ? l->nodeinfo.name : UNNAMED, l->nodeinfo.type, id, l->peerhook);
		}
	}
	free(rep);
	return (CMD_OK);
}

static enum result
run(int ac, char **av)
{
	bool hooks = true;
	enum result r;
	int c;

	while ((c = option(&ac, &av, "n")) != 0) {
		if (c != 'n')
			return (CMD_USAGE);
		hooks = false;
	}
	if (ac != 2)
		return (CMD_USAGE);
	if (!ctl.as_json)
		return (show_node("show", av[1], hooks));
	json_begin();
	r = show_node("show", av[1], hooks);
	json_end();
	return (r);
}

const struct command show_command = {
	.name = "show",
	.run = run,
	.synopsis = "show [-n] <path>",
	.summary = "Show a node and what it is linked to",
	.help = "The line that list has for the node at <path>, and a table of its hooks and of the nodes and hooks behind them. With -n only "
		"the line.",
	.args = "p",
	.alias = { "inquire", "info" },
};
