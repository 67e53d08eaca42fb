/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * time.h - the kernel's clocks and time arithmetic.
 *
 * "Uptime" is the current graph's clock (a fake one included), or the machine's monotonic clock without a graph. The others
 * are the wall clock. The get...() forms are cheap and coarse in a kernel; here they are the same. Never block.
 */
#ifndef NGU_KERN_SYS_TIME_H
#define NGU_KERN_SYS_TIME_H

#include <sys/types.h>
#include <ng/base.h>
#if __STDC_HOSTED__
#include <time.h>
#include_next <sys/time.h>
#else
struct timeval {
	time_t tv_sec;
	suseconds_t tv_usec;
};
struct timespec {
	time_t tv_sec;
	long tv_nsec;
};
#endif

/* Seconds and a 64-bit binary fraction. */
#define bintime ngu_bintime
struct bintime {
	time_t sec;
	uint64_t frac;
};

/* Which clock: 0 uptime, 1 wall clock. In nanoseconds. */
NGU_API int64_t ngu_k_clock(int wall);

#define SBT_1S ((sbintime_t)1 << 32)
#define SBT_1M (SBT_1S * 60)
#define SBT_1MS (SBT_1S / 1000)
#define SBT_1US (SBT_1S / 1000000)
#define SBT_1NS (SBT_1S / 1000000000)
#define SBT_MAX 0x7fffffffffffffffLL

static inline sbintime_t
ngu__ns2sbt(int64_t ns)
{
	int64_t s = ns / 1000000000, r = ns % 1000000000;

	return (s * SBT_1S + (sbintime_t)(((uint64_t)r << 32) / 1000000000u));
}

static inline int64_t
ngu__sbt2ns(sbintime_t sbt)
{
	return ((sbt >> 32) * 1000000000 + (int64_t)(((uint64_t)(uint32_t)sbt * 1000000000u) >> 32));
}

static inline struct timeval
ngu__ns2tv(int64_t ns)
{
	struct timeval tv;

	tv.tv_sec = (time_t)(ns / 1000000000);
	tv.tv_usec = (suseconds_t)(ns % 1000000000 / 1000);
	return (tv);
}

static inline struct timespec
ngu__ns2ts(int64_t ns)
{
	struct timespec ts;

	ts.tv_sec = (time_t)(ns / 1000000000);
	ts.tv_nsec = (long)(ns % 1000000000);
	return (ts);
}

static inline struct bintime
ngu__ns2bt(int64_t ns)
{
	struct bintime bt;
	uint64_t r = (uint64_t)(ns % 1000000000);

	/* 2^64 / 10^9 is 18446744073.709551616; the rest of the product is below one nanosecond. */
	bt.sec = (time_t)(ns / 1000000000);
	bt.frac = r * 18446744073u + r * 709551616u / 1000000000u;
	return (bt);
}

static inline struct timeval
ngu__bt2tv(const struct bintime *bt)
{
	struct timeval tv;

	tv.tv_sec = bt->sec;
	tv.tv_usec = (suseconds_t)(((bt->frac >> 32) * 1000000u) >> 32);
	return (tv);
}

#define microuptime(tv) ((void)(*(tv) = ngu__ns2tv(ngu_k_clock(0))))
#define microtime(tv) ((void)(*(tv) = ngu__ns2tv(ngu_k_clock(1))))
#define nanouptime(ts) ((void)(*(ts) = ngu__ns2ts(ngu_k_clock(0))))
#define nanotime(ts) ((void)(*(ts) = ngu__ns2ts(ngu_k_clock(1))))
#define binuptime(bt) ((void)(*(bt) = ngu__ns2bt(ngu_k_clock(0))))
#undef bintime2timeval
#define bintime2timeval(bt, tv) ((void)(*(tv) = ngu__bt2tv(bt)))
#define sbinuptime() (ngu__ns2sbt(ngu_k_clock(0)))
#define getmicrouptime(tv) microuptime(tv)
#define getmicrotime(tv) microtime(tv)
#define getnanouptime(ts) nanouptime(ts)
#define getnanotime(ts) nanotime(ts)
#define getbinuptime(bt) binuptime(bt)
#define getsbinuptime() sbinuptime()
#define time_uptime ((time_t)(ngu_k_clock(0) / 1000000000))
#define time_second ((time_t)(ngu_k_clock(1) / 1000000000))

static inline void
ngu__bintime_add(struct bintime *a, const struct bintime *b)
{
	uint64_t f = a->frac + b->frac;

	a->sec += b->sec + (f < a->frac);
	a->frac = f;
}

static inline void
ngu__bintime_sub(struct bintime *a, const struct bintime *b)
{
	a->sec -= b->sec + (a->frac < b->frac);
	a->frac -= b->frac;
}

static inline void
ngu__bintime_addx(struct bintime *a, uint64_t frac)
{
	a->sec += a->frac + frac < a->frac;
	a->frac += frac;
}
#undef bintime_add
#undef bintime_sub
#undef bintime_addx
#undef bintime_clear
#undef bintime_isset
#undef bintime_cmp
#define bintime_add(a, b) ngu__bintime_add((a), (b))
#define bintime_sub(a, b) ngu__bintime_sub((a), (b))
#define bintime_addx(a, frac) ngu__bintime_addx((a), (frac))
#define bintime_clear(a) ((void)((a)->sec = 0, (a)->frac = 0))
#define bintime_isset(a) ((a)->sec != 0 || (a)->frac != 0)
#define bintime_cmp(a, b, cmp) ((a)->sec == (b)->sec ? ((a)->frac cmp(b)->frac) : ((a)->sec cmp(b)->sec))

static inline void
ngu__timevalfix(struct timeval *tv)
{
	while (tv->tv_usec < 0) {
		tv->tv_usec += 1000000;
		tv->tv_sec--;
	}
	while (tv->tv_usec >= 1000000) {
		tv->tv_usec -= 1000000;
		tv->tv_sec++;
	}
}

static inline void
ngu__timevaladd(struct timeval *a, const struct timeval *b)
{
	a->tv_sec += b->tv_sec;
	a->tv_usec += b->tv_usec;
	ngu__timevalfix(a);
}

static inline void
ngu__timevalsub(struct timeval *a, const struct timeval *b)
{
	a->tv_sec -= b->tv_sec;
	a->tv_usec -= b->tv_usec;
	ngu__timevalfix(a);
}
#undef timevalclear
#undef timevalisset
#undef timevalcmp
#define timevaladd(a, b) ngu__timevaladd((a), (b))
#define timevalsub(a, b) ngu__timevalsub((a), (b))
#define timevalclear(a) ((void)((a)->tv_sec = 0, (a)->tv_usec = 0))
#define timevalisset(a) ((a)->tv_sec != 0 || (a)->tv_usec != 0)
#define timevalcmp(a, b, cmp) \
	((a)->tv_sec == (b)->tv_sec ? ((a)->tv_usec cmp(b)->tv_usec) : ((a)->tv_sec cmp(b)->tv_sec))

#endif /* NGU_KERN_SYS_TIME_H */
