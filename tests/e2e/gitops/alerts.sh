#!/bin/bash
# Flux's Alerts: events of its objects are sent to the Providers. A listener of a few lines receives them.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
mkdir -p "$repo/deploy"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {a: b}\n' >"$repo/deploy/one.yaml"
first=$(commit first)
port=$(free_port)
perl -MIO::Socket -e '
	my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1) or die;
	while (my $c = $s->accept) {
		my ($head, $n, $body) = ("", 0, "");
		while (<$c>) { $head .= $_; $n = $1 if /^content-length: *(\d+)/i; last if /^\r?\n$/ }
		read $c, $body, $n;
		my ($path) = $head =~ m#^POST (\S+)#;
		$path =~ tr#/#_#;
		open my $f, ">>", "$ARGV[1]/sent$path"; print $f "$head$body\n"; close $f;
		my $code = $path =~ /fails/ ? "500 No" : "200 OK";
		print $c "HTTP/1.1 $code\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
		close $c;
	}' "$port" "$dir" &
listener=$!
gitops flux
here=http://127.0.0.1:$port
kubectl create namespace flux-system >/dev/null
kubectl create namespace tenant >/dev/null
kubectl apply -f - >/dev/null <<Y
apiVersion: v1
kind: Secret
metadata: {name: hook, namespace: flux-system}
stringData:
  address: $here/hmac
  token: hush
  headers: "X-Team: web"
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: {name: slack, namespace: flux-system}
spec: {type: slack, channel: "#deployments", address: "$here/slack"}
---
apiVersion: notification.toolkit.fluxcd.io/v1beta1
kind: Provider
metadata: {name: signed, namespace: flux-system}
spec: {type: generic-hmac, secretRef: {name: hook}}
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: {name: manager, namespace: flux-system}
spec: {type: alertmanager, address: "$here/manager"}
---
apiVersion: v1
kind: Secret
metadata: {name: host, namespace: flux-system}
stringData: {token: pat}
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: {name: github, namespace: flux-system}
spec: {type: github, address: "$here/acme/shop.git", secretRef: {name: host}}
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: {name: gitlab, namespace: flux-system}
spec: {type: gitlab, address: "$here/acme/web/shop", secretRef: {name: host}}
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: {name: github, namespace: flux-system}
spec: {providerRef: {name: github}, eventSources: [{kind: Kustomization, name: shop}]}
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: {name: gitlab, namespace: flux-system}
spec: {providerRef: {name: gitlab}, eventSources: [{kind: Kustomization, name: shop}]}
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: {name: broken, namespace: flux-system}
spec: {type: generic, address: "$here/fails"}
---
apiVersion: notification.toolkit.fluxcd.io/v1beta1
kind: Alert
metadata: {name: all, namespace: flux-system}
spec:
  providerRef: {name: slack}
  eventSeverity: info
  eventSources: [{kind: Kustomization, name: shop}]
  summary: "Production deployment"
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: {name: signed, namespace: flux-system}
spec:
  providerRef: {name: signed}
  eventSources: [{kind: Kustomization, name: "*"}]
  exclusionList: ["^waiting"]
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: {name: bad, namespace: flux-system}
spec: {providerRef: {name: manager}, eventSeverity: error, eventSources: [{kind: Kustomization, name: "*"}, {kind: GitRepository, name: "*"}]}
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: {name: broken, namespace: flux-system}
spec: {providerRef: {name: broken}, eventSources: [{kind: Kustomization, name: "*"}]}
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: {name: stranger, namespace: tenant}
spec: {providerRef: {name: local}, eventSources: [{kind: Kustomization, name: shop, namespace: flux-system}]}
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: {name: local, namespace: tenant}
spec: {type: generic, address: "$here/stranger"}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: shop, namespace: flux-system}
spec: {url: "file://$repo", ref: {branch: main}, interval: 1h}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: shop, namespace: flux-system}
spec: {path: deploy, prune: true, interval: 1h, targetNamespace: default, sourceRef: {kind: GitRepository, name: shop}}
Y
sent() { cat "$dir/sent_$1" 2>/dev/null; }
has() { sent "$1" | grep -qF "$2"; }
check "Slack receives the event of a reconciliation" within 20 has slack "\"text\":\"Applied revision: main@sha1:$first\""
check "where" has slack '"channel":"#deployments"'
check "the message in Slack names the object" has slack '"author_name":"Kustomization/shop.flux-system"'
check "with the summary and the metadata of the Alert" has slack '{"title":"summary","value":"Production deployment","short":false}'
check "an event as Flux tells it" within 10 has hmac '"involvedObject":{"apiVersion":"kustomize.toolkit.fluxcd.io/v1","kind":"Kustomization","namespace":"flux-system","name":"shop"'
check "with its revision" has hmac "\"metadata\":{\"revision\":\"main@sha1:$first\"}"
check "and the Secret's headers" has hmac "X-Team: web"
sum=$(sent hmac | sed -n '/^{/{p;q}' | tr -d '\n' | openssl dgst -sha256 -hmac hush | sed 's/.* //')
check "signed" has hmac "X-Signature: sha256=$sum"
github=api_v3_repos_acme_shop_statuses gitlab=api_v4_projects_acme%2Fweb%2Fshop_statuses
uid=$(kubectl get provider github -n flux-system -o 'jsonpath={.metadata.uid}')
check "GitHub has the commit's status" within 10 has "${github}_$first" '"state":"success"'
check "under its name" has "${github}_$first" "\"context\":\"kustomization/shop/${uid%%-*}\",\"description\":\"reconciliation succeeded\""
check "with the token" has "${github}_$first" "Authorization: Bearer pat"
check "GitLab too" within 10 has "${gitlab}_$first" '"state":"success","name":"kustomization/shop/'
check "with its token" has "${gitlab}_$first" "PRIVATE-TOKEN: pat"
check "what is well is no alert of those that want errors" fails has manager x
check "a provider that fails is tried again" within 20 sh -c "test \$(grep -c ^POST '$dir/sent_fails') = 4"
check "and then the log says so" within 10 grep -q 'cannot send alert.*Provider broken' "$dir/controller.log"
check "an alert of anybody reaches nothing of this machine" fails has stranger x
check "which the log says" within 20 grep -q 'cannot send alert.*tenant' "$dir/controller.log"
echo 'a: [' >"$repo/deploy/one.yaml"
bad_one=$(commit bad)
"$SLUICE" reconcile ks shop --with-source >/dev/null 2>&1
check "one that is bad" within 20 has manager '"alertname":"FluxKustomizationBuildFailed"'
check "has what failed" has manager "deploy/one.yaml"
check "a commit that cannot be applied is marked" within 20 has "${github}_$bad_one" '"state":"failure"'
check "with what is wrong" has "${github}_$bad_one" '"description":"build failed: deploy: deploy/one.yaml'
check "at GitLab in its words" within 10 has "${gitlab}_$bad_one" '"state":"failed"'
kill $controller && wait $controller
kill $listener
