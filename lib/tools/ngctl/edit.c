/* SPDX-License-Identifier: BSD-2-Clause */
/* edit.c - lines from libedit: editing, history, completion. */
#include "prompt.h"

#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

static EditLine *el;
static History *history_list;
static char history_file[4096]; /* "": it is not kept */

static char *
prompt(EditLine *e)
{
	static char text[] = PROMPT;

	(void)e;
	return (text);
}

static int
get_char(EditLine *e, wchar_t *c)
{
	mbstate_t state;
	size_t r;
	ssize_t n;
	char b;

	(void)e;
	memset(&state, 0, sizeof(state));
	for (;;) {
		if (!prompt_wait())
			return (0);
		if ((n = read(STDIN_FILENO, &b, 1)) == 0)
			return (0);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return (-1);
		}
		if (b == '\0') {
			*c = L'\0';
			return (1);
		}
		if ((r = mbrtowc(c, &b, 1, &state)) == 1)
			return (1);
		if (r == (size_t)-1) /* no character: forget it */
			memset(&state, 0, sizeof(state));
	}
}

/* Tab: what all candidates have in common, or the candidates. */
static unsigned char
on_tab(EditLine *e, int ch)
{
	const LineInfo *li = el_line(e);
	char *line = need(strndup(li->buffer, (size_t)(li->cursor - li->buffer))), *start, *more;
	unsigned char r = CC_REFRESH_BEEP;
	struct words w;
	size_t len, same, i;

	(void)ch;
	start = line + strlen(line);
	while (start > line && start[-1] != ' ' && start[-1] != '\t')
		start--;
	len = strlen(start);
	complete(line, &w);
	for (i = 1, same = w.n > 0 ? strlen(w.word[0]) : 0; i < w.n; i++)
		while (strncmp(w.word[0], w.word[i], same) != 0)
			same--;
	if (w.n > 0 && (same > len || w.n == 1)) {
		/* a command may have been typed in other case */
		el_deletestr(e, (int)len);
		more = need(malloc(same + 2));
		memcpy(more, w.word[0], same);
		more[same] = '\0';
		if (w.n == 1 && same > 0 && strchr(":/", more[same - 1]) == NULL)
			memcpy(more + same, " ", 2);
		el_insertstr(e, more);
		free(more);
		r = CC_REFRESH;
	} else if (w.n > 1) {
		putchar('\n');
		for (i = 0; i < w.n; i++)
			puts(w.word[i]);
		fflush(stdout);
		r = CC_REDISPLAY;
	}
	words_free(&w);
	free(line);
	return (r);
}

/* The history is kept in a file if there is one. */
static void
load_history(void)
{
	const char *home = getenv("HOME");
	HistEvent ev;

	if ((history_list = history_init()) == NULL)
		return;
	history(history_list, &ev, H_SETSIZE, 500);
	history(history_list, &ev, H_SETUNIQUE, 1);
	el_set(el, EL_HIST, history, history_list);
	if (home == NULL || snprintf(history_file, sizeof(history_file), "%s/.ngctl_history", home) >= (int)sizeof(history_file) ||
	    access(history_file, R_OK | W_OK) != 0)
		history_file[0] = '\0';
	else
		history(history_list, &ev, H_LOAD, history_file);
}

void
line_begin(void)
{
	setlocale(LC_CTYPE, "");
	el = need(el_init("ngctl", stdin, stdout, stderr));
	el_set(el, EL_PROMPT, prompt);
	el_set(el, EL_EDITOR, "emacs");
	el_set(el, EL_SIGNAL, 1);
	el_set(el, EL_GETCFN, get_char);
	el_set(el, EL_ADDFN, "ngctl-complete", "complete from the live graph", on_tab);
	el_set(el, EL_BIND, "^I", "ngctl-complete", NULL);
	load_history();
	el_source(el, NULL);
}

char *
line_read(void)
{
	const char *line;
	HistEvent ev;
	int len = 0;

	el_set(el, EL_PREP_TERM, 1); /* before the prompt shows: it would be done behind it, and a ^D typed between would be lost */
	if ((line = el_gets(el, &len)) == NULL || len <= 0) {
		putchar('\n');
		return (NULL);
	}
	if (history_list != NULL && line[strspn(line, " \t\n")] != '\0')
		history(history_list, &ev, H_ENTER, line);
	return (need(strndup(line, (size_t)len)));
}

void
line_leave(void)
{
	putchar('\n');
}

void
line_again(void)
{
	el_set(el, EL_REFRESH);
}

void
line_end(void)
{
	HistEvent ev;

	if (history_list != NULL) {
		if (history_file[0] != '\0')
			history(history_list, &ev, H_SAVE, history_file);
		history_end(history_list);
	}
	el_end(el);
}
