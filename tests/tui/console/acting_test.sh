#!/bin/sh
# Acting from the console on real daemons: a drain that is held up, followed from one console to the next and
# cancelled; a pin; another strategy. What was done is what was shown, and the audit log has all of it.
command -v tmux >/dev/null || { echo "tmux is not installed"; exit 77; }
. "$(dirname "$0")/../../integration/lib.sh"

export LC_ALL=C.UTF-8 XDG_STATE_HOME="$work/state-of-console" XDG_CONFIG_HOME="$work/config"
tm() { tmux -S "$work/tmux" -f /dev/null "$@"; }
trap 'tm kill-server 2>/dev/null; cleanup' EXIT
screen() { tm capture-pane -p -t console; }
keys() { tm send-keys -t console "$@"; }
shows() { screen >"$work/screen.log" && grep -qE -e "$1" "$work/screen.log"; }
sees() { # DESCRIPTION PATTERN: the operator, within 20 s
    wait_for 20 shows "$2"
    checks=$((checks + 1))
    say "ok $checks - $1"
}
# What has only just come up is not confirmed by a key: press until the button is gone.
pressed() {
    shows "\[ $1" || return 0
    keys Enter
    return 1
}
confirm() { # BUTTON
    sees "the button says what it does: $1" "\[ Cancel \] +$1"
    keys Tab
    wait_for 20 shows "\[ $1 \]"
    wait_for 20 pressed "$1"
}
type_line() { # LINE: behind a colon
    keys :
    keys -l "$1"
    keys Enter
}
run_console="TERM=tmux-256color '$STOKER' console"
open_console() { # again: the one that is there is ended without a word
    tm respawn-window -k -t console "$run_console" 2>/dev/null ||
        tm new-session -d -s console -x 110 -y 34 "$run_console"
    wait_for 20 shows '[0-9] agents'
}
is_so() { "$STOKER" "$@" --output json | tr -d ' \n\t'; }
pinned_on() { is_so models digits | grep -q "\"pinned\":\[$1\]"; }
strategy_is() { is_so strategy | grep -q "\"strategy\":\"$1\""; }
audited() { "$STOKER" audit | grep -qE "$1"; }
job_runs_on() { is_so jobs --state running | grep -q "\"agent\":\"$1\""; }

image=$(ls "$IMAGES"/digit-0-*.png | head -n 1)
start_coordinator
start_agent one --batch-size 1
wait_for 180 agents_ready 1
for _ in 1 2 3 4 5 6; do
    "$STOKER" submit digits "$image" --wait --timeout 60s >/dev/null || fail "a job on one"
done
executor=$(sed -n 's/.*executor started.*pid=\([0-9]*\).*/\1/p' "$work/one.log" | tail -n 1)
kill -STOP "$executor"
pids="$pids $executor"
"$STOKER" submit digits "$image" >/dev/null || fail "submit"
wait_for 30 job_runs_on one
start_agent two --batch-size 1
wait_for 180 agents_ready 2
open_console

keys 2 g d
sees "a drain shows its plan first" '1 running may finish'
sees "and what holds it" 'held by +job 7 \(digits\)'
keys Enter
sees "Enter alone leaves it" 'nothing was done'
type_line "drain one --deadline 10m --reason 'new fan'"
confirm 'drain one'
sees "the operation is shown where it can be followed" '\[Operations\]'
sees "with what holds it" 'operation 1, drain one: 1 jobs left, held by job 7'
open_console
keys 7
sees "another console has it, too" 'drain +one +running'
sees "with its blocker" 'held by +digits: job 7'
sees "and why" 'new fan'
type_line "stop 1 --reason 'the fan is fine'"
confirm 'stop operation 1'
sees "it is cancelled" 'stop operation 1: done'
check "and the agent works again" agent_is one ready
kill -CONT "$executor"

type_line 'pin digits --agent tow'
sees "a name that isn't there is said" "no agent is named 'tow'"
type_line "pin digits --agent two --reason 'keep it warm'"
sees "a model is named with its version" 'pin digits:1 on two\?'
sees "and where it is pinned now" 'pinned on +none'
confirm 'pin digits:1 on two'
wait_for 20 pinned_on '"two"'
say "the pin is there"
type_line "strategy round-robin --reason 'a try'"
sees "the strategies are told" 'power-of-two'
confirm 'strategy round-robin'
wait_for 20 strategy_is round-robin

for line in 'drain +one +new fan' 'cancel drain +one +the fan is fine' 'pin +digits:1 on two +keep it warm' \
    'strategy +round-robin +a try'; do
    check "the audit has who and why: $line" audited "@.* $line"
done
check "and nothing else was done" [ "$("$STOKER" audit --output json | jq '.audit | length')" -eq 4 ]
keys q
say "$checks passed, 0 failed"
