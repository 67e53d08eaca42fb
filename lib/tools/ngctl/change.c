/* SPDX-License-Identifier: BSD-2-Clause */
/* change.c - lists of changes as text, in the form of <ng/apply.h>. */
#include "ngctl.h"

#include <stdlib.h>
#include <string.h>

void
change_words(FILE *f, const char *const *words)
{
	const char *s;

	for (; *words != NULL; words++) {
		putc(' ', f);
		if ((*words)[0] != '\0' && (*words)[0] != '#' && strpbrk(*words, " \t\"\\") == NULL) {
			fputs(*words, f);
			continue;
		}
		putc('"', f);
		for (s = *words; *s != '\0'; s++)
			fprintf(f, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
		putc('"', f);
	}
}

char *
change_line(const char *verb, char *const *words)
{
	char *text = NULL;
	size_t len;
	FILE *f = need(open_memstream(&text, &len));

	fputs(verb, f);
	change_words(f, (const char *const *)words);
	putc('\n', f);
	if (fclose(f) != 0)
		need(NULL);
	return (text);
}
