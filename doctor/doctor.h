/* doctor/doctor.h: sections and checks of an installation, the lists and probes that they need, and findings. Pure.
 *
 * A section is a file with a table of checks. A check is a row: which lists it reads, which probes it needs, and what
 * it finds in them. It is evaluated in three steps: the lists are read, the probes that follow from them are made
 * (cli/doctor_read.c), and then everything is known and the findings are a function of it. Nothing is written to the
 * cluster. All objects are those of others: names and messages are shown, never interpreted.
 */
#pragma once
#include "base/json.h"
#include "base/str.h"

#define DOCTOR_PROBES_MAX 400 /* of one run */
#define DOCTOR_SAME_MAX 30 /* findings of one check and level that are listed */
#define DOCTOR_LINE_MAX 400 /* bytes of a finding */

/* The lists of objects that are read. */
enum doctor_list {
	LIST_CONTROLLERS, /* Deployments of Sluice and of Argo Rollouts */
	LIST_SERVERS, /* Deployments of sluice server */
	LIST_PODS, /* Sluice's */
	LIST_POD_METRICS, /* Sluice's */
	LIST_LEASES,
	LIST_DEFINITIONS,
	LIST_VALIDATING,
	LIST_MUTATING,
	LIST_ROLLOUTS,
	LIST_TEMPLATES, /* AnalysisTemplates */
	LIST_CLUSTER_TEMPLATES,
	LIST_APPLICATIONS,
	LIST_SECRETS, /* of repositories and clusters */
	LIST_GIT_REPOSITORIES,
	LIST_HELM_REPOSITORIES,
	LIST_OCI_REPOSITORIES,
	LIST_KUSTOMIZATIONS,
	LIST_HELM_RELEASES,
	LIST_WARNINGS, /* Events */
	LIST_MAX
};

/* How a list is requested. */
struct doctor_list_row {
	const char *group, *version; /* version NULL: the one that the API server prefers */
	const char *plural, *kind;
	const char *parameters; /* of the URL, or "" */
};

extern const struct doctor_list_row doctor_lists[LIST_MAX];

/* A list that was read, or the reason why it was not. */
struct doctor_items {
	const json_t *items; /* NULL: it was not read */
	const char *error; /* NULL, or why: no permission, not reached */
	bool served; /* the API server knows the kind */
};

enum doctor_probe_kind {
	PROBE_ACCESS, /* may `subject` (NULL: the user of the command) do this? */
	PROBE_HTTP, /* GET a URL, or a path of the API server */
	PROBE_GIT, /* list the references of a repository */
	PROBE_NAME, /* resolve a host */
};

/* A fact that is not in a list. The strings up to `key` are of the check, the others the result. */
struct doctor_probe {
	enum doctor_probe_kind kind;
	const char *key; /* URL, repository or host; of ACCESS: made of the fields below */
	const char *subject; /* "system:serviceaccount:NS:NAME" */
	const char *verb, *group, *resource, *sub, *ns; /* ns "": the whole cluster */
	/* GIT, HTTP: the URL is in an object, and not one that the user has given. It is requested without the user's
	 * credentials, and not if its name resolves to this machine. */
	bool foreign;
	bool made;
	const char *error; /* NULL, or why there is no result */
	bool allowed; /* ACCESS */
	int status; /* HTTP */
	const char *text; /* the body of HTTP, or the first line of Git's response */
};

struct doctor_probes {
	struct arena *arena;
	struct doctor_probe at[DOCTOR_PROBES_MAX];
	size_t n;
	bool more; /* there was no space for all */
};

/* Everything that findings depend on. */
struct doctor_world {
	struct arena *arena;
	int64_t now; /* wall ms of this machine */
	int64_t server_date; /* wall ms of the API server, in whole seconds; 0: not known */
	int64_t latency_ms; /* of a request to the API server */
	const char *server_version; /* "v1.29.0"; NULL: not known */
	struct doctor_items lists[LIST_MAX];
	const char *name; /* an Application, for some sections; NULL: all */
	const char *repository; /* URL; NULL: all */
	bool all; /* the run of all sections, for which the user has not named the objects whose URLs are requested */
	const struct doctor_probes *probes;
};

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_NOTE, /* worth knowing */
	DOCTOR_UNKNOWN, /* could not be checked */
	DOCTOR_PROBLEM,
	DOCTOR_LEVEL_MAX
};

