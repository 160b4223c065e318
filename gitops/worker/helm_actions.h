/* gitops/worker/helm_actions.h: install, upgrade, test, rollback and uninstall of a release, by the program `helm`.
 * Blocks.
 *
 * Helm gets a kubeconfig of its own, with the controller's access to the cluster, as the ServiceAccount of the
 * HelmRelease. So hooks and the function `lookup` of a chart have the rights of that account too.
 */
#pragma once
#include "gitops/helm_action.h"

struct bytes;
struct err;
struct session;

/* Runs helm for one of these actions. The error has Helm's message. */
struct err *helm_actions_run(struct session *, enum helm_action);

/* Finds the CustomResourceDefinitions in the directories crds/ of the chart: *ret is YAML, in the arena. */
struct err *helm_actions_show_crds(struct session *, struct bytes *ret);
