/* tests/simulation/gitops_model.h: random repositories: which objects each commit has, as text for the program and
 * as what must be live.
 *
 * An object is a number, its key, which stands for a kind, a name and a place (a namespace). What a commit says of
 * it is a struct item. The text of the files and the object that is expected in the cluster are both made from that
 * struct, so that no code of gitops/ is needed to know what is right.
 */
#pragma once
#include "base/arena.h"
#include "base/json.h"
#include "base/rand.h"
#include "gitops/source/tree.h"

enum { KINDS = 6, NAMES = 4, PLACES = 2, KEYS = KINDS * NAMES * PLACES };

enum model_file { FILE_FIRST, FILE_SECOND, FILE_DEEP, FILE_OTHER, MODEL_FILES };

enum model_hook { HOOK_PRE = 1, HOOK_SYNC = 2, HOOK_POST = 4, HOOK_FAIL = 8 };
enum model_delete { DELETE_BEFORE = 1, DELETE_SUCCEEDED = 2, DELETE_FAILED = 4 };

/* Options of an object for its sync. */
enum model_option {
	SAYS_KEEP = 1, /* Prune=false; of Flux prune: disabled */
	SAYS_CONFIRM = 2, /* Prune=confirm */
	SAYS_LEAVE = 4, /* Delete=false */
	SAYS_APPROVE = 8, /* Delete=confirm */
	SAYS_REPLACE = 16,
	SAYS_FORCE = 32,
	SAYS_LAST = 64, /* PruneLast=true */
	SAYS_ONCE = 128, /* ssa: IfNotPresent */
	SAYS_PAUSED = 256, /* reconcile: disabled */
	SAYS_EXTRANEOUS = 512, /* IgnoreExtraneous */
	SAYS_LITERAL = 1024 /* substitute: disabled */
};

struct item {
	bool there;
	bool extra; /* it has one more key */
	bool fails; /* a Job: it ends with 1 */
	unsigned value, command; /* of a Job, where it may be made anew: which command */
	int wave;
	unsigned hooks, hook_delete; /* of a Job; 0: it is no hook */
	unsigned says;
	enum model_file file;
};

struct revision {
	struct item items[KEYS];
	unsigned base; /* value of the object that a dependency applies */
	bool broken; /* a file is no YAML */
	bool base_broken;
	bool no_path; /* the directory is not there */
	bool empty; /* ... or has no objects */
};

/* Properties of a life's repository that do not change. */
struct model {
	bool flux;
	bool kustomized; /* the directory has a kustomization */
	bool one_place; /* all objects are in the first namespace */
	bool commands_change; /* Jobs' commands do, which needs Force */
	const char *places[PLACES];
};

struct model_kind {
	const char *kind, *api_version, *group, *root, *plural;
	const char *stored_as; /* NULL: by its plural */
};

/* In the order in which one wave applies them. */
extern const struct model_kind model_kinds[KINDS];

const struct model_kind *model_kind_of(size_t key);
const char *model_name_of(size_t key);
const char *model_place_of(const struct model *, size_t key);
/* The key of an object; KEYS: the model has none such. */
size_t model_key(const struct model *, const char *plural, const char *ns, const char *name);
const char *model_path(struct arena *, const struct model *, size_t key);

/* The first commit, and one that follows `from`. `last_value` counts values, so that none comes twice. */
void model_begin(const struct model *, struct rand_stream *, unsigned *last_value, struct revision *ret);
void model_change(const struct model *, struct rand_stream *, unsigned *last_value, struct revision *);

/* Its files, in the arena, unsorted. */
struct tree_entry *model_files(struct arena *, const struct model *, const struct revision *, size_t *ret_n);

/* The commit has the object where it is read; `recurse`: directories below are. */
bool model_wants(const struct model *, const struct revision *, size_t key, bool recurse);

/* NULL: the live object is as the item says; else what is not. `substitute`: what postBuild puts in the place of
 * ${v}; NULL: nothing does. Keys that begin with "hand" are others', and so is the key "ignored", if `ignore`. In
 * the arena. */
const char *model_differs(struct arena *, const struct model *, size_t key, const struct item *, const json_t *live,
    const char *substitute, bool ignore);

/* The options of a live object. */
unsigned model_says(const json_t *live);
