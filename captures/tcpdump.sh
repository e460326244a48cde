#!/bin/sh
# Captures one TCP port on lo by hand, with the flags that captures/tcpdump.ts uses.
# Open FILE with: tcpdump -n -r FILE   or Wireshark.
# -s 128 keeps headers, and what payload fits in behind them: mind who gets FILE.
set -u

PATH=$PATH:/usr/sbin:/sbin

usage() {
	echo "usage: $0 PORT FILE" >&2
	echo "  Captures TCP port PORT (1-65535) on lo into the pcap file FILE until Ctrl-C." >&2
	exit 2
}

[ $# -eq 2 ] || usage
port=$1
file=$2
case $port in
'' | *[!0-9]* | ??????*) usage ;;
esac
{ [ "$port" -ge 1 ] && [ "$port" -le 65535 ]; } || usage
[ -n "$file" ] || usage

if ! command -v tcpdump >/dev/null; then
	echo "$0: tcpdump is not installed. Install it: apt-get install tcpdump" >&2
	echo "  (Alpine: apk add tcpdump; Fedora: dnf install tcpdump)" >&2
	exit 3
fi

# -d compiles the filter for the interface, which needs the same permission as to capture.
if ! refusal=$(tcpdump -i lo -d "tcp port $port" 2>&1 >/dev/null); then
	echo "$0: $refusal" >&2
	case $refusal in
	*permi[ts]*)
		echo "  Use sudo, or grant CAP_NET_RAW to the container (docker run --cap-add NET_RAW)" >&2
		exit 3
		;;
	esac
	exit 1
fi

# The shell opens FILE: run as root, tcpdump drops to user tcpdump, who may not write here.
: >"$file" || exit 1
tcpdump=
stopped=
# TERM, also for Ctrl-C: a shell's background job ignores INT until tcpdump has set its handler.
trap 'stopped=1; [ -z "$tcpdump" ] || kill -s TERM "$tcpdump" 2>/dev/null' INT TERM HUP

tcpdump -n -U --immediate-mode --time-stamp-precision=nano -i lo -s 128 -w - "tcp port $port" >"$file" &
tcpdump=$!
[ -z "$stopped" ] || kill -s TERM "$tcpdump" 2>/dev/null

# A trapped signal ends wait early, with a status above 128; tcpdump then still prints its counts.
wait "$tcpdump"
status=$?
while kill -s 0 "$tcpdump" 2>/dev/null; do
	wait "$tcpdump"
	status=$?
done
# A signal that came before tcpdump had set its handler.
if [ -n "$stopped" ] && [ "$status" -ge 128 ] && [ ! -s "$file" ]; then
	echo "$0: stopped before the capture began: $file is empty" >&2
	exit "$status"
fi
# tcpdump does not mind that what it wrote last was lost; a reader would.
if ! tcpdump -n -r "$file" >/dev/null 2>&1; then
	echo "$0: $file is not whole: is the disk full?" >&2
	exit 1
fi
exit "$status"
