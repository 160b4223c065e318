/* analysis/flux_csv.c: reads annotated CSV: rows (RFC 4180), annotations, names, and records. */
#include "analysis/flux_csv.h"
#include <stdlib.h>
#include <string.h>
#include "analysis/condition/go_time.h"
#include "base/base64.h"
#include "base/time.h"

struct flux_row {
	const char **cells;
	size_t n;
};

/* The text, and what is known of the current table. */
struct flux_reader {
	struct arena *arena;
	const char *at, *end;
	struct flux_row types, defaults, names;
	bool annotated; /* a table has begun */
	bool names_next; /* the next row without "#" has the names of columns */
	bool failed_query; /* the table has the error of the query */
};

/* Reads a cell, and moves past it. Returns NULL for a quote that is not closed, or a character behind one. */
static const char *
flux_cell(struct flux_reader *f)
{
	char *cell, *to;

	if (f->at == f->end || *f->at != '"') {
		const char *from = f->at;

		while (f->at < f->end && *f->at != ',' && *f->at != '\n' && *f->at != '"')
			f->at++;
		if (f->at < f->end && *f->at == '"')
			return NULL;
		return arena_strndup(f->arena, from,
		    (size_t)(f->at - from) -
			(f->at > from && f->at[-1] == '\r' && (f->at == f->end || *f->at == '\n')));
	}
	to = cell = arena_alloc(f->arena, (size_t)(f->end - f->at) + 1);
	for (f->at++; f->at < f->end; f->at++) {
		if (*f->at == '"' && (f->at + 1 == f->end || f->at[1] != '"'))
			break;
		f->at += *f->at == '"';
		*to++ = *f->at;
	}
	if (f->at == f->end)
		return NULL;
	f->at++;
	if (f->at < f->end && *f->at == '\r')
		f->at++;
	if (f->at < f->end && *f->at != ',' && *f->at != '\n')
		return NULL;
	*to = '\0';
	return cell;
}

/* Reads the next row that is not empty. Returns false at the end, or with an error. */
static bool
flux_row(struct flux_reader *f, struct flux_row *ret, struct err **ret_err)
{
	const char *cells[FLUX_COLUMNS_MAX];

	while (f->at < f->end && (*f->at == '\n' || (*f->at == '\r' && f->at + 1 < f->end && f->at[1] == '\n')))
		f->at++;
	if (f->at == f->end)
		return false;
	ret->n = 0;
	do {
		if (ret->n == FLUX_COLUMNS_MAX) {
			*ret_err = err_new(f->arena, ERR_INVALID, "a row has more than %d columns", FLUX_COLUMNS_MAX);
			return false;
		}
		if ((cells[ret->n++] = flux_cell(f)) == NULL) {
			*ret_err = err_new(f->arena, ERR_INVALID, "a row has a quote in the wrong place");
			return false;
		}
	} while (f->at < f->end && *f->at++ == ',');
	ret->cells = arena_new_array(f->arena, const char *, ret->n);
	memcpy(ret->cells, cells, ret->n * sizeof(*cells));
	return true;
}

static const char *
flux_at(const struct flux_row *row, size_t i)
{
	return i < row->n ? row->cells[i] : "";
}

static struct err *
flux_wrong(struct arena *a, const char *text, const char *type)
{
	return err_new(a, ERR_INVALID, "\"%s\" is not of type %s", text, type);
}

