#!/bin/bash
# examples/pipeline: the script of the pipeline, against a Git server of files. docker, gh and the tests of the application
# are stand-ins that record how they were called; the registry is a directory, a merged branch is the approval.
. "$(dirname "$0")/../lib.sh"
dev --without controller,mesh,prometheus,app,load
repository
cp -r examples/gitops/. "$repo"
rm -r "$repo/demo" "$repo/README.md"
origin=$dir/origin.git
grep -rl 'https://github.com/company/myapp-config' "$repo" --include='*.yaml' | xargs sed -i "s#https://github.com/company/myapp-config#file://$origin#"
# The steps of production without the pause for an approval; an image that cannot be pulled aborts soon.
sed -i 's/- pause: {} .*/- pause: {duration: 1s}/; s/duration: 10s/duration: 1s/; s/^  replicas: 4/&\n  progressDeadlineSeconds: 5\n  progressDeadlineAbort: true/' \
	"$repo/environments/production/rollout.yaml"
commit first >/dev/null
git clone -q --bare "$repo" "$origin"

mkdir "$dir/bin" "$dir/registry" "$dir/source"
ln -s "$SLUICE" "$dir/bin/sluice"
cat >"$dir/bin/docker" <<-'S'
	#!/bin/bash
	echo "docker $*" >>"$RECORD"
	case "$1 $2" in
	"scout cves") [ ! -e "$REGISTRY_DIRECTORY/findings" ] || exit 2 ;;
	"push "*) touch "$REGISTRY_DIRECTORY/${2//\//_}" ;;
	esac
S
cat >"$dir/bin/gh" <<-'S'
	#!/bin/bash
	echo "gh $*" >>"$RECORD"
S
cat >"$dir/bin/run-tests" <<-'S'
	#!/bin/bash
	echo "tests $*" >>"$RECORD"
S
chmod +x "$dir/bin"/*
export RECORD=$dir/record REGISTRY_DIRECTORY=$dir/registry TEST_COMMAND=run-tests CONFIG_REPO=file://$origin TIMEOUT=300s TMPDIR=$dir
pipeline() { # TAG ARGS...
	(cd "$dir/source" && PATH=$dir/bin:$PATH IMAGE_TAG=$1 "$OLDPWD/examples/pipeline/deploy-pipeline.sh" "${@:2}")
}
image() { kubectl get "$1" myapp -n "myapp-$2" -o 'jsonpath={.spec.template.spec.containers[0].image}'; }
merge() { git -C "$origin" update-ref refs/heads/main "promote-myapp-production-myapp-$1"; }
recorded() { says "$1" cat "$RECORD"; }
pushed() { [ -e "$dir/registry/myregistry_myapp:$1" ]; }

gitops rollouts,gitops
kubectl create namespace argocd >/dev/null 2>&1
kubectl apply -f "$repo/app-of-apps.yaml" >/dev/null
for env in dev staging production; do
	check "$env exists" within 60 kubectl get application "myapp-$env" -n argocd
done
check "an image goes through dev and staging" pipeline v2 full-pipeline
check "it was pushed" pushed v2
check "after it was scanned" recorded "docker scout cves --exit-code --only-severity critical,high myregistry/myapp:v2
docker push myregistry/myapp:v2"
check "dev has it" says myregistry/myapp:v2 image deployment dev
check "staging has it" says myregistry/myapp:v2 image deployment staging
check "both were tested" recorded "tests dev
tests staging"
check "production has it not" says myregistry/myapp:v1.2.3 image rollout production
check "a pull request is open" recorded "gh pr create --repo file://$origin --head promote-myapp-production-myapp-v2 --base main"
merge v2
check "the merge is the approval" pipeline v2 verify production
check "production has it" says myregistry/myapp:v2 image rollout production
check "it was tested there" recorded "tests production"

check "what staging does not run is not promoted" says "staging does not run myregistry/myapp:v3" pipeline v3 promote staging production

# A bad image: production aborts its canary, and the commit is held until Git has another image.
merge_to_production() { # TAG
	"$SLUICE" promote-image "myregistry/myapp:$1" myapp-production --review myapp-production && merge "$1"
}
check "a bad image is merged" merge_to_production does-not-exist
check "verify fails with the reason" says "which aborted it" pipeline does-not-exist verify production
check "the canary was aborted" says "RolloutAborted" kubectl get rollout myapp -n myapp-production -o 'jsonpath={.status.conditions[*].reason}'
check "all traffic is at the stable version" says "100 0" kubectl get virtualservice myapp -n myapp-production -o 'jsonpath={.spec.http[0].route[*].weight}'
check "nothing goes on to staging from a bad dev" fails pipeline does-not-exist promote dev staging
check "a better image is merged" merge_to_production v2
check "and is healthy" pipeline v2 verify production

workflow() { # TAG: the commands of the jobs of GitHub Actions, in their order.
	sed -n 's/.*run: .*deploy-pipeline.sh //p' examples/pipeline/.github/workflows/gitops-pipeline.yml >"$dir/jobs"
	while read -r args; do
		pipeline "$1" $args </dev/null || return 1
	done <"$dir/jobs"
}
check "the jobs of the workflow do the same" workflow v5
check "staging has the image" says myregistry/myapp:v5 image deployment staging
check "and a pull request is open" recorded "--head promote-myapp-production-myapp-v5"

touch "$dir/registry/findings"
check "an image with findings" fails pipeline v4 build
check "is not pushed" fails pushed v4
check "a word that it does not know" says "usage:" pipeline v4 undeploy
kill $controller && wait $controller
