/* base/cbor.c: CBOR to and from JSON trees. */
#include "base/cbor.h"
#include <math.h>
#include <string.h>

#define CBOR_TEXT_MAX (16u << 20) /* bytes of an encoded tree */

/* The major types (RFC 8949, section 3.1). */
enum cbor_major { CBOR_UNSIGNED, CBOR_NEGATIVE, CBOR_BYTES, CBOR_TEXT, CBOR_LIST, CBOR_MAP, CBOR_TAG, CBOR_SIMPLE };

#define CBOR_INDEFINITE 31
#define CBOR_BREAK 0xff

static void
cbor_add_big(struct str *out, uint64_t n, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--)
		str_addc(out, (char)(n >> 8 * i));
}

static void
cbor_add_head(struct str *out, enum cbor_major major, uint64_t n)
{
	int size = n < 24 ? 0 : n <= UINT8_MAX ? 1 : n <= UINT16_MAX ? 2 : n <= UINT32_MAX ? 4 : 8;
	int code = size == 0 ? (int)n : size == 1 ? 24 : size == 2 ? 25 : size == 4 ? 26 : 27;

	str_addc(out, (char)((int)major << 5 | code));
	cbor_add_big(out, n, size);
}

static void
cbor_add_double(struct str *out, double d)
{
	uint64_t bits;

	memcpy(&bits, &d, sizeof(bits));
	str_addc(out, (char)(CBOR_SIMPLE << 5 | 27));
	cbor_add_big(out, bits, 8);
}

static void
cbor_add_text(struct str *out, const char *text, size_t len)
{
	cbor_add_head(out, CBOR_TEXT, len);
	str_add(out, text, len);
}

/* The depth is that of a tree of the caller. */
static void
cbor_add(struct str *out, const json_t *v)
{
	const json_t *member;
	const char *key;
	size_t i;

	switch (json_typeof(v)) {
	case JSON_NULL: str_addc(out, (char)0xf6); break;
	case JSON_FALSE: str_addc(out, (char)0xf4); break;
	case JSON_TRUE: str_addc(out, (char)0xf5); break;
	case JSON_STRING: cbor_add_text(out, json_string_value(v), json_string_length(v)); break;
	case JSON_REAL: cbor_add_double(out, json_real_value(v)); break;
	case JSON_INTEGER:
		if (json_integer_value(v) < 0)
			cbor_add_head(out, CBOR_NEGATIVE, (uint64_t)(-1 - json_integer_value(v)));
		else
			cbor_add_head(out, CBOR_UNSIGNED, (uint64_t)json_integer_value(v));
		break;
	case JSON_ARRAY:
		cbor_add_head(out, CBOR_LIST, json_array_size(v));
		json_array_foreach (v, i, member)
			cbor_add(out, member);
		break;
	case JSON_OBJECT:
		if (json_object_size(v) == 2 && json_is_integer(json_object_get(v, "tag")) &&
		    json_is_number(json_object_get(v, "value"))) {
			cbor_add_head(out, CBOR_TAG, (uint64_t)json_integer_value(json_object_get(v, "tag")));
			cbor_add_double(out, json_number_value(json_object_get(v, "value")));
			break;
		}
		cbor_add_head(out, CBOR_MAP, json_object_size(v));
		json_object_foreach ((json_t *)v, key, member) {
			cbor_add_text(out, key, strlen(key));
			cbor_add(out, member);
		}
		break;
	}
}

struct bytes
cbor_encode(struct arena *a, const json_t *v)
{
	struct bytes ret;
	struct str out;

	str_init(&out, CBOR_TEXT_MAX);
	cbor_add(&out, v);
	ret = (struct bytes){ arena_strndup(a, str_text(&out), out.len), out.len };
	str_done(&out);
	return ret;
}

struct cbor_reader {
	const unsigned char *at, *end;
	size_t items; /* that were read */
	const char *wrong; /* the first error */
};

static json_t *cbor_read(struct cbor_reader *, int depth);

/* Reads the head of an item: its major type, and its number or length. */
static bool
cbor_read_head(struct cbor_reader *r, enum cbor_major *ret_major, int *ret_code, uint64_t *ret)
{
	int code, size;

	if (r->at == r->end || ++r->items > CBOR_ITEMS_MAX) {
		r->wrong = r->at == r->end ? "it ends too early" : "it has too many items";
		return false;
	}
	*ret_major = (enum cbor_major)(*r->at >> 5);
	*ret_code = code = *r->at++ & 31;
	*ret = (uint64_t)code;
	if (code < 24 || code == CBOR_INDEFINITE)
		return true;
	size = 1 << (code - 24);
	if (code > 27 || r->end - r->at < size) {
		r->wrong = code > 27 ? "an item has a reserved length" : "it ends too early";
		return false;
	}
	for (*ret = 0; size > 0; size--)
		*ret = *ret << 8 | *r->at++;
	return true;
}

/* The number of a half, single or double precision float. */
static double
cbor_double(int code, uint64_t bits)
{
	double d;
	float f;
	uint32_t single = (uint32_t)bits;

	if (code == 27) {
		memcpy(&d, &bits, sizeof(d));
		return d;
	}
	if (code == 26) {
		memcpy(&f, &single, sizeof(f));
		return (double)f;
	}
	d = (double)(bits & 0x3ff);
	d = (bits >> 10 & 31) == 31  ? (d == 0 ? (double)INFINITY : (double)NAN)
	    : (bits >> 10 & 31) == 0 ? d / (1 << 24)
				     : (d + 1024) * (double)(1u << (bits >> 10 & 31)) / (1 << 25);
	return (bits & 0x8000) != 0 ? -d : d;
}

