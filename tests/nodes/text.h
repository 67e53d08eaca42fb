/* SPDX-License-Identifier: BSD-2-Clause */
/* text.h - commands as people type them: text to a message, the message to a node, its reply back to text. After nt.h. */
#ifndef TESTS_NODES_TEXT_H
#define TESTS_NODES_TEXT_H

#include "nodes/nt.h"

/* One conversion by the node at path: `in` (its arguments `len` bytes) to a message that the caller frees. */
static int
nt_convert(const char *path, uint32_t how, const struct ng_mesg *in, struct ng_mesg **out)
{
	struct ng_mesg *resp = NULL;
	size_t len;
	int error = ngu_msg(g, path, NGM_GENERIC_COOKIE, how, in, sizeof(*in) + in->header.arglen, &resp);

	*out = NULL;
	if (error != 0)
		return (error);
	assert_non_null(resp);
	len = resp->header.arglen;
	assert_true(len >= sizeof(*in));
	assert_non_null(*out = malloc(len));
	memcpy(*out, resp->data, len);
	assert_int_equal((*out)->header.arglen, len - sizeof(*in));
	ngu_msg_free(resp);
	return (0);
}

/*
 * "msg PATH COMMAND ARGS", as ngctl would do it. The reply's arguments as text to `reply` ("" when there was none). Returns
 * the error of the conversion or of the command.
 */
__attribute__((__unused__)) static int
nt_type_in(const char *path, const char *command, const char *args, char *reply, size_t size)
{
	struct ng_mesg *ask, *bin, *resp = NULL, *text;
	size_t len = strlen(args) + 1;
	int error;

	reply[0] = '\0';
	assert_non_null(ask = calloc(1, sizeof(*ask) + len));
	ask->header.version = NG_VERSION;
	ask->header.arglen = (uint32_t)len;
	(void)snprintf((char *)ask->header.cmdstr, NG_CMDSTRSIZ, "%s", command);
	memcpy(ask->data, args, len);
	error = nt_convert(path, NGM_ASCII2BINARY, ask, &bin);
	free(ask);
	if (error != 0)
		return (error);
	error = ngu_msg(g, path, bin->header.typecookie, bin->header.cmd, bin->data, bin->header.arglen, &resp);
	free(bin);
	if (error != 0 || resp == NULL)
		return (error);
	error = nt_convert(path, NGM_BINARY2ASCII, resp, &text);
	ngu_msg_free(resp);
	if (error != 0)
		return (error);
	(void)snprintf(reply, size, "%s", text->data);
	free(text);
	return (0);
}

#define nt_text_is(path, command, args, want) \
	do { \
		static char nt_reply[20480]; \
		assert_int_equal(nt_type_in((path), (command), (args), nt_reply, sizeof(nt_reply)), 0); \
		assert_string_equal(nt_reply, (want)); \
	} while (0)
#define nt_text_fails(path, command, args, error) \
	do { \
		char nt_reply[512]; \
		assert_int_equal(nt_type_in((path), (command), (args), nt_reply, sizeof(nt_reply)), (error)); \
	} while (0)

#endif /* TESTS_NODES_TEXT_H */
