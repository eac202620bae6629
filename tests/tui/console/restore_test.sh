#!/bin/bash
# The console leaves the terminal as it was, however it ends, and takes from it only what is meant:
# crashes, signals, Ctrl-Z, foreign output, pasted text, the mouse; colours and key sets by settings.
#
#   restore_test.sh STOKER CONSOLE_DOUBLE GOLDEN_DIR
set -u
stoker=$1 double=$2 golden=$3
# shellcheck source=tests/tui/console/terminal_lib.sh
. "$(dirname "$0")/terminal_lib.sh"
unset NO_COLOR COLORTERM COLORFGBG
# Crashes are the console's to handle here, not a sanitizer's.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}handle_segv=0:handle_abort=0

# The console's own process, not the shell's that started it.
console_pid() { pgrep -P "$(tm display-message -p -t console '#{pane_pid}')" -x stoker; }
send() { kill "-$1" "$(console_pid)"; }
state() { tm display-message -p -t console '#{alternate_on}#{cursor_flag}#{mouse_any_flag}#{wrap_flag}'; }
is_restored() { [ "$(state)" = 0101 ]; }
modes_are_back() { cmp -s "$dir/modes.before" "$dir/modes.after"; }
types() { tm send-keys -t console -l "$1"; }

start() { # start OPTIONS...: what it says at its end is on the screen then
    rm -rf "$dir/modes.after" "$dir/state"
    tm respawn-window -k -t console "stty -g >$dir/modes.before; $settings '$stoker' console \
        --coordinator $control $* ; echo \"exit code \$?\"; stty -g >$dir/modes.after; exec cat"
    wait_for "it opens" shows 'Overview'
}

start_double tcp://127.0.0.1:0
settings=TERM=tmux-256color
tm new-session -d -s console -x 100 -y 30 "exec cat"
for variable in NO_COLOR COLORTERM; do tm set-environment -g -u $variable; done

for signal in SEGV ABRT TERM HUP QUIT INT; do
    start --mouse
    wait_for "the mouse is asked for" [ "$(state)" = 1010 ]
    send $signal
    wait_for "$signal ends it with its number" shows "exit code ($((128 + $(kill -l $signal)))|1)"
    wait_for "$signal leaves the screen, the cursor, the mouse and wrapping as they were" is_restored
    wait_for "and the modes" modes_are_back
done

# Ctrl-Z and fg, in a shell with job control; the window has another size meanwhile.
tm respawn-window -k -t console "TERM=tmux-256color PS1='shell> ' bash --norc --noprofile -i"
wait_for "a shell" shows 'shell>'
keys "'$stoker' console --coordinator $control" Enter
wait_for "the console in it" shows 'Overview'
keys C-z
wait_for "Ctrl-Z stops it" shows 'Stopped'
wait_for "and gives the terminal back" is_restored
tm resize-window -t console -x 90 -y 28
keys "stty -a | grep -c ' icanon'" Enter
wait_for "with its modes" shows '^1$'
keys fg Enter
wait_for "fg brings it back" shows 'Overview'
wait_for "in the window's new size" shows 'live *$'
wait_for "on a screen of its own" [ "$(state)" = 1000 ]
pid=$(pgrep -P "$(tm display-message -p -t console '#{pane_pid}')" -x stoker)
kill -STOP "$pid"
wait_for "SIGSTOP from outside leaves the shell on its screen" shows 'Stopped'
keys fg Enter
wait_for "fg paints over what the shell wrote" hides 'Stopped'
keys 2
wait_for "and takes the terminal's modes again" shows 'ember-01.*ready'
keys q
wait_for "and ends" shows 'shell>'

# Foreign output on the screen: Ctrl-L draws everything again.
start
tty=$(tm display-message -p -t console '#{pane_tty}')
printf '\033[5;10Hforeign output' >"$tty"
wait_for "something else writes to the terminal" shows 'foreign output'
keys C-l
wait_for "Ctrl-L puts it right" hides 'foreign output'

