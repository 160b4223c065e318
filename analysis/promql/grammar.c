/* analysis/promql/grammar.c: parses the part of PromQL that can be evaluated here: a function for each rule of the
 * grammar. Each returns NULL after setting the error. */
#include "analysis/promql/promql.h"
#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"

#define GRAMMAR_DEPTH_MAX 50
#define GRAMMAR_BY_MAX 20 /* labels of an aggregation */
#define GRAMMAR_MATCHERS_MAX 50 /* of a selector */
#define GRAMMAR_SHOWN 40 /* bytes of the query in an error */
#define GRAMMAR_DAYS_MAX 366 /* of a window */
#define GRAMMAR_WORD "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:"
#define GRAMMAR_KNOWN                                                                                                  \
	"evaluated are numbers, + - * /, or, sum, avg, min, max and count with `by`, rate and increase of a selector " \
	"with a window, histogram_quantile, vector, and label_replace that adds a label"

struct grammar {
	struct arena *arena;
	const char *at;
	struct promql *to;
	struct err *err; /* the first one */
	int depth;
};

static struct promql_node *grammar_or(struct grammar *);

/* Skips white space and comments. */
static void
grammar_skip(struct grammar *p)
{
	for (;;) {
		while (isspace((unsigned char)*p->at))
			p->at++;
		if (*p->at != '#')
			return;
		p->at += strcspn(p->at, "\n");
	}
}

static void *
grammar_fail(struct grammar *p, const char *what)
{
	grammar_skip(p);
	if (p->err == NULL)
		p->err =
		    err_new(p->arena, ERR_INVALID, "the query cannot be evaluated here: %s at `%.*s`; " GRAMMAR_KNOWN,
			what, GRAMMAR_SHOWN, p->at[0] != '\0' ? p->at : "the end");
	return NULL;
}

/* Reads a character, after white space. */
static bool
grammar_is(struct grammar *p, char c)
{
	grammar_skip(p);
	if (*p->at != c)
		return false;
	p->at++;
	return true;
}

static bool
grammar_want(struct grammar *p, char c)
{
	if (grammar_is(p, c))
		return true;
	grammar_fail(p, arena_printf(p->arena, "there is no `%c`", c));
	return false;
}

/* Returns the length of the word at the current place, after white space. */
static size_t
grammar_word(struct grammar *p)
{
	grammar_skip(p);
	return isdigit((unsigned char)*p->at) ? 0 : strspn(p->at, GRAMMAR_WORD);
}

/* Reads a keyword, in any case. */
static bool
grammar_keyword(struct grammar *p, const char *word)
{
	size_t n = grammar_word(p);

	if (n != strlen(word) || strncasecmp(p->at, word, n) != 0)
		return false;
	p->at += n;
	return true;
}

static struct promql_node *
grammar_node(struct grammar *p, enum promql_kind kind)
{
	struct promql_node *n = arena_alloc(p->arena, sizeof(*n));

	n->kind = kind;
	return n;
}

static bool
grammar_number(struct grammar *p, double *ret)
{
	bool minus;
	char *end;

	grammar_skip(p);
	minus = *p->at == '-';
	p->at += *p->at == '-' || *p->at == '+';
	if (!isdigit((unsigned char)*p->at) && *p->at != '.') {
		grammar_fail(p, "there is no number");
		return false;
	}
	*ret = strtod(p->at, &end);
	if (end == p->at || (*end != '\0' && strchr(GRAMMAR_WORD, *end) != NULL)) {
		grammar_fail(p, "there is no number");
		return false;
	}
	*ret = minus ? -*ret : *ret;
	p->at = end;
	return true;
}

/* Reads one escape of a string in quotes, after its backslash. Returns false for those that are not read. */
static bool
grammar_escape(struct grammar *p, char *ret)
{
	static const char from[] = "abfnrtv\\\"'", to[] = "\a\b\f\n\r\t\v\\\"'";
	const char *found = *p->at != '\0' ? strchr(from, *p->at) : NULL;

	if (found == NULL)
		return false;
	*ret = to[found - from];
	p->at++;
	return true;
}

