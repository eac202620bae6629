# For tests of the console in a real terminal (tmux). Sourced after $stoker, $double and $golden are
# set. Every check waits until it is true; nothing waits for a time to pass.
command -v tmux >/dev/null || { echo "tmux is not installed"; exit 77; }

dir=$(mktemp -d)
log=$dir/actions
double_pid=
export LC_ALL=C.UTF-8
export XDG_STATE_HOME=$dir/state XDG_CONFIG_HOME=$dir/config

tm() { tmux -S "$dir/tmux" -f /dev/null "$@"; }
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
logged() { grep -qE -- "$1" "$log" 2>/dev/null; }

start_double() { # start_double CONTROL: sets $control
    : >"$dir/ready"
    "$double" "$golden" "$1" tcp://127.0.0.1:0 "$log" >"$dir/ready" &
    double_pid=$!
    wait_for "the double starts" grep -q ready "$dir/ready"
    control=$(cut -d' ' -f2 "$dir/ready")
}

# in_terminal COMMAND: runs it in a terminal of 100x30, and shows its exit code.
in_terminal() {
    if tm has-session -t console 2>/dev/null; then
        tm respawn-window -k -t console "TERM=tmux-256color; export TERM; cd $dir; $1; echo \"exit code \$?\"; exec cat"
    else
        tm new-session -d -s console -x 100 -y 30 \
            "TERM=tmux-256color; export TERM; cd $dir; $1; echo \"exit code \$?\"; exec cat"
    fi
}
