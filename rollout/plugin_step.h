/* rollout/plugin_step.h: the step plugin of a canary's step. rollout/plugins.h has the protocol. */
#pragma once

struct rollout_pass;

/* Reads the responses of plugins into the status. A failed Run aborts the update. */
void plugin_step_verdict(struct rollout_pass *);

/* Starts the operations that are due, and plans the next calls. */
void plugin_step_sync(struct rollout_pass *);
