#!/bin/sh
# usage: commands_test.sh STOKERD — what the commands of stokerd answer, and with which exit code.
set -u
stokerd=$1
work=$(mktemp -d "${TMPDIR:-/tmp}/stoker-commands-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
export HOME="$work"
unset XDG_CONFIG_HOME
failures=0

# expect CODE PATTERN COMMAND…: exit code, and a line of the output (stderr too) that matches
expect() {
    code=$1 pattern=$2
    shift 2
    "$@" >"$work/out" 2>&1
    got=$?
    if [ "$got" -ne "$code" ] || ! grep -q -e "$pattern" "$work/out"; then
        echo "FAILED: exit $got, expected $code with '$pattern': $*"
        head -n 5 "$work/out"
        failures=$((failures + 1))
    fi
}

expect 0 '^stokerd [0-9]' "$stokerd" --version
expect 0 '--batch-delay' "$stokerd" --help
expect 0 '^Exit codes:' "$stokerd" agent --help
expect 2 "no command 'serve'" "$stokerd" serve
expect 2 "unexpected '--fast'" "$stokerd" agent --fast
expect 2 "'json' or 'table'" "$stokerd" devices --output yaml
expect 2 'started by the agent' "$stokerd" executor
expect 3 "option --agent-credit: agent.credit: 'many'" "$stokerd" agent --agent-credit many
printf '[agent]\ncredit = 0\n' >"$work/bad.ini"
expect 3 "bad.ini:2: agent.credit: '0' is not allowed; 1 to 65536 jobs" "$stokerd" --config "$work/bad.ini"
expect 3 "STOKER_LOG_LEVEL: log.level: 'loud'" env STOKER_LOG_LEVEL=loud "$stokerd" coordinator
expect 0 'agent.credit  *7  *option' "$stokerd" config --agent-credit 7
expect 0 '"name":.*"agent.credit"' "$stokerd" config --output json
expect 0 '^;credit = 256' "$stokerd" config --sample
expect 4 'OpenCL' env OCL_ICD_VENDORS="$work/none" "$stokerd" devices
expect 4 'no OpenCL device' env OCL_ICD_VENDORS="$work/none" "$stokerd" agent --cache-dir "$work/cache"

expect 2 'tune what' "$stokerd" tune
expect 2 "'soon' is not a time" "$stokerd" tune model.onnx --budget soon
expect 2 "'0': 1 to 65536" "$stokerd" tune model.onnx --batch 0
expect 2 "unexpected '--fast'" "$stokerd" tune model.onnx --fast now
expect 2 '--batch needs a value' "$stokerd" tune model.onnx --batch
expect 2 '24h at most' "$stokerd" tune model.onnx --budget 25h
expect 0 '--budget 5m' "$stokerd" tune --help
expect 4 'OpenCL' env OCL_ICD_VENDORS="$work/none" "$stokerd" tune model.onnx --cache-dir "$work/cache"
if "$stokerd" devices >"$work/out" 2>&1; then
    digits=$(dirname "$0")/../../assets/models/digits/1/model.onnx
    expect 4 'stokerd devices lists them' "$stokerd" tune "$digits" --device 7:9 --cache-dir "$work/cache"
    expect 1 "can't be written" "$stokerd" tune "$digits" --cache-dir "$stokerd"
    expect 1 'nothing.onnx' "$stokerd" tune "$work/nothing.onnx" --cache-dir "$work/cache"
    expect 0 'batch 3: ' "$stokerd" tune "$digits" --budget 2s --batch 1 --batch 3 --cache-dir "$work/cache"
    expect 0 '"elapsed_us"' "$stokerd" tune "$digits" --budget 1s --output json --cache-dir "$work/cache"
    if [ -z "$(find "$work/cache" -name '*.bin' -perm -044)" ]; then
        echo "what tuning leaves in the cache can't be read by an agent of another user"
        failures=$((failures + 1))
    fi
fi

[ "$failures" -eq 0 ] && echo "all commands answer as documented"
