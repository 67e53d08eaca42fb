/* SPDX-License-Identifier: BSD-2-Clause */
/* apply.c - ngctl apply: change the live graph into the one that a script describes, all or nothing. */
#include "commands.h"
#include "plan.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ng/client.h>

static void
print_json(const struct plan *p, bool applied)
{
	const struct change *c;
	size_t i;

	json_begin();
	json_array("changes");
	for (i = 0; i < p->ndiff; i++) {
		c = &p->diff[i];
		json_object(NULL);
		json_str("change", c->sign == '+' ? "add" : "remove");
		json_str("what", c->what);
		json_str(c->what[0] == 'l' ? "from" : "path", c->a);
		json_str(c->what[0] == 'l' ? "to" : c->what[1] == 'o' ? "type" : "name", c->b);
		json_close();
	}
	json_close();
	json_str("operations", p->ops);
	json_bool("applied", applied);
	json_end();
}

/* The graph refused: say why, and show the operation. */
static enum result
refused(const struct plan *p, const struct ngu_apply_error *e, int error)
{
	const char *line = p->ops, *end;
	uint32_t n;
	char *text;

	fflush(stdout);
	errno = error;
	failed("apply", &(struct about){ .command = "apply", .path = e->node[0] != '\0' ? e->node : NULL, .hook = e->hook[0] != '\0' ? e->hook : NULL });
	if (e->text[0] != '\0')
		warnx("%s", e->text);
	for (n = 1; n < e->line && line != NULL && (line = strchr(line, '\n')) != NULL; n++)
		line++;
	if (e->line != 0 && line != NULL) {
		end = strchr(line, '\n');
		text = need(strndup(line, end != NULL ? (size_t)(end - line) : strlen(line)));
		show_place(stderr, text, e->column > 0 ? e->column - 1 : 0);
		free(text);
	}
	warnx("nothing has been changed");
	return (CMD_ERROR);
}

static enum result
run(int ac, char **av)
{
	struct ngu_apply_error e = { .error = 0 };
	struct graph *live = NULL, *want = NULL;
	const char *file = NULL;
	enum result r = CMD_ERROR;
	bool dry = false;
	struct plan p;
	int error = 0, i;
	size_t k;
	FILE *f;

	for (i = 1; i < ac; i++) {
		if (strcmp(av[i], "--dry-run") == 0)
			dry = true;
		else if (file == NULL)
			file = av[i];
		else
			return (CMD_USAGE);
	}
	if (file == NULL)
		return (CMD_USAGE);
	f = strcmp(file, "-") == 0 ? stdin : fopen(file, "r");
	if (f == NULL) {
		fflush(stdout);
		warn("%s", file);
		return (CMD_ERROR);
	}
	want = script_read(f, file);
	if (f != stdin)
		fclose(f);
	if (want == NULL || (live = graph_live("apply")) == NULL) {
		graph_free(want);
		return (CMD_ERROR);
	}
	plan_make(live, want, &p);
	if (p.problems > 0) {
		fflush(stdout);
		warnx("nothing has been changed");
	} else {
		if (p.nops > 0)
			error = ngu_client_apply(p.ops, dry ? NGU_APPLY_DRY : 0, &e) < 0 ? errno : 0;
		if (ctl.as_json)
			print_json(&p, !dry && error == 0);
		else
			for (k = 0; k < p.ndiff; k++)
				printf("%c%s %s %s\n", p.diff[k].sign, p.diff[k].what, p.diff[k].a, p.diff[k].b);
		r = error == 0 ? CMD_OK : refused(&p, &e, error);
		if (live->changed)
			warnx("the graph changed while it was read: not all of what was compared may have been there at the same time");
	}
	plan_free(&p);
	graph_free(live);
	graph_free(want);
	return (r);
}

const struct command apply_command = {
	.name = "apply",
	.run = run,
	.synopsis = "apply <filename> [--dry-run]",
	.summary = "Change the graph into the one that a script describes",
	.help = "Reads a script as the save command writes it, prints what has to change in the live graph (- goes, + comes) to make it the graph of the "
		"script, and makes these changes, all or none. Nodes of programs stay as they are. With --dry-run nothing is changed; it is only "
		"checked that it could be.",
	.args = "f.",
	.ours = true,
};
