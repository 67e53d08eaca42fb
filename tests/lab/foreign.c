/* SPDX-License-Identifier: BSD-2-Clause */
/* foreign.c - a body of test_lab.c that is compiled without the lab's flags, and calls one that is: the lab has to say so. */
void foreign_body(void *arg);
void foreign_calls(void *arg);
static const volatile int after;

void
foreign_body(void *arg)
{
	foreign_calls(arg);
	(void)after; /* so that the call is not a jump */
}
