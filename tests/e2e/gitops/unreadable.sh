#!/bin/bash
# Applications and Kustomizations that depend on what the API server stores and the controller cannot read: nothing is applied, pruned or made
# again, a condition names the object, and all others go on.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
server=$(sed -n 's/^ *server: *//p' "$KUBECONFIG" | head -n 1)
mkdir -p "$repo/one" "$repo/other" "$repo/flux"
colors() { printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {sky: %s}\n' "$1" "$2"; }
colors one blue >"$repo/one/colors.yaml"
colors gate-one open >"$repo/one/gate.yaml"
colors other blue >"$repo/other/colors.yaml"
colors flux blue >"$repo/flux/colors.yaml"
colors gate-flux open >"$repo/flux/gate.yaml"
commit first >/dev/null
# Between the controller and the API server, this text becomes a number beyond 64 bits, wherever it stands.
mark=UNREADABLEUNREADABLEUNREADABLEUN
between=$(free_port)
perl -MIO::Socket::INET -MIO::Select -e '
	my ($port, $server, $mark) = @ARGV;
	my ($from, $to) = ("\"$mark\"", "1" x (length($mark) + 2));
	$SIG{CHLD} = "IGNORE";
	my $listener = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $port, Listen => 64, ReuseAddr => 1) or die;
	while (1) {
		my $client = $listener->accept or next;
		next if fork;
		close $listener;
		my $api = IO::Socket::INET->new(PeerAddr => $server) or exit;
		my ($both, $kept) = (IO::Select->new($client, $api), "");
		while (1) {
			for my $side ($both->can_read) {
				my $n = sysread $side, my $text, 65536;
				exit unless $n;
				if ($side == $api) {
					$text = $kept . $text;
					$kept = "";
					$text =~ s/$from/$to/g;
					# The beginning of the text may be the end of what was read.
					for my $n (reverse 1 .. length($from) - 1) {
						last if $text =~ s/(\Q@{[substr $from, 0, $n]}\E)\z// and $kept = $1;
					}
				}
				my $other = $side == $api ? $client : $api;
				while (length $text) {
					my $n = syswrite $other, $text;
					exit unless defined $n;
					substr $text, 0, $n, "";
				}
			}
		}
	}' "$between" "${server#http://}" "$mark" &
proxy=$!
sed "s#server: .*#server: http://127.0.0.1:$between#" "$KUBECONFIG" >"$dir/through"
patch() { kubectl patch "$1" "$2" -n "$3" --type merge -p "$4" >/dev/null; }
interval=2s gitops gitops,flux --kubeconfig "$dir/through" --loglevel debug
# reconciled NAME: a Kustomization was reconciled once more.
reconciled() {
	turn=$((${turn-0} + 1))
	kubectl annotate --overwrite kustomization "$1" -n shop "reconcile.fluxcd.io/requestedAt=turn-$turn" >/dev/null
	within 30 says "turn-$turn" kubectl get kustomization "$1" -n shop -o 'jsonpath={.status.lastHandledReconcileAt}'
}
for ns in argocd shop; do kubectl create namespace $ns >/dev/null; done
application() { # NAME PROJECT
	kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: $1, namespace: argocd}
spec:
  project: $2
  source: {repoURL: "file://$repo", targetRevision: main, path: $1}
  destination: {server: https://kubernetes.default.svc, namespace: shop}
  syncPolicy: {automated: {prune: true, selfHeal: true}}
Y
}
kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: team, namespace: argocd}
spec: {sourceRepos: ["*"], destinations: [{server: "*", namespace: "*"}]}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: shop, namespace: shop}
spec: {url: "file://$repo", ref: {branch: main}, interval: 2s}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: flux, namespace: shop}
spec: {path: flux, prune: true, interval: 2s, targetNamespace: shop, sourceRef: {kind: GitRepository, name: shop}}
Y
application one team
application other default
sky() { kubectl get configmap "$1" -n shop -o 'jsonpath={.data.sky}'; }
uid() { kubectl get configmap "gate-$1" -n shop -o 'jsonpath={.metadata.uid}'; }
conditions() { kubectl get "$1" "$2" -n "$3" -o 'jsonpath={.status.conditions}'; }
state() { kubectl get application "$1" -n argocd -o 'jsonpath={.status.sync.status} {.status.operationState.message}'; }
check "all is applied" within 60 says blue sky one
check "of the other Application too" within 60 says blue sky other
check "and of the Kustomization" within 60 says blue sky flux

check "the AppProject becomes unreadable" patch appproject team argocd '{"spec":{"description":"'$mark'"}}'
check "its Application says so" within 30 says "AppProject team cannot be read" conditions application one argocd
colors one red >"$repo/one/colors.yaml"
colors other red >"$repo/other/colors.yaml"
commit red >/dev/null
check "the other Application goes on" within 60 says red sky other
check "the unreadable object's own Application is not refreshed" stands_still application one argocd
check "and applies nothing" says blue sky one
check "the AppProject can be read again" patch appproject team argocd '{"spec":{"description":null}}'
check "and the Application goes on" within 60 says red sky one
check "without the condition" within 30 fails says "cannot be read" conditions application one argocd

