/* gitops/kustomize/edit.c: `kustomize edit set image` in the text of a kustomization, for promote-image: changes
 * only the lines that YAML's marks name. */
#include "gitops/kustomize/edit.h"
#include <string.h>
#include "base/json.h"
#include "base/str.h"
#include "gitops/kustomize/build.h"
#include "kube/api/yaml.h"

#define TEXT_MAX (4u << 20) /* bytes of the edited text */

struct editing {
	struct arena *arena;
	const char *file;
	json_t *doc;
	struct yaml_marks *marks; /* the line and column of each key in `doc` */
	char **lines; /* without "\n"; NULL: the line is removed */
	size_t n;
};

/* Returns whether the text has line ends other than "\n" and "\r\n". YAML counts these as lines, so its line numbers
 * would differ from ours. */
static bool
edit_has_other_line_ends(const char *text)
{
	for (const char *at = strchr(text, '\r'); at != NULL; at = strchr(at + 1, '\r'))
		if (at[1] != '\n')
			return true;
	return strstr(text, "\xc2\x85") != NULL || strstr(text, "\xe2\x80\xa8") != NULL ||
	       strstr(text, "\xe2\x80\xa9") != NULL;
}

static struct err *
edit_split(struct editing *e, const char *text)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	struct yaml_mark failed;
	struct err *err = yaml_parse_marked(e->arena, text, strlen(text), &docs, &e->marks, &failed);
	char *rest = arena_strdup(e->arena, text);

	if (err != NULL)
		return err_wrap(e->arena, err, "%s: line %zu, column %zu", e->file, failed.line, failed.column);
	if (edit_has_other_line_ends(text))
		return err_new(e->arena, ERR_INVALID, "%s: has line ends that are neither LF nor CR LF", e->file);
	if (json_array_size(docs) > 1)
		return err_new(e->arena, ERR_INVALID, "%s: has more than one document", e->file);
	e->doc = json_array_size(docs) == 1 ? json_incref(json_array_get(docs, 0)) : json_object();
	e->lines = arena_new_array(e->arena, char *, strlen(text) + 2);
	while (*rest != '\0') {
		char *end = strchr(rest, '\n');

		e->lines[e->n++] = rest;
		if (end == NULL)
			break;
		*end = '\0';
		rest = end + 1;
	}
	return NULL;
}

/* Returns the lines as one text. Each line ends with "\n", the last one too, even if the original had none there. */
static const char *
edit_join_lines(const struct editing *e)
{
	struct str text;
	const char *joined;

	str_init(&text, TEXT_MAX);
	for (size_t i = 0; i < e->n; i++)
		if (e->lines[i] != NULL)
			str_addf(&text, "%s\n", e->lines[i]);
	joined = arena_strdup(e->arena, str_text(&text));
	str_done(&text);
	return joined;
}

/* Returns the value as YAML: quoted if it would not be read as a string. */
static const char *
edit_quoted(struct arena *a, const char *value)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;

	if (yaml_parse(a, value, strlen(value), &docs) == NULL && json_array_size(docs) == 1 &&
	    json_is_string(json_array_get(docs, 0)) && strpbrk(value, "#{}[],&*!|>'\"%@`") == NULL)
		return value;
	return arena_printf(a, "\"%s\"", value);
}

/* Replaces the value of a key in its line. The rest of the line (a comment, or more of a flow map) stays. */
static struct err *
edit_replace(struct editing *e, const char *path, const char *value)
{
	const struct yaml_mark *m = yaml_mark_of(e->marks, path);
	char *line = e->lines[m->line - 1], *at = strchr(line + m->column - 1, ':'), *end;

	if (at == NULL)
		return err_new(e->arena, ERR_INVALID, "%s: line %zu: it cannot be changed here", e->file, m->line);
	at++;
	at += strspn(at, " ");
	if (*at == '"' || *at == '\'') {
		end = strchr(at + 1, *at);
		end = end != NULL ? end + 1 : at + strlen(at);
	} else {
		end = at;
		while (*end != '\0' && *end != '\r' && *end != ',' && *end != '}' && !(*end == ' ' && end[1] == '#'))
			end++;
		while (end > at && end[-1] == ' ')
			end--;
	}
	e->lines[m->line - 1] = arena_printf(e->arena, "%.*s%s%s%s", (int)(at - line), line, at[-1] == ':' ? " " : "",
	    edit_quoted(e->arena, value), end);
	return NULL;
}

/* Inserts a key next to another of the same map: on a line of its own, or on the same line in a map in flow style. */
static void
edit_add(struct editing *e, const char *sibling, const char *key, const char *value)
{
	const struct yaml_mark *m = yaml_mark_of(e->marks, sibling);
	char *line = e->lines[m->line - 1], *brace = strchr(line, '{');

	if (brace != NULL && brace < line + m->column)
		e->lines[m->line - 1] = arena_printf(e->arena, "%.*s%s: %s, %s", (int)(m->column - 1), line, key,
		    edit_quoted(e->arena, value), line + m->column - 1);
	else
		e->lines[m->line - 1] = arena_printf(
		    e->arena, "%s\n%*s%s: %s", line, (int)m->column - 1, "", key, edit_quoted(e->arena, value));
}

/* Removes a key. A key in the first line of its element, or in a flow map, cannot be removed. */
static struct err *
edit_drop(struct editing *e, const char *path)
{
	const struct yaml_mark *m = yaml_mark_of(e->marks, path);
	const char *line = e->lines[m->line - 1];

	if (strspn(line, " ") != m->column - 1)
		return err_new(
		    e->arena, ERR_INVALID, "%s: line %zu: %s cannot be taken out here", e->file, m->line, path);
	e->lines[m->line - 1] = NULL;
	return NULL;
}

