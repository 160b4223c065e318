# tests/e2e/hostile.lib.sh: sourced by the tests of servers that misbehave (tests/hostile).

# hostile ARGS...: starts one; $port is where it serves, $control where its faults are set.
hostile() {
	build/hostile "$@" >"$dir/hostile.out" 2>"$dir/hostile.err" &
	hostile=$!
	within 10 grep -q control "$dir/hostile.out"
	read -r _ port _ control <"$dir/hostile.out"
}

# fault PATH [TEXT]: from now on, with the text that the fault takes; "none": no longer.
fault() { curl -sgf -o /dev/null ${2+--data-binary "$2"} "http://127.0.0.1:$control/$1"; }

# counted WHICH: how many requests came, met the present fault ("hits"), or came before the end of a Retry-After ("early"); or how many bytes
# of a response to one that met it were sent at most ("longest").
counted() { curl -sf "http://127.0.0.1:$control/" | sed -n "s/.*$1 \([0-9]*\).*/\1/p"; }

# met N [SECONDS]: waits until as many requests have met the present fault, which takes a minute at most on a quick machine (see within).
met() { curl -sf -m "${2:-1200}" -o /dev/null "http://127.0.0.1:$control/wait/$1"; }

# peak PID: the most memory that a process has had so far, in KiB.
peak() { awk '/^VmHWM/ { print $2 }' "/proc/$1/status"; }
