/* kube/api/names.h: the validation of names, labels and keys by an API server (k8s.io/apimachinery, util/validation).
 *
 * Each function returns NULL for a valid text, or the message of the API server.
 */
#pragma once
#include "base/arena.h"

/* Checks a name such as "my-name": at most 63 of a-z, 0-9 and -, with a letter or digit at both ends. */
const char *name_label_problem(const char *);

/* Checks the name of a Service: the same, starting with a letter. */
const char *name_service_problem(const char *);

/* Checks a name such as "my.name.example", as most objects have it: at most 253 characters, parts separated by dots. */
const char *name_subdomain_problem(const char *);

/* Checks the name of an RBAC object: a path segment, which is not "." or ".." and has no / and %. */
const char *name_path_problem(const char *);

/* Checks the key of a label or annotation, such as "example.com/my.Name_1", with or without a prefix. */
const char *name_qualified_problem(const char *);

/* Checks the value of a label: at most 63 of letters, digits, -, _ and ., with a letter or digit at both ends. It may
 * be empty. */
const char *name_label_value_problem(const char *);

/* Checks the name of a port, such as "http-web". */
const char *name_port_problem(const char *);

/* Checks the name of an environment variable: printable ASCII except "=". */
const char *name_env_problem(const char *);

/* Checks a key of a ConfigMap or Secret. */
const char *name_config_key_problem(const char *);

/* Checks the name of an object of this kind. */
const char *name_object_problem(const char *kind, const char *name);
