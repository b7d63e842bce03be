#!/usr/bin/env bash
# Fetches the programs that the presets are named after, for the tests of this
# folder:
#
#   internal/fidelity/install.sh [NAME…]    # all of them, without a name
#
# Names: nginx haproxy apache caddy caddy-2.6 lighttpd squid varnish h2o.
#
# They are unpacked into a folder of their own, $FIDELITY_PROGRAMS or the user's
# cache: nothing is installed, no service starts, nothing needs root. Debian's
# packages come by apt (run apt-get update before, if it was never run), Caddy
# 2.11 is built from its Go module.
set -euo pipefail

readonly caddy=github.com/caddyserver/caddy/v2/cmd/caddy@v2.11.9
into=${FIDELITY_PROGRAMS:-${XDG_CACHE_HOME:-$HOME/.cache}/heartbreak-fidelity}
readonly into

names=("$@")
if ((${#names[@]} == 0)); then
	names=(nginx haproxy apache caddy caddy-2.6 lighttpd squid varnish h2o)
fi

# packages NAME: what holds the program and its data. Libraries come by themselves.
packages() {
	case $1 in
	nginx) echo nginx nginx-common ;;
	haproxy | lighttpd | varnish | h2o) echo "$1" ;;
	apache) echo apache2-bin ;;
	caddy) ;;
	caddy-2.6) echo caddy ;;
	squid) echo squid squid-common squid-langpack ;;
	*)
		echo "install.sh: no program is called $1; there are nginx, haproxy, apache, caddy, caddy-2.6, lighttpd, squid, varnish, h2o" >&2
		return 1
		;;
	esac
}

# libraries PACKAGE…: those that they need and this system lacks.
libraries() {
	apt-get install --print-uris -q -y --no-install-recommends "$@" | sed -nE "s/^'[^']*' (lib[^_]*)_.*/\1/p"
}

# program NAME: where it will be.
program() {
	case $1 in
	nginx | haproxy | lighttpd | squid) echo "usr/sbin/$1" ;;
	apache) echo usr/sbin/apache2 ;;
	varnish) echo usr/sbin/varnishd ;;
	caddy) echo go/caddy ;;
	caddy-2.6) echo usr/bin/caddy ;;
	h2o) echo usr/bin/h2o ;;
	esac
}

scratch=$(mktemp -d)
readonly scratch
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
mkdir -p "$into"

for name in "${names[@]}"; do
	list=$(packages "$name")
	if [[ -x $into/$(program "$name") ]]; then
		echo "$name: is there"
		continue
	fi
	if [[ $name == caddy ]]; then
		GOBIN=$into/go GOFLAGS=-mod=mod go install "$caddy"
	else
		mkdir -p "$scratch/$name"
		chmod 777 "$scratch/$name" # apt fetches as a user of its own
		read -ra wanted <<<"$list"
		mapfile -t -O "${#wanted[@]}" wanted < <(libraries "${wanted[@]}")
		(cd "$scratch/$name" && apt-get download -q "${wanted[@]}")
		for deb in "$scratch/$name"/*.deb; do
			dpkg -x "$deb" "$into"
		done
	fi
	[[ -x $into/$(program "$name") ]] || { echo "install.sh: $name did not come: no $into/$(program "$name")" >&2; exit 1; }
	echo "$name: unpacked"
done

missing=0
for name in "${names[@]}"; do
	lacking=$(LD_LIBRARY_PATH=$(echo "$into"/usr/lib/*-linux-gnu | tr ' ' ':') ldd "$into/$(program "$name")" 2>/dev/null | grep 'not found' || true)
	if [[ -n $lacking ]]; then
		echo "install.sh: $name lacks libraries:" >&2
		echo "$lacking" >&2
		missing=1
	fi
done
echo "the programs are below $into"
exit $missing
