/* analysis/prometheus.h: exchanges with Prometheus, for all providers that query it. */
#pragma once
#include "analysis/provider.h"

/* A query of the HTTP API. */
struct prometheus_call {
	size_t index; /* of the calls of this measurement, from 0; a token (oauth2) does not count */
	const char *path; /* after /api/v1/ */
	const char *body; /* a form */
	size_t response_max; /* bytes */
	const char *field; /* the path of the configuration, for errors */
};

/* Makes a call with the address, credentials and TLS of the configuration, whose query is not used. Returns
 * MEASURED_QUERY with the next query in *ret (of a token, or of the call), MEASURED_ERROR with its error, or
 * MEASURED_VALUE: *ret_got is the response, borrowed, whose status has not been read; its err is NULL. */
enum measured prometheus_exchange(const struct prometheus_metric *, const struct query_input *,
    const struct prometheus_call *, struct arena *, struct step_result *ret, const struct response **ret_got);

/* Returns a time or duration in seconds with milliseconds, as in the API. */
const char *prometheus_seconds(struct arena *, int64_t ms);

/* Returns the first error of the address or the credentials, or NULL. */
const char *prometheus_connection_problem(struct arena *, const struct prometheus_metric *);
