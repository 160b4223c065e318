/* kube/api/pod_template.h: the canonical form of a pod template, and its hash.
 *
 * The hash of a revision is computed from the compact JSON that Go writes for a PodTemplateSpec of core/v1: fields in
 * the order of the Go structs, without unknown fields, empty ones omitted according to `omitempty`, quantities
 * canonical, map keys sorted. The bytes must be equal here, or a takeover would replace every pod. The rows are in
 * pod_template_rows.c.
 */
#pragma once
#include <stdint.h>
#include "base/json.h"
#include "kube/api/type.h"

/* Returns the canonical bytes of a template (an object in an accepted text, base/json_walk.h), in the arena. NULL is an
 * empty template. */
char *pod_template_canonical(struct arena *, const char *template);

/* Applies the default of the Rollout CRD that affects the hash: the protocol of a container port is TCP. The API server
 * applies it on create and update. */
void pod_template_default(json_t *template);

/* Returns the hash of canonical bytes: FNV-1a, 32 bits, followed by the collision count, if set, as eight bytes in
 * little-endian order. Written with the "safe" alphabet of Kubernetes (k8s.io/apimachinery, util/rand). */
char *pod_template_hash(struct arena *, const char *canonical, struct opt_int collision_count);

/* Returns the hash of any text, in the same alphabet: for currentStepHash. In the arena. */
char *text_hash(struct arena *, const char *text);

/* Returns the FNV-1a of a text. It is computed when an object is decoded: a template is long, and each pass needs its
 * hash. */
uint32_t text_sum(const char *text);

/* Returns pod_template_hash of the canonical bytes with this text_sum. */
char *sum_hash(struct arena *, uint32_t sum, struct opt_int collision_count);
