#!/bin/sh
# What the console costs on a terminal, fed by a coordinator's double 4 times a second; and htop
# on the same terminals, where it is installed. One line a figure.
#
#   tests/bench/console_bench.sh [BUILD_DIR [SECONDS [AGENTS]]]
set -eu
here=$(dirname "$0")
build=${1:-build}
seconds=${2:-10}
agents=${3:-12}
dir=$(mktemp -d)
double=
trap 'kill $double 2>/dev/null || :; rm -rf "$dir"' EXIT
export LC_ALL=C.UTF-8

: >"$dir/ready"
"$build/tests/tui/console/console_double" "$here/../tui/console/golden" tcp://127.0.0.1:0 \
    tcp://127.0.0.1:0 "$dir/actions" "$agents" >"$dir/ready" &
double=$!
until grep -q ready "$dir/ready"; do sleep 0.1; done
control=$(cut -d' ' -f2 "$dir/ready")
for size in "24 80" "50 200"; do
    # shellcheck disable=SC2086 # rows and columns are two arguments
    "$build/tests/bench/terminal_bench" $size "$seconds" console \
        "$build/tui/stoker" console --coordinator "$control"
    if command -v htop >/dev/null; then
        # shellcheck disable=SC2086
        "$build/tests/bench/terminal_bench" $size "$seconds" htop htop
    fi
done
