#!/bin/bash
# The plan of the next update, from files: texts, formats, stand-ins, and errors.
. "$(dirname "$0")/lib.sh"
s=$SLUICE
same() { # FILE COMMAND...: the output is that of the file
	local want=tests/e2e/plan/$1
	shift
	"$@" 2>&1 | diff "$want" -
}

check "the seed's canary: weights, pods, durations, and that its analysis comes too late" \
	same seed.want "$s" plan -f examples/seed/rollout.yaml examples/seed/analysis-templates.yaml examples/seed/network.yaml
# The block in the page behind its command, without the indentation.
shown() { sed -n '/^    \$ sluice plan/,/^[^ ]/{/^    \$/d;/^[^ ]/d;s/^    //;p}' docs/plan.md | sed '$d'; }
check "docs/plan.md shows it" same seed.want shown
check "a blue-green update" same bluegreen.want "$s" plan -f tests/e2e/plan/bluegreen.yaml --ready 20s
check "without the network a stand-in is made, which is named" \
	says "Note: VirtualService myapp-vs is not in the files; the plan has made one" "$s" plan -f examples/seed/rollout.yaml
check "and the course is the same" says "20 peak" "$s" plan -f examples/seed/rollout.yaml
check "a missing template is named in a warning" \
	says "Warning: AnalysisTemplate error-rate-analysis is not in the files" "$s" plan -f examples/seed/rollout.yaml
check "JSON has the peak" [ "$("$s" plan -f examples/seed/*.yaml -o json | jq .peakPods)" = 20 ]
check "an SVG is XML" sh -c "'$s' plan -f examples/seed/*.yaml -o svg | python3 -c 'import sys,xml.dom.minidom as m; m.parse(sys.stdin)'"
check "no Rollout" says "the files have no Rollout" "$s" plan -f examples/seed/network.yaml
check "several Rollouts" says "choose one with --rollout" "$s" plan -f examples
check "and the one that is chosen" says "myapp-production/myapp" "$s" plan -f examples/seed --rollout myapp-production/myapp
check "a file that does not exist" says "nowhere.yaml" "$s" plan -f nowhere.yaml
check "a duration that is none" says '--ready: "soon" is not a duration' "$s" plan -f examples/seed/rollout.yaml --ready soon
exit $bad
