#!/bin/bash
# The main job as `make demo` runs it: as it is, with its controller killed again and again, and interrupted.
. "$(dirname "$0")/lib.sh"
mkdir "$dir/tmp"
export TMPDIR=$dir/tmp

# The manifests of the demo are the article's, but for times and addresses.
for file in rollout.yaml analysis-templates.yaml; do
	check "demo/$file differs from the seed's in times and addresses only" fails sh -c \
		"diff examples/seed/$file examples/seed/demo/$file | grep '^[<>]' |
		grep -vE 'interval: |\[[0-9]+[ms]\]|duration: |[dD]elaySeconds: |address: |^[<>] #'"
done

# left: prints the demo's processes that still live, by their environment; fails if all have ended.
left() {
	local found=1
	for p in /proc/[0-9]*; do
		if grep -qzs "^TMPDIR=$dir/tmp" "$p/environ" && tr '\0' ' ' <"$p/cmdline" | grep -E 'sluice|haproxy|prometheus'; then
			found=0
		fi
	done
	return $found
}

# Ctrl-C, on a terminal, in the middle.
interrupt() {
	(
		within 60 grep -q "v2, a good release" "$dir/interrupted" >/dev/null
		sleep 3
		printf '\003'
		within 60 grep -q "its logs are in" "$dir/interrupted" >/dev/null
		sleep 1
	) | setsid script -qfec "stty rows 40 cols 110; exec '$SLUICE' demo" "$dir/interrupted" >/dev/null
}
touch "$dir/interrupted"
interrupt
check "the live view shows weights" grep -q "canary" "$dir/interrupted"
check "Ctrl-C is an interruption" grep -q "interrupted; its logs are in" "$dir/interrupted"
check "it leaves no process" fails left

# Two at once: one undisturbed, and one whose controller does not live long.
"$SLUICE" demo >"$dir/plain.log" 2>&1 &
plain=$!
mkdir "$dir/tmp/killed"
TMPDIR=$dir/tmp/killed "$SLUICE" demo >"$dir/killed.log" 2>&1 &
killed=$!
kills=0 start=0
while kill -0 $killed 2>/dev/null; do
	# Not in step with anything: 1 to 4 s apart.
	sleep "$((1 + RANDOM % 3)).$((RANDOM % 10))"
	# How long the machine takes to start a program meanwhile.
	began=$(date +%s%N)
	"$SLUICE" version >/dev/null
	took=$((($(date +%s%N) - began) / 1000000))
	[ "$took" -le "$start" ] || start=$took
	pid=$(pgrep -f "controller --kubeconfig $dir/tmp/killed/") && kill -9 "$pid" && kills=$((kills + 1))
done
wait $killed
code=$?
check "with its controller killed $kills times the demo ends well" sh -c "cat '$dir/killed.log'; [ $code = 0 ] && [ $kills -gt 10 ]"
wait $plain
code=$?
check "the demo ends well" sh -c "cat '$dir/plain.log'; [ $code = 0 ]"
check "the approval of a user is given through the CLI" grep -qF '$ sluice promote myapp -n myapp-production' "$dir/plain.log"
check "weights go 20, 40, 60, 80, 100" sh -c "sed -n 's/.*traffic: \([0-9]*\) % to the canary.*/\1/p' '$dir/plain.log' |
	paste -sd' ' | tee /dev/stderr | grep -qx '20 40 60 80 100 0 20 0 20 0'"
check "no request fails after the abort" grep -qE "after the aborts +[1-9][0-9]* requests, 0 errors, 0 responses of other versions than v2" "$dir/plain.log"
check "the limit of the article stops v3" grep -qE "v3, aborted by error-rate +[1-9]" "$dir/plain.log"
check "... and the comparison stops v4, which fails less" grep -qE "v4, aborted by compared-errors +[1-9]" "$dir/plain.log"
ms=$(sed -n 's/.* \([0-9]*\) ms after the verdict.*/\1/p' "$dir/plain.log" | sort -n | tail -1)
# A hundred milliseconds, and on a machine that is busy or slow what it takes to start a program a few times.
most=$((100 + 4 * start))
check "traffic is back within $most ms of the verdict ($ms ms; a program starts in $start ms)" [ "${ms:-100000}" -le "$most" ]
check "they leave no process" fails left
check "and no files" sh -c "ls '$dir/tmp/killed'; [ -z \"\$(ls '$dir/tmp/killed')\" ]"
