/* base/xml.c: a reader of XML without recursion. */
#include "base/xml.h"
#include <string.h>

#define XML_SPACE " \t\r\n"
#define XML_REFERENCE_MAX 16 /* bytes of &…; */

/* An element that has begun. */
struct xml_open {
	const char *name;
	json_t *content; /* NULL: no element in it yet */
};

struct xml_reader {
	struct arena *arena;
	const char *at, *begin, *end;
	struct xml_open open[XML_DEPTH_MAX];
	size_t depth, elements;
	struct str text; /* since the last tag */
	const char *name; /* of the document's element, which has ended; NULL: it has not */
	json_t *content;
};

static struct err *
xml_error(const struct xml_reader *r, const char *what)
{
	return err_new(r->arena, ERR_INVALID, "XML: byte %zu: %s", (size_t)(r->at - r->begin), what);
}

static bool
xml_at(const struct xml_reader *r, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(r->end - r->at) >= n && memcmp(r->at, text, n) == 0;
}

/* Moves behind the next occurrence of a text. Returns false if it does not occur. */
static bool
xml_skip_to(struct xml_reader *r, const char *text)
{
	const char *found = memmem(r->at, (size_t)(r->end - r->at), text, strlen(text));

	if (found != NULL)
		r->at = found + strlen(text);
	return found != NULL;
}

static bool
xml_is_space(char c)
{
	return c != '\0' && strchr(XML_SPACE, c) != NULL;
}

static bool
xml_ends_name(char c)
{
	return c == '\0' || strchr(XML_SPACE "/>=<&\"'", c) != NULL;
}

/* Reads a name. Returns NULL without one. */
static const char *
xml_name(struct xml_reader *r)
{
	const char *from = r->at;

	while (r->at < r->end && !xml_ends_name(*r->at))
		r->at++;
	return r->at > from ? arena_strndup(r->arena, from, (size_t)(r->at - from)) : NULL;
}

/* --- text --- */

static bool
xml_add_letter(struct str *out, unsigned long c)
{
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return false;
	if (c < 0x80)
		return str_addc(out, (char)c);
	if (c >= 0x10000)
		str_addc(out, (char)(0xf0 | c >> 18));
	if (c >= 0x800)
		str_addc(out, (char)(c >= 0x10000 ? 0x80 | (c >> 12 & 0x3f) : 0xe0 | c >> 12));
	str_addc(out, (char)(c >= 0x800 ? 0x80 | (c >> 6 & 0x3f) : 0xc0 | c >> 6));
	return str_addc(out, (char)(0x80 | (c & 0x3f)));
}

/* Only the references that XML itself has: a document cannot define others. */
static struct err *
xml_reference(struct xml_reader *r)
{
	static const char *const known[][2] = { { "lt", "<" }, { "gt", ">" }, { "amp", "&" }, { "apos", "'" },
		{ "quot", "\"" } };
	const char *end = memchr(r->at, ';', (size_t)(r->end - r->at));
	char name[XML_REFERENCE_MAX + 1] = { 0 }, *rest;
	unsigned long letter;
	bool hex;

	if (end == NULL || end - r->at > XML_REFERENCE_MAX)
		return xml_error(r, "a reference without an end");
	memcpy(name, r->at + 1, (size_t)(end - r->at - 1));
	if (name[0] == '#') {
		hex = name[1] == 'x';
		letter = strtoul(name + (hex ? 2 : 1), &rest, hex ? 16 : 10);
		if (*rest != '\0' || xml_ends_name(name[hex ? 2 : 1]) || !xml_add_letter(&r->text, letter))
			return xml_error(r, "a reference to no letter");
		r->at = end + 1;
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(name, known[i][0]) == 0) {
			str_adds(&r->text, known[i][1]);
			r->at = end + 1;
			return NULL;
		}
	return xml_error(r, "an unknown reference");
}

/* Adds the text up to the next tag or reference. */
static struct err *
xml_text(struct xml_reader *r)
{
	const char *from = r->at;

	if (*r->at == '&')
		return xml_reference(r);
	while (r->at < r->end && *r->at != '<' && *r->at != '&')
		r->at++;
	str_add(&r->text, from, (size_t)(r->at - from));
	return NULL;
}

static struct err *
xml_section(struct xml_reader *r)
{
	const char *from = r->at += strlen("<![CDATA[");

	if (!xml_skip_to(r, "]]>"))
		return xml_error(r, "a section without an end");
	str_add(&r->text, from, (size_t)(r->at - strlen("]]>") - from));
	return NULL;
}

/* --- elements --- */

