/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_message.c - control messages as bytes: to every built-in node type, of its own cookie, the generic and the flow control one,
 * and others, with lengths that lie; in between packets, and time passes. The graphs and good arguments are those of
 * nodes/types.h.
 *
 * Properties: an error and a reply exclude each other; a reply is as long as it says, is readable as text, and that text reads as
 * the same bytes; accounts; nothing stays alive.
 */
#include "fuzz/fuzz.h"

#include "core/core.h"
#include "msg/msg.h"

#include <ng/test.h>
#include "nodes/types.h"

#define STEPS 24
#define ARGS 1400

static char file[128];

/* A replay may not be without end, and files of any name are not to be made. */
static void
tame(const struct ty *ty, uint32_t cookie, uint32_t cmd, uint8_t *arg, size_t len)
{
	struct ng_pcap_openread *r = (struct ng_pcap_openread *)(void *)arg;
	struct ng_pcap_openwrite *w = (struct ng_pcap_openwrite *)(void *)arg;
	struct ng_pcap_start *s = (struct ng_pcap_start *)(void *)arg;

	if (strcmp(ty->name, "pcap") != 0 || cookie != NGM_PCAP_COOKIE)
		return;
	if (cmd == NGM_PCAP_OPENREAD && len == sizeof(*r))
		(void)snprintf(r->path, sizeof(r->path), "%s", r->path[0] == 0 ? "" : r->path[0] & 1 ? file : "/nowhere/at/all");
	if (cmd == NGM_PCAP_OPENWRITE && len == sizeof(*w))
		(void)snprintf(w->path, sizeof(w->path), "%s", w->path[0] == 0 ? "" : w->path[0] & 1 ? "/dev/null" : "/nowhere/at/all");
	if (cmd == NGM_PCAP_START && len == sizeof(*s)) {
		s->count = 1 + s->count % 100;
		if (s->speed != 0 && s->speed < 100)
			s->speed = 100; /* a minute of the file is not a day of ours */
	}
}

/* BINARY2ASCII of a message, and ASCII2BINARY of what comes of it. */
static void
as_text(struct ngu_graph *g, const struct ng_mesg *m, size_t arglen, bool sure)
{
	const size_t len = sizeof(*m) + arglen;
	struct ng_mesg *b = fz_copy(m, len), *asc = NULL, *bin = NULL, *asc2 = NULL, *in;
	int error;

	b->header.arglen = (uint32_t)arglen;
	error = ngu_msg(g, "X:", NGM_GENERIC_COOKIE, NGM_BINARY2ASCII, b, len, &asc);
	FZ((error == 0) == (asc != NULL), "error %d and a reply, or neither", error);
	FZ(error == 0 || !sure, "a node's own reply, cookie %u, command %u, %zu bytes, is no text: error %d", m->header.typecookie, m->header.cmd,
	    arglen, error);
	if (error == 0) {
		in = (struct ng_mesg *)(void *)asc->data;
		FZ(asc->header.arglen == sizeof(*in) + in->header.arglen && in->header.arglen == strlen(in->data) + 1, "lengths");
		error = ngu_msg(g, "X:", NGM_GENERIC_COOKIE, NGM_ASCII2BINARY, asc->data, asc->header.arglen, &bin);
		FZ(error == 0 || !sure || in->data[0] == '\0' || m->header.typecookie == NGM_GENERIC_COOKIE, "\"%s\" is no message: error %d",
		    in->data, error);
		if (error == 0) { /* the same text again */
			error = ngu_msg(g, "X:", NGM_GENERIC_COOKIE, NGM_BINARY2ASCII, bin->data, bin->header.arglen, &asc2);
			FZ(error == 0, "%s: cannot be printed again: error %d", in->data, error);
			if (sure)
				FZ(strcmp(in->data, ((struct ng_mesg *)(void *)asc2->data)->data) == 0, "\"%s\" is read as \"%s\"", in->data,
				    ((struct ng_mesg *)(void *)asc2->data)->data);
		}
	}
	ngu_msg_free(asc);
	ngu_msg_free(bin);
	ngu_msg_free(asc2);
	fz_free(b);
}

