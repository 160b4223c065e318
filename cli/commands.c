/* cli/commands.c: the list. */
#include "cli/cli.h"

extern const struct command cmd_controller, cmd_dev, cmd_demo, cmd_get_rollout, cmd_list_rollouts, cmd_status,
    cmd_promote, cmd_abort, cmd_retry_rollout, cmd_undo, cmd_set_image, cmd_eval, cmd_hash, cmd_lint, cmd_explain,
    cmd_crds, cmd_debug_replica_counts, cmd_debug_istio_weights, cmd_version, cmd_app, cmd_load;

const struct command *const commands[] = {
	&cmd_get_rollout,
	&cmd_list_rollouts,
	&cmd_status,
	&cmd_promote,
	&cmd_abort,
	&cmd_retry_rollout,
	&cmd_undo,
	&cmd_set_image,
	&cmd_controller,
	&cmd_dev,
	&cmd_demo,
	&cmd_eval,
	&cmd_hash,
	&cmd_lint,
	&cmd_explain,
	&cmd_crds,
	&cmd_debug_replica_counts,
	&cmd_debug_istio_weights,
	&cmd_version,
	&cmd_app,
	&cmd_load,
	NULL,
};
