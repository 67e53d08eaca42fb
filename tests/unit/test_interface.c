/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_interface.c - names, numbers, types and layouts that node types and tools were compiled against (sections 1 to 9 and 14),
 * written down a second time. What the compiler can check is checked when this file is compiled.
 */
#include "support/unit.h"

#define SAME(a, b) _Static_assert(__builtin_types_compatible_p(a, b), #a)
#define IS(x, v) _Static_assert((x) == (v), #x)

/* ---- types (section 1) ---- */

SAME(node_p, struct ng_node *);
SAME(hook_p, struct ng_hook *);
SAME(item_p, struct ng_item *);
SAME(node_cp, const struct ng_node *);
SAME(hook_cp, const struct ng_hook *);
SAME(item_cp, const struct ng_item *);
SAME(ng_ID_t, uint32_t);
SAME(meta_p, void *);
SAME(ng_constructor_t, int(node_p));
SAME(ng_close_t, int(node_p));
SAME(ng_shutdown_t, int(node_p));
SAME(ng_newhook_t, int(node_p, hook_p, const char *));
SAME(ng_findhook_t, hook_p(node_p, const char *));
SAME(ng_connect_t, int(hook_p));
SAME(ng_rcvmsg_t, int(node_p, item_p, hook_p));
SAME(ng_rcvdata_t, int(hook_p, item_p));
SAME(ng_disconnect_t, int(hook_p));
SAME(ng_rcvitem, int(node_p, hook_p, item_p));
SAME(ng_item_fn, void(node_p, hook_p, void *, int));
SAME(ng_item_fn2, int(node_p, struct ng_item *, hook_p));
SAME(ng_apply_t, void(void *, int));
SAME(ng_fn_eachhook, int(hook_p, void *));

#ifndef ng_ID_t
#error "ng_ID_t is a macro"
#endif
#ifndef NG_SEPARATE_MALLOC
#error "25 sources ask for NG_SEPARATE_MALLOC"
#endif
#if !defined(LIST_FOREACH) || !defined(STAILQ_HEAD) || !defined(MALLOC_DECLARE) || !defined(DECLARE_MODULE) || !defined(mtx_lock)
#error "netgraph.h brings queue.h, malloc.h, module.h, mutex.h"
#endif

/* ---- numbers (section 2) ---- */

IS(NG_TYPESIZ, 32);
IS(NG_HOOKSIZ, 32);
IS(NG_NODESIZ, 32);
IS(NG_PATHSIZ, 512);
IS(NG_CMDSTRSIZ, 32);
IS(NG_TEXTRESPONSE, 1024);
IS(NG_VERSION, 8);
IS(_NG_ABI_VERSION, 12);
IS(NG_ABI_VERSION, 12);
IS(NGF_INVALID, 0x00000001);
IS(NGF_FORCE_WRITER, 0x00000004);
IS(NGF_CLOSING, 0x00000008);
IS(NGF_REALLY_DIE, 0x00000010);
IS(NGF_HI_STACK, 0x00000020);
IS(NGF_TYPE1, 0x10000000);
IS(NGF_TYPE2, 0x20000000);
IS(NGF_TYPE3, 0x40000000);
IS(NGF_TYPE4, 0x80000000);
IS(NG_INVALID, NGF_INVALID);
IS(NG_FORCE_WRITER, NGF_FORCE_WRITER);
IS(NG_CLOSING, NGF_CLOSING);
IS(NG_REALLY_DIE, NGF_REALLY_DIE);
IS(HK_INVALID, 0x0001);
IS(HK_QUEUE, 0x0002);
IS(HK_FORCE_WRITER, 0x0004);
IS(HK_DEAD, 0x0008);
IS(HK_HI_STACK, 0x0010);
IS(HK_TO_INBOUND, 0x0020);
IS(NGQF_TYPE, 0x03);
IS(NGQF_MESG, 0x00);
IS(NGQF_DATA, 0x01);
IS(NGQF_FN, 0x02);
IS(NGQF_FN2, 0x03);
IS(NGQF_RW, 0x04);
IS(NGQF_READER, 0x04);
IS(NGQF_WRITER, 0x00);
IS(NGQF_QMODE, 0x08);
IS(NGQF_QREADER, 0x08);
IS(NGQF_QWRITER, 0x00);
IS(NG_NOFLAGS, 0);
IS(NG_QUEUE, 1);
IS(NG_WAITOK, 2);
IS(NG_PROGRESS, 4);
IS(NG_REUSE_ITEM, 8);
IS(NGF_ORIG, 0);
IS(NGF_RESP, 1);
IS(NGM_READONLY, 0x10000000);
IS(NGM_HASREPLY, 0x20000000);
IS(NG_TAG_PRIO, 1);
IS(NG_PRIO_CUTOFF, 32);
IS(NG_PRIO_LINKSTATE, 64);
IS(HK_MAGIC, 0x78573011);
IS(ND_MAGIC, 0x59264837);
IS(offsetof(struct ng_tag_prio, tag), 0);
IS(offsetof(struct ng_tag_prio, priority), sizeof(struct m_tag));
IS(offsetof(struct ng_tag_prio, discardability), sizeof(struct m_tag) + 1);

