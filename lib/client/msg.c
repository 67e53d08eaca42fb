/* SPDX-License-Identifier: BSD-2-Clause */
/* msg.c - netgraph(3): control messages, binary and as text. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* vasprintf(3), which every BSD has without */
#endif
#include "client/client.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASCII_ROOM (20u * 1024) /* what a node's answer to a conversion can be, at most */

/* Tokens count up over all of the process, 0 among them. */
static int
new_token(void)
{
	static atomic_uint token;

	return ((int)(atomic_fetch_add_explicit(&token, 1, memory_order_relaxed) & INT_MAX));
}

static void
terminate(char *dst, const char *src, size_t size)
{
	size_t n = strlen(src);

	if (n >= size)
		n = size - 1;
	memcpy(dst, src, n);
	memset(dst + n, 0, size - n);
}

/* A message in memory of its own. NULL: errno. */
static struct ng_mesg *
make(int cookie, int cmd, int flags, uint32_t token, const char *cmdstr, const void *arg, size_t arglen)
{
	struct ng_mesg *msg;

	if (arglen > UINT32_MAX - sizeof(*msg)) {
		errno = EMSGSIZE;
		return (NULL);
	}
	if ((msg = calloc(1, sizeof(*msg) + arglen)) == NULL)
		return (NULL);
	msg->header.version = NG_VERSION;
	msg->header.typecookie = (uint32_t)cookie;
	msg->header.cmd = (uint32_t)cmd;
	msg->header.flags = (uint32_t)flags;
	msg->header.token = token;
	msg->header.arglen = (uint32_t)arglen;
	terminate((char *)msg->header.cmdstr, cmdstr, sizeof(msg->header.cmdstr));
	if (arglen != 0)
		memcpy(msg->data, arg, arglen);
	return (msg);
}

/*
 * Send it and free it. 0 with errno 0, or -1. What is promised an answer is waited for, so that a program that looks without waiting
 * finds it.
 */
static int
deliver(int cs, const char *path, struct ng_mesg *msg)
{
	struct pollfd p = { .fd = cs, .events = POLLIN };
	size_t len = sizeof(*msg) + msg->header.arglen;
	bool answer = (msg->header.cmd & NGM_HASREPLY) != 0 && (msg->header.flags & NGF_RESP) == 0;
	struct way *w;
	int error;

	if (client_debug >= 2) {
		debug_msg(msg->header.flags & NGF_RESP ? "SENDING RESPONSE" : "SENDING MESSAGE", msg, len, path);
		debug_msg_text(cs, NULL, msg, len, path);
	}
	if ((error = way_get(&w)) == 0)
		error = w->ops->send_msg(w, cs, path, msg, len);
	free(msg);
	if (error != 0) {
		int r = client_result(cs, error);

		if (client_debug >= 1)
			client_warn("send msg to \"%s\"", path);
		return (r);
	}
	if (answer)
		while (poll(&p, 1, -1) < 0 && errno == EINTR)
			;
	errno = 0;
	return (0);
}

int
NgSendMsg(int cs, const char *path, int cookie, int cmd, const void *arg, size_t arglen)
{
	int token = new_token();
	struct ng_mesg *msg;
	char cmdstr[NG_CMDSTRSIZ];

	(void)snprintf(cmdstr, sizeof(cmdstr), "cmd%d", cmd);
	if ((msg = make(cookie, cmd, NGF_ORIG, (uint32_t)token, cmdstr, arg, arg != NULL ? arglen : 0)) == NULL)
		return (-1);
	return (deliver(cs, path, msg) != 0 ? -1 : token);
}

int
NgSendReplyMsg(int cs, const char *path, const struct ng_mesg *msg, const void *arg, size_t arglen)
{
	char cmdstr[NG_CMDSTRSIZ];
	struct ng_mesg *reply;

	memcpy(cmdstr, msg->header.cmdstr, sizeof(cmdstr));
	cmdstr[sizeof(cmdstr) - 1] = '\0';
	if ((reply = make((int)msg->header.typecookie, (int)msg->header.cmd, NGF_RESP, msg->header.token, cmdstr, arg,
		 arg != NULL ? arglen : 0)) == NULL)
		return (-1);
	return (deliver(cs, path, reply));
}

/* ---- text ---- */

