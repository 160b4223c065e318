/* rollout/metadata.h: ephemeral metadata of pods: canaryMetadata, stableMetadata, activeMetadata, previewMetadata. */
#pragma once
#include <jansson.h>

struct rollout_pass;

/* Adds the labels and annotations of the new version to its template, and their record to the annotations of its
 * ReplicaSet. */
void metadata_initial(const struct rollout_pass *, json_t *template, json_t *annotations);

/* Plans the same for the templates of the existing ReplicaSets. */
void metadata_templates(struct rollout_pass *);

/* Plans the same for existing pods. */
void metadata_pods(struct rollout_pass *);
