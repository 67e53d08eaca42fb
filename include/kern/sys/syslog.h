/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syslog.h - log(9): lines for the current graph's log. log() is a macro; a source that wants the logarithm includes <math.h>
 * before this and writes (log)(x).
 */
#ifndef NGU_KERN_SYS_SYSLOG_H
#define NGU_KERN_SYS_SYSLOG_H

#include <stdarg.h>
#if __STDC_HOSTED__
#include_next <sys/syslog.h>
#else
#define LOG_EMERG 0
#define LOG_ALERT 1
#define LOG_CRIT 2
#define LOG_ERR 3
#define LOG_WARNING 4
#define LOG_NOTICE 5
#define LOG_INFO 6
#define LOG_DEBUG 7
#endif
#include <ng/base.h>

/* Level as in LOG_EMERG .. LOG_DEBUG. A log line for each line of text. Never blocks on the graph. */
NGU_API void ngu_k_log(int level, const char *fmt, ...) __attribute__((__format__(__printf__, 2, 3)));
NGU_API void ngu_k_vlog(int level, const char *fmt, va_list ap) __attribute__((__format__(__printf__, 2, 0)));
#define log(...) ngu_k_log(__VA_ARGS__)
#define vlog(level, fmt, ap) ngu_k_vlog((level), (fmt), (ap))

#endif /* NGU_KERN_SYS_SYSLOG_H */
