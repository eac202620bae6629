#!/bin/sh
# Gets Stoker from a checkout to running on Debian 12. `./bootstrap.sh --help` says how.
set -eu

# Every Debian package that building, running and testing need; nothing else is fetched.
PACKAGES='
    cmake ninja-build gcc libc6-dev pkg-config
    ocl-icd-opencl-dev opencl-c-headers pocl-opencl-icd libclblast-dev
    libnng-dev libcjson-dev libinih-dev libsqlite3-dev libsystemd-dev libssl-dev
    libprotobuf-c-dev protobuf-c-compiler libxxhash-dev
    libncurses-dev zlib1g-dev libpng-dev libjpeg62-turbo-dev
    libcriterion-dev libvterm-dev nng-utils jq tmux
'

ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
BUILD=${STOKER_BUILD_DIR:-$ROOT/build}
STOKERD=$BUILD/agent/stokerd
STOKER=$BUILD/tui/stoker
IMAGES=$ROOT/assets/digits/images
AGENTS='ember-01 ember-02 ember-03'
SERVE_SECONDS=5 # how long `run` serves when there is no terminal
yes=no

usage()
{
    cat <<'EOF'
usage: ./bootstrap.sh [--yes] COMMAND

  deps    install the Debian packages that are missing
  build   deps, then build everything into build/
  run     deps, build stokerd and stoker, start a coordinator and three agents on this
          machine, serve the digits images and open the console; q stops everything.
          Without a terminal: serve for 5 seconds and print a summary
  test    deps, build, then run all tests

  -y, --yes   don't ask before packages are installed
  -h, --help  this text

Packages are installed by apt-get, as root or through sudo, after asking once. Nobody is asked
with --yes, with CI=true, or when root runs this without a terminal; a user without a terminal
has to say --yes. STOKER_BUILD_DIR names another build folder.
EOF
}

say()
{
    printf '%s\n' "$*" >&2
}

die()
{
    say "bootstrap.sh: $*"
    exit 1
}

# ---- deps ---------------------------------------------------------------------------------

missing_packages()
{
    # shellcheck disable=SC2086 # the list is split into names
    dpkg-query -W -f='${Package} ${db:Status-Status}\n' $PACKAGES 2>/dev/null |
        awk -v wanted="$PACKAGES" '
            $2 == "installed" { have[$1] = 1 }
            END {
                n = split(wanted, name)
                for (i = 1; i <= n; i++)
                    if (!(name[i] in have))
                        printf "%s%s", sep++ ? " " : "", name[i]
            }'
}

as_root()
{
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif [ -t 0 ]; then
        sudo "$@"
    else
        sudo -n "$@" # there is nobody to type a password
    fi
}

may_install()
{
    [ "$yes" = no ] || return 0
    [ "${CI:-}" != true ] || return 0
    if [ ! -t 0 ]; then
        [ "$(id -u)" = 0 ]
        return
    fi
    printf 'Install them? [Y/n] ' >&2
    read -r answer || return 1
    case $answer in
    '' | [Yy]*) return 0 ;;
    *) return 1 ;;
    esac
}

# Package lists that are missing or a day old name versions that may be gone.
lists_are_fresh()
{
    [ -n "$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -mtime -1 2>/dev/null)" ]
}

