#!/bin/bash
# The pictures of docs/: starts a real cluster on this host, works it, opens each view of the real
# console in a real terminal (tmux), and has the console itself save each screen.
#
#   pictures.sh STOKER STOKERD SOURCE_DIR
set -u
export STOKER=$1 STOKERD=$2 MODELS=$3/assets/models
images=$3/assets/digits/images screens=$3/docs/screens
source=$3 work='' STOKER_COORDINATOR=''
. "$3/tests/integration/lib.sh"
export LC_ALL=C.UTF-8 XDG_CONFIG_HOME="$work/config" XDG_STATE_HOME="$work/xdg"

tm() { tmux -S "$work/tmux" -f /dev/null "$@"; }
leave() {
    tm kill-server 2>/dev/null
    cleanup
}
trap leave EXIT
screen() { tm capture-pane -p -t console; }
shows() { screen | grep -qE -- "$1"; }
fail() {
    say "FAILED: $*"
    screen
    exit 1
}
press() { tm send-keys -t console "$@"; }
feed() {
    while :; do
        "$STOKER" submit digits "$images"/*.png --wait >/dev/null 2>&1 || sleep 0.5
    done
}
# An Esc with a key right behind it would be Alt and that key.
back() {
    press Escape
    sleep 0.3
}
# picture NAME: the console saves what it shows as text and as a picture
picture() {
    for suffix in txt svg; do
        rm -f "$1.$suffix"
        press : "save $1.$suffix" Enter
        wait_for 20 test -s "$1.$suffix"
    done
    chmod 644 "$1.txt" "$1.svg"
    say "$1"
}
# view NAME PATTERN KEY...: goes there, waits until it shows the pattern, takes the picture
view() {
    name=$1 pattern=$2
    shift 2
    press "$@"
    wait_for 30 shows "$pattern"
    sleep 1
    picture "$name"
}

# open_view NAME PATTERN KEY...: what has the keys to itself can't be saved by one: as the terminal has it
open_view() {
    name=$1 pattern=$2
    shift 2
    press "$@"
    wait_for 30 shows "$pattern"
    sleep 1
    # Where the source lies on this host is nobody's business.
    screen | sed "s#$source#~/stoker#; s/ *\$//" >"$name.txt"
    say "$name"
}

mkdir -p "$screens" && cd "$screens" || exit 1
start_coordinator --slo-latency-p99 25ms
for name in ember-01 ember-02 ember-03; do
    start_agent "$name"
done
wait_for 60 agents_ready 3
feed &
pids="$pids $!"
feed &
pids="$pids $!"
sleep "${WARM_SECONDS:-75}"

tm new-session -d -s console -x 100 -y 30 \
    "TERM=tmux-256color; export TERM; exec '$STOKER' console --theme dark --colors true"
wait_for 30 shows 'Overview'
sleep "${WATCH_SECONDS:-60}"
view overview 'Throughput' 1
view agents 'ember-01' 2
view agent 'Agent ember-01|ember-01' Enter
back
view devices 'pthread|cpu|ember' 3
view jobs 'digits' 4
view job 'digits' j Enter
back
view models 'digits' 5
view model 'digits' Enter
back
view caches 'model' 6
view latency 'ms' 9
view events 'model.loaded|agent' 8
press 2
wait_for 20 shows 'ember-02'
press : 'drain ember-02 --reason "new fan"' Enter
open_view drain 'drain ember-02\?' Tab
back

"$STOKER" drain ember-03 --reason 'new fan' --yes >/dev/null || fail "the drain of ember-03"
view operations 'ember-03 +done' 7
open_view palette 'drain AGENT' : drain
back
view help 'Overview' '?'
back
# The form looks at the pictures in a folder whose name can be in the documentation.
mkdir "$work/digits" && cp "$images"/*.png "$work/digits" || exit 1
# As text it shows what a terminal of 16 colours gets: shades.
tm respawn-window -k -t console "TERM=tmux-256color; export TERM; exec '$STOKER' console --colors 16"
wait_for 30 shows 'Overview'
press n
wait_for 30 shows 'digits:1 >'
press Tab "$work/digits" Enter
wait_for 30 shows "Files +$work/digits"
press digit-3
open_view submit 'PNG, ' Down
"$STOKER" record --for 5s "$work/box.rec" >/dev/null
tm respawn-window -k -t console "TERM=tmux-256color; export TERM; exec '$STOKER' replay \
    '$work/box.rec' --theme dark --colors true"
view replay 'replay|paused' 2
say "pictures are in $screens"
