#!/bin/sh
# usage: test_headers.sh HEADERS_SH — headers.sh finds the header that needs another one, and only it.
set -u

tree=$(mktemp -d "${TMPDIR:-/tmp}/stoker-headers-test.XXXXXX") || exit 2
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/net/include" "$tree/compute" "$tree/agent" "$tree/tui" "$tree/tests"
: >"$tree/net/a.c"
echo '#include <stddef.h>
size_t net_size(void);' >"$tree/net/include/good.h"
echo 'size_t net_size(void);' >"$tree/net/bad.h"
cat >"$tree/compile_commands.json" <<EOF
[
{
  "directory": "$tree",
  "command": "cc -DTEXT=\\\\\\"a\\\\\\" -o a.o -c $tree/net/a.c",
  "file": "$tree/net/a.c"
}
]
EOF
report=$(sh "$1" "$tree" "$tree/compile_commands.json")
code=$?
echo "$report"
[ "$code" = 1 ] && [ "$(echo "$report" | grep -c header-alone)" = 1 ] &&
    echo "$report" | grep -q '^net/bad.h:1: header-alone' || exit 1
rm "$tree/net/bad.h"
sh "$1" "$tree" "$tree/compile_commands.json"
