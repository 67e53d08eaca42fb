/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * san.h - what the sanitizers must be told. Every macro is nothing in a normal build.
 *
 * A grace period orders "all readers that were inside have left" before "the memory is reused". ThreadSanitizer cannot see
 * that inside liburcu or CK, so the seam says it: NGU_READ_END before a section is left, NGU_GP_ENDED after a grace period.
 * There is deliberately no edge from a writer to a reader that enters: it would hide a missing release store.
 */
#ifndef NGU_SAN_H
#define NGU_SAN_H

#if defined(__SANITIZE_THREAD__)
#define NGU_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define NGU_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define NGU_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NGU_ASAN 1
#endif
#endif

/* Sanitizer and failure-sweep builds give each object its own allocation: a cache would blind the tools. */
#if (defined(NGU_TSAN) || defined(NGU_ASAN)) && !defined(NGU_NO_CACHES)
#define NGU_NO_CACHES 1
#endif

/* Memory that is kept but must not be touched: AddressSanitizer reports who does. */
#ifdef NGU_ASAN
void __asan_poison_memory_region(void const volatile *, unsigned long);
void __asan_unpoison_memory_region(void const volatile *, unsigned long);
#define NGU_NOTOUCH(p, n) __asan_poison_memory_region((p), (n))
#define NGU_TOUCH(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define NGU_NOTOUCH(p, n) ((void)(p), (void)(n))
#define NGU_TOUCH(p, n) ((void)(p), (void)(n))
#endif

#ifdef NGU_TSAN
void __tsan_acquire(void *);
void __tsan_release(void *);
void AnnotateIgnoreSyncBegin(const char *, int);
void AnnotateIgnoreSyncEnd(const char *, int);
extern char ngu__gp_clock; /* only its address is used */
#define NGU_HB_RELEASE(p) __tsan_release((void *)(p))
#define NGU_HB_ACQUIRE(p) __tsan_acquire((void *)(p))
#define NGU_READ_END() __tsan_release(&ngu__gp_clock)
#define NGU_GP_ENDED() __tsan_acquire(&ngu__gp_clock)
#define NGU_NOSYNC_BEGIN() AnnotateIgnoreSyncBegin(__FILE__, __LINE__)
#define NGU_NOSYNC_END() AnnotateIgnoreSyncEnd(__FILE__, __LINE__)
#else
#define NGU_HB_RELEASE(p) ((void)(p))
#define NGU_HB_ACQUIRE(p) ((void)(p))
#define NGU_READ_END() ((void)0)
#define NGU_GP_ENDED() ((void)0)
#define NGU_NOSYNC_BEGIN() ((void)0)
#define NGU_NOSYNC_END() ((void)0)
#endif

#endif /* NGU_SAN_H */
