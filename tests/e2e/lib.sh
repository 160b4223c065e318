# tests/e2e/lib.sh: sourced by the tests of this folder, which run in the root of the repository.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/wait.sh
SLUICE=${SLUICE:-$PWD/build/sluice-san}
dir=$(mktemp -d)
dev_pid=
bad=0

# check NAME COMMAND...: one test: the command succeeds.
check() {
	local name=$1 log=$dir/check.out
	shift
	if "$@" >"$log" 2>&1; then
		echo "ok $name"
	else
		echo "not ok $name: $*"
		sed 's/^/    /' "$log" | head -n 40
		bad=1
	fi
}

# says TEXT COMMAND...: the command's output, errors included, has TEXT in it; its exit code does not matter.
says() {
	local text=$1 got
	shift
	got=$("$@" 2>&1)
	case "$got" in *"$text"*) return 0 ;; esac
	echo "want: $text"
	echo "got:  $got"
	return 1
}

# fails COMMAND...: it does.
fails() { ! "$@"; }

# dev ARGS...: starts the laptop cluster in $dir and points kubectl and sluice at it; or at the one that $ON_CLUSTER, a kubeconfig, names.
dev() {
	if [ -n "${ON_CLUSTER-}" ]; then
		export KUBECONFIG=$ON_CLUSTER
		return
	fi
	"$SLUICE" dev --dir "$dir" "$@" >"$dir/dev.log" 2>&1 &
	dev_pid=$!
	export KUBECONFIG=$dir/kubeconfig
	within 20 grep -q Ctrl-C "$dir/dev.log" || { cat "$dir"/*.log; exit 1; }
}

# repository: makes an empty one in $repo. commit MESSAGE: commits what is there, and prints the commit.
repository() {
	repo=$dir/repo
	export GIT_AUTHOR_NAME=tests GIT_AUTHOR_EMAIL=tests@localhost GIT_COMMITTER_NAME=tests GIT_COMMITTER_EMAIL=tests@localhost
	git init -q -b main "$repo"
}
commit() { git -C "$repo" add -A && git -C "$repo" commit -q -m "$1" && git -C "$repo" rev-parse HEAD; }

# gitops CONTROLLERS ARGS...: starts a GitOps controller, $controller, that refreshes on request or after $interval.
gitops() {
	local which=$1
	shift
	"$SLUICE" controller --controllers "$which" --leader-elect=false --metricsPort 0 --healthzPort 0 --gitops-cache "$dir/cache" \
		--gitops-file-urls --gitops-interval "${interval:-1h}" "$@" >>"$dir/controller.log" 2>&1 &
	controller=$!
}

# web_application [FIELDS]: the Application "web" of the repository's directory web, in namespace shop; FIELDS are more lines of its spec.
web_application() {
	kubectl create namespace argocd >/dev/null
	kubectl create namespace shop >/dev/null
	kubectl apply -f - >/dev/null <<-Y
		apiVersion: argoproj.io/v1alpha1
		kind: Application
		metadata: {name: web, namespace: argocd}
		spec:
		  project: default
		  source: {repoURL: "file://$repo", targetRevision: main, path: web}
		  destination: {server: https://kubernetes.default.svc, namespace: shop}
		  ${1-}
	Y
}

# refresh APP: requests a refresh of an Application. While an earlier request is pending, a new one would be no change of the object,
# and the controller may have read already what is to be read again.
pending_refresh() { kubectl get application "$1" -n argocd -o 'jsonpath={.metadata.annotations.argocd\.argoproj\.io/refresh}'; }
not_refreshing() { within 30 fails says normal pending_refresh "$1"; }
refresh() { not_refreshing "$1" && kubectl annotate --overwrite application "$1" -n argocd argocd.argoproj.io/refresh=normal >/dev/null; }

# refreshed APP: requests a refresh, and succeeds when the controller has removed the annotation.
refreshed() { refresh "$1" && not_refreshing "$1"; }

# stands_still KIND NAME NAMESPACE: a controller that logs at level debug has decided about it once more, and found that it may not act.
stands_still() {
	local before
	before=$(grep -c "no action .*name=$2 " "$dir/controller.log")
	kubectl annotate --overwrite "$1" "$2" -n "$3" "test/turn=$RANDOM$RANDOM" >/dev/null
	within 30 sh -c "[ \$(grep -c 'no action .*name=$2 ' '$dir/controller.log') -gt '$before' ]"
}

# decided KIND NAME NAMESPACE: a controller that logs at level debug has decided about it once more: a pass that began after a change of it has
# ended when the next one begins.
decided() {
	local before
	for _ in 1 2; do
		before=$(grep -c "debug pass .*name=$2 " "$dir/controller.log")
		kubectl annotate --overwrite "$1" "$2" -n "$3" "test/turn=$RANDOM$RANDOM" >/dev/null
		within 30 sh -c "[ \$(grep -c 'debug pass .*name=$2 ' '$dir/controller.log') -gt '$before' ]" || return 1
	done
}

# address LOG: the last address that a dashboard has printed. open_session LOG JAR: exchanges its code for a cookie, in the file JAR.
address() { grep '#code=' "$1" | tail -n 1; }
open_session() {
	local at
	within 20 grep -q '#code=' "$1" || return 1
	at=$(address "$1")
	command curl -sf -b "$2" -c "$2" -X POST "${at%%#*}api/v1/session" -d "{\"code\": \"${at##*#code=}\"}"
}

# show_log FILE: its errors and warnings, and its last lines.
show_log() {
	echo "    === $(basename "$1")"
	{
		grep -E '^[^ ]+ (error|warn) ' "$1" | head -n 20
		echo ...
		tail -n 30 "$1"
	} | cut -c 1-300 | sed 's/^/    /'
}

finish() {
	if [ -n "$dev_pid" ]; then
		kill "$dev_pid" 2>/dev/null
		wait "$dev_pid" 2>/dev/null
		check "no process is left behind" within 10 fails pgrep -f "$dir"
	fi
	if [ "$bad" != 0 ]; then for log in "$dir"/*.log; do [ ! -s "$log" ] || show_log "$log"; done; fi
	check "sanitizers found nothing" fails grep -E "AddressSanitizer|LeakSanitizer|runtime error" "$dir"/*.log
	rm -rf "$dir"
	exit $bad
}
trap finish EXIT
