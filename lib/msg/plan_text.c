/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plan_text.c - lists of operations as text: lines into entries, with the place of each word for what may be said about it.
 *
 * Works in a copy of the text, in which words are ended, and quoted ones unquoted, in place. Two passes: count, then read.
 */
#include "msg/plan.h"
#include "msg/msg.h"
#include "msg/parse.h"

/* ---- messages ---- */

static const struct ng_cmdlist *
find_command(const struct ng_cmdlist *c, const char *name)
{
	for (; c != NULL && c->name != NULL; c++)
		if (ngu__strcmp(c->name, name) == 0)
			return (c);
	return (NULL);
}

int
ngu__plan_textmsg(struct plan *p, uint32_t i, struct ng_type *type, struct ng_mesg **out)
{
	const struct ngu_op *o = &p->op[i];
	const char *name = o->command, *args = o->args != NULL ? o->args : "";
	const struct ng_cmdlist *c;
	struct ng_mesg *work, *msg;
	int error, off = 0, n = NGU_PARSE_WORK;

	if (name == NULL || name[0] == '\0')
		return (ngu__plan_fail(p, i, F_COMMAND, EINVAL, NONE, "no command"));
	if ((c = find_command(type->cmdlist, name)) == NULL && (c = find_command(ngu__generic_cmds, name)) == NULL)
		return (ngu__plan_fail(p, i, F_COMMAND, ENOSYS, NONE, "type \"%s\" has no command \"%.40s\"", type->name, name));
	if (c->mesgType == NULL && args[0] != '\0')
		return (ngu__plan_fail(p, i, F_ARGS, EINVAL, NONE, "command \"%s\" takes no arguments", name));
	if ((work = ngu_k_mkmsg(c->cookie, (uint32_t)c->cmd, name, c->mesgType != NULL ? NGU_PARSE_WORK : 0, M_NOWAIT)) == NULL)
		return (ngu__plan_fail(p, i, F_COMMAND, ENOMEM, NONE, "no memory"));
	if (c->mesgType == NULL) {
		*out = work;
		return (0);
	}
	if ((error = ng_parse(c->mesgType, args, &off, (u_char *)work->data, &n)) != 0) {
		NG_FREE_MSG(work);
		error = ngu__plan_fail(p, i, F_ARGS, error, NONE, error == ENOMEM ? "no memory" : "arguments of \"%s\", from \"%.24s\"", name,
		    args[0] == '\0' || off < 0 || (size_t)off > ngu__strlen(args) ? "" : args + off);
		if (p->err->column != 0 && off > 0)
			p->err->column += (uint32_t)off;
		return (error);
	}
	if ((msg = ngu_k_mkmsg(c->cookie, (uint32_t)c->cmd, name, (size_t)n, M_NOWAIT)) == NULL) {
		NG_FREE_MSG(work);
		return (ngu__plan_fail(p, i, F_COMMAND, ENOMEM, NONE, "no memory"));
	}
	ngu__memcpy(msg->data, work->data, (size_t)n);
	NG_FREE_MSG(work);
	*out = msg;
	return (0);
}

/* ---- lines ---- */

struct form {
	const char *name;
	enum ngu_op_kind kind;
	unsigned min, max; /* words after the first */
	enum field word[4];
	const char *usage;
};

#define MKNODE "mknode TYPE [NAME]"
#define MKPEER "mkpeer PATH TYPE HOOK PEERHOOK"
#define CONNECT "connect PATH PEERPATH HOOK PEERHOOK"
#define RMHOOK "rmhook PATH HOOK"
#define NAME "name PATH NAME"
#define SHUTDOWN "shutdown PATH"
#define MSG "msg PATH COMMAND [ARGUMENTS]"

