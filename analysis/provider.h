/* analysis/provider.h: where a measurement's value comes from.
 *
 * A provider does no input or output: it says which question to ask and reads the answer. The executor asks; in simulation
 * sim/ answers. Add one by adding a file and a line in providers.c.
 */
#pragma once
#include "analysis/condition/value.h"
#include "kube/api/analysis.h"
#include "kube/plan/query.h"

enum measured {
	MEASURED_ASK,
	MEASURED_VALUE,
	MEASURED_NOTHING, /* answered, but holds no sample; *ret_value is the empty result all the same */
	MEASURED_ERROR,
};

#define QUESTIONS_MAX 4 /* of one measurement */

/* What a measurement knows when it is moved on. */
struct inquiry {
	int64_t now; /* wall ms: of the question, while there is none yet */
	const struct answer *answers[QUESTIONS_MAX];
	size_t n;
	const char *address; /* of Prometheus, when the metric names none; NULL: there is no such setting */
};

enum measured_kind {
	MEASURED_ANYTHING,
	MEASURED_NUMBER,
	MEASURED_LIST, /* of numbers */
};

struct provider {
	const char *name; /* the key under spec.metrics[].provider */

	/* True when the metric uses it. */
	bool (*used)(const struct metric *);

	/* What is wrong with its configuration, arguments being in place; NULL: nothing is checked before asking. */
	struct err *(*check)(struct arena *, const struct metric *);

	/* What its values are, as far as that is known before asking; NULL: nothing is. */
	enum measured_kind (*kind)(const struct metric *);

	/* NULL: it is measured by a Job (job.h). Otherwise moves a measurement on by the answers to its questions so far (none at first; the last one's is the newest). ASK sets
	 * *ret_ask, VALUE and NOTHING *ret_value, ERROR *ret_err. Same input, same output. All of it lives in the arena. */
	enum measured (*step)(const struct metric *, const struct inquiry *, struct arena *, struct question *ret_ask,
	    struct value *ret_value, struct err **ret_err);

	/* NULL, or what the status says of how it was asked: a key and a value of metricResults[].metadata. */
	void (*metadata)(const struct metric *, const char **ret_key, const char **ret_value);
};

extern const struct provider prometheus_provider, web_provider, job_provider;

/* All providers, ended by NULL. */
extern const struct provider *const providers[];

/* The metric's provider, or NULL when it names none. */
const struct provider *provider_of(const struct metric *);
