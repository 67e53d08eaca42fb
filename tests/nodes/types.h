/* SPDX-License-Identifier: BSD-2-Clause */
/* types.h - the shipped node types with a graph around each, more hooks they take, and every command with good arguments. */
#ifndef TESTS_NODES_TYPES_H
#define TESTS_NODES_TYPES_H

#include <netgraph/ng_UI.h>
#include <netgraph/ng_bpf.h>
#include <netgraph/ng_bridge.h>
#include <netgraph/ng_car.h>
#include <netgraph/ng_checksum.h>
#include <netgraph/ng_echo.h>
#include <netgraph/ng_etf.h>
#include <netgraph/ng_ether_echo.h>
#include <netgraph/ng_fault.h>
#include <netgraph/ng_hole.h>
#include <netgraph/ng_hub.h>
#include <netgraph/ng_macfilter.h>
#include <netgraph/ng_one2many.h>
#include <netgraph/ng_patch.h>
#include <netgraph/ng_pcap.h>
#include <netgraph/ng_pipe.h>
#include <netgraph/ng_sample.h>
#include <netgraph/ng_source.h>
#include <netgraph/ng_split.h>
#include <netgraph/ng_tag.h>
#include <netgraph/ng_tcpmss.h>
#include <netgraph/ng_tee.h>
#include <netgraph/ng_vlan.h>
#include <netgraph/ng_vlan_rotate.h>

struct ty_cmd {
	uint32_t cmd;
	const void *arg;
	size_t len;
	uint32_t reply; /* bytes at least; 0: none */
	bool longer; /* takes more than that as well */
	int error; /* what it may get beside EINVAL, ENOENT and ENOTCONN */
	bool once; /* cannot be said twice */
	const struct ty_cmd *first; /* what has to be said before */
};

struct ty {
	const char *name;
	uint32_t cookie;
	const char *text; /* the node is X; p0, p1, ... are probes connected to it */
	const char *hooks[4]; /* more that it takes beside those in the graph */
	const struct ty_cmd *cmd; /* the last is UINT32_MAX */
	uint32_t failures; /* command that tells, of a link, how many times memory was short; 0: none */
	unsigned sends[4]; /* probes to send from, numbered from 1 */
};

static const int32_t ty_link = 1;
static const char ty_hook[NG_HOOKSIZ] = "h0";
static const char ty_left[NG_HOOKSIZ] = "left";

static const struct ng_bridge_config ty_bridge_config = { 1, 10, 100, 1 };
static const struct ng_bridge_move_host ty_bridge_host = { { 2, 0, 0, 0, 9, 9 }, "link1" };
static const struct ty_cmd ty_bridge[] = {
	{ .cmd = NGM_BRIDGE_SET_CONFIG, .arg = &ty_bridge_config, .len = sizeof(ty_bridge_config) },
	{ .cmd = NGM_BRIDGE_GET_CONFIG, .reply = sizeof(struct ng_bridge_config) },
	{ .cmd = NGM_BRIDGE_RESET },
	{ .cmd = NGM_BRIDGE_GET_STATS, .arg = &ty_link, .len = sizeof(ty_link), .reply = sizeof(struct ng_bridge_link_stats) },
	{ .cmd = NGM_BRIDGE_CLR_STATS, .arg = &ty_link, .len = sizeof(ty_link) },
	{ .cmd = NGM_BRIDGE_GETCLR_STATS, .arg = &ty_link, .len = sizeof(ty_link), .reply = sizeof(struct ng_bridge_link_stats) },
	{ .cmd = NGM_BRIDGE_GET_TABLE, .reply = sizeof(struct ng_bridge_host_ary) },
	{ .cmd = NGM_BRIDGE_SET_PERSISTENT },
	{ .cmd = NGM_BRIDGE_MOVE_HOST, .arg = &ty_bridge_host, .len = sizeof(ty_bridge_host), .longer = true, .error = ELOOP },
	{ .cmd = UINT32_MAX },
};

