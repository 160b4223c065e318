/* notify/config.c: configuration of notifications: reads the ConfigMap's services, templates and triggers, and the
 * subscriptions in annotations. */
#include <ctype.h>
#include <string.h>
#include "base/str.h"
#include "kube/api/selector.h"
#include "kube/api/yaml.h"
#include "notify/notify.h"

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

/* An upper-case letter begins a word when it follows a lower-case one or a digit, or when a lower-case one follows
 * it. */
const char *
notify_trigger(struct arena *a, const char *reason)
{
	char *text = arena_alloc(a, 2 * strlen(reason) + 1), *to = text;

	for (const char *c = reason; *c != '\0'; c++) {
		bool begins =
		    c > reason && isupper((unsigned char)*c) &&
		    (islower((unsigned char)c[-1]) || isdigit((unsigned char)c[-1]) || islower((unsigned char)c[1]));

		if (begins)
			*to++ = '-';
		*to++ = (char)tolower((unsigned char)*c);
	}
	return arena_printf(a, "on-%s", text);
}

struct collecting {
	struct arena *arena;
	const struct notify_config *config;
	const char *trigger;
	struct destination *at;
	size_t n, capacity;
};

static void
config_add(struct collecting *c, const char *service, const char *recipient)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->at[i].service, service) == 0 && strcmp(c->at[i].recipient, recipient) == 0)
			return;
	if (c->n == NOTIFY_DESTINATIONS_MAX)
		return;
	if (c->n == c->capacity) {
		size_t capacity = c->capacity == 0 ? 8 : 2 * c->capacity;
		struct destination *at = arena_new_array(c->arena, struct destination, capacity);

		if (c->n > 0)
			memcpy(at, c->at, c->n * sizeof(*at));
		c->at = at;
		c->capacity = capacity;
	}
	c->at[c->n++] = (struct destination){ service, recipient };
}

static bool
config_list_has(const json_t *list, const char *text)
{
	json_t *e;
	size_t i;

	json_array_foreach (list, i, e)
		if (str_eq(json_string_value(e), text))
			return true;
	return false;
}

/* Returns whether the service has the trigger by default, for subscriptions without a trigger. */
static bool
config_is_default_trigger(const struct collecting *c, const char *service)
{
	const json_t *own = json_object_get(c->config->service_default_triggers, service);

	return config_list_has(own != NULL ? own : c->config->default_triggers, c->trigger);
}

/* Adds the recipients in a text: "a; b" are two; an empty text is one recipient without a name. */
static void
config_add_recipients(struct collecting *c, const char *service, const char *text)
{
	char *save = NULL;

	if (text[0] == '\0')
		config_add(c, service, "");
	for (char *r = strtok_r(arena_strdup(c->arena, text), ";", &save); r != NULL; r = strtok_r(NULL, ";", &save)) {
		size_t n;

		r += strspn(r, " \t\n");
		for (n = strlen(r); n > 0 && isspace((unsigned char)r[n - 1]);)
			r[--n] = '\0';
		if (n > 0)
			config_add(c, service, r);
	}
}

/* Reads a subscription from the key "subscribe.TRIGGER.SERVICE" or "subscribe.SERVICE". */
static void
config_read_subscription_key(struct collecting *c, const char *rest, const char *value)
{
	const char *dot = strchr(rest, '.');

	if (dot == NULL) {
		if (config_is_default_trigger(c, rest))
			config_add_recipients(c, rest, value);
	} else if (strlen(c->trigger) == (size_t)(dot - rest) && strncmp(rest, c->trigger, (size_t)(dot - rest)) == 0) {
		config_add_recipients(c, arena_strndup(c->arena, dot + 1, strcspn(dot + 1, ".")), value);
	}
}

/* Reads the annotation "subscriptions": YAML, [{trigger: [..], destinations: [{service, recipients: [..]}]}]. */
static void
config_read_subscriptions(struct collecting *c, const char *text)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	json_t *one, *destination, *recipient;
	size_t i, k, m;

	if (yaml_parse(c->arena, text, strlen(text), &docs) != NULL)
		return;
	json_array_foreach (json_array_get(docs, 0), i, one) {
		const json_t *triggers = json_object_get(one, "trigger");

		json_array_foreach (json_object_get(one, "destinations"), k, destination) {
			const char *service = arena_strdup(c->arena, json_str(destination, "service") ?: "");

			if (json_array_size(triggers) == 0 ? !config_is_default_trigger(c, service)
							   : !config_list_has(triggers, c->trigger))
				continue;
			if (json_array_size(json_object_get(destination, "recipients")) == 0)
				config_add(c, service, "");
			json_array_foreach (json_object_get(destination, "recipients"), m, recipient)
				config_add(c, service, arena_strdup(c->arena, json_string_value(recipient) ?: ""));
		}
	}
}

static bool
config_selects(struct arena *a, const char *text, const struct string_map *labels)
{
	_cleanup_(json_decrefp) json_t *map = json_object();
	struct selector s = { 0 };

	if (str_empty(text))
		return true;
	for (size_t i = 0; i < labels->n; i++)
		json_object_set_new(map, labels->at[i].key, json_string(labels->at[i].value));
	return selector_parse(a, text, &s) == NULL && selector_matches(&s, map);
}

/* Adds the ConfigMap's default subscriptions; their recipients are "SERVICE:RECIPIENT". */
static void
config_add_defaults(struct collecting *c, const struct string_map *labels)
{
	json_t *one, *recipient;
	size_t i, k;

	json_array_foreach (c->config->subscriptions, i, one) {
		const json_t *triggers = json_object_get(one, "triggers");

		if (!config_list_has(
			json_array_size(triggers) > 0 ? triggers : c->config->default_triggers, c->trigger) ||
		    !config_selects(c->arena, json_str(one, "selector"), labels))
			continue;
		json_array_foreach (json_object_get(one, "recipients"), k, recipient) {
			const char *text = json_string_value(recipient) ?: "", *colon = strchr(text, ':');

			if (colon != NULL)
				config_add(c, arena_strndup(c->arena, text, (size_t)(colon - text)),
				    arena_strdup(c->arena, colon + 1));
			else
				config_add(c, arena_strdup(c->arena, text), "");
		}
	}
}

size_t
notify_destinations(const struct notify_config *config, const struct string_map *labels,
    const struct string_map *annotations, const char *trigger, struct arena *a, struct destination **ret)
{
	struct collecting c = { .arena = a, .config = config, .trigger = trigger };

	config_add_defaults(&c, labels);
	for (size_t i = 0; i < annotations->n; i++) {
		const char *key = annotations->at[i].key, *value = annotations->at[i].value ?: "";

		if (str_starts(key, NOTIFY_PREFIX "subscribe."))
			config_read_subscription_key(&c, key + strlen(NOTIFY_PREFIX "subscribe."), value);
		else if (strcmp(key, NOTIFY_PREFIX "subscriptions") == 0)
			config_read_subscriptions(&c, value);
	}
	*ret = c.at;
	return c.n;
}