/* Adds the content of an element to that in which it is. Consumes it. A name that is not UTF-8 is left out. */
static void
xml_put(struct xml_open *to, const char *name, json_t *content)
{
	if (to->content == NULL)
		to->content = strcmp(name, "member") == 0 ? json_array() : json_object();
	if (json_is_array(to->content) && strcmp(name, "member") == 0)
		json_array_append_new(to->content, content);
	else if (json_is_object(to->content) && json_object_get(to->content, name) == NULL)
		json_object_set_new(to->content, name, content);
	else
		json_decref(content);
}

static struct err *
xml_end(struct xml_reader *r)
{
	struct xml_open *open;
	json_t *content;

	if (r->depth == 0)
		return xml_error(r, "an end without a beginning");
	open = &r->open[--r->depth];
	content = open->content;
	open->content = NULL;
	if (content == NULL && (content = json_stringn(str_text(&r->text), r->text.len)) == NULL) {
		r->depth++;
		return xml_error(r, "a text that is not UTF-8");
	}
	str_shorten(&r->text, 0);
	if (r->depth > 0) {
		xml_put(&r->open[r->depth - 1], open->name, content);
	} else {
		r->name = open->name;
		r->content = content;
	}
	return NULL;
}

/* Skips attributes up to the end of the tag. Returns whether the element is empty (<NAME/>); *ret_ok is false if the
 * tag does not end. */
static bool
xml_skip_attributes(struct xml_reader *r, bool *ret_ok)
{
	char quote = '\0';

	for (; r->at < r->end; r->at++)
		if (quote != '\0')
			quote = *r->at == quote ? '\0' : quote;
		else if (*r->at == '"' || *r->at == '\'')
			quote = *r->at;
		else if (*r->at == '>')
			break;
	*ret_ok = r->at < r->end;
	r->at += *ret_ok;
	return *ret_ok && r->at[-2] == '/';
}

static struct err *
xml_begin(struct xml_reader *r)
{
	bool empty, ok;
	const char *name;

	r->at++;
	if (r->depth == 0 && r->name != NULL)
		return xml_error(r, "a second element");
	if (r->depth == XML_DEPTH_MAX || r->elements++ == XML_ELEMENTS_MAX)
		return xml_error(r, "too many elements");
	if ((name = xml_name(r)) == NULL)
		return xml_error(r, "no name");
	empty = xml_skip_attributes(r, &ok);
	if (!ok)
		return xml_error(r, "a tag without an end");
	r->open[r->depth++] = (struct xml_open){ .name = name };
	str_shorten(&r->text, 0);
	return empty ? xml_end(r) : NULL;
}

static struct err *
xml_close(struct xml_reader *r)
{
	const char *name;

	r->at += 2;
	name = xml_name(r);
	while (r->at < r->end && xml_is_space(*r->at))
		r->at++;
	if (name == NULL || r->at == r->end || *r->at != '>' || r->depth == 0 ||
	    strcmp(name, r->open[r->depth - 1].name) != 0)
		return xml_error(r, "an end of another element");
	r->at++;
	return xml_end(r);
}

static struct err *
xml_next(struct xml_reader *r)
{
	if (xml_at(r, "<!--"))
		return xml_skip_to(r, "-->") ? NULL : xml_error(r, "a comment without an end");
	if (xml_at(r, "<?"))
		return xml_skip_to(r, "?>") ? NULL : xml_error(r, "an instruction without an end");
	if (xml_at(r, "</"))
		return xml_close(r);
	if (r->depth > 0 && xml_at(r, "<![CDATA["))
		return xml_section(r);
	if (xml_at(r, "<!"))
		return xml_error(r, "a document type, which is not supported");
	if (*r->at == '<')
		return xml_begin(r);
	if (r->depth > 0)
		return xml_text(r);
	if (!xml_is_space(*r->at))
		return xml_error(r, "text outside of the element");
	r->at++;
	return NULL;
}

struct err *
xml_decode(struct arena *a, struct bytes text, const char **ret_name, json_t **ret)
{
	struct xml_reader r = { .arena = a, .at = text.at, .begin = text.at, .end = text.at + text.len };
	struct err *e = NULL;

	if (memchr(text.at, '\0', text.len) != NULL)
		return xml_error(&r, "a NUL in the text");
	str_init(&r.text, text.len + 1);
	while (e == NULL && r.at < r.end)
		e = xml_next(&r);
	if (e == NULL && r.name == NULL)
		e = xml_error(&r, "the element does not end");
	while (r.depth > 0)
		json_decref(r.open[--r.depth].content);
	str_done(&r.text);
	if (e != NULL) {
		json_decref(r.content);
		return e;
	}
	if (ret_name != NULL)
		*ret_name = r.name;
	*ret = r.content;
	return NULL;
}
