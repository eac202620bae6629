#!/bin/sh
# nngcat alone can drive the control socket.
. "$(dirname "$0")/lib.sh"

ask() {
    nngcat --req --dial "$control" --data "$1" --raw --recv-timeout 10
}

start_coordinator
start_agent one
wait_for 120 agents_ready 1
check "version answers" sh -c "nngcat --req --dial '$control' --data '{\"v\":1,\"op\":\"version\"}' --raw | grep -q '\"ok\":true'"
data=$(seq -s, 0 15)
answer=$(ask "{\"v\":1,\"op\":\"submit\",\"model\":\"noop\",\"wait_ms\":30000,\"inputs\":[{\"dtype\":\"float32\",\"shape\":[1,16],\"data\":[$data]}]}")
case $answer in
*'"state":"done"'*'"data_b64":"AAAAAAAAgD8AAABA'*) say "ok - a job submitted by hand is answered" ;;
*) fail "submit through nngcat: $answer" ;;
esac
for bad in 'nonsense' '{}' '[]' '{"v":2,"op":"status"}' '{"v":1,"op":"frob"}' '{"v":1,"op":"submit"}' \
    '{"v":1,"op":"submit","model":"noop","inputs":[{"dtype":"float32","shape":[1,16],"data_b64":"AA=="}]}' \
    '{"v":1,"op":"submit","model":"noop","inputs":[{"dtype":"float32","shape":[-1,16],"data":[]}]}' \
    '{"v":1,"op":"job","id":-1}' '{"v":1,"op":"job","id":"x"}' '{"v":1,"op":"jobs","limit":1e9}'; do
    answer=$(ask "$bad")
    printf '%s' "$answer" | jq -e '.ok == false and (.error.code | length > 0) and (.error.message | length > 0)' \
        >/dev/null || fail "'$bad' got: $answer"
    checks=$((checks + 1))
done
say "$checks passed, 0 failed"
