/* cli/lint_files.h: lint: the objects of the files, as a view in which the object that is checked finds those that it
 * names.
 *
 * A folder may have several sets of manifests, such as overlays or examples, which are applied apart and have the same
 * names. A name stands for the object that is nearest: in the same file, else in the folder with the longest path that
 * contains both.
 */
#pragma once
#include "base/map.h"
#include "kube/api/yaml.h"
#include "kube/plan/view.h"

struct manifest {
	const char *file;
	const struct object *object;
	const json_t *json; /* a reference */
	const struct yaml_marks *marks; /* of its document */
	const char *below; /* the object in its document: "items[2]."; "" */
	bool queries_reported; /* of a template: for one Rollout that uses it */
	struct manifest *next;
	struct manifest *first_namesake; /* of its type, namespace and name; the object itself, if it is the first */
	struct manifest *next_namesake;
	struct manifest *last_namesake; /* of the first one only */
};

struct lint_files {
	struct view view; /* first: a view is its files */
	struct arena *arena;
	struct manifest *first, **last;
	struct map by_name; /* the first of each type, namespace and name */
	const struct manifest *from; /* the object that is checked */
};

/* The files live as long as the arena; done() frees the rest. */
void lint_files_init(struct lint_files *, struct arena *);
void lint_files_done(struct lint_files *);

/* Adds an object, which is in the arena. */
void lint_files_add(struct lint_files *, struct manifest *);

/* Returns the nearest object with this name, or NULL. */
struct manifest *lint_files_find(
    const struct lint_files *, const struct type *, const char *namespace, const char *name);

/* Returns the one of an object and its namesakes that is nearest to the object that is checked. */
struct manifest *lint_files_nearest(const struct lint_files *, struct manifest *);

/* Iterates over the objects, and of namesakes over the nearest one. */
#define lint_files_each(files, m)                                                                                      \
	for (struct manifest *m##_first = (files)->first, *m; m##_first != NULL; m##_first = m##_first->next)          \
		if (m##_first->first_namesake == m##_first && (m = lint_files_nearest(files, m##_first)) != NULL)
