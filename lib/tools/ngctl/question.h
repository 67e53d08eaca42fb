/* SPDX-License-Identifier: BSD-2-Clause */
/* question.h - what the live commands share: questions about a graph, their answers checked, options with values, the end by ^C. */
#ifndef NGCTL_QUESTION_H
#define NGCTL_QUESTION_H

#include "ngctl.h"

#include <ng/inspect.h>

/* Questions know no node of ours: `path` with its ID in place of "." and of nothing. For free(); NULL: errno. */
char *path_absolute(const char *path);
/* The node at `path` as "[id]:", which leads to it when links have changed. For free(); NULL: errno. */
char *path_fixed(const char *path);

/*
 * ngu_client_ask() about the node at `path` (NULL: about the graph): `head`, the path, the text `more` behind it (NULL: none). The answer is a
 * block of this kind, all of it, for free(); kind 0: no answer is wanted. false: errno, EBADMSG if it is no such block.
 */
bool question(unsigned what, const char *path, const char *more, const uint32_t *head, uint32_t kind, void *answer);
/* The same for a command, which complains. */
bool question_or_say(const char *command, unsigned what, const char *path, const char *more, const uint32_t *head, uint32_t kind, void *answer);

/* "-n" and the word behind it, wherever they are: taken out. 1 there was one, 0 none, -1 nothing behind it. */
int option_value(int *ac, char **av, const char *name, const char **value);
/* A number from `least` to `most`, or false. */
bool number(const char *text, unsigned long least, unsigned long most, unsigned long *out);
/* Seconds, with a fraction perhaps, in milliseconds; 1 to a day. */
bool seconds(const char *text, unsigned *ms);

/* From here on ^C and SIGTERM end what is going on, not the program; until enough_end(). */
void enough_begin(void);
bool enough(void);
void enough_end(void);
bool pause_ms(unsigned ms); /* false: enough() */

/* "name: type [id]" of a node, "" for no name. */
void node_text(char *buf, size_t size, const char *name, const char *type, uint32_t id);
/* "2.5 s" */
void span_text(char *buf, size_t size, uint64_t ns);

/* ---- types.c */
/* Print the messages of a type. ENOENT if there is none. */
bool type_messages(const char *type);

#endif /* NGCTL_QUESTION_H */