/* Sets a key of the entry to the value. NULL value: removes the key. */
static struct err *
edit_set(struct editing *e, const json_t *image, size_t i, const char *key, const char *value)
{
	const char *path = arena_printf(e->arena, "images[%zu].%s", i, key), *is = json_str(image, key);
	const json_t *there = json_object_get(image, key);

	if (value == NULL)
		return there != NULL ? edit_drop(e, path) : NULL;
	if (there != NULL)
		return str_eq(is, value) ? NULL : edit_replace(e, path, value);
	edit_add(e, arena_printf(e->arena, "images[%zu].name", i), key, value);
	return NULL;
}

/* Returns the lines of a new entry of `images`. */
static const char *
edit_new_entry(struct editing *e, const json_t *want, int indent)
{
	static const char *const keys[] = { "newName", "newTag", "digest" };
	const char *text =
	    arena_printf(e->arena, "%*s- name: %s", indent, "", edit_quoted(e->arena, json_str(want, "name")));

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (json_str(want, keys[i]) != NULL)
			text = arena_printf(e->arena, "%s\n%*s  %s: %s", text, indent, "", keys[i],
			    edit_quoted(e->arena, json_str(want, keys[i])));
	return text;
}

/* Adds an entry after the last one, or as the first one. */
static struct err *
edit_append(struct editing *e, const json_t *want)
{
	size_t n = json_array_size(json_object_get(e->doc, "images")), line = 0;
	const struct yaml_mark *first = yaml_mark_of(e->marks, "images[0]");
	const char *dash;

	if (n == 0 && json_object_get(e->doc, "images") != NULL)
		return err_new(e->arena, ERR_INVALID, "%s: images: is there, and empty; take it out", e->file);
	if (n == 0) {
		e->lines[e->n++] = arena_printf(e->arena, "images:\n%s", edit_new_entry(e, want, 0));
		return NULL;
	}
	for (size_t i = 0; i < e->marks->marks.n; i++)
		if (str_starts(e->marks->marks.at[i].path, "images[") && e->marks->marks.at[i].line > line)
			line = e->marks->marks.at[i].line;
	dash = strchr(e->lines[first->line - 1], '-');
	if (dash == NULL || strchr(e->lines[yaml_mark_of(e->marks, "images")->line - 1], '[') != NULL)
		return err_new(e->arena, ERR_INVALID,
		    "%s: line %zu: images: has its elements in one line; give each its own", e->file, first->line);
	e->lines[line - 1] = arena_printf(
	    e->arena, "%s\n%s", e->lines[line - 1], edit_new_entry(e, want, (int)(dash - e->lines[first->line - 1])));
	return NULL;
}

static struct err *
edit_change(struct editing *e, const json_t *want)
{
	static const char *const keys[] = { "newName", "newTag", "digest" };
	const json_t *image;
	size_t i;

	json_array_foreach (json_object_get(e->doc, "images"), i, image) {
		struct err *err = NULL;

		if (!str_eq(json_str(image, "name"), json_str(want, "name")))
			continue;
		/* keys[0], newName, is set only if one is given: an existing one stays. */
		for (size_t k = json_str(want, "newName") != NULL ? 0 : 1; k < ARRAY_SIZE(keys) && err == NULL; k++)
			err = edit_set(e, image, i, keys[k], json_str(want, keys[k]));
		return err;
	}
	return edit_append(e, want);
}

/* Parses the edited text again: the image must be as requested, and everything else unchanged. */
static struct err *
edit_verify(struct editing *e, const json_t *want, const char *text)
{
	_cleanup_(json_decrefp) json_t *docs = NULL, *was = json_deep_copy(e->doc), *is = NULL;
	struct err *err = yaml_parse(e->arena, text, strlen(text), &docs);
	const json_t *image;
	bool found = false;
	size_t i;

	if (err != NULL)
		return err_wrap(e->arena, err, "%s: after the change", e->file);
	is = json_deep_copy(json_array_get(docs, 0));
	json_array_foreach (json_object_get(is, "images"), i, image)
		found |= str_eq(json_str(image, "name"), json_str(want, "name")) &&
			 str_eq(json_str(image, "newTag"), json_str(want, "newTag")) &&
			 str_eq(json_str(image, "digest"), json_str(want, "digest"));
	json_object_del(was, "images");
	json_object_del(is, "images");
	return found && json_equal(was, is)
		   ? NULL
		   : err_new(e->arena, ERR_INVALID, "%s: images: it is written in a way that cannot be changed here",
			 e->file);
}

struct err *
k_edit_image(struct arena *a, const char *text, const char *file, const char *image, const char **ret_text)
{
	struct editing e = { .arena = a, .file = file };
	_cleanup_(json_decrefp) json_t *want = k_image_json(a, image);
	const char *edited;
	struct err *err;

	if (json_str(want, "newTag") == NULL && json_str(want, "digest") == NULL)
		return err_new(a, ERR_INVALID, "%s: has neither a tag nor a digest", image);
	err = edit_split(&e, text);
	if (err == NULL)
		err = edit_change(&e, want);
	if (err == NULL) {
		edited = edit_join_lines(&e);
		/* Joined lines may have one more byte than the text: the "\n" of a last line that had none. */
		if (strncmp(edited, text, strlen(text)) == 0 && strlen(edited) - strlen(text) <= 1)
			*ret_text = text;
		else if ((err = edit_verify(&e, want, edited)) == NULL)
			*ret_text = edited;
	}
	json_decref(e.doc);
	return err;
}