static const char *
grammar_string(struct grammar *p)
{
	char quote, *text;
	size_t n = 0;

	grammar_skip(p);
	quote = *p->at;
	if (quote != '"' && quote != '\'' && quote != '`')
		return grammar_fail(p, "there is no string");
	text = arena_alloc(p->arena, strlen(p->at));
	for (p->at++; *p->at != quote; n++) {
		if (*p->at == '\0' || (*p->at == '\n' && quote != '`'))
			return grammar_fail(p, "a string does not end");
		if (*p->at != '\\' || quote == '`') {
			text[n] = *p->at++;
			continue;
		}
		p->at++;
		if (!grammar_escape(p, &text[n]))
			return grammar_fail(p, "a string has an unknown escape");
	}
	p->at++;
	return text;
}

/* Reads a window: "5m", "1h30m". */
static bool
grammar_window(struct grammar *p, int64_t *ret)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 },
		{ "w", 604800000 } };
	int64_t all = 0;

	grammar_skip(p);
	while (isdigit((unsigned char)*p->at)) {
		long long n = strtoll(p->at, (char **)&p->at, 10);
		size_t len = strspn(p->at, "msdhw"), i = 0;

		while (
		    i < ARRAY_SIZE(units) && (strlen(units[i].name) != len || strncmp(p->at, units[i].name, len) != 0))
			i++;
		if (i == ARRAY_SIZE(units) || n > GRAMMAR_DAYS_MAX * 86400000ll / units[i].ms)
			break;
		p->at += len;
		all += n * units[i].ms;
	}
	if (all <= 0 || all > GRAMMAR_DAYS_MAX * 86400000ll || !grammar_is(p, ']')) {
		grammar_fail(p, "there is no window such as 1m");
		return false;
	}
	*ret = all;
	return true;
}

static bool
grammar_matcher(struct grammar *p, struct promql_selector *s)
{
	struct promql_matcher *m;
	size_t n = grammar_word(p);

	if (n == 0 || s->n == GRAMMAR_MATCHERS_MAX) {
		grammar_fail(p, s->n > 0 ? "there is no further label" : "there is no label");
		return false;
	}
	s->matchers = arena_grow(p->arena, s->matchers, s->n, &s->capacity, sizeof(*s->matchers));
	m = &s->matchers[s->n++];
	*m = (struct promql_matcher){ .label = arena_strndup(p->arena, p->at, n) };
	p->at += n;
	grammar_skip(p);
	m->match = str_starts(p->at, "=~")   ? PROMQL_MATCHES
		   : str_starts(p->at, "!~") ? PROMQL_MATCHES_NOT
		   : str_starts(p->at, "!=") ? PROMQL_IS_NOT
					     : PROMQL_IS;
	if (m->match == PROMQL_IS && *p->at != '=') {
		grammar_fail(p, "there is no =, !=, =~ or !~");
		return false;
	}
	p->at += m->match == PROMQL_IS ? 1 : 2;
	return (m->value = grammar_string(p)) != NULL;
}

static bool
grammar_matchers(struct grammar *p, struct promql_selector *s)
{
	if (!grammar_is(p, '{'))
		return true;
	while (!grammar_is(p, '}')) {
		if (!grammar_matcher(p, s))
			return false;
		if (grammar_is(p, ','))
			continue;
		return grammar_want(p, '}');
	}
	return true;
}

/* Reads a selector, with a window or without. Sets *ret to its index. */
static bool
grammar_selector(struct grammar *p, bool window, size_t *ret)
{
	struct promql *to = p->to;
	struct promql_selector s = { 0 };
	size_t n = grammar_word(p);
	const char *begin = p->at;

	if (to->n_selectors == PROMQL_SELECTORS_MAX) {
		grammar_fail(p, "there are too many selectors");
		return false;
	}
	s.name = arena_strndup(p->arena, p->at, n);
	p->at += n;
	if (!grammar_matchers(p, &s))
		return false;
	if (n + s.n == 0) {
		grammar_fail(p, "there is no selector");
		return false;
	}
	s.text = arena_strndup(p->arena, begin, (size_t)(p->at - begin));
	if (window && (!grammar_want(p, '[') || !grammar_window(p, &s.range_ms)))
		return false;
	to->selectors = arena_grow(p->arena, to->selectors, to->n_selectors, &to->capacity, sizeof(*to->selectors));
	to->selectors[to->n_selectors] = s;
	*ret = to->n_selectors++;
	return true;
}