static const struct ng_one2many_config ty_o2m_config = { NG_ONE2MANY_XMIT_ALL, NG_ONE2MANY_FAIL_NOTIFY, { 1, 1, 0, 1 } };
static const struct ty_cmd ty_o2m[] = {
	{ .cmd = NGM_ONE2MANY_SET_CONFIG, .arg = &ty_o2m_config, .len = sizeof(ty_o2m_config) },
	{ .cmd = NGM_ONE2MANY_GET_CONFIG, .reply = sizeof(struct ng_one2many_config) },
	{ .cmd = NGM_ONE2MANY_GET_STATS, .arg = &ty_link, .len = sizeof(ty_link), .reply = sizeof(struct ng_one2many_link_stats) },
	{ .cmd = NGM_ONE2MANY_CLR_STATS, .arg = &ty_link, .len = sizeof(ty_link) },
	{ .cmd = NGM_ONE2MANY_GETCLR_STATS, .arg = &ty_link, .len = sizeof(ty_link), .reply = sizeof(struct ng_one2many_link_stats) },
	{ .cmd = UINT32_MAX },
};

static const struct ng_fault_config ty_fault_config = {
	.seed = 7,
	.downstream = { .corrupt = NG_FAULT_ALWAYS, .duplicate = NG_FAULT_ALWAYS },
	.upstream = { .reorder = NG_FAULT_ALWAYS, .delay = NG_FAULT_ALWAYS, .delayTime = 20 },
	.logSize = 40,
};
static const struct ty_cmd ty_fault_first[] = {
	{ .cmd = NGM_FAULT_SET_CONFIG, .arg = &ty_fault_config, .len = sizeof(ty_fault_config) },
};
static const struct ty_cmd ty_fault[] = {
	{ .cmd = NGM_FAULT_SET_CONFIG, .arg = &ty_fault_config, .len = sizeof(ty_fault_config) },
	{ .cmd = NGM_FAULT_GET_CONFIG, .reply = sizeof(struct ng_fault_config) },
	{ .cmd = NGM_FAULT_GET_STATS, .reply = sizeof(struct ng_fault_stats), .first = ty_fault_first },
	{ .cmd = NGM_FAULT_CLR_STATS, .first = ty_fault_first },
	{ .cmd = NGM_FAULT_GETCLR_STATS, .reply = sizeof(struct ng_fault_stats), .first = ty_fault_first },
	{ .cmd = NGM_FAULT_GET_LOG, .reply = sizeof(struct ng_fault_log), .first = ty_fault_first },
	{ .cmd = UINT32_MAX },
};

static const struct ng_vlanrotate_conf ty_rotate_conf = { 1, 2, 4 };
static const struct ty_cmd ty_rotate_first[] = {
	{ .cmd = NGM_VLANROTATE_SET_CONF, .arg = &ty_rotate_conf, .len = 3 },
};
static const struct ty_cmd ty_rotate[] = {
	{ .cmd = NGM_VLANROTATE_GET_CONF, .reply = 3 },
	{ .cmd = NGM_VLANROTATE_SET_CONF, .arg = &ty_rotate_conf, .len = 3 },
	{ .cmd = NGM_VLANROTATE_GET_STAT, .reply = sizeof(struct ng_vlanrotate_stat), .first = ty_rotate_first },
	{ .cmd = NGM_VLANROTATE_CLR_STAT },
	{ .cmd = NGM_VLANROTATE_GETCLR_STAT, .reply = sizeof(struct ng_vlanrotate_stat), .first = ty_rotate_first },
	{ .cmd = UINT32_MAX },
};

