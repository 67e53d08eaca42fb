/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_headers.c - what node types' sources expect of their own headers: names, numbers and layouts, written down a second time, and
 * the macros that only such a source expands.
 */
#include "support/unit.h"

#include <sys/mbuf.h>
#include <netgraph/ng_bridge.h>
#include <netgraph/ng_car.h>
#include <netgraph/ng_checksum.h>
#include <netgraph/ng_hole.h>
#include <netgraph/ng_parse.h>
#include <netgraph/ng_patch.h>
#include <netgraph/ng_pipe.h>
#include <netgraph/ng_tag.h>
#include <netgraph/ng_vlan.h>

#define SAME(a, b) _Static_assert(__builtin_types_compatible_p(a, b), #a)
#define IS(x, v) _Static_assert((x) == (v), #x)

SAME(link_p, struct ng_bridge_link *);
IS(MAX_FSIZE, 65536);
IS(MAX_OHSIZE, 256);
IS(NG_CAR_CBS_MIN, 8192);
IS(NG_CAR_EBS_MIN, 8192);
IS(NG_CAR_CIR_DFLT, 10240);
IS(NG_CHECKSUM_CSUM_IPV4, 0x7);
IS(NG_CHECKSUM_CSUM_IPV6, 0x600);
IS(NG_PATCH_CSUM_IPV4, 0xf);
IS(NG_PATCH_CSUM_IPV6, 0xe00);
IS(NG_TAG_HOOKIN_SIZE(0), 108);
IS(NG_TAG_HOOKIN_SIZE(7), 115);
IS(NG_TAG_HOOKOUT_SIZE(0), 40);
IS(NG_TAG_HOOKOUT_SIZE(2 + 1), 43);
IS(sizeof(struct ng_patch_vlan_header), 4);
IS(offsetof(struct ng_patch_vlan_header, tag), 0);
IS(offsetof(struct ng_patch_vlan_header, etype), 2);
IS(sizeof(struct ng_checksum_vlan_header), 4);
IS(offsetof(struct ng_checksum_vlan_header, tag), 0);
IS(offsetof(struct ng_checksum_vlan_header, etype), 2);
IS(sizeof(union ng_patch_op_val), 8);
IS(sizeof(struct ng_patch_op), 16);
IS(offsetof(struct ng_patch_op, val), 8);
SAME(typeof(((struct ng_patch_op *)NULL)->val), union ng_patch_op_val);
SAME(typeof(((union ng_patch_op_val *)NULL)->v1), uint8_t);
SAME(typeof(((union ng_patch_op_val *)NULL)->v2), uint16_t);
SAME(typeof(((union ng_patch_op_val *)NULL)->v4), uint32_t);
SAME(typeof(((union ng_patch_op_val *)NULL)->v8), uint64_t);
IS(sizeof(struct ng_patch_stats), 24);
IS(offsetof(struct ng_patch_stats, received), 0);
IS(offsetof(struct ng_patch_stats, patched), 8);
IS(offsetof(struct ng_patch_stats, dropped), 16);
IS(sizeof(struct ng_checksum_stats), 24);
IS(offsetof(struct ng_checksum_stats, received), 0);
IS(offsetof(struct ng_checksum_stats, processed), 8);
IS(offsetof(struct ng_checksum_stats, dropped), 16);

/* The arrays are the source's, under names that the macros know. */
static const struct ng_parse_type ng_vlan_table_array_type = { .supertype = &ng_parse_array_type };
static const struct ng_parse_type ng_patch_ops_array_type = { .supertype = &ng_parse_array_type };
static const struct ng_parse_struct_field vlan_table[] = NG_VLAN_TABLE_FIELDS;
static const struct ng_parse_struct_field patch_config[] = NG_PATCH_CONFIG_TYPE;
static const struct ng_parse_struct_field patch_stats[] = NG_PATCH_STATS_TYPE;
static const struct ng_parse_struct_field checksum_stats[] = NG_CHECKSUM_STATS_TYPE;
static const struct ng_parse_struct_field hole_stats[] = NG_HOLE_HOOKSTAT_TYPE_INFO;

static void
fields_are(const struct ng_parse_struct_field *f, const char *names)
{
	char s[128] = "";

	for (; f->name != NULL; f++) {
		assert_true(strlen(s) + strlen(f->name) + 2 < sizeof(s));
		(void)strcat(strcat(s, f->name), " ");
		assert_non_null(f->type);
	}
	assert_string_equal(s, names);
}

static void
test_header_macros(void **state)
{
	(void)state;
	fields_are(vlan_table, "n filter ");
	assert_ptr_equal(vlan_table[1].type, &ng_vlan_table_array_type);
	fields_are(patch_config, "count csum_flags relative_offset ops ");
	assert_ptr_equal(patch_config[3].type, &ng_patch_ops_array_type);
	fields_are(patch_stats, "Received Patched Dropped ");
	fields_are(checksum_stats, "Received Processed Dropped ");
	fields_are(hole_stats, "frames octets ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header_macros),
	};

	return (cmocka_run_group_tests_name("headers", tests, NULL, NULL));
}
