/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab_see.h - what a source compiled for the race lab begins with: the flags of libng-lab.pc include it first, nobody else does.
 *
 * The compiler tells the lab of each access it makes, but not of those that the C library makes for it. The functions below
 * are the C library's with the lab told first: what they read and write are plain accesses of the caller.
 */
#ifndef NG_LAB_SEE_H
#define NG_LAB_SEE_H

#undef _FORTIFY_SOURCE /* its inline functions would go around */

#ifndef __cplusplus /* <cstring> takes macros away again */
#define bcmp ngu_lab_bcmp
#define bcopy ngu_lab_bcopy
#define bzero ngu_lab_bzero
#define explicit_bzero ngu_lab_explicit_bzero
#define memchr ngu_lab_memchr
#define memcmp ngu_lab_memcmp
#define memcpy ngu_lab_memcpy
#define memmove ngu_lab_memmove
#define memset ngu_lab_memset
#define snprintf ngu_lab_snprintf
#define sprintf ngu_lab_sprintf
#define stpcpy ngu_lab_stpcpy
#define strcasecmp ngu_lab_strcasecmp
#define strcat ngu_lab_strcat
#define strchr ngu_lab_strchr
#define strcmp ngu_lab_strcmp
#define strcpy ngu_lab_strcpy
#define strcspn ngu_lab_strcspn
#define strlcat ngu_lab_strlcat
#define strlcpy ngu_lab_strlcpy
#define strlen ngu_lab_strlen
#define strncasecmp ngu_lab_strncasecmp
#define strncat ngu_lab_strncat
#define strncmp ngu_lab_strncmp
#define strncpy ngu_lab_strncpy
#define strnlen ngu_lab_strnlen
#define strpbrk ngu_lab_strpbrk
#define strrchr ngu_lab_strrchr
#define strspn ngu_lab_strspn
#define strstr ngu_lab_strstr
#define vsnprintf ngu_lab_vsnprintf
#define vsprintf ngu_lab_vsprintf
#endif

/*
 * clang calls some of them by itself, to copy a struct, or for a loop it knows; behind 14 it has names of its own for three, which the
 * lab has, too. gcc tells of the accesses of a copied struct, but turns a loop into a call before it looks.
 */
#if defined(__clang__) || defined(__cplusplus)
#define NGU__SEE(name) __asm__(#name " = ngu_lab_" #name)
NGU__SEE(bcmp);
NGU__SEE(bcopy);
NGU__SEE(bzero);
NGU__SEE(explicit_bzero);
NGU__SEE(memchr);
NGU__SEE(memcmp);
NGU__SEE(memcpy);
NGU__SEE(memmove);
NGU__SEE(memset);
NGU__SEE(snprintf);
NGU__SEE(sprintf);
NGU__SEE(stpcpy);
NGU__SEE(strcasecmp);
NGU__SEE(strcat);
NGU__SEE(strchr);
NGU__SEE(strcmp);
NGU__SEE(strcpy);
NGU__SEE(strcspn);
NGU__SEE(strlcat);
NGU__SEE(strlcpy);
NGU__SEE(strlen);
NGU__SEE(strncasecmp);
NGU__SEE(strncat);
NGU__SEE(strncmp);
NGU__SEE(strncpy);
NGU__SEE(strnlen);
NGU__SEE(strpbrk);
NGU__SEE(strrchr);
NGU__SEE(strspn);
NGU__SEE(strstr);
NGU__SEE(vsnprintf);
NGU__SEE(vsprintf);
#undef NGU__SEE
#else
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

#endif /* NG_LAB_SEE_H */
