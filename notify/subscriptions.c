/* notify/subscriptions.c: recipients of a trigger: those of an object's annotations, and the default ones of the
 * ConfigMap. */
#include "notify/subscriptions.h"
#include <ctype.h>
#include <string.h>
#include "base/str.h"
#include "kube/api/selector.h"
#include "kube/api/yaml.h"
#include "notify/config.h"

struct collecting {
	struct arena *arena;
	const struct notify_config *config;
	const char *trigger;
	struct destination *at;
	size_t n, capacity;
};

static void
subscriptions_add(struct collecting *c, const char *service, const char *recipient)
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
subscriptions_list_has(const json_t *list, const char *text)
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
subscriptions_is_default_trigger(const struct collecting *c, const char *service)
{
	const json_t *own = json_object_get(c->config->service_default_triggers, service);

	return subscriptions_list_has(own != NULL ? own : c->config->default_triggers, c->trigger);
}

/* Adds the recipients in a text: "a; b" are two; an empty text is one recipient without a name. */
static void
subscriptions_add_recipients(struct collecting *c, const char *service, const char *text)
{
	char *save = NULL;

	if (text[0] == '\0')
		subscriptions_add(c, service, "");
	for (char *r = strtok_r(arena_strdup(c->arena, text), ";", &save); r != NULL; r = strtok_r(NULL, ";", &save)) {
		size_t n;

		r += strspn(r, " \t\n");
		for (n = strlen(r); n > 0 && isspace((unsigned char)r[n - 1]);)
			r[--n] = '\0';
		if (n > 0)
			subscriptions_add(c, service, r);
	}
}

/* Reads a subscription from the key "subscribe.TRIGGER.SERVICE" or "subscribe.SERVICE". */
static void
subscriptions_read_key(struct collecting *c, const char *rest, const char *value)
{
	const char *dot = strchr(rest, '.');

	if (dot == NULL) {
		if (subscriptions_is_default_trigger(c, rest))
			subscriptions_add_recipients(c, rest, value);
	} else if (strlen(c->trigger) == (size_t)(dot - rest) && strncmp(rest, c->trigger, (size_t)(dot - rest)) == 0) {
		subscriptions_add_recipients(c, arena_strndup(c->arena, dot + 1, strcspn(dot + 1, ".")), value);
	}
}

/* Reads the annotation "subscriptions": YAML, [{trigger: [..], destinations: [{service, recipients: [..]}]}]. */
static void
subscriptions_read_list(struct collecting *c, const char *text)
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

			if (json_array_size(triggers) == 0 ? !subscriptions_is_default_trigger(c, service)
							   : !subscriptions_list_has(triggers, c->trigger))
				continue;
			if (json_array_size(json_object_get(destination, "recipients")) == 0)
				subscriptions_add(c, service, "");
			json_array_foreach (json_object_get(destination, "recipients"), m, recipient)
				subscriptions_add(
				    c, service, arena_strdup(c->arena, json_string_value(recipient) ?: ""));
		}
	}
}

static bool
subscriptions_selects(struct arena *a, const char *text, const struct string_map *labels)
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
subscriptions_add_defaults(struct collecting *c, const struct string_map *labels)
{
	json_t *one, *recipient;
	size_t i, k;

	json_array_foreach (c->config->subscriptions, i, one) {
		const json_t *triggers = json_object_get(one, "triggers");

		if (!subscriptions_list_has(
			json_array_size(triggers) > 0 ? triggers : c->config->default_triggers, c->trigger) ||
		    !subscriptions_selects(c->arena, json_str(one, "selector"), labels))
			continue;
		json_array_foreach (json_object_get(one, "recipients"), k, recipient) {
			const char *text = json_string_value(recipient) ?: "", *colon = strchr(text, ':');

			if (colon != NULL)
				subscriptions_add(c, arena_strndup(c->arena, text, (size_t)(colon - text)),
				    arena_strdup(c->arena, colon + 1));
			else
				subscriptions_add(c, arena_strdup(c->arena, text), "");
		}
	}
}

size_t
notify_destinations(const struct notify_config *config, const struct string_map *labels,
    const struct string_map *annotations, const char *trigger, struct arena *a, struct destination **ret)
{
	struct collecting c = { .arena = a, .config = config, .trigger = trigger };

	subscriptions_add_defaults(&c, labels);
	for (size_t i = 0; i < annotations->n; i++) {
		const char *key = annotations->at[i].key, *value = annotations->at[i].value ?: "";

		if (str_starts(key, NOTIFY_PREFIX "subscribe."))
			subscriptions_read_key(&c, key + strlen(NOTIFY_PREFIX "subscribe."), value);
		else if (strcmp(key, NOTIFY_PREFIX "subscriptions") == 0)
			subscriptions_read_list(&c, value);
	}
	*ret = c.at;
	return c.n;
}
