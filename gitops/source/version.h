/* gitops/source/version.h: semantic versions and ranges of them (semver.org; ranges as the Go library
 * Masterminds/semver reads them). */
#pragma once
#include <stdbool.h>

struct version {
	unsigned long long part[3];
	const char *pre; /* the part after "-", up to "+"; borrowed; "": the version has none */
	int pre_len;
	int n_parts; /* that were written */
};

/* Parses "1.2.3", "v1.2", "1.2.3-rc.1+x"; false: it is not a version. */
bool version_parse(const char *, struct version *ret);

/* Returns a number less than, equal to or greater than 0. The part after "+" does not matter. */
int version_compare(const struct version *, const struct version *);

/* Returns true if the text is a range: "1.2.*", ">=1.0 <2", "^1.2 || ~2.3", "1.2 - 2.0", "*". */
bool version_is_range(const char *);

/* Returns true if the version is in the range. A pre-release matches only an alternative that has a pre-release
 * itself. */
bool version_in_range(const struct version *, const char *range);

/* Returns the 64 digits of the digest of an OCI artifact, "sha256:DIGITS", which may stand for the version of a chart.
 * Returns NULL for another text, or NULL. */
const char *version_digest(const char *);
