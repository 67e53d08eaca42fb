/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_kthread.c - threads of the kernel's kind and who they are; atomic(9); trace points; the small headers that are more than numbers.
 */
#define KTR 1
#define KTR_COMPILE (KTR_NET | KTR_DEV)

#include <unistd.h>

#include "support/dies.h"
#include "support/unit.h"

#include <machine/atomic.h>
#include <machine/cpu.h>
#include <net/if_media.h>
#include <netinet/tcp_seq.h>
#include <netinet6/in6_var.h>
#include <sys/kthread.h>
#include <sys/ktr.h>
#include <sys/mutex.h>
#include <sys/pcpu.h>
#include <sys/priv.h>
#include <sys/proc.h>
#include <sys/random.h>
#include <sys/smp.h>
#include <sys/sysctl.h>
#include <sys/systm.h>

/* ---- kthread ---- */

static struct {
	_Atomic int at, go, ran;
	struct thread *td;
	struct ngu_graph *graph;
	char name[MAXCOMLEN + 1];
	int tid;
} seen;

static void
body(void *arg)
{
	seen.td = curthread;
	seen.graph = ngu_graph_current();
	seen.tid = curthread->td_tid;
	(void)strcpy(seen.name, curthread->td_name);
	seen.at = 1;
	while (!seen.go)
		cpu_spinwait();
	*(int *)arg += 1;
	seen.ran++;
}

static NGU_NOINLINE void
deep(int *arg)
{
	if (*arg != 0)
		kthread_exit();
	seen.ran = 1000; /* never */
}

static void
exits(void *arg)
{
	body(arg);
	deep(arg);
	seen.ran = 1000;
}

static void
test_kthread(void **state)
{
	struct ngt *t = ngt_graph("hub h");
	struct ngu_graph *before;
	struct thread *td, *me = curthread;
	int done = 0, tid = me->td_tid;

	(void)state;
	assert_ptr_equal(curthread, me);
	assert_string_equal(me->td_name, "");
	assert_ptr_equal(me->td_proc, curproc);
	assert_int_equal(curproc->p_pid, getpid());
	assert_int_equal(me->td_ucred->cr_uid, geteuid());
	for (int r = 0; r < 2; r++) {
		memset(&seen, 0, sizeof(seen));
		before = ngu_graph_enter(G);
		assert_int_equal(kthread_add(r == 0 ? body : exits, &done, NULL, &td, 0, 0, "worker %d of the test", r), 0);
		(void)ngu_graph_enter(before);
		assert_true(td->td_tid >= 100000 && td->td_tid != tid);
		while (!seen.at)
			ngu__port_yield();
		assert_ptr_equal(seen.td, td);
		assert_ptr_equal(seen.graph, G);
		assert_int_equal(seen.tid, td->td_tid);
		assert_string_equal(seen.name, r == 0 ? "worker 0 of the tes" : "worker 1 of the tes");
		assert_int_equal(done, r);
		seen.go = 1;
		ngu_k_kthread_join(td);
		assert_int_equal(done, r + 1);
		assert_int_equal(seen.ran, 1);
	}
	assert_int_equal(curthread->td_tid, tid);
	ngt_end(t);
}

static _Atomic int ended;
static _Atomic int tid_of[40];

static void
quick(void *arg)
{
	tid_of[(uintptr_t)arg] = curthread->td_tid;
	ended++;
	if ((uintptr_t)arg % 2 == 0)
		kthread_exit();
}

/* Nobody joins them: who comes later does. */
static void
test_many(void **state)
{
	(void)state;
	ended = 0;
	for (uintptr_t i = 0; i < NITEMS(tid_of); i++)
		assert_int_equal(kthread_add(quick, (void *)i, curproc, NULL, 0, 0, "quick"), 0);
	while (ended < (int)NITEMS(tid_of))
		ngu__port_yield();
	for (unsigned i = 0; i < NITEMS(tid_of); i++)
		for (unsigned k = 0; k < i; k++)
			assert_int_not_equal(tid_of[i], tid_of[k]);
	while (ngu_k_kthread_count() != 0)
		ngu__port_yield();
	ngu__port_alloc_hook = refuse_all;
	assert_int_equal(kthread_add(quick, NULL, NULL, NULL, 0, 0, "refused"), ENOMEM);
	ngu__port_alloc_hook = NULL;
}

