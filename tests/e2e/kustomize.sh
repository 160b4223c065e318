#!/bin/bash
# Kustomize, built in: each directory of tests/data/kustomize becomes what kustomize itself makes of it (tests/cluster/run checks want.yaml
# against kubectl's), and what cannot be built says why.
. "$(dirname "$0")/lib.sh"
data=$PWD/tests/data/kustomize

# objects DIR: the objects that are made of it, a line each.
objects() { "$SLUICE" kustomize "$1" -o json; }

# is_wanted CASE
is_wanted() {
	mkdir -p "$dir/want"
	cp "$data/$1/want.yaml" "$dir/want/"
	printf 'resources: [want.yaml]\nsortOptions: {order: fifo}\n' >"$dir/want/kustomization.yaml"
	diff <(objects "$dir/want") <(cd "$data/$1" && objects "$(cat run 2>/dev/null || echo .)")
}
for case in "$data"/*/want.yaml; do
	case=$(basename "$(dirname "$case")")
	check "$case" is_wanted "$case"
done
# The configuration that Argo Rollouts publishes, by URL: the result is the same as with the parts of it in the cases.
is_known() {
	cp -r "$data/$1" "$dir/"
	sed -i "s|$2|$3|" "$dir/$1/${4:-.}/kustomization.yaml"
	diff <(objects "$dir/want") <(objects "$dir/$1")
}
published=https://argoproj.github.io/argo-rollouts/features/kustomize
is_wanted configurations >/dev/null
for name in rollout-transform rollout-transform-kustomize-v5; do
	check "$name.yaml is known" is_known configurations rollouts.yaml "$published/$name.yaml" base
	rm -r "${dir:?}/configurations"
done
is_wanted openapi-rollout >/dev/null
check "the published schema is known" is_known openapi-rollout schema.json \
	https://raw.githubusercontent.com/argoproj/argo-schema-generator/main/schema/argo_all_k8s_kustomize_schema.json

for case in "$data"/errors/*/; do
	case=${case%/}
	check "refuses ${case##*/}" says "$(cat "$case/want")" "$SLUICE" kustomize "$case"
done
# Outside of Git the files are those that the kustomization leads to, wherever it is called from.
mkdir -p "$dir/apart/base" "$dir/apart/overlay"
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {y: yes, n: "1_000"}\n' >"$dir/apart/base/a.yaml"
printf 'resources: [a.yaml]\n' >"$dir/apart/base/kustomization.yaml"
printf 'resources: [../base]\nnamePrefix: x-\nconfigMapGenerator: [{name: b, files: [k=../base/a.yaml]}]\n' >"$dir/apart/overlay/kustomization.yaml"
inside() { (cd "$1" && shift && "$@"); }
check "outside of Git, from within" says ConfigMap/x-a inside "$dir/apart/overlay" "$SLUICE" kustomize . -o name
check "and from elsewhere" says ConfigMap/x-a inside / "$SLUICE" kustomize "$dir/apart/overlay" -o name
check "words and numbers that are text are printed in quotes" says '  "n": "1_000"
  "y": "yes"' "$SLUICE" kustomize "$dir/apart/overlay"
printf 'resources: [../nothing]\n' >"$dir/apart/overlay/kustomization.yaml"
printf 'namePrefix: 5\n' >"$dir/apart/overlay/kustomization.yaml"
check "what is wrong in the file itself names the file" says "error: kustomization.yaml: namePrefix: 5 is not a string" inside "$dir/apart/overlay" "$SLUICE" kustomize .
printf 'resources: [../nothing]\n' >"$dir/apart/overlay/kustomization.yaml"
check "what is not there is named" says "nothing: no such file" inside "$dir/apart/overlay" "$SLUICE" kustomize .
check "a directory that is not there" says "no such directory" "$SLUICE" kustomize "$dir/nothing"
check "names alone" says "Deployment/tenant-a-app" "$SLUICE" kustomize "$data/tenant/tenants/a" -o name
