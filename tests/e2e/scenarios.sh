#!/bin/bash
# The stories that say `http: true`, over HTTP and in real time: the laptop cluster and the controller as separate processes, the
# sanitized ones, three stories at a time. All of them are played in virtual time too (build/simulation).
cd "$(dirname "$0")/../.." || exit 1
out=$(mktemp -d)
play() { timeout 3600 build/simulation --http "$PWD/build/sluice-san" "$1" >"$2/$(basename "$1")" 2>&1 || true; }
export -f play
grep -l '^http: true' tests/e2e/scenarios/*.yaml | xargs -P3 -I{} bash -c "play {} $out"
for f in "$out"/*; do
	if grep -qa '^ok ' "$f" && ! grep -qa '^not ok ' "$f"; then grep -a '^ok ' "$f"; else
		echo "not ok $(basename "$f") over HTTP"
		tail -n 60 "$f"
	fi
done
# A process that was killed may take a moment on a busy machine.
for _ in $(seq 100); do pgrep -f sluice-scenario- >/dev/null || break; sleep 0.2; done
if pgrep -f sluice-scenario- >/dev/null; then echo "not ok a process was left behind"; else echo "ok no process is left behind"; fi
rm -rf "$out"
