/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * errno.h - the system's error numbers and the BSD ones it may lack. The latter get values of 1000 and up, which no system
 * uses: they mean the same inside libng, and strerror(3) says "unknown". Without a C library: FreeBSD's numbers, in all layers.
 */
#ifndef NGU_KERN_SYS_ERRNO_H
#define NGU_KERN_SYS_ERRNO_H

#if __STDC_HOSTED__
#include <errno.h>
#else
#define EPERM 1
#define ENOENT 2
#define ESRCH 3
#define EINTR 4
#define EIO 5
#define ENXIO 6
#define E2BIG 7
#define ENOEXEC 8
#define EBADF 9
#define ECHILD 10
#define EDEADLK 11
#define ENOMEM 12
#define EACCES 13
#define EFAULT 14
#define EBUSY 16
#define EEXIST 17
#define EXDEV 18
#define ENODEV 19
#define ENOTDIR 20
#define EISDIR 21
#define EINVAL 22
#define ENFILE 23
#define EMFILE 24
#define ENOTTY 25
#define EFBIG 27
#define ENOSPC 28
#define ESPIPE 29
#define EROFS 30
#define EMLINK 31
#define EPIPE 32
#define EDOM 33
#define ERANGE 34
#define EAGAIN 35
#define EINPROGRESS 36
#define EALREADY 37
#define ENOTSOCK 38
#define EDESTADDRREQ 39
#define EMSGSIZE 40
#define EPROTOTYPE 41
#define ENOPROTOOPT 42
#define EPROTONOSUPPORT 43
#define ESOCKTNOSUPPORT 44
#define EOPNOTSUPP 45
#define EPFNOSUPPORT 46
#define EAFNOSUPPORT 47
#define EADDRINUSE 48
#define EADDRNOTAVAIL 49
#define ENETDOWN 50
#define ENETUNREACH 51
#define ENETRESET 52
#define ECONNABORTED 53
#define ECONNRESET 54
#define ENOBUFS 55
#define EISCONN 56
#define ENOTCONN 57
#define ESHUTDOWN 58
#define ETIMEDOUT 60
#define ECONNREFUSED 61
#define ELOOP 62
#define ENAMETOOLONG 63
#define EHOSTDOWN 64
#define EHOSTUNREACH 65
#define ENOTEMPTY 66
#define ENOSYS 78
#define EOVERFLOW 84
#define ECANCELED 85
#define EBADMSG 89
#define EPROTO 92
#define EWOULDBLOCK EAGAIN
#endif

#ifndef EDOOFUS
#define EDOOFUS 1001 /* programming error */
#endif
#ifndef EFTYPE
#define EFTYPE 1002 /* inappropriate file type or format */
#endif
#ifndef EAUTH
#define EAUTH 1003 /* authentication error */
#endif
#ifndef ENEEDAUTH
#define ENEEDAUTH 1004 /* need authenticator */
#endif
#ifndef ENOATTR
#define ENOATTR 1005 /* attribute not found */
#endif
#ifndef EPROCLIM
#define EPROCLIM 1006 /* too many processes */
#endif
#ifndef EBADRPC
#define EBADRPC 1007
#endif
#ifndef ERPCMISMATCH
#define ERPCMISMATCH 1008
#endif
#ifndef EPROGUNAVAIL
#define EPROGUNAVAIL 1009
#endif
#ifndef EPROGMISMATCH
#define EPROGMISMATCH 1010
#endif
#ifndef EPROCUNAVAIL
#define EPROCUNAVAIL 1011
#endif
#ifndef ENOTCAPABLE
#define ENOTCAPABLE 1012 /* capabilities insufficient */
#endif
#ifndef ECAPMODE
#define ECAPMODE 1013 /* not permitted in capability mode */
#endif
#ifndef EINTEGRITY
#define EINTEGRITY 1014 /* integrity check failed */
#endif

/* Pseudo errors of the kernel: never reach a program. */
#ifndef ERESTART
#define ERESTART (-1)
#endif
#ifndef EJUSTRETURN
#define EJUSTRETURN (-2)
#endif
#ifndef ENOIOCTL
#define ENOIOCTL (-3)
#endif

#endif /* NGU_KERN_SYS_ERRNO_H */
