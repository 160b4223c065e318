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
(sed '/^---/,$d; s/- name: errors/&\n    interval: 15s/' examples/gates/compare.yaml && cat <<'Y') >"$dir/compare.yaml"
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: myapp}
spec:
  replicas: 10
  selector: {matchLabels: {app: myapp}}
  template:
    metadata: {labels: {app: myapp}}
    spec: {containers: [{name: myapp, image: "myregistry/myapp:v1"}]}
  strategy:
    canary:
      steps:
      - setWeight: 20
      - analysis: {templates: [{templateName: compare}], args: [{name: job, value: myapp}, {name: namespace, value: shop}]}
Y
check "a comparison with an interval, in a step" says "promoted" "$s" plan -f "$dir/compare.yaml"
check "... which takes two minutes at least, also to fail" says "the update is aborted after 2m5s" "$s" plan -f "$dir/compare.yaml"
sed 's/- name: errors/&\n    initialDelay: 10m/' "$dir/compare.yaml" >"$dir/delayed.yaml"
check "... and its own delay" says "passes after 3m0s" "$s" plan -f "$dir/delayed.yaml"
check "... before its analysis ends" says "12m15s  promoted" "$s" plan -f "$dir/delayed.yaml"
sed 's/bad: .*/&\n          until: end\n          wait: 30m/; /- name: latency/,/slow:/d' "$dir/compare.yaml" >"$dir/end.yaml"
check "a comparison until its end takes all of its wait" says "30m15s  promoted" "$s" plan -f "$dir/end.yaml"
check "JSON has the peak" [ "$("$s" plan -f examples/seed/*.yaml -o json | jq .peakPods)" = 20 ]
check "an SVG is XML" sh -c "'$s' plan -f examples/seed/*.yaml -o svg | python3 -c 'import sys,xml.dom.minidom as m; m.parse(sys.stdin)'"
sed 's/readinessProbe:/readinessProbe: \&probe/; s#httpGet:#exec: {command: [sh, -c, "exit 1"]}#; /path: /d; /port: 8080/d; /livenessProbe/,$d' examples/seed/rollout.yaml >"$dir/broken.yaml"
check "pods that can never be ready" says "the stable version does not become Healthy: ProgressDeadlineExceeded" "$s" plan -f "$dir/broken.yaml"
sed 's/setWeight: 20/setWeight: 120/' examples/seed/rollout.yaml >"$dir/invalid.yaml"
check "an invalid spec" says "spec.strategy.canary.steps[0].setWeight: " "$s" plan -f "$dir/invalid.yaml"
sed 's/replicas: 10/replicas: 1000000/' examples/seed/rollout.yaml >"$dir/large.yaml"
check "more pods than the limit" says "more than 5000 pods" "$s" plan -f "$dir/large.yaml"
check "these are failures" fails "$s" plan -f "$dir/large.yaml"
check "no Rollout" says "the files have no Rollout" "$s" plan -f examples/seed/network.yaml
check "several Rollouts" says "choose one with --rollout" "$s" plan -f examples
check "and the one that is chosen" says "myapp-production/myapp" "$s" plan -f examples/seed --rollout myapp-production/myapp
check "a file that does not exist" says "nowhere.yaml" "$s" plan -f nowhere.yaml
check "a text that is not a duration is refused" says '--ready: "soon" is not a duration' "$s" plan -f examples/seed/rollout.yaml --ready soon
check "... and a time that rows do not show" says "is not a duration from 1s to 24h" "$s" plan -f examples/seed/rollout.yaml --ready 500ms

