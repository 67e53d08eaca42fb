/* SPDX-License-Identifier: BSD-2-Clause */
/* probe.c - a program that only starts and ends. */
int
main(void)
{
	return (0);
}
