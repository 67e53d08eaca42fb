/* SPDX-License-Identifier: BSD-2-Clause */
/* types.c - ngctl types: the node types that are known. */
#include "commands.h"

#include <stdlib.h>

static enum result
run(int ac, char **av)
{
	const struct typelist *t;
	struct ng_mesg *rep;
	enum result r;
	uint32_t i, n;

	if (ac != 1)
		return (CMD_USAGE);
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
	.synopsis = "types",
	.summary = "Show the node types that are known",
	.help = "The types that are linked in or have been loaded, the newest first, and how many nodes there are of each.",
};
