/* gitops/source/helm_index.c: credentials of a Helm repository in its index.yaml: one walk over the text, because an
 * index may have more charts than a parser's limit of values. */
#include "gitops/source/helm_index.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "gitops/source/location.h"

#define INDEX_MAX (128u << 20) /* bytes, with the logins */
#define ORIGIN_MAX 300

/* The beginning of a URL up to its path: as it is meant, and how many bytes of the text it takes. */
struct index_origin {
	char text[ORIGIN_MAX];
	size_t n, raw;
};

/* Returns one character of a text in double quotes, where `\/` and `\u002f` are a slash; 0: a URL cannot have it.
 * *ret_raw: its length in bytes. */
static char
helm_index_char(const char *at, bool quoted, size_t *ret_raw)
{
	char digits[5] = "";
	long code;

	*ret_raw = 1;
	if (!quoted || *at != '\\')
		return strchr(" \t\r\n\"'\\,]}", *at) != NULL ? '\0' : *at;
	*ret_raw = 2;
	if (at[1] != 'u')
		return at[1] == '/' ? '/' : '\0';
	memcpy(digits, at + 2, strnlen(at + 2, 4));
	code = strspn(digits, "0123456789abcdefABCDEF") == 4 ? strtol(digits, NULL, 16) : 0;
	*ret_raw = 6;
	return code > ' ' && code < 0x7f ? (char)code : '\0';
}

/* Reads "https://host:port"; false: there is no URL of http or https. */
static bool
helm_index_origin(const char *at, bool quoted, struct index_origin *ret)
{
	size_t scheme = strncasecmp(at, "https:", 6) == 0 ? 6 : strncasecmp(at, "http:", 5) == 0 ? 5 : 0, raw;
	char c;

	*ret = (struct index_origin){ 0 };
	for (; scheme > 0 && ret->n < ORIGIN_MAX - 1; ret->raw += raw) {
		c = helm_index_char(at + ret->raw, quoted, &raw);
		if (c == '\0' || (ret->n >= scheme + 2 && strchr("/?#", c) != NULL))
			break;
		ret->text[ret->n++] = c;
	}
	return scheme > 0 && ret->n > scheme + 2 && ret->n < ORIGIN_MAX - 1 &&
	       strncmp(ret->text + scheme, "//", 2) == 0;
}

const char *
helm_index_with_login(struct arena *a, const char *index, const char *repo_url, const char *login)
{
	struct index_origin own, here, last = { 0 };
	const char *done = NULL, *server, *user;
	bool is_own = false;
	struct str out;

	if (!helm_index_origin(repo_url, false, &own))
		return index;
	user = strrchr(own.text, '@');
	server = user == NULL
		     ? own.text
		     : arena_printf(a, "%.*s%s", (int)(strstr(own.text, "://") + 3 - own.text), own.text, user + 1);
	str_init(&out, INDEX_MAX);
	for (const char *at = index; *at != '\0';) {
		/* A URL in a parameter of another one is a part of that one. */
		bool begins = at == index || strchr(" \t\r\n\"'[,", at[-1]) != NULL;

		if (!begins || !helm_index_origin(at, at > index && at[-1] == '"', &here)) {
			str_addc(&out, *at++);
			continue;
		}
		if (strcmp(here.text, last.text) != 0) {
			is_own = strchr(here.text, '@') == NULL && location_below(a, server, here.text) > 0;
			last = here;
		}
		if (is_own)
			str_addf(&out, "%.*s%s%s", (int)(strstr(here.text, "://") + 3 - here.text), here.text, login,
			    strstr(here.text, "://") + 3);
		else
			str_add(&out, at, here.raw);
		at += here.raw;
	}
	if (!out.overflow)
		done = arena_strdup(a, str_text(&out));
	str_done(&out);
	return done;
}
