#!/bin/sh
# Fetches what the zoo's clients are made of: npm packages and Go modules.
set -eu
cd "$(dirname "$0")"
npm ci --ignore-scripts --no-audit --no-fund
for release in */client/buggy.mod */client/fixed.mod; do
	(cd "${release%/*}" && go build -buildvcs=false -modfile="${release##*/}" -o /dev/null .)
done
