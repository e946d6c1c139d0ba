#!/bin/sh
# Runs every benchmark, or the named ones: bench/run.sh [NAME...]. The package and the peers must be
# installed (make bench does that); a peer that is not is left out.
set -eu
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- $(ls bench/*.R | sed 's|.*/||; s|\.R$||' | grep -v '^harness$')
for name in "$@"; do
    echo "== $name"
    Rscript --vanilla "bench/$name.R"
done
