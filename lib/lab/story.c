/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * story.c - what happened, for people: a line for each step, a column for each thread, the source line beside it.
 *
 * Addresses become names through addr2line(1), all of a report at once; without it symbols must do.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/cell.h"

#define PLACES 4096u
#define COLUMN 34

struct place {
	uintptr_t pc;
	char fn[80], file[256];
	unsigned line;
	char text[100];
};

LAB_OWN static struct place *places;
LAB_OWN static unsigned nplaces;

void
lab_trace(unsigned op, uintptr_t pc, uintptr_t addr, unsigned size, uint64_t val, const char *text)
{
	struct lab_event *e;
	struct lab_thread *t = lab->self;
	struct lab_cell *c;

	if (!lab->tracing)
		return;
	if (lab->ntrace == lab->max_trace) {
		uint32_t max = lab->max_trace != 0 ? lab->max_trace * 2 : 4096;
		struct lab_event *n = realloc(lab->trace, max * sizeof(*n));

		if (n == NULL)
			return;
		lab->trace = n;
		lab->max_trace = max;
	}
	e = &lab->trace[lab->ntrace++];
	memset(e, 0, sizeof(*e));
	e->thread = (uint8_t)lab->cur;
	e->op = (uint8_t)op;
	e->size = (uint8_t)size;
	e->pc = pc;
	e->fn = t->nframe > 0 && t->nframe <= LAB_FRAMES ? t->frame[t->nframe - 1] : 0;
	e->addr = addr;
	e->val = val;
	e->at = lab->at;
	e->text = text;
	if (op == OP_SWITCH || op == OP_TIME)
		e->val = size;
	else if (addr != 0 && (op == OP_READ || op == OP_WRITE || op == OP_LOAD || op == OP_STORE || op == OP_RMW)) {
		c = lab_cell(addr);
		e->shared = c != NULL && c->shared != 0;
		if (op == OP_READ) /* the callers of the plain ones do not know */
			e->val = size == 8 ? *(volatile uint64_t *)addr : size == 4 ? *(volatile uint32_t *)addr :
			    size == 1 ? *(volatile uint8_t *)addr : 0;
	}
}

/* ---- places */

static struct place *
place(uintptr_t pc)
{
	for (unsigned i = 0; i < nplaces; i++)
		if (places[i].pc == pc)
			return (&places[i]);
	return (NULL);
}

static void
want(uintptr_t pc)
{
	if (pc == 0 || place(pc) != NULL || nplaces == PLACES)
		return;
	if (places == NULL && (places = calloc(PLACES, sizeof(*places))) == NULL)
		return;
	places[nplaces++].pc = pc;
}

static void
source_line(struct place *p)
{
	FILE *f = fopen(p->file, "r");
	char line[400];
	unsigned n = 0;
	size_t k;

	if (f == NULL)
		return;
	while (n < p->line && fgets(line, sizeof(line), f) != NULL)
		if (strchr(line, '\n') != NULL)
			n++;
	(void)fclose(f);
	if (n != p->line)
		return;
	k = strspn(line, " \t");
	line[strcspn(line, "\n")] = '\0';
	(void)snprintf(p->text, sizeof(p->text), "%s", line + k);
}

