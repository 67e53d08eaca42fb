#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# install.sh [SRC [BUILD]] - meson install into an empty root, then build and run programs against what is there, found by
# pkg-config: an embedder and a node type of one's own, each with libng.so and with libng.a.
# shellcheck source=tests/house/tap.sh
. "$(dirname -- "$0")/tap.sh"

if ! meson install -C "$bld" --no-rebuild --destdir "$tmp/root" >"$tmp/install.log" 2>&1; then
	fail install <"$tmp/install.log"
	done_testing
fi
pass install
pc=$(find "$tmp/root" -name libng.pc)
if [ -z "$pc" ]; then
	fail libng.pc "$(find "$tmp/root")"
	done_testing
fi
# The root stands elsewhere than it will: only the prefix in the copy of libng.pc is moved.
sed -i.orig "s,^prefix=\(.*\),prefix=$tmp/root\1," "$pc"
prefix=$(sed -n 's/^prefix=//p' "$pc")
libdir=$(PKG_CONFIG_PATH=$(dirname -- "$pc") pkg-config --variable=libdir libng)
export PKG_CONFIG_PATH="${pc%/*}${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}" LD_LIBRARY_PATH="$libdir"
read -r -a cflags < <(pkg-config --cflags libng)
read -r -a kern_cflags < <(pkg-config --variable=kern_cflags libng)
read -r -a libs < <(pkg-config --libs libng)
read -r -a static_libs < <(pkg-config --variable=static_libs libng)

nothing 'all headers are there' bash -c 'cd "$1/include" && find . -name "*.h" | while read -r h; do
	[ -e "$2/include/libng/$h" ] || echo "$h"; done' sh "$src" "$prefix"
nothing 'nothing but products is there' bash -c 'cd "$1" && find . -type f -o -type l | grep -vE \
	"^./(s?bin/(ngctl|nghook|ngt|ngd)$|share/(bash-completion/completions/(ngctl|nghook)|zsh/site-functions/_ngctl|fish/vendor_completions\\.d/(ngctl|nghook)\\.fish)$|include/libng/(netgraph\\.h$|(ng|netgraph|kern)/)|lib(64)?/(.*/)?libng(-lab|-client|-sock)?(\.so(\..*)?|(-test)?\.a)$|lib(64)?/(.*/)?pkgconfig/libng(-lab|-client)?(-test)?\.pc|share/man/|libdata/pkgconfig/)"' sh "$prefix"

mkdir "$tmp/p"
cat >"$tmp/p/embed.c" <<'C'
#include <ng/ng.h>
#include <stdio.h>
#include <string.h>
int
main(void)
{
	struct ngu_graph *g;
	uint32_t id;

	if (strcmp(ngu_version(), VERSION) != 0)
		return (fprintf(stderr, "version %s, not %s\n", ngu_version(), VERSION), 1);
	if (ngu_graph_create(NULL, &g) != 0)
		return (fprintf(stderr, "no graph\n"), 1);
	/* Not registered by hand: shows that the library's constructors were linked and ran. */
	if (ngu_mknode(g, "hole", "h", &id) != 0)
		return (fprintf(stderr, "no node type hole\n"), 1);
	if (ngu_graph_destroy(g) != 0)
		return (fprintf(stderr, "graph stays\n"), 1);
	return (0);
}
C
cat >"$tmp/p/type.c" <<'C'
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/mbuf.h>
#include <netgraph/ng_message.h>
#include <netgraph/netgraph.h>

static int
own_constructor(node_p node)
{
	NG_NODE_SET_PRIVATE(node, NULL);
	return (0);
}

static int
own_rcvdata(hook_p hook, item_p item)
{
	(void)hook;
	NG_FREE_ITEM(item);
	return (0);
}

static int
own_shutdown(node_p node)
{
	NG_NODE_UNREF(node);
	return (0);
}

static struct ng_type own = {
	.version = NG_ABI_VERSION,
	.name = "own",
	.constructor = own_constructor,
	.rcvdata = own_rcvdata,
	.shutdown = own_shutdown,
};
NETGRAPH_INIT(own, &own);
C
sed 's/"hole"/"own"/; s/node type hole/node type own/' "$tmp/p/embed.c" >"$tmp/p/use.c"
version=$(pkg-config --modversion libng)
cd "$tmp/p" || exit 1
embed() { # LIB...
	"$cc" -std=c11 -Wall -Wextra -Werror -DVERSION="\"$version\"" "${cflags[@]}" embed.c -o embed "$@" && ./embed
}
own() {
	"$cc" -std=c11 -Wall -Wextra -Werror "${kern_cflags[@]}" -c type.c &&
		"$cc" -std=c11 -DVERSION="\"$version\"" "${cflags[@]}" -c use.c && "$cc" type.o use.o -o own "$@" && ./own
}
check 'embedder, shared' embed "${libs[@]}"
nothing 'embedder, shared, needs libng.so.0' bash -c 'readelf -d embed | grep -q "NEEDED.*libng\.so\.0\]" || readelf -d embed'
check 'embedder, static' embed "${static_libs[@]}"
nothing 'embedder, static, needs no libng.so' bash -c 'readelf -d embed | grep "NEEDED.*libng"'
check 'own node type, shared' own "${libs[@]}"
check 'own node type, static' own "${static_libs[@]}"
# The same as an object that a program loads, with the commands of docs/node-author.md.
cat >load.c <<'C'
#include <ng/ng.h>
#include <dlfcn.h>
#include <stdio.h>
int
main(void)
{
	struct ngu_graph *g;

	if (dlopen("./type.so", RTLD_NOW) == NULL)
		return (fprintf(stderr, "%s\n", dlerror()), 1);
	return (ngu_graph_create(NULL, &g) || ngu_mknode(g, "own", "o", NULL) || ngu_graph_destroy(g));
}
C
loaded() { # LIB...
	"$cc" -shared -fPIC "${kern_cflags[@]}" type.c -o type.so && "$cc" -std=c11 "${cflags[@]}" load.c -o load "$@" -ldl && ./load
}
check 'own node type, dlopen, shared' loaded "${libs[@]}"
check 'own node type, dlopen, static' loaded -rdynamic "${static_libs[@]}"

