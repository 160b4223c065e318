/* gitops/kustomize/embedded.c: JSON in a string field, for replacements: read as YAML, and written as Go's
 * encoding/json does. */
#include "gitops/kustomize/embedded.h"
#include <string.h>
#include "base/str.h"
#include "kube/api/yaml.h"

#define EMBEDDED_MAX (16u << 20) /* bytes of an indented text */

json_t *
k_embedded_read(struct arena *a, const char *text)
{
	_cleanup_(json_decrefp) json_t *docs = NULL;
	char first = text[strspn(text, " \t\r\n")];

	if ((first != '{' && first != '[') || yaml_parse_as(a, text, strlen(text), YAML_KUSTOMIZE, &docs) != NULL ||
	    json_array_size(docs) != 1)
		return NULL;
	return json_incref(json_array_get(docs, 0));
}

static void
embedded_line(struct str *to, size_t depth)
{
	str_addc(to, '\n');
	for (size_t i = 0; i < depth; i++)
		str_adds(to, "  ");
}

/* A string with its quotes; returns what follows it. */
static const char *
embedded_string(struct str *to, const char *at)
{
	const char *from = at++;

	while (*at != '"')
		at += *at == '\\' ? 2 : 1;
	str_add(to, from, (size_t)(++at - from));
	return at;
}

/* Compact JSON, indented; NULL: it is longer than EMBEDDED_MAX. */
static const char *
embedded_indent(struct arena *a, const char *at)
{
	struct str to;
	const char *text;
	size_t depth = 0;

	str_init(&to, EMBEDDED_MAX);
	while (*at != '\0')
		if (*at == '"') {
			at = embedded_string(&to, at);
		} else if ((*at == '{' || *at == '[') && (at[1] == '}' || at[1] == ']')) {
			str_add(&to, at, 2);
			at += 2;
		} else if (*at == '{' || *at == '[') {
			str_addc(&to, *at++);
			embedded_line(&to, ++depth);
		} else if (*at == '}' || *at == ']') {
			embedded_line(&to, --depth);
			str_addc(&to, *at++);
		} else {
			str_addc(&to, *at);
			if (*at == ',')
				embedded_line(&to, depth);
			else if (*at == ':')
				str_addc(&to, ' ');
			at++;
		}
	text = to.overflow ? NULL : arena_strdup(a, str_text(&to));
	str_done(&to);
	return text;
}

const char *
k_embedded_text(struct arena *a, const json_t *value, const char *was)
{
	const char *text = json_text_go(a, value);

	return strchr(was, '\n') != NULL && strstr(was, "  ") != NULL ? embedded_indent(a, text) : text;
}
