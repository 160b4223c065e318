#!/bin/bash
# Flux's HelmRepository, OCIRepository, HelmChart and HelmRelease. On a real control plane ($ON_CLUSTER) the program is Helm ($HELM). On the laptop cluster it is
# tests/e2e/gitops/stand-in-helm, a script that behaves like Helm as far as this test needs it.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
if [ -n "${ON_CLUSTER-}" ]; then helm=$HELM; else helm=$PWD/tests/e2e/gitops/stand-in-helm; fi
ns=helm-$$
mkdir -p "$repo/chart/templates"
printf 'apiVersion: v2\nname: shop\nversion: 1.2.3\nappVersion: "7"\n' >"$repo/chart/Chart.yaml"
printf 'color: blue\nsize: 1\nextra: fine\npods: 0\nexit: 0\n' >"$repo/chart/values.yaml"
printf 'size: 9\n' >"$repo/chart/values-big.yaml"
cat >"$repo/chart/templates/a.yaml" <<'Y'
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-shop
  namespace: {{ .Release.Namespace }}
data:
  color: {{ .Values.color | quote }}
  size: {{ .Values.size | quote }}
Y
# A name that is not allowed makes an operation fail, and a pod that no node takes makes it wait.
cat >"$repo/chart/templates/b.yaml" <<'Y'
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-{{ .Values.extra }}
  namespace: {{ .Release.Namespace }}
data:
  a: b
Y
cat >"$repo/chart/templates/c.yaml" <<'Y'
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-pods
  namespace: {{ .Release.Namespace }}
spec:
  replicas: {{ .Values.pods }}
  selector: {matchLabels: {app: pods}}
  template:
    metadata: {labels: {app: pods}}
    spec:
      nodeSelector: {nowhere: "true"}
      containers: [{name: pods, image: pods}]
Y
first=$(commit first)
start() { gitops "${controllers-flux}" --gitops-helm "$helm" --loglevel debug "$@"; }
start --gitops-workers 2
kubectl create namespace $ns --dry-run=client -o yaml | kubectl apply -f - >/dev/null
get() { kubectl get "$1" "$2" -n $ns -o "jsonpath={$3}"; }
ready() { get "$1" "$2" '.status.conditions[?(@.type=="Ready")].message'; }
condition() { get helmrelease "${3-web}" ".status.conditions[?(@.type==\"$1\")].$2"; }
data() { kubectl get configmap "$1" -n $ns -o "jsonpath={.data.$2}"; }
change() { kubectl patch helmrelease "${2-web}" -n $ns --type merge -p "{\"spec\":$1}" >/dev/null; }
stored() { kubectl get secrets -n $ns -l owner=helm,name="${2-web}",version="$1" -o 'jsonpath={.items[*].metadata.labels.status}'; }
now() { kubectl annotate --overwrite "$1" "$2" -n $ns "reconcile.fluxcd.io/requestedAt=$(date +%s%N)" >/dev/null; }
events() { kubectl get events -n $ns -o 'jsonpath={range .items[*]}{.involvedObject.kind} {.reason}: {.message}{"\n"}{end}'; }
cat >"$dir/first.yaml" <<Y
apiVersion: v1
kind: ConfigMap
metadata: {name: colors, namespace: $ns}
data: {values.yaml: "color: red\nsize: 3\n"}
---
apiVersion: v1
kind: Secret
metadata: {name: sizes, namespace: $ns}
stringData: {size: "5"}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: repo, namespace: $ns}
spec: {interval: 1h, url: "file://$repo", ref: {branch: main}}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: $ns}
spec:
  interval: 1h
  timeout: 1m
  chart: {spec: {chart: ./chart, sourceRef: {kind: GitRepository, name: repo}, reconcileStrategy: Revision}}
  values: {color: green}
