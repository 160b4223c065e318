/* tests/unit/kube/reading.c: objects that are read from their text are the same as from a tree, and so are copies of
 * them: all examples, worlds and traces, and what random changes make of them. */
#include <dirent.h>
#include <stdio.h>
#include "tests/unit/unit.h"
#include "base/json_walk.h"
#include "base/rand.h"
#include "base/str.h"
#include "kube/api/analysis.h"
#include "kube/api/core.h"
#include "kube/api/roots.h"
#include "tests/unit/kube/tree_decoder.h"

#define TEXT_MAX (4u << 20)
#define CHANGES 60 /* of each object */

static size_t objects, accepted, refused;

/* The type that its kind names. */
static const struct type *
reading_type(const char *kind)
{
	static const struct type *const others[] = { &replicaset_type, &service_type, &pod_type, &virtual_service_type,
		&destination_rule_type, &deployment_type, &pod_template_object_type };

	for (size_t i = 0; kind != NULL && i < ARRAY_SIZE(others); i++)
		if (strcmp(others[i]->kind, kind) == 0)
			return others[i];
	return kind != NULL ? api_root_named(kind) : NULL;
}

/* Compares both ways for a text. */
static void
reading_compare(const struct type *t, const char *text, size_t len)
{
	_cleanup_(arena_freep) struct arena *a = arena_new(), *decoded = arena_new();
	_cleanup_(json_decrefp) json_t *tree = NULL;
	struct err *e = json_parse(a, text, len, &tree);
	const struct object *copy, *want;
	const char *wrong;

	if (json_check(text, len, JSON_DEPTH_MAX) != (e == NULL && memchr(text, '\0', len) == NULL))
		fail_msg("%s: %s", e != NULL ? "accepted" : "refused", text);
	if (e != NULL || memchr(text, '\0', len) != NULL) {
		refused++;
		return;
	}
	accepted++;
	assert_string_equal(json_compact(a, json_begin(text)), json_text(a, tree));
	if (!json_is_object(tree))
		return;
	want = tree_object(t, tree, a);
	copy = object_decode_at(t, json_begin(text), decoded);
	wrong = tree_difference(a, copy, want);
	if (wrong != NULL)
		fail_msg("%s: %s", wrong, text);
	/* A copy is the same, and refers to nothing of the original. */
	copy = object_copy(copy, a);
	decoded = arena_free(decoded);
	wrong = tree_difference(a, copy, want);
	if (wrong != NULL)
		fail_msg("in a copy %s: %s", wrong, text);
}

/* Puts a value into the place of a random one. */
static void
reading_replace(struct rand_stream *rand, const struct type *t, const char *text)
{
	static const char *const values[] = { "null", "true", "0", "-1", "3.0", "1e30", "0.1", "9223372036854775807",
		"\"\"", "\"x\"", "\"a\\u0000b\"", "\"\\u00e9\\\"<&>\\u2028\"", "\"50\"", "\"1Gi\"",
		"\"2026-01-02T03:04:05Z\"", "[]", "[null]", "[1,\"x\"]", "{}", "{\"a\":1}",
		"{\"app\":\"x\",\"\\u0061\\u0070\":\"y\"}", "\"1m30s\"", "9223372036854775808", "\"\xff\"",
		"[[[[[[[[]]]]]]]]" };
	size_t n = 0, wanted;
	struct str changed;

	for (const char *at = text; *at != '\0'; at++)
		n += *at == ':' || *at == ',' || *at == '[';
	if (n == 0)
		return;
	wanted = (size_t)rand_below(rand, n);
	for (const char *at = text; *at != '\0'; at++) {
		const char *end;

		if ((*at != ':' && *at != ',' && *at != '[') || wanted-- != 0)
			continue;
		/* Within a string the value makes it another one, or the text no JSON. */
		end = at[1] != '\0' && strchr("{[\"", at[1]) != NULL && *at == ':' ? json_skip(at + 1)
										   : at + 1 + strcspn(at + 1, ",]}");
		str_init(&changed, TEXT_MAX);
		str_add(&changed, text, (size_t)(at + 1 - text));
		str_adds(&changed, values[rand_below(rand, ARRAY_SIZE(values))]);
		str_adds(&changed, end);
		reading_compare(t, changed.at, changed.len);
		str_done(&changed);
		return;
	}
}