apt_install()
{
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

deps()
{
    command -v dpkg-query >/dev/null || die "no dpkg here; install what Debian calls: $PACKAGES"
    missing=$(missing_packages)
    [ -n "$missing" ] || return 0
    say "These Debian packages are missing and will be installed by apt-get, as root:"
    printf '%s\n' "$missing" | fold -s -w 76 | sed 's/^/  /' >&2
    may_install || die "nothing was installed; --yes installs without asking"
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
        die "not root, and there is no sudo; as root: apt-get install $missing"
    lists_are_fresh || as_root apt-get update -q || die "apt-get update failed"
    # shellcheck disable=SC2086 # the list is split into names
    apt_install $missing || {
        say "bootstrap.sh: trying again with new package lists"
        as_root apt-get update -q && apt_install $missing
    } || die "apt-get could not install the packages"
}

# ---- build --------------------------------------------------------------------------------

# Ninja runs CMake again when a list file has changed, so a configured folder is left alone.
configure()
{
    if grep -qsx "CMAKE_HOME_DIRECTORY:INTERNAL=$ROOT" "$BUILD/CMakeCache.txt" &&
        [ -f "$BUILD/build.ninja" ]; then
        return 0
    fi
    cmake --fresh -G Ninja -S "$ROOT" -B "$BUILD" -DCMAKE_BUILD_TYPE=RelWithDebInfo ||
        die "configuring failed"
}

# build [TARGET…]: everything when no target is named
build()
{
    configure
    ninja -C "$BUILD" "$@" || die "the build failed"
}

run_tests()
{
    cd "$BUILD"
    LC_ALL=C.UTF-8 ctest --output-on-failure -j 2
}

# ---- run ----------------------------------------------------------------------------------

# spawn NAME COMMAND…: starts a daemon in a session of its own, so that keys typed at the console
# don't reach it; its log is NAME.log, its process id is appended to $pids.
spawn()
{
    name=$1
    shift
    setsid "$@" </dev/null >"$run_dir/$name.log" 2>&1 &
    pids="$! $pids" # newest first: the coordinator stops last
}

alive()
{
    kill -0 "$1" 2>/dev/null
}

# await SECONDS COMMAND…: tries the command five times a second until it succeeds
await()
{
    tries=$(($1 * 5))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.2
    done
}

gone()
{
    ! alive "$1"
}

# stop PID: asks, and insists after ten seconds
stop()
{
    alive "$1" || return 0
    kill -TERM "$1" 2>/dev/null || :
    await 10 gone "$1" || kill -KILL "$1" 2>/dev/null || :
}

stop_cluster()
{
    status=$?
    trap '' INT TERM HUP
    trap - EXIT
    if [ -n "$feeder" ]; then
        kill -TERM "$feeder" 2>/dev/null || :
        wait "$feeder" 2>/dev/null || :
    fi
    for pid in $pids; do
        stop "$pid"
    done
    rm -rf "$run_dir"
    exit "$status"
}

give_up()
{
    say "bootstrap.sh: $*"
    for log in "$run_dir"/*.log; do
        say "--- the end of $(basename "$log")"
        tail -n 15 "$log" >&2
    done
    exit 1
}

# The reply names the process, so that another cluster on these ports is not taken for ours.
coordinator_answers()
{
    alive "$coordinator" || return 0
    "$STOKER" version --output json 2>/dev/null | grep -Eq "\"pid\":[[:space:]]*${coordinator}([^0-9]|$)"
}

# Tries the usual ports, then the next ones, until a coordinator gets hold of its three.
start_coordinator()
{
    port=7411
    while [ "$port" -lt 7511 ]; do
        STOKER_COORDINATOR=tcp://127.0.0.1:$port
        export STOKER_COORDINATOR
        agents_address=tcp://127.0.0.1:$((port + 1))
        spawn coordinator "$STOKERD" coordinator --listen-control "$STOKER_COORDINATOR" \
            --listen-agents "$agents_address" --listen-events "tcp://127.0.0.1:$((port + 2))" \
            --state-dir "$run_dir/coordinator" --models-dir "$ROOT/assets/models"
        coordinator=$!
        await 20 coordinator_answers || give_up "the coordinator does not answer"
        ! alive "$coordinator" || return 0
        in_use=0
        wait "$coordinator" || in_use=$?
        [ "$in_use" = 5 ] || give_up "the coordinator did not start"
        port=$((port + 10))
    done
    give_up "no free ports from 7411 to 7510"
}

agents_ready()
{
    "$STOKER" status --output json 2>/dev/null | grep -Eq '"agents_ready":[[:space:]]*3([^0-9]|$)'
}

start_agents()
{
    for agent in $AGENTS; do
        spawn "$agent" "$STOKERD" agent --agent-name "$agent" \
            --agent-coordinator "$agents_address" --state-dir "$run_dir/$agent"
    done
    await 60 agents_ready || give_up "the agents did not get ready"
}

# Real jobs without end: every image, again and again.
feed()
{
    trap 'exit 0' TERM
    while alive "$coordinator"; do
        "$STOKER" submit digits "$IMAGES"/*.png --wait >>"$run_dir/feeder.log" 2>&1 || sleep 0.5
    done
}

summary()
{
    set -- "$IMAGES"/digit-3-????.png
    echo "\$ stoker submit digits $(basename "$1") --wait"
    "$STOKER" submit digits "$1" --wait || give_up "a job failed"
    for command in status agents models; do
        echo
        echo "\$ stoker $command"
        "$STOKER" "$command" || give_up "stoker $command failed"
    done
}

run()
{
    pids='' feeder=''
    run_dir=$(mktemp -d "${TMPDIR:-/tmp}/stoker-run.XXXXXX")
    trap stop_cluster EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    trap 'exit 129' HUP
    start_coordinator
    start_agents
    feed &
    feeder=$!
    say "The cluster answers at $STOKER_COORDINATOR; from another terminal:"
    say "  STOKER_COORDINATOR=$STOKER_COORDINATOR $STOKER status"
    if [ -t 0 ] && [ -t 1 ]; then
        "$STOKER"
    else
        # The first time, each executor builds the model's kernels; what is summed up comes after.
        "$STOKER" submit digits "$IMAGES"/*.png --wait >/dev/null || give_up "a job failed"
        sleep "$SERVE_SECONDS"
        summary
    fi
}

# -------------------------------------------------------------------------------------------

command=''
for argument in "$@"; do
    case $argument in
    -y | --yes) yes=yes ;;
    -h | --help)
        usage
        exit 0
        ;;
    deps | build | run | test)
        [ -z "$command" ] || die "one command at a time: $command or $argument?"
        command=$argument
        ;;
    *) die "unknown argument '$argument'; --help lists what there is" ;;
    esac
done

case $command in
deps)
    deps
    say "All packages are installed."
    ;;
build)
    deps
    build
    ;;
run)
    deps
    build stokerd stoker
    run
    ;;
test)
    deps
    build
    run_tests
    ;;
*)
    usage >&2
    exit 2
    ;;
esac
