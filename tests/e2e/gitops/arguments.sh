#!/bin/bash
# A text of an Application or GitRepository never becomes an option of a program: each such text is refused with its
# field, and helm and git are not called with it.
. "$(dirname "$0")/../lib.sh"
repository
mkdir -p "$repo/chart/templates" "$repo/plain"
printf 'apiVersion: v2\nname: chart\nversion: 1.0.0\n' >"$repo/chart/Chart.yaml"
echo '# nothing' >"$repo/chart/templates/a.yaml"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\n' >"$repo/plain/one.yaml"
commit first >/dev/null
# A helm that writes down how it was called.
cat >"$dir/helm" <<H
#!/bin/sh
for word in "\$@"; do printf '[%s]' "\$word"; done >>$dir/argv
echo >>$dir/argv
echo '{apiVersion: v1, kind: ConfigMap, metadata: {name: rendered}}'
H
chmod +x "$dir/helm"

dev --without controller,mesh,prometheus,app,load
gitops gitops,flux --gitops-helm "$dir/helm"
kubectl create namespace argocd >/dev/null
application() { # NAME SOURCE
	kubectl apply -f - >/dev/null <<Y
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: $1, namespace: argocd}
spec: {source: $2, destination: {server: https://kubernetes.default.svc, namespace: ${3:-default}}}
Y
}
chart() { application "$1" "{repoURL: 'file://$repo', path: chart, helm: $2}" "${3-}"; }
conditions() { kubectl get application "$1" -n argocd -o 'jsonpath={.status.conditions[*].message}'; }
refused() { # NAME TEXT: it is, and the text is in the condition
	check "$1: $2" within 40 says "$2" conditions "$1"
}

chart fine '{releaseName: own.name, kubeVersion: v1.30.1, apiVersions: [apps/v1/Deployment], parameters: [{name: "a.b[0]", value: "-x"}]}'
check "an ordinary chart is rendered" within 40 says OutOfSync kubectl get application fine -n argocd -o 'jsonpath={.status.sync.status}'
check "with every value in its place" says '[--kube-version=v1.30.1][--api-versions=apps/v1/Deployment][--set=a.b[0]=-x][--][own.name]' cat "$dir/argv"
check "and its namespace" says '[--namespace=default]' cat "$dir/argv"

chart release '{releaseName: "--post-renderer=/bin/false"}'
chart namespace '{namespace: "--kubeconfig=/x"}'
chart kube '{kubeVersion: "--debug"}'
chart versions '{apiVersions: [v1, "--dry-run=server"]}'
chart parameter '{parameters: [{name: "--values", value: x}]}'
chart several '{parameters: [{name: "a=1,b", value: x}]}'
chart file '{fileParameters: [{name: "-f", path: Chart.yaml}]}'
chart values '{valueFiles: ["--post-renderer=/bin/false"]}'
application name "{repoURL: 'https://charts.example', chart: '--untar', targetRevision: 1.0.0}"
application version "{repoURL: 'https://charts.example', chart: shop, targetRevision: '--post-renderer=/bin/false'}"
application index "{repoURL: '--registry-config=/x', chart: shop, targetRevision: 1.0.0}"
application registry "{repoURL: 'registry.example/../x', chart: shop, targetRevision: 1.0.0}"
application ext "{repoURL: 'ext::touch $dir/ran', path: plain}"
application upload "{repoURL: '--upload-pack=touch $dir/ran', path: plain}"
application proxy "{repoURL: 'ssh://-oProxyCommand=touch%20$dir/ran/x', path: plain}"
application local "{repoURL: '$repo', path: plain}"
application revision "{repoURL: 'file://$repo', path: plain, targetRevision: '--upload-pack=x'}"
refused release 'helm.releaseName: "--post-renderer=/bin/false" is not the name of a Helm release'
refused namespace 'helm.namespace: "--kubeconfig=/x" is not'
refused kube 'helm.kubeVersion: "--debug" is not'
refused versions 'helm.apiVersions[1]: "--dry-run=server" is not'
refused parameter 'helm.parameters[0].name: "--values" is not'
refused several 'helm.parameters[0].name: "a=1,b" is not'
refused file 'helm.fileParameters[0].name: "-f" is not'
refused values 'helm.valueFiles[0]: --post-renderer=/bin/false'
refused name 'chart: "--untar" is not'
refused version 'targetRevision: "--post-renderer=/bin/false" is not'
refused index 'repoURL: "--registry-config=/x" is not'
refused registry 'repoURL: "registry.example/../x" is not'
refused ext "repoURL: \"ext::touch $dir/ran\" is not the URL of a Git repository"
refused upload 'repoURL: "--upload-pack='
refused proxy 'repoURL: "ssh://-oProxyCommand='
refused local "repoURL: \"$repo\" is not the URL"
refused revision 'revision: "--upload-pack=x" is not'

source() { # NAME URL REF
	kubectl apply -f - >/dev/null <<Y
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: $1, namespace: default}
spec: {interval: 1h, url: "$2", ref: $3}
Y
}
ready() { kubectl get gitrepository "$1" -n default -o 'jsonpath={.status.conditions[?(@.type=="Ready")].message}'; }
source flux-url "ext::touch $dir/ran" '{branch: main}'
source flux-branch "file://$repo" '{branch: "main:refs/heads/other"}'
source flux-name "file://$repo" '{name: "--upload-pack=x"}'
check "a GitRepository with another transport" within 40 says 'is not the URL of a Git repository' ready flux-url
check "with a branch that is two" within 40 says 'is not a branch, a tag, a range of versions or a commit' ready flux-branch
check "with an option for a reference" within 40 says '"--upload-pack=x" is not' ready flux-name

check "helm was called for the ordinary one alone" sh -c "! grep -v '\[own.name\]' '$dir/argv'"
check "and nothing that they name has run" fails test -e "$dir/ran"
kill $controller && wait $controller
