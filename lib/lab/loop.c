/* SPDX-License-Identifier: BSD-2-Clause */
/* loop.c - one run after the other: where threads meet is learned, then the search, until it is through or one fails. */
#include <string.h>

#include "lab/run.h"

#define LEARN 192u /* random runs before the search, to see where threads meet */
#define VERIFY_EVERY 1024u

void
lab_publish(unsigned job)
{
	if (lab_shared == NULL)
		return;
	lab->r.states = lab->ntable;
	lab->r.yield_points = lab->npcs;
	lab_shared->job[job].r = lab->r;
	lab_shared->job[job].fan_sum = (double)lab->fan_sum;
}

static void
pct_prepare(void)
{
	for (unsigned i = 0; i < LAB_THREADS; i++) {
		lab->rng = lab->rng * 6364136223846793005ul + 1442695040888963407ul;
		lab->prio[i] = 100 + (uint32_t)(lab->rng >> 33) % 1000;
	}
	memset(lab->change, 0, sizeof(lab->change));
	for (unsigned i = 0; i + 1 < lab->o.depth && i < 16; i++) {
		uint64_t longest = lab->r.deepest > 20 ? lab->r.deepest : 20;

		lab->rng = lab->rng * 6364136223846793005ul + 1442695040888963407ul;
		lab->change[i] = lab->r.points + 1 + (lab->rng >> 33) % longest;
	}
}

#define PROLOGUE 128u /* bytes of code in which a function has said that it was entered; it is one of the first things it does */

/*
 * A body that was compiled for the lab says so when it begins, out of its first instructions, with the address in body_main() that it
 * was called from. Of another one the first to speak is what it calls, and with that address, too, if that is its last call: a jump.
 */
static bool
bodies_seen(void)
{
	uintptr_t lib, from;

	(void)lab_object((uintptr_t)&lab, &lib);
	for (unsigned i = 0; i < lab_nbodies(); i++) {
		const struct lab_thread *t = &lab->thread[2 + i];

		(void)lab_object(t->frame[0], &from);
		if (t->first == 0 || (from == lib && t->first - (uintptr_t)lab->scene->body[i].fn < PROLOGUE))
			continue;
		lab->end = END_FAILED;
		lab->why_kind = NGU_LAB_SELF;
		(void)snprintf(lab->why, sizeof(lab->why),
		    "body \"%s\" was not compiled for the lab: compile it, and the node types under test, with what "
		    "`pkg-config --cflags libng-lab` says (node types: --variable=kern_cflags)", lab->scene->body[i].name);
		return (false);
	}
	return (true);
}

static void
seed(uint64_t n)
{
	lab->rng = lab_mix(lab_mix(lab->o.seed, 0x1ab), n) | 1;
}

void
lab_explore(unsigned job)
{
	double t0 = lab_seconds();
	uint64_t n;
	char text[512];
	enum ngu_lab_mode mode = lab->o.mode;
	uint32_t bound = lab->o.preemptions;

	/* Where do threads meet? */
	lab->o.mode = NGU_LAB_RANDOM;
	for (n = 0; n < LEARN; n++) {
		seed(n);
		lab_one_run();
		if (n == 0 && !bodies_seen())
			goto out;
		if (lab->end == END_FAILED)
			goto out;
		if (n < 8) {
			lab_reset();
			if (!lab_verify(text, sizeof(text))) {
				lab->end = END_FAILED;
				lab->why_kind = NGU_LAB_SELF;
				(void)snprintf(lab->why, sizeof(lab->why), "%.500s", text);
				goto out;
			}
		}
	}
	lab->o.mode = mode;
	/* With one preemption first: it is quick, and finds nearly all words that chance did not; the long search begins again less often. */
	if (mode == NGU_LAB_DFS && bound > 1)
		lab->o.preemptions = 1;
	lab_search_reset();
	for (n = 0; lab->r.schedules < lab->o.schedules; n++) {
		if (mode != NGU_LAB_DFS) {
			seed(0x10000 + n * lab->parts + job);
			if (mode == NGU_LAB_PCT)
				pct_prepare();
		}
		lab_one_run();
		if (lab->end == END_FAILED)
			break;
		if (mode == NGU_LAB_DFS) {
			if (lab->learned) {
				lab_search_reset();
				continue;
			}
			if (!lab_search_next()) {
				if (lab->o.preemptions == bound) {
					lab->r.complete = true;
					break;
				}
				lab->o.preemptions = bound;
				lab_search_reset();
				continue;
			}
		}
		if ((n & 63) == 0) {
			lab->r.seconds = lab_seconds() - t0;
			lab_publish(job);
			if (lab->r.seconds > (double)lab->o.seconds || (lab_shared != NULL && lab_shared->stop))
				break;
			if (n % VERIFY_EVERY == 0) {
				lab_reset();
				if (!lab_verify(text, sizeof(text))) {
					lab->end = END_FAILED;
					lab->why_kind = NGU_LAB_SELF;
					(void)snprintf(lab->why, sizeof(lab->why), "%.500s", text);
					break;
				}
			}
		}
	}
out:
	lab->o.mode = mode;
	lab->o.preemptions = bound;
	lab->r.seconds = lab_seconds() - t0;
	if (lab->end == END_FAILED) {
		lab->r.fail = (enum ngu_lab_fail)lab->why_kind;
		(void)snprintf(lab->r.why, sizeof(lab->r.why), "%.1000s", lab->why);
		(void)lab_schedule_print(lab->r.schedule, sizeof(lab->r.schedule));
	}
	lab_publish(job);
}
