#!/bin/bash
# A program that the controller starts gets none of the controller's variables, sockets and files, only its own.
. "$(dirname "$0")/lib.sh"
repository
mkdir -p "$repo/plain" "$repo/chart/templates"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\n' >"$repo/plain/one.yaml"
printf 'apiVersion: v2\nname: chart\nversion: 1.0.0\n' >"$repo/chart/Chart.yaml"
echo '# nothing' >"$repo/chart/templates/a.yaml"
commit first >/dev/null
mkdir "$dir/bin" "$dir/seen"
# spy NAME: prints a program that writes down what it and its parent know and have, and goes on with what is on its input.
spy() {
	cat <<P
#!/bin/bash
{
	env
	echo "parent: \$(cat /proc/\$PPID/environ | tr '\0' ' ')"
	for fd in /proc/\$\$/fd/*; do echo "fd \${fd##*/}: \$(readlink "\$fd")"; done
	ulimit -a
	grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status
} >>$dir/seen/$1
P
	cat
}
spy hook <<<'cat >/dev/null; echo "{\"phase\": \"Successful\"}"' >"$dir/bin/hook"
spy helm <<<'echo "{apiVersion: v1, kind: ConfigMap, metadata: {name: rendered}}"' >"$dir/bin/helm"
spy git <<<"exec $(command -v git) \"\$@\"" >"$dir/bin/git"
spy who <<<'echo "{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"ExecCredential\", \"status\": {\"token\": \"t\"}}"' >"$dir/bin/who"
chmod +x "$dir"/bin/*
cat >"$dir/plugins.yaml" <<Y
stepPlugins:
- name: test/hook
  exec: {command: [$dir/bin/hook], environment: [FOR_THE_HOOK]}
Y
dev --ready 200 --without controller,mesh,prometheus,app,load
sed "s#^  user: {}#  user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: $dir/bin/who, interactiveMode: Never, env: [{name: GIVEN, value: \"given\"}]}}#" \
	"$KUBECONFIG" >"$dir/exec-config"
kubectl create namespace argocd >/dev/null
export TOP_SECRET=hunter2 FOR_THE_HOOK=mine AWS_PROFILE=ours
PATH=$dir/bin:$PATH "$SLUICE" controller --kubeconfig "$dir/exec-config" --controllers rollouts,gitops --leader-elect=false --metricsPort 0 \
	--healthzPort 0 --gitops-cache "$dir/cache" --gitops-file-urls --gitops-helm "$dir/bin/helm" --step-plugins "$dir/plugins.yaml" \
	>"$dir/controller.log" 2>&1 &
controller=$!
unset TOP_SECRET FOR_THE_HOOK AWS_PROFILE
application() { # NAME PATH EXPRESSION
	kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: $1, namespace: argocd}
spec:
  source: {repoURL: "file://$repo", path: $2}
  destination: {server: https://kubernetes.default.svc, namespace: default}
  ignoreDifferences: [{kind: ConfigMap, jqPathExpressions: ['$3']}]
Y
}
application chart chart .data
application plain plain .data
application env plain '$ENV.TOP_SECRET|tojson'
application builtin plain 'env|tojson'
application file plain 'input_filename'
application import plain 'import "a" as a; .data'
sed '/- setWeight: 25/,/pause: {duration: 3s}/d' tests/data/traces/istio.yaml |
	sed 's#      steps:#      steps: [{setWeight: 25}, {plugin: {name: test/hook}}]#' | kubectl apply -f - >/dev/null
check "healthy" within 40 says Healthy "$SLUICE" status myapp --timeout 10s
"$SLUICE" set image myapp myapp=myregistry/myapp:v2 >/dev/null
for who in hook helm git who; do check "$who is run" within 60 test -s "$dir/seen/$who"; done
conditions() { kubectl get application "$1" -n argocd -o 'jsonpath={.status.conditions[*].message}'; }
check "a value of the environment is no place" within 40 says "does not name a place" conditions env
check "nor is all of it" within 40 says "does not name a place" conditions builtin
check "there is no module" within 40 says "jqPathExpressions[0]" conditions import
check "an ordinary expression works" within 40 says OutOfSync kubectl get application plain -n argocd -o 'jsonpath={.status.sync.status}'

for who in hook helm git who; do
	check "$who does not know the controller's secret" sh -c "! grep '^TOP_SECRET' '$dir/seen/$who'"
	check "$who has no socket and no queue of ours" sh -c "! grep -E '^fd .*(socket:|anon_inode|\.lock|kubeconfig)' '$dir/seen/$who'"
	check "$who leaves no core" grep -qE 'core file size.* 0$' "$dir/seen/$who"
done
check "nor does the worker that runs git" sh -c "! grep -E '^parent: .*TOP_SECRET' '$dir/seen/git'"
check "the worker knows where the cluster is" grep -q '^parent: .*KUBECONFIG=' "$dir/seen/git"
check "the hook has what is named for it" grep -q '^FOR_THE_HOOK=mine' "$dir/seen/hook"
check "and others have not" sh -c "! grep -h '^FOR_THE_HOOK' '$dir'/seen/helm '$dir'/seen/git '$dir'/seen/who"
check "a plugin of a cloud's has what it reads" grep -q '^AWS_PROFILE=ours' "$dir/seen/who"
check "and what its kubeconfig gives it" grep -q '^GIVEN=given' "$dir/seen/who"
check "the hook has a limit of memory" grep -qE 'data seg size.* 1048576$' "$dir/seen/hook"
for who in hook helm git; do check "$who gains no privilege" grep -qE '^NoNewPrivs:.*1' "$dir/seen/$who"; done
check "helm renders without a network" grep -qE '^Seccomp:.*2' "$dir/seen/helm"
kill $controller && wait $controller