static json_t *
cbor_read_simple(struct cbor_reader *r, int code, uint64_t n)
{
	if (code == 20 || code == 21)
		return json_boolean(code == 21);
	if (code == 22 || code == 23)
		return json_null();
	/* JSON has neither NaN nor infinities. */
	if (code >= 25 && code <= 27)
		return isfinite(cbor_double(code, n)) ? json_real(cbor_double(code, n)) : json_null();
	r->wrong = "an item has an unknown simple value";
	return NULL;
}

/* Appends a text, or the pieces of one without a length. */
static bool
cbor_read_text(struct cbor_reader *r, enum cbor_major major, int code, uint64_t n, struct str *to)
{
	enum cbor_major piece;

	while (code == CBOR_INDEFINITE) {
		if (r->at < r->end && *r->at == CBOR_BREAK) {
			r->at++;
			return true;
		}
		if (!cbor_read_head(r, &piece, &code, &n))
			return false;
		if (piece != major || code == CBOR_INDEFINITE) {
			r->wrong = "a text has a piece of another type";
			return false;
		}
		if (!cbor_read_text(r, major, code, n, to))
			return false;
		code = CBOR_INDEFINITE;
	}
	if ((uint64_t)(r->end - r->at) < n) {
		r->wrong = "it ends too early";
		return false;
	}
	str_add(to, (const char *)r->at, (size_t)n);
	r->at += n;
	return true;
}

static json_t *
cbor_read_string(struct cbor_reader *r, enum cbor_major major, int code, uint64_t n)
{
	json_t *ret = NULL;
	struct str text;

	str_init(&text, CBOR_TEXT_MAX);
	if (cbor_read_text(r, major, code, n, &text) && (ret = json_stringn(str_text(&text), text.len)) == NULL)
		r->wrong = "a text is not UTF-8";
	str_done(&text);
	return ret;
}

/* Reads the items of a list, or the keys and values of a map. */
static json_t *
cbor_read_items(struct cbor_reader *r, bool map, int code, uint64_t n, int depth)
{
	json_t *list = map ? json_object() : json_array();

	for (uint64_t i = 0; r->wrong == NULL && (code == CBOR_INDEFINITE || i < n); i++) {
		_cleanup_(json_decrefp) json_t *key = NULL;

		if (code == CBOR_INDEFINITE && r->at < r->end && *r->at == CBOR_BREAK) {
			r->at++;
			break;
		}
		if (!map) {
			json_t *item = cbor_read(r, depth + 1);

			if (item != NULL)
				json_array_append_new(list, item);
			continue;
		}
		if ((key = cbor_read(r, depth + 1)) != NULL && json_is_string(key)) {
			json_t *value = cbor_read(r, depth + 1);

			if (value != NULL)
				json_object_set_new(list, json_string_value(key), value);
		} else if (r->wrong == NULL) {
			r->wrong = "a map has a key that is not text";
		}
	}
	return list;
}

static json_t *
cbor_read(struct cbor_reader *r, int depth)
{
	enum cbor_major major;
	json_t *value = NULL;
	uint64_t n;
	int code;

	if (depth > JSON_DEPTH_MAX) {
		r->wrong = "it is too deep";
		return NULL;
	}
	if (!cbor_read_head(r, &major, &code, &n))
		return NULL;
	if (code == CBOR_INDEFINITE && (major < CBOR_BYTES || major > CBOR_MAP)) {
		r->wrong = "an item has no length";
		return NULL;
	}
	switch (major) {
	case CBOR_UNSIGNED: return n <= INT64_MAX ? json_integer((json_int_t)n) : json_real((double)n);
	case CBOR_NEGATIVE: return n <= INT64_MAX ? json_integer(-1 - (json_int_t)n) : json_real(-1 - (double)n);
	case CBOR_BYTES:
	case CBOR_TEXT: return cbor_read_string(r, major, code, n);
	case CBOR_LIST:
	case CBOR_MAP: value = cbor_read_items(r, major == CBOR_MAP, code, n, depth); break;
	case CBOR_TAG:
		value = cbor_read(r, depth + 1);
		return value != NULL ? json_pack("{s:I,s:o}", "tag", (json_int_t)n, "value", value) : NULL;
	case CBOR_SIMPLE: return cbor_read_simple(r, code, n);
	}
	if (r->wrong == NULL)
		return value;
	json_decref(value);
	return NULL;
}

struct err *
cbor_decode(struct arena *a, struct bytes text, json_t **ret)
{
	struct cbor_reader r = { .at = (const unsigned char *)text.at,
		.end = (const unsigned char *)text.at + text.len };
	json_t *v = cbor_read(&r, 0);

	if (v != NULL && r.wrong == NULL && r.at == r.end) {
		*ret = v;
		return NULL;
	}
	json_decref(v);
	return err_new(a, ERR_INVALID, "the response is not CBOR: %s", r.wrong ?: "something follows it");
}
