/* SPDX-License-Identifier: BSD-2-Clause */
/* fail.c - the text of an expectation that fails. */
#include "testkit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local char said[16384];
static _Thread_local size_t nsaid;

void
ngt__abort(const char *file, int line, const char *text)
{
	fprintf(stderr, "%s\n%s:%d: failed\n", text, file, line);
	fflush(stderr);
	abort();
}

void
ngt__say(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(said + nsaid, sizeof(said) - nsaid, fmt, ap);
	va_end(ap);
	if (n > 0)
		nsaid = nsaid + (size_t)n < sizeof(said) ? nsaid + (size_t)n : sizeof(said) - 1;
}

void
ngt__fail_now(const char *file, int line, ngt_fail_fn *fail)
{
	if (ngt__panic_any() && nsaid != 0 && said[nsaid - 1] != '\n')
		ngt__say("\n");
	(void)ngt__panic_take(ngt__say); /* which is why, most likely */
	if (nsaid != 0 && said[nsaid - 1] == '\n')
		nsaid--;
	said[nsaid] = '\0';
	nsaid = 0; /* the text stays until the next one begins */
	ngt__failed(file, line, fail, said);
}

/* The numbers libng returns, by name: strerror(3) does not tell them. */
static const struct {
	int error;
	const char *name;
} names[] = {
	{ EPERM, "EPERM" }, { ENOENT, "ENOENT" }, { EIO, "EIO" }, { ENXIO, "ENXIO" }, { E2BIG, "E2BIG" }, { ENOMEM, "ENOMEM" },
	{ EACCES, "EACCES" }, { EBUSY, "EBUSY" }, { EEXIST, "EEXIST" }, { EINVAL, "EINVAL" }, { ENOSPC, "ENOSPC" },
	{ ERANGE, "ERANGE" }, { EDEADLK, "EDEADLK" }, { ENOSYS, "ENOSYS" }, { ELOOP, "ELOOP" }, { EMSGSIZE, "EMSGSIZE" },
	{ EOPNOTSUPP, "EOPNOTSUPP" }, { EADDRINUSE, "EADDRINUSE" }, { ENETDOWN, "ENETDOWN" }, { ENOBUFS, "ENOBUFS" },
	{ EISCONN, "EISCONN" }, { ENOTCONN, "ENOTCONN" }, { ETIMEDOUT, "ETIMEDOUT" }, { EALREADY, "EALREADY" },
	{ EINPROGRESS, "EINPROGRESS" }, { EAGAIN, "EAGAIN" }, { EHOSTUNREACH, "EHOSTUNREACH" },
};

const char *
ngt__errname(int error)
{
	static _Thread_local char buf[128];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].error == error) {
			(void)snprintf(buf, sizeof(buf), "%s (%s)", names[i].name, strerror(error));
			return (buf);
		}
	(void)snprintf(buf, sizeof(buf), "error %d (%s)", error, strerror(error));
	return (buf);
}
