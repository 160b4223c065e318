/* io/spawn_environment.h: the environment of a child process.
 *
 * A child has no variable that is not listed: neither tokens nor passwords of this process reach it by accident.
 * io/spawn.h starts the child with it.
 */
#pragma once
#include "base/arena.h"

/* Lists of variables that a child may get: names, separated by spaces; "*" at the end of a name matches all names with
 * that prefix. They are string literals, so that a list of several is one next to the other: SPAWN_ENV
 * SPAWN_ENV_NETWORK " MY_TOKEN". This one is for all programs. */
#define SPAWN_ENV "PATH HOME TMPDIR TZ LANG LC_*"
/* For programs that use the network. */
#define SPAWN_ENV_NETWORK                                                                                              \
	" http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY SSL_CERT_FILE "          \
	"SSL_CERT_DIR"
/* For programs that provide credentials for a cluster: the variables that those of clouds read. */
#define SPAWN_ENV_CLOUDS                                                                                               \
	" USER LOGNAME SHELL XDG_* AWS_* AZURE_* AAD_* MSI_* IDENTITY_* GOOGLE_* CLOUDSDK_* GCE_METADATA_HOST "        \
	"USE_GKE_GCLOUD_AUTH_PLUGIN OCI_* DIGITALOCEAN_* TSH_* TELEPORT_* KRB5* SSH_AUTH_SOCK DISPLAY "                \
	"WAYLAND_DISPLAY BROWSER DBUS_SESSION_BUS_ADDRESS"
/* For this program, started as a child. */
#define SPAWN_ENV_SLUICE                                                                                               \
	" KUBECONFIG KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT POD_NAMESPACE ARGO_ROLLOUTS_* NO_COLOR TERM "     \
	"ASAN_OPTIONS LSAN_OPTIONS UBSAN_OPTIONS"

/* Returns the environment of a child, ended by NULL, in the arena: PATH (a default if this process has none), the
 * variables of this process that are in `names` (NULL: none), and those of `given` ("NAME=VALUE", ended by NULL; NULL:
 * none), which take precedence. The texts are borrowed. */
char **spawn_environment(struct arena *, const char *names, const char *const *given);

/* For a copy of this process that does not start a program: makes `env`, which spawn_environment() returned for the
 * same lists, its environment, and overwrites all other variables in its memory. */
void spawn_environment_replace(char **env, const char *names, const char *const *given);
