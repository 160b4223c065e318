#!/bin/bash
# What is said of manifests and fields without a cluster.
. "$(dirname "$0")/lib.sh"
s=$SLUICE
mkdir -p "$dir/bad/deeper"
cat >"$dir/bad/rollout.yaml" <<'Y'
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata:
  name: web
spec:
  replicas: -1
  selector:
    matchLabels: {app: web}
  template:
    metadata: {labels: {app: wrong}}
    spec: {containers: []}
  strategy:
    canary:
      steps:
      - setWeight: 101
      - pause: {duration: soon}
      - setWieght: 3
      analysis: {templates: [{templateName: t}, {templateName: none}]}
Y
cat >"$dir/bad/deeper/template.json" <<'Y'
{"apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate", "metadata": {"name": "t"},
 "spec": {"metrics": [
   {"name": "x", "successCondition": "result <",
    "provider": {"prometheus": {"query": "up"}}}]}}
Y
lint() { "$s" lint "$dir/bad"; }
check "a wrong number is found where it stands" says "bad/rollout.yaml:6:3: error: spec.replicas: -1 is not between 0" lint
check "and everything else too: a weight" says "rollout.yaml:15:9: error: spec.strategy.canary.steps[0].setWeight: 101" lint
check "a duration" says 'rollout.yaml:16:17: error: spec.strategy.canary.steps[1].pause.duration: "soon"' lint
check "a misspelt name" says "rollout.yaml:17:9: error: spec.strategy.canary.steps[2].setWieght: unknown field" lint
check "labels that do not fit" says "rollout.yaml:10:16: error: spec.template.metadata.labels" lint
check "a condition in a file of another folder, in JSON" says "template.json:3:18: error: spec.metrics[0].successCondition" lint
check "what is not among the files is a warning" says 'rollout.yaml:18:50: warning: spec.strategy.canary.analysis.templates[1].templateName' lint
check "or an error, if that is wanted" says "none\" not found" sh -c "'$s' lint --strict '$dir/bad' | grep error:"
check "the exit code says it" fails lint
check "what people have passes" "$s" lint examples/seed/demo tests/e2e/rollout.yaml
check "a file from standard input too" sh -c "'$s' lint -f - <tests/e2e/rollout.yaml"
check "what is no YAML says where" says "line 2, column 1" sh -c "echo '{' | '$s' lint -"
check "no file is an error" fails "$s" lint

mkdir "$dir/gitops"
cat >"$dir/gitops/all.yaml" <<'Y'
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web}
spec: {source: {repoURL: "https://git.example/web"}, destination: {name: in-cluster}, syncPolicy: {automated: {prune: perhaps}}}
---
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: shop}
spec: {syncWindows: [{kind: block}]}
---
apiVersion: notification.toolkit.fluxcd.io/v1beta1
kind: Provider
metadata: {name: chat}
spec: {type: slakc}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: web}
spec: {url: "https://git.example/web", interval: soon}
Y
check "an Application's fields are looked at" says 'gitops/all.yaml:4:112: error: spec.syncPolicy.automated.prune' "$s" lint "$dir/gitops"
check "an AppProject's" says 'spec.syncWindows[0].kind: "block" is not one of allow|deny' "$s" lint "$dir/gitops"
check "those of Flux's objects" says '"slakc" is not one of' "$s" lint "$dir/gitops"
check "all of them, and nothing else is found" says "1 files, 4 objects: 4 errors, 0 warnings" "$s" lint "$dir/gitops"
check "explain tells of a field" says "percent of traffic" "$s" explain rollout.spec.strategy.canary.steps
check "its type and bounds" says "setWeight	<integer>, 0 to 100" "$s" explain ro.spec.strategy.canary.steps
check "the metrics of a template" says "successCondition" "$s" explain analysistemplate.spec.metrics
check "everything below" says "canarySubsetName" "$s" explain rollout --recursive
check "an unknown field lists the known ones" says "a canary step has setWeight, pause" "$s" explain rollout.spec.strategy.canary.steps.foo
check "an unknown kind lists the known ones" says "Rollout, Experiment, AnalysisRun" "$s" explain pod
check "the definitions are five" test "$("$s" crds | grep -c '^kind: CustomResourceDefinition')" = 5
check "as they are kept" sh -c "'$s' crds | diff deploy/crds.yaml -"
check "so is the reference" sh -c "'$s' explain --reference | diff docs/reference.md -"
