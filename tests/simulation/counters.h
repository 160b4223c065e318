/* tests/simulation/counters.h: requests of virtual pods, as Prometheus returns their counters to a comparison. */
#pragma once
#include "kube/plan/query.h"
#include "sim/store.h"

#define COUNTED_TAGS_MAX 4
#define COUNTED_CHANGES_MAX 16

/* The differences of the pods of an image. */
struct counted_image {
	char tag[16];
	double requests; /* of each pod, in a second */
	double bad; /* share of them */
	bool hidden; /* Prometheus does not scrape them */
	bool restarted; /* their containers restart at `from`: the counters begin at 0 again */
};

/* From a time on, until the next change. */
struct counted_traffic {
	int64_t from; /* wall ms */
	double requests; /* of each pod of other images, in a second; none of them is bad */
	bool missing; /* scrapes fail: there are no samples */
	struct counted_image images[COUNTED_TAGS_MAX];
	size_t n;
};

struct counted {
	struct counted_traffic changes[COUNTED_CHANGES_MAX]; /* the oldest first */
	size_t n;
};

/* Returns the response to a range query of a comparison; NULL: it is another query. The caller frees it. */
char *counted_response(const struct counted *, struct store *, const struct request *);