# Pasted text is no keys.
tm set-buffer $'qqq\nq:quit\nq'
tm paste-buffer -p -t console
wait_for "pasted text does nothing" shows 'pasted text is not taken for keys'
keys :
wait_for "a line is open" shows 'command|:'
tm set-buffer $'drain ember-\n01 q'
tm paste-buffer -p -t console
wait_for "text is pasted into a line, its line break is a space" shows 'drain ember- 01 q'
keys Escape

# The mouse acts when it is asked to, and the key gives it back.
types $'\033[<0;22;2M'
wait_for "a click on a tab goes there, also without asking" shows '\[(Overview|Agents)\]'
keys 1 F9
wait_for "F9 takes the mouse" shows 'the mouse acts here'
column=$(screen | sed -n 2p | awk '{print index($0, "Agents")}')
types $'\033[<0;'"$column"$';2M'
wait_for "a click on a tab goes to its view" shows '\[Agents\]'
row=$(screen | grep -n 'ember-03' | head -1 | cut -d: -f1)
types $'\033[<0;10;'"$row"'M'
wait_for "a click selects a row" shows '^▸.*ember-03'
types $'\033[<64;10;10M'
wait_for "the wheel goes up" shows '^▸.*ember-0[12]'
keys F9
wait_for "F9 gives it back" shows "the mouse is the terminal's"
[ "$(tm display-message -p -t console '#{mouse_any_flag}')" = 0 ] || fail "the mouse is still taken"
keys q

# Colours: as many as the terminal says, and none where that is wished.
colors() { tm capture-pane -e -p -t console | grep -q "$1"; }
settings='TERM=tmux-256color COLORTERM=truecolor'
start --theme high-contrast
wait_for "direct colours" colors '38;2;'
settings='TERM=tmux-256color'
start --theme dark
wait_for "256 colours" colors '38;5;'
start --theme dark --colors 8
wait_for "eight" colors '\[[0-9;]*3[1-6]m'
colors '38;5;' && fail "more than eight colours"
settings='TERM=tmux-256color NO_COLOR=1'
start
wait_for "bold without colours" colors '\[1m'
colors '\[[0-9;]*3[0-7]m' && fail "a colour where NO_COLOR is set"

# The terminal is asked what its background is: a light one gets dark text, and the answer is no key.
settings='TERM=tmux-256color'
tm set-option -g window-style 'bg=#ffffff'
start
wait_for "a light terminal gets the light theme" colors '38;5;24m'
keys F8
wait_for "F8 shows the next theme" shows 'theme mono: No colours'
tm set-option -g window-style default

# The configuration file: what is right is taken, what is wrong is told.
mkdir -p "$dir/config/stoker"
cat >"$dir/config/stoker/console.ini" <<'END'
[console]
view = agents
keys = vi
refersh = 2s
[keys]
help = F2
END
settings=TERM=tmux-256color
start
wait_for "a mistake is told with its line" shows "console.ini:4: there is no setting 'refersh'"
wait_for "the view is the wished one" shows '\[Agents\]'
keys G
wait_for "the last row" shows '^▸.*ember-04'
keys g g
wait_for "gg is the first one" shows '^▸.*ember-01'
keys F2
wait_for "a key that was given to a command" shows 'F2 help'
wait_for "and the live keymap in the help" shows 'gg Home'
keys q q
wait_for "it ends" shows 'exit code 0'
wait_for "and tells of the file again" shows "console.ini:4: there is no setting"

# Where there is no terminal nothing but a word on standard error comes.
"$stoker" console --coordinator "$control" >"$dir/out" 2>"$dir/err" </dev/null
[ $? = 2 ] || fail "exit code without a terminal"
[ -s "$dir/out" ] && fail "output without a terminal"
grep -q 'needs a terminal' "$dir/err" || fail "no word about the terminal"
TERM=no-such-terminal
tm respawn-window -k -t console "TERM=no-such-terminal '$stoker' console; echo \"exit code \$?\"; exec cat"
wait_for "an unknown terminal is named" shows 'TERM is unknown'
echo "all restored"
