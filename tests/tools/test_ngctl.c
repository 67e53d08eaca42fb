/* SPDX-License-Identifier: BSD-2-Clause */
/* test_ngctl.c - ngctl(8) as a program: what it prints, to the byte, what it says of errors, how it ends. */
#include "tools.h"
#include "json.h"

#include <sys/stat.h>

#define SCRIPT(input) RUN(input, NGT_NGCTL, "-n", "me", "-f", "-")

/* A graph of all kinds of nodes: named, unnamed, without links. Our own node is [1], the others follow. Nine lines. */
#define GRAPH \
	"mkpeer hub a x\nname .:a h\nmkpeer h: bridge b link0\nname h:b br\nmkpeer br: tee link1 left\nmkpeer br:link1 hub right y\n" \
	"name br:link1.right far\nconnect far: h: z c\nmknode hub lone\n"

static void
prints(const char *input, const char *out)
{
	const struct ran *r = SCRIPT(input);

	assert_string_equal(r->err, "");
	assert_string_equal(r->out, out);
	assert_int_equal(r->code, 0);
}

/* The last line of the input fails. */
static void
complains(const char *input, const char *err, int code)
{
	const struct ran *r = SCRIPT(input);
	char want[8192];
	int lines = 0;
	const char *p;

	for (p = input; *p != '\0'; p++)
		lines += *p == '\n';
	snprintf(want, sizeof(want), "%sngctl: line %d: error in file\n", err, lines);
	assert_string_equal(r->err, want);
	assert_int_equal(r->code, code);
}

static void
test_list(void **state)
{
	prints(GRAPH "list\nlist -n\n",
	    "There are 6 total nodes:\n"
	    "  Name: me              Type: socket          ID: 00000001   Num hooks: 1\n"
	    "  Name: h               Type: hub             ID: 00000002   Num hooks: 3\n"
	    "  Name: br              Type: bridge          ID: 00000003   Num hooks: 2\n"
	    "  Name: <unnamed>       Type: tee             ID: 00000004   Num hooks: 2\n"
	    "  Name: far             Type: hub             ID: 00000005   Num hooks: 2\n"
	    "  Name: lone            Type: hub             ID: 00000006   Num hooks: 0\n"
	    "There are 5 total named nodes:\n"
	    "  Name: me              Type: socket          ID: 00000001   Num hooks: 1\n"
	    "  Name: h               Type: hub             ID: 00000002   Num hooks: 3\n"
	    "  Name: br              Type: bridge          ID: 00000003   Num hooks: 2\n"
	    "  Name: far             Type: hub             ID: 00000005   Num hooks: 2\n"
	    "  Name: lone            Type: hub             ID: 00000006   Num hooks: 0\n");
	prints("mknode hub lone\nmkpeer tee a left\nlist -nl\n",
	    "There are 2 total named nodes:\n"
	    "  Name: me              Type: socket          ID: 00000001   Num hooks: 1\n"
	    "  Local hook      Peer name       Peer type    Peer ID         Peer hook      \n"
	    "  ----------      ---------       ---------    -------         ---------      \n"
	    "  a               <unnamed>       tee          00000003        left           \n"
	    "\n"
	    "  Name: lone            Type: hub             ID: 00000002   Num hooks: 0\n");
}

static void
test_show(void **state)
{
	prints(GRAPH "show h:\nshow -n br:link1\ninfo lone:\n",
	    "  Name: h               Type: hub             ID: 00000002   Num hooks: 3\n"
	    "  Local hook      Peer name       Peer type    Peer ID         Peer hook      \n"
	    "  ----------      ---------       ---------    -------         ---------      \n"
	    "  c               far             hub          00000005        z              \n"
	    "  b               br              bridge       00000003        link0          \n"
	    "  x               me              socket       00000001        a              \n"
	    "  Name: <unnamed>       Type: tee             ID: 00000004   Num hooks: 2\n"
	    "  Name: lone            Type: hub             ID: 00000006   Num hooks: 0\n");
	complains("show x:\n", "ngctl: send msg: No such file or directory\n"
			       "ngctl: show \"x:\" in graph embedded: there is no node \"x\": ENOENT\n", 71);
}

static void
test_types(void **state)
{
	const struct ran *r = SCRIPT("mkpeer hub a x\nmkpeer hub b x\ntypes\n");
	const char *p;
	char head[128];
	int n = 0;

	assert_int_equal(r->code, 0);
	assert_non_null(strstr(r->out, "\n            hub       2\n"));
	assert_non_null(strstr(r->out, "\n         socket       1\n"));
	assert_non_null(strstr(r->out, "\n           hole       0\n"));
	for (p = r->out; *p != '\0'; p++)
		n += *p == '\n';
	snprintf(head, sizeof(head), "There are %d total types:\n      Type name   Number of living nodes\n      ---------   ----------------------\n", n - 3);
	assert_memory_equal(r->out, head, strlen(head));
}

static void
test_silent(void **state)
{
	prints(GRAPH "rmhook far: z\nrmhook h: nothere\nrmhook a\nname br: bridge\nshutdown far:\nname . other\ndebug 0\ndisconnect bridge: link1\n", "");
	prints("connect . . a b\nwrite a 1 2 3\nw b 0xff 010 -128 255\nrmhook a\nmkpeer . echo e e\njoin .:e .:e x y\n", "");
}