static const struct form forms[] = {
	{ "mknode", NGU_OP_MKNODE, 1, 2, { F_TYPE, F_NAME }, MKNODE },
	{ "mkpeer", NGU_OP_MKPEER, 4, 4, { F_PATH, F_TYPE, F_HOOK, F_PEERHOOK }, MKPEER },
	{ "connect", NGU_OP_CONNECT, 4, 4, { F_PATH, F_PEERPATH, F_HOOK, F_PEERHOOK }, CONNECT },
	{ "join", NGU_OP_CONNECT, 4, 4, { F_PATH, F_PEERPATH, F_HOOK, F_PEERHOOK }, CONNECT },
	{ "rmhook", NGU_OP_RMHOOK, 2, 2, { F_PATH, F_HOOK }, RMHOOK },
	{ "disconnect", NGU_OP_RMHOOK, 2, 2, { F_PATH, F_HOOK }, RMHOOK },
	{ "name", NGU_OP_NAME, 2, 2, { F_PATH, F_NAME }, NAME },
	{ "shutdown", NGU_OP_SHUTDOWN, 1, 1, { F_PATH }, SHUTDOWN },
	{ "kill", NGU_OP_SHUTDOWN, 1, 1, { F_PATH }, SHUTDOWN },
	{ "rmnode", NGU_OP_SHUTDOWN, 1, 1, { F_PATH }, SHUTDOWN },
	{ "msg", NGU_OP_TEXTMSG, 2, 2, { F_PATH, F_COMMAND }, MSG },
	{ "cmd", NGU_OP_TEXTMSG, 2, 2, { F_PATH, F_COMMAND }, MSG },
};

static bool
blank(char c)
{
	return (c == ' ' || c == '\t' || c == '\r');
}

static bool
same(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++)
		if ((*a | (*a >= 'A' && *a <= 'Z' ? 0x20 : 0)) != *b)
			return (false);
	return (*a == *b);
}

static const char **
place(struct ngu_op *o, enum field f)
{
	switch (f) {
	case F_PATH:
		return (&o->path);
	case F_TYPE:
		return (&o->type);
	case F_HOOK:
		return (&o->hook);
	case F_PEERPATH:
		return (&o->peerpath);
	case F_PEERHOOK:
		return (&o->peerhook);
	case F_NAME:
		return (&o->name);
	default:
		return (&o->command);
	}
}

struct reader {
	struct ngu_apply_error *err;
	const char *text; /* all of it as it was given, and the copy */
	const char *copy;
	char *line;    /* begins here; NUL-terminated */
	char *at;      /* read so far */
	uint32_t number;
	uint32_t entries;
};

static __attribute__((__format__(__printf__, 4, 5))) int
bad(struct reader *r, const char *at, int error, const char *fmt, ...)
{
	struct ngu_apply_error *err = r->err;
	va_list ap;
	char c;
	int n;

	ngu__plan_error(err, error);
	err->index = r->entries;
	err->line = r->number;
	err->column = (uint32_t)(at - r->line) + 1;
	for (n = 0; n < (int)sizeof(err->op) - 1 && (c = r->text[r->line - r->copy + n]) != '\0' && c != '\n'; n++)
		err->op[n] = c;
	n = ngu__port_snprintf(err->text, sizeof(err->text), "line %u, column %u: ", err->line, err->column);
	va_start(ap, fmt);
	(void)ngu__port_vsnprintf(err->text + n, sizeof(err->text) - (size_t)n, fmt, ap);
	va_end(ap);
	return (error);
}

static char *
skip_blanks(struct reader *r)
{
	while (blank(*r->at))
		r->at++;
	return (r->at);
}

/* The next word, ended in place; NULL in *word: the line is over. */
static int
next_word(struct reader *r, char **word, uint32_t *column)
{
	char *s = skip_blanks(r), *from, *to;

	*word = NULL;
	*column = (uint32_t)(s - r->line) + 1;
	if (*s == '\0' || *s == '#')
		return (0);
	if (*s != '"') {
		for (*word = s; *s != '\0' && !blank(*s); s++)
			if (*s == '"')
				return (bad(r, s, EINVAL, "a quote inside a word"));
	} else {
		*word = to = from = s + 1;
		for (; *from != '"'; *to++ = *from++) {
			if (*from == '\\')
				from++;
			if (*from == '\0')
				return (bad(r, s, EINVAL, "a quoted word without its end"));
		}
		s = from + 1;
		if (*s != '\0' && !blank(*s))
			return (bad(r, s, EINVAL, "something behind a quoted word"));
		*to = '\0';
	}
	r->at = *s == '\0' ? s : s + 1;
	*s = '\0';
	return (0);
}