static const uint32_t ty_word = 2;
static const uint16_t ty_vid = 5;
static const struct ng_vlan_filter ty_vlan_filter = { "h0", 0, 5, 3, 0 };
static const struct ty_cmd ty_vlan_first[] = {
	{ .cmd = NGM_VLAN_ADD_FILTER, .arg = &ty_vlan_filter, .len = sizeof(ty_vlan_filter) },
};
static const struct ty_cmd ty_vlan[] = {
	{ .cmd = NGM_VLAN_GET_TABLE, .reply = sizeof(struct ng_vlan_table) },
	{ .cmd = NGM_VLAN_DEL_FILTER, .arg = ty_hook, .len = sizeof(ty_hook), .first = ty_vlan_first },
	{ .cmd = NGM_VLAN_DEL_VID_FLT, .arg = &ty_vid, .len = sizeof(ty_vid), .first = ty_vlan_first },
	{ .cmd = NGM_VLAN_SET_DECAP, .arg = &ty_word, .len = sizeof(ty_word) },
	{ .cmd = NGM_VLAN_GET_DECAP, .reply = sizeof(ty_word) },
	{ .cmd = NGM_VLAN_SET_ENCAP, .arg = &ty_word, .len = sizeof(ty_word) },
	{ .cmd = NGM_VLAN_GET_ENCAP, .reply = sizeof(ty_word) },
	{ .cmd = NGM_VLAN_SET_ENCAP_PROTO, .arg = &ty_vid, .len = sizeof(ty_vid) },
	{ .cmd = NGM_VLAN_GET_ENCAP_PROTO, .reply = sizeof(ty_vid) },
	{ .cmd = NGM_VLAN_ADD_FILTER, .arg = &ty_vlan_filter, .len = sizeof(ty_vlan_filter), .error = EEXIST, .once = true },
	{ .cmd = UINT32_MAX },
};

static const struct ty_cmd ty_hub[] = {
	{ .cmd = NGM_HUB_SET_PERSISTENT },
	{ .cmd = UINT32_MAX },
};

static const struct ty_cmd ty_tee[] = {
	{ .cmd = NGM_TEE_GET_STATS, .reply = sizeof(struct ng_tee_stats) },
	{ .cmd = NGM_TEE_CLR_STATS },
	{ .cmd = NGM_TEE_GETCLR_STATS, .reply = sizeof(struct ng_tee_stats) },
	{ .cmd = UINT32_MAX },
};

static const struct ty_cmd ty_hole[] = {
	{ .cmd = NGM_HOLE_GET_STATS, .arg = ty_hook, .len = sizeof(ty_hook), .reply = sizeof(struct ng_hole_hookstat) },
	{ .cmd = NGM_HOLE_CLR_STATS, .arg = ty_hook, .len = sizeof(ty_hook) },
	{ .cmd = NGM_HOLE_GETCLR_STATS, .arg = ty_hook, .len = sizeof(ty_hook), .reply = sizeof(struct ng_hole_hookstat) },
	{ .cmd = UINT32_MAX },
};

static const struct ng_sample_config ty_sample_config = { 1000, 1 };
static const struct ty_cmd ty_sample[] = {
	{ .cmd = NGM_SAMPLE_SET_CONFIG, .arg = &ty_sample_config, .len = sizeof(ty_sample_config) },
	{ .cmd = NGM_SAMPLE_GET_CONFIG, .reply = sizeof(struct ng_sample_config) },
	{ .cmd = NGM_SAMPLE_GET_STATS, .arg = ty_left, .len = sizeof(ty_left), .reply = sizeof(struct ng_sample_hookstat) },
	{ .cmd = NGM_SAMPLE_CLR_STATS },
	{ .cmd = UINT32_MAX },
};