/* Changes, removes or doubles a few bytes. */
static void
reading_damage(struct rand_stream *rand, const struct type *t, const char *text)
{
	static const char bytes[] = "\"\\{}[]:,0-9.eE+u\n\x01\x7f\xc3\xed\xf4 nat";
	size_t len = strlen(text), at = (size_t)rand_below(rand, len), n = 1 + (size_t)rand_below(rand, 4);
	struct str changed;

	n = n < len - at ? n : len - at;
	str_init(&changed, TEXT_MAX);
	str_add(&changed, text, at);
	switch (rand_below(rand, 3)) {
	case 0: str_addc(&changed, bytes[rand_below(rand, sizeof(bytes) - 1)]); break;
	case 1: str_add(&changed, text + at, n); break;
	default: at += n; break;
	}
	str_adds(&changed, text + at);
	reading_compare(t, changed.at, changed.len);
	str_done(&changed);
}

static void
reading_object(struct rand_stream *rand, const json_t *j)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const struct type *t = reading_type(json_str(j, "kind"));
	const char *text;
	char *indented;

	if (t == NULL)
		return;
	objects++;
	text = json_text(a, j);
	indented = json_dumps(j, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	reading_compare(t, text, strlen(text));
	reading_compare(t, indented, strlen(indented));
	for (int i = 0; i < CHANGES; i++) {
		reading_replace(rand, t, text);
		reading_damage(rand, t, text);
	}
	free(indented);
}

/* An object, or all objects in a value of any form. */
static void
reading_tree(struct rand_stream *rand, const json_t *j)
{
	const char *key;
	json_t *v;
	size_t i;

	if (json_is_string(json_object_get(j, "kind")))
		reading_object(rand, j);
	json_object_foreach ((json_t *)j, key, v)
		reading_tree(rand, v);
	json_array_foreach (j, i, v)
		reading_tree(rand, v);
}

static void
reading_file(const char *path)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct rand_stream rand = rand_stream(1, path);
	char *text = arena_alloc(a, TEXT_MAX), *line = text, *rest;
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, TEXT_MAX - 1, f);
	fclose(f);
	if (!str_ends(path, ".jsonl")) {
		if (yaml_parse(a, text, n, &docs) == NULL)
			reading_tree(&rand, docs);
		return;
	}
	while ((line = strtok_r(line, "\n", &rest)) != NULL) {
		_cleanup_(json_decrefp) json_t *j = json_loads(line, 0, NULL);

		reading_tree(&rand, j);
		line = NULL;
	}
}

static void
reading_folder(const char *path, int depth)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	DIR *d = opendir(path);
	struct dirent *e;

	if (d == NULL) {
		if (str_ends(path, ".yaml") || str_ends(path, ".json") || str_ends(path, ".jsonl"))
			reading_file(path);
		return;
	}
	while (depth < 6 && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			reading_folder(arena_printf(a, "%s/%s", path, e->d_name), depth + 1);
	closedir(d);
}

static void
an_object_from_its_text_is_the_same_as_from_a_tree(void **state)
{
	static const char *const folders[] = { "tests/data", "examples", "tests/e2e/scenarios", "tests/bench" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		reading_folder(folders[i], 0);
	printf("%zu objects; of their changed texts, %zu accepted and %zu refused\n", objects, accepted, refused);
	assert_true(objects > 500 && accepted > 10 * objects && refused > objects);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_object_from_its_text_is_the_same_as_from_a_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
