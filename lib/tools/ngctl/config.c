/* SPDX-License-Identifier: BSD-2-Clause */
/* config.c - ngctl config: a node's configuration as text, for types that have it. */
#include "commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static enum result
run(int ac, char **av)
{
	struct about a = { .command = "config" };
	char *args = NULL;
	struct ng_mesg *rep = NULL;
	const char *text = NULL;
	size_t len = 0;
	enum asked r;

	if (ac < 2)
		return (CMD_USAGE);
	a.path = av[1];
	if (ac > 2) {
		args = joined(ac - 2, av + 2);
		len = strlen(args) + 1;
	}
	r = ask(a.path, NGM_GENERIC_COOKIE, NGM_TEXT_CONFIG, args, len, &rep);
	free(args);
	if (r == ASK_SEND && errno != EINVAL)
		return (failed("send msg", &a));
	if (rep != NULL && rep->header.arglen > 0) {
		rep->data[rep->header.arglen - 1] = '\0';
		text = rep->data;
	}
	if (ctl.as_json) {
		json_begin();
		json_str("path", a.path);
		json_str("config", text);
		json_end();
	} else if (text != NULL)
		printf("Config for \"%s\":\n%s\n", a.path, text);
	else
		printf("No config available for \"%s\"\n", a.path);
	free(rep);
	return (CMD_OK);
}

const struct command config_command = {
	.name = "config",
	.run = run,
	.synopsis = "config <path> [arguments]",
	.summary = "Show or set a node's configuration as text",
	.help = "Sends the arguments, with a blank between each two, to the node at <path> and shows what it answers. Few types have that.",
	.args = "p.",
	.words = true,
};
