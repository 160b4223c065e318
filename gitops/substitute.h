/* gitops/substitute.h: ${variables} in a text, as Flux's postBuild has them (drone/envsubst). Pure. */
#pragma once
#include "base/err.h"
#include "kube/api/type.h"

#define SUBSTITUTE_MAX (4u << 20) /* bytes of one object after it */

/* `${name}` becomes its value; what is not there, nothing. Also ${#v} ${v^} ${v^^} ${v,} ${v,,} ${v:n} ${v:n:len} ${v#p} ${v##p} ${v%p} ${v%%p}
 * ${v:-text} ${v-text} ${v:=text} ${v=text} ${v/from/to} ${v//from/to} ${v/#from/to} ${v/%from/to}. `$${` is `${`; `$name` is left as it is. In
 * the arena. An error names what is not built, or not closed. */
struct err *substitute(struct arena *, const char *text, const struct string_map *variables, const char **ret);

/* A letter or underscore, then letters, digits and underscores. */
bool substitute_is_name(const char *);
