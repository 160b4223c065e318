/* tests/simulation/autoscaler.h: the controller of HorizontalPodAutoscalers, as Kubernetes' decides.
 *
 * Every 15 s it reads the scale subresource of what an autoscaler in the namespace default names, measures the load,
 * and writes spec.replicas through the subresource when another number is wanted. A metric of type Resource is
 * counted over the ready pods that the scale's selector finds, one of type External over the scale's status.replicas
 * (pkg/controller/podautoscaler, replica_calculator.go).
 */
#pragma once
#include "base/timers.h"

struct cluster;

struct autoscaler {
	struct cluster *cluster;
	struct timer timer;
	long long load; /* of all pods together, in the unit of the metrics' averageValue; 0: nothing is measured */
};

/* The load from now on. The first one starts the controller, 0 stops it. */
void autoscaler_load(struct autoscaler *, struct cluster *, long long load);

/* Stops it. */
void autoscaler_done(struct autoscaler *);
