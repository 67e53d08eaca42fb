/* SPDX-License-Identifier: BSD-2-Clause */
/* docs/testing.md: a graph changed by a list, all or nothing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ng/ng.h>
#include <ng/test.h>

static void
test_list(void **state)
{
	struct ngt *t = ngt_graph("probe a - hub h.a; probe b - h.b");
	struct ngu_apply_error err;
	const char *list =
	    "mkpeer h: tee mirror left      # h.mirror - left of a new tee\n"
	    "name h:mirror t\n"
	    "connect t: a: right copy       # a gets its own packets back\n"
	    "rmhook h: b\n";

	assert_int_equal(ngu_apply_text(ngt_g(t), list, NGU_APPLY_DRY, &err), 0); /* would it work? */
	ngt_expect_hooks(t, "h:", "b - b.b; a - a.a");

	assert_int_equal(ngu_apply_text(ngt_g(t), list, 0, &err), 0);
	ngt_expect_hooks(t, "h:", "mirror - t.left; a - a.a");
	ngt_send(ngt_probe(t, "a"), "a", "01 02");
	ngt_expect(ngt_probe(t, "a"), "copy", "01 02");

	/* Again it cannot work: the hook is there. Nothing has changed, and err says where and why. */
	assert_int_equal(ngu_apply_text(ngt_g(t), list, 0, &err), EEXIST);
	assert_int_equal(err.line, 1);
	assert_int_equal(err.column, 15);
	assert_string_equal(err.text, "line 1: mkpeer h: tee mirror left: hook \"mirror\" is in use: error 17");
	ngt_expect_hooks(t, "h:", "mirror - t.left; a - a.a");
	ngt_end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_list),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
