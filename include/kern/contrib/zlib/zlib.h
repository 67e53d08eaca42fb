/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zlib.h - the system's zlib (-lz, linked with the source that uses it). A stream that is set up without zalloc and zfree takes the C
 * library's memory, which no malloc(9) type counts.
 */
#ifndef NGU_KERN_CONTRIB_ZLIB_H
#define NGU_KERN_CONTRIB_ZLIB_H

#if !__has_include(<zlib.h>)
#error "<contrib/zlib/zlib.h> needs zlib (Debian: zlib1g-dev)"
#endif
#include <zlib.h>

#endif /* NGU_KERN_CONTRIB_ZLIB_H */
