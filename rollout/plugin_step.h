/* rollout/plugin_step.h: the step plugin of a canary's step. rollout/plugins.h has the protocol. */
#pragma once
#include <stdbool.h>

struct arena;
struct rollout_pass;
struct rollout_world;
struct step_plugin;

/* Returns the plugin of this name in the controller's configuration, or NULL. In the arena. */
const struct step_plugin *plugin_step_declared(const struct rollout_world *, struct arena *, const char *name);

/* Reads the responses of plugins into the status. A failed Run aborts the update. */
void plugin_step_verdict(struct rollout_pass *);

/* Starts the operations that are due, and plans the next calls. */
void plugin_step_sync(struct rollout_pass *);

/* Returns true if the plugin of the current step has succeeded. */
bool plugin_step_succeeded(struct rollout_pass *);
