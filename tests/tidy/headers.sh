#!/bin/sh
# usage: headers.sh ROOT COMPILE_COMMANDS — every header compiles alone: it includes what it uses.
# A header is compiled as the sources of its folder are (as one of them, where they differ), or those
# of its room if the folder has none.
set -u

root=$1
commands=$2
cd "$root" || exit 2
work=$(mktemp -d "${TMPDIR:-/tmp}/stoker-headers.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT

# "path<TAB>command" a line, the command without its output and its source
awk -v root="$root/" '
    /^ *"command": / { command = $0 }
    /^ *"file": / {
        file = $0
        sub(/^ *"file": "/, "", file)
        sub(/".*/, "", file)
        sub(/^ *"command": "/, "", command)
        sub(/",$/, "", command)
        sub(/ -o .*/, "", command)
        gsub(/\\\\/, "\\", command)
        gsub(/\\"/, "\"", command)
        if (index(file, root) == 1)
            print substr(file, length(root) + 1) "\t" command
    }' "$commands" >"$work/compiled"

failures=0
find compute net agent tui tests -name '*.h' | sort >"$work/headers"
while read -r header; do
    awk -F '\t' -v folder="${header%/*}/" -v room="${header%%/*}/" '
        index($1, folder) == 1 { near[$2] = 1; found = 1 }
        index($1, room) == 1 { far[$2] = 1 }
        END { if (found) for (c in near) print c; else for (c in far) print c }
        ' "$work/compiled" >"$work/tries"
    [ -s "$work/tries" ] || continue
    alone=no
    while [ $alone = no ] && read -r command; do
        sh -c "$command -w -fsyntax-only -x c \"\$0\"" "$header" >"$work/out" 2>&1 && alone=yes
    done <"$work/tries"
    if [ $alone = no ]; then
        echo "$header:1: header-alone: does not compile by itself"
        sed 's/^/  /' "$work/out"
        failures=$((failures + 1))
    fi
done <"$work/headers"
echo "$(wc -l <"$work/headers") headers, $failures that need another one before them"
[ "$failures" = 0 ]
