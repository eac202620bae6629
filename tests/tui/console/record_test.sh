#!/bin/bash
# Recording and replaying in a real terminal, against a coordinator's double.
#
#   record_test.sh STOKER CONSOLE_DOUBLE GOLDEN_DIR
set -u
stoker=$1 double=$2 golden=$3
. "$(dirname "$0")/terminal_lib.sh"

start_double tcp://127.0.0.1:0

# Without a screen: a file of its owner's, figures, a clean end on Ctrl-C.
"$stoker" record "$dir/box.rec" --coordinator "$control" >"$dir/said" 2>&1 &
recorder=$!
size_passes() { [ "$(stat -c %s "$1" 2>/dev/null || echo 0)" -gt "$2" ]; }
wait_for "a recording grows" size_passes "$dir/box.rec" 20000
kill -INT $recorder
wait $recorder || fail "Ctrl-C ends it well, not with $?"
grep -qE 'box.rec: [0-9]+ messages, [0-9]+ KiB' "$dir/said" || fail "what was recorded is said"
[ "$(stat -c %a "$dir/box.rec")" = 600 ] || fail "a recording is its owner's alone"
"$stoker" record "$dir/box.rec" --coordinator "$control" 2>"$dir/said" && fail "written over"
grep -q 'it exists already' "$dir/said" || fail "why not is said"
"$stoker" record "$dir/none.rec" --for 1s --coordinator tcp://127.0.0.1:1 >/dev/null 2>"$dir/said"
[ $? = 3 ] || fail "a cluster that isn't there is exit code 3"
grep -q 'nothing was heard' "$dir/said" || fail "and is said"

# A full disk: what fitted is kept, and how it ended is said.
( ulimit -f 24; trap '' XFSZ
  exec "$stoker" record "$dir/full.rec" --coordinator "$control" >"$dir/said" 2>&1 )
[ $? = 5 ] || fail "a full disk is exit code 5: $(cat "$dir/said")"
grep -q 'recording stopped: .*can be replayed' "$dir/said" || fail "a full disk is said"

# A view for a script: of a cluster, of a recording, as text, as data.
"$stoker" console --once --coordinator "$control" >"$dir/said" || fail "--once ends with 0"
grep -q '\[Overview\]' "$dir/said" || fail "--once prints the overview"
"$stoker" console --once agents state:ready --format json --coordinator "$control" >"$dir/said" ||
    fail "--once as JSON"
grep -q '"agent":.*"ember-01"' "$dir/said" || fail "rows with their fields"
grep -q '"agent":.*"ember-03",$' "$dir/said" && grep -q '"state":.*"draining"' "$dir/said" &&
    fail "what the filter hides is not in it"
"$stoker" replay --once --at end "$dir/box.rec" jobs --size 80x20 >"$dir/said" ||
    fail "--once of a recording"
grep -q '88121 running' "$dir/said" || fail "the jobs of then"
[ "$(wc -l <"$dir/said")" = 20 ] || fail "as large as it was asked for"
"$stoker" console --once nonsense --coordinator "$control" 2>"$dir/said"
[ $? = 2 ] || fail "an unknown view is exit code 2"
"$stoker" console --once --timeout 500ms --coordinator tcp://127.0.0.1:1 2>"$dir/said"
[ $? = 3 ] || fail "nobody there is exit code 3"

# The console itself records: what came, and what the operator did.
in_terminal "'$stoker' console --record acts.rec --coordinator $control"
wait_for "recording shows" shows 'REC [0-9]'
keys 2
wait_for "agents" shows 'ember-01 .*ready'
keys : "cordon ember-02 --reason 'loud fan'" Enter
wait_for "an action is asked for" shows 'cordon ember-02\?'
keys Tab
wait_for "the other button is chosen" shows '\[ cordon ember-02 \]'
# What has only just come up is not confirmed by a key: press until it is.
confirm() { keys Enter; grep -qE -- "$1" "$log"; }
wait_for "and done" confirm '^cordon ember-02'
wait_for "its answer is shown" shows 'cordon ember-02: |\[Agents\]'
wait_for "some seconds are recorded" shows 'REC [2-9][0-9] KiB'
keys s
wait_for "s asks where to save" shows 'save to stoker-[a-z]+-20[0-9-]+.txt'
keys C-u
keys -l agents.svg
keys Enter
wait_for "and says where it is" shows 'saved to agents.svg'
grep -q '<svg' "$dir/agents.svg" || fail "the suffix is the format"
grep -q 'save to' "$dir/agents.svg" && fail "the question is not in the picture"
[ "$(stat -c %a "$dir/agents.svg")" = 600 ] || fail "a saved screen is its owner's alone"
keys : 'save agents.svg' Enter
wait_for "nothing is written over unasked" shows 'Write over it'
keys n Escape
wait_for "the recording goes on" shows 'REC '
keys C-r
wait_for "a key ends it" shows 'stoker replay acts.rec'
keys C-r
wait_for "and begins another" shows 'recording to stoker-20[0-9]+-[0-9]+.rec'
# What is open closes first.
leave() { shows 'exit code 0' || { keys q; shows 'exit code 0'; }; }
wait_for "which ends with the console" leave

# Replay: the same views, from the file.
kill -KILL $double_pid
wait $double_pid 2>/dev/null
in_terminal "'$stoker' replay acts.rec"
wait_for "a replay says what it is" shows ' recording *$'
wait_for "and plays" shows '^ replay '
wait_for "what the operator did is told when it happens" shows 'cordon ember-02 \(loud fan\)'
wait_for "it pauses at the end" shows '^ paused '
keys 0
wait_for "the start" shows '0:00 of 0:'
keys '$'
wait_for "the end" shows '━● '
keys N
wait_for "back to the last act" shows 'cordon ember-02 \(loud fan\)'
wait_for "which is before the end" hides '━● '
keys n
wait_for "and none after it" shows 'no alert or act after this'
keys : 'at end' Enter
wait_for "the end by name" shows '━● '
keys 4
wait_for "the jobs of then" shows '88121 running'
keys j Enter
wait_for "a job nobody looked at says so" shows 'not in the recording'
keys q 2
wait_for "the agents of then" shows 'ember-01 .*ready'
keys : 'cordon ember-01' Enter
wait_for "nothing can be done" shows 'this is a recording'
keys : 'at 99:99' Enter
wait_for "a time that is none" shows 'a time is 17:21:30'
keys Escape
keys -l -- '(('
wait_for "slower" shows ' 0.25x '
wait_for "q leaves" leave

in_terminal "'$stoker' replay full.rec"
wait_for "what fitted on the disk can be seen" shows 'ember|Throughput'
wait_for "and left" leave
in_terminal "'$stoker' replay '$golden/snapshot.json'"
wait_for "another file is no recording" shows 'it is no recording'
echo "all shown"
