/* analysis/promql/result_type.h: the type of a PromQL expression: scalar or vector. */
#pragma once
#include <stdbool.h>

/* True for a query whose result is one number: numbers, scalar(…), time(), pi(), and operators on these alone. The
 * result of any other valid query is a vector. */
bool promql_is_scalar(const char *query);