Y
check "the definitions are served" within 20 kubectl apply -f "$dir/first.yaml"
check "a chart in Git" within 20 says "packaged 'shop' chart with version '1.2.3+${first:0:12}'" ready helmchart $ns-web
check "is installed" within 30 says "Helm install succeeded for release $ns/web.v1 with chart shop@1.2.3+${first:0:12}" ready helmrelease web
check "with its values" says "green 1" echo "$(data web-shop color) $(data web-shop size)"
check "is in the history" says "web 1 deployed shop" get helmrelease web '.status.history[0].name} {.status.history[0].version} {.status.history[0].status} {.status.history[0].chartName'
check "with an event" within 20 says "HelmRelease InstallSucceeded: Helm install succeeded" events
if [ -n "${ON_CLUSTER-}" ]; then
	check "and helm knows it" says 'shop-1.2.3' "$helm" list -n $ns -o json
	git -C "$repo" archive --prefix=x/ HEAD chart | tar x -C "$dir"
	kubectl create namespace $ns-other >/dev/null
	"$helm" install web "$dir/x/chart" -n $ns-other --set color=green >/dev/null
	objects() { # NAMESPACE
		kubectl get configmaps,deployments -n "$1" -l app.kubernetes.io/managed-by=Helm -o json | sed "s/$1/NS/g" |
			grep -vE '"(uid|resourceVersion|creationTimestamp|lastUpdateTime|lastTransitionTime|time)"'
	}
	objects $ns >"$dir/ours"
	objects $ns-other >"$dir/helms"
	check "the same chart by helm has the same objects" diff "$dir/ours" "$dir/helms"
	check "of which there are three" test "$(grep -c '"managed-by": "Helm"\|"app.kubernetes.io/managed-by": "Helm"' "$dir/ours")" = 3
fi

change '{"values":{"color":"gray"},"valuesFrom":[{"kind":"ConfigMap","name":"colors"},{"kind":"Secret","name":"sizes","valuesKey":"size","targetPath":"size"},{"kind":"Secret","name":"none","optional":true}]}'
check "other values are an upgrade" within 30 says "Helm upgrade succeeded for release $ns/web.v2" ready helmrelease web
check "values of objects are merged in order" says "gray 5" echo "$(data web-shop color) $(data web-shop size)"
check "the history has both" says "superseded" get helmrelease web '.status.history[1].status'
change '{"valuesFrom":[{"kind":"Secret","name":"none"}]}'
check "an object that there is not is named" within 20 says "spec.valuesFrom[0]: Secret none" ready helmrelease web
change '{"valuesFrom":null,"chart":{"spec":{"valuesFiles":["values.yaml","values-big.yaml"]}}}'
check "files of the chart are its values" within 30 says 9 data web-shop size

change '{"values":{"color":"pink","extra":"NO"}}'
check "a failed upgrade has a condition" within 30 says "Failed to upgrade after 1 attempt(s)" condition Stalled message
check "with Helm's reason" says "Helm upgrade failed for release $ns/web" ready helmrelease web
check "and counted" says "1 failed" get helmrelease web '.status.upgradeFailures} {.status.history[0].status'
change '{"values":{"color":"white","extra":"NO"},"upgrade":{"remediation":{"retries":1}}}'
check "with retries it is tried again, and rolled back at last" within 60 says "True 2" get helmrelease web '.status.conditions[?(@.type=="Stalled")].status} {.status.upgradeFailures'
check "to what was there before" says gray data web-shop color
check "the rollback has a condition" says "RollbackSucceeded" condition Remediated reason
version=$(get helmrelease web '.status.history[0].version')
check "as Helm has it" says deployed stored "$version"
change '{"values":{"color":"snow","extra":"NO"},"upgrade":{"strategy":{"name":"RetryOnFailure","retryInterval":"1s"}}}'
more_failures() { [ "$(get helmrelease web .status.upgradeFailures)" -ge 3 ]; }
check "with the strategy RetryOnFailure it is tried again and again" within 60 more_failures
check "and neither rolled back nor stalled" test -z "$(condition Remediated reason)$(condition Stalled reason)"
change '{"values":{"color":"black","extra":null},"upgrade":null}'
check "a good one ends that" within 30 says "Helm upgrade succeeded" ready helmrelease web
check "and is there" says black data web-shop color

