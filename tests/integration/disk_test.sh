#!/bin/sh
# The ledger's disk is full: it is told with the way out, nothing acknowledged is lost, reading goes on,
# and everything works again once there is space, without a restart.
if [ "$(id -u)" != 0 ]; then
    if [ -z "${DISK_TEST_INSIDE:-}" ] && unshare -Urm true 2>/dev/null; then
        DISK_TEST_INSIDE=1 exec unshare -Urm "$0"
    fi
    echo "can't mount a small file system here"
    exit 77
fi
. "$(dirname "$0")/lib.sh"

mkdir "$work/state"
if ! mount -t tmpfs -o size=4m stoker-test "$work/state"; then
    say "can't mount a small file system here"
    exit 77
fi
unmount() {
    for pid in $pids; do
        kill -KILL "$pid" 2>/dev/null
    done
    wait 2>/dev/null
    umount -l "$work/state"
    cleanup
}
trap unmount EXIT

ledger_is() {
    "$STOKER" status --output json | jq -e ".ledger.state == \"$1\"" >"$work/ledger"
}
head -c 64 /dev/zero >"$work/sixteen.raw"
submit() {
    "$STOKER" submit noop "$work/sixteen.raw" --dtype float32 --shape 1,16 --patience 1s "$@"
}

start_coordinator
first=$(submit --output json | jq -r '.jobs[0].id // .job.id')
check "a job is acknowledged" test "$first" -ge 1
dd if=/dev/zero of="$work/state/ballast" bs=4096 >"$work/dd.out" 2>&1
refused() {
    ! submit >"$work/out" 2>"$work/err"
}
wait_for 20 refused
submit >"$work/out" 2>"$work/err"
check "jobs are refused as unavailable, exit code 8" test $? -eq 8
check "with the way out: $(cat "$work/err")" grep -q 'free space' "$work/err"
check "the status says so" ledger_is failed
check "and what to do" sh -c "'$STOKER' status | grep -q '^ledger .*free space'"
check "and an event" sh -c "'$STOKER' events | grep -q 'ledger.error'"
check "reading goes on" sh -c "'$STOKER' job $first | grep -q queued"
start_agent one
wait_for 120 agents_ready 1
rm "$work/state/ballast"
wait_for 20 ledger_is ok
check "the acknowledged job is answered" "$STOKER" result "$first" --wait 60s
check "new jobs are taken" submit --wait
check "its history survives a restart" sh -c "kill -KILL $coordinator_pid"
wait "$coordinator_pid" 2>/dev/null
start_coordinator
check "with agent and end" sh -c "'$STOKER' history $first | grep -q 'one .*done'"
check "among those that have ended" sh -c "'$STOKER' history --model noop --since 1h | grep -q '^ *$first  *done'"
say "$checks passed, 0 failed"
