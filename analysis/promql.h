/* analysis/promql.h: as much of PromQL as tells a scalar from a vector. */
#pragma once
#include <stdbool.h>

/* True for a query whose answer is one number: numbers, scalar(…), time(), pi(), and what operators make of these alone. Any other
 * query answers a vector, if it answers at all. */
bool promql_is_scalar(const char *query);
