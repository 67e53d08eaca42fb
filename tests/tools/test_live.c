/* SPDX-License-Identifier: BSD-2-Clause */
/* test_live.c - ngctl(8): commands that look at a graph while it works. */
#include "tools.h"
#include "json.h"

#define SCRIPT(input) RUN(input, NGT_NGCTL, "-n", "me", "-f", "-")

static void
test_messages_of_types(void **state)
{
	const struct ran *r = RUN(NULL, NGT_NGCTL, "help", "vlan_rotate");
	char help[sizeof(r->out)];

	(void)state;
	assert_int_equal(r->code, 0);
	assert_string_equal(r->err, "");
	strcpy(help, r->out);
	assert_string_equal(RUN(NULL, NGT_NGCTL, "types", "vlan_rotate")->out, help);
	assert_string_equal(RUN(NULL, NGT_NGCTL, "help", "hole")->out,
	    "Nodes of type hole understand 3 messages, and those of every node (help generic):\n"
	    "  getstats <string 31>\n"
	    "      answer: { frames=<uint64> octets=<uint64> }\n"
	    "  clrstats <string 31>\n"
	    "  getclrstats <string 31>\n"
	    "      answer: { frames=<uint64> octets=<uint64> }\n");
	assert_string_equal(RUN(NULL, NGT_NGCTL, "types", "socket")->out,
	    "Nodes of type socket understand no messages but those of every node: help generic\n");
	assert_non_null(strstr(RUN(NULL, NGT_NGCTL, "help", "generic")->out, "\n  name { name=<string 31> }\n"));
	r = RUN(NULL, NGT_NGCTL, "types", "--json", "hole");
	assert_int_equal(json_documents(r->out), 1);
	assert_non_null(strstr(r->out, "{\"command\":\"clrstats\",\"cmd\":2,\"cookie\":915433206,\"args\":\"<string 31>\",\"answer\":null}"));
	r = RUN(NULL, NGT_NGCTL, "types", "frob");
	assert_string_equal(r->err, "ngctl: types: No such file or directory\n"
				    "ngctl: types in graph embedded: there is no node type \"frob\", and no module that brings it: ENOENT\n");
	assert_int_equal(r->code, 71);
	assert_string_equal(RUN(NULL, NGT_NGCTL, "--complete", "help hub")->out, "hub\n");
	/* a path from our own node, and UTF-8 before the place */
	r = SCRIPT("mkpeer bridge a link0\nmsg .:a movehost { hook=\"\xc3\xa9\" frob=9 }\n");
	assert_non_null(strstr(r->err, "\n  movehost { hook=\"\xc3\xa9\" frob=9 }\n                      ^\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages_of_types),
	};

	unsetenv("NETGRAPH");
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
