// Routers whose definitions the control plane of the tests has. Only their files are read: nothing of them is built, and
// their dependencies are not downloaded. SMI's are in smi.yaml.
module sluice/tests/routers

go 1.26.0

require (
	github.com/apache/apisix-ingress-controller v1.8.3
	github.com/emissary-ingress/emissary/v3 v3.9.1
	github.com/projectcontour/contour v1.33.8
	github.com/traefik/traefik/v3 v3.7.13
)
