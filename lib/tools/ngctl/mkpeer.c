/* SPDX-License-Identifier: BSD-2-Clause */
/* mkpeer.c - ngctl mkpeer: a new node, linked to one that is there. */
#include "commands.h"

static enum result
run(int ac, char **av)
{
	struct about a = { .command = "mkpeer", .path = "." };
	struct ngm_mkpeer m = { .type = "" };

	if (ac == 5)
		a.path = av[1], av++;
	else if (ac != 4)
		return (CMD_USAGE);
	a.type = av[1], a.hook = av[2], a.peerhook = av[3];
	snprintf(m.type, sizeof(m.type), "%s", a.type);
	snprintf(m.ourhook, sizeof(m.ourhook), "%s", a.hook);
	snprintf(m.peerhook, sizeof(m.peerhook), "%s", a.peerhook);
	if (NgSendMsg(ctl.cs, a.path, NGM_GENERIC_COOKIE, NGM_MKPEER, &m, sizeof(m)) < 0)
		return (failed("send msg", &a));
	return (CMD_OK);
}

const struct command mkpeer_command = {
	.name = "mkpeer",
	.run = run,
	.synopsis = "mkpeer [path] <type> <hook> <peerhook>",
	.summary = "Make a node and link it to one that is there",
	.help = "Makes a node of type <type> and a link between hook <hook> of the node at <path> and the new node's hook <peerhook>. "
		"<path> is \".\", ngctl's own node, if it is left out. The new node has no name; the name command gives it one.",
	.args = "(pt)t.",
};