# A controller that is killed in the middle of an upgrade leaves it pending in Helm's record.
change '{"values":{"color":"brown","pods":1}}'
pending() { kubectl get secrets -n $ns -l owner=helm,name=web,status=pending-upgrade -o name; }
check "an upgrade that waits" within 30 says sh.helm.release pending
kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: other, namespace: $ns}
spec: {interval: 1h, url: "file://$repo", ref: {branch: main}}
Y
check "does not delay others" within 20 says "stored artifact" ready gitrepository other
check "while it waits" says sh.helm.release pending
kill -9 $controller
wait $controller 2>/dev/null
change '{"values":{"color":"brown","pods":null}}'
check "is pending when its controller is killed" says sh.helm.release pending
start
settled() { # NAME: it is ready with its spec as it is
	[ "$(get helmrelease "$1" '.status.conditions[?(@.type=="Ready")].status} {.status.observedGeneration')" = "True $(get helmrelease "$1" .metadata.generation)" ]
}
check "the next one unlocks it, and upgrades" within 60 settled web
check "to the same state" says brown data web-shop color
check "nothing is pending any more" fails says sh.helm.release pending
check "with an event" within 20 says "HelmRelease PendingRelease: Unlocked release" events
version=$(get helmrelease web '.status.history[0].version')

kubectl patch configmap web-shop -n $ns --type merge -p '{"data":{"color":"mud"}}' >/dev/null
now helmrelease web
handled() { [ "$(get helmrelease web '.metadata.annotations.reconcile\.fluxcd\.io/requestedAt')" = "$(get helmrelease web .status.lastHandledReconcileAt)" ]; }
check "a request is handled" within 20 handled
check "without drift detection a change stays" says mud data web-shop color
change '{"driftDetection":{"mode":"warn"}}'
check "drift has an event" within 30 says "HelmRelease DriftDetected: Cluster state of release" events
check "and stays" says mud data web-shop color
change '{"driftDetection":{"mode":"enabled","ignore":[{"paths":["/data/color"],"target":{"kind":"ConfigMap","name":"web-s.*"}}]}}'
now helmrelease web
check "it is handled" within 20 handled
check "what is ignored stays" says mud data web-shop color
change '{"driftDetection":{"mode":"enabled","ignore":null}}'
check "what is not is restored" within 30 says brown data web-shop color
check "without another revision" says "$version" get helmrelease web '.status.history[0].version'

kubectl annotate --overwrite helmrelease web -n $ns reconcile.fluxcd.io/requestedAt=now reconcile.fluxcd.io/forceAt=now >/dev/null
check "a forced upgrade" within 30 says "$((version + 1))" get helmrelease web '.status.history[0].version'
check "happens once" within 20 says now get helmrelease web '.status.lastHandledForceAt'
rendered() { kubectl get configmap web-shop -n $ns -o 'jsonpath={.data.size} {.metadata.labels.team} {.metadata.annotations.owner}'; }
change '{"commonMetadata":{"labels":{"team":"shop"},"annotations":{"owner":"us"}},"postRenderers":[{"kustomize":{"patches":[{"target":{"kind":"ConfigMap","name":".*-shop"},"patch":"[{\"op\":\"replace\",\"path\":\"/data/size\",\"value\":\"77\"}]"}]}},{"kustomize":{"images":[{"name":"pods","newName":"registry/pods","newTag":"v9"}]}}]}'
check "post-renderers are an upgrade" within 40 says "77 shop us" rendered
check "of all objects" says registry/pods:v9 kubectl get deployment web-pods -n $ns -o 'jsonpath={.spec.template.spec.containers[0].image}'
check "which it reports" within 30 settled web
version=$(get helmrelease web '.status.history[0].version')
now helmrelease web
check "it is handled" within 20 handled
check "and nothing is done" says "$version" get helmrelease web '.status.history[0].version'
[ -z "${ON_CLUSTER-}" ] || check "helm has what was applied" says 'size: "77"' "$HELM" get manifest web -n $ns
change '{"postRenderers":[{"kustomize":{"patches":[{"target":{"kind":"ConfigMap"},"patch":"[{\"op\":\"remove\",\"path\":\"/data/none\"}]"}]}}]}'
check "one that fails is named" within 40 says "spec.postRenderers[0].kustomize" ready helmrelease web
change '{"commonMetadata":null,"postRenderers":null}'
check "without them it is as the chart has it" within 40 says "9  " rendered
check "which it reports, too" within 30 settled web
change '{"suspend":true,"values":{"color":"gold"}}'
check "a suspended one is left alone" sh -c "sleep 3; kubectl get configmap web-shop -n $ns -o yaml | grep -q 'color: brown'"
change '{"suspend":false,"dependsOn":[{"name":"base"}],"waitStrategy":{}}'
kubectl apply -f - >/dev/null <<Y
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: early, namespace: $ns}
spec: {interval: 1h, dependsOn: [{name: base}], chart: {spec: {chart: shop, sourceRef: {kind: HelmRepository, name: nothing}}}}
Y
check "a dependency precedes the chart" within 20 says "dependency '$ns/base' not found" ready helmrelease early
kubectl patch helmrelease early -n $ns --type merge -p '{"spec":{"dependsOn":null}}' >/dev/null
check "which is named then" within 20 says "HelmChart '$ns/$ns-early' is not ready" ready helmrelease early
kubectl delete helmrelease early -n $ns --timeout=20s >/dev/null
check "what is not supported is refused" within 20 says "waitStrategy" ready helmrelease web
kubectl patch helmrelease web -n $ns --type json -p '[{"op":"remove","path":"/spec/waitStrategy"}]' >/dev/null
check "a dependency that there is not" within 20 says "dependency '$ns/base' not found" ready helmrelease web

