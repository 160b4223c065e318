/* sim/processes.h: pods that are real local processes: the demo application, one process a pod.
 *
 * A pod whose image is of the configured repository gets a loopback address of its own (127.x.y.z, the pod's IP) and
 * listens on its containerPort there, so that Services, probes and Prometheus' discovery see what they see in a
 * cluster.
 */
#pragma once
#include "sim/pods.h"

struct processes;

/* `behave` is "v3:errors=0.3,latency=20ms;v4:…": how a tag of the image behaves. Strings are borrowed. */
struct processes *processes_new(struct loop *, const char *image, const char *behave, const char *dir);
struct processes *processes_free(struct processes *);

/* The callbacks for pods_new; readiness is reported to `pods` once it is set. */
const struct pod_runner *processes_runner(struct processes *);
void processes_report_to(struct processes *, struct pods *);
