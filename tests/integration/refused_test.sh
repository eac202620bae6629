#!/bin/sh
# Models that an agent loads without a job, and models that it can't load at all.
. "$(dirname "$0")/lib.sh"

mkdir -p "$work/models/broken/1"
cp -r "$MODELS"/. "$work/models/"
chmod -R u+w "$work/models"
mkdir -p "$work/models/broken/1"
head -c 400 /dev/zero >"$work/models/broken/1/model.onnx"
MODELS="$work/models"
export STOKER_LIMITS_UNLOADABLE=2s
start_coordinator
start_agent one
wait_for 180 agents_ready 1
head -c 64 /dev/zero >"$work/zero.raw"
raw="--dtype float32 --shape 1,16"

check "a load is followed to its end" sh -c "'$STOKER' load noop --agent one | grep 'noop is on one after'"
check "or asked for only" sh -c "'$STOKER' unload noop --agent one && '$STOKER' load noop --agent one --detach"
expect_exit 7 "broken can't be loaded on one: " "$STOKER" load broken --agent one
failed() {
    "$STOKER" job "$1" --output json | jq -e ".job.state == \"failed\" and .job.error.code == \"bad_model\"" >/dev/null
}
id=$("$STOKER" submit broken "$work/zero.raw" $raw --output json | jq -r '.jobs[0].id')
wait_for 2 sh -c "'$STOKER' why $id | grep -q 'its jobs fail in'"
check "why-not says why, and when that will be its end" sh -c \
    "'$STOKER' why-not $id one | grep -q \"can't load the model: .*; no agent can take broken:1\""
wait_for 20 failed "$id"
"$STOKER" job "$id"
check "the job says why" sh -c "'$STOKER' job $id | grep -q 'no agent can load its model: one'"
say "$checks passed, 0 failed"
