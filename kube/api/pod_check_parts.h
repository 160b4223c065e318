/* kube/api/pod_check_parts.h: functions that the files of pod_check.h share. */
#pragma once
#include "kube/api/pod_check.h"

/* The path of a value. It is kept on the stack, and converted to text only for an error. */
struct place {
	const struct place *up; /* the path of the value that it is in; NULL for the root */
	const char *name;
	long index; /* the index of an element of a list; otherwise -1 */
};

/* The state of the validation of one pod template. */
struct checking {
	struct problems *problems;
	enum pod_owner owner;
	const json_t *volumes, *claims; /* spec.volumes and spec.resourceClaims */
	const char *os; /* spec.os.name; NULL if absent */
	int64_t grace; /* spec.terminationGracePeriodSeconds */
	bool host_network, host_users; /* spec.hostNetwork and spec.hostUsers, or their defaults */
};

/* The following functions add problems with the texts of the API server. `field` is a field of the value at the place,
 * or "" for the value itself. */

/* Adds a problem with a printf format. */
void check_problem(struct checking *, const struct place *, const char *field, const char *format, ...)
    printf_like(4, 5);
/* Adds the problem `why` of a name; NULL if the name is valid. */
void check_name(struct checking *, const struct place *, const char *field, const char *value, const char *why);
/* Checks that the text in a field of `of` is one of `choices`, "a|b|c". An absent or empty text is valid. */
void check_choice(struct checking *, const struct place *, const json_t *of, const char *field, const char *choices);
/* Checks that a text is one of `choices`, as check_choice() does. */
void check_choice_text(
    struct checking *, const struct place *, const char *field, const char *value, const char *choices);
/* Checks that an integer in a field of `of` is from min to max. Values of other types are valid. */
void check_range(
    struct checking *, const struct place *, const json_t *of, const char *field, int64_t min, int64_t max);
/* Checks that a path is relative, and has no part "..". */
void check_relative(struct checking *, const struct place *, const char *field, const char *path);
/* Checks that the elements of a list have different texts in a field. `name` is the name of the list. */
void check_duplicates(
    struct checking *, const struct place *up, const json_t *list, const char *name, const char *field);

/* Checks that the text in a field of `of` is not absent and not empty. Returns false if it is. */
bool check_required(struct checking *, const struct place *, const json_t *of, const char *field);

/* Returns the number of these fields of `of` that are objects; more than one is a problem, which calls them `what`.
 * `names` is separated by spaces. */
size_t check_one_of(struct checking *, const struct place *, const json_t *of, const char *names, const char *what);

/* Checks the keys of labels or annotations, and the values of labels, of the map `field`. */
void check_keys(struct checking *, const struct place *up, const json_t *map, const char *field, bool labels);

/* Returns the reason why a text cannot be the key of an annotation, or NULL. */
const char *check_annotation_key(struct arena *, const char *key);

/* pod_check_container.c */
enum field_ref_owner { FIELD_REF_OF_ENV, FIELD_REF_OF_VOLUME };

/* Checks containers and init containers. */
void check_containers(struct checking *, const struct place *spec_place, const json_t *spec);

/* Checks a fieldRef of a variable or of a volume. */
void check_field_ref(struct checking *, const struct place *, const json_t *ref, enum field_ref_owner);

/* Checks a resourceFieldRef. With `of_container` it must name a container. */
void check_resource_ref(struct checking *, const struct place *, const json_t *ref, bool of_container);

/* Checks the names and amounts in a map of resources. */
void check_quantities(struct checking *, const struct place *up, const json_t *map, const char *field);

/* Checks the limits, requests and claims of a container. */
void check_resources(struct checking *, const struct place *up, const json_t *resources);

/* Returns whether the pod has a container or init container of this name. */
bool pod_has_container(const json_t *spec, const char *name);

/* pod_check_volume.c */

/* Checks all volumes of the pod. */
void check_volumes(struct checking *, const struct place *spec_place);

/* pod_check_scheduling.c */

/* Checks nodeSelector, tolerations, affinity, topologySpreadConstraints, readinessGates and schedulingGates. */
void check_scheduling(struct checking *, const struct place *spec_place, const json_t *spec);

/* Checks the label selector in a field of `of`. */
void check_label_selector(struct checking *, const struct place *up, const json_t *of, const char *field);

/* pod_check_security.c */

/* Checks the securityContext of a container. */
void check_container_security(struct checking *, const struct place *up, const json_t *container);

/* Checks the securityContext of the pod, its os, and fields that exclude each other with them. */
void check_pod_security(struct checking *, const struct place *spec_place, const json_t *spec);
