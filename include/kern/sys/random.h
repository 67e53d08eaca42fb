/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random.h - random(9): all of it is in sys/libkern.h, and comes from the current graph's generator. Packets feed nobody's entropy here:
 * a source that harvests does not compile.
 */
#ifndef NGU_KERN_SYS_RANDOM_H
#define NGU_KERN_SYS_RANDOM_H

#include <sys/types.h>
#include <sys/libkern.h>

#define is_random_seeded() true
#define random_harvest_queue(entropy, size, source) NGU_LACKS("random_harvest_queue()")
#define random_harvest_fast(entropy, size, source) NGU_LACKS("random_harvest_fast()")
#define random_harvest_direct(entropy, size, source) NGU_LACKS("random_harvest_direct()")

#endif /* NGU_KERN_SYS_RANDOM_H */
