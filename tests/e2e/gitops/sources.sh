#!/bin/bash
# Applications of several sources, and of Helm charts. With $HELM (tests/cluster/run builds one) charts are rendered; without they are refused.
. "$(dirname "$0")/../lib.sh"
unset ON_CLUSTER # Helm is what is tried, on the laptop cluster
dev --without controller,mesh,prometheus,app,load
repository
first=$repo
map() { printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {a: "%s"}\n' "$2" "$3" >"$repo/$1"; }
mkdir -p "$repo/one" "$repo/chart/templates" "$repo/chart/crds"
map one/one.yaml one 1
cat >"$repo/chart/Chart.yaml" <<'Y'
apiVersion: v2
name: shop
version: 1.2.3
Y
printf 'color: blue\nsize: 1\n' >"$repo/chart/values.yaml"
printf 'color: green\n' >"$repo/chart/values-shop.yaml"
cat >"$repo/chart/templates/map.yaml" <<'Y'
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-shop
  namespace: {{ .Release.Namespace }}
data:
  color: {{ .Values.color | quote }}
  size: {{ .Values.size | quote }}
  text: {{ .Values.text | default "none" | quote }}
Y
commit first >/dev/null
repo=$dir/second
git init -q -b main "$repo"
mkdir -p "$repo/two" "$repo/values"
map two/two.yaml two 2
printf 'size: 7\n' >"$repo/values/shop.yaml"
commit first >/dev/null
second=$repo
gitops gitops ${HELM:+--gitops-helm "$HELM"}
printf 'apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n---\n' argocd shop | kubectl apply -f - >/dev/null
application() { # NAME SPEC
	kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: $1, namespace: argocd}
spec:
  destination: {server: https://kubernetes.default.svc, namespace: shop}
  syncPolicy: {automated: {prune: true}}
  $2
Y
}
status() { kubectl get application "$1" -n argocd -o "jsonpath={.status.$2}"; }
data() { kubectl get configmap "$1" -n shop -o "jsonpath={.data.$2}"; }

application several "sources: [{repoURL: 'file://$first', path: one}, {repoURL: 'file://$second', path: two, targetRevision: main}]"
check "several sources" within 20 says 1 data one a
check "make one application" within 20 says 2 data two a
check "with the commit of each" within 20 says "[\"$(git -C "$first" rev-parse HEAD)\",\"$(git -C "$second" rev-parse HEAD)\"]" status several sync.revisions
check "of its sync, and its history, too" says "$(git -C "$second" rev-parse HEAD)" status several 'history[0].revisions[1]'
repo=$second
map two/two.yaml two 3
commit second >/dev/null
refresh several
check "a commit of one of them is followed" within 20 says 3 data two a
check "and it is Synced" within 20 says Synced status several sync.status
check "sluice app diff knows them" "$SLUICE" app diff several --gitops-file-urls --gitops-cache "$dir/mine"
check "sluice app get shows them" says "file://$second" "$SLUICE" app get several
application several "sources: [{repoURL: 'file://$first', path: one}, {repoURL: 'file://$second', path: nowhere}]"
check "one that is wrong is named" within 20 says "spec.sources[1]: path: nowhere: no such directory" status several 'conditions[*].message'

application chart "source: {repoURL: 'file://$first', path: chart, helm: {releaseName: own, valueFiles: [values-shop.yaml], parameters: [{name: text, value: 'a,b'}]}}"
if [ -z "${HELM-}" ]; then
	check "a chart without --gitops-helm is refused with a hint" within 20 says "--gitops-helm" status chart 'conditions[*].message'
	kill $controller && wait $controller
	exit
fi
check "a chart" within 20 says green data own-shop color
check "with its values" says 1 data own-shop size
check "and single ones" says "a,b" data own-shop text
check "is Helm's" says Helm status chart sourceType
application chart "sources: [{repoURL: 'file://$second', ref: settings}, {repoURL: 'file://$first', path: chart, helm: {valueFiles: ['\$settings/values/shop.yaml', missing.yaml], ignoreMissingValueFiles: true, valuesObject: {color: red}}}]"
check "values of another repository" within 20 says 7 data chart-shop size
check "and of the Application" says red data chart-shop color
check "what the chart does not make any more is pruned" within 20 fails data own-shop color
application chart "source: {repoURL: 'file://$first', path: chart, helm: {valueFiles: [../../../../../etc/passwd]}}"
check "a file outside of the repository" within 20 says "leads out of the repository" status chart 'conditions[*].message'
application chart "source: {repoURL: 'file://$first', path: chart, helm: {values: 'a: [b'}}"
check "values that are wrong" within 20 says "spec.source: chart:" status chart 'conditions[*].message'
echo '{{ fail "no luck" }}' >"$first/chart/templates/fail.yaml"
repo=$first
commit bad >/dev/null
application chart "source: {repoURL: 'file://$first', path: chart}"
check "a chart that fails says why" within 20 says "no luck" status chart 'conditions[*].message'
check "and nothing of it changes" says red data chart-shop color

rm "$first/chart/templates/fail.yaml"
mkdir "$dir/charts"
port=$(free_port)
"$HELM" package -q "$first/chart" -d "$dir/charts" >/dev/null 2>&1 || "$HELM" package "$first/chart" -d "$dir/charts" >/dev/null
"$HELM" repo index "$dir/charts" --url "http://127.0.0.1:$port"
perl -MIO::Socket -e '
	my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1) or die;
	while (my $c = $s->accept) {
		my $head = "";
		while (<$c>) { $head .= $_; last if /^\r?\n$/ }
		my ($path) = $head =~ m#^GET /([\w.-]+)#;
		open my $l, ">>", "$ARGV[1].log"; print $l "$path\n"; close $l;
		if ($head =~ m#^GET /moved/#) {
			open my $r, "<", "$ARGV[1].redirect"; my $to = <$r> . ($head =~ m#^GET /moved/([\w.-]+)#)[0];
			print $c "HTTP/1.1 302 Found\r\nLocation: $to\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
			close $c;
			next;
		}
		my $ok = $head =~ /Basic bWU6aHVzaA==/ && open my $f, "<", "$ARGV[1]/$path";
		local $/; my $body = $ok ? <$f> : "";
		print $c "HTTP/1.1 " . ($ok ? "200 OK" : "401 No") . "\r\nContent-Length: " . length($body) . "\r\nConnection: close\r\n\r\n$body";
		close $c;
	}' "$port" "$dir/charts" &
server=$!
application chart "source: {repoURL: 'http://127.0.0.1:$port', chart: shop, targetRevision: 1.2.3, helm: {values: 'color: gray'}}"
check "a repository that requires a login" within 20 says "401" status chart 'conditions[*].message'
credentials() { # FIELDS
	kubectl apply -f - >/dev/null <<Y
apiVersion: v1
kind: Secret
metadata: {name: charts, namespace: argocd, labels: {argocd.argoproj.io/secret-type: repository}}
stringData: {type: helm, url: "http://127.0.0.1:$port", username: me, password: hush, $1}
Y
	refresh chart
}
requests=$(wc -l <"$dir/charts.log")
credentials "project: other"
within 20 sh -c "test \$(wc -l <'$dir/charts.log') -gt $requests"
check "credentials of another project are not used" within 20 says "401" status chart 'conditions[*].message'
credentials "project: default"
check "a chart of a repository" within 30 says gray data chart-shop color
check "by its version" within 10 says 1.2.3 status chart sync.revision
requests=$(wc -l <"$dir/charts.log")
refresh chart
check "is fetched once" sh -c "sleep 4; test \$(wc -l <'$dir/charts.log') = $requests"
check "a version that there is not" within 20 says 9.9.9 sh -c "kubectl patch application chart -n argocd --type merge -p '{\"spec\":{\"source\":{\"targetRevision\":\"9.9.9\"}}}' >/dev/null; kubectl get application chart -n argocd -o 'jsonpath={.status.conditions[*].message}'"

# A repository whose index names charts elsewhere, and one that redirects: to another port, where credentials do not come along.
second_port=$(free_port)
perl -MIO::Socket -e '
	my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1) or die;
	while (my $c = $s->accept) {
		my $head = "";
		while (<$c>) { $head .= $_; last if /^\r?\n$/ }
		my ($path) = $head =~ m#^GET /(?:moved/)?([\w.-]+)#;
		open my $l, ">>", "$ARGV[1].second"; print $l "$path ", ($head =~ /Authorization/ ? "with" : "without"), " credentials\n"; close $l;
		open my $f, "<", "$ARGV[1]/$path"; local $/; my $body = <$f>;
		print $c "HTTP/1.1 200 OK\r\nContent-Length: " . length($body) . "\r\nConnection: close\r\n\r\n$body";
		close $c;
	}' "$second_port" "$dir/charts" &
