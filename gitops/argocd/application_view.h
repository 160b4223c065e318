/* gitops/argocd/application_view.h: an Application as the dashboard's API returns it. Pure.
 *
 * It has the names and the form of Argo CD's API (an Application). A list has less of each: of the spec project,
 * sources without their parameters, destination and sync policy; of the status all but the resources.
 */
#pragma once
#include "kube/api/application.h"

/* The caller owns the result. `whole`: with all of the spec, and the resources of the status. */
json_t *application_view(struct arena *, const struct application *, bool whole);
