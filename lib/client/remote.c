/* SPDX-License-Identifier: BSD-2-Clause */
/* remote.c - the way to a graph behind a Unix-domain socket. */
#include <errno.h>

#include "client/way.h"

int
way_remote(const char *path, struct way **out)
{
	(void)path;
	(void)out;
	return (EPROTONOSUPPORT);
}