static const struct ng_pcap_openread ty_pcap_read = { 0, NGU_SRCDIR "/tests/data/traffic.pcap" };
static const struct ng_pcap_openread ty_pcap_load = { NG_PCAP_PRELOAD, NGU_SRCDIR "/tests/data/traffic.pcap" };
static const struct ng_pcap_openwrite ty_pcap_write = { 0, 1, NG_PCAP_NANO, "/dev/null" };
static const struct ng_pcap_start ty_pcap_start = { 5, 1, NG_PCAP_SPEED_FULL, 0 };
static const struct ng_pcap_start ty_pcap_timed = { 5, 1, NG_PCAP_SPEED_RECORDED, 0 };
static const struct ng_pcap_close ty_pcap_close = { NG_PCAP_CLOSE_READ | NG_PCAP_CLOSE_WRITE };
static const struct ty_cmd ty_pcap_first[] = {
	{ .cmd = NGM_PCAP_OPENREAD, .arg = &ty_pcap_read, .len = sizeof(ty_pcap_read) },
};
static const struct ty_cmd ty_pcap_second[] = {
	{ .cmd = NGM_PCAP_OPENWRITE, .arg = &ty_pcap_write, .len = sizeof(ty_pcap_write) },
};
static const struct ty_cmd ty_pcap[] = {
	{ .cmd = NGM_PCAP_OPENREAD, .arg = &ty_pcap_read, .len = sizeof(ty_pcap_read) },
	{ .cmd = NGM_PCAP_OPENREAD, .arg = &ty_pcap_load, .len = sizeof(ty_pcap_load) },
	{ .cmd = NGM_PCAP_OPENREAD, .arg = &ty_pcap_load, .len = sizeof(ty_pcap_load), .first = ty_pcap_first },
	{ .cmd = NGM_PCAP_OPENWRITE, .arg = &ty_pcap_write, .len = sizeof(ty_pcap_write) },
	{ .cmd = NGM_PCAP_START, .arg = &ty_pcap_start, .len = sizeof(ty_pcap_start), .first = ty_pcap_first },
	{ .cmd = NGM_PCAP_START, .arg = &ty_pcap_timed, .len = sizeof(ty_pcap_timed), .first = ty_pcap_first },
	{ .cmd = NGM_PCAP_STOP },
	{ .cmd = NGM_PCAP_GETSTATS, .reply = sizeof(struct ng_pcap_stats), .first = ty_pcap_second },
	{ .cmd = NGM_PCAP_CLOSE, .arg = &ty_pcap_close, .len = sizeof(ty_pcap_close), .first = ty_pcap_second },
	{ .cmd = UINT32_MAX },
};

static const struct ng_tcpmss_config ty_tcpmss_config = { "h0", "h1", 500 };
static const struct ty_cmd ty_tcpmss[] = {
	{ .cmd = NGM_TCPMSS_CONFIG, .arg = &ty_tcpmss_config, .len = sizeof(ty_tcpmss_config) },
	{ .cmd = NGM_TCPMSS_GET_STATS, .arg = ty_hook, .len = sizeof(ty_hook), .reply = sizeof(struct ng_tcpmss_hookstat) },
	{ .cmd = NGM_TCPMSS_CLR_STATS, .arg = ty_hook, .len = sizeof(ty_hook) },
	{ .cmd = NGM_TCPMSS_GETCLR_STATS, .arg = ty_hook, .len = sizeof(ty_hook), .reply = sizeof(struct ng_tcpmss_hookstat) },
	{ .cmd = UINT32_MAX },
};

static const struct ng_etffilter ty_etf_filter = { "h0", 0x8100 };
static const struct ty_cmd ty_etf_first[] = {
	{ .cmd = NGM_ETF_SET_FILTER, .arg = &ty_etf_filter, .len = sizeof(ty_etf_filter) },
};
static const struct ty_cmd ty_etf[] = {
	{ .cmd = NGM_ETF_SET_FLAG, .arg = &ty_link, .len = sizeof(ty_link) },
	{ .cmd = NGM_ETF_GET_STATUS, .reply = sizeof(struct ng_etfstat) },
	{ .cmd = NGM_ETF_SET_FILTER, .arg = &ty_etf_filter, .len = sizeof(ty_etf_filter), .error = EEXIST, .once = true },
	{ .cmd = UINT32_MAX },
};

