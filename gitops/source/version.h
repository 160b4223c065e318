/* gitops/source/version.h: semantic versions and ranges of them (semver.org; ranges as the Go library
 * Masterminds/semver reads them). */
#pragma once
#include <stdbool.h>

struct version {
	unsigned long long part[3];
	const char *pre; /* what stands behind "-", up to "+"; borrowed; "" for none */
	int pre_len;
	int n_parts; /* that were written */
};

/* "1.2.3", "v1.2", "1.2.3-rc.1+x"; false: it is none. */
bool version_parse(const char *, struct version *ret);

/* Less than, equal to or greater than 0. What stands behind "+" does not count. */
int version_compare(const struct version *, const struct version *);

/* The text is a range: "1.2.*", ">=1.0 <2", "^1.2 || ~2.3", "1.2 - 2.0", "*". */
bool version_is_range(const char *);

/* The version is in the range. One with a pre-release only where the part of the range that lets it in names one. */
bool version_in_range(const struct version *, const char *range);
