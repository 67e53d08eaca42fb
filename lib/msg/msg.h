/* SPDX-License-Identifier: BSD-2-Clause */
/* msg.h - what the files of lib/msg share. */
#ifndef NGU_MSG_H
#define NGU_MSG_H

#include "core/core.h"

extern const struct ng_cmdlist ngu__generic_cmds[]; /* what every node understands; ends with name NULL */

/*
 * NGM_BINARY2ASCII and NGM_ASCII2BINARY: convert the message that `msg` carries, by the command list of here's type or the
 * generic one. *resp is the answer, NULL on error. `msg` stays the caller's; the text in it gets its last byte made NUL.
 * Never block. EINVAL, ENOSYS no such command, ENOMEM, ERANGE longer than 20 KiB, or an error of <netgraph/ng_parse.h>.
 */
int ngu__binary2ascii(node_p here, struct ng_mesg *msg, struct ng_mesg **resp);
int ngu__ascii2binary(node_p here, struct ng_mesg *msg, struct ng_mesg **resp);

#endif /* NGU_MSG_H */
