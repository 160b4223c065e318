/* gitops/source/helm_index_login.c: credentials of a Helm repository in its index.yaml. libyaml's events are read one
 * by one, because an index may have more charts than a parser's limit of values. A URL is compared as Helm reads it, as
 * a whole scalar with its escapes and line breaks decoded; a URL that cannot be decoded gets no login. */
#include "gitops/source/helm_index_login.h"
#include <string.h>
#include <strings.h>
#include <yaml.h>
#include "base/json.h"
#include "base/str.h"
#include "gitops/source/repository_url.h"

#define INDEX_MAX (128u << 20) /* bytes, with the logins */
#define ORIGIN_MAX 300
#define HOST_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:[]"

/* The place in the text. libyaml counts characters, which may have several bytes. */
struct index_place {
	const char *at;
	size_t character;
};

/* Returns the length of "https://" or "http://", in any case; 0: the text does not begin with it. */
static size_t
helm_index_scheme(const char *url)
{
	return strncasecmp(url, "https://", 8) == 0 ? 8 : strncasecmp(url, "http://", 7) == 0 ? 7 : 0;
}

/* Reads "https://host:port" into ret[ORIGIN_MAX]. A user is allowed only where `user` is. false: another character is
 * before the path, or there is no host. */
static bool
helm_index_origin(const char *url, bool user, char *ret)
{
	size_t scheme = helm_index_scheme(url), n = scheme + strcspn(url + scheme, "/?#"), host = scheme;

	if (scheme == 0 || n >= ORIGIN_MAX)
		return false;
	for (size_t i = scheme; user && i < n; i++)
		if (url[i] == '@')
			host = i + 1;
	if (host == n || strspn(url + host, HOST_CHARACTERS) < n - host)
		return false;
	memcpy(ret, url, scheme);
	memcpy(ret + scheme, url + host, n - host);
	ret[scheme + n - host] = '\0';
	return true;
}

/* Moves to a character of the text, by its number. */
static void
helm_index_seek(struct index_place *p, size_t character)
{
	for (; p->character < character && *p->at != '\0'; p->character++)
		for (p->at++; ((unsigned char)*p->at & 0xc0) == 0x80;)
			p->at++;
}

/* Returns whether the event is a URL of the server. Anchors, tags and block scalars, which no index has at a URL, are
 * not understood. */
static bool
helm_index_is_own(struct arena *a, const yaml_event_t *e, const char *server)
{
	const char *url = (const char *)e->data.scalar.value;
	char origin[ORIGIN_MAX];

	return e->type == YAML_SCALAR_EVENT && e->data.scalar.anchor == NULL && e->data.scalar.tag == NULL &&
	       e->data.scalar.style != YAML_LITERAL_SCALAR_STYLE && e->data.scalar.style != YAML_FOLDED_SCALAR_STYLE &&
	       strlen(url) == e->data.scalar.length && helm_index_origin(url, false, origin) &&
	       location_below(a, server, origin) > 0;
}

/* Adds the text up to the URL, and the URL with the login, in double quotes. */
static void
helm_index_mark(struct str *out, struct index_place *p, const yaml_event_t *e, const char *login)
{
	const char *url = (const char *)e->data.scalar.value, *from = p->at;
	size_t scheme = helm_index_scheme(url);
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	_cleanup_(json_decrefp) json_t *text =
	    json_string(arena_printf(scratch, "%.*s%s%s", (int)scheme, url, login, url + scheme));

	helm_index_seek(p, e->start_mark.index);
	str_add(out, from, (size_t)(p->at - from));
	str_addf(out, "%s", json_text(scratch, text));
	helm_index_seek(p, e->end_mark.index);
}

const char *
helm_index_with_login(struct arena *a, const char *index, const char *repo_url, const char *login)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	/* libyaml does not count a byte order mark. */
	struct index_place place = { .at = index + (strncmp(index, "\xef\xbb\xbf", 3) == 0 ? 3 : 0) };
	char server[ORIGIN_MAX];
	const char *done = NULL;
	yaml_parser_t parser;
	yaml_event_t event;
	bool more = true;
	struct str out;

	/* The other order marks are of UTF-16. */
	if (!helm_index_origin(repo_url, true, server) || index[0] == '\xff' || index[0] == '\xfe')
		return index;
	str_init(&out, INDEX_MAX);
	yaml_parser_initialize(&parser);
	yaml_parser_set_input_string(&parser, (const unsigned char *)index, strlen(index));
	for (; more && yaml_parser_parse(&parser, &event); yaml_event_delete(&event)) {
		if (helm_index_is_own(scratch, &event, server))
			helm_index_mark(&out, &place, &event, login);
		arena_reset(scratch);
		more = event.type != YAML_STREAM_END_EVENT;
	}
	yaml_parser_delete(&parser);
	str_add(&out, place.at, strlen(place.at));
	if (!out.overflow)
		done = arena_strdup(a, str_text(&out));
	str_done(&out);
	return done;
}