/* Whatever _IOR and _IOW are, these are made of them. */
#undef _IOR
#undef _IOW
#define _IOR(group, number, type) ((group) << 16 | (number) << 8 | sizeof(type))
#define _IOW(group, number, type) (0x1000000 | (group) << 16 | (number) << 8 | sizeof(type))
IS(NGIOCGINFO, ('N' << 16 | 40 << 8 | sizeof(struct nodeinfo)));
IS(NGIOCSETNAME, (0x1000000 | 'N' << 16 | 41 << 8 | sizeof(struct ngm_name)));

/* ---- structures (sections 3 and 4) ---- */

#define AFTER(type, a, b) _Static_assert(offsetof(type, a) < offsetof(type, b), #a " before " #b)
AFTER(struct ng_type, version, name);
AFTER(struct ng_type, name, mod_event);
AFTER(struct ng_type, mod_event, constructor);
AFTER(struct ng_type, constructor, rcvmsg);
AFTER(struct ng_type, rcvmsg, close);
AFTER(struct ng_type, close, shutdown);
AFTER(struct ng_type, shutdown, newhook);
AFTER(struct ng_type, newhook, findhook);
AFTER(struct ng_type, findhook, connect);
AFTER(struct ng_type, connect, rcvdata);
AFTER(struct ng_type, rcvdata, disconnect);
AFTER(struct ng_type, disconnect, cmdlist);
AFTER(struct ng_type, cmdlist, types);
AFTER(struct ng_type, types, refs);
AFTER(struct ng_cmdlist, cookie, cmd);
AFTER(struct ng_cmdlist, cmd, name);
AFTER(struct ng_cmdlist, name, mesgType);
AFTER(struct ng_cmdlist, mesgType, respType);
AFTER(struct ng_apply_info, apply, context);
AFTER(struct ng_apply_info, context, refs);
AFTER(struct ng_apply_info, refs, error);

