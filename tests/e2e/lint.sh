#!/bin/bash
# lint and explain: manifests and fields without a cluster.
. "$(dirname "$0")/lib.sh"
s=$SLUICE
mkdir -p "$dir/bad/deeper"
cat >"$dir/bad/rollout.yaml" <<'Y'
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: web
spec:
  replicas: -1
  selector:
    matchLabels: {app: web}
  template:
    metadata: {labels: {app: wrong}}
    spec: {containers: []}
  strategy:
    canary:
      steps:
      - setWeight: 101
      - pause: {duration: soon}
      - setWieght: 3
      analysis: {templates: [{templateName: t}, {templateName: none}]}
Y
cat >"$dir/bad/deeper/template.json" <<'Y'
{"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate", "metadata": {"name": "t"},
 "spec": {"metrics": [
   {"name": "x", "successCondition": "result <",
    "provider": {"prometheus": {"query": "up"}}}]}}
Y
lint() { "$s" lint "$dir/bad"; }
mkdir -p "$dir/routes"
cat >"$dir/routes/rollout.yaml" <<'Y'
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: "web:v1"}]}}
  strategy:
    canary:
      trafficRouting:
        managedRoutes: [{name: main}]
        istio: {virtualService: {name: web, routes: [main]}, destinationRule: {name: web, canarySubsetName: a, stableSubsetName: b}}
      steps:
      - setHeaderRoute: {name: main, match: [{headerName: x, headerValue: {exact: y}}]}
Y
# Ports of Services, in objects of routers: 80 becomes 81 in one kind.
for row in "alb:Rollout:spec.strategy.canary.trafficRouting.alb.servicePort" "nginx:Ingress:spec.rules[0].http.paths[0].backend.service.port" \
	"gateway:HTTPRoute:spec.rules[0].backendRefs[0].port" "traefik:TraefikService:spec.weighted.services[0].port" \
	"apisix:ApisixRoute:spec.http[0].backends[0].servicePort" "contour:HTTPProxy:spec.routes[0].services[0].port"; do
	IFS=: read -r router kind path <<<"$row"
	file=tests/data/routers/$router.yaml
	sed -E "/^kind: $kind/,/^---/s/(number|servicePort|port): 80/\1: 81/" "$file" >"$dir/port.yaml"
	check "$router: the ports of the Services are right" says " 0 errors, 0 warnings" "$s" lint "$file"
	check "$router: a port that a Service does not have is found where it stands" \
		says "error: $path: Invalid value: 81: Service \"" "$s" lint "$dir/port.yaml"
	perl -0777 -ne 'print join "---\n", grep { !/^kind: Service$/m } split /^---\n/m' "$dir/port.yaml" >"$dir/alone.yaml"
	check "$router: a Service that is not in the files may have any port" says " 0 errors" "$s" lint "$dir/alone.yaml"
done
sed -E '/^metadata: \{name: fresh/,/^---/s/port: 80/name: web, port: 8080/' tests/data/routers/nginx.yaml >"$dir/port.yaml"
check "nginx: the canary's Service needs the port of the stable one" \
	says 'service.port: Invalid value: 80: Service "fresh" has no such port; it has 8080 (web)' "$s" lint "$dir/port.yaml"
