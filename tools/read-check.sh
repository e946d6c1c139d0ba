#!/bin/sh
# Judges a 00check.log: no error, no warning, and no note but the one that every new package gets.
log=$1
[ -f "$log" ] || { echo "R CMD check: 0 passed, 1 failed (no log)"; exit 1; }
status=$(grep '^Status:' "$log")
bad=$(grep -E '\.\.\. (ERROR|WARNING)$' "$log")
notes=$(grep -E '\.\.\. (\[[^]]*\] )?NOTE$' "$log" | grep -v 'CRAN incoming feasibility')
echo "$status"
if [ -n "$status" ] && [ -z "$bad" ] && [ -z "$notes" ]; then
    echo "R CMD check: 1 passed, 0 failed"
else
    cat "$log"
    echo "R CMD check: 0 passed, 1 failed"
    exit 1
fi