second_server=$!
elsewhere() { # VERSION URL: one more version in the index, there
	sed -i "s/^version: .*/version: $1/" "$first/chart/Chart.yaml"
	"$HELM" package "$first/chart" -d "$dir/charts" >/dev/null
	"$HELM" repo index "$dir/charts" --merge "$dir/charts/index.yaml" --url "$2"
	printf '%s' "$3" >"$dir/charts.redirect"
	kubectl patch application chart -n argocd --type merge -p "{\"spec\":{\"source\":{\"targetRevision\":\"$1\"}}}" >/dev/null
}
elsewhere 1.3.0 "http://127.0.0.1:$second_port"
check "a chart that is elsewhere" within 30 says 1.3.0 status chart sync.revision
check "is fetched there without credentials" says "shop-1.3.0.tgz without credentials" cat "$dir/charts.second"
elsewhere 1.4.0 "http://127.0.0.1:$port/moved" "http://127.0.0.1:$second_port/"
check "a chart whose request is redirected" within 30 says 1.4.0 status chart sync.revision
check "is fetched there without credentials too" says "shop-1.4.0.tgz without credentials" cat "$dir/charts.second"
check "never with any" fails grep -q "with credentials" "$dir/charts.second"
check "the password is in no message" fails sh -c "kubectl get application chart -n argocd -o yaml | grep hush || grep hush '$dir/controller.log'"
# The index as JSON with escaped slashes, and as YAML in flow style: the login goes to the repository all the same.
printf '{"apiVersion":"v1","entries":{"shop":[{"apiVersion":"v2","name":"shop","version":"1.3.0","urls":["http:\\/\\/127.0.0.1:%s\\/shop-1.3.0.tgz"]}]}}' "$port" >"$dir/charts/index.yaml"
kubectl patch application chart -n argocd --type merge -p '{"spec":{"source":{"targetRevision":">=1.3.0 <1.4.0"}}}' >/dev/null
check "an index as JSON" within 30 grep -q "^shop-1.3.0.tgz" "$dir/charts.log"
printf '{apiVersion: v1, entries: {shop: [{apiVersion: v2, name: shop, version: 1.4.0, urls: [http://127.0.0.1:%s/shop-1.4.0.tgz]}]}}' "$port" >"$dir/charts/index.yaml"
kubectl patch application chart -n argocd --type merge -p '{"spec":{"source":{"targetRevision":"~1.4.0"}}}' >/dev/null
check "an index in flow style" within 30 grep -q "^shop-1.4.0.tgz" "$dir/charts.log"
kill $second_server
# A chart may be read at any time, also once more.
check "no directory is left behind" within 20 fails ls -d "$dir"/cache/helm-*
kill $controller && wait $controller
kill $server
