/* kube/api/pod_check_parts.h: functions that the files of pod_check.h share. */
#pragma once
#include "kube/api/pod_check.h"

/* The path of a value. Kept on the stack, and converted to text only for an error. */
struct place {
	const struct place *up; /* NULL: the root */
	const char *name;
	long index; /* of a list's element; -1: none */
};

struct checking {
	struct problems *problems;
	enum pod_owner owner;
	const json_t *volumes, *claims; /* of the pod */
	const char *os; /* NULL: any */
	int64_t grace; /* s, before a container is killed */
	bool host_network, host_users;
};

void check_problem(struct checking *, const struct place *, const char *field, const char *format, ...)
    printf_like(4, 5);
void check_name(struct checking *, const struct place *, const char *field, const char *value, const char *why);
void check_choice(struct checking *, const struct place *, const json_t *of, const char *field, const char *choices);
void check_choice_text(
    struct checking *, const struct place *, const char *field, const char *value, const char *choices);
void check_range(
    struct checking *, const struct place *, const json_t *of, const char *field, int64_t min, int64_t max);
void check_relative(struct checking *, const struct place *, const char *field, const char *path);
void check_duplicates(
    struct checking *, const struct place *up, const json_t *list, const char *name, const char *field);

/* Returns false if the text is absent or empty, which is a problem. */
bool check_required(struct checking *, const struct place *, const json_t *of, const char *field);

/* Returns the number of these objects that are present; two are a problem. `names` is separated by spaces. */
size_t check_one_of(struct checking *, const struct place *, const json_t *of, const char *names, const char *what);

/* Checks the keys of labels or annotations, and the values of labels, of the map `field`. */
void check_keys(struct checking *, const struct place *up, const json_t *map, const char *field, bool labels);

/* Returns why a text cannot be the key of an annotation; NULL: it can. */
const char *check_annotation_key(struct arena *, const char *key);

/* pod_check_container.c */
enum field_ref_owner { FIELD_REF_OF_ENV, FIELD_REF_OF_VOLUME };

void check_containers(struct checking *, const struct place *spec_place, const json_t *spec);
void check_field_ref(struct checking *, const struct place *, const json_t *ref, enum field_ref_owner);
void check_resource_ref(struct checking *, const struct place *, const json_t *ref, bool of_container);
void check_quantities(struct checking *, const struct place *up, const json_t *map, const char *field);
void check_resources(struct checking *, const struct place *up, const json_t *resources);
bool pod_has_container(const json_t *spec, const char *name);

/* pod_check_volume.c */
void check_volumes(struct checking *, const struct place *spec_place);

/* pod_check_scheduling.c */
void check_scheduling(struct checking *, const struct place *spec_place, const json_t *spec);
void check_label_selector(struct checking *, const struct place *up, const json_t *of, const char *field);

/* pod_check_security.c */
void check_container_security(struct checking *, const struct place *up, const json_t *container);
void check_pod_security(struct checking *, const struct place *spec_place, const json_t *spec);
