#!/bin/bash
# Git servers that say nothing: their Applications say so, and those of other repositories and of other projects are synced meanwhile.
. "$(dirname "$0")/../lib.sh"
repository
mkdir "$repo/web"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: colors}\ndata: {sky: blue}\n' >"$repo/web/map.yaml"
commit first >/dev/null
silent=$(free_port)
# Takes every connection, says nothing, and writes down how many there are at once.
perl -MIO::Socket::INET -MIO::Select -e '
	my ($port, $log) = @ARGV;
	my $listener = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $port, Listen => 128, ReuseAddr => 1) or die;
	my $all = IO::Select->new($listener);
	while (1) {
		for my $s ($all->can_read) {
			if ($s == $listener) { $all->add(scalar $s->accept) }
			elsif (!sysread $s, my $text, 65536) { $all->remove($s); close $s }
			open my $f, ">>", $log; print $f $all->count - 1, "\n"; close $f;
		}
	}' "$silent" "$dir/connections" &
server=$!
dev --without controller,mesh,prometheus,app,load
for ns in argocd shop; do kubectl create namespace $ns >/dev/null; done
gitops gitops,flux --gitops-workers 4
kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: team, namespace: argocd}
spec: {sourceRepos: ["*"], destinations: [{server: "*", namespace: "*"}]}
Y
application() { # NAME PROJECT URL
	kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: $1, namespace: argocd}
spec:
  project: $2
  source: {repoURL: "$3", targetRevision: main, path: web}
  destination: {server: https://kubernetes.default.svc, namespace: shop}
  syncPolicy: {automated: {}}
Y
}
at_once() { sort -n "$dir/connections" | tail -n 1; }
state() { kubectl get application "$1" -n argocd -o "jsonpath={.status.$2}"; }
conditions() { kubectl get application "$1" -n argocd -o 'jsonpath={.status.conditions[*].message}'; }
for i in 1 2 3 4; do application stalled-$i team "http://127.0.0.1:$silent/shop.git"; done
check "one silent repository has as many as half of the workers" within 20 sh -c "[ \$(wc -l <'$dir/connections') -ge 1 ]"
application neighbor team "file://$repo"
check "another repository of its project is synced" within 15 says Synced state neighbor sync.status
check "before the silent one is given up" says "" sh -c "test -z '$(conditions stalled-4)'"
for i in 1 2 3 4 5 6; do application many-$i team "http://127.0.0.1:$silent/$i.git"; done
check "with many silent ones" within 20 sh -c "[ \$(sort -n '$dir/connections' | tail -n 1) -ge 3 ]"
application other default "file://$repo"
check "an Application of another project is synced" within 15 says Synced state other sync.status
check "and never are all workers theirs ($(at_once) of 4)" test "$(at_once)" -eq 3
check "a silent repository is given up, and its Application says why" within 40 says "Operation too slow" conditions stalled-1
kill $controller && wait $controller
kill $server
