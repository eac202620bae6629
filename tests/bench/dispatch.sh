#!/bin/sh
# How fast a coordinator dispatches: a real one, agents simulated as many links of one process, jobs
# that do nothing. Prints one line a figure: name value unit.
#
#   tests/bench/dispatch.sh BUILD_FOLDER WHAT...
#
# WHAT is one or several of
#   fast durable open single pick memory history reconnect service sticky payloads agents
#   peers             all of the next ones that are installed
#   nats gearmand beanstalkd beanstalkd-fsync jetstream celery dask ray
#
# A peer runs by turns with Stoker, each time on a fresh server, with the same workers and jobs
# outstanding; the medians' ratio is printed. celery, dask and ray are looked for in $PYTHON.
# In the environment: SECONDS_EACH (2) of a measurement, TURNS (3) of a comparison.
build=$(CDPATH='' cd -- "${1:-build}" && pwd) || exit 2
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
[ $# -gt 1 ] || { sed -n '2,15s/^# \{0,1\}//p' "$0" >&2; exit 2; }
shift
seconds=${SECONDS_EACH:-2}
turns=${TURNS:-3}
python=${PYTHON:-python3}
dispatch=$build/tests/bench/dispatch/dispatch
export STOKER="$build/tui/stoker" STOKERD="$build/agent/stokerd" MODELS=
. "$root/tests/integration/lib.sh"
MODELS=$work/models
mkdir "$MODELS"
for name in noop $(seq -f noop-%g 0 19); do
    cp -r "$root/assets/models/noop" "$MODELS/$name"
done

# A coordinator without a past. The address of agents is also that of submitters.
fresh() {
    rm -rf "$work/state"
    control="" agents="" events=""
    start_coordinator "$@"
}

end() {
    kill -KILL "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}

# load NAME OPTION...: of the coordinator that runs, which then ends
load() {
    name=$1
    shift
    "$dispatch" stoker --name "$name" --address "$agents" --pid "$coordinator_pid" \
        --seconds "$seconds" "$@" || say "$name failed"
    end "$coordinator_pid"
}

none() {
    fresh --ledger-durability none
}

what_fast() {
    none
    load fast --workers 50 --outstanding 1024
}

what_durable() {
    fresh
    load durable --workers 50 --outstanding 1024 --ack
    fresh
    load durable_100k --workers 50 --rate 100000 --ack
}

what_open() {
    fresh
    load open_durable --workers 50 --rate 20000 --ack
    none
    load open --workers 50 --rate 20000
}

what_single() {
    none
    load single --workers 10 --outstanding 1
    fresh
    load single_durable --workers 10 --outstanding 1
}

what_pick() {
    "$build/tests/bench/core_bench"
}

what_memory() {
    fresh
    load memory --workers 1000 --idle 5 --seconds 0
}

what_history() {
    fresh --limits-jobs-kept 1000000
    load history --workers 50 --outstanding 4096 --warm 0 --seconds 120 --jobs 1000000
}

what_reconnect() {
    fresh
    "$dispatch" stoker --name reconnect --address "$agents" --pid "$coordinator_pid" \
        --workers 1000 --seconds 0 --kill &
    load_pid=$!
    wait "$coordinator_pid" 2>/dev/null
    sleep 2 # as long as a host's service takes to come back; the agents' delays grow meanwhile
    start_coordinator
    wait $load_pid || say "reconnect failed"
    end "$coordinator_pid"
}

what_service() {
    fresh
    load service --workers 50 --outstanding 1024 --service-us 5000
}

# 20 models: half of them fit on each of 10 agents; and half of them fit on all agents together
what_sticky() {
    none
    load sticky --workers 10 --outstanding 256 --service-us 1000 --models 20 --models-fit 10 \
        --load-us 100000 --warm 4 --seconds 6
    none
    load sticky_tight --workers 10 --outstanding 256 --service-us 1000 --models 20 --models-fit 1 \
        --load-us 100000 --warm 4 --seconds 6
}

what_payloads() {
    for mode in none fresh; do
        for payload in 64 1024 16384 262144 1048576; do
            $mode
            load "payload_${mode}_$payload" --workers 10 --payload $payload \
                --outstanding $((payload > 100000 ? 16 : 256)) | grep -v resident
        done
    done
}

what_agents() {
    for workers in 1 10 50 200 1000; do
        none
        load "agents_$workers" --workers $workers --outstanding 1024
    done
}

# ---- peers

missing() {
    for program; do
        [ -n "$(PATH=$PATH:/usr/sbin env which "$program")" ] || {
            say "$program isn't installed: skipped"
            return 0
        }
    done
    return 1
}

median() {
    sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

of() {
    sed -n "s/^$2_$3 \([0-9.]*\).*/\1/p" "$1" | median
}

server() {
    command "$@" >"$work/server.log" 2>&1 &
    server_pid=$!
    pids="$pids $server_pid"
}

port=$((10000 + $$ % 20000)) # below those that the kernel gives to clients

start_nats() {
    server nats-server -a 127.0.0.1 -p $port
}

start_jetstream() {
    server nats-server -a 127.0.0.1 -p $port -js -sd "$work/peer"
}

start_gearmand() {
    server gearmand -L 127.0.0.1 -p $port -l stderr
}

start_beanstalkd() {
    server beanstalkd -l 127.0.0.1 -p $port
}

start_beanstalkd_fsync() {
    server beanstalkd -l 127.0.0.1 -p $port -b "$work/peer" -f 0
}

# compare PEER SYSTEM MODE WORKERS OUTSTANDING: MODE is of Stoker's ledger, fresh or none
compare() {
    peer=$1 system=$2 mode=$3 name=$1_$4_$5
    options="--workers $4 --outstanding $5 --warm 0.5 --seconds $seconds"
    : >"$work/$name.out"
    for turn in $(seq "$turns"); do
        rm -rf "$work/peer"
        mkdir "$work/peer"
        port=$((port + 1))
        start_"$peer"
        # shellcheck disable=SC2086
        "$dispatch" "$system" --name peer --address tcp://127.0.0.1:$port --pid "$server_pid" \
            $options >>"$work/$name.out" || say "$name failed"
        end "$server_pid"
        $mode
        # shellcheck disable=SC2086
        "$dispatch" stoker --name stoker --address "$agents" --pid "$coordinator_pid" \
            $options >>"$work/$name.out" || say "$name: stoker failed"
        end "$coordinator_pid"
    done
    for figure in "throughput jobs/s" p50\ ms p99\ ms "server_cpu us/job" "resident MiB"; do
        for who in peer stoker; do
            say "${name}_${who}_${figure% *} $(of "$work/$name.out" $who "${figure% *}") ${figure#* }"
        done
    done
    ratio "$name"
}

ratio() {
    say "$1_ratio $(echo "$(of "$work/$1.out" stoker throughput)" \
        "$(of "$work/$1.out" peer throughput)" | awk '{ printf "%.2f", $1 / $2 }') times"
}

what_nats() {
    missing nats-server && return
    say "# $(nats-server --version)"
    compare nats nats none 10 1
    compare nats nats none 10 64
    compare nats nats none 10 1024
    compare nats nats none 50 1024
}

what_jetstream() {
    missing nats-server && return
    say "# $(nats-server --version), JetStream in a file; Stoker with its ledger"
    compare jetstream jetstream fresh 10 1
    compare jetstream jetstream fresh 10 64
    compare jetstream jetstream fresh 50 1024
}

what_gearmand() {
    missing gearmand && return
    say "# $(command gearmand --version | grep -o 'gearmand [0-9.]*')"
    compare gearmand gearmand none 10 1
    compare gearmand gearmand none 10 64
    compare gearmand gearmand none 50 1024
}

what_beanstalkd() {
    missing beanstalkd && return
    say "# $(command beanstalkd -v)"
    compare beanstalkd beanstalkd none 10 1
    compare beanstalkd beanstalkd none 10 64
    compare beanstalkd beanstalkd none 50 1024
}

what_beanstalkd_fsync() {
    missing beanstalkd && return
    say "# $(command beanstalkd -v), fsync of each job; Stoker with its ledger"
    compare beanstalkd_fsync beanstalkd fresh 10 64
    compare beanstalkd_fsync beanstalkd fresh 50 1024
}

# Peers of Python are driven from Python; Stoker as before.
compare_python() {
    peer=$1
    for outstanding in 64 1024; do
        name=${peer}_10_$outstanding
        port=$((port + 1))
        "$python" "$root/tests/bench/dispatch/peers.py" "$peer" --name peer --workers 10 \
            --outstanding $outstanding --seconds "$seconds" --port $port \
            >"$work/$name.out" 2>"$work/$peer.log" || {
            say "$name: $(tail -n 1 "$work/$peer.log")"
            continue
        }
        none
        "$dispatch" stoker --name stoker --address "$agents" --pid "$coordinator_pid" \
            --workers 10 --outstanding $outstanding --seconds "$seconds" >>"$work/$name.out"
        end "$coordinator_pid"
        sed -n "/^#/p;s/^\(peer\|stoker\)_\(throughput\|p50\|p99\)/${name}_&/p" "$work/$name.out"
        ratio "$name"
    done
}

python_peer() {
    "$python" -c "import $2" 2>/dev/null || {
        say "$python has no $2: skipped"
        return
    }
    compare_python "$1"
}

what_celery() {
    missing redis-server && return
    python_peer celery "celery, redis"
}

what_dask() {
    python_peer dask distributed
}

what_ray() {
    python_peer ray ray
}

what_peers() {
    for what in nats gearmand beanstalkd beanstalkd_fsync jetstream celery dask ray; do
        what_$what
    done
}

for what; do
    case $what in
    fast | durable | open | single | pick | memory | history | reconnect | service | sticky | \
        payloads | agents | peers | nats | gearmand | beanstalkd | jetstream | celery | dask | ray)
        what_"$what"
        ;;
    beanstalkd-fsync)
        what_beanstalkd_fsync
        ;;
    *)
        say "there is no '$what'; call it without arguments to see what there is" >&2
        exit 2
        ;;
    esac
done
