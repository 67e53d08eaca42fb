#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# port.sh [SRC [BUILD]] - the branches of lib/port that this system does not build: each offers what the others do, and compiles. What
# OpenBSD has and this system has not is declared here, from its manual pages.
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/tap.sh"
cd -- "$src" || exit 1
flags="-std=gnu11 -Wall -Wextra -Wno-unused-parameter -Werror -D_GNU_SOURCE -Ilib -Iinclude"

# objects DIR FLAG...: each file of lib/port compiled into DIR.
objects() {
	local dir=$1 f
	mkdir -p "$dir"
	for f in lib/port/*.c; do
		# shellcheck disable=SC2086
		$cc $flags "${@:2}" -c "$f" -o "$dir/$(basename "$f" .c).o" || return 1
	done
}
defined() { nm --defined-only "$1"/*.o | awk 'NF == 3 && $2 ~ /[TDBR]/ && $3 ~ /^ngu__/ { print $3 }' | LC_ALL=C sort -u; }

if objects "$tmp/host" >"$tmp/log" 2>&1; then pass 'for this system'; else fail 'for this system' <"$tmp/log"; fi
if objects "$tmp/generic" -DNGU_PORT_GENERIC >"$tmp/log" 2>&1; then pass 'generic'; else fail 'generic' <"$tmp/log"; fi

mkdir -p "$tmp/openbsd/sys"
cat >"$tmp/openbsd/sys/event.h" <<'END'
#include <stdint.h>
#include <time.h>
struct kevent {
	uintptr_t ident;
	short filter;
	unsigned short flags;
	unsigned int fflags;
	int64_t data;
	void *udata;
};
#define EV_SET(k, a, b, c, d, e, f) \
	do { \
		struct kevent *k_ = (k); \
		k_->ident = (uintptr_t)(a), k_->filter = (b), k_->flags = (unsigned short)(c), k_->fflags = (d), k_->data = (e), k_->udata = (f); \
	} while (0)
#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_ENABLE 0x0004
#define EV_DISABLE 0x0008
#define EV_EOF 0x8000
#define NOTE_LOWAT 0x0001
int kqueue(void);
int kevent(int, const struct kevent *, int, struct kevent *, int, const struct timespec *);
END
cat >"$tmp/openbsd/sys/futex.h" <<'END'
#include <stdint.h>
#include <time.h>
#define FUTEX_WAIT 1
#define FUTEX_WAKE 2
#define FUTEX_PRIVATE_FLAG 128
int futex(volatile uint32_t *, int, int, const struct timespec *, volatile uint32_t *);
END
cat >"$tmp/openbsd/pthread_np.h" <<'END'
#include <pthread.h>
void pthread_set_name_np(pthread_t, const char *);
END
cat >"$tmp/openbsd/more.h" <<'END'
#include <sys/types.h>
int getpeereid(int, uid_t *, gid_t *);
END
# Also the code that is for Linux alone is left out by that.
if objects "$tmp/other" -U__linux__ -D__OpenBSD__ -I"$tmp/openbsd" -include "$tmp/openbsd/more.h" >"$tmp/log" 2>&1; then
	pass 'OpenBSD, as declared here'
else
	fail 'OpenBSD, as declared here' <"$tmp/log"
fi

defined "$tmp/host" >"$tmp/want"
for other in generic other; do
	defined "$tmp/$other" >"$tmp/have"
	if [ -s "$tmp/have" ] && diff -u --label 'for this system' --label "$other" "$tmp/want" "$tmp/have" >"$tmp/diff"; then
		pass "the same functions: $other"
	else
		fail "the same functions: $other" <"$tmp/diff"
	fi
done
done_testing