static struct promql_node *
grammar_selected(struct grammar *p, enum promql_kind kind, bool window)
{
	struct promql_node *n = grammar_node(p, kind);

	if (window && !grammar_want(p, '('))
		return NULL;
	if (!grammar_selector(p, window, &n->selector))
		return NULL;
	return !window || grammar_want(p, ')') ? n : NULL;
}

static bool
grammar_by(struct grammar *p, struct strings *ret)
{
	const char **at = arena_new_array(p->arena, const char *, GRAMMAR_BY_MAX);
	size_t n = 0;

	if (!grammar_want(p, '('))
		return false;
	while (!grammar_is(p, ')')) {
		size_t len = grammar_word(p);

		if (len == 0 || n == GRAMMAR_BY_MAX) {
			grammar_fail(p, "there is no label");
			return false;
		}
		at[n++] = arena_strndup(p->arena, p->at, len);
		p->at += len;
		if (grammar_is(p, ','))
			continue;
		if (!grammar_want(p, ')'))
			return false;
		break;
	}
	*ret = (struct strings){ at, n };
	return true;
}

static struct promql_node *
grammar_aggregate(struct grammar *p, enum promql_aggregate aggregate)
{
	struct promql_node *n = grammar_node(p, PROMQL_AGGREGATE);
	bool by = grammar_keyword(p, "by");

	n->aggregate = aggregate;
	if ((by && !grammar_by(p, &n->by)) || !grammar_want(p, '(') || (n->left = grammar_or(p)) == NULL ||
	    !grammar_want(p, ')'))
		return NULL;
	if (!by && grammar_keyword(p, "by") && !grammar_by(p, &n->by))
		return NULL;
	return n;
}

static struct promql_node *
grammar_quantile(struct grammar *p)
{
	struct promql_node *n = grammar_node(p, PROMQL_QUANTILE);

	if (!grammar_want(p, '(') || !grammar_number(p, &n->number) || !grammar_want(p, ',') ||
	    (n->left = grammar_or(p)) == NULL || !grammar_want(p, ')'))
		return NULL;
	return n;
}

static struct promql_node *
grammar_vector(struct grammar *p)
{
	struct promql_node *n = grammar_node(p, PROMQL_VECTOR);

	return grammar_want(p, '(') && grammar_number(p, &n->number) && grammar_want(p, ')') ? n : NULL;
}

/* label_replace(…, "label", "value", "", ""): the form that adds a constant label. */
static struct promql_node *
grammar_label(struct grammar *p)
{
	struct promql_node *n = grammar_node(p, PROMQL_LABEL);
	const char *source, *expression;

	if (!grammar_want(p, '(') || (n->left = grammar_or(p)) == NULL || !grammar_want(p, ',') ||
	    (n->label.name = grammar_string(p)) == NULL || !grammar_want(p, ',') ||
	    (n->label.value = grammar_string(p)) == NULL || !grammar_want(p, ',') ||
	    (source = grammar_string(p)) == NULL || !grammar_want(p, ',') || (expression = grammar_string(p)) == NULL ||
	    !grammar_want(p, ')'))
		return NULL;
	if (source[0] != '\0' || expression[0] != '\0' || strchr(n->label.value, '$') != NULL)
		return grammar_fail(p, "label_replace reads another label, before the text");
	return n;
}

