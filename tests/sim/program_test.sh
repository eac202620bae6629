#!/bin/sh
# What people and scripts rely on of sim: the same seed is the same run, exit codes, what it says of
# a failure, and that only sim_planted has mistakes in it. Arguments: sim, sim_planted.
set -eu
sim=$1
planted=$2

fail()
{
    echo "program_test: $1" >&2
    exit 1
}

for seed in 1 17 4242; do
    first=$("$sim" --seed $seed)
    second=$("$sim" --seed $seed)
    [ "$first" = "$second" ] || fail "seed $seed is not the same twice: $first / $second"
    # Looking at it changes nothing.
    traced=$("$sim" --seed $seed --trace | grep '^seed')
    [ "$first" = "$traced" ] || fail "seed $seed is another when it is traced"
done
[ "$("$sim" --seed 1)" != "$("$sim" --seed 2)" ] || fail "seeds make no difference"
[ "$("$sim" --seed 1)" != "$("$sim" --seed 1 --fault none)" ] || fail "--fault makes no difference"

"$sim" --help | grep -q 'sim --seeds 1-10000' || fail "--help has no example"
"$sim" --list | grep -q '^  partition' || fail "--list names no faults"
if "$sim" --seeds 5-1 2>/dev/null; then fail "a range that runs backwards is taken"; fi
if "$sim" --seed 1 --fault flood 2>/dev/null; then fail "an unknown fault is taken"; fi
if "$sim" --seed 1 --plant OVER_CREDIT 2>/dev/null; then fail "sim has planted mistakes"; fi

# A failure is named with the way to see it again, and made small.
if "$planted" --plant OVER_CREDIT --seeds 1-20 >out.$$ 2>/dev/null; then
    fail "a mistake goes unnoticed"
fi
seed=$(sed -n 's/^see it again: sim --seed \([0-9]*\).*/\1/p' out.$$)
rm -f out.$$
[ -n "$seed" ] || fail "it does not say how to see a failure again"
small=$("$planted" --plant OVER_CREDIT --minimize "$seed" || true)
echo "$small" | grep -q 'of [0-9]* things that happen are enough' || fail "nothing was made small"
echo "$small" | grep -q 'FAILED.*more than its credit' || fail "the small one fails otherwise"