#define MEMBER(type, member, is) SAME(__typeof__(((type *)0)->member), is)
MEMBER(struct ng_hook, hk_name, char[NG_HOOKSIZ]);
MEMBER(struct ng_hook, hk_private, void *);
MEMBER(struct ng_hook, hk_flags, _Atomic int);
MEMBER(struct ng_hook, hk_refs, _Atomic int);
MEMBER(struct ng_hook, hk_peer, _Atomic(struct ng_hook *));
MEMBER(struct ng_hook, hk_node, _Atomic(struct ng_node *));
MEMBER(struct ng_hook, hk_hooks.le_next, struct ng_hook *);
MEMBER(struct ng_hook, hk_hooks.le_prev, struct ng_hook **);
MEMBER(struct ng_hook, hk_rcvmsg, _Atomic(ng_rcvmsg_t *));
MEMBER(struct ng_hook, hk_rcvdata, _Atomic(ng_rcvdata_t *));
MEMBER(struct ng_node, nd_type, struct ng_type *);
MEMBER(struct ng_node, nd_flags, _Atomic int);
MEMBER(struct ng_node, nd_numhooks, _Atomic int);
MEMBER(struct ng_node, nd_private, void *);
MEMBER(struct ng_node, nd_ID, ng_ID_t);
MEMBER(struct ng_node, nd_hooks.lh_first, struct ng_hook *);
MEMBER(struct ng_node, nd_refs, _Atomic int);
MEMBER(struct ng_item, el_flags, unsigned long);
MEMBER(struct ng_item, el_next.stqe_next, struct ng_item *);
MEMBER(struct ng_item, el_dest, node_p);
MEMBER(struct ng_item, el_hook, hook_p);
MEMBER(struct ng_item, body.da_m, struct mbuf *);
MEMBER(struct ng_item, body.msg.msg_msg, struct ng_mesg *);
MEMBER(struct ng_item, body.msg.msg_retaddr, ng_ID_t);
MEMBER(struct ng_item, body.fn.fn_fn.fn_fn, ng_item_fn *);
MEMBER(struct ng_item, body.fn.fn_fn.fn_fn2, ng_item_fn2 *);
MEMBER(struct ng_item, body.fn.fn_arg1, void *);
MEMBER(struct ng_item, body.fn.fn_arg2, int);
MEMBER(struct ng_item, apply, struct ng_apply_info *);
MEMBER(struct ng_item, depth, u_int);

/* ---- functions (section 9) ---- */

#define FN(name, ...) SAME(__typeof__(name), __VA_ARGS__)
FN(ng_newtype, int(struct ng_type *));
FN(ng_rmtype, int(struct ng_type *));
FN(ng_findtype, struct ng_type *(const char *));
FN(ng_mod_event, int(module_t, int, void *));
FN(ng_make_node_common, int(struct ng_type *, node_p *));
FN(ng_make_node, int(const char *, node_p *));
FN(ng_name_node, int(node_p, const char *));
FN(ng_unname, void(node_p));
FN(ng_name2noderef, node_p(node_p, const char *));
FN(ng_node2ID, ng_ID_t(node_cp));
FN(ng_rmnode_self, int(node_p));
FN(ng_unref_node, void(node_p));
FN(ng_unref_hook, void(hook_p));
FN(ng_findhook, hook_p(node_p, const char *));
FN(ng_rmhook_self, int(hook_p));
FN(ng_bypass, int(hook_p, hook_p));
FN(ng_package_data, item_p(struct mbuf *, int));
FN(ng_package_msg, item_p(struct ng_mesg *, int));
FN(ng_package_msg_self, item_p(node_p, hook_p, struct ng_mesg *));
FN(ng_free_item, void(item_p));
FN(ng_snd_item, int(item_p, int));
FN(ng_address_hook, int(node_p, item_p, hook_p, ng_ID_t));
FN(ng_address_path, int(node_p, item_p, const char *, ng_ID_t));
FN(ng_address_ID, int(node_p, item_p, ng_ID_t, ng_ID_t));
FN(ng_replace_retaddr, void(node_p, item_p, ng_ID_t));
FN(ng_send_fn, int(node_p, hook_p, ng_item_fn *, void *, int));
FN(ng_send_fn1, int(node_p, hook_p, ng_item_fn *, void *, int, int));
FN(ng_send_fn2, int(node_p, hook_p, item_p, ng_item_fn2 *, void *, int, int));
FN(ng_callout_init, void(struct callout *));
FN(ng_callout, int(struct callout *, node_p, hook_p, int, ng_item_fn *, void *, int));
FN(ng_uncallout, int(struct callout *, node_p));
FN(ng_uncallout_drain, int(struct callout *, node_p));
FN(ng_path_parse, int(char *, char **, char **, char **));
FN(ng_path2noderef, int(node_p, const char *, node_p *, hook_p *));
FN(ng_rmnode, void(node_p));
FN(ng_destroy_hook, void(hook_p));