struct doctor_finding {
	enum doctor_level level;
	const char *check; /* name of the row */
	const char *text, *todo; /* a line each; todo NULL: nothing */
};

struct doctor_findings {
	struct arena *arena;
	const char *check; /* of the row that runs */
	struct doctor_finding *at;
	size_t n, capacity;
	size_t counts[DOCTOR_LEVEL_MAX];
	size_t of_check[DOCTOR_LEVEL_MAX];
};

struct doctor_check {
	const char *name;
	unsigned reads; /* bits of READS() */
	void (*probe)(const struct doctor_world *, struct doctor_probes *); /* NULL: needs none */
	void (*find)(const struct doctor_world *, struct doctor_findings *);
};

#define READS(x) (1u << (x))

struct doctor_section {
	const char *name; /* a word of `sluice doctor` */
	const char *title;
	const char *argument; /* the argument after the word: "APP", "URL"; NULL: none */
	const struct doctor_check *checks; /* ended by a row without a name */
	bool only_named; /* runs only if it is named */
};

/* All, ended by NULL. */
extern const struct doctor_section *const doctor_sections[];

/* Returns the section with this name, or NULL. */
const struct doctor_section *doctor_section_named(const char *);

/* Adds the probes of a section's checks; the lists have been read. */
void doctor_probe(const struct doctor_section *, const struct doctor_world *, struct doctor_probes *);

/* Runs the checks of a section. */
void doctor_find(const struct doctor_section *, const struct doctor_world *, struct doctor_findings *);

/* Returns the findings as lines under the title of the section. In the arena. */
const char *doctor_text(struct arena *, const struct doctor_section *, const struct doctor_findings *);

/* Adds a finding of the check that runs. `todo` says what to do about it (NULL: nothing). Line ends become spaces, and
 * long text is cut. */
void doctor_add(struct doctor_findings *, enum doctor_level, const char *todo, const char *format, ...)
    printf_like(4, 5);

/* Returns the items of a list, or NULL; then, if it could not be read, the reason was added. Kinds that the API server
 * does not serve have no items and no finding. */
const json_t *doctor_items(const struct doctor_world *, struct doctor_findings *, enum doctor_list);

/* Adds a probe, unless it is there already. */
void doctor_probe_add(struct doctor_probes *, const struct doctor_probe *);

/* Adds a probe of what a user may do; `subject` NULL: the user of the command; `ns` "": in the whole cluster. */
void doctor_probe_access(struct doctor_probes *, const char *subject, const char *verb, const char *group,
    const char *resource, const char *sub, const char *ns);

/* Return the probe with its result; NULL: it was not made. */
const struct doctor_probe *doctor_probed(const struct doctor_world *, enum doctor_probe_kind, const char *key);
const struct doctor_probe *doctor_probed_access(const struct doctor_world *, const char *subject, const char *verb,
    const char *group, const char *resource, const char *sub, const char *ns);

/* Returns whether a URL of an object must not be requested in the run of all sections: it is a file, or an address of
 * the machine of the command or of its link. Those who write objects may not be those who may use that machine. */
bool doctor_is_private(const struct doctor_world *, const char *url);

/* Returns the host of a URL, or of USER@HOST:PATH, without brackets; NULL: it has none. In the arena. */
const char *doctor_host(struct arena *, const char *url);

/* Returns "NAMESPACE/NAME" of an object, in the arena. */
const char *doctor_name(struct arena *, const json_t *object);

/* Returns the arguments of the first container of a Deployment that have this flag, as --flag=VALUE or --flag VALUE;
 * `fallback` without it. In the arena. */
const char *doctor_flag(struct arena *, const json_t *deployment, const char *flag, const char *fallback);

/* Returns whether a Deployment is one of Sluice. */
bool doctor_is_sluice(const json_t *deployment);

/* Returns whether one of Sluice's Deployments runs this controller ("rollouts", "gitops", "flux"). */
bool doctor_runs(const struct doctor_world *, const char *controller);
