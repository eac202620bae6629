#!/bin/bash
# The console in plain lines: what a screen reader, a log or a dumb terminal gets.
#
#   linear_test.sh STOKER CONSOLE_DOUBLE GOLDEN_DIR
set -u
stoker=$1 double=$2 golden=$3
# shellcheck source=tests/tui/console/terminal_lib.sh
. "$(dirname "$0")/terminal_lib.sh"
says() { grep -qE -- "$1" "$dir/out"; }

start_double tcp://127.0.0.1:0
tm new-session -d -s console -x 100 -y 40 "exec cat"

# Piped: commands are run in their order, and the end of input is the end.
printf 'agents\nwhy 88\n\nnonsense\nwhy "88\n' |
    timeout 20 "$stoker" --linear --coordinator "$control" >"$dir/out" 2>"$dir/err" || fail "exit code"
says 'attempt 2 went to ember-01' || fail "a command's output"
grep -q "no command 'nonsense'" "$dir/err" || fail "an unknown command is named"
grep -qF $'\033' "$dir/out" && fail "an escape sequence in plain lines"

# A line that is too long is not done in part: the end of a number that is cut off is another job's.
for last in 88300 88080; do
    echo "cancel $(seq -s ' ' 88000 $last)" |
        timeout 20 "$stoker" --linear --coordinator "$control" >"$dir/out" 2>"$dir/err" || fail "exit code"
    cat "$dir/err" "$dir/out" | grep -qE 'a line has (1023 bytes|64 words) at most' || fail "it is said"
    logged '^cancel' && fail "a part of a line was done"
done

# Without any input: one summary.
timeout 20 "$stoker" --linear --coordinator "$control" >"$dir/out" </dev/null || fail "exit code"
says 'lab-east: [0-9]+ of 4 agents ready, 5 devices, .* jobs/s, latency p50 .* ms.* queued' ||
    fail "the summary"
says 'alert, bad: ember-04 is lost.*Next: ' || fail "an alert and what to do about it"
says 'event of [0-9:]+, warning: agent.lost ember-04 silent' || fail "an event"
grep -v '^[0-9][0-9]:[0-9][0-9]:[0-9][0-9] ' "$dir/out" && fail "a line without its time"

# Characters that the locale hasn't are left out.
LC_ALL=C timeout 20 "$stoker" --linear --coordinator "$control" </dev/null | LC_ALL=C grep -q '[^ -~]' &&
    fail "a character outside of ASCII"

# On a terminal that can't move its cursor: a command that asks is answered by hand.
tm respawn-window -k -t console "TERM=dumb '$stoker' --linear --every 1s --coordinator $control; \
    echo \"exit code \$?\"; exec cat"
wait_for "a summary on a dumb terminal" shows 'agents ready'
keys 'drain ember-02 --detach' Enter
wait_for "a drain asks" shows '\[y/N\]'
keys n Enter
wait_for "no is no" shows 'drain: not done'
logged '^drain ember-02' && fail "drained without consent"
keys 'drain ember-02 --detach' Enter
asked() { [ "$(screen | grep -c '\[y/N\]')" = "$1" ]; }
wait_for "it asks again" asked 2
keys y Enter
wait_for "yes drains that agent" logged '^drain ember-02'
kill -STOP $double_pid
wait_for "a silent coordinator is named" shows 'no answer from tcp://'
kill -CONT $double_pid
wait_for "and said to be back" shows 'answers again'
keys C-d
wait_for "the end of input ends it" shows 'exit code 0'

# Read-only refuses here, too; Ctrl-C ends it.
tm respawn-window -k -t console "trap : INT; '$stoker' --linear --read-only --coordinator $control; \
    echo \"exit code \$?\"; exec cat"
wait_for "a summary" shows 'agents ready'
keys 'cordon ember-01' Enter
wait_for "read-only refuses" shows 'cordon is refused: started read-only'
keys 'agents' Enter
wait_for "and reads" shows 'AGENT +STATE'
keys C-c
wait_for "Ctrl-C ends it" shows 'exit code 130'
logged '^cordon' && fail "cordoned while read-only"

# Nobody answers: said once, and by the exit code.
timeout 20 "$stoker" --linear --coordinator tcp://127.0.0.1:9 >"$dir/out" </dev/null
[ $? = 3 ] || fail "exit code without a coordinator"
says 'no answer from tcp://127.0.0.1:9; retrying' || fail "no word about the coordinator"
echo "all said"
