#!/bin/sh
# usage: test_run.sh BOOTSTRAP_SH — `run` without a terminal serves real images with the real
# programs of STOKER_BUILD_DIR, says so, and leaves nothing behind.
set -u

work=$(mktemp -d "${TMPDIR:-/tmp}/stoker-run-test.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
mkdir "$work/tmp"

TMPDIR=$work/tmp "$1" run </dev/null >"$work/out" 2>&1
code=$?
cat "$work/out"

fail()
{
    echo "FAILED: $*"
    exit 1
}

[ "$code" = 0 ] || fail "exit code $code"
for agent in ember-01 ember-02 ember-03; do
    grep -q "^$agent .*ready" "$work/out" || fail "$agent is not shown as ready"
done
grep -Eq 'digit-3-[0-9]+\.png: 3 [0-9.]+%' "$work/out" || fail "the image of a 3 is not called a 3"
[ -z "$(ls "$work/tmp")" ] || fail "left in the folder of temporary files: $(ls "$work/tmp")"
! grep -lsa "$work/tmp" /proc/[0-9]*/cmdline || fail "a daemon is still there"
