#!/bin/sh
# A cluster over TLS in which everybody shows a certificate; strangers are told why they are not let
# in; a certificate is replaced while the cluster serves.
. "$(dirname "$0")/lib.sh"

pki=$work/pki
mkdir "$pki"
"$CERTIFICATES" "$pki" || fail "no certificates"
export STOKER_TLS_CA="$pki/ca.crt" STOKER_TLS_CERT="$pki/operator.crt" STOKER_TLS_KEY="$pki/operator.key"
export STOKER_TLS_NAME=localhost
control=tls+tcp://127.0.0.1:0 agents=tls+tcp://127.0.0.1:0 events=tls+tcp://127.0.0.1:0
start_coordinator --tls-ca "$pki/ca.crt" --tls-cert "$pki/coordinator.crt" --tls-key "$pki/coordinator.key"
check "the certificate that ends soon is logged" grep -q 'ends soon.*days_left=[19]' "$work/coordinator.log.new"
start_agent one --tls-ca "$pki/ca.crt" --tls-cert "$pki/agent.crt" --tls-key "$pki/agent.key" --tls-name localhost
wait_for 120 agents_ready 1
check "a job is answered" sh -c "'$STOKER' submit digits '$IMAGES'/digit-7-*.png --wait --timeout 10s | grep -q '7 [0-9.]*%'"

expect_exit 2 'tls-ca' env -u STOKER_TLS_CA -u STOKER_TLS_CERT -u STOKER_TLS_KEY "$STOKER" status
expect_exit 3 'certificate' "$STOKER" status --tls-name elsewhere.example
expect_exit 2 'belong together' env -u STOKER_TLS_KEY "$STOKER" status
env -u STOKER_TLS_CERT -u STOKER_TLS_KEY "$STOKER" status --timeout 2s 2>"$work/err"
check "an operator without a certificate is not let in" test $? -eq 3

"$CERTIFICATES" "$pki" || fail "no new certificates"
kill -HUP "$coordinator_pid"
wait_for 10 grep -q 'certificate read.*days_left=\(99\|100\)' "$work/coordinator.log.new"
check "the agent's connection stands" agents_ready 1
check "and new ones meet the new certificate" "$STOKER" status
echo broken >"$pki/coordinator.crt"
kill -HUP "$coordinator_pid"
wait_for 10 grep -q 'the old ones stay' "$work/coordinator.log.new"
check "a damaged certificate changes nothing" "$STOKER" status
say "$checks passed, 0 failed"
