/* gitops/flux/helm_source.h: the repository that a HelmChart names, as a part of requests to the worker. Pure. */
#pragma once
#include "gitops/flux/flux_pass.h"

/* Returns an interval of a source; unset: one minute, as in Flux. In ms. */
int64_t helm_source_interval(const struct duration *);

/* Returns whether the repository is a registry (type oci), which has no index. */
bool helm_source_is_registry(const struct helm_repository *);

/* Returns whether the spec has a problem that its rows do not find; *ret is it. */
bool helm_source_problem(const struct helm_repository *, struct problem *ret);

/* Returns whether the spec of an OCIRepository has a problem that its rows do not find; *ret is it. */
bool helm_source_oci_problem(const struct oci_repository *, struct problem *ret);

/* Returns an OCIRepository as the HelmChart that it stands for: the last segment of its URL is the chart, and the rest
 * is the registry. Its spec must have no problem. In the arena; borrows from the OCIRepository. */
const struct helm_chart *helm_source_oci_chart(struct arena *, const struct oci_repository *);

/* Returns the repository for a request. *ret_secret and *ret_cert are filled, and referred to, if the repository has a
 * Secret of credentials or of certificates. Texts are borrowed. */
struct worker_repository helm_source_repository(
    const struct helm_repository *, struct worker_secret *ret_secret, struct worker_secret *ret_cert);

/* The source of a chart, with a revision of it. */
struct helm_source {
	struct worker_repository repository;
	struct worker_secret secret, cert; /* that the repository may refer to */
	const char *revision; /* of its artifact: "sha256:…", "main@sha1:…"; "" for a registry */
	const char *url;
	const char *missing; /* why it does not exist; NULL: it does */
};

/* Sets *ret to the source of a chart in this namespace, as it is now. *ret must stay where it is. */
void helm_source_find(struct flux_pass *, const struct helm_chart_spec *, const char *ns, struct helm_source *ret);

/* Returns the chart for a request, at the revision of the HelmChart's artifact (NULL: at the version of the spec).
 * Files in the arena; texts are borrowed. */
struct worker_chart helm_source_chart(struct arena *, const struct helm_chart *, const char *revision);