static const struct { /* struct ng_patch_config */
	uint32_t count;
	uint64_t csum_flags;
	uint32_t relative_offset;
	struct ng_patch_op op[2];
} ty_patch_config = { 2, 1, 0, { { 30, 2, NG_PATCH_MODE_ADD, { .v8 = 300 } }, { 3, 8, NG_PATCH_MODE_SHL, { .v8 = 1 } } } };
static const uint8_t ty_ethernet = 1;
static const struct ty_cmd ty_patch_first[] = {
	{ .cmd = NGM_PATCH_SETCONFIG, .arg = &ty_patch_config, .len = sizeof(ty_patch_config) },
};
static const struct ty_cmd ty_patch[] = {
	{ .cmd = NGM_PATCH_SETCONFIG, .arg = &ty_patch_config, .len = sizeof(ty_patch_config), .longer = true },
	{ .cmd = NGM_PATCH_GETCONFIG, .reply = sizeof(struct ng_patch_config), .first = ty_patch_first },
	{ .cmd = NGM_PATCH_GET_STATS, .reply = sizeof(struct ng_patch_stats) },
	{ .cmd = NGM_PATCH_CLR_STATS },
	{ .cmd = NGM_PATCH_GETCLR_STATS, .reply = sizeof(struct ng_patch_stats) },
	{ .cmd = NGM_PATCH_SETDLT, .arg = &ty_ethernet, .len = sizeof(ty_ethernet) },
	{ .cmd = NGM_PATCH_GETDLT, .reply = 1 },
	{ .cmd = UINT32_MAX },
};

static const struct ng_tag_hookin ty_tag_in = { "h0", "h1", "h1", 1, 7, 8, 0 };
static const struct ng_tag_hookout ty_tag_out = { "h1", 7, 8, 0 };
static const struct ty_cmd ty_tag_first[] = {
	{ .cmd = NGM_TAG_SET_HOOKOUT, .arg = &ty_tag_out, .len = 40 },
};
static const struct ty_cmd ty_tag[] = {
	{ .cmd = NGM_TAG_SET_HOOKIN, .arg = &ty_tag_in, .len = 108, .longer = true, .first = ty_tag_first },
	{ .cmd = NGM_TAG_SET_HOOKOUT, .arg = &ty_tag_out, .len = 40, .longer = true },
	{ .cmd = UINT32_MAX },
};

static const uint64_t ty_packets = 5;
static const struct ng_source_embed_info ty_stamp = { 4, 1, 0 };
static const struct ng_source_embed_cnt_info ty_counter = { 2, 1, 2, 0, 0, 9, 1, 1 };
static const uint8_t ty_index = 1;
static const struct ty_cmd ty_source_first[] = {
	{ .cmd = NGM_SOURCE_SETPPS, .arg = &ty_word, .len = sizeof(ty_word) },
};
static const struct ty_cmd ty_source[] = {
	{ .cmd = NGM_SOURCE_SETPPS, .arg = &ty_word, .len = sizeof(ty_word) },
	{ .cmd = NGM_SOURCE_GET_STATS, .reply = sizeof(struct ng_source_stats) },
	{ .cmd = NGM_SOURCE_STOP },
	{ .cmd = NGM_SOURCE_CLR_DATA },
	{ .cmd = NGM_SOURCE_SETIFACE, .arg = "e", .len = 2, .longer = true },
	{ .cmd = NGM_SOURCE_SET_TIMESTAMP, .arg = &ty_stamp, .len = sizeof(ty_stamp) },
	{ .cmd = NGM_SOURCE_GET_TIMESTAMP, .reply = sizeof(ty_stamp) },
	{ .cmd = NGM_SOURCE_SET_COUNTER, .arg = &ty_counter, .len = sizeof(ty_counter) },
	{ .cmd = NGM_SOURCE_GET_COUNTER, .arg = &ty_index, .len = 1, .reply = sizeof(ty_counter) },
	{ .cmd = NGM_SOURCE_START, .arg = &ty_packets, .len = sizeof(ty_packets), .error = EBUSY, .once = true, .first = ty_source_first },
	{ .cmd = NGM_SOURCE_CLR_STATS },
	{ .cmd = NGM_SOURCE_GETCLR_STATS, .reply = sizeof(struct ng_source_stats) },
	{ .cmd = UINT32_MAX },
};

