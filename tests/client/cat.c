/* SPDX-License-Identifier: BSD-2-Clause */
/* cat.c - a program that knows nothing of netgraph: what comes on descriptor 0 goes out on descriptor 1, record by record, in capitals. */
#include <ctype.h>
#include <unistd.h>

int
main(void)
{
	char buf[65536];
	ssize_t n;

	while ((n = read(0, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			buf[i] = (char)toupper((unsigned char)buf[i]);
		if (write(1, buf, (size_t)n) != n)
			return (1);
	}
	return (n < 0);
}
