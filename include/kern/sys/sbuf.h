/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sbuf.h - sbuf(9): strings that are put together. After sbuf_finish() there is a NUL behind, and nothing can be added. What does
 * not fit, or gets no memory, sets an error that stays; all calls then fail. One thread at a time.
 */
#ifndef NGU_KERN_SYS_SBUF_H
#define NGU_KERN_SYS_SBUF_H

#include <stdarg.h>
#include <sys/types.h>
#include <ng/base.h>

#define SBUF_FIXEDLEN 0x00000000
#define SBUF_AUTOEXTEND 0x00000001
#define SBUF_INCLUDENUL 0x00000002 /* the length counts the NUL */
#define SBUF_NOWAIT 0x00000008	   /* memory by M_NOWAIT */

/* The fields belong to lib/kern/sbuf.c. */
struct sbuf {
	char *s_buf;
	int s_error;
	int s_size;
	int s_len;
	int s_flags;
};

/*
 * s NULL: one is allocated; buf NULL: `length` bytes are allocated. NULL when there is no memory. sbuf_delete() frees what was
 * allocated. May wait for memory without SBUF_NOWAIT.
 */
NGU_API struct sbuf *ngu_k_sbuf_new(struct sbuf *s, char *buf, int length, int flags);
NGU_API void ngu_k_sbuf_delete(struct sbuf *s);
NGU_API void ngu_k_sbuf_clear(struct sbuf *s); /* empty, no error */
NGU_API int ngu_k_sbuf_setpos(struct sbuf *s, ssize_t pos); /* shorter; 0, or -1 */
/* 0, or -1. */
NGU_API int ngu_k_sbuf_bcat(struct sbuf *s, const void *p, size_t n);
NGU_API int ngu_k_sbuf_cat(struct sbuf *s, const char *text);
NGU_API int ngu_k_sbuf_putc(struct sbuf *s, int c);
NGU_API int ngu_k_sbuf_printf(struct sbuf *s, const char *fmt, ...) __attribute__((__format__(__printf__, 2, 3)));
NGU_API int ngu_k_sbuf_vprintf(struct sbuf *s, const char *fmt, va_list ap) __attribute__((__format__(__printf__, 2, 0)));
NGU_API int ngu_k_sbuf_trim(struct sbuf *s); /* white space at the end goes */
NGU_API int ngu_k_sbuf_error(const struct sbuf *s); /* 0 or errno */
NGU_API int ngu_k_sbuf_finish(struct sbuf *s); /* 0 or errno */
NGU_API char *ngu_k_sbuf_data(struct sbuf *s); /* when finished; good until it is changed */
NGU_API ssize_t ngu_k_sbuf_len(struct sbuf *s); /* -1: an error */
NGU_API int ngu_k_sbuf_done(const struct sbuf *s);

#define sbuf_new(s, buf, length, flags) ngu_k_sbuf_new((s), (buf), (length), (flags))
#define sbuf_new_auto() ngu_k_sbuf_new(NULL, NULL, 0, SBUF_AUTOEXTEND)
#define sbuf_delete(s) ngu_k_sbuf_delete(s)
#define sbuf_clear(s) ngu_k_sbuf_clear(s)
#define sbuf_setpos(s, pos) ngu_k_sbuf_setpos((s), (pos))
#define sbuf_bcat(s, p, n) ngu_k_sbuf_bcat((s), (p), (n))
#define sbuf_bcpy(s, p, n) (ngu_k_sbuf_clear(s), ngu_k_sbuf_bcat((s), (p), (n)))
#define sbuf_cat(s, text) ngu_k_sbuf_cat((s), (text))
#define sbuf_cpy(s, text) (ngu_k_sbuf_clear(s), ngu_k_sbuf_cat((s), (text)))
#define sbuf_putc(s, c) ngu_k_sbuf_putc((s), (c))
#define sbuf_printf(s, ...) ngu_k_sbuf_printf((s), __VA_ARGS__)
#define sbuf_vprintf(s, fmt, ap) ngu_k_sbuf_vprintf((s), (fmt), (ap))
#define sbuf_trim(s) ngu_k_sbuf_trim(s)
#define sbuf_error(s) ngu_k_sbuf_error(s)
#define sbuf_finish(s) ngu_k_sbuf_finish(s)
#define sbuf_data(s) ngu_k_sbuf_data(s)
#define sbuf_len(s) ngu_k_sbuf_len(s)
#define sbuf_done(s) ngu_k_sbuf_done(s)

#endif /* NGU_KERN_SYS_SBUF_H */
