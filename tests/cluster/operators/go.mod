// Operators whose definitions tests/cluster/article and tests/cluster/gates apply. Only their files are read: nothing of them is built, and their dependencies are
// not downloaded.
module sluice/tests/operators

go 1.26.0

require (
	github.com/argoproj/argo-rollouts v1.8.3
	github.com/bitnami-labs/sealed-secrets v0.27.1
	github.com/external-secrets/external-secrets v0.16.2
	github.com/prometheus-operator/prometheus-operator v0.85.0
)
