/* gitops/kustomize/generate.c: configMapGenerator and secretGenerator: makes ConfigMaps and Secrets from files and
 * literals, and the hash suffix of their names. */
#include "gitops/kustomize/generate.h"
#include <string.h>
#include "base/base64.h"
#include "base/sha256.h"

#define LINE_MAX_ 70 /* characters of a line of base64 */

struct data {
	struct arena *arena;
	json_t *text, *binary; /* of a ConfigMap; a Secret has `text` in base64 */
	bool secret;
};

/* Returns whether the bytes are valid UTF-8, without overlong forms. */
static bool
generate_is_utf8(const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		unsigned char c = (unsigned char)s[i];
		size_t more = c < 0x80		       ? 0
			      : c >= 0xc2 && c <= 0xdf ? 1
			      : c >= 0xe0 && c <= 0xef ? 2
			      : c >= 0xf0 && c <= 0xf4 ? 3
						       : n;

		if (more >= n - i + (more == 0))
			return false;
		for (size_t k = 1; k <= more; k++)
			if (((unsigned char)s[i + k] & 0xc0) != 0x80)
				return false;
		i += more + 1;
	}
	return true;
}

/* Returns base64 as kustomize writes it: if it is longer than one line, it is split into lines of LINE_MAX_, each
 * with a line end. */
static const char *
generate_wrapped_base64(struct arena *a, const char *at, size_t len)
{
	const char *flat = base64_encode(a, at, len);
	size_t n = strlen(flat);
	char *lines, *to;

	if (n <= LINE_MAX_)
		return flat;
	to = lines = arena_alloc(a, n + n / LINE_MAX_ + 2);
	for (size_t i = 0; i < n; i += LINE_MAX_) {
		size_t part = n - i < LINE_MAX_ ? n - i : LINE_MAX_;

		memcpy(to, flat + i, part);
		to += part;
		*to++ = '\n';
	}
	*to = '\0';
	return lines;
}

static struct err *
generate_put(struct data *d, const char *key, const char *at, size_t len)
{
	json_t *to = d->text;

	if (key[0] == '\0')
		return err_new(d->arena, ERR_INVALID, "a key is empty");
	if (json_object_get(d->text, key) != NULL || json_object_get(d->binary, key) != NULL)
		return err_new(d->arena, ERR_INVALID, "the key %s is there twice", key);
	if (d->secret || !generate_is_utf8(at, len) || memchr(at, '\0', len) != NULL) {
		if (!d->secret)
			to = d->binary;
		json_object_set_new(to, key, json_string(generate_wrapped_base64(d->arena, at, len)));
	} else {
		json_object_set_new(to, key, json_stringn(at, len));
	}
	return NULL;
}

/* Parses "KEY=VALUE". Quotes around the whole value are removed. */
static struct err *
generate_put_pair(struct data *d, const char *text)
{
	const char *eq = strchr(text, '='), *value;
	size_t n;

	if (eq == NULL || eq == text)
		return err_new(d->arena, ERR_INVALID, "\"%s\" is not KEY=VALUE", text);
	value = eq + 1;
	n = strlen(value);
	if (n >= 2 && (*value == '"' || *value == '\'') && value[n - 1] == *value) {
		value++;
		n -= 2;
	}
	return generate_put(d, arena_strndup(d->arena, text, (size_t)(eq - text)), value, n);
}