/* All places of one object by one run of addr2line. */
static void
resolve(void)
{
	LAB_OWN static char done[PLACES];

	for (unsigned i = 0; i < nplaces; i++) {
		Dl_info info;
		char fn[256], file[512];
		unsigned idx[PLACES];
		unsigned n = 0;
		size_t len;
		const char *base;
		FILE *f;

		if (done[i] || dladdr((void *)places[i].pc, &info) == 0 || info.dli_fname == NULL)
			continue;
		base = info.dli_fname;
		/* quoted: the path may have spaces; one with a quote is not tried */
		if (strchr(base, '\'') != NULL)
			continue;
		if (access(base, R_OK) != 0)
			base = "/proc/self/exe";
		if (strcmp(base, "/proc/self/exe") == 0) {
			LAB_OWN static char exe[512];
			ssize_t r = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

			if (r > 0) {
				exe[r] = '\0';
				base = exe;
			}
		}
		for (unsigned k = i; k < nplaces && n < 200; k++) {
			Dl_info other;

			if (!done[k] && dladdr((void *)places[k].pc, &other) != 0 && other.dli_fbase == info.dli_fbase) {
				idx[n++] = k;
				done[k] = 1;
			}
		}
		{
			char *all = malloc(n * 24 + 1024);

			if (all == NULL)
				return;
			len = (size_t)snprintf(all, 1024, "addr2line -f -e '%s'", base);
			for (unsigned k = 0; k < n; k++) {
				const ElfW(Ehdr) *eh = info.dli_fbase;
				uintptr_t rel = places[idx[k]].pc - 1 - (eh->e_type == 2 /* ET_EXEC */ ? 0 : (uintptr_t)info.dli_fbase);

				len += (size_t)sprintf(all + len, " %#lx", (unsigned long)rel);
			}
			(void)sprintf(all + len, " 2>/dev/null");
			f = popen(all, "r");
			free(all);
		}
		if (f == NULL)
			return;
		for (unsigned k = 0; k < n; k++) {
			struct place *p = &places[idx[k]];
			char *colon;

			if (fgets(fn, sizeof(fn), f) == NULL || fgets(file, sizeof(file), f) == NULL)
				break;
			fn[strcspn(fn, "\n")] = '\0';
			file[strcspn(file, "\n")] = '\0';
			if (strncmp(fn, "??", 2) != 0)
				(void)snprintf(p->fn, sizeof(p->fn), "%.79s", fn);
			if ((colon = strrchr(file, ':')) != NULL && strncmp(file, "??", 2) != 0) {
				p->line = (unsigned)strtoul(colon + 1, NULL, 10);
				*colon = '\0';
				(void)snprintf(p->file, sizeof(p->file), "%.255s", file);
				source_line(p);
			}
		}
		(void)pclose(f);
	}
}

static const char *
basename_of(const char *p)
{
	const char *s = strrchr(p, '/');

	return (s != NULL ? s + 1 : p);
}

void
lab_symbol(uintptr_t pc, char *buf, size_t size)
{
	const struct place *p;
	Dl_info info;

	if (pc == 0) {
		(void)snprintf(buf, size, "?");
		return;
	}
	want(pc);
	resolve();
	p = place(pc);
	if (p != NULL && p->fn[0] != '\0')
		(void)snprintf(buf, size, "%s (%s:%u)", p->fn, basename_of(p->file), p->line);
	else if (dladdr((void *)pc, &info) != 0 && info.dli_sname != NULL)
		(void)snprintf(buf, size, "%s+%#lx", info.dli_sname, (unsigned long)(pc - (uintptr_t)info.dli_saddr));
	else if (dladdr((void *)pc, &info) != 0 && info.dli_fname != NULL)
		(void)snprintf(buf, size, "%s+%#lx", basename_of(info.dli_fname), (unsigned long)(pc - (uintptr_t)info.dli_fbase));
	else
		(void)snprintf(buf, size, "%#lx", (unsigned long)pc);
}

/* ---- variables: static ones are in the file's own symbol table only */

static bool
variable_in(const char *file, uintptr_t base, uintptr_t addr, char *buf, size_t size)
{
	FILE *f = fopen(file, "rb");
	ElfW(Ehdr) eh;
	ElfW(Shdr) sh, str;
	bool found = false;

	if (f == NULL)
		return (false);
	if (fread(&eh, sizeof(eh), 1, f) != 1 || memcmp(eh.e_ident, ELFMAG, SELFMAG) != 0)
		goto out;
	if (eh.e_type == ET_EXEC)
		base = 0;
	for (unsigned i = 0; i < eh.e_shnum && !found; i++) {
		if (fseek(f, (long)(eh.e_shoff + i * sizeof(sh)), SEEK_SET) != 0 || fread(&sh, sizeof(sh), 1, f) != 1)
			break;
		if (sh.sh_type != SHT_SYMTAB || fseek(f, (long)(eh.e_shoff + sh.sh_link * sizeof(str)), SEEK_SET) != 0 ||
		    fread(&str, sizeof(str), 1, f) != 1)
			continue;
		for (size_t k = 0; k < sh.sh_size / sizeof(ElfW(Sym)) && !found; k++) {
			ElfW(Sym) sym;
			char name[100] = "";

			if (fseek(f, (long)(sh.sh_offset + k * sizeof(sym)), SEEK_SET) != 0 || fread(&sym, sizeof(sym), 1, f) != 1)
				break;
			if ((sym.st_info & 15) != STT_OBJECT || addr - base < sym.st_value || addr - base >= sym.st_value + sym.st_size)
				continue;
			if (fseek(f, (long)(str.sh_offset + sym.st_name), SEEK_SET) == 0 && fread(name, 1, sizeof(name) - 1, f) != 0) {
				found = true;
				if (addr - base == sym.st_value)
					(void)snprintf(buf, size, "%s", name);
				else
					(void)snprintf(buf, size, "%s+%lu", name, (unsigned long)(addr - base - sym.st_value));
			}
		}
	}
out:
	(void)fclose(f);
	return (found);
}

