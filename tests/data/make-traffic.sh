#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# make-traffic.sh [OUTDIR] - make traffic.pcap and PROVENANCE.md again.
#
# Two network namespaces joined by a veth pair, real programs on both ends,
# tcpdump on the client's end. Nothing leaves the two namespaces. Needs root.
# OUTDIR is the directory of this script unless given. The traffic is the
# same in kind each time, not in its bytes (ports, times, TCP timing), so
# the numbers in PROVENANCE.md change with each run; both files are
# replaced together, and only when every check has passed.
set -eu
umask 022
export LC_ALL=C

die() { printf 'make-traffic: %s\n' "$*" >&2; exit 1; }
say() { printf 'make-traffic: %s\n' "$*" >&2; }

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
out=${1:-$here}
CC=${CC:-cc}

[ "$(id -u)" -eq 0 ] || die 'must run as root (it makes network namespaces)'
for t in ip ss tcpdump dnsmasq dig curl python3 iperf3 ethtool ping taskset \
	strings sha256sum "$CC"; do
	command -v "$t" >/dev/null 2>&1 || die "missing tool: $t (Debian:" \
		'iproute2 tcpdump dnsmasq-base bind9-dnsutils curl python3 iperf3' \
		'ethtool iputils-ping util-linux binutils coreutils gcc libpcap-dev)'
done
[ -d "$out" ] || die 'the output directory does not exist'
[ -f "$here/histogram.c" ] || die 'histogram.c is not beside this script'

A=ngtraffic-a B=ngtraffic-b		# A: client, captured; B: servers
A4=10.77.0.2 B4=10.77.0.1 A6=fd77::2 B6=fd77::1
work=

# Every process in these two namespaces is ours, so all of them may go.
drop_namespaces() {
	local ns pid
	for ns in $A $B; do
		ip netns list | grep -q "^$ns\( \|\$\)" || continue
		for pid in $(ip netns pids $ns 2>/dev/null); do
			kill -9 "$pid" 2>/dev/null || :
		done
		ip netns del $ns 2>/dev/null || :
	done
}
cleanup() {
	drop_namespaces
	if [ -n "$work" ]; then rm -rf -- "$work"; fi
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
drop_namespaces
work=$(mktemp -d)

"$CC" -std=c11 -O1 -Wall -Wextra -Werror -o "$work/histogram" \
	"$here/histogram.c" -lpcap || die 'histogram.c does not build'

# --- the two namespaces -----------------------------------------------------
# Traffic is pinned to one CPU: the kernel stamps frames per CPU, and two of
# them would make time go backwards in the file now and then.
cpu=$(taskset -cp $$ | sed 's/.*: *//; s/[-,].*//')
a() { ip netns exec $A taskset -c "$cpu" "$@"; }
b() { ip netns exec $B "$@"; }

ip netns add $A
ip netns add $B
ip link add ng0 netns $A address 02:00:00:00:77:02 type veth \
	peer name ng0 netns $B address 02:00:00:00:77:01
for ns in $A $B; do
	# No segmentation offload: frames of at most 1514 bytes. No checksum
	# offload: true checksums in the capture.
	ip netns exec $ns ethtool -K ng0 tso off gso off gro off tx off rx off \
		>/dev/null 2>&1 || die 'ethtool cannot switch the offloads off'
	ip -n $ns link set lo up
done
ip -n $A addr add $A4/24 dev ng0
ip -n $B addr add $B4/24 dev ng0
ip -n $A link set ng0 up
ip -n $A addr add $A6/64 dev ng0

# The capture starts before the peer is up, and so sees it come up.
ip netns exec $A tcpdump -i ng0 -n -s 0 -B 16384 -Z root \
	--time-stamp-precision=micro -w "$work/traffic.pcap" \
	2>"$work/tcpdump.log" &
dumper=$!
i=0
until grep -q 'listening on' "$work/tcpdump.log"; do
	i=$((i + 1)); [ $i -le 100 ] || die 'tcpdump does not start'
	sleep 0.1
done
ip -n $B link set ng0 up
ip -n $B addr add $B6/64 dev ng0
i=0
while { ip -n $A -6 addr; ip -n $B -6 addr; } | grep -q tentative ||
	! ip -n $A link show ng0 | grep -q 'state UP'; do
	i=$((i + 1)); [ $i -le 100 ] || die 'the IPv6 addresses stay tentative'
	sleep 0.1
done

# --- servers ----------------------------------------------------------------
# All bytes sent are made here: numbered words, nothing from the machine.
mkdir "$work/www"
python3 - "$work/www" <<'PY'
import os, random, sys
words = ("alpha bravo charlie delta echo foxtrot golf hotel india juliett "
         "kilo lima mike november oscar papa quebec romeo sierra tango").split()
for size in (100, 500, 1000, 1460, 5000, 20000, 65536, 200000):
    r = random.Random(size)
    text = ""
    while len(text) < size:
        text += r.choice(words) + r.choice((" ", " ", " ", "\n"))
    name = os.path.join(sys.argv[1], "f%d.txt" % size)
    with open(name, "w") as f:
        f.write(text[:size])
    os.utime(name, (1704067200, 1704067200))
PY
cat >"$work/web-server.py" <<'PY'
import functools, http.server, socket, socketserver, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *args):
        pass
