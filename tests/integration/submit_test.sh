#!/bin/sh
# A real agent answers real images; every mistake gets one clear line and its exit code.
. "$(dirname "$0")/lib.sh"

# A repository with the shipped models, one with an operator that nobody has, and one cut off.
cp -r "$MODELS" "$work/models"
MODELS=$work/models
for name in odd cut; do
    cp -r "$MODELS/noop" "$MODELS/$name"
done
sed -i 's/Identity/Frobnica/g' "$MODELS/odd/1/model.onnx"
head -c 40 "$MODELS/noop/1/model.onnx" >"$MODELS/cut/1/model.onnx"
head -c 64 /dev/zero >"$work/sixteen.raw"

start_coordinator
expect_exit 4 'digitz' "$STOKER" submit digitz "$IMAGES/digit-0-1.png"
start_agent one
wait_for 120 agents_ready 1

right=0 all=0
for image in "$IMAGES"/digit-*.png; do
    label=$(basename "$image" | sed 's/digit-\([0-9]\).*/\1/')
    answer=$("$STOKER" submit digits "$image" --wait --timeout 120s) || fail "submit $image"
    say "$answer"
    printf '%s\n' "$answer" >>"$work/alone"
    all=$((all + 1))
    case $answer in
    *": $label "[0-9]*%*) right=$((right + 1)) ;;
    esac
done
check "at least 9 of 10 held-out digits are right ($right of $all)" test $((right * 10)) -ge $((all * 9))

# Many at once: the agent finds out that more rows a run are faster, and each job gets its own answer.
classes() {
    sed 's/\(: [0-9]*\) .*/\1/' "$1" | sort -u
}
chosen_batch() {
    "$STOKER" models digits --output json | jq -r '.model.batch[0].rows // 0'
}
batch_is_large() {
    [ "$(chosen_batch)" -gt 1 ]
}
"$STOKER" submit digits "$IMAGES"/digit-*.png --repeat 60 --wait >"$work/many" || fail "submit many"
classes "$work/alone" >"$work/alone.classes"
classes "$work/many" >"$work/many.classes"
check "$(wc -l <"$work/many") images have the class that each has alone" \
    cmp "$work/many.classes" "$work/alone.classes"
wait_for 5 batch_is_large
shared=$("$STOKER" jobs --model digits --limit 1000 --output json |
    jq '[.jobs[] | select(.batch > 1)] | length')
check "$shared of the last 1000 jobs shared a batch, now of $(chosen_batch) rows" test "$shared" -gt 500
check "the agent shows the same" sh -c "'$STOKER' agents one | grep -q '^one .*digits:1  *$(chosen_batch)  *[1-9]'"

check "noop answers" "$STOKER" submit noop "$work/sixteen.raw" --dtype float32 --shape 1,16 --wait
first=$(ls "$IMAGES"/digit-*.png | head -n 1)
head -c 60 "$first" >"$work/cut.png"
printf 'hello' >"$work/five.raw"
head -c 4000 /dev/zero >"$work/wrong.raw"
expect_exit 5 'No such file' "$STOKER" submit digits /nonexistent.png
expect_exit 5 'PNG' "$STOKER" submit digits "$work/cut.png"
expect_exit 5 'five.raw' "$STOKER" submit digits "$work/five.raw"
expect_exit 4 'nothing' "$STOKER" submit nothing "$first"
expect_exit 4 '99' "$STOKER" submit digits "$first" --version 99
expect_exit 4 '999999' "$STOKER" job 999999
expect_exit 2 'no command' "$STOKER" frobnicate
expect_exit 2 'unknown option' "$STOKER" status --frobnicate
expect_exit 3 'no coordinator' "$STOKER" status --coordinator tcp://127.0.0.1:1 --timeout 2s

raw="--dtype float32 --shape 1,16"
expect_exit 10 "Frobnica" "$STOKER" submit odd "$work/sixteen.raw" $raw --wait
expect_exit 10 "model.onnx" "$STOKER" submit cut "$work/sixteen.raw" $raw --wait
expect_exit 5 "1,16" "$STOKER" submit noop "$work/wrong.raw" --dtype float32 --shape 1,1000 --wait
check "the agent still serves after bad models" "$STOKER" submit digits "$first" --wait

"$STOKER" submit digits "$first" --tenant vision --wait >/dev/null || fail "submit for a tenant"
check "jobs of one tenant are listed" sh -c \
    "'$STOKER' jobs --tenant vision --output json | jq -e '.total == 1 and .jobs[0].tenant == \"vision\"' >/dev/null"

# A tenant with a rate: submit waits as it is told, or gives up with 6 where it may not wait so long.
check "a tenant gets a rate" sh -c "'$STOKER' tenant set slow --rate 4 --burst 1 | grep -q '4 jobs a second'"
"$STOKER" submit digits "$first" --tenant slow --repeat 3 2>"$work/err" >/dev/null || fail "submit waits when told"
check "submit says that it waits" grep -q 'busy.*tenant slow may submit 4.000 jobs a second' "$work/err"
expect_exit 6 'tenant slow may submit' "$STOKER" submit digits "$first" --tenant slow --repeat 9 --patience 0s
check "tenants shows who was held back" sh -c \
    "'$STOKER' tenants slow --output json | jq -e '.tenants[0] | .rate_per_s == 4 and .throttled > 0' >/dev/null"
check "and in a table" sh -c "'$STOKER' tenants | grep -q '^slow .* 4.0 '"
check "its rate is taken back" sh -c "'$STOKER' tenant reset slow | grep -q 'no limit'"
expect_exit 2 'set or reset' "$STOKER" tenant frob slow
expect_exit 2 'weight' "$STOKER" tenant set slow --weight 0
expect_exit 2 'give --weight' "$STOKER" tenant set slow
check "an event without an agent doesn't show one" \
    sh -c "'$STOKER' events | grep -q 'tenant.changed  *slow: weight' && ! '$STOKER' events | grep -q '  : '"
check "an event with an agent does" \
    sh -c "test \$('$STOKER' events | grep -c 'model.loaded') -eq \$('$STOKER' events | grep -c 'model.loaded  *[a-z0-9-]*: [a-z]*:1')"
expect_exit 2 'letters' "$STOKER" submit digits "$first" --tenant 'a b'
expect_exit 4 'nobody' "$STOKER" tenants nobody
check "jobs lists what was done" sh -c "'$STOKER' jobs --state done | grep -q digits"
check "json is json" sh -c "'$STOKER' status --output json | jq -e . >/dev/null"
id=$("$STOKER" submit digits "$first" --output json | jq -r '.jobs[0].id')
check "result waits and names the class" sh -c "'$STOKER' result $id --wait 60s | grep -q %"
check "result saves npy" "$STOKER" result "$id" --save "$work/out.npy"
check "an npy of the wrong shape is refused" sh -c "! '$STOKER' submit digits '$work/out.npy' 2>/dev/null"
check "no line of a table ends in blanks" sh -c "! '$STOKER' agents | grep -q ' \$'"
check "why it was placed is kept" sh -c "'$STOKER' job $id | grep -q model-affine"
expect_exit 7 "$id" "$STOKER" cancel "$id"
say "$checks passed, 0 failed"