one=$(uid one) flux=$(uid flux)
check "an applied object becomes unreadable" patch configmap gate-one shop '{"data":{"x":"'$mark'"}}'
check "likewise the Kustomization's" patch configmap gate-flux shop '{"data":{"x":"'$mark'"}}'
rm "$repo/one/gate.yaml" "$repo/flux/gate.yaml"
colors other green >"$repo/other/colors.yaml"
commit "without the gates" >/dev/null
check "the other Application goes on meanwhile" within 60 says green sky other
check "the Application says what cannot be read" within 30 says "ConfigMap gate-one cannot be read" kubectl get application one -n argocd -o yaml
check "the Kustomization too" within 30 says "ConfigMap gate-flux cannot be read" conditions kustomization flux shop
check "the Application is refreshed again" refreshed one
check "the Kustomization is, too" reconciled flux
check "it is not pruned" test "$(uid one)" = "$one"
check "nor is the Kustomization's" test "$(uid flux)" = "$flux"
check "both can be read again" patch configmap gate-one shop '{"data":{"x":null}}'
check "and then" patch configmap gate-flux shop '{"data":{"x":null}}'
check "they are pruned" within 60 fails uid one
check "the Kustomization's too" within 60 fails uid flux

# A ConfigMap that is in Git, and differs: it is not applied again.
old=$(uid flux 2>/dev/null)
colors gate-flux shut >"$repo/flux/gate.yaml"
commit "the gate again" >/dev/null
check "an object is made" within 60 says shut sky gate-flux
flux=$(uid flux)
check "it becomes unreadable" patch configmap gate-flux shop '{"data":{"x":"'$mark'"}}'
colors gate-flux open >"$repo/flux/gate.yaml"
commit "another gate" >/dev/null
check "the Kustomization says what cannot be read" within 30 says "ConfigMap gate-flux cannot be read" conditions kustomization flux shop
check "the Kustomization is reconciled again" reconciled flux
check "it is not applied" says shut sky gate-flux
check "nor made again" test "$(uid flux)" = "$flux"
check "it can be read" patch configmap gate-flux shop '{"data":{"x":null}}'
check "and is applied" within 60 says open sky gate-flux

check "the source becomes unreadable" patch gitrepository shop shop '{"spec":{"ignore":"'$mark'"}}'
check "the Kustomization says so" within 30 says "GitRepository shop cannot be read" conditions kustomization flux shop
colors flux red >"$repo/flux/colors.yaml"
commit "red too" >/dev/null
check "the object is reconciled again" stands_still kustomization flux shop
check "and applies nothing" says blue sky flux
check "the source can be read again" patch gitrepository shop shop '{"spec":{"ignore":null}}'
check "and it goes on" within 60 says red sky flux

kubectl apply -f - >/dev/null <<Y
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: behind, namespace: shop}
spec: {path: behind, prune: true, interval: 2s, targetNamespace: shop, sourceRef: {kind: GitRepository, name: shop}, dependsOn: [{name: flux}]}
Y
mkdir "$repo/behind"
colors behind blue >"$repo/behind/colors.yaml"
commit behind >/dev/null
check "a Kustomization behind another is applied" within 60 says blue sky behind
check "what it waits for becomes unreadable" patch kustomization flux shop '{"spec":{"postBuild":{"substitute":{"x":"'$mark'"}}}}'
colors behind red >"$repo/behind/colors.yaml"
commit "behind red" >/dev/null
check "it says so" within 30 says "Kustomization flux cannot be read" conditions kustomization behind shop
check "the object is reconciled again" stands_still kustomization behind shop
check "and is not applied" says blue sky behind
check "what it waits for is not pruned" says red sky flux
check "it can be read again" patch kustomization flux shop '{"spec":{"postBuild":null}}'
check "and is applied" within 60 says red sky behind

# Secrets and settings. One that cannot be read may be anybody's credentials, and the cluster of an Application that is deleted.
kubectl apply -f - >/dev/null <<Y
apiVersion: v1
kind: Secret
metadata: {name: some-repository, namespace: argocd, labels: {argocd.argoproj.io/secret-type: repository}}
data: {x: $mark}
---
apiVersion: v1
kind: Secret
metadata: {name: far, namespace: argocd, labels: {argocd.argoproj.io/secret-type: cluster}}
data: {x: $mark, server: $(printf https://far.example | base64)}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm, namespace: argocd}
data: {resource.exclusions: "[{kinds: [ConfigMap]}]"}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: far, namespace: argocd, finalizers: [resources-finalizer.argocd.argoproj.io]}
spec:
  source: {repoURL: "file://$repo", path: one}
  destination: {server: https://far.example, namespace: shop}
Y
check "an Application of a cluster whose Secret cannot be read says so" within 30 says "Secret argocd/far cannot be read" conditions application far argocd
kubectl delete application far -n argocd --wait=false >/dev/null
check "it is refreshed once more" refreshed far
check "and is not gone without its objects" kubectl get application far -n argocd -o name
check "an Application with a repository names the Secret that may be the repository's" within 30 says "Secret argocd/some-repository cannot be read" conditions application other argocd
kubectl delete secret some-repository far -n argocd >/dev/null
check "without the cluster's Secret it goes" within 60 fails kubectl get application far -n argocd -o name
colors other blue >"$repo/other/colors.yaml"
commit "other blue" >/dev/null
check "the Application of the object is refreshed again" refreshed other
check "what argocd-cm excludes is not applied" says green sky other
check "argocd-cm becomes unreadable" patch configmap argocd-cm argocd '{"data":{"x":"'$mark'"}}'
check "an Application says so" within 30 says "ConfigMap argocd/argocd-cm cannot be read" conditions application other argocd
check "the object is reconciled again" refreshed other
check "and applies nothing by the defaults" says green sky other
kubectl delete configmap argocd-cm -n argocd >/dev/null
check "without it the defaults hold" within 60 says blue sky other

# Git has names that are no UTF-8: an error that has one in it is not lost.
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: [' >"$repo/other/$(printf 'caf\351').yaml"
commit "a name in Latin 1" >/dev/null
check "an object with invalid UTF-8 is an error, not a success" within 60 says 'caf�.yaml' conditions application other argocd
kill $controller && wait $controller
kill $proxy
