# tests/wait.sh: sourced by shell tests that start processes. $dir is a folder of theirs.

# within SECONDS COMMAND...: it succeeds; SECONDS say how long that takes on a quick machine at most. What never comes ends the wait only
# after twenty times as long, so that a slow or busy machine fails nothing.
within() {
	local end=$((SECONDS + 20 * $1))
	shift
	until "$@" >"$dir/within.out" 2>&1; do
		[ $SECONDS -lt $end ] || { cat "$dir/within.out"; return 1; }
		sleep 0.1
	done
}

# free_port: a port on loopback that nobody listens on.
free_port() {
	local port
	while :; do
		port=$((20000 + RANDOM % 12000))
		(: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
	done
}
