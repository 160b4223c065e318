/* analysis/promql/balance.h: expressions of PromQL that no Prometheus can parse, whatever functions it has. */
#pragma once

struct arena;

/* Returns why an expression cannot be parsed, as parentheses, braces, brackets or quotes are not closed, or closed
 * without being open; NULL: they are balanced, which does not make it valid. A {{…}} in a string is a part of the
 * string. One outside may stand for anything, so that the rest is not judged. */
const char *promql_balance_problem(struct arena *, const char *expression);