# A repository of charts.
mkdir -p "$dir/charts"
tar cz -C "$repo" --transform s/chart/shop/ -f "$dir/charts/shop-1.2.3.tgz" chart
sed -i 's/1.2.3/1.4.0/' "$repo/chart/Chart.yaml"
tar cz -C "$repo" --transform s/chart/shop/ -f "$dir/charts/shop-1.4.0.tgz" chart
port=$(free_port)
digest() { sha256sum <"$dir/charts/shop-$1.tgz" | cut -c1-64; }
index() { # VERSION...
	printf '{"apiVersion":"v1","entries":{"shop":['
	for v; do printf '%s{"apiVersion":"v2","name":"shop","version":"%s","digest":"%s","urls":["http://127.0.0.1:%s/shop-%s.tgz"]}' "$sep" "$v" "$(digest "$v")" "$port" "$v"; sep=,; done
	printf ']}}'
}
sep= index 1.2.3 >"$dir/charts/index.yaml"
perl -MIO::Socket -e '
	my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1) or die;
	while (my $c = $s->accept) {
		my $head = "";
		while (<$c>) { $head .= $_; last if /^\r?\n$/ }
		my ($path) = $head =~ m#^GET /([\w.-]+)#;
		my $ok = $path && open my $f, "<", "$ARGV[1]/$path";
		local $/; my $body = $ok ? <$f> : "";
		print $c "HTTP/1.1 " . ($ok ? "200 OK" : "404 No") . "\r\nContent-Length: " . length($body) . "\r\nConnection: close\r\n\r\n$body";
		close $c;
	}' "$port" "$dir/charts" &
server=$!
kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1beta2
kind: HelmRepository
metadata: {name: charts, namespace: $ns}
spec: {interval: 1h, url: "http://127.0.0.1:$port"}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: registry, namespace: $ns}
spec: {type: oci, url: "oci://127.0.0.1:$port/charts"}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: wrong, namespace: $ns}
spec: {interval: 1h, url: "oci://127.0.0.1:$port/charts"}
---
apiVersion: helm.toolkit.fluxcd.io/v2beta1
kind: HelmRelease
metadata: {name: base, namespace: $ns}
spec:
  interval: 1h
  releaseName: other
  targetNamespace: $ns-base
  install: {createNamespace: true}
  chart: {spec: {chart: shop, version: 1.x, sourceRef: {kind: HelmRepository, name: charts}}}
