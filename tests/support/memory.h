/* SPDX-License-Identifier: BSD-2-Clause */
/* memory.h - how much memory this process has, for tests that run long. In KB; 0 where the system does not tell. */
#ifndef NGU_TEST_MEMORY_H
#define NGU_TEST_MEMORY_H

/* Resident now; where only that is known, the most it ever was. */
unsigned long memory_resident(void);

/* What malloc(3) has given out. Sanitizers have an allocator of their own, of which nothing is seen here. */
unsigned long memory_allocated(void);

#endif /* NGU_TEST_MEMORY_H */
