/* SPDX-License-Identifier: BSD-2-Clause */
/* ktr.h - ktr(4) trace points: checked by the compiler, compiled to nothing. */
#ifndef NGU_KERN_SYS_KTR_H
#define NGU_KERN_SYS_KTR_H

#define KTR_GEN 0x00000001
#define KTR_NET 0x00000002
#define KTR_SUBSYS 0x00000200

#define NGU__KTR(...) ((void)sizeof(ngu__ktr_args(__VA_ARGS__)))
int ngu__ktr_args(const char *fmt, ...); /* never called, nowhere defined */
#define CTR0(m, f) NGU__KTR(f)
#define CTR1(m, f, a) NGU__KTR(f, a)
#define CTR2(m, f, a, b) NGU__KTR(f, a, b)
#define CTR3(m, f, a, b, c) NGU__KTR(f, a, b, c)
#define CTR4(m, f, a, b, c, d) NGU__KTR(f, a, b, c, d)
#define CTR5(m, f, a, b, c, d, e) NGU__KTR(f, a, b, c, d, e)
#define CTR6(m, f, a, b, c, d, e, g) NGU__KTR(f, a, b, c, d, e, g)

#endif /* NGU_KERN_SYS_KTR_H */
