#!/bin/sh
# What batches are worth: jobs/s of one agent that runs one row at a time, and of one that chooses how
# many, through real daemons. Prints one line a figure: name value unit.
#
#   tests/bench/batch.sh BUILD_FOLDER [MODEL.onnx SHAPE JOBS]
#
# Without a model the digits. A model leaves its first dimension open (open_batch.py); SHAPE is one
# row's, such as 1,3,224,224. The jobs of a measurement follow as many again that are not measured.
build=$(CDPATH='' cd -- "${1:-build}" && pwd) || exit 2
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
export STOKER="$build/tui/stoker" STOKERD="$build/agent/stokerd" MODELS="$root/assets/models"
load=$build/tests/bench/cluster_load
model=digits shape=1,1,8,8 jobs=20000 submitted=256
. "$root/tests/integration/lib.sh"

if [ $# -gt 1 ]; then
    model=$(basename "$2" .onnx) shape=$3 jobs=$4 submitted=4
    MODELS=$work/models
    mkdir -p "$MODELS/$model/1"
    ln "$2" "$MODELS/$model/1/model.onnx" 2>/dev/null || cp "$2" "$MODELS/$model/1/model.onnx"
    printf '[model]\nmax_batch = 64\n' >"$MODELS/$model/config.ini"
fi

# programs of both agents are built once, and kept from one run of this script to the next
mkdir -p "${STOKER_BENCH_CACHE:=$work/programs}"

# measure NAME FLAGS…: an agent with the flags
measure() {
    what=$1
    shift
    mkdir -p "$work/cache-$what"
    ln -s "$STOKER_BENCH_CACHE" "$work/cache-$what/programs"
    start_agent "$what" "$@"
    wait_for 180 agents_ready 1
    for pass in warm measured; do
        "$load" "$control" "$model" "$shape" "$jobs" 192 2 "$submitted" >"$work/$pass" ||
            fail "load: $(cat "$work/$pass")"
    done
    sed -n "s/^cluster_\(throughput\|lost\)/${model}_${what}_\1/p" "$work/measured"
    "$STOKER" models "$model" --output json | jq -r --arg name "${model}_$what" \
        '.model.batch[0] | "\($name)_batch \(.rows) rows\n\($name)_device \(.rows_per_s | round) rows/s"'
    kill "$agent_pid"
    wait "$agent_pid"
}

start_coordinator
measure single --batch-size 1
measure chosen
