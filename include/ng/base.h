/* SPDX-License-Identifier: BSD-2-Clause */
/* base.h - what the other ng/ headers share. */
#ifndef NG_BASE_H
#define NG_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define NGU_BEGIN_DECLS extern "C" {
#define NGU_END_DECLS }
#else
#define NGU_BEGIN_DECLS
#define NGU_END_DECLS
#endif

/* Exported by libng.so; everything else is hidden. */
#define NGU_API __attribute__((__visibility__("default")))
/* The result must be looked at. */
#define NGU_CHECK __attribute__((__warn_unused_result__))

struct ngu_graph;
struct mbuf;
struct ng_mesg;
struct ng_type;

NGU_BEGIN_DECLS

/* Version of the library, "0.1.0". Static string. Never blocks. */
NGU_API const char *ngu_version(void);

/* Name of the reclamation backend compiled in: "urcu-memb", "urcu-qsbr", "ck-epoch" or "rwlock". Static. Never blocks. */
NGU_API const char *ngu_backend(void);

/*
 * Register libng's own node types. Needed once in programs that link libng.a without the whole-archive flags of libng.pc
 * (the linker drops constructors nobody refers to); harmless otherwise. 0, or the first error of ng_newtype(). May wait.
 */
NGU_API NGU_CHECK int ngu_register_types(void);

/*
 * Wait until everything retired so far, in all graphs, has been freed. May wait: milliseconds, and for methods that began before and
 * may be looking at it, in whatever thread. Not inside a section. Inside a method: for all but what methods may be looking at.
 */
NGU_API void ngu_reclaim_barrier(void);

NGU_END_DECLS

#endif /* NG_BASE_H */
