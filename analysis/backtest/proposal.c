/* analysis/backtest/proposal.c: turns the selectors of a query into those of a comparison. */
#include "analysis/backtest/proposal.h"
#include <string.h>
#include "base/str.h"

#define PROPOSAL_BUCKET "_bucket"

/* Returns whether the matcher names a version. A comparison adds its own. */
static bool
proposal_drops(const struct promql_matcher *m)
{
	return strstr(m->value, THRESHOLD_CANARY) != NULL || strstr(m->value, THRESHOLD_STABLE) != NULL;
}

/* Returns the only matcher of the good requests that the other selector does not have; NULL without one, or
 * with several. */
static const struct promql_matcher *
proposal_difference(const struct promql_selector *good, const struct promql_selector *all)
{
	const struct promql_matcher *found = NULL;

	for (size_t i = 0; i < good->n; i++) {
		if (proposal_drops(&good->matchers[i]) || threshold_has_matcher(all, &good->matchers[i]))
			continue;
		if (found != NULL)
			return NULL;
		found = &good->matchers[i];
	}
	return found;
}

static enum promql_match
proposal_inverse(enum promql_match m)
{
	return m == PROMQL_IS	     ? PROMQL_IS_NOT
	       : m == PROMQL_IS_NOT  ? PROMQL_IS
	       : m == PROMQL_MATCHES ? PROMQL_MATCHES_NOT
				     : PROMQL_MATCHES;
}

/* The bad requests are those of all that are not good: the matcher that makes the difference is inverted. */
static const char *
proposal_of_good(struct arena *a, const struct promql *q, struct compare_metric *ret)
{
	const struct promql_selector *good = &q->selectors[0], *all = &q->selectors[1];
	const struct promql_matcher *difference = proposal_difference(good, all);
	struct promql_selector bad = *all;

	if (!str_eq(good->name, all->name) || difference == NULL)
		return "good requests differ from all by another metric, or by more than one label: which ones are bad "
		       "is not known";
	bad.matchers = arena_new_array(a, struct promql_matcher, all->n + 1);
	if (all->n > 0)
		memcpy(bad.matchers, all->matchers, all->n * sizeof(*all->matchers));
	bad.matchers[bad.n] = *difference;
	bad.matchers[bad.n++].match = proposal_inverse(difference->match);
	ret->bad = threshold_selector(a, &bad);
	ret->total = threshold_selector(a, all);
	return NULL;
}

static const char *
proposal_of_quantile(struct arena *a, const struct promql *q, struct compare_metric *ret)
{
	struct promql_selector s = q->selectors[0];

	if (!str_ends(s.name, PROPOSAL_BUCKET))
		return "the name of the histogram does not end in " PROPOSAL_BUCKET;
	s.name = arena_strndup(a, s.name, strlen(s.name) - strlen(PROPOSAL_BUCKET));
	ret->slow = threshold_selector(a, &s);
	return NULL;
}

const char *
proposal_read(struct arena *a, const struct threshold *t, struct compare_metric *ret)
{
	*ret = (struct compare_metric){ 0 };
	switch (t->form) {
	case THRESHOLD_BAD:
		ret->bad = threshold_selector(a, &t->query.selectors[0]);
		ret->total = threshold_selector(a, &t->query.selectors[1]);
		return NULL;
	case THRESHOLD_GOOD: return proposal_of_good(a, &t->query, ret);
	case THRESHOLD_QUANTILE: return proposal_of_quantile(a, &t->query, ret);
	case THRESHOLD_RESULT: break;
	}
	return "its query has no form that is evaluated here";
}
