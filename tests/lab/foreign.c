/* SPDX-License-Identifier: BSD-2-Clause */
/* foreign.c - bodies of test_lab.c that are compiled without the lab's flags, and call one that is: the lab has to say so. */
void foreign_body(void *arg);
void foreign_jumps(void *arg);
void foreign_calls(void *arg);
static volatile int before, after;

void
foreign_body(void *arg)
{
	foreign_calls(arg);
	(void)after; /* so that the call is not a jump */
}

/* And here it is one, where the compiler is asked for speed: behind something that the lab would have to see. */
void
foreign_jumps(void *arg)
{
	before++;
	foreign_calls(arg);
}
