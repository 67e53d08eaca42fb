/* SPDX-License-Identifier: BSD-2-Clause */
/* connect.c - ngctl connect: a link between two nodes that are there. */
#include "commands.h"

static enum result
run(int ac, char **av)
{
	struct about a = { .command = "connect", .path = "." };
	struct ngm_connect c = { .path = "" };

	if (ac == 5)
		a.path = av[1], av++;
	else if (ac != 4)
		return (CMD_USAGE);
	a.peerpath = av[1], a.hook = av[2], a.peerhook = av[3];
	snprintf(c.path, sizeof(c.path), "%s", a.peerpath);
	snprintf(c.ourhook, sizeof(c.ourhook), "%s", a.hook);
	snprintf(c.peerhook, sizeof(c.peerhook), "%s", a.peerhook);
	if (NgSendMsg(ctl.cs, a.path, NGM_GENERIC_COOKIE, NGM_CONNECT, &c, sizeof(c)) < 0)
		return (failed("send msg", &a));
	return (CMD_OK);
}

const struct command connect_command = {
	.name = "connect",
	.run = run,
	.synopsis = "connect [path] <relpath> <hook> <peerhook>",
	.summary = "Link two nodes that are there already",
	.help = "Makes a link between hook <hook> of the node at <path> and hook <peerhook> of the node at <relpath>. Both hooks are new. "
		"<relpath> is taken from the node at <path>, unless it names a node; <path> is \".\", ngctl's own node, if it is left out.",
	.args = "pp.",
	.alias = { "join" },
};
