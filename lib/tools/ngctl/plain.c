/* SPDX-License-Identifier: BSD-2-Clause */
/* plain.c - lines from the terminal as they come, for builds without libedit. */
#include "prompt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char buf[8192];
static size_t used;

void
line_begin(void)
{
}

void
line_end(void)
{
}

void
line_leave(void)
{
	putchar('\n');
}

void
line_again(void)
{
	fputs(PROMPT, stdout);
	fflush(stdout);
}

char *
line_read(void)
{
	char *end, *line;
	ssize_t n;

	line_again();
	for (;;) {
		if ((end = memchr(buf, '\n', used)) != NULL || used == sizeof(buf)) {
			if (end == NULL)
				end = buf + used - 1; /* a line too long is two */
			line = need(strndup(buf, (size_t)(end - buf)));
			used -= (size_t)(end + 1 - buf);
			memmove(buf, end + 1, used);
			return (line);
		}
		if (!prompt_wait())
			return (NULL);
		n = read(STDIN_FILENO, buf + used, sizeof(buf) - used);
		if (n > 0)
			used += (size_t)n;
		else if (n == 0 || errno != EINTR) {
			putchar('\n');
			return (NULL);
		}
	}
}
