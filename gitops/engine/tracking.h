/* gitops/engine/tracking.h: resource tracking: the mark on an object that names the Application or Kustomization that
 * owns it. Pure.
 *
 * Argo CD's mark is a label, or the annotation of the tracking id, "APP:GROUP/KIND:NS/NAME" (its documentation,
 * "Resource Tracking"); Flux's are two labels.
 */
#pragma once
#include "base/json.h"
#include "kube/api/kinds.h"

#define ANNOTATION_TRACKING "argocd.argoproj.io/tracking-id"
#define LABEL_INSTANCE "app.kubernetes.io/instance"

/* How objects are marked with their owner: an Application, a Kustomization if flux_name is set, or a HelmRelease. */
struct owner_mark {
	const char *application; /* the Application's name, or NS_NAME if it is outside the controller's namespace */
	const char *label; /* the label that names the Application; NULL if none does */
	bool annotation; /* ANNOTATION_TRACKING names the Application, and takes precedence over the label */
	const char *flux_name, *flux_namespace; /* the Kustomization, which two labels name; NULL for an Application */
	bool helm; /* they are of a Helm release, and Helm has marked them */
};

/* Sets the mark on a desired object, whose metadata has its name, and its namespace if it has one. Argo CD's is not set
 * on a CustomResourceDefinition. Must not be called for a Helm release (`helm`). */
void tracking_mark(json_t *object, const struct api_kind *, const struct owner_mark *);

/* Returns 1 if the live object is marked as this owner's, -1 if it is marked as another owner's, and 0 if it has no
 * mark. For 1 and -1, *ret_owner is the name in the mark, in the arena. */
int tracking_owner(
    struct arena *, const json_t *live, const struct api_kind *, const struct owner_mark *, const char **ret_owner);
