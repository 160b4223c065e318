#!/bin/bash
# Objects of other tenants that cannot be read: what was changed by hand is still seen at once, and Alerts are still sent.
. "$(dirname "$0")/../lib.sh"
repository
mkdir "$repo/web"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: colors}\ndata: {sky: blue}\n' >"$repo/web/map.yaml"
commit first >/dev/null
dev --without controller,mesh,prometheus,app,load
server=$(sed -n 's/^ *server: *//p' "$KUBECONFIG" | head -n 1)
deep=$(printf '[%.0s' $(seq 300))$(printf ']%.0s' $(seq 300))
post() { curl -sf -o /dev/null -H "Content-Type: application/json" --data "$2" "$server$1"; }
for ns in aaa flux-system; do kubectl create namespace $ns >/dev/null; done
check "a ConfigMap in the first namespace is nested deeply" post /api/v1/namespaces/aaa/configmaps \
	'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"aaa"},"spec":{"x":'"$deep"'}}'
alerts=/apis/notification.toolkit.fluxcd.io/v1beta3/namespaces/aaa/alerts
check "so is an Alert" post $alerts '{"apiVersion":"notification.toolkit.fluxcd.io/v1beta3","kind":"Alert","metadata":{"name":"deep"},
	"spec":{"providerRef":{"name":"x"},"eventSources":[{"kind":"Kustomization","name":"*"}]},"status":{"x":'"$deep"'}}'
port=$(free_port)
perl -MIO::Socket -e '
	my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1) or die;
	while (my $c = $s->accept) {
		my ($head, $n, $body) = ("", 0, "");
		while (<$c>) { $head .= $_; $n = $1 if /^content-length: *(\d+)/i; last if /^\r?\n$/ }
		read $c, $body, $n;
		open my $f, ">>", $ARGV[1]; print $f "$body\n"; close $f;
		print $c "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
		close $c;
	}' "$port" "$dir/sent" &
listener=$!
kubectl apply -f - >/dev/null <<Y
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: {name: hook, namespace: flux-system}
spec: {type: generic, address: "http://127.0.0.1:$port/"}
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: {name: all, namespace: flux-system}
spec: {providerRef: {name: hook}, eventSources: [{kind: Kustomization, name: "*", namespace: shop}]}
Y
gitops gitops,flux
web_application 'syncPolicy: {automated: {selfHeal: true}}'
sky() { kubectl get configmap colors -n shop -o 'jsonpath={.data.sky}'; }
check "an Application is synced" within 30 says blue sky
# The interval of comparisons is an hour: only a watch can report the change earlier.
watched() { kubectl patch configmap colors -n shop --type merge -p '{"data":{"sky":"red"}}' >/dev/null && within 2 says blue sky; }
check "what is changed by hand is set right at once" within 20 watched
kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: shop, namespace: shop}
spec: {url: "file://$repo", ref: {branch: main}, interval: 1h}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: shop, namespace: shop}
spec: {path: web, prune: false, interval: 1h, sourceRef: {kind: GitRepository, name: shop}}
Y
check "an Alert is sent" within 30 grep -q '"name":"shop"' "$dir/sent"
check "and the log names the one that cannot be read" grep -q 'an alert has no effect.*name=deep.*nested deeper than 200' "$dir/controller.log"
kill $controller && wait $controller
kill $listener