Y
check "the index of a repository" within 20 says "stored artifact: revision 'sha256:$(sha256sum <"$dir/charts/index.yaml" | cut -c1-64)'" ready helmrepository charts
check "a registry has none" within 20 says "Helm repository is ready" ready helmrepository registry
check "a wrong URL is named" within 20 says "spec.url: oci:// needs spec.type oci" ready helmrepository wrong
check "a version by its range" within 20 says "pulled 'shop' chart with version '1.2.3'" ready helmchart $ns-base
check "in another namespace, by another name" within 30 says "Helm install succeeded for release $ns-base/other.v1 with chart shop@1.2.3" ready helmrelease base
check "which is created" says blue kubectl get configmap other-shop -n $ns-base -o 'jsonpath={.data.color}'
check "and then what depends on it" within 40 says gold data web-shop color
sep= index 1.2.3 1.4.0 >"$dir/charts/index.yaml"
now helmrepository charts
check "a new version is an upgrade" within 40 says "Helm upgrade succeeded for release $ns-base/other.v2 with chart shop@1.4.0" ready helmrelease base
change '{"chart":{"spec":{"version":"9.9.9"}}}' base
check "a version that there is not" within 20 says "9.9.9" ready helmrelease base

# A chart of a registry, by its OCIRepository. tests/cluster/registry does the same with Helm itself and a registry.
oci() { # NAME REF [FIELDS]
	kubectl apply -f - >/dev/null <<-Y
	apiVersion: source.toolkit.fluxcd.io/v1
	kind: OCIRepository
	metadata: {name: $1, namespace: $ns}
	spec: {interval: 1h, url: "oci://127.0.0.1:$port/charts/shop", ref: $2${3:+, $3}}
	---
	apiVersion: helm.toolkit.fluxcd.io/v2
	kind: HelmRelease
	metadata: {name: $1, namespace: $ns}
	spec: {interval: 1h, chartRef: {kind: OCIRepository, name: $1}}
	Y
}
oci latest '{tag: latest}'
check "a tag that is no version is refused" within 20 says "spec.ref.tag: must be a version of the chart" ready ocirepository latest
check "... which the HelmRelease says" within 20 says "OCIRepository '$ns/latest' is not ready" ready helmrelease latest
oci verified '{tag: 1.2.3}' 'verify: {provider: cosign}'
check "a signature that would not be verified is refused" within 20 says "spec.verify: not supported" ready ocirepository verified
kubectl delete helmrelease,ocirepository latest verified -n $ns >/dev/null
if [ -z "${HELM-}" ]; then
	oci ranged '{semver: 1.x}'
	check "an OCIRepository finds the last version" within 20 says "stored artifact: chart 'shop' with version '1.4.0'" ready ocirepository ranged
	check "... which a HelmRelease with chartRef installs" within 30 says "Helm install succeeded for release $ns/ranged.v1 with chart shop@1.4.0" ready helmrelease ranged
	oci ranged '{tag: 1.2.3}'
	check "another version is an upgrade" within 30 says "Helm upgrade succeeded for release $ns/ranged.v2 with chart shop@1.2.3" ready helmrelease ranged
	oci ranged "{digest: 'sha256:$(digest 1.4.0)'}"
	check "a digest is another one" within 30 says "Helm upgrade succeeded for release $ns/ranged.v3 with chart shop@1.4.0+$(digest 1.4.0 | cut -c1-12)" ready helmrelease ranged
	check "... of the same version too" says "1.4.0+$(digest 1.4.0 | cut -c1-12)" kubectl get ocirepository ranged -n $ns -o 'jsonpath={.status.artifact.revision}'
	check "the command line shows it" says "ranged" "$SLUICE" get sources oci -n $ns
	oci ranged "{digest: 'sha256:$(printf '0%.0s' $(seq 64))'}"
	check "a digest that there is not" within 20 says "not found" ready ocirepository ranged
	kubectl delete ocirepository ranged -n $ns >/dev/null
	check "without its OCIRepository a release waits" within 20 says "OCIRepository '$ns/ranged' is not ready: it does not exist" ready helmrelease ranged
	kubectl delete helmrelease ranged -n $ns --wait=false >/dev/null