cat >"$dir/port.yaml" <<'Y'
{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: web}, spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: "web:v1"}]}}, strategy: {canary: {canaryService: c, stableService: s, trafficRouting: {istio: {virtualService: {name: web}}}}}}}
---
{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: web}, spec: {hosts: [web], http: [{route: [{destination: {host: s.default.svc.cluster.local, port: {number: 80}}, weight: 100}, {destination: {host: c, port: {number: 81}}, weight: 0}]}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {selector: {app: web}, ports: [{port: 80}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: c}, spec: {selector: {app: web}, ports: [{port: 80}]}}
Y
check "istio: a port of a destination" says 'error: spec.http[0].route[1].destination.port: Invalid value: 81: Service "c" has no such port' "$s" lint "$dir/port.yaml"
check "istio: the other one is right" says " 1 errors, 0 warnings" "$s" lint "$dir/port.yaml"
check "a managed route with the name of the route that is split" says 'managedRoutes[0].name: Invalid value: "main" is a route that is split' "$s" lint "$dir/routes"
check "a wrong number is found where it stands" says "bad/rollout.yaml:6:3: error: spec.replicas: -1 is not between 0" lint
check "and everything else too: a weight" says "rollout.yaml:15:9: error: spec.strategy.canary.steps[0].setWeight: Invalid value: 101" lint
check "a duration" says 'rollout.yaml:16:17: error: spec.strategy.canary.steps[1].pause.duration: "soon"' lint
check "a misspelt name" says "rollout.yaml:17:9: error: spec.strategy.canary.steps[2].setWieght: unknown field" lint
check "labels that do not fit" says "rollout.yaml:10:16: error: spec.template.metadata.labels" lint
check "a condition in a file of another folder, in JSON" says "template.json:3:18: error: spec.metrics[0].successCondition" lint
check "what is not among the files is a warning" says 'rollout.yaml:18:50: warning: spec.strategy.canary.analysis.templates[1].templateName' lint
check "or an error, if that is wanted" says "none\" not found" sh -c "'$s' lint --strict '$dir/bad' | grep error:"
sed 's/trafficRouting:/trafficRouting: {managedRoutes: [{name: r}]}/; /plugins:/d; /argoproj-labs/d' tests/data/routers/gateway.yaml >"$dir/alone.yaml"
check "trafficRouting without a router is a warning" says "alone.yaml:17:7: warning: spec.strategy.canary.trafficRouting: names no router: no weight is set" "$s" lint "$dir/alone.yaml"
check "and no error" says " 0 errors, 1 warnings" "$s" lint "$dir/alone.yaml"
check "the exit code says it" fails lint
check "the manifests of the demo have no finding" "$s" lint examples/seed/demo tests/e2e/rollout.yaml
check "examples of comparisons pass" says "0 errors, 0 warnings" "$s" lint examples/gates
mkdir "$dir/gates"
sed 's/replicas: 10/replicas: 2/' examples/gates/compare.yaml >"$dir/gates/compare.yaml"
check "a comparison of few pods is a warning" says "compare.yaml:39:3: warning: spec.replicas: a comparison has 1 canary pod at weight 50, and 2 stable ones" "$s" lint "$dir/gates"
sed 's/bad: http.*/bad: rate(http_requests_total{job="{{args.job}}"}[5m])/' examples/gates/compare.yaml >"$dir/gates/compare.yaml"
check "a counter of a comparison is no rate" says "bad: \`rate(http_requests_total{job=\"myapp\"}[5m])\` is not a metric" "$s" lint "$dir/gates"
sed 's/total: http/totals: http/' examples/gates/annotation.yaml >"$dir/gates/compare.yaml"
check "fields of an annotation are checked" says "metadata.annotations: sluice.argoproj.io/compare: error-rate.totals: unknown field" "$s" lint "$dir/gates"
# compared NAME TEXT FILE SED: the example's finding for a comparison that is changed so.
compared() {
	sed -E "$4" "examples/gates/$3.yaml" >"$dir/gates/compare.yaml"
	check "$1" says "$2" "$s" lint "$dir/gates"
}
compared "a comparison of the pods of all namespaces is a warning" 'compare.yaml:23:11: warning: spec.metrics[0].provider.plugin.sluice/compare.total: `http_requests_total{job="{{args.job}}"}` has no matcher of the label namespace: pods of other namespaces' compare '/ total:/s/namespace="[^"]*",//'
compared "one of latency too" 'compare.yaml:30:11: warning: spec.metrics[1].provider.plugin.sluice/compare.slow: ' compare '/ slow:/s/namespace="[^"]*",//'
compared "and one of an annotation" 'warning: metadata.annotations: sluice.argoproj.io/compare: error-rate.bad: `http_requests_total{job="{{args.job}}",code=~"5.."}` has no matcher of the label namespace' annotation '/ bad:/s/namespace="[^"]*",//'
compared "each comparison is reported once" " 0 errors, 2 warnings" compare 's/namespace="[^"]*",//'
compared "another label of namespaces is right" " 0 errors, 0 warnings" compare 's/namespace="/exported_namespace="/'
compared "so are namespaces in the matchers of both versions" " 0 errors, 0 warnings" compare "s/namespace=\"[^\"]*\",//; s/^( *)(total|slow):.*/&\\n\\1canary: 'namespace=\"a\",version=\"2\"'\\n\\1stable: 'namespace=\"a\",version=\"1\"'/"
compared "a name of a metric alone selects all" 'bad: `http_requests_total` has no matcher' annotation '/ bad:/s/\{.*//'
compared "an argument that may have a namespace is not judged" " 0 errors, 0 warnings" annotation 's/ (bad|total): .*/ \1: http_requests_total{{args.job}}/'
compared "nor is an argument with a value that has one" " 0 errors, 0 warnings" annotation 's/ (bad|total): .*/ \1: "{{args.total}}"/; s/- name: job/&\n  - {name: total, value: "x{namespace=\\"a\\"}"}/'
# long NAME TEXT N SED: the Rollout has a name of N bytes.
long() {
	compared "$1" "$2" compare "s/^  name: myapp\$/  name: $(printf "%0$3d" 0 | tr 0 a)/; $4"
}
long "the names of the pods of a Rollout with a long name have nothing of the version" \
	"error: metadata.name: AnalysisTemplate compare: spec.metrics[0].provider.plugin.sluice/compare: the name of the Rollout is too long: the names of the pods of both versions begin with $(printf '%057d' 0 | tr 0 a)-; canary: and stable: must be set" 57
long "which is an error for each comparison" " 2 errors, 0 warnings" 57
long "or only a part of it" "warning: metadata.name: AnalysisTemplate compare: spec.metrics[1].provider.plugin.sluice/compare: the name of the Rollout is too long: the names of its pods have 1 byte of the hash" 56
long "or all but one byte" "have 9 bytes of the hash" 48
long "or all" " 0 errors, 0 warnings" 47
long "matchers of the versions need no names" " 0 errors, 0 warnings" 57 "s/^( *)(total|slow):.*/&\\n\\1canary: 'version=\"2\"'\\n\\1stable: 'version=\"1\"'/"
long "those of one version are not enough" " 2 errors, 0 warnings" 57 "s/^( *)(total|slow):.*/&\\n\\1canary: 'version=\"2\"'/"
waits() { # NAME TEXT REPLICAS SED: the errors wait for a day
	compared "$1" "$2" compare "s/replicas: 10/replicas: $3/; s/^( *)total:.*/&\\n\\1wait: 24h/; $4"
}
waits "a comparison with too many samples of the Rollout's pods is an error" "compare.yaml:40:3: error: spec.replicas: AnalysisTemplate compare: spec.metrics[0].provider.plugin.sluice/compare: wait: 24h in steps of 15s is 5770 samples of a series, too many for 200 pods: set a longer step" 100
waits "of one metric, whose wait it is" " 1 errors, 0 warnings" 100
waits "of fewer pods it is right" " 0 errors, 0 warnings" 60
waits "and without any" " 0 errors" 0
waits "a longer step has fewer samples" " 0 errors, 0 warnings" 100 's/\n( *)wait: .*/&\n\1step: 30s/'
# A query without a label that tells the versions apart.
queries() { # SED: the article's Rollout and templates, changed
	mkdir -p "$dir/queries"
	sed -E "$1" examples/seed/analysis-templates.yaml >"$dir/queries/templates.yaml"
	sed -E "$1" examples/seed/rollout.yaml >"$dir/queries/rollout.yaml"
	"$s" lint "$dir/queries"
}
sums() { # N SED: there are N such warnings
	n=$(queries "$2" | grep -c "sums over both versions")
	[ "$n" = "$1" ] || { echo "$n, want $1"; return 1; }
}
check "a query that sums over both versions is a warning" says \
	"templates.yaml:20:9: warning: spec.metrics[0].provider.prometheus.query: sums over both versions, and the canary of Rollout myapp begins with 20 %" queries ""
check "for each template once" sums 2 ""
check "the canary's pods alone are no sum" sums 0 '/name: service-name/{n;s/value: .*/valueFrom: {podTemplateHashValue: Latest}/}'
check "nor is its Service" sums 0 '/name: service-name/{n;s/value: .*/value: myapp-canary/}'
check "nor a label of the version" sums 1 's/code!~/version="2",code!~/'
check "a canary with all requests is not hidden" sums 0 's/setWeight: .*/setWeight: 100/'
check "a canary with the Gateway API passes" says "0 errors, 0 warnings" "$s" lint examples/gateway
check "a canary with ingress-nginx passes" says "0 errors, 0 warnings" "$s" lint examples/nginx
sed 's/port: {name: use-annotation}/port: {number: 80}/' examples/alb/routing.yaml >"$dir/port.yaml"
cp examples/alb/rollout.yaml "$dir/alb.yaml"
check "a path of a load balancer without an action is a warning where its port is" \
	says 'port.yaml:50:13: warning: spec.rules[0].http.paths[0].backend.service.port: all requests of this path go to Service "myapp"' "$s" lint "$dir/alb.yaml" "$dir/port.yaml"
check "a canary with a load balancer of AWS passes" says "0 errors, 0 warnings" "$s" lint examples/alb
for router in traefik apisix smi ambassador contour hook; do
	check "the example of $router passes" says "0 errors, 0 warnings" "$s" lint "examples/$router"
done
check "an Ingress that is not among the files is named" says 'ingresses.networking.k8s.io "myapp" not found' "$s" lint examples/nginx/rollout.yaml
check "a route that is not among the files is named" says 'httproutes.gateway.networking.k8s.io "myapp-route" not found' "$s" lint examples/gateway/rollout.yaml
# Kinds that do not exist. KIND VERSION TEXT; - for no finding.
while read -r kind version text; do
	case $version in none) version= ;; *) version="apiVersion: $version" ;; esac
	printf '%s\nkind: %s\nmetadata: {name: web}\nspec: {}\n' "$version" "$kind" >"$dir/kind.yaml"
	case $text in
	-) check "$kind of $version is not reported" says "1 files, 0 objects: 0 errors, 0 warnings" "$s" lint "$dir/kind.yaml" ;;
	*) check "$kind of $version is an error" says "kind.yaml:$text" "$s" lint "$dir/kind.yaml"
	   check "and the exit code says so: $kind of $version" fails "$s" lint "$dir/kind.yaml" ;;
	esac
