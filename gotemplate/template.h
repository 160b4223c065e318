/* gotemplate/template.h: the templates of notifications (Go's text/template, with functions of sprig).
 *
 * There are actions {{pipeline}}, if, else, with, range (over lists, maps and numbers; break, continue), variables,
 * comments, and trimming ({{- and -}}); define, template and block are not built, and say so. A function that is not
 * known is an error when the template is read, whether or not it would be called. A template comes from outside: its
 * depth, its steps, what its functions read and make, and what it writes have limits.
 *
 * One difference from Go is on purpose: numbers are compared as numbers (there `eq .spec.replicas 5` is an error, as
 * one is a float).
 */
#pragma once
#include "base/err.h"
#include "base/json.h"

#define TEMPLATE_OUTPUT_MAX (256u << 10)

/* Returns the output of the template with `vars` (an object) as its dot, in the arena. Errors name the line. */
struct err *template_expand(struct arena *, const char *text, const json_t *vars, const char **ret);

/* Reads it only: NULL, or what is wrong with it. */
struct err *template_check(struct arena *, const char *text);
