#!/bin/sh
# Installs what is missing. setup.sh run: what the package and its report need; setup.sh test: the
# tools and the peers that the tests compare with as well. Debian and its relatives by apt; elsewhere
# it says what to install.
set -eu

system_run="g++ gfortran make pkg-config r-base-core r-base-dev libgsl-dev libxlsxwriter-dev zlib1g-dev pandoc"
system_test="clang libclang-rt-14-dev qpdf tidy devscripts libreoffice-calc-nogui poppler-utils"
r_run="survival lpSolve readxl ggplot2 patchwork generics knitr rmarkdown svglite"
r_test="testthat roxygen2 metafor metadat cmprsk geepack prodlim coin km.ci openxlsx Rcpp RcppEigen foreach iterators coda mvtnorm"
cran_test="bpcp coxphf crrSC exactci icenReg MLEcens npsurv writexl pseudo survRM2"

case "${1-}" in
run) system="$system_run" r="$r_run" cran="" ;;
test) system="$system_run $system_test" r="$r_run $r_test" cran="$cran_test" ;;
*) echo "usage: $0 run|test" >&2 && exit 2 ;;
esac

root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi; }

missing_r() { # the named R packages that do not load
    command -v Rscript >/dev/null 2>&1 || { echo "$*"; return; }
    Rscript --vanilla -e 'for (p in commandArgs(TRUE)) if (!requireNamespace(p, quietly = TRUE)) cat(p, "")' "$@" 2>/dev/null
}

if ! command -v dpkg-query >/dev/null 2>&1; then
    absent=""
    for tool in R cc make pkg-config pandoc; do
        command -v "$tool" >/dev/null 2>&1 || absent="$absent $tool"
    done
    absent_r=$(missing_r $r $cran)
    [ -z "$absent$absent_r" ] && exit 0
    cat >&2 <<EOF
This is not a Debian system, so nothing was installed. Needed here:
  R (4.1 or later), a C compiler, make, pkg-config, pandoc, GSL and libxlsxwriter with headers
  (not found:${absent:- none})
  R packages: $r $cran
  (not found: ${absent_r:-none})
EOF
    exit 1
fi

want=""
for p in $system; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || want="$want $p"
done
for p in $(missing_r $r); do
    want="$want r-cran-$(echo "$p" | tr '[:upper:]' '[:lower:]')"
done
if [ -n "$want" ]; then
    echo "Installing:$want"
    root apt-get update -qq
    # shellcheck disable=SC2086
    root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $want >/dev/null
fi

# What Debian does not have, or has not in a usable version.
want=$(missing_r $r $cran)
if [ -n "$want" ]; then
    echo "Installing from CRAN: $want"
    # shellcheck disable=SC2086
    root Rscript --no-environ --no-save -e 'if (identical(unname(getOption("repos")["CRAN"]), "@CRAN@")) utils::chooseCRANmirror(ind = 1)
        install.packages(commandArgs(TRUE), quiet = TRUE, Ncpus = 2)' $want >/dev/null 2>&1 || true
    left=$(missing_r $r)
    [ -z "$left" ] || { echo "Could not install: $left" >&2; exit 1; }
    left=$(missing_r $want)
    [ -z "$left" ] || echo "Not installed, tests against them use frozen figures: $left"
fi
