/* SPDX-License-Identifier: BSD-2-Clause */
/* vlan_rotate.c - listing of ng_vlan_rotate(4). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ng/ng.h>
#include <ng/test.h>
#include <netgraph/ng_vlan_rotate.h>

/* Into a live link: of two or three tags the innermost comes first. Frames with other numbers of tags end here. */
static int
rotate(struct ngu_graph *g, const char *from, const char *hook)
{
	struct ng_vlanrotate_conf conf = { .rot = 1, .min = 2, .max = 3 };
	int error = ngu_insert(g, from, hook, "vlan_rotate", "original", "ordered", "rot", NULL);

	if (error == 0)
		error = ngu_msg(g, "rot:", NGM_VLANROTATE_COOKIE, NGM_VLANROTATE_SET_CONF, &conf, sizeof(conf), NULL);
	return (error);
}

static void
test_example(void **state)
{
	struct ngt *t = ngt_graph("probe in; probe out; in.x - out.y");

	assert_int_equal(rotate(ngt_g(t), "in:", "x"), 0);
	ngt_send(ngt_probe(t, "in"), NULL, "020000000001 020000000002 88a8 0064 8100 0007 0800 4500");
	ngt_expect(ngt_probe(t, "out"), NULL, "020000000001 020000000002 8100 0007 88a8 0064 0800 4500");
	ngt_send(ngt_probe(t, "out"), NULL, "020000000002 020000000001 8100 0007 88a8 0064 0800 4500");
	ngt_expect(ngt_probe(t, "in"), NULL, "020000000002 020000000001 88a8 0064 8100 0007 0800 4500");
	assert_int_equal(ngt_try_send(ngt_probe(t, "in"), NULL, "020000000001 020000000002 0800"), ENOSYS);
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_example),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
