#!/bin/sh
# What the console costs on a terminal; htop, btop and nvtop on the same terminals where they are
# installed. One line a figure: name value unit.
#
#   tests/bench/console_bench.sh BUILD_DIR [SECONDS [WHAT...]]
#
# WHAT is one or several of
#   small     50 agents of a coordinator's double, sampled 4 times a second
#   large     1,000 of them
#   cluster   a real coordinator with 50 simulated agents and 10,000 jobs a second, then with 1,000;
#             also what the coordinator's processor has to do more because a console looks on
#   others    the other programs
# and all of them by default. The console runs with 24x80, 50x200 and (large) 100x300 cells.
build=$(CDPATH='' cd -- "${1:-build}" && pwd) || exit 2
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
seconds=${2:-10}
[ $# -gt 2 ] && shift 2 || set -- small large cluster others
bench=$build/tests/bench/terminal_bench
export STOKER="$build/tui/stoker" STOKERD="$build/agent/stokerd" MODELS=
. "$root/tests/integration/lib.sh"
MODELS=$work/models
mkdir "$MODELS"
cp -r "$root/assets/models/noop" "$MODELS/noop"
export LC_ALL=C.UTF-8

# console NAME CLUSTER ROWS COLS: the cluster's name is what its first screen with data shows
console() {
    "$bench" -k '2?' -w "$2" "$3" "$4" "$seconds" "$1" "$STOKER" console --fresh --coordinator "$control" ||
        say "$1 failed"
}

# double AGENTS
double() {
    "$build/tests/tui/console/console_double" "$root/tests/tui/console/golden" \
        tcp://127.0.0.1:0 tcp://127.0.0.1:0 "$work/actions" "$1" >"$work/ready" &
    double_pid=$!
    pids="$pids $double_pid"
    wait_for 10 grep -q ready "$work/ready"
    control=$(cut -d' ' -f2 "$work/ready")
}

what_small() {
    double 50
    console agents50 lab-east 24 80
    console agents50 lab-east 50 200
    kill -KILL "$double_pid"
}

what_large() {
    double 1000
    console agents1000 lab-east 24 80
    console agents1000 lab-east 50 200
    console agents1000 lab-east 100 300
    kill -KILL "$double_pid"
}

ticks() {
    cut -d' ' -f14,15 "/proc/$coordinator_pid/stat" | awk '{ print $1 + $2 }'
}

# share NAME: of a processor, in 5 s
share() {
    before=$(ticks)
    sleep 5
    say "$1 $(($(ticks) - before)) $(getconf CLK_TCK)" | awk '{ print $1, $2 * 100 / 5 / $3, "%" }'
}

# cluster AGENTS
cluster() {
    rm -rf "$work/state"
    control="" agents="" events=""
    start_coordinator --ledger-durability none --cluster-name bench-cluster
    "$build/tests/bench/dispatch/dispatch" stoker --name load --address "$agents" --workers "$1" \
        --rate 10000 --seconds 600 >"$work/load.log" 2>&1 &
    load_pid=$!
    pids="$pids $load_pid"
    wait_for 60 agents_ready "$1"
    sleep 3
    share "cluster$1_coordinator_alone"
    console "cluster$1" bench-cluster 50 200 >"$work/console.log" &
    console_pid=$!
    sleep 4
    share "cluster$1_coordinator_watched"
    wait $console_pid
    cat "$work/console.log"
    kill -KILL $load_pid "$coordinator_pid"
    wait $load_pid "$coordinator_pid" 2>/dev/null
}

what_cluster() {
    cluster 50
    cluster 1000
}

what_others() {
    for size in "24 80" "50 200"; do
        for program in htop btop nvtop; do
            # shellcheck disable=SC2086 # rows and columns are two arguments
            ! command -v $program >/dev/null || "$bench" $size "$seconds" $program $program
        done
    done
}

for what; do
    "what_$what"
done
