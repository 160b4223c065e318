/* gotemplate/template.h: the templates of notifications (Go's text/template, with functions of sprig).
 *
 * Supported: {{pipeline}}, if, else, with, range (over lists, maps and numbers; break, continue), variables,
 * comments, and trimming ({{- and -}}). define, template and block are errors that name them. An unknown function is
 * an error when the template is parsed, even if it would not be called. Users write templates: depth, steps, the
 * bytes that functions read and return, and the output have limits.
 *
 * One difference from Go is intended: all numbers can be compared (in Go `eq .spec.replicas 5` is an error, as one
 * of them is a float).
 */
#pragma once
#include "base/err.h"
#include "base/json.h"

#define TEMPLATE_OUTPUT_MAX (256u << 10)

/* Returns the output of the template with `vars` (an object) as its dot, in the arena. Errors name the line. */
struct err *template_expand(struct arena *, const char *text, const json_t *vars, const char **ret);

/* Parses a template without evaluating it. Returns NULL, or the first error. */
struct err *template_check(struct arena *, const char *text);
