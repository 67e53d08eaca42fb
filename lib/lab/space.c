/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * space.c - the memory of the lab: an arena at a fixed address, the old values of what a run changes, and back.
 *
 * Setup's blocks lie at the arena's start, up to `mark`. In a run each thread allocates from a part of its own behind it, so that an
 * address does not depend on who allocated first, and nothing is given out twice: what was freed stays dead to the end.
 * Before the first change of eight bytes below the mark, or of a static variable, in a run their value is noted; lab_reset()
 * puts it back. What lies behind the mark, and the stacks of bodies, begin anew.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <sys/mman.h>

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/cell.h"

#define MAGIC 0x1ab0b10cu
#define UNDO_MAX (1u << 20)
#define EXT_MAX (1u << 16)
#define SYNC_MAX (1u << 16)
#define IGNORED 32

struct head { /* before each block */
	uint32_t index, magic;
	uint64_t spare;
};

LAB_OWN struct lab *lab;

LAB_OWN static struct {
	uintptr_t lo, hi;
} ignored[IGNORED];
LAB_OWN static unsigned nignored;

void ngu__lab_border(void);
extern char __start_lab_state[], __stop_lab_state[];

/* Which object an address is in. */
const char *
lab_object(uintptr_t pc, uintptr_t *base)
{
	Dl_info info;

	*base = 0;
	if (dladdr((void *)pc, &info) == 0)
		return (NULL);
	*base = (uintptr_t)info.dli_fbase;
	return (info.dli_fname);
}

/* Before anything that was compiled for the lab runs: whose callbacks will it call? Another runtime's know nothing of the lab. */
static __attribute__((__constructor__(101))) void
callbacks_are_ours(void)
{
	uintptr_t theirs, ours;
	const char *name = lab_object((uintptr_t)dlsym(RTLD_DEFAULT, "__tsan_read8"), &theirs);

	(void)lab_object((uintptr_t)&lab, &ours);
	if (name == NULL || theirs == ours)
		return;
	(void)fprintf(stderr,
	    "libng-lab: the calls before each access lead to %s, not to the lab: -fsanitize=thread was given to the linker\n"
	    "  compile with what `pkg-config --cflags libng-lab` says, link with `pkg-config --libs libng-lab` and no -fsanitize\n",
	    name);
	_exit(1);
}

static void *
map(size_t size, int prot)
{
	void *p = mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return (p == MAP_FAILED ? NULL : p);
}

static struct lab_range *
add_range(uintptr_t lo, uintptr_t hi, const char *name)
{
	struct lab_range *r = &lab->range[lab->nranges];

	if (lab->nranges == LAB_RANGES)
		return (NULL);
	lo &= ~(uintptr_t)7;
	hi = (hi + 7) & ~(uintptr_t)7;
	r->lo = lo;
	r->hi = hi;
	r->cells = map((hi - lo) / 8 * sizeof(struct lab_cell), PROT_READ | PROT_WRITE);
	(void)strncpy(r->name, name, sizeof(r->name) - 1);
	if (r->cells == NULL)
		return (NULL);
	lab->nranges++;
	return (r);
}

static int
object(struct dl_phdr_info *info, size_t size, void *arg)
{
	const char *name = info->dlpi_name != NULL ? info->dlpi_name : "";
	bool program = name[0] == '\0', ours = strstr(name, "libng-lab") != NULL;
	int *error = arg;

	(void)size;
	if (!program && !ours)
		return (0);
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		if (ph->p_type == PT_LOAD && (ph->p_flags & PF_W) != 0 && ph->p_memsz != 0 &&
		    add_range(info->dlpi_addr + ph->p_vaddr, info->dlpi_addr + ph->p_vaddr + ph->p_memsz,
			program ? "the program's variables" : "libng's variables") == NULL)
			*error = ENOMEM;
	}
	return (0);
}

