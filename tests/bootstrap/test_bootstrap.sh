#!/bin/sh
# bootstrap.sh against doubles of the programs that it calls: what it installs, whom it asks, and
# that `run` leaves no process and no file behind.
set -u

SCRIPT=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/stoker-bootstrap-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
failures=0

# double NAME: a program of that name, first in the path, whose text is on standard input
double()
{
    mkdir -p "$(dirname "$work/$1")"
    { echo '#!/bin/sh'; cat; } >"$work/$1"
    chmod +x "$work/$1"
}

# attempt ARGUMENT…: runs the script in a sandbox; $code and the files out and err are the result
attempt()
{
    : >"$work/calls"
    env -i PATH="$work/bin:/usr/bin:/bin" HOME="$work" TMPDIR="$work/tmp" WORK="$work" ${ci:+CI=$ci} \
        "$work/checkout/bootstrap.sh" "$@" </dev/null >"$work/out" 2>"$work/err"
    code=$?
}

check()
{
    what=$1
    shift
    "$@" && return
    echo "FAILED: $what"
    sed 's/^/  out: /' "$work/out"
    sed 's/^/  err: /' "$work/err"
    sed 's/^/  call: /' "$work/calls"
    failures=$((failures + 1))
}

called()
{
    grep -q -e "$1" "$work/calls"
}

not()
{
    ! "$@"
}

says()
{
    grep -q -e "$1" "$work/out" "$work/err"
}

setup()
{
    mkdir -p "$work/checkout/assets" "$work/tmp" "$work/bin"
    cp "$SCRIPT" "$work/checkout/bootstrap.sh"
    cp -r "$(dirname "$SCRIPT")/assets/digits" "$work/checkout/assets/"
    for tool in apt-get cmake ninja sudo ctest; do
        double "bin/$tool" <<'EOF'
echo "$(basename "$0") $*" >>"$WORK/calls"
[ ! -e "$WORK/$(basename "$0").fails" ]
EOF
    done
    double bin/env <<'EOF'
while [ "${1#*=}" != "$1" ]; do shift; done
exec "$@"
EOF
    double bin/id <<'EOF'
cat "$WORK/uid"
EOF
    double bin/dpkg-query <<'EOF'
shift 2
for name; do grep -qx "$name" "$WORK/missing" || echo "$name installed"; done
EOF
    echo 0 >"$work/uid"
    : >"$work/missing"
    ci=''
}

test_deps()
{
    attempt deps
    check "deps with nothing missing succeeds" [ "$code" = 0 ]
    check "and calls nothing" not called .

    printf 'libnng-dev\ntmux\n' >"$work/missing"
    attempt deps
    check "root without a terminal is not asked" [ "$code" = 0 ]
    check "exactly what is missing is installed" \
        called '^apt-get install .*--no-install-recommends libnng-dev tmux$'
    check "and is named first" says '^  libnng-dev tmux$'

    echo 1000 >"$work/uid"
    attempt deps
    check "a user without a terminal has to say --yes" [ "$code" = 1 ]
    check "or nothing is installed" not called install
    check "and is told so" says 'nothing was installed; --yes'

    attempt --yes deps
    check "with --yes it goes through sudo" called '^sudo -n env .*apt-get install .* tmux$'
    ci=true
    attempt deps
    check "CI=true is as good as --yes" called '^sudo -n env .*apt-get install'
    ci=''
    echo 0 >"$work/uid"

    touch "$work/apt-get.fails"
    attempt deps
    check "a failure of apt-get is one of deps" [ "$code" = 1 ]
    rm "$work/apt-get.fails"
    : >"$work/missing"
}

test_arguments()
{
    attempt
    check "no command shows the usage" says '^usage:'
    check "and exits with 2" [ "$code" = 2 ]
    attempt --help
    check "help is no failure" [ "$code" = 0 ]
    attempt biuld
    check "a wrong command is named" says "unknown argument 'biuld'"
    check "and fails" [ "$code" = 1 ]
    attempt build run
    check "two commands are one too many" [ "$code" = 1 ]
}

test_build()
{
    attempt build
    check "the first build configures" called '^cmake .*-G Ninja'
    check "and builds" called '^ninja -C'
    mkdir -p "$work/checkout/build"
    echo "CMAKE_HOME_DIRECTORY:INTERNAL=$work/checkout" >"$work/checkout/build/CMakeCache.txt"
    : >"$work/checkout/build/build.ninja"
    attempt build
    check "the second one only builds" not called cmake
    touch "$work/ninja.fails"
    attempt build
    check "a failed build fails" [ "$code" = 1 ]
    attempt test
    check "and no test is run" not called ctest
    rm "$work/ninja.fails"
    attempt test
    check "test runs ctest" called '^ctest'
    touch "$work/ctest.fails"
    attempt test
    check "a failed test fails" [ "$code" != 0 ]
}

double_daemons()
{
    double checkout/build/agent/stokerd <<'EOF'
echo "stokerd $*" >>"$WORK/calls"
if [ "$1" = coordinator ]; then
    case " $* " in
    *" tcp://127.0.0.1:7411 "*) exit 5 ;;
    esac
    echo $$ >"$WORK/coordinator.pid"
fi
[ ! -e "$WORK/stokerd.fails" ] || exit 1
trap 'exit 0' TERM
while :; do sleep 0.05; done
EOF
    double checkout/build/tui/stoker <<'EOF'
echo "stoker $*" >>"$WORK/calls"
case "$*" in
version*) echo "{\"v\":1,\"pid\":$(cat "$WORK/coordinator.pid"),\"ok\":true}" ;;
status*json) echo '{"totals":{"agents":3,"agents_ready":3}}' ;;
submit*) sleep 0.1 ;;
esac
EOF
}

nothing_is_left()
{
    [ -z "$(ls "$work/tmp")" ] && ! grep -lsa "$work/checkout/build" /proc/[0-9]*/cmdline
}

test_run()
{
    double_daemons
    attempt run
    check "run without a terminal succeeds" [ "$code" = 0 ]
    check "it only builds the programs" called '^ninja .* stokerd stoker$'
    check "ports in use are left for the next ones" says 'tcp://127.0.0.1:7421'
    check "agents dial the coordinator that answered" \
        called '^stokerd agent .*ember-03 .*tcp://127.0.0.1:7422'
    check "real images are submitted" called '^stoker submit digits .*digit-7-1348.png'
    check "nothing is left" nothing_is_left

    touch "$work/stokerd.fails"
    attempt run
    check "a coordinator that dies is a failure" [ "$code" = 1 ]
    check "that shows its log" says 'the end of coordinator.log'
    check "nothing is left after a failure" nothing_is_left
}

setup
test_arguments
test_deps
test_build
test_run
[ "$failures" = 0 ]