done <<'T'
Rolout argoproj.io/v1alpha1 2:1: error: kind: Invalid value: "Rolout": argoproj.io has no such kind; did you mean Rollout? Sluice knows Rollout, AnalysisTemplate, ClusterAnalysisTemplate, AnalysisRun, Experiment, Application, AppProject
rollout argoproj.io/v1alpha1 2:1: error: kind: Invalid value: "rollout": argoproj.io has no such kind; did you mean Rollout?
ro argoproj.io/v1alpha1 2:1: error: kind: Invalid value: "ro": argoproj.io has no such kind; did you mean Rollout?
Service argoproj.io/v1alpha1 2:1: error: kind: Invalid value: "Service": argoproj.io has no such kind; Sluice knows
CronWorkflows argoproj.io/v1alpha1 2:1: error: kind: Invalid value: "CronWorkflows": argoproj.io has no such kind; did you mean CronWorkflow?
Rollout argoprj.io/v1alpha1 1:1: error: apiVersion: Invalid value: "argoprj.io/v1alpha1": a Rollout is of argoproj.io/v1alpha1
Rollout v1alpha1 1:1: error: apiVersion: Invalid value: "v1alpha1": a Rollout is of argoproj.io/v1alpha1
Rollout none 2:1: error: apiVersion: Required value: a Rollout is of argoproj.io/v1alpha1
Kustomization source.toolkit.fluxcd.i/v1 -
Kustomization kustomize.toolkit.fluxcd.i/v1 1:1: error: apiVersion: Invalid value: "kustomize.toolkit.fluxcd.i/v1": a Kustomization is of kustomize.toolkit.fluxcd.io/v1
Kustomization none -
Rollout rollouts.kruise.io/v1beta1 -
Rolout example.com/v1 -
Workflow argoproj.io/v1alpha1 -
CronWorkflow argoproj.io/v1alpha1 -
ClusterWorkflowTemplate argoproj.io/v1alpha1 -
EventSource argoproj.io/v1alpha1 -
EventBus argoproj.io/v1alpha1 -
Sensor argoproj.io/v1alpha1 -
ApplicationSet argoproj.io/v1alpha1 -
ArgoCD argoproj.io/v1beta1 -
Service serving.knative.dev/v1 -
T
# Sets of manifests with the same names, in folders of their own: each Rollout finds what is nearest to it.
mkdir "$dir/sets"
for router in nginx gateway alb; do
	mkdir "$dir/sets/$router"
	cp "tests/data/routers/$router.yaml" "$dir/sets/$router/all.yaml"
