/* SPDX-License-Identifier: BSD-2-Clause */
/* ksock_text.h - what of type ksocket's messages is no plain number or array, for ng_parse(3). */
#ifndef NGU_KSOCK_TEXT_H
#define NGU_KSOCK_TEXT_H

struct ng_parse_type;

extern const struct ng_parse_type ngu__ksock_sockaddr_type; /* an address, the last thing in its message */
extern const struct ng_parse_type ngu__ksock_value_type;    /* the bytes of an option, too */

#endif /* NGU_KSOCK_TEXT_H */
