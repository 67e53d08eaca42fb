/* SPDX-License-Identifier: BSD-2-Clause */
/* filter.c - NGU_TEST_FILTER=PATTERN runs only the cmocka cases whose names match (* and ? allowed). Linked into each test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

__attribute__((__constructor__)) static void
filter(void)
{
	const char *pattern = getenv("NGU_TEST_FILTER");

	if (pattern != NULL && pattern[0] != '\0')
		cmocka_set_test_filter(pattern);
}
