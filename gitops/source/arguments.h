/* gitops/source/arguments.h: validation of arguments: which texts may become arguments of git, helm and gpg. Pure.
 *
 * The fields of an Application, a GitRepository or a repository are data. Before one becomes an argument of another
 * program, it is checked here by the grammar of its kind, so that no part of it is taken for an option, for another
 * transport, or for a second value.
 *
 * Sources: gitrevisions(7), git-check-ref-format(1), git-fetch(1) "GIT URLS"; Helm's documentation of release names,
 * of `helm template` and of `--set`; RFC 1123 for names, RFC 3986 for URLs.
 */
#pragma once
#include "base/err.h"

/* A value's kind, which names its grammar. */
enum grammar {
	GRAMMAR_RELEASE, /* a release of Helm's */
	GRAMMAR_NAMESPACE,
	GRAMMAR_ACCOUNT, /* the name of a ServiceAccount */
	GRAMMAR_CHART, /* the name of a chart in a repository */
	GRAMMAR_CHART_VERSION, /* a version or a range of them */
	GRAMMAR_CHART_REPOSITORY, /* http://…, https://…, or HOST[:PORT]/PATH of a registry */
	GRAMMAR_KUBE_VERSION,
	GRAMMAR_API_VERSION, /* "apps/v1", "apps/v1/Deployment" */
	GRAMMAR_PARAMETER, /* the name of one value: "a.b[0].c" */
	GRAMMAR_GIT_URL, /* http, https, ssh, file, or USER@HOST:PATH */
	GRAMMAR_REVISION, /* the name of a commit, also a range of versions */
	GRAMMAR_REFERENCE, /* the full name of one: "HEAD", "refs/heads/main" */
	GRAMMAR_COMMIT, /* 40 hexadecimal digits */
	GRAMMAR_PROXY, /* the URL of a proxy */
	GRAMMAR_MAX
};

/* Returns NULL if `text` is of this kind; else ERR_INVALID, which has `where`, the text, and the expected form. NULL
 * is "". */
struct err *grammar_check(struct arena *, enum grammar, const char *where, const char *text);
