#!/bin/bash
# Runs every test and adds up what each part prints. Exit status 0 only when nothing failed.
set -u
cd "$(dirname "$0")/.." || exit 2
mkdir -p build
passed=0 failed=0 skipped=0

part() { # part NAME COMMAND...: the command's output holds lines with "N passed, N failed[, N skipped]"
    local name=$1 log=build/test-$1.log status
    shift
    echo "== $name"
    "$@" >"$log" 2>&1
    status=$?
    local sums
    sums=$(sed -nE 's/.*\b([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?.*/\1 \2 \4/p' "$log" |
        awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }')
    read -r p f s <<<"$sums"
    # A part that stops early, or runs nothing, has failed.
    if [ "$status" -ne 0 ] && [ "$f" -eq 0 ] || [ $((p + f)) -eq 0 ]; then f=$((f + 1)); fi
    [ "$f" -eq 0 ] || tail -n 80 "$log"
    echo "   $p passed, $f failed, $s skipped"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

headers() {
    if grep -nE '#[[:space:]]*include[[:space:]]*[<"](R\.h|Rinternals|Rmath|Rdefines|Rversion|R_ext|S\.h)' -r src/core src/xlsx; then
        echo "R header in src/core or src/xlsx: 0 passed, 1 failed"
    else
        echo "no R header in src/core and src/xlsx: 1 passed, 0 failed"
    fi
}

check() {
    rm -rf build/check && mkdir -p build/check &&
        R CMD build . >build/check/build.log 2>&1 || { cat build/check/build.log; return 1; }
    mv osseosurv_*.tar.gz build/check/
    (cd build/check && _R_CHECK_SYSTEM_CLOCK_=0 _R_CHECK_CRAN_INCOMING_REMOTE_=false _R_CHECK_FORCE_SUGGESTS_=false \
        R CMD check --as-cran --no-manual osseosurv_*.tar.gz)
    tools/read-check.sh build/check/osseosurv.Rcheck/00check.log
}

part headers headers
part core make -s -C tests/core check
part fuzz make -s -C tests/fuzz short
install() {
    mkdir -p build/library && R CMD INSTALL --no-multiarch --preclean --library=build/library . >build/install.log 2>&1 ||
        { cat build/install.log; return 1; }
    echo "install: 1 passed, 0 failed"
}
part install install
part testthat env R_LIBS="$PWD/build/library" NOT_CRAN=true OSSEOSURV_EXTENDED_TESTS=true Rscript --vanilla tools/testthat.R
part check check

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
