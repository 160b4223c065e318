/* cli/commands.c: the list of all commands. In each group of `sluice help` the order is this one. */
#include "cli/command.h"

#define COMMANDS(row)                                                                                                  \
	row(promote) row(abort) row(retry_rollout) row(undo) row(set_image) row(pause) row(restart) row(create)        \
	    row(create_analysisrun) row(terminate_analysisrun) row(retry_experiment) row(terminate_experiment)         \
		row(status) row(get_rollout) row(list_rollouts) row(get_experiment) row(list_experiments)              \
		    row(get_analysisrun) row(events) row(logs) row(dashboard) row(app_list) row(app_get) row(app_diff) \
			row(app_sync) row(app_wait) row(app_history) row(app_rollback) row(app_terminate) row(app_set) \
			    row(app_delete) row(app_confirm_deletion) row(promote_image) row(get_all) row(get_sources) \
				row(get_kustomizations) row(get_helmreleases) row(reconcile) row(suspend) row(resume)  \
				    row(cluster_add) row(cluster_list) row(cluster_remove) row(rbac_can)               \
					row(kustomize) row(kustomize_edit) row(doctor) row(check) row(lint) row(plan)  \
					    row(simulate) row(backtest) row(analyze) row(explain) row(eval) row(hash)  \
						row(notifications_template) row(notifications_trigger)                 \
						    row(debug_replica_counts) row(debug_istio_weights)                 \
							row(debug_vectors) row(controller) row(server) row(crds)       \
							    row(dev) row(demo) row(completion) row(man) row(version)   \
								row(help) row(complete) row(gitops_worker)             \
								    row(gitops_post_render) row(demo_app) row(load)

#define COMMAND_DECLARE(row) extern const struct command cmd_##row;
COMMANDS(COMMAND_DECLARE)

#define COMMAND_ADDRESS(row) &cmd_##row,
const struct command *const commands[] = { COMMANDS(COMMAND_ADDRESS) NULL };
