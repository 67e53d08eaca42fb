/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ng_tag.h - node type "tag": sorts packets by the mbuf tags they carry, and gives them tags. Hooks of any name. Names, numbers
 * and layouts are FreeBSD's. ng_tag(4) describes the behaviour.
 */
#ifndef _NETGRAPH_NG_TAG_H_
#define _NETGRAPH_NG_TAG_H_

#include <stdint.h>
#include <netgraph/ng_message.h>

#define NG_TAG_NODE_TYPE "tag"
#define NGM_TAG_COOKIE 1149771193

/* NGM_TAG_SET_HOOKIN, NGM_TAG_GET_HOOKIN. 108 bytes and the data. */
struct ng_tag_hookin {
	char thisHook[NG_HOOKSIZ];   /* what comes by this one */
	char ifMatch[NG_HOOKSIZ];    /* leaves by that one with the tag */
	char ifNotMatch[NG_HOOKSIZ]; /* and by that one without */
	uint8_t strip;		     /* not 0: the tag is taken off */
	uint32_t tag_cookie;	     /* see mbuf_tags(9); both 0: never there */
	uint16_t tag_id;
	uint16_t tag_len;    /* bytes of tag_data */
	uint8_t tag_data[]; /* what the tag's data have to begin with */
};
#define NG_TAG_HOOKIN_SIZE(taglen) (sizeof(struct ng_tag_hookin) + (taglen))
#define NG_TAG_HOOKIN_TYPE_INFO(tdtype) \
	{ \
		{ "thisHook", &ng_parse_hookbuf_type, 0 }, { "ifMatch", &ng_parse_hookbuf_type, 0 }, \
		    { "ifNotMatch", &ng_parse_hookbuf_type, 0 }, { "strip", &ng_parse_uint8_type, 0 }, \
		    { "tag_cookie", &ng_parse_uint32_type, 0 }, { "tag_id", &ng_parse_uint16_type, 0 }, \
		    { "tag_len", &ng_parse_uint16_type, 0 }, { "tag_data", (tdtype), 0 }, { NULL, NULL, 0 } \
	}

/* NGM_TAG_SET_HOOKOUT, NGM_TAG_GET_HOOKOUT. 40 bytes and the data. */
struct ng_tag_hookout {
	char thisHook[NG_HOOKSIZ]; /* what leaves by this one */
	uint32_t tag_cookie;	   /* gets this tag; cookie and ID 0: none */
	uint16_t tag_id;
	uint16_t tag_len;
	uint8_t tag_data[];
};
#define NG_TAG_HOOKOUT_SIZE(taglen) (sizeof(struct ng_tag_hookout) + (taglen))
#define NG_TAG_HOOKOUT_TYPE_INFO(tdtype) \
	{ \
		{ "thisHook", &ng_parse_hookbuf_type, 0 }, { "tag_cookie", &ng_parse_uint32_type, 0 }, \
		    { "tag_id", &ng_parse_uint16_type, 0 }, { "tag_len", &ng_parse_uint16_type, 0 }, { "tag_data", (tdtype), 0 }, \
		{ \
			NULL, NULL, 0 \
		} \
	}

/* The argument of the two that get is a hook name. */
enum {
	NGM_TAG_SET_HOOKIN = 1, /* struct ng_tag_hookin */
	NGM_TAG_GET_HOOKIN = 2, /* reply: struct ng_tag_hookin */
	NGM_TAG_SET_HOOKOUT = 3, /* struct ng_tag_hookout */
	NGM_TAG_GET_HOOKOUT = 4 /* reply: struct ng_tag_hookout */
};

#endif /* _NETGRAPH_NG_TAG_H_ */
