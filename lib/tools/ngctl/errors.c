/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * errors.c - what went wrong, on standard error: FreeBSD's text on a line of its own, for whoever looks for it, then a line that names
 * graph, node, hook and errno, and says what was the matter, which is found out by asking the graph.
 */
#include "ngctl.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ng/client.h>

const char *
errno_name(int error)
{
	static const struct {
		int error;
		const char *name;
	} names[] = {
		{ EPERM, "EPERM" }, { ENOENT, "ENOENT" }, { EIO, "EIO" }, { ENXIO, "ENXIO" }, { E2BIG, "E2BIG" }, { EBADF, "EBADF" },
		{ EAGAIN, "EAGAIN" }, { ENOMEM, "ENOMEM" }, { EACCES, "EACCES" }, { EBUSY, "EBUSY" }, { EEXIST, "EEXIST" },
		{ EINVAL, "EINVAL" }, { ERANGE, "ERANGE" }, { EPIPE, "EPIPE" }, { EDEADLK, "EDEADLK" }, { ENAMETOOLONG, "ENAMETOOLONG" },
		{ ENOSYS, "ENOSYS" }, { ELOOP, "ELOOP" }, { ENOTEMPTY, "ENOTEMPTY" }, { EMSGSIZE, "EMSGSIZE" }, { EDESTADDRREQ, "EDESTADDRREQ" },
		{ EOPNOTSUPP, "EOPNOTSUPP" }, { EADDRINUSE, "EADDRINUSE" }, { ENETDOWN, "ENETDOWN" }, { ECONNRESET, "ECONNRESET" },
		{ ENOBUFS, "ENOBUFS" }, { EISCONN, "EISCONN" }, { ENOTCONN, "ENOTCONN" }, { ETIMEDOUT, "ETIMEDOUT" },
		{ ECONNREFUSED, "ECONNREFUSED" }, { EHOSTUNREACH, "EHOSTUNREACH" }, { EALREADY, "EALREADY" }, { EINPROGRESS, "EINPROGRESS" },
		{ EINTR, "EINTR" }, { EBADMSG, "EBADMSG" }, { EPROTO, "EPROTO" }, { ENOTDIR, "ENOTDIR" }, { EISDIR, "EISDIR" },
	};
	static char number[16];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].error == error)
			return (names[i].name);
	snprintf(number, sizeof(number), "error %d", error);
	return (number);
}

/* Is there a node at `path`? */
static bool
leads(const char *path)
{
	struct ng_mesg *rep;
	bool is = ask(path, NGM_GENERIC_COOKIE, NGM_NODEINFO, NULL, 0, &rep) == ASK_OK;

	free(rep);
	return (is);
}

/* Why `path` leads nowhere, into buf; false: it does lead somewhere. */
static bool
where_it_ends(const char *path, char *buf, size_t len)
{
	char part[NG_PATHSIZ], done[NG_PATHSIZ];
	const char *colon = strchr(path, ':'), *p = colon != NULL ? colon + 1 : path, *dot;
	int n;

	if (leads(path))
		return (false);
	if (colon != NULL) {
		snprintf(done, sizeof(done), "%.*s", (int)(p - path), path);
		if (!leads(done)) {
			snprintf(buf, len, "there is no node \"%.*s\"", (int)(colon - path), path);
			return (true);
		}
	} else
		snprintf(done, sizeof(done), ".:");
	for (; *p != '\0'; p = *dot == '.' ? dot + 1 : dot) {
		dot = p + strcspn(p, ".");
		if (dot == p)
			continue;
		n = snprintf(part, sizeof(part), "%s%s%.*s", done, done[strlen(done) - 1] == ':' ? "" : ".", (int)(dot - p), p);
		if (n < 0 || (size_t)n >= sizeof(part))
			break;
		if (!leads(part)) {
			snprintf(buf, len, "node \"%s\" has no hook \"%.*s\" that leads to another", done, (int)(dot - p), p);
			return (true);
		}
		memcpy(done, part, sizeof(done));
	}
	snprintf(buf, len, "there is nothing at \"%s\"", path);
	return (true);
}

/* Does the node at `path` have hook `hook`? */
static bool
has_hook(const char *path, const char *hook)
{
	const struct hooklist *h;
	struct ng_mesg *rep;
	bool is = false;
	uint32_t i;

	if (ask(path, NGM_GENERIC_COOKIE, NGM_LISTHOOKS, NULL, 0, &rep) == ASK_OK && rep->header.arglen >= sizeof(*h)) {
		h = (const void *)rep->data;
		for (i = 0; i < h->nodeinfo.hooks && sizeof(*h) + (i + 1) * sizeof(h->link[0]) <= rep->header.arglen; i++)
			is = is || strncmp(h->link[i].ourhook, hook, NG_HOOKSIZ) == 0;
	}
	free(rep);
	return (is);
}

