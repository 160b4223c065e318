#!/bin/bash
# The main job through other routers than Istio: the laptop cluster's proxy follows an HTTPRoute, and Ingresses.
. "$(dirname "$0")/lib.sh"
for router in gateway nginx; do
	check "the demo with $router ends well" "$SLUICE" demo --router "$router"
done
check "a router that the demo does not have is refused" says "is not one of istio, gateway, nginx" "$SLUICE" demo --router mesh
