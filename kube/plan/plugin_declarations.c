/* kube/plan/plugin_declarations.c: parses the file that declares plugins (--step-plugins), and calls them. */
#include "kube/plan/plugin_declarations.h"
#include <string.h>
#include "base/err.h"
#include "base/str.h"
#include "base/json.h"

static const struct field plugin_http_fields[] = {
	STRING(plugin_http, url, "url", .required = true,
	    .doc = "URL to which requests are posted (http:// or https://)."),
	STRING(plugin_http, ca_cert, "caCert",
	    .doc = "Certificate authorities (PEM) to trust in addition to those of the system."),
	BOOL(plugin_http, insecure, "insecure", .doc = "Do not verify the server's certificate.",
	    .default_text = "false"),
};
TYPE(plugin_http, "plugin's http", .strict = true);

static const struct field plugin_exec_fields[] = {
	STRINGS(plugin_exec, command, "command", .required = true, .doc = "Program and its arguments."),
	STRINGS(plugin_exec, environment, "environment",
	    .doc = "Names of environment variables of the controller to pass on, in addition to the usual ones."),
};
TYPE(plugin_exec, "plugin's exec", .strict = true);

static const struct field step_plugin_fields[] = {
	STRING(step_plugin, name, "name", .required = true, .doc = "Name by which steps refer to the plugin."),
	OBJECT(step_plugin, http, "http", plugin_http, .doc = "HTTP service to call."),
	OBJECT(step_plugin, exec, "exec", plugin_exec, .doc = "Program to run."),
	OPT_INT(step_plugin, timeout_seconds, "timeoutSeconds", .min = 1, .max = 3600,
	    .doc = "Seconds to wait for the response.", .default_text = "30"),
	BOOL(step_plugin, disabled, "disabled", .doc = "Skip the plugin's steps.", .default_text = "false"),
};
TYPE(step_plugin, "step plugin", .strict = true);

static const struct field step_plugins_fields[] = {
	LIST(step_plugins, plugins, "stepPlugins", step_plugin, .doc = "Plugins for steps of canaries."),
	LIST(step_plugins, metrics, "metricPlugins", step_plugin, .doc = "Plugins that measure a metric."),
	LIST(step_plugins, routers, "trafficRouters", step_plugin, .doc = "Plugins that split traffic."),
};
TYPE(step_plugins, "step plugins' configuration", .strict = true);

static void
step_plugins_check(struct problems *p, const struct step_plugin *list, size_t i, const char *key)
{
	const struct step_plugin *one = &list[i];
	const char *path = arena_printf(p->arena, "%s[%zu]", key, i);

	for (size_t k = 0; one->name != NULL && k < i; k++)
		if (str_eq(list[k].name, one->name))
			problem_add(p, arena_printf(p->arena, "%s.name", path), "Duplicate value: \"%s\"", one->name);
	if ((one->http != NULL) == (one->exec != NULL))
		problem_add(p, path, "Invalid value: must have exactly one of http, exec");
	if (one->http != NULL && one->http->url != NULL && !str_starts(one->http->url, "http://") &&
	    !str_starts(one->http->url, "https://"))
		problem_add(p, arena_printf(p->arena, "%s.http.url", path),
		    "\"%s\" starts with neither http:// nor https://", one->http->url);
	if (one->exec != NULL && one->exec->command.n == 0)
		problem_add(p, arena_printf(p->arena, "%s.exec.command", path), "Required value: names no program");
	for (size_t k = 0; one->exec != NULL && k < one->exec->environment.n; k++)
		if (one->exec->environment.at[k][0] == '\0' || strpbrk(one->exec->environment.at[k], "= ") != NULL)
			problem_add(p, arena_printf(p->arena, "%s.exec.environment[%zu]", path, k),
			    "Invalid value: \"%s\" is not the name of a variable", one->exec->environment.at[k]);
}

struct err *
step_plugins_read(struct arena *a, const json_t *j, struct step_plugins *ret)
{
	struct problems p = { .arena = a };

	*ret = (struct step_plugins){ 0 };
	decode(&step_plugins_type, j, "", &p, ret);
	for (size_t i = 0; p.n == 0 && i < ret->plugins.n; i++)
		step_plugins_check(&p, ret->plugins.at, i, "stepPlugins");
	for (size_t i = 0; p.n == 0 && i < ret->metrics.n; i++)
		step_plugins_check(&p, ret->metrics.at, i, "metricPlugins");
	for (size_t i = 0; p.n == 0 && i < ret->routers.n; i++)
		step_plugins_check(&p, ret->routers.at, i, "trafficRouters");
	return p.n > 0 ? err_new(a, ERR_INVALID, "%s: %s", p.at[0].path, p.at[0].text) : NULL;
}

void
plugin_query(struct arena *a, const struct step_plugin *plugin, const char *body, struct query *ret)
{
	_cleanup_(json_decrefp) json_t *how = NULL;
	const char *environment = PLUGIN_ENVIRONMENT;
	json_t *argv;

	*ret = (struct query){ .request = { .method = "POST",
				   .url = "",
				   .body = body,
				   .content_type = "application/json",
				   .timeout_ms = 1000 * (plugin->timeout_seconds.present ? plugin->timeout_seconds.value
											 : PLUGIN_TIMEOUT_S),
				   .response_max = PLUGIN_RESPONSE_MAX } };
	if (plugin->http != NULL) {
		ret->request.url = plugin->http->url;
		ret->request.ca = plugin->http->ca_cert;
		ret->request.insecure = plugin->http->insecure;
		return;
	}
	how = json_object();
	argv = json_array();
	for (size_t i = 0; i < plugin->exec->command.n; i++)
		json_array_append_new(argv, json_string(plugin->exec->command.at[i]));
	for (size_t i = 0; i < plugin->exec->environment.n; i++)
		environment = arena_printf(a, "%s %s", environment, plugin->exec->environment.at[i]);
	json_object_set_new(how, "argv", argv);
	json_object_set_new(how, "environment", json_string(environment));
	json_object_set_new(how, "memoryMax", json_integer(PLUGIN_MEMORY_MAX));
	ret->to = QUERY_PROGRAM;
	ret->request.url = json_text(a, how);
}
