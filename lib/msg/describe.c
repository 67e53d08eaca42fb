/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * describe.c - the messages of a node type as text for people (include/ng/inspect.h, ngu_type_help()): the syntax of arguments and replies
 * comes from the parse tables themselves. What a type's parser takes is known by its parse method; one that is a node type's own is
 * shown as <value>.
 */
#include "msg/msg.h"
#include "msg/parse.h"

/* Text that is being written; p NULL: it is only measured. */
struct text {
	char *p;
	size_t n;
};

static void
put(struct text *t, const char *s)
{
	size_t n = ngu__strlen(s);

	if (t->p != NULL)
		ngu__memcpy(t->p + t->n, s, n);
	t->n += n;
}

static void
put_number(struct text *t, const char *before, long n, const char *behind)
{
	char s[64];

	(void)ngu__port_snprintf(s, sizeof(s), "%s%ld%s", before, n, behind);
	put(t, s);
}

static bool
put_integer(struct text *t, const struct ng_parse_type *type, ng_parse_t *parse)
{
	static const struct {
		const struct ng_parse_type *type;
		int bits;
	} known[] = { { &ng_parse_uint8_type, 8 }, { &ng_parse_uint16_type, 16 }, { &ng_parse_uint32_type, 32 }, { &ng_parse_uint64_type, 64 } };
	static const char *const how[] = { "<uint", "<int", "<hint" };

	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].type->parse == parse) {
			put_number(t, how[(uintptr_t)type->info < 3 ? (uintptr_t)type->info : 0], known[i].bits, ">");
			return (true);
		}
	return (false);
}

static void
put_type(struct text *t, const struct ng_parse_type *type, int depth)
{
	ng_parse_t *parse = NGU_PARSE_METHOD(type, parse);
	const struct ng_parse_struct_field *f = type->info;
	const struct ng_parse_fixedarray_info *fixed = type->info;
	const struct ng_parse_array_info *array = type->info;
	const struct ng_parse_fixedstring_info *string = type->info;

	if (parse == NULL || depth >= NGU_PARSE_DEPTH) {
		put(t, "<value>");
	} else if (parse == ng_parse_struct_type.parse && f != NULL) {
		put(t, "{");
		for (; f->name != NULL; f++) {
			put(t, " ");
			put(t, f->name);
			put(t, "=");
			put_type(t, f->type, depth + 1);
		}
		put(t, " }");
	} else if (parse == ng_parse_fixedarray_type.parse && fixed != NULL) {
		put(t, "[ ");
		put_type(t, fixed->elementType, depth + 1);
		put_number(t, " ... ", fixed->length, " ]");
	} else if (parse == ng_parse_array_type.parse && array != NULL) {
		put(t, "[ ");
		put_type(t, array->elementType, depth + 1);
		put(t, " ... ]");
	} else if (parse == ng_parse_fixedstring_type.parse && string != NULL) {
		put_number(t, "<string ", string->bufSize - 1, ">"); /* so many characters */
	} else if (parse == ng_parse_string_type.parse || parse == ng_parse_sizedstring_type.parse) {
		put(t, "<string>");
	} else if (parse == ng_parse_ipaddr_type.parse) {
		put(t, "<ipaddr>");
	} else if (parse == ng_parse_enaddr_type.parse) {
		put(t, "<enaddr>");
	} else if (parse == ng_parse_bytearray_type.parse) {
		put(t, "<bytes>");
	} else if (!put_integer(t, type, parse)) {
		put(t, "<value>");
	}
}

/* A text with its NUL at the end of all; its offset. */
static uint64_t
entry(struct text *t, const char *s, const struct ng_parse_type *type)
{
	uint64_t at = t->n;

	if (s != NULL)
		put(t, s);
	else if (type != NULL)
		put_type(t, type, 0);
	if (t->p != NULL)
		t->p[t->n] = '\0';
	t->n++;
	return (at);
}

/* All that there is, into `h` unless that is NULL; the bytes it takes. */
static size_t
tell(struct ngu_help *h, const struct ng_cmdlist *list, uint32_t n, const char *name)
{
	struct text t = { (char *)h, sizeof(*h) + n * sizeof(struct ngu_help_msg) };
	struct ngu_help_msg m;

	for (uint32_t i = 0; i < n; i++, list++) {
		ngu__memset(&m, 0, sizeof(m));
		m.cookie = list->cookie;
		m.cmd = (uint32_t)list->cmd;
		m.has_arg = list->mesgType != NULL;
		m.has_reply = list->respType != NULL;
		m.name_off = entry(&t, list->name, NULL);
		m.arg_off = entry(&t, NULL, list->mesgType);
		m.reply_off = entry(&t, NULL, list->respType);
		if (h != NULL)
			((struct ngu_help_msg *)(void *)(h + 1))[i] = m;
	}
	if (h != NULL) {
		h->nmsgs = n;
		h->msgs_off = sizeof(*h);
		(void)ngu__strlcpy(h->type, name, sizeof(h->type));
	}
	return (t.n);
}

int
ngu_type_help(struct ngu_graph *g, const char *type, struct ngu_help **out)
{
	const struct ng_cmdlist *list = ngu__generic_cmds;
	struct ng_type *tp = NULL;
	struct ngu_help *h;
	uint32_t n = 0;
	size_t size;
	int refs;

	if (out == NULL)
		return (EINVAL);
	*out = NULL;
	if (g == NULL)
		return (EINVAL);
	if (type != NULL) {
		if ((tp = ng_findtype(type)) == NULL)
			return (ENOENT);
		for (refs = NGU_LD_RLX(&tp->refs);;) { /* its tables stay while we read them */
			if (refs == 0)
				return (ENOENT);
			if (NGU_CAS_AR(&tp->refs, &refs, refs + 1))
				break;
		}
		list = tp->cmdlist;
	}
	while (list != NULL && list[n].name != NULL)
		n++;
	size = tell(NULL, list, n, "");
	if ((h = ngu__port_alloc(size, 16)) != NULL) {
		(void)tell(h, list, n, type != NULL ? type : "");
		ngu__block_init(&h->block, size, NGU_B_HELP);
	}
	if (tp != NULL)
		(void)NGU_FSUB_AR(&tp->refs, 1);
	*out = h;
	return (h != NULL ? 0 : ENOMEM);
}
