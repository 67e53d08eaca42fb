/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_libc.c - what the C library reads and writes for code under test is seen: each function beside a plain access of its bytes
 * is a race, and of freed memory is reported; published properly it is neither. And they do what the C library's do.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include <ng/lab.h>

struct text {
	char s[40];
};

static struct text text, kept;
static char buf[64];
static _Atomic uint32_t ready;
static volatile size_t sinks[9]; /* what came out, of each thread */
#define sink sinks[ngu_lab_self()]
static char *block;

/* The last byte of "abc" is what both touch, so that a length taken too short shows. */
#define LAST 2

/* Readers of all of text.s, "abc". */
static void
r_strlen(char *s)
{
	sink = strlen(s);
}

static void
r_strnlen(char *s)
{
	sink = strnlen(s, 3);
}

static void
r_strcmp(char *s)
{
	sink = (size_t)strcmp(s, "abc");
}

static void
r_strncmp(char *s)
{
	sink = (size_t)strncmp("abc", s, 3);
}

static void
r_strcasecmp(char *s)
{
	sink = (size_t)strcasecmp(s, "ABc");
}

static void
r_strncasecmp(char *s)
{
	sink = (size_t)strncasecmp("aBcd", s, 3);
}

static void
r_strchr(char *s)
{
	sink = strchr(s, 'c') != NULL;
}

static void
r_strrchr(char *s)
{
	sink = strrchr(s, 'a') != NULL;
}

static void
r_strstr(char *s)
{
	sink = strstr(s, "bc") != NULL;
}

static void
r_strspn(char *s)
{
	sink = strspn(s, "ab");
}

static void
r_strcspn(char *s)
{
	sink = strcspn(s, "c");
}

static void
r_strpbrk(char *s)
{
	sink = strpbrk(s, "xyc") != NULL;
}

static void
r_memcmp(char *s)
{
	sink = (size_t)memcmp("abc", s, 3);
}

static void
r_bcmp(char *s)
{
	sink = (size_t)bcmp(s, "abc", 3);
}

static void
r_memchr(char *s)
{
	sink = memchr(s, 'c', 30) != NULL;
}

static void
r_memcpy(char *s)
{
	memcpy(buf, s, 3);
}

static void
r_memmove(char *s)
{
	memmove(buf, s, 3);
}

static void
r_bcopy(char *s)
{
	bcopy(s, buf, 3);
}

static void
r_strcpy(char *s)
{
	strcpy(buf, s);
}

static void
r_stpcpy(char *s)
{
	sink = (size_t)(stpcpy(buf, s) - buf);
}

static void
r_strncpy(char *s)
{
	strncpy(buf, s, 8);
}

static void
r_strcat(char *s)
{
	strcat(buf, s);
}

static void
r_strncat(char *s)
{
	strncat(buf, s, 3);
}

static void
r_snprintf(char *s)
{
	(void)snprintf(buf, sizeof(buf), "%d %5.1f%% %-4s", 1, 2.0, s);
}

static void
r_sprintf(char *s)
{
	(void)sprintf(buf, "%*ju %zu %.*s", 3, (uintmax_t)1, sizeof(buf), 3, s);
}

static void
r_struct(char *s)
{
	kept = *(struct text *)(void *)s;
}

/* Writers of the same bytes. */
static void
w_strcpy(char *s)
{
	strcpy(s, "xyz");
}

static void
w_stpcpy(char *s)
{
	sink = (size_t)(stpcpy(s, "xyz") - s);
}

static void
w_strncpy(char *s)
{
	strncpy(s, "x", 3);
}

static void
w_strcat(char *s)
{
	s[2] = '\0';
	strcat(s, "z");
}

static void
w_strncat(char *s)
{
	s[2] = '\0';
	strncat(s, "zz", 1);
}

static void
w_memcpy(char *s)
{
	memcpy(s, "xyz", 3);
}

static void
w_memmove(char *s)
{
	memmove(s, s + 1, 3);
}

static void
w_memset(char *s)
{
	memset(s, 'x', 3);
}

static void
w_bcopy(char *s)
{
	bcopy("xyz", s, 3);
}

static void
w_bzero(char *s)
{
	bzero(s, 3);
}

static void
w_explicit_bzero(char *s)
{
	explicit_bzero(s, 3);
}

static void
w_snprintf(char *s)
{
	(void)snprintf(s, 4, "%d", 12345);
}

static void
w_sprintf(char *s)
{
	(void)sprintf(s, "%s", "xyz");
}

static void
w_struct(char *s)
{
	*(struct text *)(void *)s = kept;
}

static void
w_clear(char *s)
{
	*(struct text *)(void *)s = (struct text){ .s = "x" };
}

