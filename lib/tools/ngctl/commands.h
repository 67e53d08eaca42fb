/* SPDX-License-Identifier: BSD-2-Clause */
/* commands.h - the commands, each from the file of its name. */
#ifndef NGCTL_COMMANDS_H
#define NGCTL_COMMANDS_H

#include "ngctl.h"

extern const struct command apply_command;
extern const struct command capture_command;
extern const struct command config_command;
extern const struct command connect_command;
extern const struct command debug_command;
extern const struct command dot_command;
extern const struct command help_command;
extern const struct command list_command;
extern const struct command mknode_command;
extern const struct command mkpeer_command;
extern const struct command msg_command;
extern const struct command name_command;
extern const struct command quit_command;
extern const struct command read_command;
extern const struct command rmhook_command;
extern const struct command save_command;
extern const struct command show_command;
extern const struct command shutdown_command;
extern const struct command stat_command;
extern const struct command status_command;
extern const struct command trace_command;
extern const struct command types_command;
extern const struct command watch_command;
extern const struct command why_command;
extern const struct command write_command;

#endif /* NGCTL_COMMANDS_H */
