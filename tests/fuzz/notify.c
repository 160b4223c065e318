/* tests/fuzz/notify.c: a ConfigMap's data from anywhere (YAML): every trigger is judged, every template sent by
 * every service. */
#include "kube/api/yaml.h"
#include "notify/config.h"
#include "notify/services/services.h"
#include "notify/subscriptions.h"
#include "notify/templates.h"
#include "notify/triggers.h"
#include "tests/fuzz/fuzz.h"

static void
send(struct arena *a, const struct notify_config *c, const json_t *names, const json_t *vars, const json_t *secret)
{
	json_t *notification, *service;
	const char *name;

	if (notify_render(a, c, names, vars, &notification) != NULL)
		return;
	json_object_foreach (c->services, name, service) {
		struct destination to = { name, "to" };
		struct query q = { 0 };

		if (notify_compose(a, c, secret, &to, notification, 0, &q) == NULL)
			notify_check_response(a, c, &to, &(struct response){ .status = 200, .body = { "{}", 2 } });
	}
	json_decref(notification);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	json_t *docs = NULL, *template, *secret, *vars, *conditions;
	struct string_pair pairs[] = { { "notifications.argoproj.io/subscribe.on-a.s", "x;y" },
		{ "notifications.argoproj.io/subscriptions",
		    "[{trigger: [on-a], destinations: [{service: s, recipients: [z]}]}]" } };
	struct string_map map = { pairs, 2 };
	struct notify_condition *found;
	struct destination *to;
	struct notify_config c;
	const char *name;

	if (yaml_parse(a, (const char *)data, size, &docs) != NULL)
		return 0;
	notify_config_read(a, json_array_get(docs, 0), &c);
	secret = json_pack("{s:s,s:s}", "token", "eA==", "bad", "=");
	vars = notify_vars(
	    &c, json_pack("{s:{s:s},s:{s:s}}", "metadata", "name", "web", "status", "phase", "Healthy"), secret, NULL);
	notify_needs_secret(&c);
	json_object_foreach (c.triggers, name, conditions) {
		notify_conditions(&c, name, vars, 0, a, &found);
		notify_destinations(&c, &map, &map, name, a, &to);
	}
	json_object_foreach (c.templates, name, template) {
		json_t *names = json_pack("[s]", name);

		send(a, &c, names, vars, secret);
		json_decref(names);
	}
	json_decref(vars);
	json_decref(secret);
	notify_config_done(&c);
	json_decref(docs);
	return 0;
}