fi

kubectl delete helmrelease base -n $ns --wait=false >/dev/null
check "with a HelmRelease goes its release" within 30 fails kubectl get configmap other-shop -n $ns-base
check "and its HelmChart" within 30 fails kubectl get helmchart $ns-base -n $ns
change '{"dependsOn":null,"releaseName":"shop"}'
check "another name is another release" within 40 says gold data shop-shop color
check "and the former one is uninstalled" within 20 fails kubectl get configmap web-shop -n $ns

release() { # NAME
	kubectl apply -f - >/dev/null <<-Y
	apiVersion: helm.toolkit.fluxcd.io/v2
	kind: HelmRelease
	metadata: {name: $1, namespace: $ns}
	spec: {interval: 1h, chart: {spec: {chart: ./chart, sourceRef: {kind: GitRepository, name: repo}}}}
	Y
}
release far
release bare
check "a release for each" within 40 says "Helm install succeeded" ready helmrelease far
check "of two" within 40 says "Helm install succeeded" ready helmrelease bare
change '{"kubeConfig":{"secretRef":{"name":"x"}}}' far
check "another cluster is refused" within 20 says "spec.kubeConfig: not supported" ready helmrelease far
kubectl delete helmrelease far -n $ns --timeout=20s >/dev/null
check "and its release in this one is not uninstalled" within 20 says "HelmRelease UninstallSkipped: release $ns/far stays, uninstall it with helm: spec.kubeConfig: not supported" events
check "but stays" says blue data far-shop color
kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmChart
metadata: {name: $ns-strange, namespace: $ns}
spec: {interval: 1h, chart: ./chart, sourceRef: {kind: GitRepository, name: repo}}
Y
release strange
check "a HelmChart of another owner is not used" within 20 says "HelmChart '$ns/$ns-strange' belongs to another" ready helmrelease strange
kubectl delete helmrelease strange -n $ns --timeout=20s >/dev/null

# Definitions of a chart, with an object of theirs. One that is not replaced has no field that the next version of the chart adds.
group=$ns.example.com
mkdir -p "$repo/defines/crds" "$repo/defines/templates"
printf 'apiVersion: v2\nname: defines\nversion: 1.0.0\n' >"$repo/defines/Chart.yaml"
printf 'color: blue\n' >"$repo/defines/values.yaml"
define() { # FIELDS
	cat >"$repo/defines/crds/crd.yaml" <<-Y
	apiVersion: apiextensions.k8s.io/v1
	kind: CustomResourceDefinition
	metadata: {name: widgets.$group}
	spec:
	  group: $group
	  scope: Namespaced
	  names: {plural: widgets, singular: widget, kind: Widget}
	  versions:
	  - name: v1
	    served: true
	    storage: true
	    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {$1}}}}}
	Y
}
define "size: {type: integer}"
cat >"$repo/defines/templates/widget.yaml" <<Y
apiVersion: $group/v1
kind: Widget
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
spec:
  size: 1
Y
commit definitions >/dev/null
now gitrepository repo
kubectl apply -f - >/dev/null <<Y
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: defines, namespace: $ns}
spec:
  interval: 1h
  install: {crds: CreateReplace}
  upgrade: {crds: Skip}
  chart: {spec: {chart: ./defines, sourceRef: {kind: GitRepository, name: repo}, reconcileStrategy: Revision}}
