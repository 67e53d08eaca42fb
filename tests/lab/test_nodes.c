/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_nodes.c - the node types of the tree: packets from two sides, messages that read and clear, timers, the end of the node. The types
 * are compiled as they are; a race in their own data is a failure like any other.
 */
#include <netgraph/ng_message.h>
#include <netgraph/ng_bridge.h>
#include <netgraph/ng_fault.h>
#include <netgraph/ng_one2many.h>
#include <netgraph/ng_tee.h>

#include "lab/lab_test.h"

static const char *type, *first, *second;
static uint32_t cookie, command;
static unsigned fires;

static int
two_ports(void *arg)
{
	int error;

	(void)arg;
	if ((error = lt_graph(0)) != 0 || (error = ngu_mknode(g, type, "n", NULL)) != 0 ||
	    (error = ngu_port_open(g, "n:", first, NULL, NULL, &lt_in)) != 0 ||
	    (error = ngu_port_open(g, "n:", second, NULL, NULL, &lt_out)) != 0)
		return (error);
	return (fires != 0 ? ngu_lab_clock(g, fires) : 0);
}

static bool
timer_pending(void *arg)
{
	(void)arg;
	return (ngu_clock_next(g) >= 0);
}

static void
frame(struct ngu_port *p, uint8_t from)
{
	uint8_t b[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, from, 0x88, 0xb5 };
	struct mbuf *m = ngu_packet(g, b, sizeof(b));

	if (m != NULL)
		(void)ngu_port_send(p, m);
}

static void
forth(void *arg)
{
	(void)arg;
	frame(lt_in, 1);
}

static void
back(void *arg)
{
	(void)arg;
	frame(lt_out, 2);
}

static void
message(void *arg)
{
	struct ng_mesg *reply = NULL;

	(void)arg;
	if (ngu_msg(g, "n:", cookie, command, NULL, 0, &reply) == 0)
		ngu_msg_free(reply);
}

static void
shutdown_node(void *arg)
{
	(void)arg;
	if (fires != 0)
		ngu_lab_wait(timer_pending, NULL);
	ngu_lab_check(ngu_shutdown(g, "n:") == 0);
}

static const struct ngu_lab both_ways = { .setup = two_ports, .body = { { "forth", forth }, { "back", back } }, .end = lt_end };
static const struct ngu_lab send_message = { .setup = two_ports, .body = { { "forth", forth }, { "message", message } }, .end = lt_end };
static const struct ngu_lab send_shutdown = { .setup = two_ports, .body = { { "forth", forth }, { "shutdown", shutdown_node } },
	.end = lt_end };
/* The timer, which is pending, and the end of its node. */
static const struct ngu_lab only_shutdown = { .setup = two_ports, .body = { { "shutdown", shutdown_node } }, .end = lt_end };

static void
run(const struct ngu_lab *s, const char *what, void (*how)(const struct ngu_lab *))
{
	struct ngu_lab one = *s;
	char name[64];

	(void)snprintf(name, sizeof(name), "%s-%s", type, what);
	one.name = name;
	how(&one);
}

static void
all_of(const char *t, const char *a, const char *b, uint32_t c, uint32_t cmd, unsigned timers)
{
	type = t;
	first = a;
	second = b;
	cookie = c;
	command = cmd;
	fires = 0;
	run(&both_ways, "both-ways", lt_run);
	run(&send_message, "message", lt_run);
	if ((fires = timers) != 0)
		run(&only_shutdown, "timer-shutdown", lt_run_twice);
	fires = 0;
	run(&send_shutdown, "shutdown", timers != 0 ? lt_run_one : lt_run); /* what has timers has many steps */
}

static void
test_tee(void **state)
{
	(void)state;
	all_of("tee", "left", "right", NGM_TEE_COOKIE, NGM_TEE_GETCLR_STATS, 0);
}

static void
test_bridge(void **state)
{
	(void)state;
	all_of("bridge", "link0", "link1", NGM_BRIDGE_COOKIE, NGM_BRIDGE_GET_TABLE, 1);
}

static void
test_one2many(void **state)
{
	(void)state;
	all_of("one2many", "one", "many0", NGM_ONE2MANY_COOKIE, NGM_ONE2MANY_GET_CONFIG, 0);
}

static void
test_hub(void **state)
{
	(void)state;
	all_of("hub", "a", "b", NGM_GENERIC_COOKIE, NGM_LISTHOOKS, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tee),
		cmocka_unit_test(test_bridge),
		cmocka_unit_test(test_one2many),
		cmocka_unit_test(test_hub),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
