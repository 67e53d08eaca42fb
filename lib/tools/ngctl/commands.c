/* SPDX-License-Identifier: BSD-2-Clause */
/* commands.c - the table of commands: found by name, alias or prefix, run, read from lines and files. One line a command. */
#include "commands.h"

#include <err.h>
#include <string.h>
#include <strings.h>

const struct command *const commands[] = {
	&apply_command,
	&capture_command,
	&config_command,
	&connect_command,
	&debug_command,
	&dot_command,
	&help_command,
	&list_command,
	&mknode_command,
	&mkpeer_command,
	&msg_command,
	&name_command,
	&quit_command,
	&read_command,
	&rmhook_command,
	&save_command,
	&show_command,
	&shutdown_command,
	&stat_command,
	&status_command,
	&trace_command,
	&types_command,
	&watch_command,
	&why_command,
	&write_command,
	NULL,
};

/* How well `word` names the command: 2 it is its name or an alias, 1 the beginning of one, 0 not at all. */
static int
match(const struct command *c, const char *word)
{
	size_t len = strlen(word), i;
	const char *name = c->name;
	int best = 0;

	for (i = 0; name != NULL; name = i < sizeof(c->alias) / sizeof(c->alias[0]) ? c->alias[i] : NULL, i++)
		if (strncasecmp(name, word, len) == 0) {
			if (name[len] == '\0')
				return (2);
			best = 1;
		}
	return (best);
}

/*
 * A whole name wins; then the only one of FreeBSD's commands that the word is a beginning of; then the only one of ours. So whatever
 * abbreviation a script uses for a command of FreeBSD's goes on meaning it.
 */
const struct command *
command_match(const char *word, bool *ambiguous)
{
	const struct command *found[2] = { NULL, NULL };
	int n[2] = { 0, 0 };
	size_t i;

	*ambiguous = false;
	for (i = 0; commands[i] != NULL; i++) {
		switch (match(commands[i], word)) {
		case 2:
			return (commands[i]);
		case 1:
			found[commands[i]->ours] = commands[i];
			n[commands[i]->ours]++;
		}
	}
	i = n[0] == 0;
	*ambiguous = n[i] > 1;
	return (n[i] == 1 ? found[i] : NULL);
}

const struct command *
command_find(const char *word)
{
	const struct command *c;
	bool ambiguous;

	if ((c = command_match(word, &ambiguous)) == NULL) {
		fflush(stdout);
		warnx(ambiguous ? "\"%s\": ambiguous command" : "\"%s\": unknown command", word);
	}
	return (c);
}

enum result
command_run(int ac, char **av)
{
	const struct command *c;
	enum result r;
	int i;

	if ((c = command_find(av[0])) == NULL)
		return (CMD_ERROR);
	ctl.as_json = ctl.json;
	for (i = 1; i < ac && strcmp(av[i], "--json") != 0 && !c->words; i++)
		;
	if (i < ac && strcmp(av[i], "--json") == 0) {
		ctl.as_json = true;
		for (ac--; i < ac; i++)
			av[i] = av[i + 1];
	}
	if ((r = c->run(ac, av)) == CMD_USAGE) {
		fflush(stdout);
		warnx("usage: %s", c->synopsis);
	}
	ctl.as_json = ctl.json;
	return (r);
}

enum result
command_line(char *line)
{
	char *av[MAX_WORDS + 1], *word, *rest;
	int ac = 0;

	for (word = strtok_r(line, " \t\r\n\v\f", &rest); word != NULL; word = strtok_r(NULL, " \t\r\n\v\f", &rest)) {
		if (ac == MAX_WORDS) {
			fflush(stdout);
			warnx("more than %d words in a line", MAX_WORDS);
			return (CMD_ERROR);
		}
		av[ac++] = word;
	}
	av[ac] = NULL;
	return (ac == 0 ? CMD_OK : command_run(ac, av));
}