Y
widget() { kubectl get widgets.$group defines -n $ns -o 'jsonpath={.spec.size} {.spec.color}'; }
color_of_definition() { kubectl get crd widgets.$group -o 'jsonpath={.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.color.type}'; }
check "a chart is installed with its definitions" within 60 says "Helm install succeeded" ready helmrelease defines
check "and an object of theirs" says 1 widget
define "size: {type: integer}, color: {type: string}"
commit "another field" >/dev/null
now gitrepository repo
check "another commit is an upgrade" within 60 says "Helm upgrade succeeded for release $ns/defines.v2" ready helmrelease defines
check "which leaves definitions alone" test -z "$(color_of_definition)"
change '{"upgrade":{"crds":"Create"},"values":{"a":"1"}}' defines
check "Create" within 60 says "Helm upgrade succeeded for release $ns/defines.v3" ready helmrelease defines
check "leaves those that exist alone, too" test -z "$(color_of_definition)"
printf '  color: green\n' >>"$repo/defines/templates/widget.yaml"
commit "its value" >/dev/null
change '{"upgrade":{"crds":"CreateReplace"}}' defines
now gitrepository repo
check "CreateReplace replaces them before the objects" within 60 says "1 green" widget
check "and is reported" within 20 says "Helm upgrade succeeded for release $ns/defines.v4" ready helmrelease defines
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n' >"$repo/defines/crds/other.yaml"
commit "no definition" >/dev/null
now gitrepository repo
check "what is no definition is named" within 60 says "no CustomResourceDefinition of apiextensions.k8s.io/v1, but ConfigMap of v1" ready helmrelease defines
kubectl delete helmrelease defines -n $ns --timeout=60s >/dev/null
check "definitions stay" kubectl get crd widgets.$group
kubectl delete crd widgets.$group --timeout=60s >/dev/null

# Flux stores a release in the namespace of its HelmRelease.
kubectl apply -f - >/dev/null <<Y
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: moved, namespace: $ns}
spec:
  interval: 1h
  releaseName: moved
  targetNamespace: $ns-moved
  install: {createNamespace: true}
  chart: {spec: {chart: ./chart, sourceRef: {kind: GitRepository, name: repo}}}
Y
move() { # FROM TO
	kubectl get secrets -n "$1" -l owner=helm,name=moved -o json | jq 'del(.items[].metadata | .namespace, .uid, .resourceVersion)' |
		kubectl create -n "$2" -f - && kubectl delete secrets -n "$1" -l owner=helm,name=moved
}
check "a release in another namespace" within 40 says "Helm install succeeded for release $ns-moved/moved.v1" ready helmrelease moved
check "is stored there" move $ns-moved $ns
now helmrelease moved
check "one that Flux has stored elsewhere is not installed anew" within 20 says "release $ns-moved/moved is stored in namespace $ns: move its Secrets" ready helmrelease moved
check "so that no record is there" test -z "$(kubectl get secrets -n $ns-moved -l owner=helm -o name)"
check "moved as the documentation says" move $ns $ns-moved
now helmrelease moved
check "it is continued" within 20 says "Helm install succeeded for release $ns-moved/moved.v1" ready helmrelease moved
check "elsewhere again" move $ns-moved $ns
kubectl delete helmrelease moved -n $ns --timeout=20s >/dev/null
check "it is not forgotten in silence" within 20 says "UninstallSkipped: release $ns-moved/moved stays, uninstall it with helm: release $ns-moved/moved is stored in namespace $ns" events

