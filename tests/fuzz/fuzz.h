/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz.h - what the fuzz targets share: a property that must hold, the input as numbers and texts, a graph that is made and
 * destroyed with its accounts looked at. A target is one LLVMFuzzerTestOneInput(); replay.c or libFuzzer brings main().
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <ng/ng.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Say what does not hold, and abort: libFuzzer keeps the input, replay.c names it. */
_Noreturn void fz_fail(const char *file, int line, const char *fmt, ...) __attribute__((__format__(__printf__, 3, 4)));
#define FZ(holds, ...) \
	do { \
		if (!(holds)) \
			fz_fail(__FILE__, __LINE__, __VA_ARGS__); \
	} while (0)

/* ---- the input; zeros when it is over ---- */

struct fz_in {
	const uint8_t *p;
	size_t left;
};

static inline unsigned
fz_byte(struct fz_in *in)
{
	if (in->left == 0)
		return (0);
	in->left--;
	return (*in->p++);
}

static inline unsigned
fz_pick(struct fz_in *in, unsigned n)
{
	return (fz_byte(in) % n);
}

static inline uint32_t
fz_u32(struct fz_in *in)
{
	uint32_t v = fz_byte(in);

	v |= fz_byte(in) << 8;
	v |= fz_byte(in) << 16;
	return (v | (uint32_t)fz_byte(in) << 24);
}

/* Up to n bytes; how many there were. */
static inline size_t
fz_bytes(struct fz_in *in, void *to, size_t n)
{
	if (n > in->left)
		n = in->left;
	if (n != 0)
		memcpy(to, in->p, n);
	in->p += n;
	in->left -= n;
	return (n);
}

/* The same as memory of its own, exactly that long, so that a byte too many is seen; to be freed with fz_free(). */
void *fz_copy(const void *p, size_t n);
/* ... with a NUL behind it. */
char *fz_text(const void *p, size_t n);
void fz_free(void *p);

/* ---- a graph ---- */

/* No workers, a clock that stands still, strict; what it logs is thrown away. */
struct ngu_graph *fz_graph(void);
/* At rest the accounts add up. */
void fz_accounts(struct ngu_graph *g);
/* The same, all shut down, nothing alive. */
void fz_graph_end(struct ngu_graph *g);
/* ngt_graph() and ngt_end() for targets that want probes. */
struct ngt;
struct ngt *fz_kit(const char *text);
void fz_kit_end(struct ngt *t);

/* A file of its own with these bytes, by name; gone when the program ends. `which`: 0 or 1. */
const char *fz_file(unsigned which, const void *p, size_t n);

#endif /* TESTS_FUZZ_H */
