/* kube/api/diff.h: the difference between two structs of a type, by its rows.
 *
 * The same as encoding both and comparing the JSON, without any JSON: two structs are equal if their encoded forms
 * are. An absent value equals an empty one where the row omits empty values; times are equal within a second.
 */
#pragma once
#include "base/str.h"
#include "kube/api/type.h"

/* Returns true if encode() of both has the same result. Allocates nothing, except for texts that are not ASCII, maps
 * in another order, and JSON that differs. */
bool type_equal(const struct type *, const void *a, const void *b);

/* Appends the merge patch that turns `from` into `to`, as compact text: the text of
 * merge_patch_diff(encode(from), encode(to)). Returns false, and appends nothing, if they are equal. */
bool type_diff(struct str *, const struct type *, const void *from, const void *to);