int
client_convert(int fd, const char *path, uint32_t cmd, const struct ng_mesg *msg, size_t len, struct ng_mesg **reply)
{
	struct ng_mesg *ask = make(NGM_GENERIC_COOKIE, (int)cmd, NGF_ORIG, 0, cmd == NGM_ASCII2BINARY ? "ascii2binary" : "binary2ascii",
	    msg, len);
	size_t rlen = 0;
	struct way *w;
	int error;

	*reply = NULL;
	if (ask == NULL)
		return (errno);
	if ((error = way_get(&w)) == 0)
		error = w->ops->query(w, fd, path, ask, sizeof(*ask) + len, reply, &rlen);
	free(ask);
	if (error != 0)
		return (error);
	/* A node answers with a message in a message, whatever else it does wrong. */
	if (*reply == NULL || rlen < 2 * sizeof(struct ng_mesg) ||
	    ((const struct ng_mesg *)(const void *)(*reply)->data)->header.arglen > rlen - 2 * sizeof(struct ng_mesg)) {
		free(*reply);
		*reply = NULL;
		return (EBADMSG);
	}
	return (0);
}

int
NgSendAsciiMsg(int cs, const char *path, const char *fmt, ...)
{
	struct ng_mesg *text, *reply, *inner, *msg;
	char cmdstr[NG_CMDSTRSIZ], *line = NULL, *args;
	int token, error, n;
	size_t len;
	va_list ap;

	va_start(ap, fmt);
	n = vasprintf(&line, fmt, ap);
	va_end(ap);
	if (n < 0) {
		errno = ENOMEM;
		return (-1);
	}
	for (args = line; *args != '\0' && !isspace((unsigned char)*args); args++)
		;
	if (*args != '\0')
		*args++ = '\0';
	while (isspace((unsigned char)*args))
		args++;
	terminate(cmdstr, line, sizeof(cmdstr));
	len = strlen(args) + 1;
	text = make(0, 0, NGF_ORIG, (uint32_t)new_token(), cmdstr, args, len);
	free(line);
	if (text == NULL)
		return (-1);
	error = client_convert(cs, path, NGM_ASCII2BINARY, text, sizeof(*text) + len, &reply);
	free(text);
	if (error != 0)
		return (client_result(cs, error));
	inner = (struct ng_mesg *)(void *)reply->data;
	token = new_token();
	msg = make((int)inner->header.typecookie, (int)inner->header.cmd, NGF_ORIG, (uint32_t)token, cmdstr, inner->data,
	    inner->header.arglen);
	free(reply);
	if (msg == NULL)
		return (-1);
	return (deliver(cs, path, msg) != 0 ? -1 : token);
}

/* ---- receiving ---- */

/* What a record of a control socket must be at least. */
static ssize_t
checked(ssize_t n, const struct ng_mesg *msg, const char *from, int cs)
{
	if (n > 0 && (size_t)n >= sizeof(*msg) && client_debug >= 2) {
		debug_msg(msg->header.flags & NGF_RESP ? "RECEIVED RESPONSE" : "RECEIVED MESSAGE", msg, (size_t)n, from);
		debug_msg_text(cs, NULL, msg, (size_t)n, from);
	}
	if (n > 0 && (size_t)n < sizeof(*msg)) {
		errno = EINVAL;
		return (-1);
	}
	if (n < 0 && client_debug >= 1)
		client_warn("recv msg");
	return (n);
}

int
NgRecvMsg(int cs, struct ng_mesg *rep, size_t replen, char *path)
{
	char from[32];
	ssize_t n = record_recv(cs, 0, rep, replen, from);

	if (n > 0 && path != NULL)
		strcpy(path, from);
	return ((int)checked(n, rep, from, cs));
}

int
NgAllocRecvMsg(int cs, struct ng_mesg **rep, char *path)
{
	struct received r = { .bytes = NULL };
	ssize_t n = record_alloc(cs, 0, &r);

	*rep = NULL;
	if (n > 0 && path != NULL)
		strcpy(path, r.address);
	if ((n = checked(n, r.bytes, r.address, cs)) > 0)
		*rep = r.bytes;
	else
		free(r.bytes);
	return ((int)n);
}

