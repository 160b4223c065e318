/* analysis/compare/course.c: writes and reads the course of a comparison. Numbers are integers, so that the text is
 * short and the same on all machines. */
#include "analysis/compare/course.h"
#include <inttypes.h>
#include <math.h>
#include "base/str.h"

#define COURSE_LOG_MAX 300 /* decimal logarithm: what a double can hold, nearly */
#define COURSE_THOUSANDTHS 1000.0
#define COURSE_MILLION 1e6
#define COURSE_TEXT_MAX 4096 /* bytes of a list */

/* The bins of one point. */
struct course_bins {
	size_t first, last;
};

static size_t
course_every(const struct course_input *in)
{
	size_t bins = in->result->bin + 1 - in->comparison->first;

	return (bins + COMPARE_COURSE_MAX - 1) / COMPARE_COURSE_MAX;
}

/* Returns the number of points: whole groups of bins, and one for the bins that are left. */
static size_t
course_points(const struct course_input *in, struct course_bins *ret)
{
	size_t every = course_every(in), n = 0;

	for (size_t bin = in->comparison->first; bin <= in->result->bin; bin += every, n++)
		ret[n] = (struct course_bins){ bin, in->result->bin - bin < every ? in->result->bin : bin + every - 1 };
	return n;
}

static double
course_log10(double natural)
{
	return fmax(-COURSE_LOG_MAX, fmin(COURSE_LOG_MAX, natural / M_LN10));
}

/* Returns the bad requests of an arm among a million of its requests in these bins; NaN: it had none. */
static double
course_share(const struct course_input *in, enum arm arm, const struct course_bins *bins)
{
	const struct counters *c = in->comparison->counters;
	double n = 0, x = 0;

	for (size_t i = 0; i < c->n_pods; i++) {
		const double *all = counters_series(c, &c->pods[i], 0),
			     *bad = counters_series(c, &c->pods[i], 1 + in->result->at.kind);

		for (size_t bin = bins->first; in->comparison->arms[i] == arm && bin <= bins->last; bin++)
			if (!isnan(all[bin])) {
				n += all[bin];
				x += bad[bin];
			}
	}
	return n > 0 ? round(COURSE_MILLION * x / n) : NAN;
}

static const char *
course_numbers(struct arena *a, const double *v, size_t n)
{
	_cleanup_(str_done) struct str text;

	str_init(&text, COURSE_TEXT_MAX);
	for (size_t i = 0; i < n; i++) {
		str_addc(&text, i == 0 ? '[' : ',');
		if (isnan(v[i]))
			str_adds(&text, "null");
		else
			str_addf(&text, "%.0f", v[i]);
	}
	str_addc(&text, ']');
	return arena_strdup(a, str_text(&text));
}

const char *
course_text(struct arena *a, const struct course_input *in)
{
	double stop[COMPARE_COURSE_MAX], pass[COMPARE_COURSE_MAX], canary[COMPARE_COURSE_MAX],
	    stable[COMPARE_COURSE_MAX];
	struct course_bins bins[COMPARE_COURSE_MAX];
	struct compared_course course = { .from = in->from, .bound = in->bound };
	_cleanup_(json_decrefp) json_t *j = NULL;
	size_t n = course_points(in, bins);

	for (size_t i = 0; i < n; i++) {
		const struct comparison_point *at = &in->points[bins[i].last];

		stop[i] = round(COURSE_THOUSANDTHS * course_log10(at->stop));
		pass[i] = round(COURSE_THOUSANDTHS * course_log10(at->pass));
		canary[i] = course_share(in, ARM_CANARY, &bins[i]);
		stable[i] = course_share(in, ARM_STABLE, &bins[i]);
	}
	course.to = in->from + (int64_t)(in->result->bin + 1 - in->comparison->first) * in->step_ms;
	course.every = (int64_t)course_every(in) * in->step_ms / 1000;
	course.stop = course_numbers(a, stop, n);
	course.pass = course_numbers(a, pass, n);
	course.canary = course_numbers(a, canary, n);
	course.stable = course_numbers(a, stable, n);
	course.stop_at = arena_printf(a, "%.6g", in->comparison->stop_at);
	course.pass_at = arena_printf(a, "%.6g", in->result->at.pass_at);
	j = encode(&compared_course_type, &course);
	return json_text(a, j);
}

/* Reads a list of n numbers, or of any number from 1 to the limit if *n is 0. A null becomes NaN if `gaps`. */
static bool
course_list(const char *text, bool gaps, double unit, double limit, double *ret, size_t *n)
{
	_cleanup_(json_decrefp) json_t *list = text != NULL ? json_loads(text, 0, NULL) : NULL;
	size_t size = json_array_size(list);

	if (size == 0 || size > COMPARE_COURSE_MAX || (*n != 0 && size != *n))
		return false;
	for (size_t i = 0; i < size; i++) {
		const json_t *one = json_array_get(list, i);

		if (json_is_null(one) && gaps) {
			ret[i] = NAN;
			continue;
		}
		if (!json_is_integer(one))
			return false;
		ret[i] = (double)json_integer_value(one) / unit;
		if (fabs(ret[i]) > limit || (gaps && ret[i] < 0))
			return false;
	}
	*n = size;
	return true;
}

static bool
course_limit(const char *text, double *ret)
{
	_cleanup_(json_decrefp) json_t *j = text != NULL ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;

	*ret = json_number_value(j);
	return *ret >= 1 && isfinite(*ret);
}

bool
course_read(struct arena *a, const struct string_map *metadata, struct course *ret)
{
	double stop[COMPARE_COURSE_MAX], pass[COMPARE_COURSE_MAX], canary[COMPARE_COURSE_MAX],
	    stable[COMPARE_COURSE_MAX];
	const char *text = string_map_get(metadata, COMPARE_COURSE);
	struct compared_course from = { 0 };
	struct course c = { 0 };

	if (text == NULL)
		return false;
	decode_text(&compared_course_type, text, a, &from);
	if (from.from <= 0 || from.to <= from.from || from.every < 1 || from.every > (from.to - from.from) / 1000 ||
	    !course_limit(from.stop_at, &c.stop_at) || !course_limit(from.pass_at, &c.pass_at) ||
	    !course_list(from.stop, false, COURSE_THOUSANDTHS, COURSE_LOG_MAX, stop, &c.n) ||
	    !course_list(from.pass, false, COURSE_THOUSANDTHS, COURSE_LOG_MAX, pass, &c.n) ||
	    !course_list(from.canary, true, COURSE_MILLION, 1, canary, &c.n) ||
	    !course_list(from.stable, true, COURSE_MILLION, 1, stable, &c.n))
		return false;
	for (size_t i = 0; i < c.n; i++) {
		int64_t at = from.from + (int64_t)(i + 1) * from.every * 1000;

		c.at[i] = (struct course_point){ i + 1 < c.n && at < from.to ? at : from.to, stop[i], pass[i],
			canary[i], stable[i] };
	}
	c.from = from.from;
	c.bound = from.bound;
	*ret = c;
	return true;
}
