/* tests/simulation/counters.h: requests of virtual pods, as Prometheus returns their counters to a comparison. */
#pragma once
#include "kube/plan/query.h"
#include "sim/store.h"

#define COUNTED_TAGS_MAX 4
#define COUNTED_CHANGES_MAX 16

/* From a time on, until the next change. */
struct counted_traffic {
	int64_t from; /* wall ms */
	double requests; /* of each pod, in a second */
	char tags[COUNTED_TAGS_MAX][16]; /* of images */
	double bad[COUNTED_TAGS_MAX]; /* share of their requests; 0 for other images */
	size_t n;
};

struct counted {
	struct counted_traffic changes[COUNTED_CHANGES_MAX]; /* the oldest first */
	size_t n;
};

/* Returns the response to a range query of a comparison; NULL: it is another query. The caller frees it. */
char *counted_response(const struct counted *, struct store *, const struct request *);
