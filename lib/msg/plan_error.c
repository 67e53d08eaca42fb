/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plan_error.c - what ngu_apply() says about an entry that failed: struct ngu_apply_error, and its one sentence.
 */
#include "msg/plan.h"

struct text {
	char *buf;
	size_t size, len;
};

static __attribute__((__format__(__printf__, 2, 3))) void
add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = ngu__port_vsnprintf(t->buf + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len = (size_t)n < t->size - t->len ? t->len + (size_t)n : t->size - 1;
}

static const char *
str(const char *s)
{
	return (s != NULL ? s : "(null)");
}

static void
write_op(const struct ngu_op *o, char *buf, size_t size)
{
	struct text t = { buf, size, 0 };

	switch (o->kind) {
	case NGU_OP_MKNODE:
		add(&t, "mknode %s %s", str(o->type), o->name != NULL ? o->name : "");
		if (t.len != 0 && buf[t.len - 1] == ' ')
			buf[t.len - 1] = '\0';
		break;
	case NGU_OP_MKPEER:
		add(&t, "mkpeer %s %s %s %s", str(o->path), str(o->type), str(o->hook), str(o->peerhook));
		break;
	case NGU_OP_CONNECT:
		add(&t, "connect %s %s %s %s", str(o->path), str(o->peerpath), str(o->hook), str(o->peerhook));
		break;
	case NGU_OP_RMHOOK:
		add(&t, "rmhook %s %s", str(o->path), str(o->hook));
		break;
	case NGU_OP_NAME:
		add(&t, "name %s %s", str(o->path), str(o->name));
		break;
	case NGU_OP_SHUTDOWN:
		add(&t, "shutdown %s", str(o->path));
		break;
	case NGU_OP_MSG:
		add(&t, "msg %s %u:%u", str(o->path), o->cookie, o->cmd & ~(uint32_t)(NGM_READONLY | NGM_HASREPLY));
		break;
	case NGU_OP_TEXTMSG:
		add(&t, "msg %s %s %s", str(o->path), str(o->command), o->args != NULL ? o->args : "");
		if (t.len != 0 && buf[t.len - 1] == ' ')
			buf[t.len - 1] = '\0';
		break;
	default:
		add(&t, "operation %d", (int)o->kind);
		break;
	}
}

void
ngu__plan_error(struct ngu_apply_error *err, int error)
{
	ngu__memset(err, 0, sizeof(*err));
	err->error = error;
	err->index = NONE;
	err->other = NONE;
	if (error != 0)
		(void)ngu__port_snprintf(err->text, sizeof(err->text), "error %d", error);
}

int
ngu__plan_fail(struct plan *p, uint32_t i, enum field f, int error, uint32_t other, const char *fmt, ...)
{
	struct ngu_apply_error *err = p->err;
	const struct ngu_op *o = &p->op[i];
	struct text t = { err->text, sizeof(err->text), 0 };
	va_list ap;
	int n;

	ngu__plan_error(err, error);
	err->index = i;
	err->other = other;
	write_op(o, err->op, sizeof(err->op));
	if (o->kind != NGU_OP_MKNODE)
		(void)ngu__strlcpy(err->node, str(f == F_PEERPATH || f == F_PEERHOOK ?
			(o->kind == NGU_OP_CONNECT ? o->peerpath : "") : o->path), sizeof(err->node));
	if (f == F_HOOK || f == F_PEERHOOK)
		(void)ngu__strlcpy(err->hook, str(f == F_HOOK ? o->hook : o->peerhook), sizeof(err->hook));
	if (p->pos != NULL) {
		err->line = p->pos[i].line;
		err->column = p->pos[i].column[f];
		add(&t, "line %u: ", err->line);
	} else {
		add(&t, "entry %u: ", i);
	}
	add(&t, "%.128s: ", err->op);
	va_start(ap, fmt);
	n = ngu__port_vsnprintf(t.buf + t.len, t.size - t.len, fmt, ap);
	va_end(ap);
	if (n > 0)
		t.len = (size_t)n < t.size - t.len ? t.len + (size_t)n : t.size - 1;
	if (other != NONE) {
		if (p->pos != NULL)
			add(&t, " (see line %u)", p->pos[other].line);
		else
			add(&t, " (see entry %u)", other);
	}
	add(&t, ": error %d", error);
	return (error);
}
