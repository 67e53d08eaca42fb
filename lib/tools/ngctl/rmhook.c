/* SPDX-License-Identifier: BSD-2-Clause */
/* rmhook.c - ngctl rmhook: break a link. */
#include "commands.h"

static enum result
run(int ac, char **av)
{
	struct about a = { .command = "rmhook", .path = "." };
	struct ngm_rmhook r = { .ourhook = "" };

	if (ac == 3)
		a.path = av[1], av++;
	else if (ac != 2)
		return (CMD_USAGE);
	a.hook = av[1];
	snprintf(r.ourhook, sizeof(r.ourhook), "%s", a.hook);
	if (NgSendMsg(ctl.cs, a.path, NGM_GENERIC_COOKIE, NGM_RMHOOK, &r, sizeof(r)) < 0)
		return (failed("send msg", &a));
	return (CMD_OK);
}

const struct command rmhook_command = {
	.name = "rmhook",
	.run = run,
	.synopsis = "rmhook [path] <hook>",
	.summary = "Break the link at a hook",
	.help = "Removes hook <hook> of the node at <path>, and with it the hook at the other end. <path> is \".\", ngctl's own node, if it is left "
		"out. That there is no such hook is no error. Most nodes end with their last hook.",
	.args = "(ph)h",
	.alias = { "disconnect" },
};
