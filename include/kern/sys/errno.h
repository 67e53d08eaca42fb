/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * errno.h - the system's error numbers and the BSD ones it may lack. The latter get values of 1000 and up, which no system
 * uses: they mean the same inside libng, and strerror(3) says "unknown".
 */
#ifndef NGU_KERN_SYS_ERRNO_H
#define NGU_KERN_SYS_ERRNO_H

#include <errno.h>

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
