/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring.h - what handing packets to another thread costs the bare machine: a ring for one producer and one consumer. The producer writes as
 * many bytes of each packet as libng and its user do (a header of 96, a payload of 64), the consumer reads the header's first words and the
 * payload, having asked for them in advance. Packets are used in turns, so they come back to the producer's cache as freed ones do.
 */
#ifndef BENCH_RING_H
#define BENCH_RING_H

#include <stdint.h>

struct ring;

struct ring *ring_new(void); /* NULL: no memory */
/* Producer: n packets with one look at the consumer's place and one publication; waits for room. n <= 256. */
void ring_send(struct ring *r, unsigned n);
uint64_t ring_sent(const struct ring *r);
uint64_t ring_received(const struct ring *r);
/* Consumer: what there is, at most n. Returns how many. */
unsigned ring_receive(struct ring *r, unsigned n);

#endif