/* Who sleeps on the struct thread is woken by its end. */
static struct mtx end_lock;
static struct thread *_Atomic ending;
static _Atomic int asleep, woken;

static void
ends(void *arg)
{
	ending = curthread;
	while (!asleep)
		ngu__port_yield();
	mtx_lock(&end_lock); /* so it does sleep */
	mtx_unlock(&end_lock);
}

static void
sleeps(void *arg)
{
	while (ending == NULL)
		ngu__port_yield();
	mtx_lock(&end_lock);
	asleep = 1;
	woken = mtx_sleep(ending, &end_lock, 0, "end", 0) == 0 ? 1 : -1;
	mtx_unlock(&end_lock);
}

static void
test_woken(void **state)
{
	(void)state;
	mtx_init(&end_lock, "end", NULL, MTX_DEF);
	assert_int_equal(kthread_add(sleeps, NULL, NULL, NULL, 0, 0, "sleeps"), 0);
	assert_int_equal(kthread_add(ends, NULL, NULL, NULL, 0, 0, "ends"), 0);
	while (ngu_k_kthread_count() != 0)
		ngu__port_yield();
	assert_int_equal(woken, 1);
	mtx_destroy(&end_lock);
}

static void d_exit(void) { kthread_exit(); }

/* ---- atomic(9) ---- */

static volatile u_int word;
static volatile uint64_t wide;
static volatile u_char small;
static volatile uintptr_t address;

static void
adds(void *arg)
{
	u_int old;

	(void)arg;
	for (int i = 0; i < 10000; i++) {
		atomic_add_int(&word, 1);
		old = atomic_load_int(&word);
		while (!atomic_fcmpset_acq_int(&word, &old, old + 2))
			;
		do
			old = atomic_load_int(&word);
		while (!atomic_cmpset_rel_int(&word, old, old - 1));
		atomic_subtract_64(&wide, 3);
		(void)atomic_fetchadd_64(&wide, 5);
	}
	ended++;
}

static void
test_atomic(void **state)
{
	u_int old = 1;
	void *p = NULL;

	(void)state;
	word = 0;
	wide = 0;
	ended = 0;
	for (int i = 0; i < 2; i++)
		assert_int_equal(kthread_add(adds, NULL, NULL, NULL, 0, 0, "adds"), 0);
	while (ngu_k_kthread_count() != 0)
		ngu__port_yield();
	assert_int_equal(ended, 2);
	assert_int_equal(word, 40000);
	assert_int_equal(wide, 40000);
	assert_int_equal(atomic_readandclear_int(&word), 40000);
	assert_int_equal(word, 0);
	assert_int_equal(atomic_swap_int(&word, 6), 0);
	assert_int_equal(atomic_fcmpset_int(&word, &old, 9), 0);
	assert_int_equal(old, 6);
	assert_int_equal(atomic_cmpset_int(&word, 5, 9), 0);
	assert_int_equal(atomic_cmpset_acq_int(&word, 6, 9), 1);
	atomic_set_int(&word, 0xf0);
	atomic_clear_int(&word, 0x91);
	assert_int_equal(word, 0x68);
	assert_int_equal(atomic_testandset_int(&word, 32 + 2), 0);
	assert_int_equal(atomic_testandset_int(&word, 2), 1);
	assert_int_equal(atomic_testandclear_int(&word, 3), 1);
	assert_int_equal(word, 0x64);
	small = 0xff;
	atomic_add_char(&small, 2);
	atomic_clear_char(&small, 1);
	assert_int_equal(small, 0);
	atomic_set_ptr(&address, 0x10);
	assert_int_equal(atomic_fetchadd_ptr(&address, 1), 0x10);
	atomic_store_rel_ptr(&p, (void *)&word);
	assert_ptr_equal(atomic_load_acq_ptr(&p), &word);
	assert_ptr_equal(atomic_load_consume_ptr(&p), &word);
}

/* ---- trace points ---- */

static char lines[512];

static void
keep(void *arg, int level, const char *line)
{
	(void)arg;
	(void)snprintf(lines + strlen(lines), sizeof(lines) - strlen(lines), "%d %s\n", level, strrchr(line, '/') != NULL ? strrchr(line, '/') + 1 : line);
}

