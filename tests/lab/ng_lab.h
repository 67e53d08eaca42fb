/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_lab.h - the scenarios' own node type "lab": what it is told, and what it says of itself afterwards. Its data is plain
 * memory where netgraph promises that one is alone, so that two who are in it at once are a data race.
 *
 * Hooks: "in", "queue" (HK_QUEUE), "nq" (packets go on with NG_QUEUE), "excl" (NG_HOOK_FORCE_WRITER): packets go out of "out",
 * or end here when there is none.
 */
#ifndef NG_LAB_TYPE_H
#define NG_LAB_TYPE_H

#include <stdbool.h>

#define NGM_LAB_COOKIE 1700000001
#define NGM_LAB_WRITE 1		   /* counts, alone in the node */
#define NGM_LAB_READ 0x10000002	   /* NGM_READONLY: looks, beside others */

struct ng_node;

struct lab_counts {
	unsigned writes;   /* functions and messages that had the node alone */
	unsigned packets;
	unsigned fired;	   /* the timer */
	unsigned disarmed; /* ng_uncallout() said that it will not fire */
};

/* In setup: the node of the current graph, referenced; lab_drop() gives it back. NULL: no such node. */
struct ng_node *lab_find(const char *name);
void lab_drop(struct ng_node *node);

/* While nobody runs: nobody owes the node anything, and packets go into it directly. */
bool lab_at_rest(struct ng_node *node);

/* Functions sent to the node as its writer; errno. They run at once or when it is their turn. */
int lab_write(struct ng_node *node);
int lab_arm(struct ng_node *node, int ms);
int lab_disarm(struct ng_node *node);

/* What the node counted; also when it is gone: a copy is made at shutdown. */
extern struct lab_counts lab_last;
const struct lab_counts *lab_counts(struct ng_node *node);

/* A callout(9) with a mutex of its own, no node's: lab_timer() arms it once in setup; errno. */
int lab_timer(int ms);
void lab_timer_stop(void); /* under the mutex, as callout_stop() asks for */
void lab_timer_end(void);
extern unsigned lab_timer_fired, lab_timer_stopped; /* both under the mutex */

#endif /* NG_LAB_TYPE_H */