static bool
has_type(const char *type)
{
	const struct typelist *t;
	struct ng_mesg *rep;
	bool is = false;
	uint32_t i;

	if (ask(".", NGM_GENERIC_COOKIE, NGM_LISTTYPES, NULL, 0, &rep) == ASK_OK && rep->header.arglen >= sizeof(*t)) {
		t = (const void *)rep->data;
		for (i = 0; i < t->numtypes && sizeof(*t) + (i + 1) * sizeof(t->typeinfo[0]) <= rep->header.arglen; i++)
			is = is || strncmp(t->typeinfo[i].type_name, type, NG_TYPESIZ) == 0;
	}
	free(rep);
	return (is);
}

/* The path of a connect's other node, from us. */
static void
other_path(const struct about *a, char buf[NG_PATHSIZ])
{
	size_t len;

	if (strchr(a->peerpath, ':') != NULL || a->path == NULL || strcmp(a->path, ".") == 0) {
		snprintf(buf, NG_PATHSIZ, "%s", a->peerpath);
		return;
	}
	len = strlen(a->path);
	snprintf(buf, NG_PATHSIZ, "%s%s%s", a->path, len > 0 && a->path[len - 1] == ':' ? "" : ".", a->peerpath);
}

static bool
legal_name(const char *name)
{
	size_t len = strlen(name);

	return (len > 0 && len < NG_NODESIZ && strpbrk(name, ".:") == NULL && name[0] != '[');
}

/* A sentence about it, into buf; "" if there is nothing to add. */
static void
explain(int error, const struct about *a, char *buf, size_t len)
{
	char path[NG_PATHSIZ];

	buf[0] = '\0';
	switch (error) {
	case EBADF:
	case EPIPE:
	case ECONNREFUSED:
	case ECONNRESET:
		snprintf(buf, len, "our node is gone, or the graph is"); /* nobody to ask */
		return;
	case ENOENT:
	case ENXIO:
		if (a->path != NULL && where_it_ends(a->path, buf, len))
			return;
		if (a->type != NULL && !has_type(a->type)) {
			snprintf(buf, len, "there is no node type \"%s\", and no module that brings it", a->type);
			return;
		}
		if (a->peerpath != NULL) {
			other_path(a, path);
			if (where_it_ends(path, buf, len))
				return;
		}
		return;
	case EEXIST:
		if (a->hook != NULL && has_hook(a->path != NULL ? a->path : ".", a->hook))
			snprintf(buf, len, "hook \"%s\" is in use", a->hook);
		else if (a->peerpath != NULL && a->peerhook != NULL) {
			other_path(a, path);
			if (has_hook(path, a->peerhook))
				snprintf(buf, len, "hook \"%s\" of the node at \"%s\" is in use", a->peerhook, path);
		}
		return;
	case EADDRINUSE:
		if (a->name != NULL)
			snprintf(buf, len, "another node is called \"%s\"", a->name);
		return;
	case EHOSTUNREACH:
		if (a->hook != NULL)
			snprintf(buf, len, "our node has no hook \"%s\"", a->hook);
		return;
	case ENOSYS:
		if (a->name != NULL)
			snprintf(buf, len, "its type has no message \"%s\"", a->name);
		return;
	case EINVAL:
		if (a->path != NULL && !leads(a->path))
			snprintf(buf, len, "\"%s\" is no path", a->path);
		else if (a->name != NULL && strcmp(a->command, "name") == 0 && !legal_name(a->name))
			snprintf(buf, len, "\"%s\" is no legal name: 1 to 31 bytes, no \".\", no \":\", not \"[number]\"", a->name);
		else if (a->type != NULL)
			snprintf(buf, len, "type \"%s\" makes no such nodes, or refuses hook \"%s\"", a->type, a->peerhook);
		return;
	case EOPNOTSUPP:
		if (a->question)
			snprintf(buf, len, "the program that has the graph cannot be asked that; its libng is an older one");
		return;
	case ENOBUFS:
		snprintf(buf, len, "a buffer or a queue is full");
		return;
	default:
		return;
	}
}

enum result
failed(const char *what, const struct about *a)
{
	char graph[128] = "";
	char why[NG_PATHSIZ + 128], hook[NG_HOOKSIZ + 16] = "";
	int error = errno;

	fflush(stdout);
	warn("%s", what);
	explain(error, a, why, sizeof(why));
	if (a->hook != NULL)
		snprintf(hook, sizeof(hook), ", hook \"%s\"", a->hook);
	if (ngu_client_where(graph, sizeof(graph)) < 0)
		snprintf(graph, sizeof(graph), "no graph");
	warnx("%s%s%s%s%s in graph %s: %s%s%s", a->command, a->path != NULL ? " \"" : "", a->path != NULL ? a->path : "", a->path != NULL ? "\"" : "", hook,
	    graph, why, why[0] != '\0' ? ": " : "", errno_name(error));
	errno = error;
	return (CMD_ERROR);
}

void
show_place(FILE *f, const char *text, size_t off)
{
	size_t i, len = strlen(text);

	if (off > len)
		off = len;
	fprintf(f, "  %s\n  ", text);
	for (i = 0; i < off; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80) /* what follows the first byte of a UTF-8 sequence takes no column */
			putc(text[i] == '\t' ? '\t' : ' ', f);
	fputs("^\n", f);
}