/* ---- messages (section 14) ---- */

IS(sizeof(struct ng_mesg), 56);
IS(offsetof(struct ng_mesg, header.version), 0);
IS(offsetof(struct ng_mesg, header.spare), 1);
IS(offsetof(struct ng_mesg, header.spare2), 2);
IS(offsetof(struct ng_mesg, header.arglen), 4);
IS(offsetof(struct ng_mesg, header.cmd), 8);
IS(offsetof(struct ng_mesg, header.flags), 12);
IS(offsetof(struct ng_mesg, header.token), 16);
IS(offsetof(struct ng_mesg, header.typecookie), 20);
IS(offsetof(struct ng_mesg, header.cmdstr), 24);
IS(offsetof(struct ng_mesg, data), 56);
IS(NGM_GENERIC_COOKIE, 1137070366);
IS(NGM_SHUTDOWN, 1);
IS(NGM_MKPEER, 2);
IS(NGM_CONNECT, 3);
IS(NGM_NAME, 4);
IS(NGM_RMHOOK, 5);
IS(NGM_NODEINFO, 0x30000006);
IS(NGM_LISTHOOKS, 0x30000007);
IS(NGM_LISTNAMES, 0x30000008);
IS(NGM_LISTNODES, 0x30000009);
IS(NGM_LISTTYPES, 0x3000000a);
IS(NGM_TEXT_STATUS, 0x3000000b);
IS(NGM_BINARY2ASCII, 0x3000000c);
IS(NGM_ASCII2BINARY, 0x3000000d);
IS(NGM_TEXT_CONFIG, 14);
IS(NGM_FLOW_COOKIE, 851672669);
IS(NGM_LINK_IS_UP, 32);
IS(NGM_LINK_IS_DOWN, 33);
IS(NGM_HIGH_WATER_PASSED, 34);
IS(NGM_LOW_WATER_PASSED, 35);
IS(NGM_SYNC_QUEUE_STATE, 36);
IS(NGM_DROP_LINK, 41);
IS(NGM_RAISE_LINK, 42);
IS(NGM_FLUSH_QUEUE, 43);
IS(NGM_GET_BANDWIDTH, 44 | NGM_READONLY);
IS(NGM_SET_XMIT_Q_LIMITS, 45);
IS(NGM_GET_XMIT_Q_LIMITS, 46 | NGM_READONLY);
IS(NGM_MICROMANAGE, 47);
IS(NGM_SET_FLOW_MANAGER, 48);
IS(sizeof(struct ngm_mkpeer), 96);
IS(offsetof(struct ngm_mkpeer, ourhook), 32);
IS(offsetof(struct ngm_mkpeer, peerhook), 64);
IS(sizeof(struct ngm_connect), 576);
IS(offsetof(struct ngm_connect, ourhook), 512);
IS(offsetof(struct ngm_connect, peerhook), 544);
IS(sizeof(struct ngm_name), 32);
IS(sizeof(struct ngm_rmhook), 32);
IS(sizeof(struct nodeinfo), 72);
IS(offsetof(struct nodeinfo, type), 32);
IS(offsetof(struct nodeinfo, id), 64);
IS(offsetof(struct nodeinfo, hooks), 68);
IS(sizeof(struct linkinfo), 136);
IS(offsetof(struct linkinfo, nodeinfo), 64);
IS(offsetof(struct hooklist, link), 72);
IS(offsetof(struct namelist, nodeinfo), 4);
IS(sizeof(struct typeinfo), 36);
IS(offsetof(struct typelist, typeinfo), 4);
IS(sizeof(struct ngm_bandwidth), 32);
IS(offsetof(struct ngm_bandwidth, seen_in), 8);
IS(offsetof(struct ngm_bandwidth, nominal_out), 16);
IS(offsetof(struct ngm_bandwidth, seen_out), 24);
IS(sizeof(struct ngm_queue_state), 24);
IS(offsetof(struct ngm_queue_state, max_queuelen_bytes), 4);
IS(offsetof(struct ngm_queue_state, max_queuelen_packets), 8);
IS(offsetof(struct ngm_queue_state, low_watermark), 12);
IS(offsetof(struct ngm_queue_state, high_watermark), 16);
IS(offsetof(struct ngm_queue_state, current), 20);
IS(sizeof(struct flow_manager), 4);

