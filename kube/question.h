/* kube/question.h: one HTTP exchange with something outside the cluster, and what came of it. */
#pragma once
#include "base/err.h"
#include "base/str.h"

struct question {
	const char *method, *url;
	const char *body; /* NULL: none */
	const char *content_type; /* of the body */
	int64_t timeout_ms; /* from sending to the last byte; > 0 */
	size_t answer_max; /* bytes; a longer answer is an error, never cut */
	bool insecure; /* do not verify the server's certificate */
};

/* err (not reached, timed out, too long), or else status and body. */
struct answer {
	const struct err *err;
	int status;
	struct bytes body;
};
