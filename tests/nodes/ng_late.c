/* SPDX-License-Identifier: BSD-2-Clause */
/* ng_late.c - a node type whose MOD_LOAD ends when the program that loads it says so: ngt_late_load() is the program's. */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/kernel.h>
#include <sys/errno.h>
#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>

int ngt_late_load(void);

static int
late_event(module_t mod, int what, void *arg)
{
	return (what == MOD_LOAD ? ngt_late_load() : what == MOD_UNLOAD ? 0 : EOPNOTSUPP);
}

static int
late_constructor(node_p node)
{
	return (0);
}

static struct ng_type late_type = {
	.version = NG_ABI_VERSION,
	.name = "late",
	.mod_event = late_event,
	.constructor = late_constructor,
};
NETGRAPH_INIT(late, &late_type);
