/* SPDX-License-Identifier: BSD-2-Clause */
/* floor.h - what the bare machine costs (floor.c). Times are what the caller measures around these. */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include <stdint.h>

struct floor_chain;

/* A chain of `hops` deliveries; NULL when memory lacks. Each chain has its own objects and its own packet. */
struct floor_chain *floor_new(unsigned hops);
void floor_free(struct floor_chain *c);

/* Send `n` packets down the chain: tail calls; the same with a frame per hop (the yardstick for the floor itself). */
uint64_t floor_run(struct floor_chain *c, unsigned n);
uint64_t floor_run_nested(struct floor_chain *c, unsigned n);

/* `times` bursts of n packets (1..256), each packet's length loaded at each hop. */
uint64_t floor_run_burst(struct floor_chain *c, unsigned n, unsigned times);

/* n times: an uncontended locked add; the compare and swap in and locked add out of a one-word reader lock. */
void floor_lock_add(unsigned n);
void floor_rdlock(unsigned n);

#endif
