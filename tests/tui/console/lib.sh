# shellcheck shell=bash
# What the console's tests in a terminal share. Needs $double, $golden and $dir of the test.
socket=$dir/tmux
log=$dir/actions
double_pid=
# What the operator of this machine has set and kept is none of a test's affair.
export XDG_STATE_HOME=$dir/state XDG_CONFIG_HOME=$dir/config

tm() { tmux -S "$socket" -f /dev/null "$@"; }
cleanup() {
    tm kill-server 2>/dev/null
    [ -n "$double_pid" ] && kill -KILL "$double_pid" 2>/dev/null
    rm -rf "$dir"
}
trap cleanup EXIT

screen() { tm capture-pane -p -t console; }
keys() { tm send-keys -t console "$@"; }
fail() {
    echo "FAILED: $*"
    screen
    exit 1
}
# wait_for WHAT COMMAND...: until the command succeeds, at most about 20 s.
wait_for() {
    local what=$1 tries=200
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "$what"
        read -rt 0.1 <> <(:) || :
    done
    echo "ok: $what"
}
shows() { screen | grep -qE -- "$1"; }
hides() { ! shows "$1"; }

start_double() { # start_double CONTROL
    : >"$dir/ready"
    "$double" "$golden" "$1" tcp://127.0.0.1:0 "$log" >"$dir/ready" &
    double_pid=$!
    local tries=100
    until grep -q ready "$dir/ready"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || { echo "the double did not start"; exit 1; }
        read -rt 0.1 <> <(:) || :
    done
    control=$(cut -d' ' -f2 "$dir/ready")
}