/* ---- the tables for ng_parse, by the names of their fields ---- */

/* Types of our own, so that the parser need not be there, and one that nobody has can be looked at. */
static const char my_uint8, my_uint16, my_uint32, my_uint64, my_uint, my_hint32,
    my_cmdbuf, my_typebuf, my_hookbuf, my_pathbuf, my_nodebuf;
#define ng_parse_uint8_type my_uint8
#define ng_parse_uint16_type my_uint16
#define ng_parse_uint32_type my_uint32
#define ng_parse_uint64_type my_uint64
#define ng_parse_uint_type my_uint
#define ng_parse_hint32_type my_hint32
#define ng_parse_cmdbuf_type my_cmdbuf
#define ng_parse_typebuf_type my_typebuf
#define ng_parse_hookbuf_type my_hookbuf
#define ng_parse_pathbuf_type my_pathbuf
#define ng_parse_nodebuf_type my_nodebuf

typedef struct {
	const char *name;
	const void *type;
	int alignment;
} field;

static void
names(const field *f, const char *want)
{
	char got[256] = "";

	for (; f->name != NULL; f++)
		(void)snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", got[0] ? " " : "", f->name);
	assert_string_equal(got, want);
}

static void
test_parse_tables(void **state)
{
	static const field mesg[] = NG_GENERIC_NG_MESG_INFO(NULL), mkpeer[] = NG_GENERIC_MKPEER_INFO(),
			   con[] = NG_GENERIC_CONNECT_INFO(), name[] = NG_GENERIC_NAME_INFO(), rmhook[] = NG_GENERIC_RMHOOK_INFO(),
			   node[] = NG_GENERIC_NODEINFO_INFO(), link[] = NG_GENERIC_LINKINFO_INFO(NULL),
			   hooks[] = NG_GENERIC_HOOKLIST_INFO(NULL, NULL), list[] = NG_GENERIC_LISTNODES_INFO(NULL),
			   type[] = NG_GENERIC_TYPEINFO_INFO(), types[] = NG_GENERIC_TYPELIST_INFO(NULL),
			   bandwidth[] = NG_GENERIC_BANDWIDTH_INFO(), manager[] = NG_GENERIC_FLOW_MANAGER_INFO();

	(void)state;
	names(mesg, "version spare spare2 arglen cmd flags token typecookie cmdstr data");
	names(mkpeer, "type ourhook peerhook");
	names(con, "path ourhook peerhook");
	names(name, "name");
	names(rmhook, "hook");
	names(node, "name type id hooks");
	names(link, "ourhook peerhook nodeinfo");
	names(hooks, "nodeinfo linkinfo");
	names(list, "numnames nodeinfo");
	names(type, "typename numnodes");
	names(types, "numtypes typeinfo");
	names(bandwidth, "nominal_in seen_in nominal_out seen_out");
	names(manager, "id");
	assert_ptr_equal(node[2].type, &ng_parse_hint32_type);
	assert_ptr_equal(manager[0].type, &ng_parse_hint32_type);
}