/* The message as its header and the text of its arguments, which `from` knows to read. */
static int
to_text(int cs, const char *from, const struct ng_mesg *msg, size_t len, struct ng_mesg **text)
{
	struct ng_mesg *reply, *inner;
	int error;

	if ((error = client_convert(cs, from, NGM_BINARY2ASCII, msg, len, &reply)) != 0)
		return (error);
	inner = (struct ng_mesg *)(void *)reply->data;
	if (inner->header.arglen == 0 || inner->data[inner->header.arglen - 1] != '\0') {
		free(reply);
		return (EBADMSG);
	}
	/* What the text says is not what the header's arglen says: that is the message's own. */
	if ((*text = malloc(sizeof(*inner) + inner->header.arglen)) == NULL) {
		free(reply);
		return (ENOMEM);
	}
	memcpy(*text, inner, sizeof(*inner) + inner->header.arglen);
	(*text)->header = msg->header;
	memcpy((*text)->header.cmdstr, inner->header.cmdstr, sizeof(inner->header.cmdstr));
	free(reply);
	return (0);
}

/* The next message as text, and who sent it. 0, -1. */
static int
recv_text(int cs, struct ng_mesg **text, char *path)
{
	struct ng_mesg *msg;
	int n, error;

	if ((n = NgAllocRecvMsg(cs, &msg, path)) <= 0) {
		if (n == 0)
			errno = ENOTCONN;
		return (-1);
	}
	error = to_text(cs, path, msg, (size_t)n, text);
	free(msg);
	return (client_result(cs, error));
}

int
NgRecvAsciiMsg(int cs, struct ng_mesg *rep, size_t replen, char *path)
{
	struct ng_mesg *text;
	size_t need;

	if (path == NULL) {
		errno = EINVAL;
		return (-1);
	}
	if (recv_text(cs, &text, path) != 0)
		return (-1);
	need = sizeof(*text) + strlen((const char *)text->data) + 1;
	if (need > replen) {
		free(text);
		errno = ERANGE;
		return (-1);
	}
	memcpy(rep, text, need);
	free(text);
	return (0);
}

int
NgAllocRecvAsciiMsg(int cs, struct ng_mesg **rep, char *path)
{
	char from[NG_PATHSIZ];
	struct ng_mesg *text;

	*rep = NULL;
	if (recv_text(cs, &text, path != NULL ? path : from) != 0)
		return (-1);
	*rep = text;
	return (0);
}

/* ---- beyond netgraph(3) ---- */

ssize_t
ngu_client_query(int cs, const char *path, uint32_t cookie, uint32_t cmd, const void *arg, size_t arglen, struct ng_mesg **reply)
{
	char cmdstr[NG_CMDSTRSIZ];
	struct ng_mesg *msg;
	size_t rlen = 0;
	struct way *w;
	int error;

	*reply = NULL;
	(void)snprintf(cmdstr, sizeof(cmdstr), "cmd%u", cmd);
	if ((msg = make((int)cookie, (int)cmd, NGF_ORIG, 0, cmdstr, arg, arg != NULL ? arglen : 0)) == NULL)
		return (-1);
	if ((error = way_get(&w)) == 0)
		error = w->ops->query(w, cs, path, msg, sizeof(*msg) + msg->header.arglen, reply, &rlen);
	free(msg);
	return (error != 0 ? client_result(cs, error) : (ssize_t)rlen);
}

ssize_t
ngu_client_ask(unsigned what, const void *arg, size_t len, void **answer)
{
	size_t alen = 0;
	struct way *w;
	int error;

	*answer = NULL;
	if ((error = way_get(&w)) == 0)
		error = w->ops->ask(w, (enum ngu_question)what, arg, len, answer, &alen);
	return (error != 0 ? client_result(-1, error) : (ssize_t)alen);
}

int
ngu_client_apply(const char *text, unsigned flags, struct ngu_apply_error *err)
{
	size_t tlen = strlen(text);
	uint32_t f = flags;
	void *answer = NULL;
	ssize_t n;
	char *arg;
	int error;

	if (err != NULL)
		memset(err, 0, sizeof(*err));
	if ((arg = malloc(sizeof(f) + tlen)) == NULL)
		return (-1);
	memcpy(arg, &f, sizeof(f));
	memcpy(arg + sizeof(f), text, tlen);
	n = ngu_client_ask(NGU_ASK_APPLY, arg, sizeof(f) + tlen, &answer);
	free(arg);
	if (n < 0)
		return (-1);
	if (answer == NULL || (size_t)n != sizeof(*err)) {
		free(answer);
		return (client_result(-1, EBADMSG));
	}
	error = ((struct ngu_apply_error *)answer)->error;
	if (err != NULL)
		memcpy(err, answer, sizeof(*err));
	free(answer);
	return (client_result(-1, error));
}
