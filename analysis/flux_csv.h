/* analysis/flux_csv.h: the annotated CSV of InfluxDB (docs.influxdata.com, "Annotated CSV"): tables with the types and
 * defaults of their columns. */
#pragma once
#include "analysis/condition/value.h"
#include "base/err.h"
#include "base/str.h"

#define FLUX_RECORDS_MAX 100000 /* of a response */
#define FLUX_COLUMNS_MAX 1000 /* of a row */

/* Reads the column _value of all records of all tables as a list, in the arena; nil for an empty cell without a
 * default, and for a table without such a column. An error is what ends the text early: a row that cannot be read, or
 * an error of the query (a table with the columns error and reference). *ret_value has the records before it, as Argo
 * Rollouts does not see the error. */
struct err *flux_csv_values(struct arena *, struct bytes text, struct value *ret_value);
