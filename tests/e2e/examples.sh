#!/bin/bash
# The definitions of Sluice accept each manifest of examples/, and each type that a field may have.
. "$(dirname "$0")/lib.sh"
dev --without controller,mesh,prometheus,app
apply() { kubectl apply --server-side -f "$1"; }
namespaces=$(sed -n 's/^ *namespace: *\([a-z0-9-]*\) *$/\1/p' $(find examples -name '*.yaml' -not -path 'examples/gitops/*') | sort -u)
for ns in $namespaces; do kubectl create namespace "$ns" >/dev/null 2>&1; done
# The declaration of a hook is a file of the controller.
for file in $(find examples -name '*.yaml' -not -path 'examples/gitops/*' -not -path examples/hook/plugins.yaml | sort); do
	check "$file is accepted" apply "$file"
done

# Numbers and percentages: a field without its type in the definition would be refused.
numbers() {
	kubectl apply --server-side -f - <<-Y
		apiVersion: argoproj.io/v1alpha1
		kind: AnalysisTemplate
		metadata: {name: numbers, namespace: default}
		spec:
		  metrics:
		  - name: errors
		    provider:
		      plugin:
		        sluice/compare:
		          bad: bad
		          total: total
		          tolerate: {ratio: $1, share: $2}
		          catch: {ratio: $1, share: $2}
		          falseAlarms: $2
		          misses: $2
	Y
}
check "a comparison takes numbers" numbers 2.5 0.01
check "... whole numbers" numbers 3 1
check "... and percentages" numbers '"3"' 1%
tokens() {
	kubectl apply --server-side -f - <<-Y
		apiVersion: argoproj.io/v1alpha1
		kind: AppProject
		metadata: {name: tokens, namespace: default}
		spec: {roles: [{name: ci, jwtTokens: [{iat: 1535390316}]}]}
	Y
}
check "a project takes the tokens that Argo CD has issued" tokens
