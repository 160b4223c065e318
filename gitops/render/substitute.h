/* gitops/render/substitute.h: variable substitution of Flux's postBuild: ${variables} in a text
 * (fluxcd/pkg/envsubst, a fork of drone/envsubst). Pure. */
#pragma once
#include "base/err.h"
#include "kube/api/type.h"

#define SUBSTITUTE_MAX (4u << 20) /* bytes of one text after it */

struct substitute_variables {
	struct string_map map;
	bool strict; /* a variable that is not set, and has no default, is an error; else it is empty */
};

/* `${name}` becomes its value. Also ${#v} ${v^} ${v^^} ${v,} ${v,,} ${v:from} ${v:from:length} ${v#glob} ${v##glob}
 * ${v%glob} ${v%%glob} ${v/from/to} ${v//from/to} ${v/#from/to} ${v/%from/to}, and ${v:-text}, ${v:=text}, ${v=text},
 * ${v:?text} and ${v:+text}, which are the text where the value is empty. Outside of braces `$$` is `$`, and `$name`
 * is left as it is. In the arena. What Flux refuses is an error. */
struct err *substitute(
    struct arena *, const char *text, const struct substitute_variables *variables, const char **ret);

/* Returns whether the text is the name of a variable: a letter or underscore, then letters, digits and underscores. */
bool substitute_is_name(const char *);
