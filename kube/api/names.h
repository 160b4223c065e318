/* kube/api/names.h: the validation of names, labels and keys by an API server (k8s.io/apimachinery, util/validation).
 *
 * Each function returns NULL for a valid text, or the message of the API server.
 */
#pragma once
#include "base/arena.h"

/* "my-name": at most 63 of a-z, 0-9 and -, a letter or digit at both ends. */
const char *name_label_problem(const char *);

/* The same, starting with a letter: the name of a Service. */
const char *name_service_problem(const char *);

/* "my.name.example": labels separated by dots, at most 253 characters. The name of most objects. */
const char *name_subdomain_problem(const char *);

/* A path segment: not "." or "..", without / and %. The name of RBAC objects. */
const char *name_path_problem(const char *);

/* "example.com/my.Name_1": the key of a label or annotation, with or without its prefix. */
const char *name_qualified_problem(const char *);

/* At most 63 of letters, digits, -, _ and ., a letter or digit at both ends; may be empty. */
const char *name_label_value_problem(const char *);

/* "http-web": the name of a port. */
const char *name_port_problem(const char *);

/* Printable ASCII except "=". */
const char *name_env_problem(const char *);

/* The key of a ConfigMap or Secret. */
const char *name_config_key_problem(const char *);

/* Returns the API server's message for the name of an object of this kind; NULL: valid. */
const char *name_object_problem(const char *kind, const char *name);