# The test kit, without a test framework: libng-test.a beside either library, in C and C++.
cat >kit.c <<'C'
#include <ng/test.h>
int
main(void)
{
	struct ngt *t = ngt_graph("probe in - tee t.left/right - probe out");

	ngt_send(ngt_probe(t, "in"), NULL, "00 11");
	ngt_expect(ngt_probe(t, "out"), NULL, ngt_hex("00 11"));
	ngt_end(t);
	return (0);
}
C
cp kit.c kit.cc
testlibs=$(PKG_CONFIG_PATH=$(dirname -- "$pc") pkg-config --variable=libdir libng)/libng-test.a
kit() { # COMPILER FILE LIB...
	local compiler=$1 file=$2
	shift 2
	"$compiler" -Wall -Wextra -Werror "${cflags[@]}" "$file" -o kit "$testlibs" "$@" && ./kit
}
check 'test kit, shared' kit "$cc" kit.c "${libs[@]}"
check 'test kit, static' kit "$cc" kit.c "${static_libs[@]}"
cxx=${CXX:-c++}
if command -v "$cxx" >/dev/null 2>&1; then
	check 'test kit, C++' kit "$cxx" kit.cc "${libs[@]}"
else
	skip 'test kit, C++' 'no C++ compiler'
fi

# The race lab: the program of docs/lab.md and its node type, untouched, with that page's commands; and what is said when it is
# built otherwise.
labpc=$(find "$tmp/root" -name libng-lab.pc)
if [ -z "$labpc" ]; then
	skip 'race lab' 'this build has none'
	done_testing
fi
sed -i.orig "s,^prefix=\(.*\),prefix=$tmp/root\1," "$labpc" "${labpc%.pc}-test.pc"
read -r -a lab_cflags < <(pkg-config --cflags libng-lab-test cmocka)
read -r -a lab_kern < <(pkg-config --variable=kern_cflags libng-lab)
read -r -a lab_libs < <(pkg-config --libs libng-lab-test cmocka)
lab_type() { "$cc" -Wall -Werror -DQUOTA="$1" "${@:2}" -c "$src/tests/docs/ng_quota.c"; }
lab_test() { "$cc" -Wall -Werror -DEXPECT="NGU_LAB_$1" "${@:2}" -c "$src/tests/docs/lab_quota.c"; }
# shellcheck disable=SC2120 # some callers have arguments
lab_run() { "$cc" ng_quota.o lab_quota.o -o lab_quota "$@" "${lab_libs[@]}" && ./lab_quota; }
lab() { lab_type "$1" "${lab_kern[@]}" && lab_test "$2" "${lab_cflags[@]}" && lab_run; }
check 'lab: own node type' lab 3 OK
check 'lab: own node type with a race' lab 1 RACE
says() { # TEXT COMMAND...
	local text=$1
	shift
	"$@" >says.out 2>&1
	grep -qF -- "$text" says.out || { echo "it does not say: $text" && cat says.out; }
}
foreign_test() { lab_type 3 "${lab_kern[@]}" && lab_test SELF "${cflags[@]}" && lab_run; }
nothing 'lab: a program not compiled for it' says 'body "first" was not compiled for the lab' foreign_test
foreign_type() { lab_type 3 "${kern_cflags[@]}" && lab_test SELF "${lab_cflags[@]}" && lab_run; }
nothing 'lab: a node type not compiled for it' says "memory changed behind the lab's back" foreign_type
echo 'int main(void) { return (0); }' >empty.c
if "$cc" -fsanitize=thread empty.c -o empty 2>/dev/null; then
	lab_type 3 "${lab_kern[@]}" && lab_test OK "${lab_cflags[@]}"
	nothing 'lab: -fsanitize=thread given to the linker' says '-fsanitize=thread was given to the linker' lab_run -fsanitize=thread
	nothing 'lab: it does not run then' grep -F test_quota says.out
else
	skip 'lab: -fsanitize=thread given to the linker' "$cc has no ThreadSanitizer here"
fi
done_testing