done
cp -r "$dir/sets/nginx" "$dir/sets/nginx-2"
sed -i 's/port: 80}/port: 8080}/' "$dir/sets/nginx-2/all.yaml"
sed -i '/^kind: Service$/,/^---/s/port: 80/port: 8080/; /^kind: Ingress$/,/^---/s/number: 80/number: 8080/' "$dir/sets/nginx-2/all.yaml"
sets() { "$s" lint "$dir/sets"; }
check "namesakes in other folders are not mixed up" says " 0 errors, " sets
check "a duplicate is a warning, once" sh -c "[ \"\$('$s' lint '$dir/sets' | grep -c 'Rollout myapp is in .*/sets/alb/all.yaml too')\" = 3 ]"
check "and nothing else is" fails sh -c "'$s' lint '$dir/sets' | grep ' warning: ' | grep -v ' too$'"
check "the examples have no error" "$s" lint examples
for i in 1 2; do echo "{apiVersion: argoproj.io/v1alpha1, kind: AnalysisRun, metadata: {generateName: a-}, spec: {metrics: [{name: a, successCondition: 'true', provider: {web: {url: 'http://h'}}}]}}" >"$dir/$i.yaml"; done
check "generated names are no duplicates" says "0 errors, 0 warnings" "$s" lint "$dir/1.yaml" "$dir/2.yaml"
check "a file from standard input too" sh -c "'$s' lint -f - <tests/e2e/rollout.yaml"
check "what is no YAML says where" says "-:2:1: error: did not find expected node content" sh -c "echo '{' | '$s' lint -"
# invalid NAME TEXT CONTENT: a file with this content has this finding.
invalid() {
	printf "$3" >"$dir/invalid.yaml"
	check "$1 is reported where it stands" says "invalid.yaml:$2" "$s" lint "$dir/invalid.yaml"
}
invalid "a mapping in a scalar" "2:8: error: mapping values are not allowed in this context" 'kind: Rollout\nmeta: a: b\n'
invalid "a key that is there twice" '3:1: error: key "kind" is there twice' 'kind: Rollout\nspec: {}\nkind: Rollout\n'
invalid "an unknown tag" "2:7: error: the tag !Ref is not known here" 'kind: Rollout\nspec: !Ref x\n'
invalid "an alias of nothing" "2:7: error: found undefined alias" 'kind: Rollout\nspec: *x\n'
invalid "a control character" "2:8: error: control characters are not allowed" 'kind: Rollout\nspec: é\001\n'
invalid "bytes that are no UTF-8" "2:7: error: invalid leading UTF-8 octet" 'kind: Rollout\nspec: \377\n'
invalid "the second document that is no object" "3:1: error: a document that is no object" 'kind: X\n---\n3\n'
invalid "the second document without metadata" "3:1: error: metadata.name: required" '{kind: X}\n---\n{apiVersion: argoproj.io/v1alpha1, kind: Rollout}\n'
invalid "a field of an object in a list" "5:45: error: spec.metrics: not a list of metrics" \
	'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: argoproj.io/v1alpha1, kind: X}\n- {apiVersion: argoproj.io/v1alpha1, spec: {metrics: -1}, kind: AnalysisTemplate, metadata: {name: x}}\n'