static void
w_loop(char *s)
{
	for (size_t i = 0; i < sizeof(text.s); i++)
		s[i] = 0;
}

#define F(name) { #name, name }
static const struct fn {
	const char *name;
	void (*fn)(char *s);
} readers[] = { F(r_strlen), F(r_strnlen), F(r_strcmp), F(r_strncmp), F(r_strcasecmp), F(r_strncasecmp), F(r_strchr), F(r_strrchr), F(r_strstr),
	F(r_strspn), F(r_strcspn), F(r_strpbrk), F(r_memcmp), F(r_bcmp), F(r_memchr), F(r_memcpy), F(r_memmove), F(r_bcopy), F(r_strcpy),
	F(r_stpcpy), F(r_strncpy), F(r_strcat), F(r_strncat), F(r_snprintf), F(r_sprintf), F(r_struct) },
  writers[] = { F(w_strcpy), F(w_stpcpy), F(w_strncpy), F(w_strcat), F(w_strncat), F(w_memcpy), F(w_memmove), F(w_memset), F(w_bcopy), F(w_bzero),
	F(w_explicit_bzero), F(w_snprintf), F(w_sprintf), F(w_struct), F(w_clear), F(w_loop) };
#define N(table) (sizeof(table) / sizeof((table)[0]))

static int
setup(void *arg)
{
	memset(&text, 0, sizeof(text));
	memcpy(text.s, "abc", 4);
	return (0);
}

static void
calls(void *arg)
{
	const struct fn *f = arg;

	f->fn(text.s);
}

static void
stores(void *arg)
{
	text.s[LAST] = 'c';
}

static void
loads(void *arg)
{
	sink = (size_t)text.s[LAST];
}

/* The same, one after the other. */
static void
calls_and_says(void *arg)
{
	calls(arg);
	atomic_store_explicit(&ready, 1, memory_order_release);
}

static void
stores_if_said(void *arg)
{
	if (atomic_load_explicit(&ready, memory_order_acquire) != 0)
		text.s[LAST] = 'c';
}

static void
expect(const char *what, const struct fn *f, void (*one)(void *), void (*other)(void *), enum ngu_lab_fail fail)
{
	struct ngu_lab scene = { .name = f->name, .arg = (void *)(uintptr_t)f, .setup = setup, .body = { { "calls", one }, { "other", other } } };
	const struct ngu_lab_opts quiet = { .quiet = true };
	struct ngu_lab_result r;

	(void)ngu_lab_run(&scene, &quiet, &r);
	if (r.fail != fail || (fail == NGU_LAB_OK ? !r.complete : strstr(r.why, "text") == NULL))
		fail_msg("%s %s: expected %d, got %d %s", f->name, what, fail, r.fail, r.why);
}

static void
test_races(void **state)
{
	for (size_t i = 0; i < N(readers); i++)
		expect("beside a store", &readers[i], calls, stores, NGU_LAB_RACE);
	for (size_t i = 0; i < N(writers); i++) {
		expect("beside a store", &writers[i], calls, stores, NGU_LAB_RACE);
		expect("beside a load", &writers[i], calls, loads, NGU_LAB_RACE);
	}
}

static void
test_ordered(void **state)
{
	for (size_t i = 0; i < N(readers); i++) {
		expect("before a store", &readers[i], calls_and_says, stores_if_said, NGU_LAB_OK);
		expect("beside a load", &readers[i], calls, loads, NGU_LAB_OK); /* two readers */
	}
	for (size_t i = 0; i < N(writers); i++)
		expect("before a store", &writers[i], calls_and_says, stores_if_said, NGU_LAB_OK);
}

/* ---- a buffer that one fills and another takes the length of */

static void
fills(void *arg)
{
	strcpy(text.s, "a longer text");
	atomic_store_explicit(&ready, 1, memory_order_release);
}

static void
takes_length(void *arg)
{
	sink = strlen(text.s);
}

static void
takes_length_when_ready(void *arg)
{
	if (atomic_load_explicit(&ready, memory_order_acquire) != 0)
		ngu_lab_check(strlen(text.s) == 13);
}

static void
test_strcpy_strlen(void **state)
{
	static const struct fn f = { "strcpy-strlen", NULL };

	expect("unordered", &f, fills, takes_length, NGU_LAB_RACE);
	expect("published", &f, fills, takes_length_when_ready, NGU_LAB_OK);
}

/* ---- freed memory */

static int
with_block(void *arg)
{
	block = ngu_lab_alloc(16);
	memcpy(block, "abc", 4);
	return (0);
}

static void
frees(void *arg)
{
	ngu_lab_free(block);
	atomic_store_explicit(&ready, 1, memory_order_release);
}

