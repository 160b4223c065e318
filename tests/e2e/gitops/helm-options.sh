#!/bin/bash
# The options of a HelmRelease are those of Helm's commands. The program is tests/e2e/gitops/stand-in-helm behind a script that records the
# arguments of each command.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
mkdir -p "$repo/chart/templates"
printf 'apiVersion: v2\nname: shop\nversion: 1.2.3\n' >"$repo/chart/Chart.yaml"
printf 'extra: fine\n' >"$repo/chart/values.yaml"
# A name that is not allowed makes an operation fail.
cat >"$repo/chart/templates/a.yaml" <<'Y'
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-{{ .Values.extra }}
  namespace: {{ .Release.Namespace }}
data:
  a: b
Y
cat >"$repo/chart/templates/test.yaml" <<'Y'
apiVersion: v1
kind: Pod
metadata:
  name: web-test
  annotations: {helm.sh/hook: test}
spec: {containers: [{name: test, image: test}]}
Y
commit first >/dev/null
printf '#!/bin/bash\necho "$@" >>%q\nexec %q "$@"\n' "$dir/record" "$PWD/tests/e2e/gitops/stand-in-helm" >"$dir/helm"
chmod +x "$dir/helm"
touch "$dir/record"
gitops flux --gitops-helm "$dir/helm"
kubectl create namespace shop >/dev/null
cat >"$dir/release.yaml" <<'Y'
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: NAME, namespace: shop}
spec: {interval: 1h, chart: {spec: {chart: ./chart, sourceRef: {kind: GitRepository, name: repo}}}}
Y
kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: repo, namespace: shop}
spec: {interval: 1h, url: "file://$repo", ref: {branch: main}}
Y
release() { sed "s/NAME/$1/; s/^spec: {/&${2:+$2, }/" "$dir/release.yaml" | kubectl apply -f - >/dev/null; }
change() { kubectl patch helmrelease web -n shop --type merge -p "{\"spec\":$1}" >/dev/null; }
# options COMMAND NAME: those of the last such command about this release, sorted, without those that Helm always gets here.
options() { grep -E "^$1 .* -- $2( |\$)" "$dir/record" | tail -n 1 | sed 's/ -- .*//' | tr ' ' '\n' | grep '^--' | grep -v '^--values=' | sort | paste -sd' '; }
has() { # COMMAND NAME OPTIONS, which are sorted
	local got
	got=$(options "$1" "$2")
	[ "$got" = "$3" ] || { echo "want: $3"; echo "got:  $got"; return 1; }
}

release plain
check "without options an install waits for objects and Jobs, for five minutes" within 30 has install plain "--namespace=shop --timeout=300000ms --wait --wait-for-jobs"
kubectl patch helmrelease plain -n shop --type merge -p '{"spec":{"values":{"extra":"more"}}}' >/dev/null
check "... an upgrade too, with five revisions and only the values of the HelmRelease" within 30 has upgrade plain \
	"--history-max=5 --namespace=shop --reset-values --timeout=300000ms --wait --wait-for-jobs"
kubectl delete helmrelease plain -n shop --timeout=30s >/dev/null
check "... and an uninstall" has uninstall plain "--ignore-not-found --namespace=shop --timeout=300000ms --wait"

release web 'targetNamespace: far, releaseName: web, timeout: 90s, maxHistory: 3, install: {timeout: 70s, disableWaitForJobs: true, disableHooks: true, createNamespace: true, replace: true, skipCRDs: true, disableOpenAPIValidation: true, disableSchemaValidation: true}'
check "options of an install" within 30 has install web \
	"--create-namespace --disable-openapi-validation --namespace=far --no-hooks --replace --skip-crds --skip-schema-validation --timeout=70000ms --wait"
change '{"values":{"extra":"more"},"upgrade":{"disableWait":true,"force":true,"cleanupOnFail":true,"preserveValues":true,"disableHooks":true,"disableOpenAPIValidation":true,"disableSchemaValidation":true},"test":{"enable":true,"timeout":"10s","filters":[{"name":"web-test"},{"name":"slow","exclude":true}]}}'
check "options of an upgrade, and the timeout of the release" within 30 has upgrade web \
	"--cleanup-on-fail --disable-openapi-validation --force --history-max=3 --namespace=far --no-hooks --reuse-values --skip-schema-validation --timeout=90000ms"
check "options of a test" within 30 has test web "--filter=!name=slow --filter=name=web-test --namespace=far --timeout=10000ms"
change '{"values":{"extra":"NO"},"test":null,"upgrade":{"remediation":{"retries":1}},"rollback":{"timeout":"20s","cleanupOnFail":true,"force":true,"recreate":true,"disableHooks":true,"disableWait":true}}'
check "options of a rollback" within 40 has rollback web \
	"--cleanup-on-fail --force --history-max=3 --namespace=far --no-hooks --recreate-pods --timeout=20000ms"
change '{"values":{"extra":"NO"},"upgrade":{"remediation":{"retries":1,"strategy":"uninstall"}},"uninstall":{"timeout":"2h","disableHooks":true,"disableWait":true,"keepHistory":true,"deletionPropagation":"foreground"}}'
check "options of an uninstall that remedies an upgrade, and the longest timeout" within 40 has uninstall web \
	"--cascade=foreground --ignore-not-found --keep-history --namespace=far --no-hooks --timeout=3600000ms"
check "no argument is a value of the HelmRelease" fails grep -q 'extra' "$dir/record"
kill $controller && wait $controller