invalid "a kind in a list" "4:38: error: kind: Invalid value" 'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: argoproj.io/v1alpha1, kind: X}\n'
sed 's/^spec:/spec:\n  replicass: 3/' tests/e2e/rollout.yaml >"$dir/misspelt.yaml"
check "a misspelt field of the spec" says "misspelt.yaml:7:3: error: spec.replicass: unknown field; it has no effect" "$s" lint "$dir/misspelt.yaml"
check "every -f is read" says "2 files, 4 objects" "$s" lint -f tests/e2e/rollout.yaml -f examples/seed/demo/rollout.yaml
check "no file is an error" fails "$s" lint

mkdir "$dir/gitops"
cat >"$dir/gitops/all.yaml" <<'Y'
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web}
spec: {source: {repoURL: "https://git.example/web"}, destination: {name: in-cluster}, syncPolicy: {automated: {prune: perhaps}}}
---
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: shop}
spec: {syncWindows: [{kind: block}]}
---
apiVersion: notification.toolkit.fluxcd.io/v1beta1
kind: Provider
metadata: {name: chat}
spec: {type: slakc}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: web}
spec: {url: "https://git.example/web", interval: soon}
Y
check "fields of Applications are checked" says 'gitops/all.yaml:4:112: error: spec.syncPolicy.automated.prune' "$s" lint "$dir/gitops"
check "an AppProject's" says 'spec.syncWindows[0].kind: "block" is not one of allow|deny' "$s" lint "$dir/gitops"
check "those of Flux's objects" says '"slakc" is not one of' "$s" lint "$dir/gitops"
check "all of them, and nothing else is found" says "1 files, 4 objects: 4 errors, 0 warnings" "$s" lint "$dir/gitops"
check "explain describes a field" says "Percentage of traffic" "$s" explain rollout.spec.strategy.canary.steps
check "its type and bounds" says "setWeight	<integer>, from 0" "$s" explain ro.spec.strategy.canary.steps
mkdir -p "$dir/endless"
cat >"$dir/endless/all.yaml" <<'Y'
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}
  strategy:
    canary:
      analysis: {templates: [{templateName: t}], args: [{name: h, valueFrom: {podTemplateHashValue: Latest}}]}
      steps:
      - analysis:
          args: [{name: h, valueFrom: {podTemplateHashValue: Stable}}]
          templates: [{templateName: t}]
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: t}
spec: {args: [{name: h}], metrics: [{name: m, interval: 5s, provider: {prometheus: {address: "http://p", query: "{{args.h}}"}}}]}
Y
endless() { "$s" lint "$dir/endless"; }
check "a step's metric without an end" says 'all.yaml:13:11: error: spec.strategy.canary.steps[0].analysis.templates: Invalid value: "t": AnalysisTemplate t has metric m which runs indefinitely' endless
check "which an analysis in the background may have" says "1 error" endless
check "the metrics of a template" says "successCondition" "$s" explain analysistemplate.spec.metrics
check "everything below" says "canarySubsetName" "$s" explain rollout --recursive
check "an unknown field lists the known ones" says "a canary step has setWeight, pause" "$s" explain rollout.spec.strategy.canary.steps.foo
check "an unknown kind lists the known ones" says "Rollout, AnalysisTemplate, ClusterAnalysisTemplate" "$s" explain pod
check "rules between fields" says "Only one of setWeight, pause, analysis and experiment may be set." "$s" explain rollout.spec.strategy.canary.steps
check "the definitions are five" test "$("$s" crds | grep -c '^kind: CustomResourceDefinition')" = 5
check "as they are kept" sh -c "'$s' crds | diff deploy/crds.yaml -"
check "so is the reference" sh -c "SLUICE='$s' tools/reference | diff docs/reference.md -"
check "whose examples have no errors" says "0 errors" "$s" lint examples/reference
# A link is to a heading of the page: its letters and digits, in lower case.
sed -n 's/^##* //p' docs/reference.md | tr -dc 'a-zA-Z0-9\n' | tr A-Z a-z | sort >"$dir/headings"
grep -o '](#[a-z]*)' docs/reference.md | tr -dc 'a-z\n' | sort -u >"$dir/links"
check "whose links have a heading" test -z "$(comm -13 "$dir/headings" "$dir/links")"
check "and whose headings are unique" test -z "$(uniq -d "$dir/headings")"