/* A message's arguments: the rest of the line without a comment and blanks at its ends. */
static char *
rest(struct reader *r, uint32_t *column)
{
	char *s = skip_blanks(r), *begin = s, *last = s;
	bool quoted = false, word = false;

	*column = (uint32_t)(s - r->line) + 1;
	for (; *s != '\0' && (quoted || word || *s != '#'); s++) {
		if (quoted && *s == '\\' && s[1] != '\0')
			s++;
		else if (*s == '"')
			quoted = !quoted;
		word = !blank(*s);
		if (word)
			last = s + 1;
	}
	*last = '\0';
	return (begin);
}

static int
read_line(struct reader *r, struct ngu_op *o, struct pos *pos)
{
	const struct form *f = forms;
	uint32_t column;
	unsigned n;
	char *word;
	int error;

	if ((error = next_word(r, &word, &column)) != 0 || word == NULL)
		return (error);
	pos->line = r->number;
	pos->column[F_OP] = column;
	while (f < forms + nitems(forms) && !same(word, f->name))
		f++;
	if (f == forms + nitems(forms))
		return (bad(r, r->line + column - 1, EINVAL, "\"%.40s\" is no operation", word));
	o->kind = f->kind;
	for (n = 0; n < f->max; n++) {
		if ((error = next_word(r, &word, &column)) != 0)
			return (error);
		if (word == NULL && n < f->min)
			return (bad(r, r->line + column - 1, EINVAL, "too few words: %s", f->usage));
		if (word == NULL)
			break;
		*place(o, f->word[n]) = word;
		pos->column[f->word[n]] = column;
	}
	if (o->kind == NGU_OP_TEXTMSG) {
		o->args = rest(r, &pos->column[F_ARGS]);
	} else {
		if ((error = next_word(r, &word, &column)) != 0)
			return (error);
		if (word != NULL)
			return (bad(r, r->line + column - 1, EINVAL, "too many words: %s", f->usage));
	}
	r->entries++;
	return (0);
}

static int
read_text(struct reader *r, char *text, struct ngu_op *op, struct pos *pos)
{
	char *next;
	int error = 0;

	for (; error == 0 && text != NULL; text = next) {
		for (next = text; *next != '\0' && *next != '\n'; next++)
			;
		if (*next == '\n')
			*next++ = '\0';
		else
			next = NULL;
		r->line = r->at = text;
		r->number++;
		error = read_line(r, &op[r->entries], &pos[r->entries]);
	}
	return (error);
}

int
ngu_apply_text(struct ngu_graph *g, const char *text, unsigned flags, struct ngu_apply_error *err)
{
	struct ngu__thread *ts = ngu__self();
	struct ngu_apply_error mine;
	struct reader r = { .err = err != NULL ? err : &mine };
	struct ngu_op *op;
	struct pos *pos;
	size_t len, lines = 1, i;
	char *copy;
	int error = 0;

	if (g == NULL || text == NULL || (flags & ~NGU_APPLY_DRY) != 0)
		error = EINVAL;
	else if (ts->nest != 0 || ts->level != 0)
		error = EDEADLK;
	if (error != 0) {
		ngu__plan_error(r.err, error);
		return (error);
	}
	len = ngu__strlen(text);
	for (i = 0; i < len; i++)
		lines += text[i] == '\n';
	if (lines >= UINT32_MAX / 2) {
		ngu__plan_error(r.err, EINVAL);
		return (EINVAL);
	}
	copy = ngu__port_alloc(len + 1, 16);
	op = ngu__port_alloc(lines * sizeof(*op), 16);
	pos = ngu__port_alloc(lines * sizeof(*pos), 16);
	if (copy == NULL || op == NULL || pos == NULL) {
		error = ENOMEM;
		ngu__plan_error(r.err, error);
	} else {
		ngu__memcpy(copy, text, len + 1);
		r.text = text;
		r.copy = copy;
		if ((error = read_text(&r, copy, op, pos)) == 0)
			error = ngu__plan(g, op, pos, r.entries, flags, r.err);
	}
	ngu__port_free(pos);
	ngu__port_free(op);
	ngu__port_free(copy);
	return (error);
}
