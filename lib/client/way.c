/* SPDX-License-Identifier: BSD-2-Clause */
/* way.c - which way to a graph is in use; errors of a way as errno. */
#include "client/client.h"

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/port.h"

/* Once made, a way stays: descriptors have been made by it. */
struct known {
	struct known *next;
	struct way *way;
	char where[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct known *ways;
static struct known *used; /* NULL: the environment's */

static int
find(const char *where, struct known **out)
{
	struct known *k;
	int error;

	for (k = ways; k != NULL; k = k->next) {
		if (strcmp(k->where, where) == 0) {
			*out = k;
			return (0);
		}
	}
	if ((k = malloc(sizeof(*k) + strlen(where) + 1)) == NULL)
		return (ENOMEM);
	strcpy(k->where, where);
	if (strcmp(where, "embedded") == 0)
		error = way_embedded(&k->way);
	else if (strncmp(where, "unix:", 5) == 0 && where[5] != '\0')
		error = way_remote(where + 5, &k->way);
	else
		error = EINVAL;
	if (error != 0) {
		free(k);
		return (error);
	}
	k->next = ways;
	ways = k;
	*out = k;
	return (0);
}

static int
current(struct known **out)
{
	char where[256];

	if (used != NULL) {
		*out = used;
		return (0);
	}
	/* What is too long for it is too long for a socket's address. */
	if (!ngu__port_env("NETGRAPH", where, sizeof(where))) {
		const char *e = getenv("NETGRAPH");

		if (e != NULL && strlen(e) >= sizeof(where))
			return (ENAMETOOLONG);
		strcpy(where, "embedded");
	}
	if (where[0] == '\0')
		strcpy(where, "embedded");
	return (find(where, out));
}

int
way_get(struct way **out)
{
	struct known *k;
	int error;

	pthread_mutex_lock(&lock);
	if ((error = current(&k)) == 0)
		*out = k->way;
	pthread_mutex_unlock(&lock);
	return (error);
}

int
ngu_client_use(const char *where)
{
	struct known *k = NULL;
	int error = 0;

	pthread_mutex_lock(&lock);
	if (where == NULL || (error = find(where, &k)) == 0)
		used = k;
	pthread_mutex_unlock(&lock);
	return (client_result(-1, error));
}

int
ngu_client_where(char *buf, size_t size)
{
	struct known *k;
	int error, n = 0;

	pthread_mutex_lock(&lock);
	if ((error = current(&k)) == 0)
		n = snprintf(buf, size, "%s", k->where);
	pthread_mutex_unlock(&lock);
	return (error != 0 ? client_result(-1, error) : n);
}

/* The other side of a descriptor that is nobody's any more has been closed. */
static bool
hung_up(int fd)
{
	struct pollfd p = { .fd = fd, .events = 0 };

	return (poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR)) != 0 && (p.revents & POLLNVAL) == 0);
}

int
client_result(int fd, int error)
{
	if (error == 0)
		return (0);
	if (error == ESTALE)
		error = hung_up(fd) ? EPIPE : ENOTSOCK;
	if (error == EPIPE)
		(void)raise(SIGPIPE);
	errno = error;
	return (-1);
}
