/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netgraph.h - netgraph(3): a program's way to a graph, as FreeBSD's library of that name has it.
 *
 * The graph is one in this process, made at the first call (or the thread's current one, ngu_graph_enter()), unless the
 * environment's NETGRAPH says "unix:PATH": then it is the one that listens there (ngd(8), ngu_serve()). Sockets are descriptors: select(2), poll(2), close(2), dup(2), fork(2) and
 * exec(2) work on them; for read(2), sendto(2), getsockname(2) and their kin link libng-sock, too.
 *
 * All functions return -1 and set errno on error. Control sockets may be shared by threads.
 */
#ifndef NETGRAPH_H
#define NETGRAPH_H

#include <sys/types.h>

#include <netgraph/ng_message.h>
#include <ng/base.h>

#ifdef __cplusplus
extern "C" {
#endif

NGU_API int NgMkSockNode(const char *name, int *csp, int *dsp);
NGU_API int NgNameNode(int cs, const char *path, const char *fmt, ...) __attribute__((__format__(__printf__, 3, 4)));
NGU_API int NgSendMsg(int cs, const char *path, int cookie, int cmd, const void *arg, size_t arglen);
NGU_API int NgSendAsciiMsg(int cs, const char *path, const char *fmt, ...) __attribute__((__format__(__printf__, 3, 4)));
NGU_API int NgSendReplyMsg(int cs, const char *path, const struct ng_mesg *msg, const void *arg, size_t arglen);
NGU_API int NgRecvMsg(int cs, struct ng_mesg *rep, size_t replen, char *path);
NGU_API int NgAllocRecvMsg(int cs, struct ng_mesg **rep, char *path);
NGU_API int NgRecvAsciiMsg(int cs, struct ng_mesg *rep, size_t replen, char *path);
NGU_API int NgAllocRecvAsciiMsg(int cs, struct ng_mesg **rep, char *path);
NGU_API int NgSendData(int ds, const char *hook, const unsigned char *buf, size_t len);
NGU_API int NgRecvData(int ds, unsigned char *buf, size_t len, char *hook);
NGU_API int NgAllocRecvData(int ds, unsigned char **buf, char *hook);
NGU_API int NgSetDebug(int level);
NGU_API void NgSetErrLog(void (*log)(const char *fmt, ...), void (*logx)(const char *fmt, ...));

#ifdef __cplusplus
}
#endif

#endif /* NETGRAPH_H */