# The stand-ins of each router: the controller accepts them, and the update is promoted.
canary() { # the rest of the canary strategy
	cat <<-Y
	apiVersion: argoproj.io/v1alpha1
	kind: Rollout
	metadata: {name: web}
	spec:
	  replicas: 4
	  selector: {matchLabels: {app: web}}
	  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: "web:v1"}]}}
	  strategy: {canary: {steps: [{setWeight: 25}], $1}}
	Y
}
stands_in() { # NOTES, strategy
	canary "$2" >"$dir/web.yaml"
	"$s" plan -f "$dir/web.yaml" >"$dir/web.plan" 2>&1 || { cat "$dir/web.plan"; return 1; }
	[ "$(grep -c "the plan has made one" "$dir/web.plan")" = "$1" ] && grep -q "  25%  " "$dir/web.plan" || { cat "$dir/web.plan"; return 1; }
}
services='canaryService: c, stableService: s'
check "Istio with subsets" stands_in 2 'trafficRouting: {istio: {virtualService: {name: v}, destinationRule: {name: d, canarySubsetName: c, stableSubsetName: s}}}'
check "Istio with Services, named routes and several VirtualServices" stands_in 4 "$services, trafficRouting: {istio: {virtualServices: [{name: v, routes: [a, b]}, {name: w.other, routes: [a]}]}}"
check "Istio with tls and tcp routes" stands_in 3 "$services, trafficRouting: {istio: {virtualService: {name: v, tlsRoutes: [{port: 443, sniHosts: [a.example]}], tcpRoutes: [{port: 3306}]}}}"
check "routes of the Gateway API" stands_in 6 "$services, trafficRouting: {plugins: {argoproj-labs/gatewayAPI: {httpRoute: h, grpcRoute: g, tcpRoute: t, tlsRoute: l}}}"
check "Contour" stands_in 3 "$services, trafficRouting: {plugins: {argoproj-labs/contour: {httpProxies: [p]}}}"
check "a hook" stands_in 2 "$services, trafficRouting: {plugins: {sluice/hook: {name: acme/edge}}}"
check "ingress-nginx" stands_in 3 "$services, trafficRouting: {nginx: {stableIngress: i}}"
check "the AWS Load Balancer Controller" stands_in 3 "$services, trafficRouting: {alb: {ingress: i, rootService: r, servicePort: 80}}"
check "pingPong" stands_in 3 "pingPong: {pingService: c, pongService: s}, trafficRouting: {istio: {virtualService: {name: v}}}"

# A comparison, in both forms.
canary 'analysis: {templates: [{templateName: t}, {templateName: u}]}' >"$dir/compare.yaml"
cat >>"$dir/compare.yaml" <<Y
---
{apiVersion: argoproj.io/v1alpha1, kind: AnalysisTemplate, metadata: {name: t}, spec: {
  metrics: [{name: m, provider: {plugin: {sluice/compare: {bad: bad_total, total: requests_total}}}}]}}
---
{apiVersion: argoproj.io/v1alpha1, kind: AnalysisTemplate, metadata: {name: u, annotations: {sluice.argoproj.io/compare: "n: {bad: b, total: t}"}}, spec: {
  metrics: [{name: n, provider: {web: {url: "https://metrics.example"}}}]}}
Y
for t in t u; do
	check "the note of a comparison: $t" says "Note: $t compares the new version with the stable one" "$s" plan -f "$dir/compare.yaml"
done
check "the update is promoted" "$s" plan -f "$dir/compare.yaml"

