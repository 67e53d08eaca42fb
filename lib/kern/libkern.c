/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libkern.c - the rest of the kernel's small library: strings, sorting, clocks, the number of a
 * "CPU".
 * Blocks     pause() and DELAY().
 */
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/libkern.h>
#include <sys/pcpu.h>
#include <sys/smp.h>
#include <sys/systm.h>
#include <sys/time.h>

#include <machine/cpu.h>

#include "kern/graph_prefix.h"
#include "kern/strict.h"
#include "port/port.h"
#include "reclaim/thread.h"

size_t
ngu_k_strlcpy(char *dst, const char *src, size_t size)
{
	size_t n = ngu__strlen(src), k;

	if (size != 0) {
		k = n < size ? n : size - 1;
		ngu__memcpy(dst, src, k);
		dst[k] = '\0';
	}
	return (n);
}

size_t
ngu_k_strlcat(char *dst, const char *src, size_t size)
{
	size_t n = 0;

	while (n < size && dst[n] != '\0')
		n++;
	return (n + ngu_k_strlcpy(dst + n, src, size - n));
}

static void
swap(char *a, char *b, size_t size)
{
	char t;

	for (; size != 0; size--, a++, b++) {
		t = *a;
		*a = *b;
		*b = t;
	}
}

/* Heap sort: no memory, no recursion, no bad case. */
void
ngu_k_qsort_r(void *base, size_t n, size_t size, void *thunk, int (*cmp)(void *thunk, const void *a, const void *b))
{
	char *v = base;
	size_t start = n / 2, i, child;

	while (n > 1) {
		if (start > 0)
			start--;
		else {
			n--;
			swap(v, v + n * size, size);
		}
		for (i = start; (child = 2 * i + 1) < n; i = child) {
			if (child + 1 < n && cmp(thunk, v + child * size, v + (child + 1) * size) < 0)
				child++;
			if (cmp(thunk, v + i * size, v + child * size) >= 0)
				break;
			swap(v + i * size, v + child * size, size);
		}
	}
}

int64_t
ngu_k_clock(int wall)
{
	struct ngu_graph *g;

	if (wall)
		return (ngu__port_real_ns());
	g = ngu__self()->graph;
	return (g != NULL ? ngu__graph_now(g) : ngu__port_mono_ns());
}

int
ngu_k_ticks(void)
{
	return ((int)(uint32_t)(uint64_t)(ngu_k_clock(0) / (1000000000 / hz)));
}

/*
 * Size and place: neither can be mistaken for those of a local array of one.
 *
 * Not in the thread's record, because it has to be a named array. The lab's threads, which are one thread, share it: there is no place where
 * another may run between the index, which puts the time there, and the load behind it, for the lab does not look at thread-locals.
 */
_Thread_local _Atomic int ngu_k_ticks_now[3];

size_t
ngu_k_ticks_index(size_t size)
{
	if (size != sizeof(ngu_k_ticks_now))
		return (0);
	NGU_ST_RLX(&ngu_k_ticks_now[1], ngu_k_ticks());
	return (1);
}

/* Records are numbered from 1 and reused, so the first threads have cells of their own. */
u_int
ngu_k_curcpu(void)
{
	return ((u_int)((ngu__self()->id - 1) % (mp_maxid + 1)));
}

void
ngu_k_cpu_spinwait(void)
{
	NGU_PAUSE();
}

static void
sleep_for(int64_t ns)
{
	static _Atomic uint32_t never;
	int64_t end = ngu__port_mono_ns() + ns, left;

	while ((left = end - ngu__port_mono_ns()) > 0)
		ngu__port_wait(&never, 0, left);
}

int
ngu_k_pause(const char *wmesg, int timo)
{
	char what[64];

	if (NGU_STRICT_ON(NGU_STRICT_SLEEP)) {
		(void)ngu__port_snprintf(what, sizeof(what), "pause(\"%s\")", wmesg);
		ngu__strict_sleep(what);
	}
	ngu__self()->site_file = NULL;
	sleep_for((int64_t)(timo > 0 ? timo : 1) * (1000000000 / hz));
	return (EWOULDBLOCK);
}

void
ngu_k_delay(int us)
{
	if (NGU_STRICT_ON(NGU_STRICT_SLEEP))
		ngu__strict_sleep("DELAY");
	ngu__self()->site_file = NULL;
	sleep_for((int64_t)us * 1000);
}
