/* kube/api/pod_template.h: a pod template in the one form that its identity is computed from.
 *
 * A Rollout's revisions are named by a hash over the compact JSON that Go writes for core/v1's PodTemplateSpec: fields in
 * the order in which the Go structs declare them, unknown fields gone, empty ones left out as each `omitempty` says,
 * quantities canonical, map keys sorted. The same bytes must come out here, or taking over a live cluster would replace
 * every pod. The rows are in pod_template_rows.c.
 */
#pragma once
#include <stdint.h>
#include "base/json.h"
#include "kube/api/type.h"

/* The canonical bytes of a template (a JSON object), in the arena; NULL input is an empty template. */
char *pod_template_canonical(struct arena *, const json_t *template);

/* Fills in what the Rollout CRD's schema makes of a template before a controller sees it: a container port without a
 * protocol is a TCP port. (The one default there that reaches the hash; the API server applies it on create and update.) */
void pod_template_default(json_t *template);

/* The hash of canonical bytes: FNV-1a, 32 bits; the collision count, where there is one, is hashed behind the bytes as
 * eight, little-endian. Written with Kubernetes' "safe" alphabet (k8s.io/apimachinery, util/rand). */
char *pod_template_hash(struct arena *, const char *canonical, struct opt_int collision_count);

/* The same over any text: how currentStepHash is made. */
char *text_hash(struct arena *, const char *text);