static void
test_messages(void **state)
{
	prints("mkpeer bridge a link0\nmsg a getconfig\ncmd .:a setconfig { loopTimeout=7 }\nmsg a getconfig\n",
	    "Rec'd response \"getconfig\" (2) from \"[2]:\":\nArgs:\t{ debugLevel=1 loopTimeout=60 maxStaleness=900 minStableAge=1 }\n"
	    "Rec'd response \"getconfig\" (2) from \"[2]:\":\nArgs:\t{ loopTimeout=7 }\n");
	prints("connect . . a b\nmsg a nodeinfo\n",
	    "Rec'd response \"nodeinfo\" (805306374) from \"[1]:\":\nArgs:\t{ name=\"me\" type=\"socket\" id=0x1 hooks=2 }\n");
	complains("mkpeer bridge a link0\nmsg a setconfig { loopTimeout=7 frob=8 }\n",
	    "ngctl: send msg: No such file or directory\nngctl: msg \"a\" in graph embedded: ENOENT\n"
	    "  setconfig { loopTimeout=7 frob=8 }\n"
	    "                            ^\n", 71);
	complains("mkpeer bridge a link0\nmsg a setconfig { loopTimeout= }\n",
	    "ngctl: send msg: Invalid argument\nngctl: msg \"a\" in graph embedded: EINVAL\n"
	    "  setconfig { loopTimeout= }\n"
	    "                           ^\n", 71);
}

/* An answer too long for ngctl to have it put in words: bytes, and the last line is as long as the others. */
static void
test_dump(void **state)
{
	static const char begin[] = "Rec'd response 805306377 from \"[1]:\":\n0000:  2d 01 00 00 ";
	static char text[300 * sizeof("mknode hub\n") + 32];
	const struct ran *r;
	const char *line;

	for (int i = 0; i < 300; i++)
		strcat(text, "mknode hub\n");
	r = SCRIPT(strcat(text, "msg . listnodes\n"));
	assert_int_equal(r->code, 0);
	assert_memory_equal(r->out, begin, sizeof(begin) - 1);
	for (line = strchr(r->out, '\n') + 1; strlen(line) > 73; line += 73)
		assert_int_equal(line[72], '\n');
	assert_string_equal(line + 55, " ....-.......    \n");
}

static void
test_texts(void **state)
{
	prints("mkpeer hub a x\nconfig a\nconfig .:a some words\nstatus a\n",
	    "No config available for \"a\"\nNo config available for \".:a\"\nNo status available for \"a\"\n");
	complains("status x:\n", "ngctl: send msg: No such file or directory\n"
				 "ngctl: status \"x:\" in graph embedded: there is no node \"x\": ENOENT\n", 71);
	complains("config x: a\n", "ngctl: send msg: No such file or directory\n"
				   "ngctl: config \"x:\" in graph embedded: there is no node \"x\": ENOENT\n", 71);
}

static void
test_debug(void **state)
{
	prints("debug\ndebug +\ndebug\ndebug -\ndebug\n", "Current debug level is 0\nCurrent debug level is 1\nCurrent debug level is 0\n");
	assert_string_equal(RUN(NULL, NGT_NGCTL, "-d", "debug")->out, "Current debug level is 1\n");
	complains("debug -1\n", "ngctl: usage: debug [level]\n", 64);
	prints("debug -\ndebug\n", "Current debug level is 0\n"); /* no lower */
	prints("debug 2\ndebug x\ndebug\n", "Current debug level is 0\n"); /* no number: 0 */
	prints("debug 1x\ndebug\n", "Current debug level is 1\n");
}

static void
test_help(void **state)
{
	static const char *const names[] = { "apply", "capture", "config", "connect", "debug", "dot", "help", "list", "mknode", "mkpeer", "msg", "name", "quit",
		"read", "rmhook", "save", "show", "shutdown", "stat", "status", "trace", "types", "watch", "why", "write" };
	const struct ran *r = RUN(NULL, NGT_NGCTL, "help");
	char line[32], copy[sizeof(r->out)];
	const char *p, *end;
	size_t i;

	assert_int_equal(r->code, 0);
	strcpy(copy, r->out);
	assert_memory_equal(copy, "Available commands:\n", 20);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(line, sizeof(line), "\n  %-10s ", names[i]);
		assert_non_null(strstr(copy, line));
		r = RUN(NULL, NGT_NGCTL, "help", names[i]);
		snprintf(line, sizeof(line), "usage:    %s", names[i]);
		assert_memory_equal(r->out, line, strlen(line));
		for (p = strstr(r->out, "Description:\n"); p != NULL && *p != '\0'; p = end + 1) {
			end = strchr(p, '\n');
			assert_true(end - p <= 66);
		}
	}
	assert_string_equal(RUN(NULL, NGT_NGCTL, "?", "quit")->out, "usage:    quit\nAliases:  exit\nSummary:  End the program\n");
	r = RUN(NULL, NGT_NGCTL, "help", "shutdown");
	assert_string_equal(r->out,
	    "usage:    shutdown <path>\nAliases:  kill, rmnode\nSummary:  End a node\nDescription:\n"
	    "  Ends the node at <path>: its links are broken and its name is\n  free. Nodes of some types live on without their links.\n");
	r = RUN(NULL, NGT_NGCTL, "help", "frob");
	assert_string_equal(r->err, "ngctl: \"frob\": unknown command\n");
	assert_int_equal(r->code, 0);
	assert_int_equal(RUN(NULL, NGT_NGCTL, "help", "frob", "--json")->code, 71);
}

