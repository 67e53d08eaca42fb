/* SPDX-License-Identifier: BSD-2-Clause */
/* ascii.h - commands as text for tests, the way ngctl(8) sends them: both directions through the node's own descriptions. */
#ifndef TESTS_SUPPORT_ASCII_H
#define TESTS_SUPPORT_ASCII_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ng/ng.h>
#include <netgraph/ng_message.h>

/*
 * `ngctl msg path command args`. The reply's arguments as text go to out (size bytes; "" when there is no reply). The first error
 * on the way: of reading the text (ENOSYS: no such command), of the command, of writing the text; ERANGE when out is too small.
 */
static inline int
ascii_msg(struct ngu_graph *graph, const char *path, const char *command, const char *args, char *out, size_t size)
{
	const size_t len = args != NULL ? strlen(args) + 1 : 1;
	struct ng_mesg *text = calloc(1, sizeof(*text) + len), *bin = NULL, *reply = NULL, *back = NULL, *inner;
	int error;

	out[0] = '\0';
	if (text == NULL)
		return (ENOMEM);
	text->header.version = NG_VERSION;
	text->header.arglen = (uint32_t)len;
	(void)snprintf((char *)text->header.cmdstr, sizeof(text->header.cmdstr), "%s", command);
	if (args != NULL)
		memcpy(text->data, args, len);
	error = ngu_msg(graph, path, NGM_GENERIC_COOKIE, NGM_ASCII2BINARY, text, sizeof(*text) + len, &bin);
	free(text);
	if (error == 0 && bin == NULL)
		error = EPROTO;
	if (error == 0) {
		inner = (struct ng_mesg *)(void *)bin->data;
		error = ngu_msg(graph, path, inner->header.typecookie, inner->header.cmd, inner->data, inner->header.arglen, &reply);
	}
	if (error == 0 && reply != NULL)
		error = ngu_msg(graph, path, NGM_GENERIC_COOKIE, NGM_BINARY2ASCII, reply, sizeof(*reply) + reply->header.arglen, &back);
	if (error == 0 && back != NULL) {
		inner = (struct ng_mesg *)(void *)back->data;
		if (inner->header.arglen > size)
			error = ERANGE;
		else
			memcpy(out, inner->data, inner->header.arglen);
	}
	ngu_msg_free(bin);
	ngu_msg_free(reply);
	ngu_msg_free(back);
	return (error);
}

#endif /* TESTS_SUPPORT_ASCII_H */
