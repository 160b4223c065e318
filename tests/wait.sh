# tests/wait.sh: sourced by shell tests that start processes. $dir is the temporary folder of the test.

# within SECONDS COMMAND...: waits until the command succeeds. SECONDS is the maximum on a fast machine. The limit is
# twenty times that, because a machine can be slow or busy. Once a test has waited in vain it has failed, and often none of
# what it waits for later can happen: it does not multiply any longer, so that one failure does not take an hour.
# A machine may be suspended, or its wall clock set, in the middle of a test: one try counts for 10 s at most, because
# nothing happens on a suspended machine that could be waited for.
patience=20
within() {
	local left=$((patience * $1)) last=$SECONDS took
	shift
	until "$@" >"$dir/within.out" 2>&1; do
		took=$((SECONDS - last))
		last=$SECONDS
		[ "$took" -le 10 ] || took=10
		[ "$took" -ge 0 ] || took=0
		left=$((left - took))
		[ "$left" -gt 0 ] || { patience=1; cat "$dir/within.out"; return 1; }
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

# multiplexes: the installed libcurl is one with which requests to the API server share HTTP/2 connections, as
# transport_curl_multiplexes decides.
multiplexes() {
	local about
	about=$(curl -V 2>/dev/null)
	case $about in *" HTTP2 "*) ;; *) return 1 ;; esac
	printf '8.23.0\n%s\n' "$(sed -n '1s#.*libcurl/\([0-9.]*\).*#\1#p' <<<"$about")" | sort -V -C
}