/* Names, aliases and beginnings of them, in any case; what they lead to shows in the usage. */
static void
test_names_of_commands(void **state)
{
	static const struct {
		const char *word, *leads; /* NULL: ambiguous; "": unknown */
	} t[] = {
		{ "mkpeer", "mkpeer [path] <type> <hook> <peerhook>" }, { "MK", "mkpeer [path] <type> <hook> <peerhook>" },
		{ "mkn", "mknode <type> [name]" }, { "join", "connect [path] <relpath> <hook> <peerhook>" }, { "con", NULL },
		{ "conn", "connect [path] <relpath> <hook> <peerhook>" }, { "j", "connect [path] <relpath> <hook> <peerhook>" },
		{ "Name", "name <path> <name>" }, { "n", "name <path> <name>" }, { "disc", "rmhook [path] <hook>" },
		{ "rmh", "rmhook [path] <hook>" }, { "rm", NULL }, { "rmn", "shutdown <path>" }, { "KILL", "shutdown <path>" },
		{ "in", "show [-n] <path>" }, { "sho", "show [-n] <path>" }, { "s", NULL }, { "sh", NULL }, { "st", "status <path>" },
		{ "so", "read <filename>" }, { ".", "read <filename>" }, { "cm", "msg path command [args ... ]" },
		{ "ms", "msg path command [args ... ]" }, { "m", NULL }, { "d", NULL }, { "W", "write <hook> < -f file | byte ... >" },
		{ "wr", "write <hook> < -f file | byte ... >" }, { "ap", "apply <filename> [--dry-run]" }, { "listx", "" }, { "frob", "" },
		{ "confi", "config <path> [arguments]" },
	};
	const struct ran *r;
	char text[256];
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		r = RUN(NULL, NGT_NGCTL, t[i].word);
		if (t[i].leads == NULL)
			snprintf(text, sizeof(text), "ngctl: \"%s\": ambiguous command\n", t[i].word);
		else if (t[i].leads[0] == '\0')
			snprintf(text, sizeof(text), "ngctl: \"%s\": unknown command\n", t[i].word);
		else
			snprintf(text, sizeof(text), "ngctl: usage: %s\n", t[i].leads);
		assert_string_equal(r->err, text);
		assert_string_equal(r->out, "");
		assert_int_equal(r->code, t[i].leads == NULL || t[i].leads[0] == '\0' ? 71 : 64);
	}
}

static void
test_usage(void **state)
{
	static const char *const wrong[] = { "apply", "apply a b", "config", "connect a b", "connect a b c d e", "debug -2", "debug 1 2", "dot -x",
		"dot a b", "dot --svg", "dot a --json", "help a b", "list a", "list -x", "list -lx", "mknode", "mknode a b c", "mkpeer a b",
		"mkpeer a b c d e", "msg", "msg a", "name a", "name a b c", "read", "read a b", "rmhook", "rmhook a b c", "save a", "show",
		"show -x a", "show a b", "shutdown", "shutdown a b", "status", "status a b", "types a b", "write", "write a", "write a -f",
		"write a -f b c" };
	const struct ran *r;
	char line[64], text[64];
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(line, sizeof(line), "%s\n", wrong[i]);
		snprintf(text, sizeof(text), "ngctl: usage: %.*s", (int)strcspn(wrong[i], " "), wrong[i]);
		r = SCRIPT(line);
		assert_memory_equal(r->err, text, strlen(text));
		assert_non_null(strstr(r->err, "\nngctl: line 1: error in file\n"));
		assert_string_equal(r->out, "");
		assert_int_equal(r->code, 64);
	}
}

static void
test_program(void **state)
{
	static const char usage[] = "usage: ngctl [-j jail] [-d] [-f filename] [-n nodename] [--json] [command [argument ...]]\n";
	const struct ran *r;
	char text[256];

	r = RUN(NULL, NGT_NGCTL);
	snprintf(text, sizeof(text), "ngctl: no command specified\n%s", usage);
	assert_string_equal(r->err, text);
	assert_int_equal(r->code, 64);
	r = RUN(NULL, NGT_NGCTL, "-Z");
	assert_non_null(strstr(r->err, usage));
	assert_int_equal(r->code, 64);
	r = RUN(NULL, NGT_NGCTL, "-j", "x", "list");
	assert_string_equal(r->err, "ngctl: not built with jail support\n");
	assert_int_equal(r->code, 69);
	r = RUN(NULL, NGT_NGCTL, "-f", "/nonexistent/file");
	assert_string_equal(r->err, "ngctl: /nonexistent/file: No such file or directory\n");
	assert_int_equal(r->code, 66);
	r = RUN(NULL, NGT_NGCTL, "-n", "a.b", "list");
	assert_memory_equal(r->err, "ngctl: can't create node: ", 26);
	assert_int_equal(r->code, 71);
	r = RUN(NULL, NGT_NGCTL, "-n", "two words", "list");
	assert_string_equal(r->out, "There are 1 total nodes:\n  Name: two words       Type: socket          ID: 00000001   Num hooks: 0\n");
	r = RUN(NULL, NGT_NGCTL, "list", "-n"); /* options behind the command are the command's */
	assert_int_equal(r->code, 0);
	assert_non_null(strstr(r->out, "There are 1 total named nodes:\n  Name: ngctl"));
	assert_int_equal(RUN(NULL, NGT_NGCTL, "quit")->code, 0);
	r = RUN(NULL, NGT_NGCTL, "quit", "now");
	assert_int_equal(r->code, 0);
	assert_string_equal(r->err, "");
	assert_int_equal(RUN(NULL, NGT_NGCTL, "shutdown", "x:")->code, 71);
	assert_int_equal(RUN(NULL, NGT_NGCTL, "show")->code, 64);
}

