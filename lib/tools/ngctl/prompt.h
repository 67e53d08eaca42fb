/* SPDX-License-Identifier: BSD-2-Clause */
/* prompt.h - a line from the keyboard: from libedit (edit.c), or from the terminal as it is (plain.c). */
#ifndef NGCTL_PROMPT_H
#define NGCTL_PROMPT_H

#include "ngctl.h"

#define PROMPT "+ "

/* Wait until something has been typed, showing what arrives meanwhile. false: our node is gone. */
bool prompt_wait(void);

/* ---- edit.c or plain.c */
void line_begin(void);
char *line_read(void);	/* for free(); NULL: end of input, or prompt_wait() said so */
void line_leave(void);	/* something is about to be printed: off the line that is being typed */
void line_again(void);	/* and back to it */
void line_end(void);

#endif /* NGCTL_PROMPT_H */
