#!/bin/bash
# repositories and repository.credentials of argocd-cm: which credentials a Git server is sent. The server requires a login, keeps what it is
# sent, and has no repository.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
port=$(free_port)
perl -MIO::Socket -MMIME::Base64 -e '
	my $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1) or die;
	while (my $c = $s->accept) {
		my ($head, $code) = ("", "401 No\r\nWWW-Authenticate: Basic realm=\"git\"");
		while (<$c>) { $head .= $_; last if /^\r?\n$/ }
		if ($head =~ /^Authorization: Basic (\S+)/mi) {
			my $login = decode_base64($1);
			my ($path) = $head =~ m#^GET /(\w+)#;
			open my $l, ">>", $ARGV[1]; print $l "$path $login\n"; close $l;
			$code = "404 Nothing";
		}
		print $c "HTTP/1.1 $code\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
		close $c;
	}' "$port" "$dir/logins" &
server=$!
here=http://127.0.0.1:$port
for ns in argocd shop; do kubectl create namespace $ns >/dev/null; done
kubectl apply -f - >/dev/null <<Y
apiVersion: v1
kind: Secret
metadata: {name: own, namespace: argocd}
stringData: {user: me, pass: hush}
---
apiVersion: v1
kind: Secret
metadata: {name: team, namespace: argocd}
stringData: {user: team, pass: quiet}
---
apiVersion: v1
kind: Secret
metadata: {name: all, namespace: argocd}
stringData: {user: all, pass: silent}
Y
settings() { # VALUES of argocd-cm, as lines with two spaces before them
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm, namespace: argocd}\ndata:\n%s\n' "$1" | kubectl apply -f - >/dev/null
}
login() { echo "{usernameSecret: {name: $1, key: user}, passwordSecret: {name: $1, key: ${2-pass}}"; }
settings "  repositories: |
    - $(login own), type: git, name: shop, url: '$here/shop/repo.git'}
    - {url: '$here/team/plain'}
  repository.credentials: |
    - $(login all), url: '$here'}
    - $(login team), url: '$here/team'}"
application() { # NAME PATH
	kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: $1, namespace: argocd}
spec:
  source: {repoURL: "$here/$2", targetRevision: main, path: web}
  destination: {server: https://kubernetes.default.svc, namespace: shop}
Y
}
condition() { kubectl get application "$1" -n argocd -o 'jsonpath={.status.conditions[*].message}'; }
gitops gitops
sent() { says "$1" sh -c "sort -u '$dir/logins'"; }
application shop shop/repo
check "an entry has the login of its Secrets" within 20 sent "shop me:hush"
application team team/one
check "a repository below a template has the template's" within 20 sent "team team:quiet"
application other other/one
check "one below no longer prefix has that of the shorter one" within 20 sent "other all:silent"
application teams teams/one
check "a prefix ends at a slash" within 20 sent "teams all:silent"
application plain team/plain
check "an entry without credentials has the template's" within 20 says "team/plain" condition plain

kubectl apply -f - >/dev/null <<Y
apiVersion: v1
kind: Secret
metadata: {name: templates, namespace: argocd, labels: {argocd.argoproj.io/secret-type: repo-creds}}
stringData: {url: "$here/team", username: label, password: hidden}
---
apiVersion: v1
kind: Secret
metadata: {name: labeled, namespace: argocd, labels: {argocd.argoproj.io/secret-type: repository}}
stringData: {url: "$here/shop/repo", username: label, password: secret}
Y
refresh shop
check "a Secret with a label takes precedence over an entry" within 20 sent "shop label:secret"
refresh team
check "and over a template" within 20 sent "team label:hidden"
kubectl delete secret labeled -n argocd >/dev/null
kubectl apply -f - >/dev/null <<Y
apiVersion: v1
kind: Secret
metadata: {name: prefix, namespace: argocd, labels: {argocd.argoproj.io/secret-type: repo-creds}}
stringData: {url: "$here/fresh", username: prefix, password: hidden}
---
apiVersion: v1
kind: Secret
metadata: {name: bare, namespace: argocd, labels: {argocd.argoproj.io/secret-type: repository}}
stringData: {url: "$here/fresh/one", type: git}
---
apiVersion: v1
kind: Secret
metadata: {name: bare-too, namespace: argocd, labels: {argocd.argoproj.io/secret-type: repository}}
stringData: {url: "$here/later/one", type: git}
Y
application fresh fresh/one
check "a repository's Secret without credentials takes those of repo-creds" within 20 sent "fresh prefix:hidden"
application later later/one
check "or else of a template" within 20 sent "later all:silent"

settings "  repositories: '[$(login none), url: \"$here/shop/repo\"}]'"
refresh shop
check "a Secret that does not exist is named" within 20 says 'repositories: Secret none' condition shop
settings "  repositories: '[$(login own token), url: \"$here/shop/repo\"}]'"
refresh shop
check "a key that it does not have is too" within 20 says 'repositories[0]: Secret own has no key token with a text' condition shop
settings "  repositories: '[{type: git}]'"
refresh shop
check "an entry without a URL is too" within 20 says 'repositories[0]: it has no url' condition shop
check "no password is in a condition or the log" fails sh -c "{ kubectl get applications -n argocd -o yaml; cat '$dir/controller.log'; } | grep -E 'hush|quiet|silent|hidden|hidden'"
kill $controller && wait $controller
kill $server