static void
test_files(void **state)
{
	const char *inner = file_with("mkpeer hub a x\n#frob\n\n   \nname a h\n"), *bad = file_with("debug\nfrob\ndebug\n"), *quits = file_with("quit\n");
	char text[8192];
	size_t n, i;

	snprintf(text, sizeof(text), "read %s\nshow -n h:\n", inner);
	prints(text, "  Name: h               Type: hub             ID: 00000002   Num hooks: 1\n");
	snprintf(text, sizeof(text), "debug\nsource %s\n", bad);
	complains(text, "ngctl: \"frob\": unknown command\nngctl: line 2: error in file\n", 71);
	snprintf(text, sizeof(text), ". %s\n", quits);
	complains(text, "ngctl: line 1: error in file\n", 0);
	complains("#\nexit\n", "", 0);
	complains("read /nonexistent/file\n", "ngctl: /nonexistent/file: No such file or directory\n", 71);
	assert_int_equal(RUN(NULL, NGT_NGCTL, "-f", bad)->code, 71);
	assert_int_equal(RUN(NULL, NGT_NGCTL, "read", quits)->code, 0);
	/* 511 words are a line, 512 are not */
	for (i = 511; i <= 512; i++) {
		n = (size_t)snprintf(text, sizeof(text), "  \t config .:");
		while (n < 12 + 2 * (i - 2))
			n += (size_t)snprintf(text + n, sizeof(text) - n, " a");
		snprintf(text + n, sizeof(text) - n, " \r\n");
		if (i == 511)
			prints(text, "No config available for \".:\"\n");
		else
			complains(text, "ngctl: more than 511 words in a line\n", 71);
	}
	unlink(inner), unlink(bad), unlink(quits);
}

/* FreeBSD's line, then ours, which says what was the matter. */
static void
test_errors(void **state)
{
	static const struct {
		const char *line, *first, *second;
	} t[] = {
		{ "mkpeer x: hub a b", "send msg: No such file or directory", "mkpeer \"x:\", hook \"a\" in graph embedded: there is no node \"x\": ENOENT" },
		{ "mkpeer frob a b", "send msg: No such file or directory",
		    "mkpeer \".\", hook \"a\" in graph embedded: there is no node type \"frob\", and no module that brings it: ENOENT" },
		{ "mkpeer h: hub x b", "send msg: File exists", "mkpeer \"h:\", hook \"x\" in graph embedded: hook \"x\" is in use: EEXIST" },
		{ "mkpeer h:.x.nope hub n b", "send msg: No such file or directory",
		    "mkpeer \"h:.x.nope\", hook \"n\" in graph embedded: node \"h:x\" has no hook \"nope\" that leads to another: ENOENT" },
		{ "connect h: far:nope q r", "send msg: No such file or directory",
		    "connect \"h:\", hook \"q\" in graph embedded: node \"far:\" has no hook \"nope\" that leads to another: ENOENT" },
		{ "connect h: b.nope q r", "send msg: No such file or directory",
		    "connect \"h:\", hook \"q\" in graph embedded: node \"h:b\" has no hook \"nope\" that leads to another: ENOENT" },
		{ "connect h: far: q y", "send msg: File exists",
		    "connect \"h:\", hook \"q\" in graph embedded: hook \"y\" of the node at \"far:\" is in use: EEXIST" },
		{ "name br: h", "send msg: Address already in use", "name \"br:\" in graph embedded: another node is called \"h\": EADDRINUSE" },
		{ "name h: a:b", "send msg: Invalid argument",
		    "name \"h:\" in graph embedded: \"a:b\" is no legal name: 1 to 31 bytes, no \".\", no \":\", not \"[number]\": EINVAL" },
		{ "name h:a:b x", "send msg: Invalid argument", "name \"h:a:b\" in graph embedded: \"h:a:b\" is no path: EINVAL" },
		{ "rmhook x: a", "send msg: No such file or directory", "rmhook \"x:\", hook \"a\" in graph embedded: there is no node \"x\": ENOENT" },
		{ "shutdown x:", "shutdown: No such file or directory", "shutdown \"x:\" in graph embedded: there is no node \"x\": ENOENT" },
		{ "msg h: frob", "send msg: Function not implemented", "msg \"h:\" in graph embedded: its type has no message \"frob\": ENOSYS" },
		{ "msg nope frob", "send msg: No such file or directory",
		    "msg \"nope\" in graph embedded: node \".:\" has no hook \"nope\" that leads to another: ENOENT" },
		{ "write nope 1", "writing to hook \"nope\": No route to host",
		    "write, hook \"nope\" in graph embedded: our node has no hook \"nope\": EHOSTUNREACH" },
		{ "mknode frob", "mknode: No such device or address",
		    "mknode in graph embedded: there is no node type \"frob\", and no module that brings it: ENXIO" },
		{ "mkpeer socket s t", "send msg: Invalid argument",
		    "mkpeer \".\", hook \"s\" in graph embedded: type \"socket\" makes no such nodes, or refuses hook \"t\": EINVAL" },
	};
	char line[1024], text[512];
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(line, sizeof(line), GRAPH "%s\n", t[i].line);
		snprintf(text, sizeof(text), "ngctl: %s\nngctl: %s\n", t[i].first, t[i].second);
		complains(line, text, 71);
	}
}

