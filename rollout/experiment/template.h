/* rollout/experiment/template.h: one template of an Experiment: its ReplicaSet and Service. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct experiment;
struct experiment_pass;

/* Plans the objects of the i-th template of the spec, and updates its entry in the status. */
void experiment_template_pass(struct experiment_pass *, size_t i);

/* Returns the seconds that a template may take until its pods are available: spec.progressDeadlineSeconds,
 * defaulted. */
int64_t experiment_template_deadline(const struct experiment *);