/* Reads a file of KEY=VALUE lines; "#" begins a comment. A line without "=" is an error: no environment is read. */
static struct err *
generate_put_env(struct data *d, const struct bytes *file, const char *path)
{
	const char *at = file->at;
	struct err *e = NULL;

	if (file->len >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
		at += 3;
	while (*at != '\0' && e == NULL) {
		size_t n = strcspn(at, "\n");
		char *line = arena_strndup(d->arena, at, n > 0 && at[n - 1] == '\r' ? n - 1 : n), *eq;

		at += n + (at[n] == '\n');
		line += strspn(line, " \t");
		if (line[0] == '\0' || line[0] == '#')
			continue;
		eq = strchr(line, '=');
		if (eq == NULL)
			return err_new(d->arena, ERR_INVALID,
			    "%s: \"%s\": values from the environment are not supported; write NAME=VALUE", path, line);
		*eq = '\0';
		e = generate_put(d, line, eq + 1, strlen(eq + 1));
	}
	return e;
}

static struct err *
generate_read_file(struct data *d, const struct tree *t, const char *dir, const char *path, struct bytes *ret)
{
	const char *whole;
	struct err *e = tree_path(d->arena, dir, path, &whole);

	return e != NULL ? e : tree_read(t, d->arena, whole, ret, NULL);
}

static struct err *
generate_read_all(struct data *d, const struct tree *t, const char *dir, const struct k_generator *g)
{
	struct bytes file;
	struct err *e = NULL;

	for (size_t i = 0; i < g->envs.n && e == NULL; i++)
		if ((e = generate_read_file(d, t, dir, g->envs.at[i], &file)) == NULL)
			e = generate_put_env(d, &file, g->envs.at[i]);
	if (e == NULL && !str_empty(g->env) && (e = generate_read_file(d, t, dir, g->env, &file)) == NULL)
		e = generate_put_env(d, &file, g->env);
	for (size_t i = 0; i < g->files.n && e == NULL; i++) {
		const char *entry = g->files.at[i], *eq = strchr(entry, '='), *path = eq != NULL ? eq + 1 : entry;
		const char *slash = strrchr(path, '/');
		const char *key = eq != NULL	  ? arena_strndup(d->arena, entry, (size_t)(eq - entry))
				  : slash != NULL ? slash + 1
						  : path;

		if ((e = generate_read_file(d, t, dir, path, &file)) == NULL)
			e = generate_put(d, key, file.at, file.len);
	}
	for (size_t i = 0; i < g->literals.n && e == NULL; i++)
		e = generate_put_pair(d, g->literals.at[i]);
	return e;
}

static void
generate_set_map(json_t *meta, const char *name, const struct string_map *pairs)
{
	json_t *to = json_object_get(meta, name);

	if (pairs->n == 0)
		return;
	if (to == NULL)
		json_object_set_new(meta, name, to = json_object());
	for (size_t i = 0; i < pairs->n; i++)
		json_object_set_new(to, pairs->at[i].key, json_string(pairs->at[i].value));
}

static json_t *
generate_object(struct data *d, const struct k_generator *g, const struct k_generator_options *common)
{
	json_t *o = json_pack("{s:s, s:s, s:{s:s}}", "apiVersion", "v1", "kind", d->secret ? "Secret" : "ConfigMap",
	    "metadata", "name", g->name);
	json_t *meta = json_object_get(o, "metadata");

	if (!str_empty(g->namespace))
		json_object_set_new(meta, "namespace", json_string(g->namespace));
	if (common != NULL) {
		generate_set_map(meta, "labels", &common->labels);
		generate_set_map(meta, "annotations", &common->annotations);
	}
	if (g->options != NULL) {
		generate_set_map(meta, "labels", &g->options->labels);
		generate_set_map(meta, "annotations", &g->options->annotations);
	}
	if ((common != NULL && common->immutable) || (g->options != NULL && g->options->immutable))
		json_object_set_new(o, "immutable", json_true());
	if (d->secret)
		json_object_set_new(o, "type", json_string(str_empty(g->secret_type) ? "Opaque" : g->secret_type));
	/* A Secret has it in any case; kustomize has made them so, and hashes it. */
	if (json_object_size(d->text) > 0 || d->secret)
		json_object_set(o, "data", d->text);
	if (json_object_size(d->binary) > 0)
		json_object_set(o, "binaryData", d->binary);
	return o;
}

/* Changes an existing object: the new data is merged into its data, or replaces it. */
static void
generate_into(struct k_object *there, const json_t *made, bool merge)
{
	static const char *const parts[] = { "data", "binaryData" }, *const maps[] = { "labels", "annotations" },
				 *const own_fields[] = { "type", "immutable", "stringData" };
	json_t *meta = json_object_get(there->object, "metadata");

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		json_t *own = json_object_get(there->object, parts[i]), *new = json_object_get(made, parts[i]);

		if (merge && own != NULL && new != NULL)
			json_object_update(own, new);
		else if (new != NULL)
			json_object_set(there->object, parts[i], new);
		else if (!merge)
			json_object_del(there->object, parts[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		json_t *own = json_object_get(meta, maps[i]),
		       *new = json_object_get(json_object_get(made, "metadata"), maps[i]);

		if (own != NULL && new != NULL)
			json_object_update(own, new);
		else if (new != NULL)
			json_object_set(meta, maps[i], new);
	}
	/* As kustomize has it, these are the new one's, whatever the old one had. */
	for (size_t i = 0; i < ARRAY_SIZE(own_fields); i++)
		if (json_object_get(made, own_fields[i]) != NULL)
			json_object_set(there->object, own_fields[i], json_object_get(made, own_fields[i]));
		else
			json_object_del(there->object, own_fields[i]);
}

struct err *
k_generate(struct k_objects *all, const struct tree *t, const char *dir, const struct k_generator *g, bool secret,
    const struct k_generator_options *common)
{
	_cleanup_(json_decrefp) json_t *text = json_object(), *binary = json_object();
	struct data d = { all->arena, text, binary, secret };
	const char *what =
	    arena_printf(all->arena, "%s %s", secret ? "secretGenerator" : "configMapGenerator", g->name);
	bool hash = !((common != NULL && common->disable_hash) || (g->options != NULL && g->options->disable_hash));
	struct k_id id = { .group = "",
		.version = "v1",
		.kind = secret ? "Secret" : "ConfigMap",
		.namespace = g->namespace,
		.name = g->name };
	struct k_object *there = NULL;
	json_t *made;
	struct err *e = generate_read_all(&d, t, dir, g);

	if (e == NULL)
		e = k_objects_find(all, &id, &there);
	if (e != NULL)
		return err_wrap(all->arena, e, "%s", what);
	made = generate_object(&d, g, common);
	if (str_empty(g->behavior) || strcmp(g->behavior, "create") == 0) {
		if ((e = k_objects_add(all, made, what)) != NULL)
			return e;
		all->at[all->n - 1].needs_hash = hash;
		return NULL;
	}
	if (there == NULL) {
		json_decref(made);
		return err_new(all->arena, ERR_INVALID, "%s: behavior %s requires an existing object of that name",
		    what, g->behavior);
	}
	generate_into(there, made, strcmp(g->behavior, "merge") == 0);
	there->needs_hash &= hash;
	json_decref(made);
	return NULL;
}

/* Returns the part of the object that is hashed. The name is always empty there, as in kustomize. */
static json_t *
generate_hashed_part(const json_t *object)
{
	const char *kind = json_str(object, "kind");
	json_t *data = json_object_get(object, "data"), *o;

	if (!str_eq(kind, "Secret") && !str_eq(kind, "ConfigMap"))
		return json_incref((json_t *)object);
	o = json_pack("{s:s, s:s}", "kind", kind, "name", "");
	if (data != NULL)
		json_object_set(o, "data", data);
	else
		json_object_set_new(o, "data", json_string(""));
	if (strcmp(kind, "Secret") == 0) {
		json_object_set_new(o, "type", json_string(json_str(object, "type") ?: ""));
		if (json_object_get(object, "stringData") != NULL)
			json_object_set(o, "stringData", json_object_get(object, "stringData"));
	} else if (json_object_get(object, "binaryData") != NULL) {
		json_object_set(o, "binaryData", json_object_get(object, "binaryData"));
	}
	return o;
}

const char *
k_hash(struct arena *a, const json_t *object)
{
	json_t *o = generate_hashed_part(object);
	const char *text = json_text_go(a, o);
	unsigned char sum[SHA256_SIZE];
	char *hash = arena_alloc(a, 11);

	json_decref(o);
	sha256(text, strlen(text), sum);
	for (int i = 0; i < 10; i++) {
		/* As in kustomize: without vowels and similar digits, so that the hash spells no word. */
		static const char digits[] = "gh2k456789mbcdtf";

		hash[i] = digits[i % 2 == 0 ? sum[i / 2] >> 4 : sum[i / 2] & 15];
	}
	return hash;
}

void
k_add_hashes(struct k_objects *all)
{
	for (size_t i = 0; i < all->n; i++) {
		struct k_object *o = &all->at[i];
		json_t *meta = json_object_get(o->object, "metadata");

		if (!o->needs_hash)
			continue;
		k_object_remember(all, o);
		json_object_set_new(meta, "name",
		    json_string(
			arena_printf(all->arena, "%s-%s", json_str(meta, "name"), k_hash(all->arena, o->object))));
	}
}