static void
test_write(void **state)
{
	const char *file = file_with("0123456789"), *big;
	char text[16384], longer[8200];

	complains("connect . . a b\nwrite a 1 256\n", "ngctl: invalid byte \"256\"\n", 71);
	complains("connect . . a b\nwrite a -129\n", "ngctl: invalid byte \"-129\"\n", 71);
	complains("connect . . a b\nwrite a x\n", "ngctl: invalid byte \"x\"\n", 71);
	snprintf(text, sizeof(text), "connect . . a b\nwrite a -f %s\n", file);
	prints(text, "");
	memset(longer, 'x', sizeof(longer));
	longer[8192] = '\0';
	big = file_with(longer);
	snprintf(text, sizeof(text), "connect . . a b\nwrite a -f %s\n", big);
	prints(text, "");
	unlink(big);
	longer[8192] = 'x', longer[8193] = '\0';
	big = file_with(longer);
	snprintf(text, sizeof(text), "connect . . a b\nwrite a -f %s\n", big);
	assert_int_equal(SCRIPT(text)->code, 71);
	unlink(big);
	complains("write a -f /nonexistent/file\n", "ngctl: /nonexistent/file: No such file or directory\n", 71);
	unlink(file);
}

static void
test_dot(void **state)
{
	prints("mkpeer hub a x\nname a h\nmkpeer h: tee b left\nmknode hub 'odd|name\ndot\n",
	    "graph netgraph {\n"
	    "\tedge [ weight = 1.0 ];\n"
	    "\tnode [ shape = record, fontsize = 12 ] {\n"
	    "\t\t\"1\" [ label = \"{me:|{socket|[1]:}}\" ];\n"
	    "\t\t\"2\" [ label = \"{h:|{hub|[2]:}}\" ];\n"
	    "\t\t\"3\" [ label = \"{\\<unnamed\\>:|{tee|[3]:}}\" ];\n"
	    "\t\t\"4\" [ label = \"{'odd\\|name:|{hub|[4]:}}\" ];\n"
	    "\t};\n"
	    "\tsubgraph cluster_disconnected {\n"
	    "\t\tbgcolor = pink;\n"
	    "\t\t\"4\";\n"
	    "\t};\n"
	    "\tnode [ shape = octagon, fontsize = 10 ] {\n"
	    "\t\t\"1.a\" [ label = \"a\" ];\n"
	    "\t};\n"
	    "\t{\n"
	    "\t\tedge [ weight = 2.0, style = bold ];\n"
	    "\t\t\"1\" -- \"1.a\";\n"
	    "\t};\n"
	    "\tnode [ shape = octagon, fontsize = 10 ] {\n"
	    "\t\t\"2.x\" [ label = \"x\" ];\n"
	    "\t\t\"2.b\" [ label = \"b\" ];\n"
	    "\t};\n"
	    "\t{\n"
	    "\t\tedge [ weight = 2.0, style = bold ];\n"
	    "\t\t\"2\" -- \"2.x\";\n"
	    "\t\t\"2\" -- \"2.b\";\n"
	    "\t};\n"
	    "\t\"2.x\" -- \"1.a\";\n"
	    "\tnode [ shape = octagon, fontsize = 10 ] {\n"
	    "\t\t\"3.left\" [ label = \"left\" ];\n"
	    "\t};\n"
	    "\t{\n"
	    "\t\tedge [ weight = 2.0, style = bold ];\n"
	    "\t\t\"3\" -- \"3.left\";\n"
	    "\t};\n"
	    "\t\"3.left\" -- \"2.b\";\n"
	    "}\n");
	prints("mkpeer hub a x\nconnect a . b c\nconnect . . m n\nconfdot -c\n",
	    "digraph netgraph {\n"
	    "\tedge [ dir = \"none\", fontsize = 10 ];\n"
	    "\tnode [ shape = record, fontsize = 12 ] {\n"
	    "\t\t\"1\" [ label = \"{me:|{socket|[1]:}}\" ];\n"
	    "\t\t\"2\" [ label = \"{\\<unnamed\\>:|{hub|[2]:}}\" ];\n"
	    "\t};\n"
	    "\tsubgraph cluster_disconnected {\n"
	    "\t\tbgcolor = pink;\n"
	    "\t};\n"
	    "\t\"1\" -> \"1\" [ headlabel = \"m\", taillabel = \"n\" ] ;\n"
	    "\t\"1\" -> \"2\" [ headlabel = \"x\", taillabel = \"a\" ] ;\n"
	    "\t\"2\" -> \"2\" [ headlabel = \"b\", taillabel = \"c\" ] ;\n"
	    "}\n");
}

