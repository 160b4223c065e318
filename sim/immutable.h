/* sim/immutable.h: fields of built-in kinds that an API server never lets change. Source: Kubernetes' validation
 * (pkg/apis, ValidateXUpdate). */
#pragma once
#include "base/json.h"

/* Why this update is refused, as an API server says it ("spec.template: … field is immutable"); NULL: it is not. What
 * an update may leave out although it is allocated (a Service's clusterIP) is put into `next` first. */
const char *immutable_problem(const char *kind, const json_t *old, json_t *next);