# Pod templates are checked by the rules of an API server, analyses as far as their arguments are known.
mkdir "$dir/pods"
cat >"$dir/pods/rollout.yaml" <<'Y'
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: WEB}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      dnsPolicy: Sometimes
      containers:
      - {name: web, image: "web:1", imagePull: Always, volumeMounts: [{name: data, mountPath: /data}]}
      - {name: web, image: "web:2", resources: {limits: {cpu: 1}, requests: {cpu: 1500m}}}
  strategy:
    canary:
      steps:
      - analysis: {templates: [{templateName: rate}], args: [{name: of, valueFrom: {fieldRef: {fieldPath: spec.nothing}}}]}
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: rate}
spec:
  args: [{name: of}]
  metrics:
  - {name: much, count: 3, successCondition: "result < 5", provider: {prometheus: {query: 'sum(up{a="{{args.of}}"})'}}}
  - {name: one, successCondition: "result < 5", provider: {prometheus: {query: 'scalar(up{a="{{args.of}}"})'}}}
  - {name: first, successCondition: "result[0] < 5", provider: {prometheus: {query: 'scalar(up)'}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: other, labels: {a b: c}}
spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}
Y
pods() { "$s" lint "$dir/pods"; }
check "a name that no API server takes is an error" says '3:12: error: metadata.name: Invalid value: "WEB"' pods
check "a field that no pod has" says 'containers[0].imagePull: unknown field' pods
check "a mount without its volume" says 'volumeMounts[0].name: Not found: "data"' pods
check "two containers of one name" says 'containers[1].name: Duplicate value: "web"' pods
check "requests above limits" says 'must be less than or equal to cpu limit of 1' pods
check "a value that is not one of the choices" says 'dnsPolicy: Unsupported value: "Sometimes"' pods
check "a fieldRef that names nothing" says 'fieldPath: Invalid value: "spec.nothing": a Rollout has no such field' pods
check "limits behind an argument without a value" says "metric much: count 3 needs an interval" pods
check "a vector that is compared as a number" says 'metrics[0].successCondition: `result < 5`: the query returns a vector' pods
check "a scalar that is taken for a vector" says 'metrics[2].successCondition: `result[0] < 5`: the query returns one number' pods
check "and a scalar that is compared as one is right" fails sh -c "'$s' lint '$dir/pods' | grep -F 'metrics[1]'"
check "a Deployment's pods too" says 'restartPolicy: Unsupported value: "Never"' pods
check "and its labels" says 'metadata.labels: Invalid value: "a b"' pods

