#!/bin/sh
# Jobs/s and latency through a whole cluster on this machine: a coordinator, three agents, real
# executors, the durable ledger. Prints one line a figure: name value unit.
#
#   tests/bench/cluster.sh BUILD_FOLDER [JOBS]
build=$(CDPATH='' cd -- "${1:-build}" && pwd) || exit 2
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
jobs=${2:-50000}
export STOKER="$build/tui/stoker" STOKERD="$build/agent/stokerd" MODELS="$root/assets/models"
load=$build/tests/bench/cluster_load
. "$root/tests/integration/lib.sh"

start_coordinator
for name in ember-01 ember-02 ember-03; do
    start_agent $name
done
wait_for 180 agents_ready 3

# bench NAME MODEL FLOATS JOBS OUTSTANDING CLIENTS BATCH
bench() {
    name=$1
    shift
    "$load" "$control" "$@" >"$work/bench.out" || fail "load: $(cat "$work/bench.out")"
    sed -n "s/^cluster_\(throughput\|total_latency\|queue_latency\|compute_latency\|lost\)/$name\_\1/p" \
        "$work/bench.out"
}

bench warm_noop noop 1,16 3000 1024 2 64 >/dev/null
bench noop noop 1,16 "$jobs" 4096 2 256
bench warm_digits digits 1,1,8,8 3000 1024 2 64 >/dev/null
bench digits digits 1,1,8,8 "$jobs" 4096 2 256
# Long enough that the window of the percentiles, 10 s, holds nothing else.
bench noop_single noop 1,16 6000 1 1 1
ps -o rss= -p "$coordinator_pid" | awk '{ print "coordinator_resident", $1 / 1024, "MiB" }'
