#!/bin/sh
# A job submitted by the console's form, with real daemons, in a real terminal (tmux).
. "$(dirname "$0")/lib.sh"
command -v tmux >/dev/null || { echo "tmux is not installed"; exit 77; }
export LC_ALL=C.UTF-8

tm() {
    tmux -S "$work/tmux" -f /dev/null "$@"
}
trap 'tm kill-server 2>/dev/null; cleanup' EXIT
shows() {
    tm capture-pane -p -t console >"$work/screen.log"
    grep -qE -e "$1" "$work/screen.log"
}
keys() {
    tm send-keys -t console "$@"
}

start_coordinator
start_agent one
wait_for 180 agents_ready 1
mkdir "$work/pictures" && cp "$IMAGES"/*.png "$work/pictures/"
printf 'not a picture' >"$work/pictures/zzz.png"
tm new-session -d -s console -x 100 -y 30 "cd '$work/pictures'; TERM=tmux-256color '$STOKER' console"
wait_for 20 shows '1/1 agents ready'
keys n
wait_for 20 shows '/pictures'
wait_for 20 shows '< digits:1 >'
check "the form lists the working folder" shows 'digit-3-1347\.png'
keys Tab 3-1347.png
wait_for 20 shows 'PNG, 8 x 8'
check "the button names files and model" shows 'Submit 1 file to digits:1'
keys Tab Tab Tab Tab Tab Enter
wait_for 60 shows 'submitted to digits:1 as job 1'
job_is() {
    "$STOKER" job "$1" --output json | jq -e ".job.$2" >/dev/null
}
wait_for 120 job_is 1 'state == "done"'
check "it has the form's priority" job_is 1 'priority == 2'
check "it is answered as from the command line" sh -c "'$STOKER' result 1 | grep -q '^.*3'"

keys n
wait_for 20 shows 'Submit files as jobs'
keys Tab digit-4 Space
wait_for 20 shows '/digit-4 _'
keys C-u digit-4
wait_for 20 shows 'digit-4-1351'
keys Enter C-u zzz Enter Tab 0 Tab 10m Tab lab Tab Tab Enter
wait_for 60 shows '1 sent, 1 not: zzz.png'
wait_for 120 job_is 2 'state == "done"'
check "priority, deadline and tenant arrive" job_is 2 'priority == 0 and .job.tenant == "lab" and .job.deadline_ms > 0'
keys Escape
wait_for 20 shows 'Fleet|Overview'
keys q
say "$checks checks passed"
