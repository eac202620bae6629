#!/bin/sh
# Settings change while the daemons run, survive a restart, and a reload says what it could not change.
. "$(dirname "$0")/lib.sh"

setting_is() { # NAME JQ
    "$STOKER" settings "$1" --output json | jq -e ".settings[0] | $2"
}

cat >"$work/stokerd.ini" <<END
[limits]
jobs_live = 7000
[heartbeat]
interval = 100ms
END
start_coordinator --config "$work/stokerd.ini"
check "a setting shows where it comes from" \
    setting_is limits.jobs_live ".value == \"7000\" and .live and (.from | endswith(\"stokerd.ini:2\"))"
check "all are listed" sh -c "'$STOKER' settings --output json | jq -e '.settings | length > 30'"
"$STOKER" settings --changed >"$work/out" || fail "settings"
check "only changed ones" sh -c "grep -q '^limits.jobs_live' '$work/out' && ! grep -q '^limits.attempts' '$work/out'"

check "one is changed live" sh -c "'$STOKER' settings limits.jobs_live 2 --reason 'memory is short' | grep -q '^limits.jobs_live = 2'"
check "it wins over the file" setting_is limits.jobs_live '.value == "2" and (.from | startswith("live.ini"))'
image=$(ls "$IMAGES"/digit-*.png | head -n 1)
"$STOKER" submit digits "$image" "$image" >/dev/null || fail "submit"
timeout 0.5 "$STOKER" submit digits "$image" >/dev/null 2>&1
code=$?
check "and is in force: who submits a third job is kept waiting" test $code -eq 124
check "it was not taken" sh -c "'$STOKER' status --output json | jq -e '.totals.submitted == 2'"
check "who did it is told" sh -c "'$STOKER' events | grep -q 'limits.jobs_live: 7000 -> 2 by'"
expect_exit 2 "1 to 10000000 jobs" "$STOKER" settings limits.jobs_live many
expect_exit 7 "can't change while stokerd runs" "$STOKER" settings heartbeat.interval 1s
expect_exit 4 "no setting 'limits.nonsense'" "$STOKER" settings limits.nonsense 3
expect_exit 7 "was not set" "$STOKER" settings limits.attempts --unset
check "what latency should be is told to who looks" sh -c "'$STOKER' settings slo.latency_p99 25ms >/dev/null && '$STOKER' status --output json | jq -e '.slo.latency_p99_us == 25000'"
check "and is not when nobody says it" sh -c "'$STOKER' settings slo.latency_p99 --unset >/dev/null && '$STOKER' status --output json | jq -e '.slo == null'"
check "the strategy is one of them" sh -c "'$STOKER' strategy round-robin | grep -q '^round-robin' && '$STOKER' settings schedule.strategy | grep -q 'from live.ini'"
check "who changed it is known" sh -c "'$STOKER' audit --what strategy | grep -q '[^ ]@[^ ]*  *strategy  *round-robin'"
expect_exit 4 "'fastest'; stoker strategy lists them" "$STOKER" strategy fastest

# SIGHUP applies what it can, and shows what it can't.
sed -i 's/7000/9000/; s/100ms/150ms/' "$work/stokerd.ini"
kill -HUP "$coordinator_pid"
wait_for 10 setting_is heartbeat.interval '.value == "100ms" and .after_restart == "150ms"'
check "a live setting still wins" setting_is limits.jobs_live '.value == "2"'
echo 'nonsense = 1' >>"$work/stokerd.ini"
kill -HUP "$coordinator_pid"
reload_refused() {
    "$STOKER" settings 2>&1 >/dev/null | grep -q 'last reload was refused.*nonsense'
}
wait_for 10 reload_refused
check "a reload that was refused is shown" reload_refused
expect_exit 2 'nonsense' "$STOKER" settings limits.attempts 3
check "and nothing has changed" setting_is limits.attempts '.value == "5"'
sed -i '/nonsense/d' "$work/stokerd.ini"

# It outlives the coordinator; taken back, the file counts again.
kill -KILL "$coordinator_pid"
wait "$coordinator_pid" 2>/dev/null
start_coordinator --config "$work/stokerd.ini"
check "after a restart it is the same" setting_is limits.jobs_live '.value == "2"'
check "and so is the strategy" sh -c "'$STOKER' status --output json | jq -e '.strategy == \"round-robin\"'"
check "what needed the restart has it" setting_is heartbeat.interval '.value == "150ms" and .after_restart == ""'
check "stokerd config shows it too" sh -c "'$STOKERD' config --state-dir '$work/state' | grep 'limits.jobs_live' | grep -q 'live.ini'"
check "unset" sh -c "'$STOKER' settings limits.jobs_live --unset | grep -q '^limits.jobs_live = 9000'"
check "is in force: a third job is taken" "$STOKER" submit digits "$image"
say "$checks passed, 0 failed"
