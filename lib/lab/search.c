/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * search.c - the search through the choices: which is taken at each point, which run comes next, and schedules as text.
 *
 * A run begins at the mark and follows the choices noted in `node`; from where they end it takes the first of each (sched.c: to go on).
 *
 * Where two runs have the same histories (race.c) and the same thread goes on with no less left to spend, they go on alike:
 * the later one is stopped there. Where a switch leads is known before it is made, so one that leads to where a run was is not made.
 * A thread is stopped at its earliest points first: then stopping it later, if its steps in between have no bearing on what the others do, leads
 * to where a run was.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <sys/mman.h>

#include <stdlib.h>
#include <string.h>

#include "lab/lab.h"

struct lab_seen {
	uint64_t key;
	uint32_t spent;
	uint32_t used;
};

uint64_t
lab_rng(void)
{
	lab->rng ^= lab->rng << 13;
	lab->rng ^= lab->rng >> 7;
	lab->rng ^= lab->rng << 17;
	return (lab->rng * 0x2545f4914f6cdd1dul);
}

/* ---- states that were there already */

static bool
table_grow(void)
{
	uint64_t max = lab->max_table != 0 ? lab->max_table * 2 : 1u << 16, n = lab->max_table;
	struct lab_seen *old = lab->table, *t;

	t = mmap(NULL, max * sizeof(*t), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (t == MAP_FAILED)
		return (false);
	(void)madvise(t, max * sizeof(*t), MADV_HUGEPAGE);
	for (uint64_t i = 0; i < n; i++)
		if (old[i].used != 0) {
			uint64_t k = old[i].key & (max - 1);

			while (t[k].used != 0)
				k = (k + 1) & (max - 1);
			t[k] = old[i];
		}
	if (old != NULL)
		(void)munmap(old, n * sizeof(*old));
	lab->table = t;
	lab->max_table = max;
	return (true);
}

static bool
known(uint64_t key, uint32_t spent)
{
	uint64_t k;

	if (lab->max_table == 0)
		return (false);
	for (k = key & (lab->max_table - 1); lab->table[k].used != 0; k = (k + 1) & (lab->max_table - 1))
		if (lab->table[k].key == key)
			return (lab->table[k].spent <= spent);
	return (false);
}

/* True: this state was met before, with as much left to spend. */
static bool
met(uint64_t key, uint32_t spent)
{
	uint64_t k;

	if (lab->ntable * 4 >= lab->max_table * 3 && !table_grow())
		return (false);
	for (k = key & (lab->max_table - 1); lab->table[k].used != 0; k = (k + 1) & (lab->max_table - 1))
		if (lab->table[k].key == key) {
			if (lab->table[k].spent <= spent)
				return (true);
			lab->table[k].spent = spent;
			return (false);
		}
	lab->table[k] = (struct lab_seen){ .key = key, .spent = spent, .used = 1 };
	lab->ntable++;
	return (false);
}

bool
lab_met_end(void)
{
	return (met(lab_mix(lab_signature(), 0xe4d), 0));
}

void
lab_search_reset(void)
{
	if (lab->table != NULL)
		memset(lab->table, 0, lab->max_table * sizeof(*lab->table));
	lab->ntable = 0;
	lab->depth = 0;
	lab->prefix = 0;
}

/* ---- one decision */

static void
spend(const struct lab_choice *c)
{
	switch (c->cost) {
	case 1:
		lab->preempts++;
		break;
	case 2: /* of no use unless another thread runs meanwhile */
		lab->delays++;
		lab->preempts++;
		break;
	case 3:
		lab->failures++;
		break;
	default:
		break;
	}
}

/*
 * Where thread `to` goes on: the state is the one that it would be in if it had come to its point just now, all else being as it is.
 * Then it chose to go on or not, now it goes on: if it was met there, this is covered. That it goes on here, on the other hand, does not cover
 * what it might choose there; that has a key of its own.
 */
#define GOES_ON 0x60e50a

static uint64_t
state_key(uint64_t sig, uint64_t site, unsigned cur)
{
	return (lab_mix(sig, site ^ (uint64_t)cur << 56 ^ (uint64_t)lab->delays << 40 ^ (uint64_t)lab->failures << 48));
}

static bool
leads_nowhere(const struct lab_leads *l, unsigned alt)
{
	return (alt < LAB_LEADS && l->to[alt].key != 0 && ((l->to[alt].at_point && known(l->to[alt].key, l->to[alt].spent)) ||
	    known(lab_mix(l->to[alt].key, GOES_ON), l->to[alt].spent)));
}

static void
led(const struct lab_leads *l, unsigned alt)
{
	if (alt < LAB_LEADS && l->to[alt].key != 0)
		(void)met(lab_mix(l->to[alt].key, GOES_ON), l->to[alt].spent);
}

/* Several processes: the first choice but the first says whose part it is. */
static bool
others_part(unsigned depth, unsigned alt)
{
	return (lab->parts > 1 && alt != 0 && (depth + alt) % lab->parts != lab->part);
}

/* The first alternative of a new node that is worth a run; n: none. */
static unsigned
first_alt(const struct lab_choice *a, unsigned n, uint64_t sig, struct lab_leads *l)
{
	for (unsigned i = 0; i < n && i < LAB_LEADS; i++) {
		l->to[i].key = 0;
		if (a[i].kind == ALT_SWITCH && !lab->o.no_prune) {
			const struct lab_thread *t = &lab->thread[a[i].arg];

			l->to[i].key = state_key(sig, t->site, a[i].arg) | 1;
			l->to[i].spent = lab->preempts + (a[i].cost == 1);
			l->to[i].at_point = t->at_point;
		}
	}
	for (unsigned k = 0; k < n; k++) {
		unsigned i = l->down ? n - 1 - k : k;

		if (n > 1 && lab->straight && others_part(lab->depth, i))
			continue;
		if (!leads_nowhere(l, i))
			return (i);
	}
	return (n);
}

const struct lab_choice *
lab_decide(struct lab_choice *a, unsigned n, uint64_t site, bool down)
{
	struct lab_node *d;
	unsigned alt = 0;

	if (lab->free_run)
		return (&a[0]);
	if (lab->script != NULL) {
		while (lab->script_at < lab->nscript && lab->script[lab->script_at].at < lab->at)
			lab->script_at++;
		if (lab->script_at < lab->nscript && lab->script[lab->script_at].at == lab->at)
			for (unsigned i = 0; i < n; i++)
				if (a[i].kind == lab->script[lab->script_at].taken.kind &&
				    a[i].arg == lab->script[lab->script_at].taken.arg) {
					alt = i;
					lab->script_at++;
					break;
				}
	} else if (lab->o.mode == NGU_LAB_DFS) {
		if (lab->depth >= lab->prefix) {
			uint64_t sig = lab->o.no_prune ? 0 : lab_signature();
			struct lab_leads *l = &lab->leads[lab->depth < LAB_DEEP ? lab->depth : 0];

			l->down = down;
			if ((!lab->o.no_prune && met(state_key(sig, site, lab->cur) | 1, lab->preempts)) ||
			    (alt = first_alt(a, n, sig, l)) == n) {
				lab->r.pruned++;
				lab_stop(END_PRUNED);
			}
			led(l, alt);
		}
		if (n > 1 && lab->depth < lab->prefix)
			alt = lab->node[lab->depth].alt < n ? lab->node[lab->depth].alt : 0;
		if (n > 1 && lab->depth < lab->prefix && lab->node[lab->depth].n != n)
			lab_fail(NGU_LAB_SELF, "the scenario does not do the same each time: decision %u had %u choices, now %u",
			    lab->depth, lab->node[lab->depth].n, n);
	} else if (n > 1) {
		/* Mostly on; a random other now and then. Where the thread cannot go on, all are alike. */
		if (a[0].kind != ALT_GO)
			alt = (unsigned)(lab_rng() % n);
		else if (lab_rng() % 8 == 0)
			alt = 1 + (unsigned)(lab_rng() % (n - 1));
	}
	if (n > 1) {
		if (lab->depth == LAB_DEEP)
			lab_fail(NGU_LAB_LIVELOCK, "more than %u decisions in one run", LAB_DEEP);
		d = &lab->node[lab->depth++];
		if (lab->script != NULL || lab->o.mode != NGU_LAB_DFS || lab->depth > lab->prefix) {
			d->alt = (uint16_t)alt;
			d->n = (uint16_t)n;
		}
		d->at = lab->at;
		d->taken = a[alt];
		if (alt != 0)
			lab->straight = false;
		lab->r.points++;
		lab->fan_sum += n;
		if (lab->depth > lab->r.deepest)
			lab->r.deepest = lab->depth;
	}
	spend(&a[alt]);
	return (&a[alt]);
}


bool
lab_search_next(void)
{
	unsigned zero = 0;

	while (zero < lab->depth && lab->node[zero].alt == 0)
		zero++;
	while (lab->depth > 0) {
		struct lab_node *d = &lab->node[lab->depth - 1];
		const struct lab_leads *l = &lab->leads[lab->depth - 1];

		if (l->down ? d->alt != 0 : d->alt + 1u < d->n) {
			if (l->down)
				d->alt--;
			else
				d->alt++;
			if ((lab->depth - 1 <= zero && others_part(lab->depth - 1, d->alt)) || leads_nowhere(l, d->alt))
				continue;
			led(l, d->alt);
			lab->prefix = lab->depth;
			return (true);
		}
		lab->depth--;
		if (zero > lab->depth)
			zero = lab->depth;
	}
	return (false);
}

/* ---- schedules as text: "117>2 140d 152~1 160t2 170x 180#3" */

static const char letters[] = { [ALT_GO] = '.', [ALT_SWITCH] = '>', [ALT_DELAY] = 'd', [ALT_FLUSH] = '~', [ALT_TIME] = 't',
	[ALT_FAIL] = 'x', [ALT_CHOOSE] = '#' };

size_t
lab_schedule_print(char *buf, size_t size)
{
	size_t len = 0;

	if (size != 0)
		buf[0] = '\0';
	for (unsigned i = 0; i < lab->depth && len < size; i++) {
		const struct lab_node *d = &lab->node[i];

		if (d->alt == 0)
			continue;
		len += (size_t)snprintf(buf + len, size - len, "%s%llu%c%u", len != 0 ? "," : "", (unsigned long long)d->at,
		    letters[d->taken.kind], d->taken.arg);
	}
	return (len);
}

int
lab_schedule_parse(const char *text, struct lab_node *out, unsigned max)
{
	unsigned n = 0;
	char *end;

	while (*text != '\0') {
		const char *l;

		if (n == max)
			return (-1);
		memset(&out[n], 0, sizeof(out[n]));
		out[n].at = strtoull(text, &end, 10);
		if (end == text || *end == '\0' || (l = memchr(letters, *end, sizeof(letters))) == NULL)
			return (-1);
		out[n].taken.kind = (uint8_t)(l - letters);
		text = end + 1;
		out[n].taken.arg = (uint16_t)strtoul(text, &end, 10);
		if (end == text || (*end != ',' && *end != '\0'))
			return (-1);
		text = *end == ',' ? end + 1 : end;
		out[n].alt = 1;
		n++;
	}
	return ((int)n);
}
