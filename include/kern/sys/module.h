/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * module.h - module(9) for types that are linked in or loaded with dlopen(): DECLARE_MODULE hands its moduledata to libng
 * when the object is loaded; the event handler runs with MOD_LOAD then.
 */
#ifndef NGU_KERN_SYS_MODULE_H
#define NGU_KERN_SYS_MODULE_H

#include <sys/types.h>
#include <sys/kernel.h>
#include <ng/base.h>

typedef enum modeventtype {
	MOD_LOAD,
	MOD_UNLOAD,
	MOD_SHUTDOWN,
	MOD_QUIESCE
} modeventtype_t;

struct module;
typedef struct module *module_t;
typedef int (*modeventhand_t)(module_t mod, int what, void *arg);

typedef struct moduledata {
	const char *name;
	modeventhand_t evhand;
	void *priv; /* the handler's third argument */
} moduledata_t;

/*
 * Take a module in: called by DECLARE_MODULE's constructor. `data` must live as long as the module. Errors of its handler are
 * logged. Implemented by the core.
 */
NGU_API void ngu_k_module_register(const moduledata_t *data, int sub, int order);

/* ngu__modref_*: by referring to it a static link is made to keep the module (ngu_register_types() does). */
#define DECLARE_MODULE(modname, data, sub, order) \
	extern __attribute__((__weak__, __visibility__("hidden"))) const moduledata_t *const ngu__modref_##modname; \
	const moduledata_t *const ngu__modref_##modname = &(data); \
	static __attribute__((__constructor__, __used__)) void ngu__module_##modname(void) \
	{ \
		ngu_k_module_register(&(data), (int)(sub), (int)(order)); \
	} \
	_Static_assert(1, "")
#define DECLARE_MODULE_TIED(modname, data, sub, order) DECLARE_MODULE(modname, data, sub, order)
#define MODULE_VERSION(modname, version) _Static_assert((version) >= 0, "")
#define MODULE_DEPEND(modname, other, vmin, vpref, vmax) _Static_assert((vmin) <= (vpref) && (vpref) <= (vmax), "")
#define MODULE_PNP_INFO(...) _Static_assert(1, "")

/* SYSINIT for modules is what is above; these exist in kernel sources that name them. */
#define module_name(mod) ((void)(mod), "netgraph")

#endif /* NGU_KERN_SYS_MODULE_H */