static const struct ng_pipe_cfg ty_pipe_cfg = { .bandwidth = 100000, .delay = 2000, .downstream = { .wfq = 1 }, .upstream = { .duplicate = 1 } };
static const struct ty_cmd ty_pipe[] = {
	{ .cmd = NGM_PIPE_SET_CFG, .arg = &ty_pipe_cfg, .len = sizeof(ty_pipe_cfg) },
	{ .cmd = NGM_PIPE_GET_CFG, .reply = sizeof(struct ng_pipe_cfg) },
	{ .cmd = NGM_PIPE_GET_STATS, .reply = sizeof(struct ng_pipe_stats) },
	{ .cmd = NGM_PIPE_CLR_STATS },
	{ .cmd = NGM_PIPE_GETCLR_STATS, .reply = sizeof(struct ng_pipe_stats) },
	{ .cmd = NGM_PIPE_GET_RUN, .reply = sizeof(struct ng_pipe_run) },
	{ .cmd = UINT32_MAX },
};

static const struct ng_car_bulkconf ty_car_conf = {
	{ 1, 1, 1000, 1, 1, 1, 2, NG_CAR_SHAPE, 0 },
	{ 1, 1000, 1000, 1, 1, 1, 2, NG_CAR_DOUBLE_RATE, 0 },
};
static const struct ty_cmd ty_car[] = {
	{ .cmd = NGM_CAR_SET_CONF, .arg = &ty_car_conf, .len = sizeof(ty_car_conf) },
	{ .cmd = NGM_CAR_GET_CONF, .reply = sizeof(struct ng_car_bulkconf) },
	{ .cmd = NGM_CAR_GET_STATS, .reply = sizeof(struct ng_car_bulkstats) },
	{ .cmd = NGM_CAR_CLR_STATS },
	{ .cmd = NGM_CAR_GETCLR_STATS, .reply = sizeof(struct ng_car_bulkstats) },
	{ .cmd = UINT32_MAX },
};

static const struct ngm_macfilter_direct ty_direct = { { 2, 0, 0, 0, 0, 1 }, "h0" };
static const struct ngm_macfilter_direct_hookid ty_directi = { { 2, 0, 0, 0, 0, 2 }, 1 };
static const struct ty_cmd ty_macfilter[] = {
	{ .cmd = NGM_MACFILTER_DIRECT, .arg = &ty_direct, .len = sizeof(ty_direct) },
	{ .cmd = NGM_MACFILTER_DIRECT_HOOKID, .arg = &ty_directi, .len = sizeof(ty_directi) },
	{ .cmd = NGM_MACFILTER_GET_MACS, .reply = sizeof(struct ngm_macfilter_macs) },
	{ .cmd = NGM_MACFILTER_GETCLR_MACS, .reply = sizeof(struct ngm_macfilter_macs) },
	{ .cmd = NGM_MACFILTER_CLR_MACS },
	{ .cmd = NGM_MACFILTER_GET_HOOKS, .reply = sizeof(struct ngm_macfilter_hooks) },
	{ .cmd = NGM_MACFILTER_RESET },
	{ .cmd = UINT32_MAX },
};

static const struct ng_checksum_config ty_checksum_config = { 7, 2 };
static const struct ty_cmd ty_checksum_first[] = {
	{ .cmd = NGM_CHECKSUM_SETCONFIG, .arg = &ty_checksum_config, .len = sizeof(ty_checksum_config) },
};
static const struct ty_cmd ty_checksum[] = {
	{ .cmd = NGM_CHECKSUM_SETCONFIG, .arg = &ty_checksum_config, .len = sizeof(ty_checksum_config) },
	{ .cmd = NGM_CHECKSUM_GETCONFIG, .reply = sizeof(struct ng_checksum_config), .first = ty_checksum_first },
	{ .cmd = NGM_CHECKSUM_GET_STATS, .reply = sizeof(struct ng_checksum_stats) },
	{ .cmd = NGM_CHECKSUM_CLR_STATS },
	{ .cmd = NGM_CHECKSUM_GETCLR_STATS, .reply = sizeof(struct ng_checksum_stats) },
	{ .cmd = NGM_CHECKSUM_SETDLT, .arg = &ty_ethernet, .len = sizeof(ty_ethernet) },
	{ .cmd = NGM_CHECKSUM_GETDLT, .reply = 1 },
	{ .cmd = UINT32_MAX },
};

