/* analysis/promql/select.c: compares the labels of series with the matchers of a selector. */
#include "analysis/promql/promql.h"
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "kube/api/regex.h"

#define SELECT_EXPRESSION_MAX 4096 /* bytes */

const char *
promql_label(const struct promql_labels *labels, const char *name)
{
	for (size_t i = 0; i < labels->n; i++)
		if (strcmp(labels->at[i].name, name) == 0)
			return labels->at[i].value;
	return "";
}

/* Prometheus compares the whole text. */
static enum regex_found
select_search(const char *expression, const char *text)
{
	char whole[SELECT_EXPRESSION_MAX];

	if (strlen(expression) + sizeof("^(?s:)\\z") > sizeof(whole))
		return REGEX_UNKNOWN;
	snprintf(whole, sizeof(whole), "^(?s:%s)\\z", expression);
	return regex_search(whole, text);
}

bool
promql_matches(const struct promql_matcher *m, const char *value)
{
	switch (m->match) {
	case PROMQL_IS: return strcmp(value, m->value) == 0;
	case PROMQL_IS_NOT: return strcmp(value, m->value) != 0;
	case PROMQL_MATCHES: return select_search(m->value, value) == REGEX_SOMETHING;
	case PROMQL_MATCHES_NOT: return select_search(m->value, value) == REGEX_NOTHING;
	}
	return false;
}

bool
promql_selects(const struct promql_selector *s, const struct promql_labels *labels)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->matchers[i].label, "__name__") != 0 &&
		    !promql_matches(&s->matchers[i], promql_label(labels, s->matchers[i].label)))
			return false;
	return true;
}
