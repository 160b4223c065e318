/* rollout/ephemeral_metadata.h: ephemeral metadata of pods: canaryMetadata, stableMetadata, activeMetadata,
 * previewMetadata. */
#pragma once
#include <jansson.h>

struct rollout_pass;

/* Adds the labels and annotations of the new version to its template, and their record to the annotations of its
 * ReplicaSet. */
void metadata_initial(const struct rollout_pass *, json_t *template, json_t *annotations);

/* Plans the labels and annotations that the templates of existing ReplicaSets must have in their present roles. */
void metadata_templates(struct rollout_pass *);

/* Plans the labels and annotations that existing pods must have in the present roles of their versions. */
void metadata_pods(struct rollout_pass *);