mkdir "$dir/options"
cat >"$dir/options/all.yaml" <<'Y'
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web}
spec: {source: {repoURL: "https://git.example/web"}, destination: {name: in-cluster}, syncPolicy: {syncOptions: [CreateNamespace=true, Creatnamespace=true]}}
---
apiVersion: v1
kind: Service
metadata: {name: web, annotations: {argocd.argoproj.io/sync-options: "Prune=false,Pruned=false"}}
spec: {ports: [{port: 80}]}
Y
check "a sync option that does not exist" says "spec.syncPolicy.syncOptions[1]" "$s" lint "$dir/options"
mkdir "$dir/annotations"
cat >"$dir/annotations/all.yaml" <<'Y'
apiVersion: v1
kind: Service
metadata: {name: web, annotations: {argocd.argoproj.io/hook: PreSyc, kustomize.toolkit.fluxcd.io/prune: "false"}}
spec: {selector: {app: web}, ports: [{port: 80}]}
Y
check "a hook that does not exist is a warning" says 'warning: metadata.annotations: annotation argocd.argoproj.io/hook: "PreSyc" has no effect; known are PreSync, Sync, PostSync, SyncFail, Skip' "$s" lint "$dir/annotations"
check "so is a switch with a value that Flux does not have" says 'warning: metadata.annotations: annotation kustomize.toolkit.fluxcd.io/prune: "false" has no effect; known are enabled, disabled' "$s" lint "$dir/annotations"
check "of an object too" says "metadata.annotations" "$s" lint "$dir/options"
check "and those that are pass" says "2 errors, 0 warnings" "$s" lint "$dir/options"

# refused NAME TEXT YAML: the finding for one object has this text.
refused() {
	printf '%s\n' "$3" >"$dir/one.yaml"
	check "$1" says "$2" "$s" lint "$dir/one.yaml"
	check "$1: an error" fails "$s" lint "$dir/one.yaml"
}
template() { echo "{apiVersion: argoproj.io/v1alpha1, kind: AnalysisTemplate, metadata: {name: t}, spec: {$1}}"; }
web='successCondition: "true", provider: {web: {url: "http://h"}}'
job() { template "metrics: [{name: a, provider: {job: {spec: {$1, template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}}}}]"; }
refused "two providers of a metric" "metrics[0].provider: more than one provider" \
	"$(template 'metrics: [{name: a, provider: {web: {url: "http://h"}, prometheus: {query: up}}}]')"
refused "a Job that may fail less than never" "job.spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0" "$(job 'backoffLimit: -1')"
refused "a Job's misspelt field" "job.spec.backofLimit: unknown field" "$(job 'backofLimit: 1')"
refused "a Job's mode that is none" "job.spec.completionMode: Unsupported value" "$(job 'completionMode: Some')"
refused "an indexed Job without completions" "job.spec.completions: Required value" "$(job 'completionMode: Indexed')"
refused "an argument with a value and a source" "spec.args[0]: Invalid value: has both of value and valueFrom" \
	"$(template "args: [{name: x, value: a, valueFrom: {secretKeyRef: {name: s, key: k}}}], metrics: [{name: a, $web}]")"
refused "an argument with two sources" "spec.args[0]: Invalid value: valueFrom needs one of" \
	"$(template "args: [{name: x, valueFrom: {fieldRef: {fieldPath: metadata.name}, secretKeyRef: {name: s, key: k}}}], metrics: [{name: a, $web}]")"
refused "an argument with no source" "spec.args[0]: Invalid value: valueFrom needs one of" \
	"$(template "args: [{name: x, valueFrom: {}}], metrics: [{name: a, $web}]")"
refused "two values of one argument" 'spec.args[1]: Duplicate value: "x"' \
	"$(template "args: [{name: x, value: a}, {name: x, value: b}], metrics: [{name: a, $web}]")"
refused "a run's argument without a value" "spec.args[0]: Required value" \
	"{apiVersion: argoproj.io/v1alpha1, kind: AnalysisRun, metadata: {name: r}, spec: {args: [{name: x}], metrics: [{name: a, $web}]}}"