/* From a program that waits for the answer. */
static void
ask(struct ngt *t, const struct ty *ty, const char *path, uint32_t cookie, uint32_t cmd, const uint8_t *arg, size_t len)
{
	struct ngu_graph *g = ngt_g(t);
	struct ng_mesg *r = NULL;
	uint8_t *mine = fz_copy(arg, len);
	int error = ngu_msg(g, path, cookie, cmd, mine, len, &r);

	fz_free(mine);
	FZ(error == 0 || r == NULL, "error %d, and a reply", error);
	FZ(ngu_settle(g, 60000) == 0, "no rest");
	if (r == NULL)
		return;
	FZ(r->header.flags & NGF_RESP, "a reply that says it is none");
	FZ(ngu__msg_whole(r), "a reply longer than its memory");
	FZ(r->header.cmd == cmd && r->header.typecookie == cookie, "a reply to something else");
	if (ngu_lookup(g, "X:", NULL) == 0 && strcmp(path, "X:") == 0)
		as_text(g, r, r->header.arglen, (cookie == ty->cookie || cookie == NGM_GENERIC_COOKIE) && strcmp(ty->name, "echo") != 0 && /* which answers to all */
			cmd != NGM_BINARY2ASCII && cmd != NGM_ASCII2BINARY);
	ngu_msg_free(r);
}

/* From a neighbour: lengths that lie, replies nobody asked for. */
static void
throw(struct ngt *t, const char *path, uint32_t cookie, uint32_t cmd, const uint8_t *arg, size_t len, uint32_t arglen, uint32_t flags)
{
	struct ngu_graph *before = ngu_graph_enter(ngt_g(t));
	struct ng_mesg *m;
	int error;

	NG_MKMESSAGE(m, cookie, cmd, len, M_NOWAIT);
	FZ(m != NULL, "no memory");
	memcpy(m->data, arg, len);
	m->header.arglen = arglen;
	m->header.flags = flags;
	NG_SEND_MSG_PATH(error, NULL, m, path, 0);
	FZ(error != 0 || arglen <= len, "a message of %zu bytes that says it has %u is taken", len, arglen);
	FZ(ngu_settle(ngt_g(t), 60000) == 0, "no rest");
	(void)ngu_graph_enter(before);
}

