/* analysis/metric_phase.c: phases of measurements and metrics: conditions give the phase of a value, counts against the
 * limits that of a metric. The verdict of a run: verdict.c. */
#include "analysis/metric_phase.h"
#include <inttypes.h>
#include <string.h>
#include "analysis/condition/condition.h"
#include "base/str.h"

static struct err *
metric_limit_read(
    struct arena *a, const char *field, const char *text, int64_t value_default, int64_t least, int64_t *ret)
{
	long long n;

	if (text == NULL) {
		*ret = value_default;
		return NULL;
	}
	if (!str_int(text, least, INT32_MAX, &n))
		return err_new(a, ERR_INVALID, "%s: \"%s\" is not a whole number from %" PRId64, field, text, least);
	*ret = n;
	return NULL;
}

struct err *
metric_limits_read(struct arena *a, const struct metric *m, struct metric_limits *l)
{
	struct err *e;

	if ((e = metric_limit_read(a, "count", m->count, 0, 0, &l->count)) != NULL ||
	    (e = metric_limit_read(a, "failureLimit", m->failure_limit, 0, -1, &l->failure)) != NULL ||
	    (e = metric_limit_read(a, "inconclusiveLimit", m->inconclusive_limit, 0, 0, &l->inconclusive)) != NULL ||
	    (e = metric_limit_read(
		 a, "consecutiveErrorLimit", m->consecutive_error_limit, 4, 0, &l->consecutive_error)) != NULL ||
	    (e = metric_limit_read(
		 a, "consecutiveSuccessLimit", m->consecutive_success_limit, 0, 0, &l->consecutive_success)) != NULL)
		return err_wrap(a, e, "metric %s", m->name);
	if (l->failure == -1 && l->consecutive_success == 0)
		return err_new(a, ERR_INVALID, "metric %s: failureLimit -1 needs a consecutiveSuccessLimit", m->name);
	if (l->count > 1 && m->interval.text == NULL)
		return err_new(a, ERR_INVALID, "metric %s: count %" PRId64 " needs an interval", m->name, l->count);
	if (l->count > 0 && l->count < (l->failure > 0 ? l->failure : 0) + l->consecutive_success)
		return err_new(a, ERR_INVALID,
		    "metric %s: count %" PRId64 " is less than failureLimit %" PRId64
		    " and consecutiveSuccessLimit %" PRId64 " together",
		    m->name, l->count, l->failure > 0 ? l->failure : 0, l->consecutive_success);
	if (l->count > 0 && l->count < l->inconclusive)
		return err_new(a, ERR_INVALID, "metric %s: count %" PRId64 " is less than inconclusiveLimit %" PRId64,
		    m->name, l->count, l->inconclusive);
	if (l->count == 0 && m->interval.text == NULL)
		l->count = 1;
	return NULL;
}

/* Evaluates one condition; *ret_set is false if the metric does not have it. */
static struct err *
measurement_eval(
    struct arena *a, const char *field, const char *text, const struct value *v, int64_t now, bool *ret_set, bool *ret)
{
	struct condition_program *program;
	struct err *e;

	*ret_set = text != NULL && text[0] != '\0';
	if (!*ret_set)
		return NULL;
	if ((e = condition_parse(a, text, &program)) == NULL)
		e = condition_eval(a, program, v, now, ret);
	return e != NULL ? err_wrap(a, e, "%s `%s`", field, text) : NULL;
}

enum run_phase
measurement_phase(
    struct arena *a, const struct metric *m, const struct value *v, bool empty, int64_t now, const char **ret_message)
{
	bool has_success, has_failure, success = false, failure = false;
	struct err *e;

	if ((e = measurement_eval(a, "successCondition", m->success_condition, v, now, &has_success, &success)) !=
		NULL ||
	    (e = measurement_eval(a, "failureCondition", m->failure_condition, v, now, &has_failure, &failure)) !=
		NULL) {
		*ret_message = empty ? arena_printf(a, "no data: the query returned no sample (%s)", err_text(a, e))
				     : err_text(a, e);
		return RUN_ERROR;
	}
	if (!has_success && !has_failure)
		return RUN_SUCCESSFUL;
	if (!has_failure)
		return success ? RUN_SUCCESSFUL : RUN_FAILED;
	if (!has_success)
		return failure ? RUN_FAILED : RUN_SUCCESSFUL;
	return failure ? RUN_FAILED : success ? RUN_SUCCESSFUL : RUN_INCONCLUSIVE;
}

enum run_phase
metric_phase(struct arena *a, const struct metric_limits *l, const struct metric_result *r, bool terminating,
    const char **ret_reason)
{
	const struct measurement *last = r->measurements.n > 0 ? &r->measurements.at[r->measurements.n - 1] : NULL;

	if (l->failure >= 0 && r->failed > l->failure) {
		*ret_reason =
		    arena_printf(a, "failed (%" PRId64 ") > failureLimit (%" PRId64 ")", r->failed, l->failure);
		return RUN_FAILED;
	}
	if (r->inconclusive > l->inconclusive) {
		*ret_reason = arena_printf(a, "inconclusive (%" PRId64 ") > inconclusiveLimit (%" PRId64 ")",
		    r->inconclusive, l->inconclusive);
		return RUN_INCONCLUSIVE;
	}
	if (r->consecutive_error > l->consecutive_error) {
		*ret_reason = arena_printf(a,
		    "consecutiveErrors (%" PRId64 ") > consecutiveErrorLimit (%" PRId64 ")%s%s%s", r->consecutive_error,
		    l->consecutive_error, last != NULL && last->message != NULL ? ": \"Error Message: " : "",
		    last != NULL && last->message != NULL ? last->message : "",
		    last != NULL && last->message != NULL ? "\"" : "");
		return RUN_ERROR;
	}
	if (l->consecutive_success > 0 && r->consecutive_success >= l->consecutive_success)
		return RUN_SUCCESSFUL;
	if (l->count > 0 && r->count >= l->count) {
		if (l->consecutive_success == 0)
			return RUN_SUCCESSFUL;
		/* Neither limit was reached: Inconclusive. With unlimited failures only successes count,
		 * and they were too few. */
		*ret_reason = arena_printf(a,
		    "consecutiveSuccess (%" PRId64 ") < consecutiveSuccessLimit (%" PRId64 ") after %" PRId64
		    " measurements",
		    r->consecutive_success, l->consecutive_success, r->count);
		return l->failure >= 0 ? RUN_INCONCLUSIVE : RUN_FAILED;
	}
	return terminating ? RUN_SUCCESSFUL : RUN_RUNNING;
}

static const char *const run_phase_names[] = {
	[RUN_NONE] = "",
	[RUN_SUCCESSFUL] = "Successful",
	[RUN_RUNNING] = "Running",
	[RUN_PENDING] = "Pending",
	[RUN_INCONCLUSIVE] = "Inconclusive",
	[RUN_ERROR] = "Error",
	[RUN_FAILED] = "Failed",
};
_Static_assert(ARRAY_SIZE(run_phase_names) == RUN_MAX, "a phase has no name");

const char *
run_phase_name(enum run_phase phase)
{
	return run_phase_names[phase];
}

enum run_phase
run_phase_named(const char *text)
{
	for (enum run_phase phase = RUN_SUCCESSFUL; text != NULL && phase < RUN_MAX; phase++)
		if (strcmp(text, run_phase_names[phase]) == 0)
			return phase;
	return RUN_NONE;
}

bool
phase_is_final(const char *text)
{
	enum run_phase phase = run_phase_named(text);

	return phase == RUN_SUCCESSFUL || phase >= RUN_INCONCLUSIVE;
}
