/* kube/plan/plugin_declarations.h: step plugins: hooks outside the controller that a canary's step calls.
 *
 * Step plugins are a feature of Sluice. They are declared in a file of the controller (--step-plugins); a Rollout can
 * only name one:
 *
 *	stepPlugins:
 *	- name: acme/smoke-test
 *	  http: {url: "https://hooks.acme.example/smoke"}
 *	  timeoutSeconds: 20
 *	- name: acme/migrate
 *	  exec: {command: [/plugins/migrate, --verbose]}
 *
 * Hooks that measure a metric (analysis/hook.c) are declared in the same way, under metricPlugins, and those that split
 * traffic (traffic/hook_calls.c) under trafficRouters.
 *
 * Each call has one JSON document, as the body of a POST or on standard input, and returns another:
 *
 *	{"operation": "Run", "plugin": "acme/migrate", "step": 2, "call": 0, "config": …, "status": …, "rollout": {…},
 *	 "canaryHash": "5d8d759cf8", "stableHash": "697df5b887"}
 *	{"phase": "Running", "message": "3 of 9 tables", "requeueAfter": "20s", "status": {"at": 3}}
 *
 * Run is called until its phase is Successful (the step is completed) or Failed (the update is aborted); after
 * Running and Error it is called again later. The status of a response is returned with the next call. Abort is
 * called when the update is aborted, for each step that has run, the last first; Terminate when the update is
 * promoted past a plugin that runs. A call may be repeated with the same number, if its response was lost: plugin,
 * uid of the rollout, step, operation and call identify it.
 */
#pragma once
#include "kube/api/type.h"
#include "kube/plan/query.h"

/* The environment variables that a program gets from the controller, and its memory limit in bytes. */
#define PLUGIN_ENVIRONMENT                                                                                             \
	"PATH HOME TMPDIR TZ LANG LC_* http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY "    \
	"NO_PROXY SSL_CERT_FILE SSL_CERT_DIR"
#define PLUGIN_MEMORY_MAX (1ll << 30)
#define PLUGIN_TIMEOUT_S 30 /* if none is declared */
#define PLUGIN_RESPONSE_MAX (64u << 10) /* bytes */

struct plugin_http {
	const char *url;
	const char *ca_cert; /* PEM; NULL if only those of the system are trusted */
	bool insecure;
};

struct plugin_exec {
	struct strings command; /* the program and its arguments */
	struct strings environment; /* names of variables to pass on, in addition to PLUGIN_ENVIRONMENT */
};

/* Exactly one of http and exec is set. */
struct step_plugin {
	const char *name;
	const struct plugin_http *http;
	const struct plugin_exec *exec;
	struct opt_int timeout_seconds; /* 30 if absent */
	bool disabled; /* its steps are skipped */
};

struct step_plugins {
	LIST_OF(struct step_plugin) plugins;
	LIST_OF(struct step_plugin) metrics; /* of metrics (analysis/hook.c) */
	LIST_OF(struct step_plugin) routers; /* of traffic (traffic/hook_calls.c) */
};

/* Sets *ret to the call of a plugin with this JSON. In the arena. */
void plugin_query(struct arena *, const struct step_plugin *, const char *body, struct query *ret);

/* Reads {"stepPlugins": […], "metricPlugins": […], "trafficRouters": […]}. Returns the first error, with its path. All
 * in the arena. */
struct err *step_plugins_read(struct arena *, const json_t *, struct step_plugins *ret);