refused "a version that is not served" 'apiVersion: Invalid value: "argoproj.io/v1": an AnalysisTemplate' "$(template "metrics: [{name: a, $web}]" | sed s/v1alpha1/v1/)"
refused "a namespace that is none" 'metadata.namespace: Invalid value: "A B"' "$(template "metrics: [{name: a, $web}]" | sed 's/name: t}/name: t, namespace: A B}/')"
metric() { template "metrics: [{name: a, count: 3, interval: $1, successCondition: 'true', provider: {prometheus: {address: 'http://p', query: '$2'}}}]"; }
refused "a query with an open parenthesis" 'query: `sum((rate(x[5m])` is not PromQL: ( at position 5 is not closed' "$(metric 1m 'sum((rate(x[5m])')"
refused "a query with an open brace" 'metrics[0].provider.prometheus.query: `x{a="b"` is not PromQL' "$(metric 1m 'x{a="b"')"
metric 1m 'sum(x{a="{{args.a}}"}' | sed 's/spec: {/spec: {args: [{name: a}], /' >"$dir/one.yaml"
check "a query with an open parenthesis and an argument" says '( at position 4 is not closed' "$s" lint "$dir/one.yaml"
metric 1m '{{args.a}} x)' | sed 's/spec: {/spec: {args: [{name: a}], /' >"$dir/one.yaml"
check "an argument may be what is missing" says "0 errors, 0 warnings" "$s" lint "$dir/one.yaml"
for interval in 0s 1ms 999ms; do
	metric $interval x >"$dir/one.yaml"
	check "an interval of $interval is a warning" says "one.yaml:1:118: warning: spec.metrics[0].interval: \"$interval\" is shorter than 1s" "$s" lint "$dir/one.yaml"
done
metric 1s x >"$dir/one.yaml"
check "an interval of a second is right" says "0 errors, 0 warnings" "$s" lint "$dir/one.yaml"
pods='selector: {matchLabels: {app: app}}, template: {metadata: {labels: {app: app}}, spec: {containers: [{name: app, image: "app:v1"}]}}'
rollout() { echo "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {name: app}, spec: {$1}}"; }
for path in metadata status metadata.labels.app 'metadata.labels[app]' "metadata.labels['app" metadata.name.x 'spec.strategy.canary.steps[x].setWeight' ''; do
	refused "a fieldRef to \"$path\"" "fieldPath: Invalid value: \"$path\": a Rollout has no such field" \
		"$(rollout "$pods, strategy: {canary: {steps: [{setWeight: 50}, {analysis: {templates: [{templateName: t}], args: [{name: x, valueFrom: {fieldRef: {fieldPath: \"$path\"}}}]}}]}}")
---
$(template "args: [{name: x}], metrics: [{name: a, $web}]")"
done
for path in metadata.name metadata.uid "metadata.labels['app']" "metadata.annotations['a.b/c']" metadata.labels spec.replicas 'spec.strategy.canary.steps[0].setWeight' 'spec.template.spec.containers[0].image' status.stableRS; do
	printf '%s\n' "$(rollout "$pods, strategy: {canary: {steps: [{setWeight: 50}, {analysis: {templates: [{templateName: t}], args: [{name: x, valueFrom: {fieldRef: {fieldPath: \"$path\"}}}]}}]}}")
---
$(template "args: [{name: x}], metrics: [{name: a, $web}]")" >"$dir/one.yaml"
	check "a fieldRef to $path is right" says "0 errors, 0 warnings" "$s" lint "$dir/one.yaml"
done
refused "one subset for both versions" 'destinationRule.stableSubsetName: Invalid value: "a": is the subset of the canary too' \
	"$(rollout "$pods, strategy: {canary: {trafficRouting: {istio: {virtualService: {name: v}, destinationRule: {name: d, canarySubsetName: a, stableSubsetName: a}}}}}")"
refused "a workload of no version" "spec.workloadRef.apiVersion: Required value: apps/v1 of a Deployment" \
	"$(rollout 'workloadRef: {kind: Deployment, name: d}, strategy: {canary: {}}')"
refused "a workload of another version" 'spec.workloadRef.apiVersion: Invalid value: "v1": a Deployment is of apps/v1' \
	"$(rollout 'workloadRef: {apiVersion: v1, kind: Deployment, name: d}, strategy: {canary: {}}')"
application() { echo "{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: web}, spec: {source: {repoURL: \"https://git.example/web\"}, $1}}"; }
refused "a destination by name and by server" "spec.destination: Invalid value: server cannot be used with name" \
	"$(application 'destination: {name: in-cluster, server: "https://kubernetes.default.svc"}')"
refused "a misspelt field of what begins with a vowel" "unknown field; an automated sync policy has prune" \
	"$(application 'destination: {name: in-cluster}, syncPolicy: {automated: {pruen: true}}')"
refused "a variable that no manifest can name" 'spec.postBuild.substitute: Invalid value: "a-b"' \
	'{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {name: a}, spec: {interval: 5m, prune: true, sourceRef: {kind: GitRepository, name: a}, postBuild: {substitute: {a-b: c, ok_1: x}}}}'
