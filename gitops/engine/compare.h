/* gitops/engine/compare.h: is what is live what Git wants?
 *
 * An object that we have applied says itself, in metadata.managedFields, which fields we asked for. When these are the fields that
 * Git names now, and each has the value that Git gives it, applying it again would change nothing: no question is needed.
 * Wherever that cannot be seen (it was never applied by us, or a value is written in another form), the API server is asked by a
 * dry run, whose answer is compared with what is live. Source: the structured merge diff of Kubernetes, KEP 555.
 */
#pragma once
#include <stdbool.h>
#include "base/json.h"

/* An entry of managedFields is this manager's, of the object itself; `operation`: "Apply", "Update". */
bool compare_is_of(const json_t *entry, const char *manager, const char *operation);

/* Applying `desired` as `manager` would surely change nothing of `live`. False: it must be asked. */
bool compare_is_applied(struct arena *, const json_t *desired, const json_t *live, const char *manager);

/* The same object but for what every write or the API server itself moves (resourceVersion, generation, managedFields, status). */
bool compare_is_same(const json_t *live, const json_t *predicted);

/* The object without those fields, for people and for comparing: a new reference. */
json_t *compare_essence(const json_t *object);

/* Equal values; numbers by what they are (1 and 1.0), and nothing (null) as if it were not there. */
bool compare_values(const json_t *, const json_t *);

/* The number of the element of a list that has these keys; one that it does not name is left to its default. The list's length: there is none. */
size_t compare_element(const json_t *list, const json_t *keys);