static void
test_dot_files(void **state)
{
	char dir[] = "/tmp/ngt-XXXXXX", path[64], text[256], *before = strdup(getenv("PATH"));
	const struct ran *r;
	struct stat st;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(text, sizeof(text), "dot %s/a\ndot -c %s/b\n", dir, dir);
	prints(text, "");
	snprintf(path, sizeof(path), "%s/a", dir);
	assert_int_equal(stat(path, &st), 0);
	unlink(path);
	snprintf(path, sizeof(path), "%s/b", dir);
	assert_int_equal(stat(path, &st), 0);
	unlink(path);
	complains("dot /nonexistent/file\n", "ngctl: Could not open file /nonexistent/file for writing: No such file or directory\n", 71);
	/* no GraphViz */
	setenv("PATH", dir, 1);
	complains("dot --svg /nonexistent/file\n", "ngctl: dot: No such file or directory\n"
		  "ngctl: --svg needs the program \"dot\" of GraphViz (packages call it graphviz); without it, dot prints text for it\n", 71);
	/* one that does as it is told: -Tsvg -o FILE */
	snprintf(path, sizeof(path), "%s/dot", dir);
	assert_non_null(f = fopen(path, "w"));
	fprintf(f, "#!/bin/sh\n[ \"$1$2\" = -Tsvg-o ] && PATH=/bin:/usr/bin exec cat >\"$3\"\n");
	fclose(f);
	chmod(path, 0755);
	snprintf(text, sizeof(text), "dot -c --svg %s/svg\n", dir);
	prints(text, "");
	snprintf(path, sizeof(path), "%s/svg", dir);
	assert_non_null(f = fopen(path, "r"));
	assert_non_null(fgets(text, sizeof(text), f));
	assert_string_equal(text, "digraph netgraph {\n");
	fclose(f);
	unlink(path);
	snprintf(text, sizeof(text), "dot --svg %s/no/such\n", dir);
	r = SCRIPT(text);
	assert_non_null(strstr(r->err, "GraphViz's dot could not write"));
	assert_int_equal(r->code, 71);
	snprintf(path, sizeof(path), "%s/dot", dir);
	unlink(path);
	rmdir(dir);
	setenv("PATH", before, 1);
	free(before);
}

static void
json(const char *input, int documents, const char *out)
{
	const struct ran *r = SCRIPT(input);

	assert_string_equal(r->err, "");
	assert_int_equal(r->code, 0);
	assert_int_equal(json_documents(r->out), documents);
	if (out != NULL)
		assert_string_equal(r->out, out);
}

static void
test_json(void **state)
{
	const char *file = file_with("mknode hub k\n");
	const struct ran *r;
	char text[256];

	json("mkpeer hub a x\nlist --json\nlist -n --json\nshow --json -n a\nls --json -n\n", 4,
	    "{\"nodes\":[{\"name\":\"me\",\"type\":\"socket\",\"id\":1,\"path\":\"[1]:\",\"hooks\":1},"
	    "{\"name\":null,\"type\":\"hub\",\"id\":2,\"path\":\"[2]:\",\"hooks\":1}]}\n"
	    "{\"nodes\":[{\"name\":\"me\",\"type\":\"socket\",\"id\":1,\"path\":\"[1]:\",\"hooks\":1}]}\n"
	    "{\"node\":{\"name\":null,\"type\":\"hub\",\"id\":2,\"path\":\"[2]:\",\"hooks\":1}}\n"
	    "{\"nodes\":[{\"name\":\"me\",\"type\":\"socket\",\"id\":1,\"path\":\"[1]:\",\"hooks\":1}]}\n");
	json("mkpeer hub a x\nshow a --json\nlist --json -l\n", 2,
	    "{\"node\":{\"name\":null,\"type\":\"hub\",\"id\":2,\"path\":\"[2]:\",\"hooks\":1,\"links\":[{\"hook\":\"x\",\"peer\":{\"name\":\"me\",\"type\":\"socket\",\"id\":1,"
	    "\"path\":\"[1]:\",\"hooks\":1},\"peerhook\":\"a\"}]}}\n"
	    "{\"nodes\":[{\"name\":\"me\",\"type\":\"socket\",\"id\":1,\"path\":\"[1]:\",\"hooks\":1,\"links\":[{\"hook\":\"a\",\"peer\":{\"name\":null,\"type\":\"hub\",\"id\":2,"
	    "\"path\":\"[2]:\",\"hooks\":1},\"peerhook\":\"x\"}]},"
	    "{\"name\":null,\"type\":\"hub\",\"id\":2,\"path\":\"[2]:\",\"hooks\":1,\"links\":[{\"hook\":\"x\",\"peer\":{\"name\":\"me\",\"type\":\"socket\",\"id\":1,"
	    "\"path\":\"[1]:\",\"hooks\":1},\"peerhook\":\"a\"}]}]}\n");
	json("types --json\ndebug --json\nhelp --json\nhelp --json save\nsave --json\ndot --json\n", 6, NULL);
	json("mkpeer bridge a link0\nmsg --json a getconfig\nmsg --json a reset\nstatus --json a\nconfig --json a\n", 4,
	    "{\"message\":{\"kind\":\"response\",\"command\":\"getconfig\",\"cmd\":2,\"cookie\":1569321993,\"from\":\"[2]:\","
	    "\"args\":\"{ debugLevel=1 loopTimeout=60 maxStaleness=900 minStableAge=1 }\"}}\n"
	    "{\"message\":null}\n{\"path\":\"a\",\"status\":null}\n{\"path\":\"a\",\"config\":null}\n");
	snprintf(text, sizeof(text), "apply --json %s --dry-run\napply %s --json\napply %s --json\n", file, file, file);
	json(text, 3,
	    "{\"changes\":[{\"change\":\"add\",\"what\":\"node\",\"path\":\"k:\",\"type\":\"hub\"}],\"operations\":\"mknode hub k\\n\",\"applied\":false}\n"
	    "{\"changes\":[{\"change\":\"add\",\"what\":\"node\",\"path\":\"k:\",\"type\":\"hub\"}],\"operations\":\"mknode hub k\\n\",\"applied\":true}\n"
	    "{\"changes\":[],\"operations\":\"\",\"applied\":true}\n");
	/* before the command, for all of them; and what of a text is no option */
	r = RUN("list\ntypes\n", NGT_NGCTL, "--json", "-n", "me", "-f", "-");
	assert_int_equal(json_documents(r->out), 2);
	r = RUN(NULL, NGT_NGCTL, "--json", "-n", "q\"\\\x01\n\t\xc3\xa9\xff", "list");
	assert_int_equal(json_documents(r->out), 1);
	assert_non_null(strstr(r->out, "{\"name\":\"q\\\"\\\\\\u0001\\n\\t\xc3\xa9\\u00ff\","));
	r = SCRIPT("mkpeer hub a x\nconfig a --json\n");
	assert_string_equal(r->out, "No config available for \"a\"\n");
	unlink(file);
}

