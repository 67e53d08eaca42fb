/* SPDX-License-Identifier: BSD-2-Clause */
/* prompt.c - ngctl with somebody at the keyboard. What arrives from the graph meanwhile is shown at once. */
#include "prompt.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool lost; /* our node */

/* Show what has arrived. false: our node is gone. */
static bool
show_arrived(short cs, short ds)
{
	bool fine = true;

	line_leave();
	if (cs != 0)
		fine = incoming_message() == CMD_OK;
	if (fine && ds != 0)
		fine = incoming_data() == CMD_OK;
	fflush(stdout);
	if (fine)
		line_again();
	return (fine);
}

bool
prompt_wait(void)
{
	struct pollfd p[3];
	int n;

	while (!lost) {
		p[0] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
		p[1] = (struct pollfd){ .fd = ctl.cs, .events = POLLIN };
		p[2] = (struct pollfd){ .fd = ctl.ds, .events = POLLIN };
		if ((n = poll(p, 3, -1)) < 0 && errno != EINTR) {
			lost = failed("poll", &(struct about){ .command = "ngctl" }) != CMD_OK;
			break;
		}
		if (n < 0)
			continue;
		if (p[1].revents != 0 || p[2].revents != 0) {
			lost = !show_arrived(p[1].revents, p[2].revents);
			continue;
		}
		if (p[0].revents != 0)
			return (true);
	}
	return (false);
}

enum result
prompt_loop(void)
{
	enum result r = CMD_OK;
	char help[] = "help";
	char *line;

	ctl.at_prompt = true;
	command_line(help);
	line_begin();
	while (r != CMD_QUIT && (line = line_read()) != NULL) {
		r = command_line(line);
		fflush(stdout);
		free(line);
	}
	line_end();
	return (lost ? CMD_ERROR : CMD_OK);
}
