/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * capture.c - ngu_host_capture(): what crosses a hook, as records in a descriptor.
 *
 * Who has the packet writes it there, in its own thread, and never waits: what there is no room for is counted as lost. When the program
 * closes its end the loop ends the capture.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ng/host.h>
#include <ng/inspect.h>
#include <ng/packet.h>

#include "port/port.h"
#include "serve/host.h"
#include "serve/loop.h"

#define ROOM (8u << 20)
#define FLAT (NGU_RECORD_MAX - sizeof(struct ngu_captured))

struct ngu__hcap {
	struct ngu__watch watch;
	struct ngu__hcap *next; /* the host's; the loop's lock */
	struct ngu_host *host;
	struct ngu_cap *cap;
	ngu__mtx lock; /* of the rest */
	uint64_t lost;
	char flat[FLAT];
};

static void
on_packet(void *arg, const struct ngu_cap_rec *rec, const struct mbuf *m)
{
	struct ngu__hcap *c = arg;
	struct ngu_captured head = { .rec = *rec };
	struct iovec iov[2] = { { .iov_base = &head, .iov_len = sizeof(head) }, { .iov_base = c->flat } };

	if (head.rec.caplen > FLAT)
		head.rec.caplen = FLAT;
	ngu__mtx_lock(&c->lock);
	iov[1].iov_len = head.rec.caplen = (uint32_t)ngu_packet_read(m, 0, c->flat, head.rec.caplen);
	head.rec.size = (uint32_t)sizeof(head) + head.rec.caplen;
	head.lost = c->lost;
	if (ngu__sock_send(c->watch.fd, iov, 2, -1, false) != 0)
		c->lost++;
	ngu__mtx_unlock(&c->lock);
}

static void
dropped(struct ngu__watch *w)
{
	struct ngu__hcap *c = NGU_CONTAINER(w, struct ngu__hcap, watch);

	(void)close(w->fd);
	ngu__mtx_destroy(&c->lock);
	free(c);
}

/* Under the loop's lock. */
static void
end(struct ngu__hcap *c)
{
	struct ngu__hcap **p;

	for (p = ngu__host_captures(c->host); *p != c; p = &(*p)->next)
		;
	*p = c->next;
	(void)ngu_capture_close(c->cap); /* waits for who is in on_packet() */
	ngu__loop_drop(ngu__host_loop(c->host), &c->watch);
}

static void
ready(struct ngu__watch *w, unsigned what)
{
	struct ngu__hcap *c = NGU_CONTAINER(w, struct ngu__hcap, watch);
	char junk;

	if ((what & NGU__RD) && ngu__sock_recv(w->fd, &junk, 1, 0, NULL) > 0)
		return; /* nothing is said this way */
	if (what & (NGU__HUP | NGU__RD))
		end(c);
}

int
ngu_host_capture(struct ngu_host *h, const char *path, const char *hook, unsigned dirs, uint32_t snaplen, uint64_t limit, int *fd)
{
	struct ngu_cap_opts o = { .size = sizeof(o), .dirs = dirs, .snaplen = snaplen, .limit = limit, .fn = on_packet };
	struct ngu__hcap *c;
	int pair[2], error;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return (ENOMEM);
	if ((error = ngu__mtx_init(&c->lock)) != 0) {
		free(c);
		return (error);
	}
	if ((error = -ngu__sock_pair(pair)) != 0) {
		ngu__mtx_destroy(&c->lock);
		free(c);
		return (error);
	}
	ngu__sock_room(pair[0], ROOM);
	(void)fcntl(pair[1], F_SETFD, FD_CLOEXEC);
	c->host = h;
	c->watch = (struct ngu__watch){ .fd = pair[0], .want = NGU__RD, .ready = ready, .dropped = dropped };
	o.arg = c;
	ngu__loop_lock(ngu__host_loop(h));
	if ((error = ngu_capture_open(ngu__host_graph(h), path, hook, &o, &c->cap)) == 0 &&
	    (error = ngu__loop_add(ngu__host_loop(h), &c->watch)) != 0)
		(void)ngu_capture_close(c->cap);
	if (error == 0) {
		c->next = *ngu__host_captures(h);
		*ngu__host_captures(h) = c;
	}
	ngu__loop_unlock(ngu__host_loop(h));
	if (error != 0) {
		(void)close(pair[0]);
		(void)close(pair[1]);
		ngu__mtx_destroy(&c->lock);
		free(c);
		return (error);
	}
	*fd = pair[1];
	return (0);
}

void
ngu__host_captures_end(struct ngu_host *h)
{
	ngu__loop_lock(ngu__host_loop(h));
	while (*ngu__host_captures(h) != NULL)
		end(*ngu__host_captures(h));
	ngu__loop_unlock(ngu__host_loop(h));
}
