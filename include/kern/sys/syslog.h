/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syslog.h - log(9): lines for the current graph's log. log() is a macro; a source that wants the logarithm includes <math.h>
 * before this and writes (log)(x).
 */
#ifndef NGU_KERN_SYS_SYSLOG_H
#define NGU_KERN_SYS_SYSLOG_H

#include <stdarg.h>
#include_next <sys/syslog.h>
#include <ng/base.h>

/* Level as in LOG_EMERG .. LOG_DEBUG. A log line for each line of text. Never blocks on the graph. */
NGU_API void ngu_k_log(int level, const char *fmt, ...) __attribute__((__format__(__printf__, 2, 3)));
NGU_API void ngu_k_vlog(int level, const char *fmt, va_list ap) __attribute__((__format__(__printf__, 2, 0)));
#define log(...) ngu_k_log(__VA_ARGS__)
#define vlog(level, fmt, ap) ngu_k_vlog((level), (fmt), (ap))

#endif /* NGU_KERN_SYS_SYSLOG_H */