static void
uses_freed(void *arg)
{
	const struct fn *f = arg;

	if (atomic_load_explicit(&ready, memory_order_acquire) != 0)
		f->fn(block);
}

static void
test_freed(void **state)
{
	for (size_t i = 0; i < N(readers) + N(writers); i++) {
		const struct fn *f = i < N(readers) ? &readers[i] : &writers[i - N(readers)];
		struct ngu_lab scene = { .name = f->name, .arg = (void *)(uintptr_t)f, .setup = with_block,
			.body = { { "frees", frees }, { "uses", uses_freed } } };
		const struct ngu_lab_opts quiet = { .quiet = true };
		struct ngu_lab_result r;

		(void)ngu_lab_run(&scene, &quiet, &r);
		if (r.fail != NGU_LAB_MEMORY)
			fail_msg("%s of a freed block: got %d %s", f->name, r.fail, r.why);
	}
}

/* ---- results */

static void
results(void *arg)
{
	char s[40];

	(void)arg;
	ngu_lab_check(strlen("four") == 4 && strnlen("four", 2) == 2 && strnlen("four", 9) == 4);
	ngu_lab_check(strcmp("a", "a") == 0 && strcmp("a", "b") < 0 && strcmp("b", "a") > 0 && strcmp("a", "ab") < 0 && strcmp("", "") == 0);
	ngu_lab_check(strncmp("abc", "abd", 2) == 0 && strncmp("abc", "abd", 3) < 0 && strncmp("a", "b", 0) == 0 && strncmp("\xff", "a", 1) > 0);
	ngu_lab_check(strcasecmp("aBc", "AbC") == 0 && strcasecmp("a", "B") < 0 && strncasecmp("aBc", "Abx", 2) == 0 && strncasecmp("abc", "abx", 3) < 0);
	strcpy(s, "hello");
	ngu_lab_check(strchr(s, 'l') == s + 2 && strchr(s, 'x') == NULL && strchr(s, '\0') == s + 5 && strrchr(s, 'l') == s + 3 && strrchr(s, 'x') == NULL);
	ngu_lab_check(strstr(s, "lo") == s + 3 && strstr(s, "ol") == NULL && strstr(s, "") == s);
	ngu_lab_check(strspn(s, "eh") == 2 && strcspn(s, "l") == 2 && strpbrk(s, "ol") == s + 2 && strpbrk(s, "x") == NULL);
	ngu_lab_check(memchr(s, 'o', 5) == s + 4 && memchr(s, 'o', 4) == NULL && memcmp(s, "help", 4) < 0 && bcmp(s, "hel", 3) == 0);
	ngu_lab_check(strcat(s, " you") == s && strcmp(s, "hello you") == 0 && strncat(s, "rself", 1) == s && strcmp(s, "hello your") == 0);
	ngu_lab_check(stpcpy(s, "abc") == s + 3 && strcmp(s, "abc") == 0);
	memset(s, 'x', sizeof(s));
	ngu_lab_check(strncpy(s, "ab", 4) == s && memcmp(s, "ab\0\0x", 5) == 0 && strncpy(s, "abcdef", 3) == s && memcmp(s, "abc\0x", 5) == 0);
	ngu_lab_check(snprintf(s, 6, "%s-%d", "abc", 123) == 7 && strcmp(s, "abc-1") == 0 && snprintf(NULL, 0, "%jd", (intmax_t)12) == 2);
	ngu_lab_check(sprintf(s, "%.2s|%*d|%lx|%c|%%|%p", "abc", 3, 7, 255l, 'z', NULL) > 12 && strncmp(s, "ab|  7|ff|z|%|", 14) == 0);
	memcpy(s, "0123456789", 11);
	ngu_lab_check(memmove(s + 1, s, 3) == s + 1 && strcmp(s, "0012456789") == 0);
	bcopy(s, s + 2, 2);
	ngu_lab_check(strcmp(s, "0000456789") == 0 && memset(s, 'y', 2) == s && strncmp(s, "yy00", 4) == 0);
	bzero(s + 1, 2);
	explicit_bzero(s + 3, 1);
	ngu_lab_check(memcmp(s, "y\0\0\0" "4", 5) == 0);
}

static void
test_results(void **state)
{
	static const struct ngu_lab scene = { .name = "results", .body = { { "results", results } } };
	struct ngu_lab_result r;

	assert_int_equal(ngu_lab_run(&scene, NULL, &r), 0);
	results(NULL); /* outside of a run, too */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_races),
		cmocka_unit_test(test_ordered),
		cmocka_unit_test(test_strcpy_strlen),
		cmocka_unit_test(test_freed),
		cmocka_unit_test(test_results),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
