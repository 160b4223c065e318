/* analysis/provider_secret.h: Secrets of metric providers, queried by name as the first query of a measurement, and the
 * variables of the controller's environment. Everything lives in the arena. */
#pragma once
#include "analysis/provider.h"

/* The controller's namespace. */
const char *provider_namespace(const struct query_input *);

/* Returns a variable of the controller's environment; NULL: it is unset or empty. */
const char *provider_variable(const struct query_input *, const char *name);

/* Sets *ret to the query of a Secret. */
void provider_secret_query(struct arena *, const char *ns, const char *name, struct query *ret);

/* Reads the response to that query: the keys and values of the Secret. An error of class GONE: there is no such Secret
 * (`secrets "NAME" not found`). */
struct err *provider_secret_read(
    struct arena *, const char *ns, const char *name, const struct response *, struct string_map *ret);

/* Returns the value of a key; NULL: it is absent or empty. */
const char *provider_secret_value(const struct string_map *, const char *key);
