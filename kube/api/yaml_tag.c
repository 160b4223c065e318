/* kube/api/yaml_tag.c: explicit YAML tags (!!str 1): a second reading of the text, for its tags only. */
#include "kube/api/yaml_tag.h"
#include <string.h>
#include <yaml.h>
#include "base/base64.h"
#include "base/str.h"

#define PREFIX "tag:yaml.org,2002:"

static void
tag_add(struct yaml_tags *tags, struct arena *a, const yaml_event_t *event, const char *tag)
{
	tags->at = arena_grow(a, tags->at, tags->n, &tags->capacity, sizeof(*tags->at));
	tags->at[tags->n++] = (struct yaml_tag){ .index = event->start_mark.index,
		.text =
		    str_starts(tag, PREFIX) ? arena_printf(a, "!!%s", tag + strlen(PREFIX)) : arena_strdup(a, tag) };
}

static const char *
tag_of_event(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT: return (const char *)event->data.scalar.tag;
	case YAML_SEQUENCE_START_EVENT: return (const char *)event->data.sequence_start.tag;
	case YAML_MAPPING_START_EVENT: return (const char *)event->data.mapping_start.tag;
	default: return NULL;
	}
}

struct yaml_tags
yaml_tags_read(struct arena *a, const char *text, size_t len)
{
	struct yaml_tags tags = { 0 };
	yaml_parser_t parser;
	yaml_event_t event;
	bool more = true;

	if (memchr(text, '!', len) == NULL)
		return tags;
	yaml_parser_initialize(&parser);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	while (more && yaml_parser_parse(&parser, &event)) {
		if (tag_of_event(&event) != NULL)
			tag_add(&tags, a, &event, tag_of_event(&event));
		more = event.type != YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	return tags;
}

const struct yaml_tag *
yaml_tags_find(const struct yaml_tags *tags, size_t index)
{
	size_t from = 0, to = tags->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (tags->at[middle].index == index)
			return &tags->at[middle];
		if (tags->at[middle].index < index)
			from = middle + 1;
		else
			to = middle;
	}
	return NULL;
}

static struct err *
tag_unknown(struct arena *a, const struct yaml_tag *t)
{
	return err_new(a, ERR_INVALID,
	    "the tag %s is not known here; known are !!str, !!int, !!float, !!bool, !!null, "
	    "!!binary, !!timestamp, !!map and !!seq",
	    t->text);
}

/* Returns whether the value of a plain scalar has the kind of its tag. */
static bool
tag_is(const char *tag, const json_t *v, const char *text)
{
	if (strcmp(tag, "!!null") == 0)
		return json_is_null(v);
	if (strcmp(tag, "!!bool") == 0)
		return json_is_boolean(v);
	if (strcmp(tag, "!!float") == 0)
		return json_is_number(v);
	if (strcmp(tag, "!!timestamp") == 0)
		return json_is_string(v);
	/* 1.0 is not an integer, and the e of 0x1e is a digit. */
	return json_is_integer(v) && (strpbrk(text, ".eE") == NULL || strpbrk(text, "xX") != NULL);
}

static struct err *
tag_binary(struct arena *a, const char *text, json_t **ret)
{
	size_t len = 0;
	const char *bytes = base64_decode(a, text, &len);

	if (bytes == NULL)
		return err_new(a, ERR_INVALID, "the value of !!binary is no base64");
	if ((*ret = json_stringn(bytes, len)) == NULL)
		return err_new(a, ERR_INVALID,
		    "the value of !!binary is no UTF-8, which JSON cannot hold; binaryData of a "
		    "ConfigMap, and data of a Secret, take base64 without a tag");
	return NULL;
}

struct err *
yaml_tag_scalar(
    struct arena *a, const struct yaml_tag *t, const char *text, size_t len, enum yaml_words words, json_t **ret)
{
	static const char *const plain[] = { "!!int", "!!float", "!!bool", "!!null", "!!timestamp" };
	json_t *v;

	if (strcmp(t->text, "!") == 0 || strcmp(t->text, "!!str") == 0) {
		*ret = json_stringn(text, len);
		return *ret != NULL ? NULL : err_new(a, ERR_INVALID, "not UTF-8");
	}
	if (strcmp(t->text, "!!binary") == 0)
		return tag_binary(a, text, ret);
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		bool time = strcmp(t->text, "!!timestamp") == 0;

		if (strcmp(t->text, plain[i]) != 0)
			continue;
		/* A time with its tag is written as RFC 3339; without the tag only kustomize reads it as a time. */
		v = yaml_plain(a, text, time ? YAML_KUSTOMIZE : words);
		if (v != NULL && tag_is(t->text, v, text)) {
			*ret = v;
			return NULL;
		}
		json_decref(v);
		return err_new(a, ERR_INVALID, "\"%.100s\" is not a value of the tag %s", text, t->text);
	}
	return tag_unknown(a, t);
}

struct err *
yaml_tag_check(struct arena *a, const struct yaml_tag *t, const char *only)
{
	return strcmp(t->text, "!") == 0 || strcmp(t->text, only) == 0 ? NULL : tag_unknown(a, t);
}
