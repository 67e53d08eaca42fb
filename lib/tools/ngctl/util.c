/* SPDX-License-Identifier: BSD-2-Clause */
/* util.c - options of commands, words, memory. */
#include "ngctl.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* Where in a word like -ln the next letter is. */
static const char *cluster = "";

int
option(int *ac, char ***av, const char *letters)
{
	int c;

	if (*cluster == '\0') {
		if (*ac < 2 || (*av)[1][0] != '-' || (*av)[1][1] == '\0')
			return (0);
		(*ac)--, (*av)++;
		if (strcmp((*av)[0], "--") == 0)
			return (0);
		cluster = (*av)[0] + 1;
	}
	c = *cluster++;
	if (*cluster == '\0')
		cluster = ""; /* the word may be gone at the next call */
	if (strchr(letters, c) != NULL)
		return (c);
	cluster = "";
	return (-1);
}

void *
need(void *p)
{
	if (p == NULL)
		err(EX_OSERR, "no memory");
	return (p);
}

char *
joined(int ac, char **av)
{
	size_t len = 1;
	char *s, *p;
	int i;

	for (i = 0; i < ac; i++)
		len += strlen(av[i]) + 1;
	p = s = need(malloc(len));
	for (i = 0; i < ac; i++) {
		if (i > 0)
			*p++ = ' ';
		len = strlen(av[i]);
		memcpy(p, av[i], len);
		p += len;
	}
	*p = '\0';
	return (s);
}
