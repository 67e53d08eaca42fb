#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# sysroot.sh DIR - arm64 headers and libraries in DIR/root, and DIR/cross.txt, the cross file with which meson builds against them.
#
# The packages are this Debian's own, for arm64. apt-get fetches and verifies them with lists, cache and status of its own in
# DIR, so this needs no root and leaves no trace on the machine: no foreign architecture is registered, nothing is installed.
# Exit 77 when it cannot be done here; the last line then says why.
set -eu
dir=$1
cc=aarch64-linux-gnu-gcc qemu=qemu-aarch64 triplet=aarch64-linux-gnu
packages=(libc6-dev libgcc-s1 liburcu-dev libck-dev libcmocka-dev libpcap-dev nettle-dev zlib1g-dev)

cannot() {
	printf '%s\n' "$*"
	exit 77
}
[ "$(uname -sm)" != 'Linux aarch64' ] || cannot 'this machine is arm64: the plain build is the arm64 build'
case $dir in *[[:space:]]*) cannot "$dir has a blank, which pkg-config cannot bear; set NGU_BUILD_DIR to another place" ;; esac
for tool in apt-get dpkg-deb tar; do
	command -v "$tool" >/dev/null 2>&1 || cannot "no $tool: the arm64 libraries come as Debian's packages; run it on Debian"
done
for tool in "$cc" "$qemu" pkg-config; do
	command -v "$tool" >/dev/null 2>&1 ||
		cannot "no $tool; as root: apt-get install --no-install-recommends gcc-$triplet qemu-user pkg-config; then again"
done

# What it is made from; another Debian, another list or another place makes it anew.
want=$(printf '%s\n' "$dir" "$(cat /etc/os-release 2>/dev/null)" "${packages[@]}" && cksum <"$0")
if [ "$want" = "$(cat "$dir/made-from" 2>/dev/null)" ]; then
	echo "$dir is there already"
	exit 0
fi

rm -rf -- "$dir"
mkdir -p -- "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/root/usr/lib"
: >"$dir/status"
apt=(apt-get -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o "Dir::State=$dir" -o "Dir::State::status=$dir/status"
	-o "Dir::State::lists=$dir/lists" -o "Dir::Cache=$dir/cache" -o APT::Sandbox::User= -o Debug::NoLocking=1)
"${apt[@]}" update && "${apt[@]}" -y --no-install-recommends --download-only install "${packages[@]}" ||
	cannot "apt-get cannot fetch the arm64 packages: is there a network, and do the machine's package sources carry arm64?"
ln -s usr/lib "$dir/root/lib" # older packages still say /lib
for deb in "$dir"/cache/archives/*.deb; do
	dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$dir/root" --no-same-owner --keep-directory-symlink --exclude='./usr/share/*' -f -
done
rm -rf -- "$dir/cache" "$dir/lists"

cat >"$dir/cross.txt" <<-CROSS
	[constants]
	root = '$dir/root'
	flags = ['--sysroot=' + root, '-isystem', root / 'usr/include/$triplet']
	link = ['--sysroot=' + root, '-B' + root / 'usr/lib/$triplet', '-L' + root / 'usr/lib/$triplet']

	[binaries]
	c = '$cc'
	ar = '$triplet-ar'
	strip = '$triplet-strip'
	pkgconfig = 'pkg-config'
	exe_wrapper = ['$qemu', '-L', root]

	[properties]
	sys_root = root
	pkg_config_libdir = root / 'usr/lib/$triplet/pkgconfig'

	[built-in options]
	c_args = flags
	c_link_args = link

	[host_machine]
	system = 'linux'
	cpu_family = 'aarch64'
	cpu = 'armv8-a'
	endian = 'little'
CROSS
printf '%s\n' "$want" >"$dir/made-from"
echo "made $dir from ${packages[*]}"
