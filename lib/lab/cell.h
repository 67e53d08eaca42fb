/* SPDX-License-Identifier: BSD-2-Clause */
/* cell.h - the hot part of race.c: one access to eight bytes, inline; and what goes before it when it is a plain one. */
#ifndef NGU_LAB_CELL_H
#define NGU_LAB_CELL_H

#include <string.h>

#include "lab/lab.h"

#define LAB_INLINE static inline __attribute__((__always_inline__))

void lab_dead(struct lab_range *r, uintptr_t p, unsigned kind, uintptr_t pc);
void lab_meet(struct lab_cell *c, uintptr_t p, unsigned mask, unsigned kind, uintptr_t pc);

/* The cell as it is in this run. */
LAB_INLINE struct lab_cell *
lab_cell_in(struct lab_range *r, uintptr_t p)
{
	struct lab_cell *c = &r->cells[(p - r->lo) / 8];

	if (LAB_UNLIKELY(c->stamp != lab->stamp)) {
		c->stamp = lab->stamp;
		memset(c->e, 0, sizeof(c->e));
		memset(c->m, 0, sizeof(c->m));
		c->touched = c->wrote = c->watch = 0;
		c->ext = c->sync = 0;
	}
	return (c);
}

/* NULL: not memory the lab knows. */
LAB_INLINE struct lab_cell *
lab_cell(uintptr_t p)
{
	struct lab_range *r = lab_range_of(p);

	return (r != NULL ? lab_cell_in(r, p) : NULL);
}

LAB_INLINE void
lab_mark_bytes(struct lab_cell *c, unsigned mask, unsigned kind, uint32_t now)
{
	if ((mask & 0x0f) != 0) {
		c->m[kind] = (uint8_t)((c->e[0][kind] == now ? c->m[kind] : c->m[kind] & 0xf0) | (mask & 0x0f));
		c->e[0][kind] = now;
	}
	if ((mask & 0xf0) != 0) {
		c->m[kind] = (uint8_t)((c->e[1][kind] == now ? c->m[kind] : c->m[kind] & 0x0f) | (mask & 0xf0));
		c->e[1][kind] = now;
	}
}

LAB_INLINE void
lab_touch(struct lab_range *r, uintptr_t p, unsigned mask, unsigned kind, uintptr_t pc)
{
	struct lab_cell *c;
	uint32_t now;
	unsigned bit;

	if (LAB_UNLIKELY(r->dead != NULL && r->dead[(p - r->lo) / 8] != MEM_LIVE))
		lab_dead(r, p, kind, pc);
	c = lab_cell_in(r, p);
	bit = 1u << lab->cur;
	if (kind == AC_WRITE || kind == AC_AWRITE) {
		if (c->ustamp != lab->stamp)
			lab_undo_note(c, (uint64_t *)(p & ~(uintptr_t)7));
		c->wrote |= (uint8_t)bit;
	}
	/* After the bodies have ended nothing runs beside anything but callbacks, which were waited for. */
	if (lab->check_phase != 0)
		return;
	if ((kind == AC_WRITE || kind == AC_AWRITE) && LAB_UNLIKELY((c->writers & bit) == 0) && !lab->free_run)
		lab_writer(c, bit);
	if (LAB_UNLIKELY((c->touched & ~bit) != 0)) {
		lab_meet(c, p, mask, kind, pc);
		return;
	}
	now = lab->self->vc[lab->cur];
	if ((c->m[kind] & mask) == mask && c->e[0][kind] == now && c->e[1][kind] == now)
		return;
	if (c->touched == 0) {
		c->first = (uint8_t)lab->cur;
		c->touched = (uint8_t)bit;
	}
	lab_mark_bytes(c, mask, kind, now);
}

#define LAB_ON() LAB_LIKELY(lab != NULL && lab->on)

/* Before a plain access: in a node type's or a test's code it is a point by itself. */
LAB_INLINE void
lab_plain_point(uintptr_t p, unsigned kind, uintptr_t pc)
{
	if (LAB_UNLIKELY(pc - lab->own_lo >= lab->own_hi - lab->own_lo) && !lab->self->calm) {
		struct lab_cell *c = lab_cell(p);

		if (c != NULL) {
			lab_point(lab_meets(c, kind == AC_WRITE), pc, p);
			lab->self->looked |= lab_meets(c, false) || lab->every;
		}
	}
}

LAB_INLINE void
lab_plain_touch(uintptr_t p, size_t size, unsigned kind, uintptr_t pc)
{
	if (LAB_LIKELY(size <= 8 && (p & 7) + size <= 8 && p - LAB_BASE < LAB_SIZE))
		lab_touch(&lab->range[0], p, ((1u << size) - 1) << (p & 7), kind, pc);
	else
		lab_access(p, size, kind, pc);
}

LAB_INLINE void
lab_plain(uintptr_t p, size_t size, unsigned kind, uintptr_t pc)
{
	if (!LAB_ON())
		return;
	if (kind == AC_READ && lab->check_phase != 0 && !lab->tracing && size <= 8 && p - LAB_BASE < LAB_ARENA &&
	    lab->range[0].dead[(p - LAB_BASE) / 8] == MEM_LIVE)
		return;
	if (LAB_UNLIKELY(lab->tracing))
		lab_trace(kind == AC_READ ? OP_READ : OP_WRITE, pc, p, (unsigned)size, 0, NULL);
	lab_plain_point(p, kind, pc);
	lab_plain_touch(p, size, kind, pc);
}

#endif /* NGU_LAB_CELL_H */
