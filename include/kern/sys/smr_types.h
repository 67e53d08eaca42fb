/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smr_types.h - pointers that can only be read where it is right: in an smr section (entered), under the lock that writers share
 * (serialized), or where there is nobody else (unserialized).
 */
#ifndef NGU_KERN_SYS_SMR_TYPES_H
#define NGU_KERN_SYS_SMR_TYPES_H

#include <sys/types.h>
#include <ng/base.h>

#define SMR_POINTER(type) \
	struct { \
		type ngu__smr_ptr; /* not to be touched but by the macros below */ \
	}
#define SMR_TYPE_DECLARE(name, type) \
	typedef struct { \
		type ngu__smr_ptr; \
	} name

/* Dies in debug builds unless `ok`. Debug builds compile sources with NGU_DEBUG or INVARIANTS. */
#if defined(INVARIANTS) || defined(NGU_DEBUG)
#define NGU__SMR_MUST(ok, what) ((ok) ? (void)0 : ngu_k_panic("%s: %s", __func__, (what)))
NGU_API _Noreturn void ngu_k_panic(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2)));
#else
#define NGU__SMR_MUST(ok, what) ((void)sizeof(ok))
#endif
struct smr;
NGU_API int ngu_k_smr_entered(struct smr *smr);

/* ORDER smr-pointer (load side): acquire; what the pointer leads to. */
#define smr_entered_load(p, smr) \
	(NGU__SMR_MUST(ngu_k_smr_entered(smr), "smr_entered_load() outside of a section"), \
	    __atomic_load_n(&(p)->ngu__smr_ptr, __ATOMIC_ACQUIRE))
/* `ex`: that the lock is held. */
#define smr_serialized_load(p, ex) \
	(NGU__SMR_MUST(ex, "smr_serialized_load() without " #ex), __atomic_load_n(&(p)->ngu__smr_ptr, __ATOMIC_RELAXED))
/* ORDER smr-pointer (store side): release; what the pointer leads to was written before. */
#define smr_serialized_store(p, v, ex) \
	(NGU__SMR_MUST(ex, "smr_serialized_store() without " #ex), \
	    __atomic_store_n(&(p)->ngu__smr_ptr, (v), __ATOMIC_RELEASE))
/* The value before. */
#define smr_serialized_swap(p, v, ex) \
	(NGU__SMR_MUST(ex, "smr_serialized_swap() without " #ex), \
	    __atomic_exchange_n(&(p)->ngu__smr_ptr, (v), __ATOMIC_ACQ_REL))
#define smr_unserialized_load(p, ex) \
	(NGU__SMR_MUST(ex, "smr_unserialized_load() without " #ex), __atomic_load_n(&(p)->ngu__smr_ptr, __ATOMIC_RELAXED))
#define smr_unserialized_store(p, v, ex) \
	(NGU__SMR_MUST(ex, "smr_unserialized_store() without " #ex), \
	    __atomic_store_n(&(p)->ngu__smr_ptr, (v), __ATOMIC_RELAXED))
/* For what is known to be too big for its readers' lock, a debugger's look: no promise at all. */
#define smr_kvm_load(p, ex) NGU_LACKS("smr_kvm_load()")

#endif /* NGU_KERN_SYS_SMR_TYPES_H */
