# tests/wait.sh: sourced by shell tests that start processes. $dir is the temporary folder of the test.

# within SECONDS COMMAND...: waits until the command succeeds. SECONDS is the maximum on a fast machine. The limit is
# twenty times that, because a machine can be slow or busy.
within() {
	local end=$((SECONDS + 20 * $1))
	shift
	until "$@" >"$dir/within.out" 2>&1; do
		[ $SECONDS -lt $end ] || { cat "$dir/within.out"; return 1; }
		sleep 0.1
	done
}

# free_port: prints a free port on loopback.
free_port() {
	local port
	while :; do
		port=$((20000 + RANDOM % 12000))
		(: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
	done
}
