#!/bin/bash
# The console in a real terminal (tmux), against a coordinator's double: what an operator sees.
# Every check waits until it is true; nothing waits for a time to pass.
#
#   terminal_test.sh STOKER CONSOLE_DOUBLE GOLDEN_DIR
set -u
stoker=$1 double=$2 golden=$3
# shellcheck source=tests/tui/console/terminal_lib.sh
. "$(dirname "$0")/terminal_lib.sh"

before() { # A stands above B
    local a b
    a=$(screen | grep -nE -- "$1" | head -1 | cut -d: -f1)
    b=$(screen | grep -nE -- "$2" | head -1 | cut -d: -f1)
    [ -n "$a" ] && [ -n "$b" ] && [ "$a" -lt "$b" ]
}

start_double tcp://127.0.0.1:0
tm new-session -d -s console -x 100 -y 30 \
    "TERM=tmux-256color; export TERM; stty -g >$dir/modes.before; '$stoker' console --coordinator $control; \
     echo \"exit code \$?\"; stty -g >$dir/modes.after; exec cat"

wait_for "trouble is counted in the top line" shows '4 ALERTS!'
wait_for "percentiles have values" shows 'Latency p50 [0-9.]+ ms p95 [0-9.]+ ms p99 [0-9.]+ ms'
wait_for "fresh data is called live" shows 'live *$'
wait_for "events arrive" shows 'device.restarted ember-02'
wait_for "graphs draw" shows '⣿|⣷|⣶'

keys 2
wait_for "the list of agents shows each" shows 'ember-01 .*ready'
wait_for "a lost agent says why" shows 'ember-04 .*lost.*silent for'
keys 4
wait_for "the jobs view lists jobs" shows '88121 running +yolo:1'
keys j Enter
wait_for "a job's detail shows the time split" shows 'compute .* 2.4 ms +77%'
wait_for "and why it went where it went" shows 'least-loaded: load 2 of 32'
keys q
wait_for "q goes back to the list" shows '\[Jobs\]'
keys / y o l o
wait_for "a filter hides what doesn't match while it is typed" hides '88122 done'
keys Enter Escape
wait_for "Esc clears the filter" shows '88122 done'
keys 8
wait_for "the events view" shows 'agent.lost +ember-04 +silent for 1.2 s'
keys 7
wait_for "operations name what holds them" shows 'held by +yolo: job 88121'
keys '?'
wait_for "help lists keys" shows 'o +Sort by the next column'
keys / d r a i n Enter
wait_for "and finds commands" shows 'drain AGENT\.\.\. \[--deadline'
keys Escape
keys q 2
wait_for "back to the agents" shows '\[Agents\]'
keys / e m b e r - 0 1 Enter g Enter
wait_for "an agent's detail shows its batches" shows 'resnet50:2 +resident .* 4 rows, 35.5 rows/s'
keys q Escape
wait_for "and the list is whole again" shows 'ember-04 .*lost'

# The list re-sorts under an open dialog; the dialog's target stays.
keys o o o
wait_for "sorted by throughput" shows 'sorted by jobs/s'
keys g
wait_for "a row is selected" shows '^▸'
keys : "drain ember-02 --deadline 30s --reason 'new fan'" Enter
wait_for "the drain dialog shows the frozen target" shows 'drain ember-02\?'
wait_for "and the coordinator's plan" shows '1 waiting goes elsewhere at once, 2 running may finish'
wait_for "the plan was asked for, nothing more" logged '^drain plan ember-02'
wait_for "the list sorts one way" before 'ember-03' 'ember-01'
wait_for "the list sorts the other way" before 'ember-01' 'ember-03'
wait_for "the dialog's target is still the same" shows 'drain ember-02\?'
keys Enter
wait_for "Enter alone does nothing" shows 'nothing was done'
logged '^drain ember-02' && fail "Enter alone drained"
keys : "drain ember-02 --deadline 30s --reason 'new fan'" Enter
wait_for "the plan again" shows '1 waiting goes elsewhere'
keys Tab
wait_for "the other button is chosen" shows '\[ drain ember-02 \]'
# What has only just come up is not confirmed by a key: press until it is.
confirm() { keys Enter; logged "$1"; }
wait_for "the coordinator was asked to drain that agent" confirm '^drain ember-02.* new fan'
wait_for "and what it answered is shown" shows 'accepted as operation 8'
wait_for "where the operation is followed" shows '\[Operations\]'
keys 2
keys : 'drain ember-04' Enter
wait_for "a refusal comes with the coordinator's hint" shows 'it drains itself by being gone'
keys Escape

# A coordinator that hangs: the age grows, keys work.
kill -STOP $double_pid
wait_for "the age of old data is shown" shows 'data [2-9]\.[0-9]s old'
wait_for "and that nothing answers" shows 'no answer from tcp://.* retrying'
keys '?'
wait_for "keys work meanwhile" shows 'o +Sort by the next column'
keys q
wait_for "the last known agents stay on the screen" shows 'ember-01'
kill -CONT $double_pid
wait_for "data is live again" shows 'live *$'

# A coordinator that dies, and comes back.
kill -KILL $double_pid
wait $double_pid 2>/dev/null
wait_for "a dead coordinator is named" shows 'no answer from tcp://127.0.0.1'
start_double "$control"
wait_for "it recovers by itself" shows 'live *$'
wait_for "and says nothing of silence" hides 'no answer from'

tm resize-window -t console -x 50 -y 12
wait_for "a window too small says what it needs" shows 'stoker needs 60x16'
tm resize-window -t console -x 80 -y 24
wait_for "and comes back" shows 'ember-01'

keys : 'agents state:lost' Enter m a
wait_for "a place has a letter" shows 'bookmark a: agents state:lost'
keys q
wait_for "q leaves with 0" shows 'exit code 0'
cmp -s "$dir/modes.before" "$dir/modes.after" || wait_for "the terminal is as it was" \
    cmp -s "$dir/modes.before" "$dir/modes.after"
[ "$(tm display-message -p -t console '#{alternate_on}#{cursor_flag}')" = 01 ] ||
    fail "the screen or the cursor is not back"

# The next start begins where this one ended.
tm respawn-window -k -t console "TERM=tmux-256color '$stoker' console --coordinator $control; \
    echo \"exit code \$?\"; exec cat"
wait_for "the filter is there again" shows 'filter: state:lost \(1 of 4\)'
keys Escape 1 "'"
wait_for "and the bookmark" shows 'a  agents state:lost'
keys a
wait_for "goes to its place" shows 'filter: state:lost'
keys q
wait_for "and leaves again" shows 'exit code 0'

# Ctrl-C, too, leaves a clean terminal.
tm respawn-window -k -t console "TERM=tmux-256color NO_COLOR=1 '$stoker' console --glyphs ascii \
    --fresh --read-only --coordinator $control; echo \"exit code \$?\"; exec cat"
wait_for "the overview in ASCII" shows 'Throughput'
keys 2
wait_for "ASCII glyphs" shows '^> ember-01'
screen | LC_ALL=C grep -q '[^ -~]' && fail "a character outside of ASCII"
keys d
wait_for "read-only refuses" shows 'started read-only'
keys C-c
wait_for "Ctrl-C ends it" shows 'exit code [1-9]'
[ "$(tm display-message -p -t console '#{alternate_on}#{cursor_flag}')" = 01 ] ||
    fail "the screen or the cursor is not back after Ctrl-C"
echo "all shown"
