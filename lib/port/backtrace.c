/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backtrace.c - who called whom, by the compiler's unwinder, and what that is called, by <execinfo.h> where the system has it.
 *
 * Unwinding costs a microsecond or two, and strict mode does it several times a packet, mostly at the same few places. So what was
 * found is remembered with the addresses of the words that hold the return addresses: as long as the stack pointer is the
 * same and these words still hold the same, it is the same stack.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <stdlib.h>
#include <string.h>
#include <unwind.h>

#include "port/port.h"

#if !defined(NGU_PORT_NO_EXECINFO) && defined(__has_include)
#if __has_include(<execinfo.h>)
#include <execinfo.h>
#define HAVE_EXECINFO 1
#endif
#endif

#ifdef NGU_ASAN
#define RAW __attribute__((__no_sanitize_address__))
#else
#define RAW
#endif

struct walk {
	void **pc;
	void *const **slot;
	unsigned n, max, skip;
	bool found; /* all words that hold return addresses */
};

RAW static _Unwind_Reason_Code
frame(struct _Unwind_Context *ctx, void *arg)
{
	struct walk *w = arg;
	void *ip = (void *)(uintptr_t)_Unwind_GetIP(ctx);
	/* The unwinder stands in a frame with its callee's CFA: the return address is the word below, where calls push it. */
	void *const *slot = (void *const *)(uintptr_t)_Unwind_GetCFA(ctx) - 1;

	if (ip == NULL)
		return (_URC_END_OF_STACK);
	if (w->skip != 0) {
		w->skip--;
		return (_URC_NO_REASON);
	}
	w->pc[w->n] = ip;
	w->slot[w->n] = slot;
#if defined(__x86_64__) || defined(__i386__)
	if (*slot != ip)
		w->found = false;
#else
	w->found = false;
#endif
	return (++w->n < w->max ? _URC_NO_REASON : _URC_END_OF_STACK);
}

RAW static bool
same(const struct ngu__port_stack *s)
{
	for (unsigned i = 0; i < s->n; i++)
		if (*s->slot[i] != s->pc[i])
			return (false);
	return (true);
}

NGU_NOINLINE unsigned
ngu__port_backtrace(void **pc, unsigned n, struct ngu__port_stacks *known)
{
	const void *sp = __builtin_frame_address(0);
	struct ngu__port_stack one, *s = &one;
	struct walk w;

	if (n > NGU_PORT_STACK)
		n = NGU_PORT_STACK;
	if (known != NULL) {
		/* Sets of four: one depth of the stack is mostly that of a few places. */
		unsigned set = (unsigned)((uintptr_t)sp >> 4) * 2654435761u >> 16 & (NGU_PORT_STACKS / 4 - 1);

		for (unsigned i = 0; i < 4; i++) {
			s = &known->stack[set * 4 + i];
			if (s->sp == sp && s->max == n && s->n != 0 && same(s)) {
				memcpy(pc, s->pc, s->n * sizeof(pc[0]));
				return (s->n);
			}
		}
		s = &known->stack[set * 4 + known->next++ % 4];
	}
	w = (struct walk){ s->pc, s->slot, 0, n, 1, true }; /* without this function */
	s->sp = NULL;
	(void)_Unwind_Backtrace(frame, &w);
	memcpy(pc, s->pc, w.n * sizeof(pc[0]));
	if (w.found) {
		s->sp = sp;
		s->max = n;
		s->n = w.n;
	}
	return (w.n);
}

#ifdef HAVE_EXECINFO

/* "path(name+0x1c) [0x...]", "path(+0x1234) [0x...]" or "path [0x...]", cut down to what people want to see. */
void
ngu__port_symbol(char *buf, size_t size, void *pc)
{
	char **text = backtrace_symbols(&pc, 1), *s, *open, *close;
	const char *base;

	if (text == NULL) {
		(void)ngu__port_snprintf(buf, size, "%p", pc);
		return;
	}
	s = text[0];
	open = strchr(s, '(');
	close = open != NULL ? strchr(open, ')') : NULL;
	if (close == NULL) {
		(void)ngu__strlcpy(buf, s, size);
	} else {
		*open++ = '\0';
		*close = '\0';
		base = strrchr(s, '/') != NULL ? strrchr(s, '/') + 1 : s;
		if (open == close)
			(void)ngu__port_snprintf(buf, size, "%s %p", base, pc);
		else if (*open == '+')
			(void)ngu__port_snprintf(buf, size, "%s%s", base, open);
		else
			(void)ngu__port_snprintf(buf, size, "%s (%s)", open, base);
	}
	free(text);
}

#else

void
ngu__port_symbol(char *buf, size_t size, void *pc)
{
	(void)ngu__port_snprintf(buf, size, "%p", pc);
}

#endif