class Server(socketserver.ThreadingTCPServer):  # no reverse lookup of its name
    address_family = socket.AF_INET6            # and of IPv4, mapped
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 32
handler = functools.partial(Handler, directory=sys.argv[1])
Server(("::", 80), handler).serve_forever()
PY
cat >"$work/udp-echo.py" <<'PY'
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
s.bind(("::", 7777))
while True:
    data, peer = s.recvfrom(65536)
    s.sendto(data, peer)
PY
cat >"$work/udp-client.py" <<'PY'
import random, socket, sys
addr, limit, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
family = socket.AF_INET6 if ":" in addr else socket.AF_INET
s = socket.socket(family, socket.SOCK_DGRAM)
s.settimeout(5)
s.connect((addr, 7777))
r = random.Random(seed)
sizes = [0, 1, 2, 17, 18, 19, limit - 1, limit, limit + 1, 3000]
sizes += [min(limit, int(r.expovariate(1 / 350.0))) for _ in range(200)]
for n in sizes:
    data = bytes(65 + i % 26 for i in range(n))
    s.send(data)
    assert s.recv(65536) == data
# Nobody listens on port 9: the answer is ICMP port unreachable.
s = socket.socket(family, socket.SOCK_DGRAM)
s.settimeout(5)
s.connect((addr, 9))
s.send(b"discard")
try:
    s.recv(100)
except ConnectionRefusedError:
    pass
else:
    sys.exit("port 9 answered")
PY

dns=()
for i in $(seq 1 50); do
	dns+=("--host-record=host$i.example.test,10.77.1.$i,fd77:1::$i")
done
for i in $(seq 1 16); do	# too big for one datagram: TC, then TCP
	dns+=("--txt-record=big.example.test,part $i of a long answer $(
		printf '%0120d' "$i")")
done
# No dnsmasq option is taken from this machine: no conf, hosts, resolv.conf.
ip netns exec $B taskset -c "$cpu" dnsmasq --keep-in-foreground \
	--conf-file=/dev/null --user=root --pid-file= --no-resolv --no-hosts \
	--bind-interfaces --listen-address=$B4 --listen-address=$B6 \
	--log-facility="$work/dnsmasq.log" --local=/example.test/ \
	--cname=www.example.test,host1.example.test \
	--mx-host=example.test,mail.example.test,10 \
	--srv-host=_http._tcp.example.test,www.example.test,80 \
	--txt-record=example.test,'v=spf1 -all' "${dns[@]}" &
disown $!	# no word from bash when cleanup kills it
ip netns exec $B taskset -c "$cpu" python3 "$work/web-server.py" "$work/www" &
disown $!
ip netns exec $B taskset -c "$cpu" python3 "$work/udp-echo.py" &
disown $!
ip netns exec $B taskset -c "$cpu" iperf3 -s >/dev/null 2>&1 &
disown $!

i=0
until [ "$(b ss -Hltn | grep -c -E ':(53|80|5201) ')" -ge 4 ] &&
	b ss -Hlun | grep -q ':7777 '; do
	i=$((i + 1)); [ $i -le 100 ] || die 'a server does not start'
	sleep 0.1
done

# --- traffic ----------------------------------------------------------------
say 'ping'
for size in 0 1 8 56 100 512 1000 1472; do
	a ping -4 -n -q -c 4 -i 0.02 -s $size $B4 >/dev/null
done
for size in 0 1 8 56 100 512 1000 1452; do
	a ping -6 -n -q -c 4 -i 0.02 -s $size $B6 >/dev/null
done
a ping -4 -n -q -c 2 -i 0.02 -s 4000 $B4 >/dev/null	# fragmented
a ping -6 -n -q -c 2 -i 0.02 -s 4000 $B6 >/dev/null
if a ping -4 -n -q -c 1 -W 1 10.77.0.99 >/dev/null; then	# ARP, no answer
	die '10.77.0.99 answered'
fi

