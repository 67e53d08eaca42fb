/* SPDX-License-Identifier: BSD-2-Clause */
/* inside.c - what only the core's own headers tell of a node. */
#include <sys/param.h>
#include <sys/systm.h>

#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>

#include "core/core.h"
#include "core/gate.h"

#include "lab/ng_lab.h"

bool
lab_at_rest(struct ng_node *node)
{
	return ((NGU_LD_SC(&node->nd_gate) & ((NGU_G_BUSY & ~NGU_G_EXCL) | NGU_G_R | NGU_G_C)) == 0);
}