static void
one(struct ngt *t, const struct ty *ty, struct fz_in *in)
{
	static const uint32_t generic[] = { NGM_NODEINFO, NGM_LISTHOOKS, NGM_LISTNAMES, NGM_LISTNODES, NGM_LISTTYPES, NGM_TEXT_STATUS,
		NGM_BINARY2ASCII, NGM_ASCII2BINARY, NGM_TEXT_CONFIG, NGM_NAME, NGM_RMHOOK, NGM_CONNECT, NGM_MKPEER, NGM_SHUTDOWN, 0, 99 };
	static const char *const paths[] = { "X:", "X:", "X:", "X:", "X:", "p0:", "p1:", "[1]:" };
	unsigned how = fz_byte(in), k, ncmd = 0;
	uint32_t cookie = ty->cookie, cmd = 0, arglen, flags = 0;
	_Alignas(8) uint8_t arg[ARGS];
	const char *path = paths[how & 7];
	const struct ty_cmd *c = NULL;
	struct ng_mesg *inner;
	size_t len = 0;

	memset(arg, 0, sizeof(arg));
	while (ty->cmd[ncmd].cmd != UINT32_MAX)
		ncmd++;
	switch (how >> 5) {
	case 0: /* a packet; time */
		for (k = 0; k < 4 && ty->sends[k] != 0; k++)
			if (how & 8u << k) {
				char name[16];
				struct ngt_pkt pkt = ty_frame(ty->sends[k]);

				(void)snprintf(name, sizeof(name), "p%u", ty->sends[k] - 1);
				pkt.len = fz_bytes(in, pkt.b, fz_byte(in) & 31) + (fz_byte(in) & 63);
				(void)ngt_try_send(ngt_probe(t, name), NULL, pkt);
			}
		if (!(how & 8))
			FZ(ngu_clock_advance(ngt_g(t), (int64_t)(how & 7) * 250000000) == 0, "no time");
		return;
	case 1:
	case 2:
	case 3: /* one of its own, good but for a few bytes */
		if (ncmd == 0)
			return;
		c = &ty->cmd[fz_byte(in) % ncmd];
		cmd = c->cmd;
		if ((len = c->len) > ARGS)
			return;
		if (c->arg != NULL)
			memcpy(arg, c->arg, len);
		for (k = fz_byte(in) & 7; k != 0 && len != 0; k--) {
			unsigned at = fz_byte(in);

			at |= fz_byte(in) << 8;
			arg[at % len] = (uint8_t)fz_byte(in);
		}
		if (how >> 5 == 3)
			len = fz_u32(in) % ARGS;
		break;
	case 4: /* with any arguments */
		if (ncmd != 0)
			cmd = ty->cmd[fz_byte(in) % ncmd].cmd;
		len = fz_u32(in) % 700;
		(void)fz_bytes(in, arg, len);
		break;
	case 5: /* generic */
		cookie = NGM_GENERIC_COOKIE;
		cmd = generic[fz_pick(in, 16)];
		len = cmd == NGM_CONNECT ? sizeof(struct ngm_connect) : cmd == NGM_MKPEER ? sizeof(struct ngm_mkpeer) : fz_u32(in) % 700;
		if (cmd == NGM_MKPEER) { /* so that it can succeed */
			(void)snprintf((char *)arg, NG_TYPESIZ, "%s", fz_pick(in, 2) ? "hub" : ty->name);
			(void)fz_bytes(in, arg + NG_TYPESIZ, fz_byte(in) % (2 * NG_HOOKSIZ));
		} else if (cmd == NGM_CONNECT) {
			(void)snprintf((char *)arg, NG_PATHSIZ, "p%u:", fz_pick(in, 4));
			(void)fz_bytes(in, arg + NG_PATHSIZ, fz_byte(in) % (2 * NG_HOOKSIZ));
		} else {
			(void)fz_bytes(in, arg, len);
		}
		break;
	case 6: /* a message in a message, to be converted */
		cookie = NGM_GENERIC_COOKIE;
		cmd = how & 8 ? NGM_BINARY2ASCII : NGM_ASCII2BINARY;
		inner = (struct ng_mesg *)(void *)arg;
		inner->header.version = NG_VERSION;
		inner->header.flags = how & 16 ? NGF_RESP : 0;
		k = fz_byte(in);
		if (k < 128 && ncmd != 0) {
			const struct ng_cmdlist *l = ng_findtype(ty->name)->cmdlist;

			inner->header.typecookie = ty->cookie;
			inner->header.cmd = ty->cmd[k % ncmd].cmd;
			for (; l != NULL && l->name != NULL; l++)
				if ((uint32_t)l->cmd == inner->header.cmd)
					(void)snprintf((char *)inner->header.cmdstr, NG_CMDSTRSIZ, "%s", l->name);
		} else {
			inner->header.typecookie = NGM_GENERIC_COOKIE;
			inner->header.cmd = generic[k % 16];
			(void)snprintf((char *)inner->header.cmdstr, NG_CMDSTRSIZ, "%s", ngu__generic_cmds[k % 14].name);
		}
		len = fz_u32(in) % 700;
		k = fz_byte(in);
		inner->header.arglen = k < 200 ? (uint32_t)len : k < 220 ? fz_u32(in) : (uint32_t)len + k - 240;
		(void)fz_bytes(in, inner->data, len);
		len += sizeof(*inner);
		break;
	default:
		cookie = how & 16 ? NGM_FLOW_COOKIE : fz_u32(in);
		cmd = how & 8 ? fz_u32(in) : fz_byte(in);
		len = fz_byte(in) & 127;
		(void)fz_bytes(in, arg, len);
		break;
	}
	tame(ty, cookie, cmd, arg, len);
	k = fz_byte(in);
	if (k < 224) {
		ask(t, ty, path, cookie, cmd, arg, len);
		return;
	}
	arglen = k < 232 ? (uint32_t)len : k < 240 ? fz_u32(in) : (uint32_t)len + k - 247;
	flags = k & 1 ? NGF_RESP : k & 2 ? fz_u32(in) : 0;
	throw(t, path, cookie, cmd, arg, len, arglen, flags);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fz_in in = { data, size };
	const struct ty *ty = &ty_types[fz_byte(&in) % (sizeof(ty_types) / sizeof(ty_types[0]))];
	struct ngt *t;
	unsigned n;

	if (!ty_there(ty))
		return (0);
	if (file[0] == '\0') {
		/* A capture of two packets, a second apart. */
		static const struct {
			uint32_t magic;
			uint16_t v[2];
			uint32_t zero[2], snaplen, type;
			struct {
				uint32_t sec, us, len, wire;
				uint8_t b[64];
			} p[2];
		} cap = { 0xa1b2c3d4, { 2, 4 }, { 0, 0 }, 65535, 1, { { 1, 0, 64, 64, { 2 } }, { 2, 0, 64, 64, { 4 } } } };

		(void)snprintf(file, sizeof(file), "%s", fz_file(0, &cap, sizeof(cap)));
	}
	(void)ngt_setup(NULL);
	t = fz_kit(ty->text);
	for (n = 0; n < STEPS && in.left != 0; n++)
		one(t, ty, &in);
	fz_kit_end(t);
	return (0);
}
