/* analysis/condition/pattern.c: the operator `matches` of conditions: PCRE2 with limits, because users write
 * patterns. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>
#include "analysis/condition/ast.h"

#define MATCH_LIMIT 100000
#define MATCH_DEPTH 1000
#define MATCH_HEAP 4096 /* KiB */
#define COMPILED_COST 16 /* bytes of text that are charged for a byte of a compiled pattern */
#define PASSED_COST 16 /* bytes that an item of the pattern may skip without another step */

/* The steps that are left for a pattern. The limits of PCRE2 start again at each position of the text, and there may be
 * a million positions. */
struct pattern_budget {
	size_t *left;
	size_t at; /* in the text */
};

#define PATTERN_REPEAT_MAX 1000

/* Returns whether Go has the group: (?:, (?P<name>, (?<name>, and flags. `s` starts after "(?". */
static bool
pattern_group_known(const char *s)
{
	if (*s == 'P')
		return s[1] == '<';
	if (*s == '<')
		return s[1] != '=' && s[1] != '!';
	s += strspn(s, "imsU-");
	return *s == ':' || *s == ')';
}

/* Returns whether Go has the escape. `s` starts after the backslash. */
static bool
pattern_escape_known(const char *s, bool in_class)
{
	if (*s >= '1' && *s <= '7')
		return s[1] >= '0' && s[1] <= '7'; /* octal; one digit alone would be a reference to a group */
	if ((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9'))
		return strchr(in_class ? "0afnrtvdDsSwWpPx" : "0afnrtvdDsSwWpPxbBAzQE", *s) != NULL;
	return (unsigned char)*s < 0x80;
}

/* Returns the length of a repetition at the start of the text ("*", "{2,3}?"), or 0. *ret_most is the larger of its
 * numbers. */
static size_t
pattern_repetition(const char *s, unsigned long *ret_most)
{
	size_t n = 1;

	*ret_most = 0;
	if (*s == '{') {
		size_t low = strspn(s + 1, "0123456789"), high = 0;

		n = 1 + low;
		if (low == 0)
			return 0;
		*ret_most = strtoul(s + 1, NULL, 10);
		if (s[n] == ',') {
			high = strspn(s + n + 1, "0123456789");
			if (high > 0)
				*ret_most = strtoul(s + n + 1, NULL, 10);
			n += 1 + high;
		}
		if (s[n++] != '}')
			return 0;
	} else if (*s != '*' && *s != '+' && *s != '?') {
		return 0;
	}
	return n + (s[n] == '?');
}

/* Returns the first construct that PCRE2 has and the package regexp of Go, which expr uses, does not: it is an error
 * there. */
static const char *
pattern_foreign(const char *s)
{
	bool in_class = false;
	unsigned long most;
	size_t n;

	while (*s != '\0') {
		if (*s == '\\') {
			if (!pattern_escape_known(s + 1, in_class))
				return s;
			if (s[1] == 'Q') {
				const char *end = strstr(s, "\\E");

				s = end != NULL ? end + 2 : s + strlen(s);
				continue;
			}
			s += s[1] != '\0' ? 2 : 1;
		} else if (in_class) {
			n = s[0] == '[' && s[1] == ':' ? strcspn(s, "]") : 0;
			in_class = *s != ']' || n > 0;
			s += n > 0 && s[n] == ']' ? n + 1 : 1;
			continue;
		} else if (*s == '[') {
			s += 1 + (s[1] == '^');
			s += *s == ']';
			in_class = true;
			continue;
		} else if (s[0] == '(' && (s[1] == '*' || (s[1] == '?' && !pattern_group_known(s + 2)))) {
			return s;
		} else if (s[0] == '(' && s[1] == '?') {
			s += 2;
			continue;
		} else {
			s++;
		}
		if (!in_class && (n = pattern_repetition(s, &most)) > 0) {
			if (most > PATTERN_REPEAT_MAX || pattern_repetition(s + n, &most) > 0)
				return s;
			s += n;
		}
	}
	return NULL;
}

/* Compiles a pattern. Returns NULL, and sets *ret_err, if it is invalid. */
static pcre2_code *
pattern_compile(struct arena *a, const char *pattern, size_t len, struct err **ret_err)
{
	PCRE2_UCHAR text[120];
	PCRE2_SIZE at;
	int error;
	const char *foreign = pattern_foreign(pattern);
	pcre2_code *code;

	if (foreign != NULL) {
		*ret_err = err_new(
		    a, ERR_INVALID, "matches '%s': unsupported syntax at %zu", pattern, (size_t)(foreign - pattern));
		return NULL;
	}
	code = pcre2_compile((PCRE2_SPTR)pattern, len,
	    PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY | PCRE2_AUTO_CALLOUT, &error, &at, NULL);
	if (code == NULL) {
		pcre2_get_error_message(error, text, sizeof(text));
		*ret_err = err_new(a, ERR_INVALID, "matches '%s': %s at %zu", pattern, (const char *)text, at);
	}
	return code;
}

struct err *
pattern_check(struct arena *a, const char *pattern)
{
	struct err *e = NULL;

	pcre2_code_free(pattern_compile(a, pattern, strlen(pattern), &e));
	return e;
}

/* Called before each item of the pattern. */
static int
pattern_step(pcre2_callout_block *block, void *arg)
{
	struct pattern_budget *m = arg;
	size_t passed =
	    block->current_position > m->at ? block->current_position - m->at : m->at - block->current_position;
	size_t cost = 1 + passed / PASSED_COST;

	m->at = block->current_position;
	if (cost > *m->left)
		return PCRE2_ERROR_MATCHLIMIT;
	*m->left -= cost;
	return 0;
}

/* Sets *ret to the bytes of a list of numbers, b'…'. False: the value is not such a list. */
static bool
pattern_bytes(struct eval *e, const struct value *list, struct value *ret)
{
	char *text;

	if (list->kind != VALUE_ARRAY || !eval_charge(e, list->array.n + 1))
		return false;
	text = arena_alloc(e->arena, list->array.n + 1);
	for (size_t i = 0; i < list->array.n; i++) {
		if (list->array.at[i].kind != VALUE_INT || list->array.at[i].i < 0 || list->array.at[i].i > 0xff)
			return false;
		text[i] = (char)list->array.at[i].i;
	}
	*ret = value_bytes(text, list->array.n);
	return true;
}

struct value
eval_matches(struct eval *e, const struct value *l, const struct value *r)
{
	pcre2_match_context *context;
	pcre2_match_data *data;
	struct err *err = NULL;
	PCRE2_UCHAR text[120];
	struct pattern_budget budget = { .left = &e->pattern_steps };
	struct value bytes;
	size_t size = 0;
	pcre2_code *code;
	int rc;

	if (l->kind == VALUE_NIL || r->kind == VALUE_NIL)
		return value_bool(false);
	if (pattern_bytes(e, l, &bytes))
		l = &bytes;
	if (l->kind != VALUE_STRING || r->kind != VALUE_STRING)
		return eval_fail(
		    e, "matches takes strings, not %s and %s", value_kind_name(l->kind), value_kind_name(r->kind));
	if (!eval_read(e, l->s.len + r->s.len))
		return (struct value){ 0 };
	if ((code = pattern_compile(e->arena, r->s.at, r->s.len, &err)) == NULL)
		return eval_fail(e, "%s", err_text(e->arena, err));
	pcre2_pattern_info(code, PCRE2_INFO_SIZE, &size);
	if (!eval_read(e, size * COMPILED_COST)) {
		pcre2_code_free(code);
		return (struct value){ 0 };
	}
	context = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(context, MATCH_LIMIT);
	pcre2_set_depth_limit(context, MATCH_DEPTH);
	pcre2_set_heap_limit(context, MATCH_HEAP);
	pcre2_set_callout(context, pattern_step, &budget);
	data = pcre2_match_data_create(1, NULL);
	rc = pcre2_match(code, (PCRE2_SPTR)l->s.at, l->s.len, 0, 0, data, context);
	pcre2_match_data_free(data);
	pcre2_match_context_free(context);
	pcre2_code_free(code);
	if (rc < 0 && rc != PCRE2_ERROR_NOMATCH) {
		pcre2_get_error_message(rc, text, sizeof(text));
		return eval_fail(e, "matches '%s': %s", r->s.at, (const char *)text);
	}
	return value_bool(rc >= 0);
}