# With several tenants, no HelmRelease has the permissions of the controller.
kill $controller && wait $controller
start --no-cross-namespace-refs
check "without an account it is refused" within 20 says "spec.serviceAccountName must be set" ready helmrelease web
kubectl delete helmrelease bare -n $ns --timeout=20s >/dev/null
check "and not uninstalled either" within 20 says "HelmRelease UninstallSkipped: release $ns/bare stays, uninstall it with helm: spec.serviceAccountName must be set" events
check "but stays, too" says blue data bare-shop color
change '{"serviceAccountName":"robot","dependsOn":[{"name":"a","namespace":"elsewhere"}]}'
check "another namespace too" within 20 says "can't access 'HelmRelease/elsewhere/a', cross-namespace references have been blocked" ready helmrelease web
change '{"dependsOn":null}'
if [ -n "${ON_CLUSTER-}" ]; then
	check "an account without rights may nothing" within 20 says "User \"system:serviceaccount:$ns:robot\" cannot" ready helmrelease web
	kubectl create rolebinding robot -n $ns --clusterrole=cluster-admin --serviceaccount=$ns:robot >/dev/null
	change '{"values":{"color":"lime"}}'
	check "with them it is upgraded" within 40 says lime data shop-shop color
	check "and helm reads its history" says "Upgrade complete" "$helm" history shop -n $ns
	"$helm" rollback shop 1 -n $ns >/dev/null
	now helmrelease web
	check "a rollback by helm is not what is desired" within 40 says lime data shop-shop color
	# A chart reads objects, and runs its hooks, with the rights of the account, which are those of this namespace.
	mkdir -p "$repo/reads/templates"
	printf 'apiVersion: v2\nname: reads\nversion: 1.0.0\n' >"$repo/reads/Chart.yaml"
	cat >"$repo/reads/templates/a.yaml" <<-'Y'
		apiVersion: v1
		kind: ConfigMap
		metadata: {name: seen}
		data: {size: '{{ (lookup "v1" "Secret" .Values.from "sizes").data.size | b64dec }}'}
		---
		apiVersion: v1
		kind: ConfigMap
		metadata:
		  name: hook
		  namespace: {{ .Values.hook }}
		  annotations: {helm.sh/hook: pre-upgrade}
	Y
	commit reads >/dev/null
	now gitrepository repo
	kubectl apply -f - >/dev/null <<-Y
		apiVersion: helm.toolkit.fluxcd.io/v2
		kind: HelmRelease
		metadata: {name: reads, namespace: $ns}
		spec:
		  interval: 1h
		  serviceAccountName: robot
		  chart: {spec: {chart: ./reads, sourceRef: {kind: GitRepository, name: repo}}}
		  values: {from: $ns, hook: $ns}
	Y
	check "a chart reads what its account may read" within 40 says 5 data seen size
	change '{"values":{"hook":"default"}}' reads
	# Helm deletes a hook of before first.
	check "its hooks change nothing elsewhere" within 40 says "User \"system:serviceaccount:$ns:robot\" cannot delete resource \"configmaps\" in API group \"\" in the namespace \"default\"" ready helmrelease reads
	change '{"values":{"from":"default","hook":null}}' reads
	check "and it reads nothing elsewhere" within 40 says "User \"system:serviceaccount:$ns:robot\" cannot get resource \"secrets\" in API group \"\" in the namespace \"default\"" ready helmrelease reads
	kubectl delete helmrelease reads -n $ns --timeout=60s >/dev/null
fi
kubectl apply -f - >/dev/null <<Y
apiVersion: v1
kind: ServiceAccount
metadata: {name: leaver, namespace: $ns}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: leaver, namespace: $ns}
spec: {interval: 1h, serviceAccountName: leaver, chart: {spec: {chart: ./chart, sourceRef: {kind: GitRepository, name: repo}}}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: leaver, namespace: $ns}
spec: {interval: 1h, serviceAccountName: leaver, prune: true, sourceRef: {kind: GitRepository, name: repo}, path: ./chart}
Y
finalizers() { get "$1" leaver .metadata.finalizers; }
check "a HelmRelease with an account" within 20 says finalizers.fluxcd.io finalizers helmrelease
check "and a Kustomization" within 20 says finalizers.fluxcd.io finalizers kustomization
kubectl delete serviceaccount leaver -n $ns >/dev/null
kubectl delete helmrelease,kustomization leaver -n $ns --wait=false >/dev/null
check "is deleted when the account is gone" within 20 fails kubectl get helmrelease leaver -n $ns
check "the Kustomization too" within 20 fails kubectl get kustomization leaver -n $ns
check "which says what stays" within 20 says "UninstallSkipped: release $ns/leaver stays, uninstall it with helm: the ServiceAccount $ns/leaver does not exist" events
check "of both" within 20 says "PruneSkipped: the objects of its inventory stay, delete them with kubectl: the ServiceAccount $ns/leaver does not exist" events
kill $controller && wait $controller
start --gitops-helm /nowhere/helm
change '{"values":{"color":"sand"}}'
check "without helm it says so" within 20 says "--gitops-helm names /nowhere/helm, which does not exist" ready helmrelease web
kill $controller && wait $controller
kill $server
