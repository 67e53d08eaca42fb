/* SPDX-License-Identifier: BSD-2-Clause */
/* ask.c - messages to the graph and from it. Answers that are waited for come past our node's buffer, so nothing gets between. */
#include "ngctl.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <ng/client.h>

enum asked
ask(const char *path, int cookie, int cmd, const void *arg, size_t len, struct ng_mesg **rep)
{
	ssize_t n;

	*rep = NULL;
	if ((n = ngu_client_query(ctl.cs, path, (uint32_t)cookie, (uint32_t)cmd, arg, len, rep)) < 0)
		return (ASK_SEND);
	if (n >= (ssize_t)sizeof(**rep) && (size_t)n - sizeof(**rep) >= (*rep)->header.arglen)
		return (ASK_OK);
	free(*rep);
	*rep = NULL;
	errno = EBADMSG;
	return (ASK_RECV);
}

enum result
ask_or_say(const char *command, const char *path, int cmd, struct ng_mesg **rep)
{
	struct about a = { .command = command, .path = path };

	switch (ask(path, NGM_GENERIC_COOKIE, cmd, NULL, 0, rep)) {
	case ASK_SEND:
		return (failed("send msg", &a));
	case ASK_RECV:
		return (failed("recv msg", &a));
	default:
		return (CMD_OK);
	}
}

bool
heard(void)
{
	struct pollfd p = { .fd = ctl.cs, .events = POLLIN };

	return (poll(&p, 1, 0) == 1 && (p.revents & POLLIN) != 0);
}

/* The text of a message, from the node that sent it, or NULL. */
static struct ng_mesg *
in_words(const struct ng_mesg *msg, const char *path)
{
	struct ng_mesg *rep;

	if (ask(path, NGM_GENERIC_COOKIE, NGM_BINARY2ASCII, msg, sizeof(*msg) + msg->header.arglen, &rep) != ASK_OK)
		return (NULL);
	if (rep->header.arglen <= sizeof(*msg)) {
		free(rep);
		return (NULL);
	}
	rep->data[rep->header.arglen - 1] = '\0';
	return (rep);
}

enum result
incoming_message(void)
{
	struct ng_mesg *msg = NULL, *rep, *text;
	char path[NG_PATHSIZ];
	const char *kind;
	size_t len;
	int got;

	if ((got = NgAllocRecvMsg(ctl.cs, &msg, path)) <= 0) {
		if (got == 0)
			errno = EPIPE;
		return (failed("recv incoming message", &(struct about){ .command = "receive" }));
	}
	len = (size_t)got - sizeof(*msg);
	if (len > msg->header.arglen)
		len = msg->header.arglen;
	msg->header.arglen = (uint32_t)len;
	kind = (msg->header.flags & NGF_RESP) != 0 ? "response" : "command";
	rep = in_words(msg, path);
	text = rep != NULL ? (struct ng_mesg *)(void *)rep->data : NULL;
	if (text != NULL)
		text->header.cmdstr[NG_CMDSTRSIZ - 1] = '\0';
	if (ctl.as_json) {
		json_begin();
		json_object("message");
		json_str("kind", kind);
		json_str("command", text != NULL ? (const char *)text->header.cmdstr : NULL);
		json_num("cmd", (int)msg->header.cmd);
		json_num("cookie", msg->header.typecookie);
		json_str("from", path);
		if (text != NULL)
			json_str("args", text->data[0] != '\0' ? text->data : NULL);
		else
			json_hex("data", (const unsigned char *)msg->data, len);
		json_end();
	} else if (text != NULL) {
		printf("Rec'd %s \"%s\" (%d) from \"%s\":\n", kind, text->header.cmdstr, (int)text->header.cmd, path);
		if (text->data[0] != '\0')
			printf("Args:\t%s\n", text->data);
		else
			printf("No arguments\n");
	} else {
		printf("Rec'd %s %d from \"%s\":\n", kind, (int)msg->header.cmd, path);
		if (len == 0)
			printf("No arguments\n");
		else
			dump((const unsigned char *)msg->data, len);
	}
	free(rep);
	free(msg);
	return (CMD_OK);
}

enum result
incoming_data(void)
{
	char hook[NG_HOOKSIZ];
	struct ng_mesg *rep;
	u_char *data = NULL;
	bool alive = true;
	int len;

	if ((len = NgAllocRecvData(ctl.ds, &data, hook)) < 0)
		return (failed("recv data", &(struct about){ .command = "receive" }));
	if (len == 0) {
		/* The end; or a packet without a byte, whose hook is not told, and then there is somebody who answers. */
		free(data);
		data = NULL;
		hook[0] = '\0';
		alive = ask(".", NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0, &rep) == ASK_OK;
		free(rep);
		if (!alive)
			errno = EPIPE;
	}
	if (!alive)
		return (failed("recv data", &(struct about){ .command = "receive" }));
	if (ctl.as_json) {
		json_begin();
		json_object("data");
		json_str("hook", hook);
		json_num("length", len);
		json_hex("bytes", data, (size_t)len);
		json_end();
	} else {
		printf("Rec'd data packet on hook \"%s\":\n", hook);
		dump(data, (size_t)len);
	}
	free(data);
	return (CMD_OK);
}

void
dump(const unsigned char *data, size_t len)
{
	size_t at, i;

	for (at = 0; at < len; at += 16) {
		printf("%04zx:  ", at);
		for (i = at; i < at + 16; i++) {
			if (i < len)
				printf("%02x ", data[i]);
			else
				fputs("   ", stdout);
		}
		putchar(' ');
		for (i = at; i < at + 16; i++)
			putchar(i >= len ? ' ' : data[i] >= 0x20 && data[i] < 0x7f ? data[i] : '.');
		putchar('\n');
	}
}

/* The core's two commands whose answer is a text of the node's own. EINVAL: its type has none. */
enum result
ask_for_text(const struct about *a, int cmd, const char *args, const char *title)
{
	struct ng_mesg *rep = NULL;
	const char *text = NULL;

	if (ask(a->path, NGM_GENERIC_COOKIE, cmd, args, args != NULL ? strlen(args) + 1 : 0, &rep) == ASK_SEND && errno != EINVAL)
		return (failed("send msg", a));
	if (rep != NULL && rep->header.arglen > 0) {
		rep->data[rep->header.arglen - 1] = '\0';
		text = (const char *)rep->data;
	}
	if (ctl.as_json) {
		json_begin();
		json_str("path", a->path);
		json_str(a->command, text);
		json_end();
	} else if (text != NULL)
		printf("%s for \"%s\":\n%s\n", title, a->path, text);
	else
		printf("No %s available for \"%s\"\n", a->command, a->path);
	free(rep);
	return (CMD_OK);
}