/* Converts a cell to its type; an empty one is nil. */
static struct err *
flux_value(struct arena *a, const char *text, const char *type, struct value *ret)
{
	long long whole;
	int64_t ns;
	char *end;

	*ret = (struct value){ .kind = VALUE_NIL };
	if (text[0] == '\0')
		return NULL;
	if (strcmp(type, "string") == 0) {
		*ret = value_string(text);
	} else if (strcmp(type, "boolean") == 0) {
		*ret = value_bool(strcasecmp(text, "false") != 0);
	} else if (strcmp(type, "double") == 0) {
		*ret = value_float(strtod(text, &end));
		return *end == '\0' ? NULL : flux_wrong(a, text, type);
	} else if (strcmp(type, "long") == 0 || strcmp(type, "unsignedLong") == 0) {
		if (!str_int(text, type[0] == 'l' ? INT64_MIN : 0, INT64_MAX, &whole))
			return flux_wrong(a, text, type);
		*ret = value_int(whole);
	} else if (strcmp(type, "duration") == 0) {
		if (!duration_parse_ns(text, &ns))
			return flux_wrong(a, text, type);
		*ret = value_duration(ns);
	} else if (str_starts(type, "dateTime")) {
		if (!time_parse(text, &ns))
			return flux_wrong(a, text, type);
		*ret = value_time(go_time_from_ms(ns));
	} else if (strcmp(type, "base64Binary") == 0) {
		size_t n;
		const char *bytes = base64_decode(a, text, &n);

		if (bytes == NULL)
			return flux_wrong(a, text, type);
		*ret = value_array(a, n);
		for (size_t i = 0; i < n; i++)
			ret->array.at[i] = value_int((unsigned char)bytes[i]);
	} else {
		return err_new(a, ERR_INVALID, "a column has the unknown type \"%s\"", type);
	}
	return NULL;
}

/* Reads a record: all cells must have their types, as for InfluxDB's client. */
static struct err *
flux_record(const struct flux_reader *f, const struct flux_row *row, struct value *ret)
{
	struct err *e;

	*ret = (struct value){ .kind = VALUE_NIL };
	if (!f->annotated)
		return err_new(f->arena, ERR_INVALID, "a row comes before the annotations of its table");
	if (row->n != f->types.n)
		return err_new(f->arena, ERR_INVALID, "a row has %zu columns, its table %zu", row->n, f->types.n);
	for (size_t i = 1; i < row->n; i++) {
		const char *text = row->cells[i][0] != '\0' ? row->cells[i] : flux_at(&f->defaults, i);
		struct value v;

		if ((e = flux_value(f->arena, text, flux_at(&f->types, i), &v)) != NULL)
			return e;
		if (strcmp(flux_at(&f->names, i), "_value") == 0)
			*ret = v;
	}
	return NULL;
}

/* Takes an annotation: the first one begins a table. */
static void
flux_annotation(struct flux_reader *f, const struct flux_row *row)
{
	if (!f->names_next) {
		f->types = *row;
		f->defaults = f->names = (struct flux_row){ 0 };
		f->failed_query = false;
	}
	f->annotated = f->names_next = true;
	if (strcmp(row->cells[0], "#datatype") == 0)
		f->types = *row;
	else if (strcmp(row->cells[0], "#default") == 0)
		f->defaults = *row;
}

struct err *
flux_csv_values(struct arena *a, struct bytes text, struct value *ret_value)
{
	struct flux_reader f = { .arena = a, .at = text.at, .end = text.at + text.len };
	struct value *list = NULL;
	size_t n = 0, capacity = 0;
	struct flux_row row;
	struct err *e = NULL;

	while (e == NULL && flux_row(&f, &row, &e)) {
		if (row.n <= 1)
			continue;
		if (row.cells[0][0] == '#') {
			flux_annotation(&f, &row);
		} else if (f.names_next) {
			f.names = row;
			f.names_next = false;
			f.failed_query = strcmp(row.cells[1], "error") == 0;
		} else if (f.failed_query) {
			e = err_new(a, ERR_INVALID, "%s", row.cells[1]);
		} else if (n == FLUX_RECORDS_MAX) {
			e = err_new(a, ERR_INVALID, "more than %d records", FLUX_RECORDS_MAX);
		} else {
			if (n == capacity) {
				struct value *more = arena_new_array(a, struct value, capacity = n * 2 + 16);

				if (n > 0)
					memcpy(more, list, n * sizeof(*list));
				list = more;
			}
			if ((e = flux_record(&f, &row, &list[n])) == NULL)
				n++;
		}
	}
	*ret_value = (struct value){ .kind = VALUE_ARRAY, .array = { list, n } };
	return e;
}