# Without a router, the pods of an aborted update are deleted before its status reports the abort.
failing() { # STEPS ANALYSIS...
	canary "analysis: {templates: [{templateName: f}]$2}" | sed "s/{setWeight: 25}/$1/"
	echo '---
{apiVersion: argoproj.io/v1alpha1, kind: AnalysisTemplate, metadata: {name: f}, spec: {
  metrics: [{name: m, count: 5, interval: 1m, failureLimit: 3, successCondition: "result[0] < 1", provider: {prometheus: {address: "http://p", query: q}}}]}}'
}
failing '{setWeight: 25}, {pause: {duration: 1h}}' >"$dir/failing.yaml"
check "the weight until an abort" says "at step 2/2 pause 1h, with 25 %" "$s" plan -f "$dir/failing.yaml"
failing '{setWeight: 25}, {pause: {}}, {setWeight: 50}, {pause: {}}, {pause: {duration: 1m}}' ', startingStep: 2' >"$dir/failing.yaml"
check "an analysis that begins after a pause can fail in the next one" says "the analysis cannot fail before 3m0s" "$s" plan -f "$dir/failing.yaml"
failing '{setWeight: 25}, {pause: {}}, {setWeight: 50}, {pause: {duration: 1m}}' ', startingStep: 2' >"$dir/failing.yaml"
check "one that begins after the last pause may never" says "the analysis cannot stop a bad version: it begins after the last promotion" "$s" plan -f "$dir/failing.yaml"
check "JSON has the pods of the table" [ "$("$s" plan -f examples/seed/*.yaml -o json | jq -r '.rows[].pods')" = "$("$s" plan -f examples/seed/*.yaml | sed -nE 's/^ *[0-9ms]+  .*%.* [0-9]+\/[0-9]+ +([0-9]+\/[0-9]+|-)  ([0-9]+).*/\2/p')" ]
# Plans end.
canary 'analysis: {templates: [{templateName: t}]}' | sed 's/{setWeight: 25}/{setWeight: 25}, {pause: {duration: 9000h}}/' >"$dir/endless.yaml"
cat >>"$dir/endless.yaml" <<Y
---
{apiVersion: argoproj.io/v1alpha1, kind: AnalysisTemplate, metadata: {name: t}, spec: {templates: [{templateName: t}],
  metrics: [{name: m, interval: 1s, provider: {web: {url: "https://metrics.example"}}}]}}
Y
check "measurements without an end" says "it does not end within the limits of a plan" ./sluice plan -f "$dir/endless.yaml"
canary '' | sed 's/setWeight: 25/experiment: {templates: [{name: e, specRef: stable, replicas: 4000}, {name: f, specRef: stable, replicas: 4000}]}/' >"$dir/many.yaml"
check "an experiment with too many pods" says "more than 5000 pods" "$s" plan -f "$dir/many.yaml"
for text in 'kind: Rollout' '[]' '{kind: Rollout, apiVersion: argoproj.io/v1alpha1, metadata: []}' \
	'{kind: Rollout, apiVersion: argoproj.io/v1alpha1, metadata: {name: a}}' \
	'{kind: Rollout, apiVersion: argoproj.io/v1alpha1, metadata: {name: A_b, namespace: "../x"}, spec: []}' \
	'{kind: Rollout, apiVersion: argoproj.io/v1alpha1, metadata: {name: a}, spec: {strategy: {canary: {steps: {a: 1}}}, template: 3, workloadRef: {}}}'; do
	echo "$text" >"$dir/odd.yaml"
	check "an error, no crash: $text" says "error: " "$s" plan -f "$dir/odd.yaml"
done

# The Rollout in the cluster: the same plan, also during an update.
dev --ready 100 --without mesh,prometheus,app
kubectl apply -f examples/seed/network.yaml -f examples/seed/analysis-templates.yaml -f examples/seed/rollout.yaml >/dev/null
live() { "$s" plan myapp -n myapp-production; }
check "the seed's canary in the cluster" same seed.want live
within 60 "$s" status myapp -n myapp-production --timeout 1s >/dev/null
"$s" set image myapp '*=myregistry/myapp:v2' -n myapp-production >/dev/null
within 60 sh -c "kubectl get vs myapp-vs -n myapp-production -o 'jsonpath={.spec.http[0].route[1].weight}' | grep -qx 20"
check "and during an update" same seed.want live
check "nothing was written" [ "$(kubectl get ro myapp -n myapp-production -o 'jsonpath={.status.currentStepIndex}')" = 1 ]
check "a Rollout that does not exist" says "nothing" "$s" plan nothing
check "... nor does one with --rollout, which is of files" says "give the NAME of a Rollout in the cluster, or -f FILE" "$s" plan myapp --rollout other
kubectl delete analysistemplate error-rate-analysis -n myapp-production >/dev/null
check "an AnalysisTemplate that the cluster does not have" says 'error-rate-analysis' live
check "... stops the update" fails live
check "... and a simulation" says "AnalysisTemplate error-rate-analysis is not in the cluster: its queries cannot be simulated" "$s" simulate myapp -n myapp-production
exit $bad