say 'DNS'
queries=()
for i in $(seq 1 50); do
	queries+=("host$i.example.test" A "host$i.example.test" AAAA)
done
a dig -r @$B4 "${queries[@]}" >/dev/null
a dig -r @$B6 "${queries[@]}" >/dev/null
for q in 'www.example.test A' 'example.test MX' 'example.test TXT' \
	'_http._tcp.example.test SRV' 'nosuch.example.test A' \
	'big.example.test TXT' '-x 10.77.1.7' 'host3.example.test A +tcp' \
	'host4.example.test A +noedns' 'outside.invalid A'; do
	# shellcheck disable=SC2086 # the words of a query
	a dig -r @$B4 $q >/dev/null
done

say 'HTTP'
get() { a curl -q -sS --noproxy '*' -o /dev/null "$@"; }
v4=(--resolve "www.example.test:80:$B4")
v6=(--resolve "www.example.test:80:[$B6]")
url=http://www.example.test
for size in 100 500 1000 1460 5000 20000 65536 200000; do
	get "${v4[@]}" -H 'Connection: close' $url/f$size.txt
done
keep=()
for size in 200000 100 65536 500 20000 1000 5000 1460; do
	keep+=(-o /dev/null "$url/f$size.txt")
done
a curl -q -sS --noproxy '*' "${v4[@]}" "${keep[@]}"	# one connection
for size in 100 1000 20000; do
	get "${v6[@]}" $url/f$size.txt
done
for i in $(seq 1 12); do
	get "${v4[@]}" $url/f1000.txt
	get "${v6[@]}" $url/f5000.txt
done
get -I "${v4[@]}" $url/f5000.txt
get "${v4[@]}" $url/nosuch.txt				# 404
rc=0
get http://$B4:81/ 2>/dev/null || rc=$?			# refused: RST
[ $rc -eq 7 ] || die "port 81 was not refused (curl exit $rc)"

say 'UDP'
a python3 "$work/udp-client.py" $B4 1472 4
a python3 "$work/udp-client.py" $B6 1452 6

say 'bulk TCP'
a iperf3 -c $B4 -n 1400K -l 32K --repeating-payload >/dev/null
sleep 0.3
a iperf3 -c $B6 -R -n 800K -l 32K --repeating-payload >/dev/null

ip -n $A neigh flush dev ng0				# ARP and ND again
a ping -4 -n -q -c 1 $B4 >/dev/null
a ping -6 -n -q -c 1 $B6 >/dev/null

sleep 1
kill -TERM $dumper
wait $dumper || die 'tcpdump failed'

# --- checks -----------------------------------------------------------------
pcap=$work/traffic.pcap
grep -q '^0 packets dropped by kernel' "$work/tcpdump.log" ||
	die 'the kernel dropped packets from the capture'
"$work/histogram" "$pcap" >"$work/table" || {
	cat "$work/table" >&2
	die 'the capture is bad'
}
value() { sed -n "s/^| $1 | \([0-9]*\) |\$/\1/p" "$work/table"; }
[ "$(value packets)" -ge 4000 ] && [ "$(value packets)" -le 8000 ] ||
	die "$(value packets) packets, not 4000 to 8000"
[ "$(value file-bytes)" -le 4000000 ] || die "$(value file-bytes) bytes"
[ "$(value max-frame)" -le 1514 ] || die "a frame of $(value max-frame) bytes"
[ "$(value truncated)" -eq 0 ] || die 'truncated frames'
for k in arp icmp icmp6 udp tcp dns-udp dns-tcp http-port iperf-port tcp-rst \
	ipv4-fragment ipv6-fragment icmp-unreachable icmp6-unreachable; do
	[ "$(value $k)" -gt 0 ] || die "no $k in the capture"
done
# tcpdump names a wrong checksum "incorrect", "wrong" or "bad"
tcpdump -r "$pcap" -n -vv 2>/dev/null >"$work/text"
if grep -E '\(incorrect|(bad|wrong) ([a-z0-9]+ )?cksum' "$work/text"; then
	die 'wrong checksums in the capture'
fi
# Nothing of this machine: its name (as a whole word), paths, user's home.
{ strings -n 6 "$pcap"; cat "$work/text"; } >"$work/strings"
for word in "$(uname -n)" "$(uname -r)"; do
	if grep -w -F -e "$word" "$work/strings" >&2; then
		die "\"$word\" is in the capture"
	fi
done
for path in "$work" "$here" "${HOME:-/root}" /tmp/ /home/ /root/ /usr/; do
	if [ "$path" != / ] && grep -F -e "$path" "$work/strings" >&2; then
		die "\"$path\" is in the capture"
	fi
done