/* What a graph is, without our own node and addresses. */
static void
saved(const char *input, char *buf, size_t size)
{
	char text[8192];
	const struct ran *r;

	snprintf(text, sizeof(text), "%ssave\n", input);
	r = SCRIPT(text);
	assert_string_equal(r->err, "");
	assert_int_equal(r->code, 0);
	assert_true(strlen(r->out) < size);
	strcpy(buf, r->out);
}

static void
test_save(void **state)
{
	static const char *const graphs[] = {
		"",
		"mknode hub lone\n",
		"mknode hub a\nmkpeer a: hole o o\n",
		"mkpeer hub x x\nname x h\nmkpeer h: tee b left\nmkpeer h:b hub right y\nconnect h:b.right h: z c\nrmhook x\n",
		("mkpeer bridge x link0\nname x br\nmkpeer br: hub link1 a\nmkpeer br: hub link2 a\nmkpeer br: vlan link3 downstream\n"
		 "connect br:link1 br:link2 s t\nmkpeer br:link1 echo k k\nconnect br:link2 br:link2 l m\nrmhook x\n"),
		/* two parts, one of which has no name; it is loaded with one */
		"mknode hub h\nmknode hub tmp\nmkpeer tmp: tee x left\nmkpeer tmp:x hole right h\nmkpeer tmp:x hole left2right h\nshutdown tmp:\n",
	};
	char first[8192], second[8192];
	size_t i;

	for (i = 0; i < sizeof(graphs) / sizeof(graphs[0]); i++) {
		saved(graphs[i], first, sizeof(first));
		if (i == 5) {
			assert_non_null(strstr(first, "so this one gets one: saved1\n"));
			strcpy(second, first);
			saved(second, first, sizeof(first)); /* the comment on the new name is gone then */
		}
		saved(first, second, sizeof(second));
		assert_string_equal(second, first);
	}
	saved(graphs[3], first, sizeof(first));
	assert_string_equal(first,
	    "# Rebuilds a graph: ngctl -f FILE on an empty one; ngctl apply FILE changes one into it.\n"
	    "# Nodes and links only: what nodes were told in messages, their configuration, is not in here.\n"
	    "\n"
	    "mkpeer . hub save b\n"
	    "name .:save h\n"
	    "mkpeer h: hub c z\n"
	    "mkpeer h:c tee y right\n"
	    "rmhook . save\n"
	    "connect h: h:c.y b left\n");
}

static void
test_apply(void **state)
{
	const char *want = file_with("mkpeer . hub t a\nname t h\nmkpeer h: bridge b link0\nname h:b br\nmkpeer br: echo link9 e\nrmhook t\n"),
		   *clash = file_with("mknode hub h\nmkpeer h: hole b h\n"), *broken = file_with("mknode hub h\nlist\n");
	char text[1024], err[1024];

	snprintf(text, sizeof(text), GRAPH "apply %s --dry-run\nlist -n\n", want);
	prints(text,
	    "-link br:link1 [4]:left\n-link far:y [4]:right\n-link far:z h:c\n-node far: hub\n-node lone: hub\n-node [4]: tee\n"
	    "+node br:link9 echo\n+link br:link9 br:link9.e\n"
	    "There are 5 total named nodes:\n"
	    "  Name: me              Type: socket          ID: 00000001   Num hooks: 1\n"
	    "  Name: h               Type: hub             ID: 00000002   Num hooks: 3\n"
	    "  Name: br              Type: bridge          ID: 00000003   Num hooks: 2\n"
	    "  Name: far             Type: hub             ID: 00000005   Num hooks: 2\n"
	    "  Name: lone            Type: hub             ID: 00000006   Num hooks: 0\n");
	snprintf(text, sizeof(text), GRAPH "apply %s\napply %s\nlist\n", want, want);
	prints(text,
	    "-link br:link1 [4]:left\n-link far:y [4]:right\n-link far:z h:c\n-node far: hub\n-node lone: hub\n-node [4]: tee\n"
	    "+node br:link9 echo\n+link br:link9 br:link9.e\n"
	    "There are 4 total nodes:\n"
	    "  Name: me              Type: socket          ID: 00000001   Num hooks: 1\n"
	    "  Name: h               Type: hub             ID: 00000002   Num hooks: 2\n"
	    "  Name: br              Type: bridge          ID: 00000003   Num hooks: 2\n"
	    "  Name: <unnamed>       Type: echo            ID: 00000007   Num hooks: 1\n");
	snprintf(text, sizeof(text), GRAPH "apply %s\n", clash);
	complains(text,
	    "ngctl: apply: hook \"b\" of \"h:\" is linked to hook \"link0\" of \"br:\": it is not free before the changes are made; remove it first: rmhook h: b\n"
	    "ngctl: nothing has been changed\n", 71);
	snprintf(text, sizeof(text), "apply %s\n", broken);
	snprintf(err, sizeof(err), "ngctl: %s: line 2: \"list\" does not describe a graph; mknode, mkpeer, connect, name, rmhook and shutdown do\n", broken);
	complains(text, err, 71);
	complains("apply /nonexistent/file\n", "ngctl: /nonexistent/file: No such file or directory\n", 71);
	unlink(want), unlink(clash), unlink(broken);
}