static const struct {
	char hook[3][NG_HOOKSIZ];
	int32_t n;
	struct bpf_insn prog[4];
} ty_bpf_prog = { { "h0", "h1", "h1" }, 4, { { 40, 0, 0, 12 }, { 21, 0, 1, 0x8100 }, { 6, 0, 0, 65535 }, { 6, 0, 0, 0 } } };
static const struct ty_cmd ty_bpf[] = {
	{ .cmd = NGM_BPF_SET_PROGRAM, .arg = &ty_bpf_prog, .len = 132 },
	{ .cmd = UINT32_MAX },
};

static const struct ty_cmd ty_none[] = {
	{ .cmd = UINT32_MAX },
};

static const struct ty ty_types[] = {
#ifdef TY_MORE /* test_garbled_more.c, test_memory_more.c: with one backend */
	{ "vlan", NGM_VLAN_COOKIE, "vlan X; probe p0 - X.downstream; probe p1 - X.h0; probe p2 - X.nomatch; probe p3 - X.h1", { "h7" },
	    ty_vlan, 0, { 1, 3 } },
	{ "tcpmss", NGM_TCPMSS_COOKIE, "tcpmss X; probe p0 - X.h0; probe p1 - X.h1", { "h7" }, ty_tcpmss, 0, { 1, 2 } },
	{ "etf", NGM_ETF_COOKIE, "etf X; probe p0 - X.downstream; probe p1 - X.h0; probe p2 - X.nomatch", { "h7" }, ty_etf, 0, { 1 } },
	{ "patch", NGM_PATCH_COOKIE, "patch X; probe p0 - X.in; probe p1 - X.out", { "in7", "out7" }, ty_patch, 0, { 1, 2 } },
	{ "tag", NGM_TAG_COOKIE, "tag X; probe p0 - X.h0; probe p1 - X.h1", { "h7" }, ty_tag, 0, { 1, 2 } },
	{ "source", NGM_SOURCE_COOKIE, "source X; probe p0 - X.input; probe p1 - X.output", { NULL }, ty_source, 0, { 1, 2 } },
	{ "pipe", NGM_PIPE_COOKIE, "pipe X; probe p0 - X.upper; probe p1 - X.lower", { NULL }, ty_pipe, 0, { 1, 2 } },
	{ "car", NGM_CAR_COOKIE, "car X; probe p0 - X.upper; probe p1 - X.lower", { NULL }, ty_car, 0, { 1, 2 } },
	{ "macfilter", NGM_MACFILTER_COOKIE, "macfilter X; probe p0 - X.ether; probe p1 - X.h0; probe p2 - X.default", { "h7" }, ty_macfilter,
	    0, { 1, 2 } },
	{ "checksum", NGM_CHECKSUM_COOKIE, "checksum X; probe p0 - X.in; probe p1 - X.out", { "in7", "out7" }, ty_checksum, 0, { 1, 2 } },
	{ "ether_echo", 1, "ether_echo X; probe p0 - X.h0; probe p1 - X.h1", { "h7" }, ty_none, 0, { 1, 2 } },
	{ "UI", NGM_UI_COOKIE, "UI X; probe p0 - X.downstream; probe p1 - X.upstream", { NULL }, ty_none, 0, { 1, 2 } },
	{ "bpf", NGM_BPF_COOKIE, "bpf X; probe p0 - X.h0; probe p1 - X.h1", { "h7" }, ty_bpf, 0, { 1, 2 } },
#else
	{ "bridge", NGM_BRIDGE_COOKIE, "bridge X; probe p0 - X.link0; probe p1 - X.link1; probe p2 - X.uplink1; probe p3 - X.link2",
	    { "link7", "link", "uplink" }, ty_bridge, NGM_BRIDGE_GET_STATS, { 1, 2, 3 } },
	{ "one2many", NGM_ONE2MANY_COOKIE,
	    "one2many X; probe p0 - X.one; probe p1 - X.many0; probe p2 - X.many1; probe p3 - X.many3", { "many7" }, ty_o2m,
	    NGM_ONE2MANY_GET_STATS, { 1, 3 } },
	{ "split", NGM_SPLIT_COOKIE, "split X; probe p0 - X.mixed; probe p1 - X.in; probe p2 - X.out", { NULL }, ty_none, 0, { 1, 2 } },
	{ "fault", NGM_FAULT_COOKIE, "fault X; probe p0 - X.upper; probe p1 - X.lower", { NULL }, ty_fault, NGM_FAULT_GET_STATS,
	    { 1, 2 } },
	{ "vlan_rotate", NGM_VLANROTATE_COOKIE,
	    "vlan_rotate X; probe p0 - X.original; probe p1 - X.ordered; probe p2 - X.excessive; probe p3 - X.incomplete", { NULL },
	    ty_rotate, 0, { 1, 2 } },
	{ "hub", NGM_HUB_COOKIE, "hub X; probe p0 - X.h0; probe p1 - X.h1; probe p2 - X.h2", { "h7" }, ty_hub, 0, { 1 } },
	{ "tee", NGM_TEE_COOKIE,
	    "tee X; probe p0 - X.left; probe p1 - X.right; probe p2 - X.left2right; probe p3 - X.right2left", { NULL }, ty_tee, 0,
	    { 1, 2, 3 } },
	{ "echo", NGM_ECHO_COOKIE, "echo X; probe p0 - X.h0", { "h7" }, ty_none, 0, { 1 } },
	{ "hole", NGM_HOLE_COOKIE, "hole X; probe p0 - X.h0", { "h7" }, ty_hole, 0, { 1 } },
	{ "sample", NGM_SAMPLE_COOKIE, "sample X; probe p0 - X.left; probe p1 - X.right; probe p2 - X.tap0; probe p3 - X.tap5",
	    { "tap7" }, ty_sample, 0, { 1, 2 } },
	{ "pcap", NGM_PCAP_COOKIE, "pcap X; probe p0 - X.out; probe p1 - X.in", { NULL }, ty_pcap, 0, { 2 } },
#endif
};