/* It refers to a type that nobody has. */
static void
test_queue_table(void **state)
{
	static const field queue[] = NG_GENERIC_QUEUE_INFO();

	(void)state;
	names(queue, "max_queuelen_bytes max_queuelen_packets high_watermark low_watermark current");
}

/* A node type written with positional initialisers. */
static int
nothing(node_p node)
{
	(void)node;
	return (0);
}

static int
no_message(node_p node, item_p item, hook_p lasthook)
{
	(void)node;
	(void)lasthook;
	NG_FREE_ITEM(item);
	return (0);
}

static struct ng_type positional = { NG_ABI_VERSION, "positional", NULL, nothing, no_message, NULL, NULL, NULL, NULL, NULL, NULL,
	NULL, NULL, { NULL, NULL }, 0 };

static void
test_positional(void **state)
{
	struct ngt *t;

	(void)state;
	assert_int_equal(ng_newtype(&positional), 0);
	t = ngt_graph("positional n");
	ngt_msg(t, "n:", 1, 1, NULL, 0);
	ngt_end(t);
	assert_int_equal(ng_rmtype(&positional), 0);
}

/* Flags of the type's own are read and written in place. */
static void
test_type_flags(void **state)
{
	struct ngt *t = traced(0, 0, "a A");
	struct ng_node *a = node_of(t, "A");
	int before = a->nd_flags;

	(void)state;
	a->nd_flags |= NGF_TYPE1 | (int)NGF_TYPE4;
	assert_int_equal(a->nd_flags, before | NGF_TYPE1 | (int)NGF_TYPE4);
	a->nd_flags &= ~NGF_TYPE1;
	assert_int_equal(a->nd_flags, before | (int)NGF_TYPE4);
	assert_true(NG_NODE_IS_VALID(a));
	ng_unname(a);
	assert_string_equal(NG_NODE_NAME(a), "A");
	assert_int_equal(ng_node2ID(NULL), 0);
	assert_int_equal(ng_node2ID(a), NG_NODE_ID(a));
	NG_NODE_UNREF(a);
	ngt_end(t);
}

/* The setters and getters of hooks and nodes that no other test asks. */
static void
test_accessors(void **state)
{
	struct ngt *t = traced(0, 0, "a A; b B; A.x - B.y");
	struct ng_node *a = node_of(t, "A");
	struct ng_hook *x = ng_findhook(a, "x");
	int mine;

	(void)state;
	assert_int_equal(ngu_graph_strict(G, 0), 0); /* from outside, where no method may */
	NG_NODE_SET_PRIVATE(a, &mine);
	assert_ptr_equal(NG_NODE_PRIVATE(a), &mine);
	NG_HOOK_SET_PRIVATE(x, &mine);
	assert_ptr_equal(NG_HOOK_PRIVATE(x), &mine);
	NG_HOOK_FORCE_QUEUE(x);
	NG_HOOK_HI_STACK(x);
	NG_HOOK_SET_TO_INBOUND(x);
	assert_int_equal(x->hk_flags, HK_QUEUE | HK_HI_STACK | HK_TO_INBOUND);
	NG_HOOK_FORCE_WRITER(x);
	assert_int_equal(x->hk_flags, HK_QUEUE | HK_HI_STACK | HK_TO_INBOUND | HK_FORCE_WRITER);
	assert_true(NG_NODE_HAS_NAME(a));
	assert_string_equal(NG_PEER_HOOK_NAME(x), "y");
	assert_string_equal(NG_PEER_NODE_NAME(x), "B");
	assert_ptr_equal(NG_PEER_NODE(x), NG_HOOK_NODE(NG_HOOK_PEER(x)));
	assert_int_equal(NG_NODE_NUMHOOKS(a), 1);
	NG_NODE_UNREF(a);
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_parse_tables),
		ngt_test(test_queue_table),
		ngt_test(test_positional),
		ngt_test(test_type_flags),
		ngt_test(test_accessors),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
