/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plant.h - bugs put in on purpose, one at a time, to show that the tests see bugs of their kind (docs/verification.md).
 *
 * Nothing in a normal build: NGU_PLANT(name) is the constant 0. -Dplant=NAME makes it the constant 1 for that name. -Dplant=choose
 * asks the environment, NGU_PLANT=NAME, when the program starts, so that one build serves for all of them (plant.c).
 */
#ifndef NGU_PLANT_H
#define NGU_PLANT_H

/* Name and what it does; tests/house/plant.sh holds this list, meson_options.txt and tests/planted/table together. */
#define NGU_PLANTS(X) \
	X(R1, "a hop loads its peer twice: once to look at it, again to call it") \
	X(R2, "a type's count is taken also from zero, when the type has been removed since it was found") \
	X(R3, "a node found by name is referenced after the section in which it was found") \
	X(R4, "hooks are put on their node's list without the lock under which they are taken off and read") \
	X(R5, "a lookup that finds nothing returns without leaving its section") \
	X(R6, "control handlers run inside a read section") \
	X(R7, "a hook is retired before it is taken off its list") \
	X(R8, "a hook lookup computes its place for one index and looks there in the next") \
	X(R9, "a list of nodes is filled without looking at the count that its memory was made for") \
	X(R10, "a timer that was cancelled while it waited for its mutex fires all the same") \
	X(R11, "a type's count of nodes goes down by a plain decrement") \
	X(R12, "a path walk leaves its section between a hook and the hook's node") \
	X(S1, "the reclaimer frees without waiting for a grace period") \
	X(S2, "a hook is put into the index by a plain store") \
	X(S3, "a hook is retired while the index still leads to it") \
	X(S4, "a closer believes the readers' slots without a membarrier") \
	X(S5, "a server says its queue is empty and does not look again") \
	X(S6, "a reader marks its section and looks at the gate without a fence between") \
	X(S7, "a writer enters beside another one") \
	X(S8, "a graph is taken down without waiting for what was retired") \
	X(S9, "the far end of a destroyed hook loses one reference too many") \
	X(dying_hook, "a hook's last reference may be dropped while readers still take plain ones") \
	X(stays_queued, "a gate whose queue was served stays in queued mode") \
	X(burst_twice, "a burst's hop loads its peer twice, as in R1")

#if defined(NGU_PLANT_CHOOSE)
#define NGU__PLANT_ID(name, text) NGU__PLANT_##name,
enum ngu__plant_id { NGU__PLANT_none, NGU_PLANTS(NGU__PLANT_ID) };
extern enum ngu__plant_id ngu__plant; /* written once, before main() */
#define NGU_PLANT(name) (ngu__plant == NGU__PLANT_##name)
#else
/* NGU_PLANT_<name> is not defined, or 1: then a comma comes up, and what stands behind it is picked. */
#define NGU_PLANT(name) NGU__PLANT_ASK(NGU_PLANT_##name)
#define NGU__PLANT_ASK(x) NGU__PLANT_LOOK(x)
#define NGU__PLANT_LOOK(x) NGU__PLANT_SPLIT(NGU__PLANT_COMMA_##x 1, 0, 0)
#define NGU__PLANT_COMMA_1 0,
#define NGU__PLANT_SPLIT(...) NGU__PLANT_PICK(__VA_ARGS__)
#define NGU__PLANT_PICK(a, b, ...) b
#endif

#endif /* NGU_PLANT_H */
