/* SPDX-License-Identifier: BSD-2-Clause */
/* plant.c - -Dplant=choose: which planted bug this program runs with. Nothing in other builds. */
#include "port/port.h"

#ifdef NGU_PLANT_CHOOSE
#include <stdlib.h>

enum ngu__plant_id ngu__plant;

static __attribute__((__constructor__)) void
choose(void)
{
#define NAME(name, text) #name,
	static const char *const names[] = { "none", NGU_PLANTS(NAME) };
	const char *want = getenv("NGU_PLANT");
	unsigned i;

	if (want == NULL)
		return;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (ngu__strcmp(want, names[i]) == 0) {
			ngu__plant = (enum ngu__plant_id)i;
			return;
		}
	ngu__port_die("libng: NGU_PLANT=%s: no such bug", want);
}
#else
typedef int ngu__plant_c_is_empty; /* ISO C wants a declaration in each file */
#endif