static bool
variable(uintptr_t addr, char *buf, size_t size)
{
	Dl_info info;

	if (dladdr((void *)addr, &info) == 0 || info.dli_fname == NULL)
		return (false);
	return (variable_in(access(info.dli_fname, R_OK) == 0 ? info.dli_fname : "/proc/self/exe", (uintptr_t)info.dli_fbase, addr, buf,
	    size));
}

/* What an address is: a block and who made it, a variable, or a stack. */
const char *
lab_where(uintptr_t addr, char *buf, size_t size)
{
	struct lab_block *b;
	Dl_info info;
	char made[120];

	if (addr - LAB_BASE < LAB_ARENA && (b = lab_block_of(addr)) != NULL) {
		lab_symbol(b->pc2, made, sizeof(made));
		(void)snprintf(buf, size, "byte %ld of %zu made in %s", (long)(addr - (uintptr_t)b->p), b->size, made);
	} else if (addr - LAB_BASE < LAB_SIZE) {
		unsigned i = (unsigned)((addr - LAB_BASE - LAB_ARENA) / LAB_STACK);

		(void)snprintf(buf, size, "the stack of %s", i < lab->nthreads ? lab->thread[i].name : "a thread");
	} else if (variable(addr, buf, size))
		;
	else if (dladdr((void *)addr, &info) != 0 && info.dli_sname != NULL && (uintptr_t)info.dli_saddr <= addr)
		(void)snprintf(buf, size, "%s+%ld", info.dli_sname, (long)(addr - (uintptr_t)info.dli_saddr));
	else {
		struct lab_range *r = lab_range_of(addr);

		(void)snprintf(buf, size, "%s at %#lx", r != NULL ? r->name : "memory", (unsigned long)addr);
	}
	return (buf);
}

/* ---- the story */

static bool
matters(const struct lab_event *e, bool whole)
{
	switch (e->op) {
	case OP_READ:
	case OP_WRITE:
		/* Plain ones are many; those of the word that it ended with are the story. */
		return ((whole && e->shared) || (lab->why_addr != 0 && lab->why_addr - e->addr < e->size));
	case OP_LOAD:
	case OP_STORE:
	case OP_RMW:
		return (e->shared || whole);
	case OP_ALLOC:
		return (whole);
	case OP_PAUSE:
		return (whole);
	default:
		return (true);
	}
}

static void
line(FILE *f, const struct lab_event *e, bool whole)
{
	static const char *const name[] = { [OP_LOAD] = "load", [OP_STORE] = "store", [OP_RMW] = "rmw", [OP_FENCE] = "fence",
		[OP_READ] = "read", [OP_WRITE] = "write", [OP_LOCK] = "lock", [OP_UNLOCK] = "unlock", [OP_WAIT] = "wait",
		[OP_WAKE] = "wake", [OP_PAUSE] = "spin", [OP_ALLOC] = "allocate", [OP_FREE] = "free", [OP_RETIRE] = "retire",
		[OP_ENTER] = "section opens", [OP_LEAVE] = "section closes", [OP_CALL] = "call", [OP_NOTE] = "note",
		[OP_START] = "begins", [OP_END] = "ends", [OP_TIME] = "time passes" };
	const struct place *p = place(e->pc), *fn;
	char what[256], where[512];
	unsigned col = e->thread >= 2 ? e->thread - 2 : 0;

	if (e->thread < 2)
		col = 0;
	/* A plain write comes after the call that tells of it. */
	if (e->op == OP_LOAD || e->op == OP_STORE || e->op == OP_RMW || e->op == OP_READ)
		(void)snprintf(what, sizeof(what), "%s%s%s%s %s %#llx", name[e->op], e->text != NULL ? " (" : "",
		    e->text != NULL ? e->text : "", e->text != NULL ? ")" : "", e->op == OP_LOAD || e->op == OP_READ ? "->" : "=",
		    (unsigned long long)e->val);
	else
		(void)snprintf(what, sizeof(what), "%s%s%s", name[e->op], e->text != NULL ? ": " : "", e->text != NULL ? e->text : "");
	if (p != NULL && p->line != 0)
		(void)snprintf(where, sizeof(where), "%s:%u %s()%s%s", basename_of(p->file), p->line, p->fn, p->text[0] != '\0' ? "  | " : "",
		    p->text);
	else
		where[0] = '\0';
	if (whole && e->addr != 0)
		(void)snprintf(what + strlen(what), sizeof(what) - strlen(what), " @%#lx", (unsigned long)e->addr);
	if (whole && (fn = place(e->fn)) != NULL && fn->line != 0)
		(void)snprintf(where + strlen(where), sizeof(where) - strlen(where), "  < %s:%u %s()", basename_of(fn->file), fn->line, fn->fn);
	(void)fprintf(f, "  %6llu  %-10.10s %*s%-*s %s\n", (unsigned long long)e->at, lab->thread[e->thread].name, (int)(col * 4), "",
	    COLUMN - (int)(col * 4), what, where);
}

