/* SPDX-License-Identifier: BSD-2-Clause */
/* sock.c - netgraph(3): sockets, names, packets. */
#include "client/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
NgMkSockNode(const char *name, int *csp, int *dsp)
{
	char cut[NG_NODESIZ], path[NG_PATHSIZ];
	int cs = -1, ds = -1, error;
	uint32_t id = 0;
	struct way *w;

	if ((error = way_get(&w)) != 0)
		return (client_result(-1, error));
	if ((error = w->ops->socket(w, NGU_SOCK_CONTROL, &cs)) != 0)
		goto failed;
	if (name != NULL && name[0] != '\0') {
		(void)snprintf(cut, sizeof(cut), "%s", name);
		if ((error = w->ops->bind(w, cs, cut)) != 0)
			goto failed;
	}
	if (dsp != NULL) {
		if ((error = w->ops->name(w, cs, cut, &id)) != 0 || (error = w->ops->socket(w, NGU_SOCK_DATA, &ds)) != 0)
			goto failed;
		(void)snprintf(path, sizeof(path), "[%x]:", id);
		if ((error = w->ops->connect(w, ds, path)) != 0)
			goto failed;
		*dsp = ds;
	}
	if (csp != NULL)
		*csp = cs;
	else
		(void)close(cs); /* the node lives on through the other */
	return (0);
failed:
	if (client_debug >= 1) {
		errno = error;
		client_warn("socket node \"%s\"", name != NULL ? name : "");
	}
	if (ds >= 0)
		(void)close(ds);
	error = client_result(cs, error);
	if (cs >= 0) {
		int saved = errno;

		(void)close(cs);
		errno = saved;
	}
	return (error);
}

int
NgNameNode(int cs, const char *path, const char *fmt, ...)
{
	struct ngm_name arg;
	va_list ap;

	memset(&arg, 0, sizeof(arg));
	va_start(ap, fmt);
	(void)vsnprintf(arg.name, sizeof(arg.name), fmt, ap);
	va_end(ap);
	return (NgSendMsg(cs, path, NGM_GENERIC_COOKIE, NGM_NAME, &arg, sizeof(arg)) < 0 ? -1 : 0);
}

/* ---- packets ---- */

int
NgSendData(int ds, const char *hook, const u_char *buf, size_t len)
{
	int error, saved = errno; /* stays as it is when all goes well */
	char cut[NG_HOOKSIZ];
	struct way *w;

	(void)snprintf(cut, sizeof(cut), "%s", hook != NULL ? hook : "");
	if (client_debug >= 2)
		debug_data("WRITE PACKET to hook", buf, len, cut);
	if ((error = way_get(&w)) == 0)
		error = w->ops->send_data(w, ds, cut, buf, len);
	if (error != 0) {
		error = client_result(ds, error);
		if (client_debug >= 1) {
			saved = errno;
			client_warn("write to hook \"%s\"", cut);
			errno = saved;
		}
		return (error);
	}
	errno = saved;
	return (0);
}

int
NgRecvData(int ds, u_char *buf, size_t len, char *hook)
{
	char from[32];
	ssize_t n = record_recv(ds, 0, buf, len, from);

	if (n < 0 && client_debug >= 1) {
		int saved = errno;

		client_warn("read from hook");
		errno = saved;
	}
	if (n > 0 && hook != NULL)
		strcpy(hook, from);
	if (n > 0 && client_debug >= 2)
		debug_data("READ PACKET from hook", buf, (size_t)n, from);
	return ((int)n);
}

int
NgAllocRecvData(int ds, u_char **buf, char *hook)
{
	struct received r = { .bytes = NULL };
	ssize_t n = record_alloc(ds, 0, &r);

	*buf = NULL;
	if (n <= 0) {
		free(r.bytes);
		return ((int)n);
	}
	if (hook != NULL)
		strcpy(hook, r.address);
	if (client_debug >= 2)
		debug_data("READ PACKET from hook", r.bytes, (size_t)n, r.address);
	*buf = r.bytes;
	return ((int)n);
}

/* ---- beyond netgraph(3) ---- */

int
ngu_client_raw(int ds)
{
	struct way *w;
	int error;

	if ((error = way_get(&w)) == 0)
		error = w->ops->raw(w, ds);
	return (client_result(ds, error));
}

int
ngu_client_setbuf(int fd, size_t recvspace, size_t maxdgram)
{
	struct way *w;
	int error;

	if ((error = way_get(&w)) == 0)
		error = w->ops->setbuf(w, fd, recvspace, maxdgram);
	return (client_result(fd, error));
}

int
ngu_client_capture(const char *path, const char *hook, unsigned dirs, uint32_t snaplen, uint64_t limit)
{
	struct way *w;
	int error, fd;

	if ((error = way_get(&w)) == 0)
		error = w->ops->capture(w, path, hook, dirs, snaplen, limit, &fd);
	return (error != 0 ? client_result(-1, error) : fd);
}