/* Fine for all of them: from a host of its own, to all, with three tags; in more than one mbuf, and shared by none. */
static inline struct ngt_pkt
ty_frame(unsigned from)
{
	char src[] = "02:00:00:00:00:00";

	src[16] = (char)('0' + from % 10);
	return (ngt_eth("ff:ff:ff:ff:ff:ff", src,
	    ngt_vlan(5, 0, ngt_vlan(6, 0, ngt_vlan(7, 0, ngt_pattern(300 + from, from))))));
}

/* IPv4, a TCP connection being opened. */
static inline struct ngt_pkt
ty_syn(unsigned from)
{
	return (ngt_fix(ngt_set(ngt_ip4("10.0.0.1", "10.0.0.2", ngt_tcp(1000 + from, 80, 1, 0, NGT_SYN, ngt_hex("0204 05b4 00000000"))), 32,
	    "70")));
}

/* What this type is sent. */
static inline struct ngt_pkt
ty_packet(const struct ty *ty, unsigned from)
{
	return (ty->cmd == ty_tcpmss || ty->cmd == ty_checksum ? ty_syn(from) : ty_frame(from));
}

static inline bool
ty_there(const struct ty *ty)
{
	return (ng_findtype(ty->name) != NULL); /* pcap may be left out */
}

#endif /* TESTS_NODES_TYPES_H */
