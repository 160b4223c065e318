//go:build tools

// Package cluster names the modules whose CRDs the tests install.
package cluster

import (
	_ "istio.io/api/networking/v1"
	_ "sigs.k8s.io/gateway-api/apis/v1"
)