# --- the note ---------------------------------------------------------------
first() { sed -n 1p; }
sum=$(sha256sum <"$pcap" | cut -d' ' -f1)
us=$(value duration-us)
{
cat <<MD
# traffic.pcap

Real traffic between two network namespaces joined by a veth pair, captured
with tcpdump on the client's end. Made by \`make-traffic.sh\`, which also
wrote this note. Nobody's data is in it: every name, address and byte was
made for the purpose.

- Date: $(date -u +%Y-%m-%dT%H:%M:%SZ)
- Format: pcap (classic, microseconds, not pcapng), link type Ethernet,
  snapshot length 262144 (\`-s 0\`), no frame truncated
- Duration: $((us / 1000000)).$(printf %06d $((us % 1000000))) s
- SHA-256: \`$sum\`
- Client 10.77.0.2, fd77::2, 02:00:00:00:77:02; server 10.77.0.1, fd77::1,
  02:00:00:00:77:01
- Segmentation and checksum offloads were off on both ends: frames are at
  most 1514 bytes as on a wire, and the checksums in them are true. The
  capture holds no FCS; short frames are not padded to 60 bytes.

## Tools

| tool | version |
|------|---------|
| system | $(. /etc/os-release && echo "$PRETTY_NAME") |
| kernel | Linux $(uname -r | sed 's/[^0-9.].*//') |
| tcpdump | $( (tcpdump --version 2>&1 || :) | sed -n 's/^tcpdump version //p'), $( (tcpdump --version 2>&1 || :) | sed -n 's/^\(libpcap version [0-9.]*\).*/\1/p') |
| ip | $(ip -V | sed 's/.*utility, //') |
| ethtool | $(ethtool --version | sed 's/^ethtool version //') |
| ping | $(ping -V | first) |
| dnsmasq | $(dnsmasq --version | first | sed 's/Dnsmasq version \([^ ]*\).*/\1/') |
| dig | $(dig -v 2>&1 | first) |
| python3 | $(python3 -V 2>&1) |
| curl | $(curl -V | first | cut -d' ' -f1,2) |
| iperf3 | $(iperf3 -v | first) |

## Commands, in short

\`\`\`
tcpdump -i ng0 -n -s 0 -B 16384 --time-stamp-precision=micro -w traffic.pcap
        (started before the server's end of the link comes up)
ping -4/-6 -c 4 -s 0 1 8 56 100 512 1000 1472/1452; -c 2 -s 4000 (fragments);
        one ping to 10.77.0.99, which is not there (ARP without an answer)
dnsmasq on port 53; dig A and AAAA of host1..host50.example.test over IPv4
        and IPv6; CNAME, MX, TXT, SRV, PTR, NXDOMAIN, REFUSED, +tcp, +noedns,
        and one answer too big for UDP (TC, then TCP)
python3 http.server on port 80, HTTP/1.1; curl GETs of 100 500 1000 1460 5000
        20000 65536 200000 bytes, each on a connection of its own, then all on
        one; three GETs over IPv6; 24 short ones over both; a HEAD; a 404
curl to port 81: refused (RST)
UDP echo on port 7777, datagrams of 0 to 3000 bytes over IPv4 and IPv6; one
        datagram each to port 9: ICMP and ICMPv6 port unreachable
iperf3 -n 1400K over IPv4; iperf3 -R -n 800K over IPv6; port 5201
ip neigh flush, then ping: ARP and neighbour discovery again
\`\`\`

## Numbers

\`histogram.c\` recounts these and compares
(\`histogram traffic.pcap PROVENANCE.md\`). arp, icmp, icmp6, udp, tcp and
other add up to packets; the rows after other are subsets. All fragments
count for their protocol; rows that go by port or type (dns, http-port,
iperf-port, tcp-syn, tcp-rst, unreachable) see first fragments only. IPv6
extension headers are walked, so an MLD report counts as icmp6. dns is port 53
of UDP or TCP, http-port is TCP port 80, iperf-port is TCP port 5201;
file-bytes is the whole file, captured-bytes the frames alone.

| what | number |
|------|--------|
MD
cat "$work/table"
} >"$work/PROVENANCE.md"

"$work/histogram" "$pcap" "$work/PROVENANCE.md"
cp -- "$pcap" "$out/.traffic.pcap.new"
cp -- "$work/PROVENANCE.md" "$out/.PROVENANCE.md.new"
mv -f -- "$out/.traffic.pcap.new" "$out/traffic.pcap"
mv -f -- "$out/.PROVENANCE.md.new" "$out/PROVENANCE.md"
say "wrote traffic.pcap ($(value packets) packets) and PROVENANCE.md"
