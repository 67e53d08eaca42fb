/* SPDX-License-Identifier: BSD-2-Clause */
/* help.c - ngctl help: the commands, or one of them; the messages of a node type. */
#include "commands.h"
#include "question.h"

#include <string.h>

#define FOLD 64

static void
folded(const char *text)
{
	size_t len, n;

	while (*(text += strspn(text, " ")) != '\0') {
		if ((len = strlen(text)) > FOLD) {
			for (n = FOLD; n > 0 && text[n] != ' '; n--)
				;
			len = n > 0 ? n : strcspn(text, " ");
		}
		printf("  %.*s\n", (int)len, text);
		text += len;
	}
}

static void
one(const struct command *c)
{
	size_t i;

	printf("usage:    %s\n", c->synopsis);
	for (i = 0; i < sizeof(c->alias) / sizeof(c->alias[0]) && c->alias[i] != NULL; i++)
		printf("%s%s", i == 0 ? "Aliases:  " : ", ", c->alias[i]);
	if (i > 0)
		putchar('\n');
	printf("Summary:  %s\n", c->summary);
	if (c->help != NULL) {
		printf("Description:\n");
		folded(c->help);
	}
}

static void
one_json(const char *key, const struct command *c, bool help)
{
	size_t i;

	json_object(key);
	json_str("name", c->name);
	json_array("aliases");
	for (i = 0; i < sizeof(c->alias) / sizeof(c->alias[0]) && c->alias[i] != NULL; i++)
		json_str(NULL, c->alias[i]);
	json_close();
	json_str("synopsis", c->synopsis);
	json_str("summary", c->summary);
	if (help)
		json_str("description", c->help);
	json_close();
}

static enum result
run(int ac, char **av)
{
	const struct command *c = NULL;
	bool ambiguous;
	size_t i;

	if (ac > 2)
		return (CMD_USAGE);
	if (ac == 2 && (c = command_match(av[1], &ambiguous)) == NULL) {
		if (type_messages(av[1]))
			return (CMD_OK);
		if ((c = command_find(av[1])) == NULL) /* which says so */
			return (ctl.as_json ? CMD_ERROR : CMD_OK);
	}
	if (ctl.as_json) {
		json_begin();
		if (c != NULL)
			one_json("command", c, true);
		else {
			json_array("commands");
			for (i = 0; commands[i] != NULL; i++)
				one_json(NULL, commands[i], false);
		}
		json_end();
		return (CMD_OK);
	}
	if (c != NULL) {
		one(c);
		return (CMD_OK);
	}
	printf("Available commands:\n");
	for (i = 0; commands[i] != NULL; i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	return (CMD_OK);
}

const struct command help_command = {
	.name = "help",
	.run = run,
	.synopsis = "help [command | type]",
	.summary = "List the commands, or explain one or a node type's messages",
	.help = "Explains the command, or prints the messages that nodes of <type> understand, as the types command does.",
	.args = "(ct).",
	.alias = { "?" },
};
