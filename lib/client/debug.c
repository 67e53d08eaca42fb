/* SPDX-License-Identifier: BSD-2-Clause */
/* debug.c - netgraph(3): what is printed when NgSetDebug() asks for it. */
#include "client/client.h"

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netgraph/ng_UI.h>
#include <netgraph/ng_bpf.h>
#include <netgraph/ng_bridge.h>
#include <netgraph/ng_car.h>
#include <netgraph/ng_checksum.h>
#include <netgraph/ng_echo.h>
#include <netgraph/ng_etf.h>
#include <netgraph/ng_hole.h>
#include <netgraph/ng_hub.h>
#include <netgraph/ng_macfilter.h>
#include <netgraph/ng_one2many.h>
#include <netgraph/ng_patch.h>
#include <netgraph/ng_pipe.h>
#include <netgraph/ng_sample.h>
#include <netgraph/ng_socket.h>
#include <netgraph/ng_source.h>
#include <netgraph/ng_split.h>
#include <netgraph/ng_tag.h>
#include <netgraph/ng_tcpmss.h>
#include <netgraph/ng_tee.h>
#include <netgraph/ng_vlan.h>
#include <netgraph/ng_vlan_rotate.h>

#define TEXT_MAX 2048 /* longer arguments are not asked for as text */

_Atomic int client_debug;

typedef void log_fn(const char *fmt, ...);
static _Atomic(log_fn *) log_err = warn, log_plain = warnx;

int
NgSetDebug(int level)
{
	int old = client_debug;

	if (level >= 0)
		client_debug = level;
	return (old);
}

void
NgSetErrLog(void (*log)(const char *fmt, ...), void (*logx)(const char *fmt, ...))
{
	log_err = log;
	log_plain = logx;
}

void
client_warn(const char *fmt, ...)
{
	char line[512];
	log_fn *fn = log_err;
	va_list ap;
	int saved = errno;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	errno = saved;
	if (fn != NULL)
		(*fn)("%s", line);
	errno = saved;
}

static void say(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2)));

static void
say(const char *fmt, ...)
{
	char line[512];
	log_fn *fn = log_plain;
	va_list ap;
	int saved = errno;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (fn != NULL)
		(*fn)("%s", line);
	errno = saved;
}

static const char *
cookie_name(uint32_t cookie)
{
	static const struct {
		uint32_t cookie;
		const char *name;
	} names[] = {
		{ NGM_GENERIC_COOKIE, "generic" },
		{ NGM_FLOW_COOKIE, "flow" },
		{ NGM_UI_COOKIE, "UI" },
		{ NGM_BPF_COOKIE, "bpf" },
		{ NGM_BRIDGE_COOKIE, "bridge" },
		{ NGM_CAR_COOKIE, "car" },
		{ NGM_CHECKSUM_COOKIE, "checksum" },
		{ NGM_ECHO_COOKIE, "echo" },
		{ NGM_ETF_COOKIE, "etf" },
		{ NGM_HOLE_COOKIE, "hole" },
		{ NGM_HUB_COOKIE, "hub" },
		{ NGM_MACFILTER_COOKIE, "macfilter" },
		{ NGM_ONE2MANY_COOKIE, "one2many" },
		{ NGM_PATCH_COOKIE, "patch" },
		{ NGM_PIPE_COOKIE, "pipe" },
		{ NGM_SAMPLE_COOKIE, "sample" },
		{ NGM_SOCKET_COOKIE, "socket" },
		{ NGM_SOURCE_COOKIE, "source" },
		{ NGM_SPLIT_COOKIE, "split" },
		{ NGM_TAG_COOKIE, "tag" },
		{ NGM_TCPMSS_COOKIE, "tcpmss" },
		{ NGM_TEE_COOKIE, "tee" },
		{ NGM_VLAN_COOKIE, "vlan" },
		{ NGM_VLANROTATE_COOKIE, "vlan_rotate" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].cookie == cookie)
			return (names[i].name);
	return ("unknown");
}

static void
dump(const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	char line[128];

	for (size_t at = 0; at < len; at += 16) {
		size_t n = len - at < 16 ? len - at : 16, i;
		int k = snprintf(line, sizeof(line), "%04zx:  ", at);

		for (i = 0; i < 16; i++)
			k += i < n ? snprintf(line + k, sizeof(line) - (size_t)k, "%02x ", p[at + i])
				   : snprintf(line + k, sizeof(line) - (size_t)k, "   ");
		line[k++] = ' ';
		for (i = 0; i < n; i++)
			line[k++] = isprint(p[at + i]) ? (char)p[at + i] : '.';
		line[k] = '\0';
		say("%s", line);
	}
}

static void
say_address(const char *path)
{
	say("SOCKADDR: { fam=%d len=%d addr=\"%s\" }", AF_NETGRAPH, (int)(strlen(path) + 3), path);
}

void
debug_msg(const char *what, const struct ng_mesg *msg, size_t len, const char *path)
{
	size_t have = len > sizeof(*msg) ? len - sizeof(*msg) : 0;

	say("%s:", what);
	say_address(path);
	say("NG_MESG :");
	say("  vers   %d", msg->header.version);
	say("  arglen %u", msg->header.arglen);
	say("  flags  %x", msg->header.flags);
	say("  token  %u", msg->header.token);
	say("  cookie %s (%u)", cookie_name(msg->header.typecookie), msg->header.typecookie);
	if (client_debug >= 3 && strchr(path, ':') != NULL)
		return; /* debug_msg_text() says the rest */
	say("  cmd    %d", (int)msg->header.cmd);
	say("  args (%d bytes)", (int)msg->header.arglen);
	dump(msg->data, have < msg->header.arglen ? have : msg->header.arglen);
}

/* At level 3 the node itself is asked what the message says. */
void
debug_msg_text(int fd, const char *what, const struct ng_mesg *msg, size_t len, const char *path)
{
	size_t have = len > sizeof(*msg) ? len - sizeof(*msg) : 0;
	struct ng_mesg *reply = NULL, *inner;
	int error;

	(void)what;
	if (client_debug < 3 || strchr(path, ':') == NULL)
		return;
	/* Nothing is said of this question itself. */
	error = msg->header.arglen > TEXT_MAX ? EMSGSIZE : client_convert(fd, path, NGM_BINARY2ASCII, msg, len, &reply);
	if (error != 0) {
		say("  [error decoding message: %s]", strerror(error));
		say("  cmd    %d", (int)msg->header.cmd);
		say("  args (%d bytes)", (int)msg->header.arglen);
		dump(msg->data, have < msg->header.arglen ? have : msg->header.arglen);
		return;
	}
	inner = (struct ng_mesg *)(void *)reply->data;
	inner->header.cmdstr[sizeof(inner->header.cmdstr) - 1] = '\0';
	say("  cmd    %s (%d)", (const char *)inner->header.cmdstr, (int)inner->header.cmd);
	say("  args   %.*s", (int)inner->header.arglen, (const char *)inner->data);
	free(reply);
}

void
debug_data(const char *what, const void *data, size_t len, const char *hook)
{
	say("%s \"%s\" (%d bytes)", what, hook, (int)len);
	if (client_debug >= 3)
		dump(data, len);
}