int
lab_space_init(void)
{
	void *p;
	int error = 0;

	if (lab != NULL)
		return (0);
	if ((lab = map(sizeof(*lab), PROT_READ | PROT_WRITE)) == NULL)
		return (ENOMEM);
	p = mmap((void *)LAB_BASE, LAB_SIZE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	if (p != (void *)LAB_BASE) {
		(void)fprintf(stderr, "libng-lab: no memory at %#lx: %s\n", LAB_BASE, strerror(errno));
		return (errno != 0 ? errno : ENOMEM);
	}
	if (add_range(LAB_BASE, LAB_BASE + LAB_SIZE, "the lab's memory") == NULL)
		return (ENOMEM);
	if (add_range(LAB_SHADOW, LAB_SHADOW + LAB_ARENA, "a node's gate") == NULL)
		return (ENOMEM);
	lab->range[0].dead = map(LAB_SIZE / 8, PROT_READ | PROT_WRITE);
	(void)dl_iterate_phdr(object, &error);
	lab->max_ext = EXT_MAX;
	lab->ext = map(EXT_MAX * sizeof(*lab->ext), PROT_READ | PROT_WRITE);
	lab->max_sync = SYNC_MAX;
	lab->sync = map(SYNC_MAX * sizeof(*lab->sync), PROT_READ | PROT_WRITE);
	lab->max_undo = UNDO_MAX;
	lab->undo = map(UNDO_MAX * sizeof(*lab->undo), PROT_READ | PROT_WRITE);
	lab->block = map(LAB_BLOCKS * sizeof(*lab->block), PROT_READ | PROT_WRITE);
	lab->refreed = map(LAB_BLOCKS * sizeof(*lab->refreed), PROT_READ | PROT_WRITE);
	if (error != 0 || lab->range[0].dead == NULL || lab->ext == NULL || lab->sync == NULL || lab->undo == NULL ||
	    lab->block == NULL || lab->refreed == NULL)
		return (ENOMEM);
	{
		Dl_info info;

		if (dladdr((void *)ngu__lab_border, &info) != 0) {
			lab->own_lo = (uintptr_t)info.dli_fbase;
			lab->own_hi = (uintptr_t)ngu__lab_border;
		}
	}
	lab->arena_next = LAB_BASE + 4096;
	lab->stamp = 1;
	lab_ignore(__start_lab_state, (size_t)(__stop_lab_state - __start_lab_state));
	return (0);
}

/* A variable of the lab itself, or one that each thread has of its own. */
void
lab_ignore(const void *p, size_t size)
{
	if (nignored < IGNORED) {
		ignored[nignored].lo = (uintptr_t)p;
		ignored[nignored++].hi = (uintptr_t)p + size;
	}
}

bool
lab_ignored(uintptr_t p)
{
	for (unsigned i = 0; i < nignored; i++)
		if (p >= ignored[i].lo && p < ignored[i].hi)
			return (true);
	return (false);
}

static inline uint8_t *
dead_at(uintptr_t p)
{
	return (&lab->range[0].dead[(p - LAB_BASE) / 8]);
}

void *
lab_alloc(size_t size, size_t align, uintptr_t pc, uintptr_t pc2)
{
	struct lab_thread *t = lab->self;
	struct lab_block *b;
	uintptr_t at, p, end, limit;
	struct head *h;

	if (align < 16)
		align = 16;
	at = lab->mark == 0 ? lab->arena_next : t->alloc_at;
	limit = lab->mark == 0 ? LAB_BASE + LAB_ARENA : t->alloc_end;
	p = (at + sizeof(struct head) + align - 1) & ~(uintptr_t)(align - 1);
	end = (p + size + 7) & ~(uintptr_t)7;
	if (size > LAB_ARENA || end + 16 > limit || lab->nblocks == LAB_BLOCKS) {
		if (lab->on)
			lab_fail(NGU_LAB_SELF, "the lab's memory is used up (%zu bytes wanted)", size);
		return (NULL);
	}
	memset(dead_at(at), MEM_EDGE, (p - at) / 8);
	memset(dead_at(end), MEM_EDGE, 1);
	if (lab->mark == 0)
		lab->arena_next = end;
	else
		t->alloc_at = end;
	h = (struct head *)p - 1;
	h->index = lab->nblocks;
	h->magic = MAGIC;
	b = &lab->block[lab->nblocks++];
	*b = (struct lab_block){ .p = (void *)p, .size = size, .pc = pc, .pc2 = pc2, .by = (uint8_t)lab->cur };
	memset((void *)p, 0, size);
	return ((void *)p);
}

void
lab_free(void *p, uintptr_t pc)
{
	struct head *h = (struct head *)p - 1;
	struct lab_block *b;

	if (p == NULL)
		return;
	if ((uintptr_t)p - LAB_BASE >= LAB_ARENA || h->magic != MAGIC || (b = &lab->block[h->index])->p != p)
		lab_fail_at(NGU_LAB_MEMORY, pc, (uintptr_t)p, "free of %p, which is not a block", p);
	if (b->freed)
		lab_fail_at(NGU_LAB_MEMORY, pc, (uintptr_t)p, "freed twice");
	b->freed = true;
	b->fpc = pc;
	b->freed_by = (uint8_t)lab->cur;
	memset(dead_at((uintptr_t)p), MEM_FREED, (b->size + 7) / 8);
	if (lab->mark != 0 && h->index < lab->mark_blocks)
		lab->refreed[lab->nrefreed++] = h->index;
}

/* Stays for good: the library keeps it until the process ends. */
void
lab_keep(const void *p)
{
	const struct head *h = (const struct head *)p - 1;

	if (p != NULL && (uintptr_t)p - LAB_BASE < LAB_ARENA && h->magic == MAGIC)
		lab->block[h->index].keep = true;
}

struct lab_block *
lab_block_of(uintptr_t addr)
{
	for (uint32_t i = lab->nblocks; i-- != 0;) {
		uintptr_t p = (uintptr_t)lab->block[i].p;

		if (addr >= p - sizeof(struct head) && addr < ((p + lab->block[i].size + 7) & ~(uintptr_t)7) + 8)
			return (&lab->block[i]);
	}
	return (NULL);
}

/* Who allocated it: setup's thread is end's, later. */
const char *
lab_maker(const struct lab_block *b)
{
	return (b - lab->block < (ptrdiff_t)lab->mark_blocks ? "setup" : lab->thread[b->by].name);
}

unsigned
lab_leaks(char *buf, size_t size)
{
	unsigned n = 0;
	size_t len = 0;
	char sym[200];

	for (uint32_t i = 0; i < lab->nblocks; i++) {
		const struct lab_block *b = &lab->block[i];

		if (b->freed || b->keep)
			continue;
		if (n++ < 6 && len < size) {
			lab_symbol(b->pc2, sym, sizeof(sym));
			len += (size_t)snprintf(buf + len, size - len, "\n    %zu bytes made by %s in %s", b->size,
			    lab_maker(b), sym);
		}
	}
	return (n);
}

/* ---- the mark, and back to it */

static unsigned char *
copy_of(const struct lab_range *r, size_t *size)
{
	size_t n = r == &lab->range[0] ? lab->mark - r->lo : r->lo == LAB_SHADOW ? 0 : r->hi - r->lo;

	*size = n;
	return (r->copy);
}

void
lab_mark(void)
{
	size_t n, part;

	lab->mark = (lab->arena_next + 4095) & ~(uintptr_t)4095;
	lab->mark_blocks = lab->nblocks;
	lab->mark_now = lab->now;
	lab->mark_threads = lab->nthreads;
	part = (LAB_BASE + LAB_ARENA - lab->mark) / LAB_THREADS & ~(size_t)4095;
	for (unsigned i = 0; i < LAB_THREADS; i++) {
		lab->thread[i].alloc_at = lab->mark + i * part;
		lab->thread[i].alloc_end = lab->mark + (i + 1) * part;
	}
	for (unsigned i = 0; i < lab->nranges; i++) {
		struct lab_range *r = &lab->range[i];

		(void)copy_of(r, &n);
		r->copy = realloc(r->copy, n);
		if (r->copy != NULL)
			memcpy(r->copy, (void *)r->lo, n);
	}
	for (unsigned i = 0; i < lab->nthreads; i++)
		lab_co_save(&lab->thread[i], i);
	lab_rcl_mark();
}

void
lab_undo_note(struct lab_cell *c, uint64_t *at)
{
	c->ustamp = lab->stamp;
	if ((uintptr_t)at - LAB_SHADOW < LAB_ARENA)
		return; /* no memory at all */
	if ((uintptr_t)at - LAB_BASE < LAB_SIZE && (uintptr_t)at >= lab->mark)
		return; /* begins anew, or is kept with its stack */
	if (lab->nundo == lab->max_undo)
		lab_fail(NGU_LAB_SELF, "a run changes more than %u words", lab->max_undo);
	lab->undo[lab->nundo].at = at;
	lab->undo[lab->nundo++].old = *at;
}

void
lab_reset(void)
{
	size_t part = lab->thread[0].alloc_end - lab->mark;

	for (uint32_t i = lab->nundo; i-- != 0;)
		*lab->undo[i].at = lab->undo[i].old;
	lab->nundo = 0;
	for (uint32_t i = 0; i < lab->nrefreed; i++) {
		struct lab_block *b = &lab->block[lab->refreed[i]];

		b->freed = false;
		memset(dead_at((uintptr_t)b->p), MEM_LIVE, (b->size + 7) / 8);
	}
	lab->nrefreed = 0;
	lab->nblocks = lab->mark_blocks;
	for (unsigned i = 0; i < LAB_THREADS; i++) {
		struct lab_thread *t = &lab->thread[i];
		uintptr_t base = lab->mark + i * part;

		memset(dead_at(base), MEM_LIVE, (t->alloc_at - base) / 8 + 1);
		t->alloc_at = base;
	}
	lab->nthreads = lab->mark_threads;
	for (unsigned i = 0; i < lab->nthreads; i++)
		lab_co_restore(&lab->thread[i], i);
	lab->now = lab->mark_now;
	lab_rcl_reset();
	lab_run_begin();
}

/* Cells, clocks and histories of the run before are nobody's any more. */
void
lab_run_begin(void)
{
	if (++lab->stamp == 0)
		lab->stamp = 1; /* after four thousand million runs a cell could be taken for one of this run's: not in a life */
	lab->next = 1;
	lab->nsync = 1;
	lab->at = 0;
	lab->steps = 0;
	lab->last_write = 0;
	lab->idle_rounds = 0;
	lab->preempts = lab->delays = lab->failures = lab->fires = 0;
	lab->end = END_NONE;
	lab->depth = 0;
	lab->script_at = 0;
	lab->ntrace = 0;
	lab->every = lab->script != NULL || lab->o.no_learn;
	lab->max_steps = lab->o.steps != 0 ? lab->o.steps : UINT64_MAX;
	lab->check_phase = 0;
}

bool
lab_verify(char *buf, size_t size)
{
	size_t n;

	for (unsigned i = 0; i < lab->nranges; i++) {
		const struct lab_range *r = &lab->range[i];
		const unsigned char *c = copy_of(r, &n), *m = (const unsigned char *)r->lo;

		if (c == NULL || memcmp(c, m, n) == 0)
			continue;
		for (size_t k = 0; k < n; k += 8) {
			size_t len = n - k < 8 ? n - k : 8;
			uintptr_t at = r->lo + k;
			char where[128];

			if (memcmp(c + k, m + k, len) == 0 || lab_ignored(at) || lab_ignored(at + 4))
				continue;
			(void)lab_where(at, where, sizeof(where));
			(void)snprintf(buf, size,
			    "memory changed behind the lab's back: %s at %#lx (%s): written by code that was not compiled for the lab"
			    " (`pkg-config --cflags libng-lab`; node types: --variable=kern_cflags)",
			    r->name, at, where);
			return (false);
		}
	}
	return (true);
}
