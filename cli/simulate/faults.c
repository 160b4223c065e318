/* cli/simulate/faults.c: reads faults. */
#include "cli/simulate/faults.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/time.h"

#define FAULTS_RATIO_MAX 1000
#define FAULTS_LATE_MS_MAX (24ll * 3600 * 1000)
#define FAULTS_LATE_RATIO 5 /* of errors, for late@ alone */

/* Reads a number without a sign that ends with a text. */
static bool
faults_number(const char *text, const char *end, double max, double *ret)
{
	char *rest;
	double x;

	if (text[0] == '\0' || strchr("0123456789.", text[0]) == NULL)
		return false;
	x = strtod(text, &rest);
	if (rest == text || strcmp(rest, end) != 0 || !(x >= 0 && x <= max))
		return false;
	*ret = x;
	return true;
}

bool
faults_share(const char *text, double *ret)
{
	double x;

	if (faults_number(text, "%", 100, &x)) {
		*ret = x / 100;
		return true;
	}
	return faults_number(text, "", 1, ret);
}

/* Reads one part. Returns false if it is not known. */
static bool
faults_part(const char *part, struct world_fault *f)
{
	double x = 0;

	if (str_starts(part, "errors=+") && faults_share(part + strlen("errors=+"), &f->more))
		return true;
	if (str_starts(part, "errors="))
		return faults_number(part + strlen("errors="), "x", FAULTS_RATIO_MAX, &f->ratio);
	if (str_starts(part, "latency="))
		return faults_number(part + strlen("latency="), "x", FAULTS_RATIO_MAX, &f->latency) && f->latency > 0;
	if (str_starts(part, "leak=") && faults_number(part + strlen("leak="), "%/min", 100 * FAULTS_RATIO_MAX, &x)) {
		f->leak = x / 100;
		return true;
	}
	if (str_starts(part, "crash@") && faults_number(part + strlen("crash@"), "%", 100, &x)) {
		f->crash_weight = (int64_t)x;
		return (double)f->crash_weight == x;
	}
	return str_starts(part, "late@") && duration_parse(part + strlen("late@"), &f->late_ms) && f->late_ms >= 0 &&
	       f->late_ms <= FAULTS_LATE_MS_MAX;
}

static bool
faults_is_none(const struct world_fault *f)
{
	return f->ratio == 1 && f->more == 0 && f->latency == 1 && f->leak == 0 && f->crash_weight < 0;
}

bool
faults_is_ratio(const struct world_fault *f)
{
	struct world_fault others = *f;

	others.ratio = 1;
	return f->ratio != 1 && faults_is_none(&others);
}

struct err *
faults_read(struct arena *a, const char *text, struct version_fault *ret)
{
	struct version_fault v = { .text = arena_strdup(a, text), .fault = WORLD_NO_FAULT };
	char *rest = arena_strdup(a, text), *part;
	bool late = false;

	while ((part = strsep(&rest, ",")) != NULL) {
		late |= str_starts(part, "late@");
		if (!faults_part(part, &v.fault))
			return err_new(a, ERR_INVALID,
			    "--bad: \"%s\" is no fault; there are errors=5x, errors=+2%%, latency=1.5x, crash@40%%, "
			    "leak=10%%/min and late@5m, also several separated by commas",
			    part);
	}
	if (faults_is_none(&v.fault) && late)
		v.fault.ratio = FAULTS_LATE_RATIO;
	*ret = v;
	return NULL;
}
