/* SPDX-License-Identifier: BSD-2-Clause */
/* conf.h - character devices. There are none here: a source that only includes this compiles, one that makes a device does not. */
#ifndef NGU_KERN_SYS_CONF_H
#define NGU_KERN_SYS_CONF_H

#include <sys/types.h>

struct cdev;
struct cdevsw;

#define make_dev(devsw, unit, uid, gid, perms, ...) NGU_LACKS("make_dev(): there are no devices")
#define make_dev_credf(flags, devsw, unit, cr, uid, gid, perms, ...) NGU_LACKS("make_dev_credf(): there are no devices")
#define make_dev_p(flags, cdev, devsw, cr, uid, gid, perms, ...) NGU_LACKS("make_dev_p(): there are no devices")
#define make_dev_s(args, cdev, ...) NGU_LACKS("make_dev_s(): there are no devices")
#define destroy_dev(dev) NGU_LACKS("destroy_dev(): there are no devices")
#define DEV_MODULE(name, evh, arg) _Static_assert(0, "libng has no DEV_MODULE(): there are no devices")

#endif /* NGU_KERN_SYS_CONF_H */
