#!/bin/sh
# A CI job in shell: faultproxy stands before the server, a client (here curl) connects,
# and the recording says how its connection ended.
#
#   job.sh WORKDIR     with faultproxy on the PATH
set -eu
cd "$1"

faultproxy run --json --listen 127.0.0.1:0 --admin off --idle-timeout 500ms --ttl 30s --record out.jsonl >ready.txt &
proxy=$!
trap 'kill "$proxy" 2>/dev/null || true' EXIT

# The first line says where it listens.
tries=0
until url=$(sed -n '1s/.*"url":"ws:\([^"]*\)".*/http:\1/p' ready.txt) && [ -n "$url" ]; do
	tries=$((tries + 1))
	[ "$tries" -le 100 ] || { echo "faultproxy is not ready after 10 s" >&2; exit 1; }
	sleep 0.1
done

# The client under test. curl says nothing after the upgrade, so it is cut as idle.
curl -sN --max-time 20 -o /dev/null "$url" -H 'Connection: Upgrade' -H 'Upgrade: websocket' \
	-H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' || true

kill "$proxy"
wait "$proxy"
faultproxy explain out.jsonl | tee why.txt
faultproxy report out.jsonl -o out.html # an artifact to keep
grep -q 'cause *idle-timeout' why.txt
