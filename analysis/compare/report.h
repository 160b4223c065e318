/* analysis/compare/report.h: a comparison in words, for the status of its AnalysisRun. */
#pragma once
#include "analysis/compare/config.h"

struct report_input {
	const struct comparison *comparison;
	const struct comparison_result *result;
	const struct compare_config *config;
	const char *const *bounds; /* of each kind, in seconds; NULL: bad requests are errors */
};

/* Returns a sentence about the verdict, or about what a comparison waits for. In the arena. */
const char *report_message(struct arena *, const struct report_input *);

#define REPORT_PAIRS_MAX 8

/* Writes the numbers behind it into `ret`, which has capacity for REPORT_PAIRS_MAX. Returns how many. */
size_t report_numbers(struct arena *, const struct report_input *, struct string_pair *ret);

/* The keys of the numbers. */
#define REPORT_CANARY "canary"
#define REPORT_STABLE "stable"
#define REPORT_EVIDENCE "evidence"
#define REPORT_MARGIN "margin"
#define REPORT_WORSE "worse"
#define REPORT_WAITS "waits"

/* Of a judged comparison: the time at which its last bin ends (RFC 3339). */
#define REPORT_BIN "bin"