void
lab_story(FILE *f, bool whole)
{
	unsigned skipped, run = 0;
	unsigned last = ~0u;

	for (uint32_t i = 0; i < lab->ntrace; i++)
		if (matters(&lab->trace[i], whole)) {
			want(lab->trace[i].pc);
			if (whole)
				want(lab->trace[i].fn);
		}
	for (unsigned i = 0; i < lab->nthreads; i++)
		for (unsigned k = 0; k < lab->thread[i].nframe && k < LAB_FRAMES; k++)
			want(lab->thread[i].frame[k]);
	want(lab->why_pc);
	resolve();
	for (uint32_t i = 0; i < lab->ntrace; i++) {
		const struct lab_event *e = &lab->trace[i];

		if (e->op == OP_SWITCH || !matters(e, whole))
			continue;
		if (e->thread != last) {
			/* What a thread does in between, far from any change of threads, is left out. */
			(void)fprintf(f, "  ------  %s\n", lab->thread[e->thread].name);
			last = e->thread;
			run = 0;
		}
		if (!whole && ++run > 12) {
			uint32_t k = i, next = 0;

			for (skipped = 0; k < lab->ntrace && next == 0; k++)
				if (lab->trace[k].thread != last)
					next = k;
			if (next == 0)
				next = lab->ntrace;
			/* the last eight before the change */
			for (k = next, skipped = 0; k > i && skipped < 8; k--)
				if (matters(&lab->trace[k - 1], whole) && lab->trace[k - 1].op != OP_SWITCH)
					skipped++;
			if (k > i) {
				for (skipped = 0; i < k; i++)
					skipped += matters(&lab->trace[i], whole) && lab->trace[i].op != OP_SWITCH;
				(void)fprintf(f, "          ... %u steps of %s\n", skipped, lab->thread[last].name);
				i--;
				run = 0;
				continue;
			}
		}
		line(f, e, whole);
	}
}

/* Who was where when it ended. */
void
lab_stacks(FILE *f)
{
	static const char *const state[] = { [LT_NONE] = "not started", [LT_READY] = "running", [LT_PAUSED] = "spinning",
		[LT_BLOCKED] = "blocked", [LT_DONE] = "ended" };
	char sym[200];

	for (unsigned i = 0; i < lab->nthreads; i++) {
		const struct lab_thread *t = &lab->thread[i];

		if (t->state == LT_NONE || (t->daemon && t->idle))
			continue;
		(void)fprintf(f, "  %s, %s%s%s:\n", t->name, state[t->state], t->state == LT_BLOCKED ? ": " : "",
		    t->state == LT_BLOCKED ? t->what : "");
		if (i == lab->why_thread && lab->why_pc != 0) {
			lab_symbol(lab->why_pc, sym, sizeof(sym));
			(void)fprintf(f, "      at   %s\n", sym);
		}
		if (t->state == LT_DONE)
			continue;
		for (unsigned k = t->nframe < LAB_FRAMES ? t->nframe : LAB_FRAMES; k-- != 0;) {
			lab_symbol(t->frame[k], sym, sizeof(sym));
			(void)fprintf(f, "      from %s\n", sym);
		}
	}
}