/* Reads what begins with a word. */
static struct promql_node *
grammar_named(struct grammar *p)
{
	static const char *const aggregates[] = { [PROMQL_SUM] = "sum",
		[PROMQL_AVG] = "avg",
		[PROMQL_MIN] = "min",
		[PROMQL_MAX] = "max",
		[PROMQL_COUNT] = "count" };
	size_t n = grammar_word(p);
	const char *after = p->at + n + strspn(p->at + n, " \t\r\n");
	bool call = *after == '(';

	for (size_t i = 0; i < ARRAY_SIZE(aggregates); i++)
		if ((call || strncasecmp(after, "by", 2) == 0) && grammar_keyword(p, aggregates[i]))
			return grammar_aggregate(p, (enum promql_aggregate)i);
	if (!call)
		return grammar_selected(p, PROMQL_SELECTOR, false);
	if (grammar_keyword(p, "rate"))
		return grammar_selected(p, PROMQL_RATE, true);
	if (grammar_keyword(p, "increase"))
		return grammar_selected(p, PROMQL_INCREASE, true);
	if (grammar_keyword(p, "histogram_quantile"))
		return grammar_quantile(p);
	if (grammar_keyword(p, "vector"))
		return grammar_vector(p);
	if (grammar_keyword(p, "label_replace"))
		return grammar_label(p);
	return grammar_fail(p, "there is another function");
}

static struct promql_node *
grammar_operand(struct grammar *p)
{
	struct promql_node *n;

	grammar_skip(p);
	if (grammar_is(p, '(')) {
		n = grammar_or(p);
		return n != NULL && grammar_want(p, ')') ? n : NULL;
	}
	n = grammar_node(p, PROMQL_NUMBER);
	n->number = grammar_keyword(p, "inf") ? INFINITY : grammar_keyword(p, "nan") ? NAN : 0;
	if (n->number != 0)
		return n;
	if (*p->at == '{' || grammar_word(p) > 0)
		return grammar_named(p);
	return grammar_number(p, &n->number) ? n : NULL;
}

static struct promql_node *
grammar_pair(struct grammar *p, enum promql_kind kind, char operator, const struct promql_node * left,
    const struct promql_node *right)
{
	struct promql_node *n = grammar_node(p, kind);

	n->operator= operator;
	n->left = left;
	n->right = right;
	return right != NULL ? n : NULL;
}

static struct promql_node *
grammar_product(struct grammar *p)
{
	struct promql_node *n = grammar_operand(p);

	while (n != NULL) {
		if (grammar_is(p, '*'))
			n = grammar_pair(p, PROMQL_ARITHMETIC, '*', n, grammar_operand(p));
		else if (grammar_is(p, '/'))
			n = grammar_pair(p, PROMQL_ARITHMETIC, '/', n, grammar_operand(p));
		else
			break;
	}
	return n;
}

static struct promql_node *
grammar_sum(struct grammar *p)
{
	struct promql_node *n = grammar_product(p);

	while (n != NULL) {
		if (grammar_is(p, '+'))
			n = grammar_pair(p, PROMQL_ARITHMETIC, '+', n, grammar_product(p));
		else if (grammar_is(p, '-'))
			n = grammar_pair(p, PROMQL_ARITHMETIC, '-', n, grammar_product(p));
		else
			break;
	}
	return n;
}

/* Reads a whole expression. */
static struct promql_node *
grammar_or(struct grammar *p)
{
	struct promql_node *n;

	if (p->depth++ == GRAMMAR_DEPTH_MAX)
		return grammar_fail(p, "there are too many parentheses");
	n = grammar_sum(p);
	while (n != NULL && grammar_keyword(p, "or"))
		n = grammar_pair(p, PROMQL_OR, '\0', n, grammar_sum(p));
	p->depth--;
	return n;
}

struct err *
promql_parse(struct arena *a, const char *query, struct promql *ret)
{
	struct promql to = { 0 };
	struct grammar p = { .arena = a, .at = query, .to = &to };

	if (strlen(query) > PROMQL_LENGTH_MAX)
		return err_new(a, ERR_INVALID, "the query has more than %d bytes", PROMQL_LENGTH_MAX);
	to.root = grammar_or(&p);
	grammar_skip(&p);
	if (to.root != NULL && *p.at != '\0')
		grammar_fail(&p, "there is something else");
	if (p.err == NULL)
		*ret = to;
	return p.err;
}
