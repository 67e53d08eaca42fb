/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smr.h - safe memory reclamation, smr(9): readers between smr_enter() and smr_exit() keep what they reach in memory; who unlinked
 * something waits until the readers of before have gone, smr_synchronize(), or asks for a number now, smr_advance(), and later whether they
 * have, smr_poll(). Sections are those of the network epoch (sys/epoch.h), of which libng has one kind: a reader of one smr_t is waited for by
 * all. They nest, and may not block. There are no zones with deferred frees: UMA_ZONE_SMR is not defined.
 */
#ifndef NGU_KERN_SYS_SMR_H
#define NGU_KERN_SYS_SMR_H

#include <sys/types.h>
#include <sys/smr_types.h>
#include <sys/systm.h>
#include <ng/base.h>

struct smr;
typedef struct smr *smr_t;
typedef uint32_t smr_seq_t; /* later numbers are greater by less than 2^31; never SMR_SEQ_INVALID */
#define SMR_SEQ_INVALID 0

#define SMR_LAZY 0x0001 /* may take its time: it does not here */
#define SMR_DEFERRED 0x0002

/* limit, flags: hints. May wait; never NULL. Destroying waits until nothing of it is under way; nobody may use it. */
NGU_API smr_t ngu_k_smr_create(const char *name, int limit, int flags);
NGU_API void ngu_k_smr_destroy(smr_t smr);
NGU_API void ngu_k_smr_enter(smr_t smr);
NGU_API void ngu_k_smr_exit(smr_t smr);
NGU_API int ngu_k_smr_entered(smr_t smr);
/* A goal that is reached when the sections open now have closed. Never blocks; fine inside a section. */
NGU_API smr_seq_t ngu_k_smr_advance(smr_t smr);
/* Is it reached? With `wait` come back when it is, with true; not inside a section. */
NGU_API bool ngu_k_smr_poll(smr_t smr, smr_seq_t goal, bool wait);

#define smr_create(name, limit, flags) ngu_k_smr_create((name), (limit), (flags))
#define smr_destroy(smr) ngu_k_smr_destroy(smr)
#define smr_enter(smr) ngu_k_smr_enter(smr)
#define smr_exit(smr) ngu_k_smr_exit(smr)
#define smr_lazy_enter(smr) ngu_k_smr_enter(smr)
#define smr_lazy_exit(smr) ngu_k_smr_exit(smr)
#define smr_entered(smr) (ngu_k_smr_entered(smr) != 0)
#define smr_advance(smr) ngu_k_smr_advance(smr)
#define smr_poll(smr, goal, wait) ngu_k_smr_poll((smr), (goal), (wait))
#define smr_wait(smr, goal) ((void)ngu_k_smr_poll((smr), (goal), true))
#define smr_synchronize(smr) smr_wait((smr), smr_advance(smr))
#define SMR_ASSERT_ENTERED(smr) KASSERT(smr_entered(smr), ("%s: not in an smr section", __func__))
#define SMR_ASSERT_NOT_ENTERED(smr) KASSERT(!smr_entered(smr), ("%s: in an smr section", __func__))

#define UMA_ZONE_SMR NGU_LACKS("UMA_ZONE_SMR: uma_zfree() after smr_wait()")
#define uma_zone_set_smr(zone, smr) NGU_LACKS("uma_zone_set_smr(): uma_zfree() after smr_wait()")
#define uma_zone_get_smr(zone) NGU_LACKS("uma_zone_get_smr()")
#define uma_zalloc_smr(zone, flags) NGU_LACKS("uma_zalloc_smr()")
#define uma_zfree_smr(zone, item) NGU_LACKS("uma_zfree_smr(): uma_zfree() after smr_wait()")

#endif /* NGU_KERN_SYS_SMR_H */