/* Our own node shut down by ourselves: said, not died of. */
static void
test_node_gone(void **state)
{
	complains("shutdown .\nlist\n", "ngctl: send msg: Broken pipe\nngctl: list \".\" in graph embedded: our node is gone, or the graph is: EPIPE\n", 71);
}

/* All or nothing: a node refuses, when others have been made. The nodes' IDs are counted on, so that one that came and went shows. */
static void
test_apply_refused(void **state)
{
	const char *want = file_with("mknode hub h\nmkpeer h: hub a b\nname h:a h2\nmkpeer h: tee t nosuchhook\n");
	const struct ran *r;
	char text[512];

	snprintf(text, sizeof(text), "mknode hub there\napply %s\n", want);
	r = SCRIPT(text);
	assert_int_equal(r->code, 71);
	assert_memory_equal(r->err, "ngctl: apply: Invalid argument\n", 31);
	assert_non_null(strstr(r->err, "\n  mkpeer h: tee t nosuchhook\n  "));
	assert_non_null(strstr(r->err, "\nngctl: nothing has been changed\n"));
	unlink(want);
}

static void
completes(const char *line, const char *words)
{
	const struct ran *r = RUN(NULL, NGT_NGCTL, "-n", "me", "--complete", line);

	assert_int_equal(r->code, 0);
	assert_string_equal(r->err, "");
	assert_string_equal(r->out, words);
}

static void
test_complete(void **state)
{
	char dir[] = "/tmp/ngt-XXXXXX", text[128], file[64], out[128];

	completes("m", "mknode\nmkpeer\nmsg\n");
	completes("MS", "msg\n");
	completes("rmn", "rmnode\n");
	completes("frob ", "");
	completes("help sh", "show\nshutdown\n");
	completes("list -", "--json\n-ln\n");
	completes("apply x --d", "--dry-run\n");
	completes("show ", ".\nme:\n");
	completes("show -n m", "me:\n");
	completes("show [", "[1]:\n");
	completes("mkpeer hu", "hub\n");
	completes("mkpeer . vlan", "vlan\nvlan_rotate\n");
	completes("mkpeer hub vlan", ""); /* a hook's name: anybody's */
	completes("mknode et", "etf\nether_echo\n");
	completes("msg me: list", "listhooks\nlistnames\nlistnodes\nlisttypes\n");
	completes("watch m", "me:\n");
	completes("watch me: -", "--json\n-i\n-n\n");
	completes("msg me: listhooks x", "");
	completes("quit ", "");
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/script", dir);
	fclose(fopen(file, "w"));
	snprintf(text, sizeof(text), "read %s/s", dir);
	snprintf(out, sizeof(out), "%s\n", file);
	completes(text, out);
	unlink(file);
	rmdir(dir);
}

/* bash's completion: the words that it would offer. */
static void
bash(const char *line, const char *words)
{
	static const char script[] = ". \"$1\" && COMP_WORDBREAKS=$' \\t\\n\\\"'\\''><=;|&(:' && compopt() { :; } && COMP_LINE=$2 && COMP_POINT=${#2} && "
				     "_${2%% *} && printf '%s\\n' ${COMPREPLY[@]+\"${COMPREPLY[@]}\"}";
	const struct ran *r = RUN(NULL, "/bin/bash", "-c", script, "bash", NGU_SRCDIR "/lib/tools/completion/ngctl.bash", line);

	assert_string_equal(r->err, "");
	assert_string_equal(r->out, words);
}

static void
test_bash(void **state)
{
	if (access("/bin/bash", X_OK) != 0)
		return;
	setenv("NGCTL", NGT_NGCTL, 1);
	bash("ngctl m", "mknode\nmkpeer\nmsg\n");
	bash("ngctl -d -n x --json help sh", "show\nshutdown\n");
	bash("ngctl --j", "--json\n");
	bash("ngctl mkpeer hu", "hub\n");
	bash("ngctl show [1]", "\n"); /* a graph of its own, in which there is only who completes */
	bash("ngctl show [1]:", "\n");
	bash("nghook -a [", "\n");
	unsetenv("NGCTL");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_show),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_dump),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_debug),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_names_of_commands),
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_program),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_dot),
		cmocka_unit_test(test_dot_files),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_save),
		cmocka_unit_test(test_apply),
		cmocka_unit_test(test_node_gone),
		cmocka_unit_test(test_apply_refused),
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_bash),
	};

	no_waiting();
	unsetenv("NETGRAPH");
	return (cmocka_run_group_tests(tests, NULL, NULL));
}
