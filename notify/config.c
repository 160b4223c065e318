/* notify/config.c: reads the ConfigMap of notifications. */
#include "notify/config.h"
#include <string.h>
#include "base/str.h"
#include "kube/api/yaml.h"

static void config_problem(struct notify_config *, struct arena *, const char *key, const char *why);

/* Parses the YAML of a key. Returns a new reference; NULL: it is invalid, which is recorded. */
static json_t *
config_read_key(struct notify_config *c, struct arena *a, const char *key, const char *text, json_type want)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct err *e = yaml_parse(a, text, strlen(text), &docs);
	json_t *first = json_array_get(docs, 0);

	if (e != NULL) {
		config_problem(c, a, key, err_text(a, e));
		return NULL;
	}
	if (first == NULL)
		return want == JSON_ARRAY ? json_array() : json_object();
	if (json_typeof(first) != want) {
		config_problem(c, a, key, want == JSON_ARRAY ? "want a list" : "want a map");
		return NULL;
	}
	return json_incref(first);
}

static void
config_problem(struct notify_config *c, struct arena *a, const char *key, const char *why)
{
	json_array_append_new(c->problems, json_string(arena_printf(a, "%s: %s", key, why)));
}

/* Reads the key "service.TYPE" or "service.TYPE.NAME". */
static void
config_read_service(struct notify_config *c, struct arena *a, const char *key, const char *text)
{
	const char *type = key + strlen("service."), *dot = strchr(type, '.'), *name = dot != NULL ? dot + 1 : type;
	json_t *options = config_read_key(c, a, key, text, JSON_OBJECT);

	if (options != NULL)
		json_object_set_new(c->services, name,
		    json_pack("{s:s,s:o}", "type", dot != NULL ? arena_strndup(a, type, (size_t)(dot - type)) : type,
			"options", options));
}

static void
config_set_if_read(json_t *map, const char *name, json_t *value)
{
	if (value != NULL)
		json_object_set_new(map, name, value);
}

/* Replaces the previous value, unless the new one could not be read. */
static void
config_replace_if_read(json_t **at, json_t *value)
{
	if (value == NULL)
		return;
	json_decref(*at);
	*at = value;
}

void
notify_config_read(struct arena *a, const json_t *data, struct notify_config *c)
{
	const char *key;
	json_t *v;

	*c = (struct notify_config){ json_object(), json_object(), json_object(), json_array(), json_array(),
		json_object(), json_object(), json_array() };
	json_object_foreach ((json_t *)data, key, v) {
		const char *text = json_string_value(v) ?: "";

		if (str_starts(key, "service."))
			config_read_service(c, a, key, text);
		else if (str_starts(key, "template."))
			config_set_if_read(
			    c->templates, key + strlen("template."), config_read_key(c, a, key, text, JSON_OBJECT));
		else if (str_starts(key, "trigger."))
			config_set_if_read(
			    c->triggers, key + strlen("trigger."), config_read_key(c, a, key, text, JSON_ARRAY));
		else if (str_starts(key, "defaultTriggers."))
			config_set_if_read(c->service_default_triggers, key + strlen("defaultTriggers."),
			    config_read_key(c, a, key, text, JSON_ARRAY));
		else if (strcmp(key, "defaultTriggers") == 0)
			config_replace_if_read(&c->default_triggers, config_read_key(c, a, key, text, JSON_ARRAY));
		else if (strcmp(key, "subscriptions") == 0)
			config_replace_if_read(&c->subscriptions, config_read_key(c, a, key, text, JSON_ARRAY));
		else if (strcmp(key, "context") == 0)
			config_replace_if_read(&c->context, config_read_key(c, a, key, text, JSON_OBJECT));
	}
}

void
notify_config_done(struct notify_config *c)
{
	json_decref(c->services);
	json_decref(c->templates);
	json_decref(c->triggers);
	json_decref(c->subscriptions);
	json_decref(c->default_triggers);
	json_decref(c->service_default_triggers);
	json_decref(c->context);
	json_decref(c->problems);
	*c = (struct notify_config){ 0 };
}

/* Returns whether a string in it has a "$". The nesting was limited by the parser. */
static bool
config_has_dollar(const json_t *v)
{
	const char *key;
	json_t *e;
	size_t i;

	if (json_is_string(v))
		return strchr(json_string_value(v), '$') != NULL;
	json_array_foreach (v, i, e)
		if (config_has_dollar(e))
			return true;
	json_object_foreach ((json_t *)v, key, e)
		if (config_has_dollar(e))
			return true;
	return false;
}

bool
notify_needs_secret(const struct notify_config *c)
{
	return config_has_dollar(c->services);
}
