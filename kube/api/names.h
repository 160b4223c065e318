/* kube/api/names.h: the grammars that an API server holds names, labels and keys to (k8s.io/apimachinery, util/validation).
 *
 * Each returns NULL for a text that is one, else the words of the API server that say what it has to be.
 */
#pragma once
#include "base/arena.h"

/* "my-name": at most 63 of a-z, 0-9 and -, a letter or digit at both ends. */
const char *name_label_problem(const char *);

/* The same, and it begins with a letter: the name of a Service. */
const char *name_service_problem(const char *);

/* "my.name.example": labels between points, at most 253 in all. The name of most objects. */
const char *name_subdomain_problem(const char *);

/* What stands in a path: neither "." nor "..", without / and %. The name of RBAC's objects. */
const char *name_path_problem(const char *);

/* "example.com/my.Name_1": the key of a label or annotation, with or without its prefix. */
const char *name_qualified_problem(const char *);

/* At most 63 of letters, digits, -, _ and ., a letter or digit at both ends; may be empty. */
const char *name_label_value_problem(const char *);

/* "http-web": the name of a port. */
const char *name_port_problem(const char *);

/* Anything but "=" of printable ASCII. */
const char *name_env_problem(const char *);

/* The key of a ConfigMap or Secret. */
const char *name_config_key_problem(const char *);

/* What an API server says of a wrong name of an object of this kind; NULL: it is right. */
const char *name_object_problem(const char *kind, const char *name);
