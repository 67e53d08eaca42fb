/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sysctl.c - sysctl(9): a tree of named variables, linked through the variables themselves.
 *
 * Shared     the tree, under a spin lock that is never held over a handler. A variable whose handler runs is counted busy; its
 *            object cannot be unloaded before that is over.
 * Words      a variable of up to 64 bits is read and stored whole, by relaxed atomics, beside sources that read it plainly.
 * Blocks     unregister; what handlers do.
 */
#include <stdlib.h>

#include <sys/counter.h>
#include <sys/errno.h>
#include <sys/kernel.h>
#include <sys/libkern.h>
#include <sys/limits.h>
#include <sys/sysctl.h>

#include "port/port.h"

static ngu__spin lock;

#define BUSY(oid) ((_Atomic uint32_t *)&(oid)->oid_busy)

#define NODE(path, parent, name) \
	struct sysctl_oid ngu_k_sysctl_##path = { .oid_parent_oid = &ngu_k_sysctl_##parent, .oid_kind = CTLTYPE_NODE | CTLFLAG_RW, \
		.oid_number = OID_AUTO, .oid_name = name, .oid_fmt = "N", .oid_descr = "" }; \
	static __attribute__((__constructor__)) void in_##path(void) \
	{ \
		ngu_k_sysctl_register(&ngu_k_sysctl_##path); \
	} \
	_Static_assert(1, "")

struct sysctl_oid ngu_k_sysctl_ = { .oid_kind = CTLTYPE_NODE | CTLFLAG_RW, .oid_name = "", .oid_known = 1 };
NODE(_kern, , "kern");
NODE(_kern_ipc, _kern, "ipc");
NODE(_net, , "net");
NODE(_net_graph, _net, "graph");
NODE(_net_inet, _net, "inet");
NODE(_net_inet_ip, _net_inet, "ip");
NODE(_net_inet_tcp, _net_inet, "tcp");
NODE(_net_inet_udp, _net_inet, "udp");
NODE(_net_inet6, _net, "inet6");
NODE(_net_link, _net, "link");
NODE(_net_link_ether, _net_link, "ether");
NODE(_debug, , "debug");
NODE(_hw, , "hw");
NODE(_vm, , "vm");
NODE(_dev, , "dev");
NODE(_security, , "security");

/* The dotted name; false when it does not fit. */
static bool
full_name(const struct sysctl_oid *oid, char *buf, size_t size)
{
	if (oid->oid_parent_oid == NULL) {
		buf[0] = '\0';
		return (true);
	}
	return (full_name(oid->oid_parent_oid, buf, size) && (buf[0] == '\0' || ngu_k_strlcat(buf, ".", size) < size) &&
	    ngu_k_strlcat(buf, oid->oid_name, size) < size);
}

static bool
is_signed(unsigned kind)
{
	switch (kind & CTLTYPE) {
	case CTLTYPE_INT:
	case CTLTYPE_LONG:
	case CTLTYPE_S64:
	case CTLTYPE_S32:
	case CTLTYPE_S16:
	case CTLTYPE_S8:
		return (true);
	default:
		return (false);
	}
}

/* Bytes of a number; 0: it is none. */
static size_t
width(unsigned kind)
{
	switch (kind & CTLTYPE) {
	case CTLTYPE_INT:
	case CTLTYPE_UINT:
		return (sizeof(int));
	case CTLTYPE_LONG:
	case CTLTYPE_ULONG:
		return (sizeof(long));
	case CTLTYPE_S64:
	case CTLTYPE_U64:
		return (8);
	case CTLTYPE_S32:
	case CTLTYPE_U32:
		return (4);
	case CTLTYPE_S16:
	case CTLTYPE_U16:
		return (2);
	case CTLTYPE_S8:
	case CTLTYPE_U8:
		return (1);
	default:
		return (0);
	}
}

union number {
	int64_t s64;
	uint64_t u64;
	int32_t s32;
	uint32_t u32;
	int16_t s16;
	uint16_t u16;
	int8_t s8;
	uint8_t u8;
};

/* Text into a number of the variable's width. 0, or EINVAL, ERANGE. */
static int
number_of(const char *text, unsigned kind, union number *n)
{
	size_t bits = 8 * width(kind);
	unsigned base = 10;
	uint64_t v = 0, limit;
	bool minus = *text == '-';
	unsigned d;

	text += minus;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	if (*text == '\0')
		return (EINVAL);
	for (; *text != '\0'; text++) {
		d = *text >= '0' && *text <= '9' ? (unsigned)(*text - '0') : *text >= 'a' && *text <= 'f' ? (unsigned)(*text - 'a' + 10) :
		    *text >= 'A' && *text <= 'F'                                                          ? (unsigned)(*text - 'A' + 10) :
														    99;
		if (d >= base)
			return (EINVAL);
		if (__builtin_mul_overflow(v, (uint64_t)base, &v) || __builtin_add_overflow(v, (uint64_t)d, &v))
			return (ERANGE);
	}
	if (is_signed(kind))
		limit = ((uint64_t)1 << (bits - 1)) - !minus;
	else
		limit = minus ? 0 : bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
	if (v > limit)
		return (ERANGE);
	if (minus)
		v = 0 - v;
	n->u64 = 0;
	switch (bits) {
	case 64:
		n->u64 = v;
		break;
	case 32:
		n->u32 = (uint32_t)v;
		break;
	case 16:
		n->u16 = (uint16_t)v;
		break;
	default:
		n->u8 = (uint8_t)v;
		break;
	}
	return (0);
}

/* ---- the tree ---- */

static int call(struct sysctl_oid *oid, struct sysctl_req *req);

/* CTLFLAG_TUN: the first value from the environment. */
static void
fetch(struct sysctl_oid *oid)
{
	char name[256];
	const char *text;
	union number n;
	struct sysctl_req req = { 0 };

	if (!full_name(oid, name, sizeof(name)) || (text = getenv(name)) == NULL)
		return;
	if (width(oid->oid_kind) != 0 && number_of(text, oid->oid_kind, &n) == 0) {
		req.newptr = &n;
		req.newlen = width(oid->oid_kind);
	} else if ((oid->oid_kind & CTLTYPE) == CTLTYPE_STRING) {
		req.newptr = text;
		req.newlen = ngu__strlen(text);
	}
	if (req.newptr == NULL || call(oid, &req) != 0)
		ngu__port_log_stderr("libng: a variable of the environment that sets a sysctl is no value for it");
}

void
ngu_k_sysctl_register(struct sysctl_oid *oid)
{
	struct sysctl_oid *o, *last = NULL;

	if ((oid->oid_kind & CTLFLAG_TUN) != 0 && (oid->oid_kind & CTLFLAG_NOFETCH) == 0 && (oid->oid_kind & CTLTYPE) != CTLTYPE_NODE)
		fetch(oid);
	ngu__spin_lock(&lock);
	SLIST_FOREACH(o, &oid->oid_parent_oid->oid_children, oid_link)
		last = o;
	if (last == NULL)
		SLIST_INSERT_HEAD(&oid->oid_parent_oid->oid_children, oid, oid_link);
	else
		SLIST_INSERT_AFTER(last, oid, oid_link);
	oid->oid_known = 1;
	ngu__spin_unlock(&lock);
}

void
ngu_k_sysctl_unregister(struct sysctl_oid *oid)
{
	struct sysctl_oid *o;
	unsigned round = 0;

	ngu__spin_lock(&lock);
	SLIST_FOREACH(o, &oid->oid_parent_oid->oid_children, oid_link)
		if (o == oid) {
			SLIST_REMOVE(&oid->oid_parent_oid->oid_children, oid, sysctl_oid, oid_link);
			break;
		}
	oid->oid_known = 0;
	ngu__spin_unlock(&lock);
	while (NGU_LD_ACQ(BUSY(oid)) != 0)
		ngu__port_backoff(&round);
}

/* By name, counted busy. */
static struct sysctl_oid *
find(const char *name)
{
	struct sysctl_oid *oid = &ngu_k_sysctl_, *o;
	const char *end;
	size_t n;

	ngu__spin_lock(&lock);
	for (;; name = end + 1) {
		for (end = name; *end != '\0' && *end != '.'; end++)
			;
		n = (size_t)(end - name);
		SLIST_FOREACH(o, &oid->oid_children, oid_link)
			if (ngu__strlen(o->oid_name) == n && ngu__memcmp(o->oid_name, name, n) == 0)
				break;
		if ((oid = o) == NULL || *end == '\0')
			break;
	}
	if (oid != NULL)
		(void)NGU_FADD_AR(BUSY(oid), 1u);
	ngu__spin_unlock(&lock);
	return (oid);
}

static void
done(struct sysctl_oid *oid)
{
	(void)NGU_FSUB_AR(BUSY(oid), 1u);
}

static int
call(struct sysctl_oid *oid, struct sysctl_req *req)
{
	return (oid->oid_handler(oid, oid->oid_arg1, oid->oid_arg2, req));
}

/* ---- handlers ---- */

int
ngu_k_sysctl_out(struct sysctl_req *req, const void *p, size_t n)
{
	size_t room;

	if (req->oldptr != NULL) {
		room = req->oldlen > req->oldidx ? req->oldlen - req->oldidx : 0;
		ngu__memcpy((char *)req->oldptr + (req->oldlen < req->oldidx ? req->oldlen : req->oldidx), p, room < n ? room : n);
		if (room < n) {
			req->oldidx += n;
			return (ENOMEM);
		}
	}
	req->oldidx += n;
	return (0);
}

int
ngu_k_sysctl_in(struct sysctl_req *req, void *p, size_t n)
{
	if (req->newptr == NULL)
		return (0);
	if (req->newlen - req->newidx < n)
		return (EINVAL);
	ngu__memcpy(p, (const char *)req->newptr + req->newidx, n);
	req->newidx += n;
	return (0);
}

/* A whole new value of exactly n bytes. */
static int
take(struct sysctl_req *req, void *p, size_t n)
{
	return (req->newlen != n ? EINVAL : ngu_k_sysctl_in(req, p, n));
}

#define HANDLER(name, type) \
	int name(SYSCTL_HANDLER_ARGS) \
	{ \
		_Atomic type *var = arg1; \
		type v = var != NULL ? NGU_LD_RLX(var) : (type)arg2; \
		int error = ngu_k_sysctl_out(req, &v, sizeof(v)); \
		if (error != 0 || req->newptr == NULL) \
			return (error); \
		if (var == NULL) \
			return (EPERM); \
		if ((error = take(req, &v, sizeof(v))) == 0) \
			NGU_ST_RLX(var, v); \
		return (error); \
	} \
	_Static_assert(sizeof(_Atomic type) == sizeof(type), "atomics add nothing")
HANDLER(ngu_k_sysctl_handle_int, int);
HANDLER(ngu_k_sysctl_handle_long, long);
HANDLER(ngu_k_sysctl_handle_64, int64_t);
HANDLER(ngu_k_sysctl_handle_32, int32_t);
HANDLER(ngu_k_sysctl_handle_16, int16_t);
HANDLER(ngu_k_sysctl_handle_8, int8_t);

int
ngu_k_sysctl_handle_bool(SYSCTL_HANDLER_ARGS)
{
	_Atomic bool *var = arg1;
	uint8_t v = var != NULL ? NGU_LD_RLX(var) : arg2 != 0;
	int error;

	if ((error = ngu_k_sysctl_out(req, &v, sizeof(v))) != 0 || req->newptr == NULL)
		return (error);
	if (var == NULL)
		return (EPERM);
	if ((error = take(req, &v, sizeof(v))) == 0)
		NGU_ST_RLX(var, v != 0);
	return (error);
}

/* Its size is arg2, NUL included; a longer one is refused. */
int
ngu_k_sysctl_handle_string(SYSCTL_HANDLER_ARGS)
{
	const char *s = arg1;
	char *var = arg1;
	size_t n;
	int error;

	if ((error = ngu_k_sysctl_out(req, s, ngu__strlen(s) + 1)) != 0 || req->newptr == NULL)
		return (error);
	n = req->newlen;
	if (n != 0 && ((const char *)req->newptr)[n - 1] == '\0')
		n--;
	if (arg2 == 0)
		return (EPERM);
	if (n >= (size_t)arg2)
		return (EINVAL);
	if ((error = ngu_k_sysctl_in(req, var, n)) == 0)
		var[n] = '\0';
	return (error);
}

int
ngu_k_sysctl_handle_opaque(SYSCTL_HANDLER_ARGS)
{
	int error;

	if ((error = ngu_k_sysctl_out(req, arg1, (size_t)arg2)) != 0 || req->newptr == NULL)
		return (error);
	return (take(req, arg1, (size_t)arg2));
}

int
ngu_k_sysctl_handle_counter(SYSCTL_HANDLER_ARGS)
{
	counter_u64_t c = *(counter_u64_t *)arg1;
	uint64_t v = ngu_k_counter_fetch(c);
	int error;

	if ((error = ngu_k_sysctl_out(req, &v, sizeof(v))) != 0 || req->newptr == NULL)
		return (error);
	if ((error = take(req, &v, sizeof(v))) == 0)
		ngu_k_counter_zero(c);
	return (error);
}

/* ---- by name ---- */

int
ngu_k_sysctlbyname(const char *name, void *old, size_t *oldlen, const void *val, size_t newlen)
{
	struct sysctl_req req = { .oldptr = old, .oldlen = old != NULL && oldlen != NULL ? *oldlen : 0, .newptr = val,
		.newlen = val != NULL ? newlen : 0 };
	struct sysctl_oid *oid = find(name);
	int error;

	if (oid == NULL)
		return (ENOENT);
	if ((oid->oid_kind & CTLTYPE) == CTLTYPE_NODE)
		error = EISDIR;
	else if ((old != NULL && (oid->oid_kind & CTLFLAG_RD) == 0) || (val != NULL && (oid->oid_kind & CTLFLAG_WR) == 0))
		error = EPERM;
	else
		error = call(oid, &req);
	done(oid);
	if (oldlen != NULL)
		*oldlen = req.oldidx;
	return (error);
}

int
ngu_k_sysctl_text(const char *name, char *buf, size_t size, const char *text)
{
	struct sysctl_oid *oid = find(name);
	union number old, new;
	unsigned kind;
	size_t n;
	int error;

	if (oid == NULL)
		return (ENOENT);
	kind = oid->oid_kind;
	done(oid);
	if ((kind & CTLTYPE) == CTLTYPE_STRING) {
		n = size;
		if ((error = ngu_k_sysctlbyname(name, buf, buf != NULL ? &n : NULL, text, text != NULL ? ngu__strlen(text) : 0)) != 0)
			return (error);
		if (buf != NULL && n < size)
			buf[n] = '\0';
		return (0);
	}
	if ((kind & CTLTYPE) == CTLTYPE_NODE)
		return (EISDIR);
	if ((n = width(kind)) == 0)
		return (ENOTSUP);
	if (text != NULL && (error = number_of(text, kind, &new)) != 0)
		return (error);
	if ((error = ngu_k_sysctlbyname(name, buf != NULL ? &old : NULL, buf != NULL ? &n : NULL, text != NULL ? &new : NULL, width(kind))) != 0)
		return (error);
	if (buf == NULL)
		return (0);
	if (n != width(kind))
		return (ENOTSUP);
	switch (n) {
	case 1:
		old.u64 = is_signed(kind) ? (uint64_t)old.s8 : old.u8;
		break;
	case 2:
		old.u64 = is_signed(kind) ? (uint64_t)old.s16 : old.u16;
		break;
	case 4:
		old.u64 = is_signed(kind) ? (uint64_t)old.s32 : old.u32;
		break;
	default:
		break;
	}
	if (is_signed(kind))
		n = (size_t)ngu__port_snprintf(buf, size, "%lld", (long long)old.s64);
	else
		n = (size_t)ngu__port_snprintf(buf, size, "%llu", (unsigned long long)old.u64);
	return (n < size ? 0 : ENOMEM);
}

static void
walk(struct sysctl_oid *node, void (*fn)(void *, const char *, const char *, u_int), void *arg)
{
	struct sysctl_oid *o;
	char name[256];

	SLIST_FOREACH(o, &node->oid_children, oid_link)
		if ((o->oid_kind & CTLTYPE) == CTLTYPE_NODE)
			walk(o, fn, arg);
		else if (full_name(o, name, sizeof(name)))
			fn(arg, name, o->oid_descr, o->oid_kind);
}

void
ngu_k_sysctl_walk(void (*fn)(void *arg, const char *name, const char *descr, u_int kind), void *arg)
{
	ngu__spin_lock(&lock);
	walk(&ngu_k_sysctl_, fn, arg);
	ngu__spin_unlock(&lock);
}

/* ---- the environment ---- */

int
ngu_k_tunable(const char *path, int64_t *v)
{
	const char *text = getenv(path);
	union number n;

	if (text == NULL || number_of(text, CTLTYPE_S64, &n) != 0)
		return (0);
	*v = n.s64;
	return (1);
}

int
ngu_k_tunable_str(const char *path, char *buf, size_t size)
{
	const char *text = getenv(path);

	if (text == NULL)
		return (0);
	(void)ngu_k_strlcpy(buf, text, size);
	return (1);
}