static void
test_ktr(void **state)
{
	struct ngu_graph_opts o = { .size = sizeof(o), .name = "ktr", .log = keep };
	struct ngu_graph *g = NULL, *before;
	char want[512], text[32];

	(void)state;
	assert_int_equal(ngu_graph_create(&o, &g), 0);
	before = ngu_graph_enter(g);
	CTR2(KTR_NET, "%s has %d", "it", 7);
	(void)snprintf(want, sizeof(want), "7 test_kthread.c:%d: it has 7\n", __LINE__ - 1);
	CTR0(KTR_SMP, "not compiled");
	assert_int_equal(ngu_k_sysctl_text("debug.ktr.mask", text, sizeof(text), "4"), 0);
	assert_string_equal(text, "2147483647");
	CTR1(KTR_NET, "masked %d", 1);
	CTR6(KTR_DEV, "%d%d%d%d%d%d", 1, 2, 3, 4, 5, 6);
	(void)snprintf(want + strlen(want), sizeof(want) - strlen(want), "7 test_kthread.c:%d: 123456\n", __LINE__ - 1);
	assert_string_equal(lines, want);
	assert_int_equal(ngu_k_sysctl_text("debug.ktr.mask", NULL, 0, "2147483647"), 0);
	(void)ngu_graph_enter(before);
	assert_int_equal(ngu_graph_destroy(g), 0);
}

/* ---- small ones ---- */

static void
test_small(void **state)
{
	static const struct in6_addr a = { .s6_addr = { 0x20, 1, 0xd, 0xb8, 5 } }, b = { .s6_addr = { 0x20, 1, 0xd, 0xb8, 6 } };
	struct in6_addr mask = { .s6_addr = { 255, 255, 255, 255, 252 } }, c = b;
	int cpu, n = 0, mine = 0;

	(void)state;
	assert_true(SEQ_LT(0xfffffff0u, 5u) && SEQ_GT(5u, 0xfffffff0u) && SEQ_LEQ(5u, 5u) && SEQ_GEQ(5u, 5u));
	assert_false(SEQ_LT(5u, 5u) || SEQ_GT(5u, 5u) || SEQ_GEQ(0xfffffff0u, 5u) || SEQ_LEQ(5u, 0xfffffff0u));
	assert_int_equal(SEQ_MAX(0xfffffff0u, 5u), 5);
	assert_int_equal(SEQ_MIN(0xfffffff0u, 5u), 0xfffffff0u);
	assert_true(IN6_ARE_MASKED_ADDR_EQUAL(&a, &b, &mask));
	mask.s6_addr[4] = 255;
	assert_false(IN6_ARE_MASKED_ADDR_EQUAL(&a, &b, &mask));
	mask.s6_addr[4] = 0;
	IN6_MASK_ADDR(&c, &mask);
	assert_int_equal(c.s6_addr[4], 0);
	assert_int_equal(c.s6_addr[3], 0xb8);
	CPU_FOREACH(cpu) {
		n++;
		mine += (u_int)cpu == curcpu;
	}
	assert_int_equal(n, mp_ncpus);
	assert_int_equal(mine, 1);
	assert_true(!CPU_ABSENT(mp_maxid) && CPU_ABSENT(mp_maxid + 1) && CPU_NEXT(mp_maxid) == 0 && CPU_NEXT(0) == 1);
	assert_int_equal(PCPU_GET(cpuid), curcpu);
	assert_ptr_equal(PCPU_GET(curthread), curthread);
	assert_int_equal(priv_check(curthread, PRIV_NETGRAPH_CONTROL), 0);
	assert_int_equal(IFM_SUBTYPE(IFM_MAKEWORD(IFM_ETHER, IFM_1000_T, IFM_FDX, 0)), IFM_1000_T);
	assert_int_equal(IFM_TYPE(IFM_ETHER | IFM_AUTO), IFM_ETHER);
	assert_true(get_cyclecount() != 0);
}

static void
test_panics(void **state)
{
	(void)state;
	assert_true(dies(d_exit));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ngt_test(test_kthread),
		ngt_test(test_many),
		ngt_test(test_woken),
		ngt_test(test_atomic),
		ngt_test(test_ktr),
		ngt_test(test_small),
		ngt_test(test_panics),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
