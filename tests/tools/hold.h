/* SPDX-License-Identifier: BSD-2-Clause */
/* hold.h - what test_trace and its node type "hold" (ng_hold.c) share. */
#ifndef TESTS_TOOLS_HOLD_H
#define TESTS_TOOLS_HOLD_H

#define NGM_HOLD_COOKIE 4711
#define NGM_HOLD_WAIT 1

/* A node has got NGM_HOLD_WAIT: nothing else comes in until this returns. */
void hold_wait(void);
/* A node has sent a packet on. */
void hold_sent(const char *node);

#endif /* TESTS_TOOLS_HOLD_H */
