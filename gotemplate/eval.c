/* gotemplate/eval.c: evaluation of notification templates: walks the tree, within limits of steps and output. */
#include "base/float.h"
#include "gotemplate/eval.h"
#include <string.h>
#include "base/str.h"
#include "gotemplate/functions.h"
#include "gotemplate/parse.h"
#include "gotemplate/template.h"

#define STEPS_MAX 200000
#define VARIABLES_MAX 256
#define TEXT_MAX (8u << 20)
#define VALUE_BYTES 64 /* bytes that a value in a list or a map counts for */

struct variable {
	const char *name;
	const json_t *value;
};

enum flow { GO_ON, BREAK, CONTINUE };

/* The variables and the dot in the current part of a template. */
struct scope {
	struct run *run;
	const json_t *dot;
	struct variable *variables; /* VARIABLES_MAX */
	size_t n;
	enum flow *flow;
};

const json_t *
run_keep(struct run *r, json_t *v)
{
	if (v != NULL)
		json_array_append_new(r->kept, v);
	return v;
}

const json_t *
run_fail(struct run *r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	if (r->err == NULL)
		r->err = err_new(r->arena, ERR_INVALID, "%s", arena_vprintf(r->arena, format, ap));
	va_end(ap);
	return NULL;
}

bool
truth_of(const json_t *v)
{
	switch (v != NULL ? json_typeof(v) : JSON_NULL) {
	case JSON_NULL: return false;
	case JSON_FALSE: return false;
	case JSON_TRUE: return true;
	case JSON_INTEGER: return json_integer_value(v) != 0;
	case JSON_REAL: return json_real_value(v) != 0;
	case JSON_STRING: return json_string_length(v) > 0;
	case JSON_ARRAY: return json_array_size(v) > 0;
	case JSON_OBJECT: return json_object_size(v) > 0;
	}
	return false;
}

static int
eval_by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* An object's keys in order, as Go walks a map. In the arena. */
static const char **
eval_sorted_keys(struct arena *a, const json_t *object, size_t *ret_n)
{
	const char **keys = arena_new_array(a, const char *, json_object_size(object) + 1), *key;
	json_t *v;

	*ret_n = 0;
	json_object_foreach ((json_t *)object, key, v)
		keys[(*ret_n)++] = key;
	qsort(keys, *ret_n, sizeof(*keys), eval_by_text);
	return keys;
}

/* `nested`: within a list or map, where a missing value is printed as <nil>. Jansson's own depth limit bounds the
 * recursion. */
static void
eval_print_value(struct run *r, struct str *s, const json_t *v, bool nested)
{
	const char **keys;
	size_t n;

	switch (v != NULL ? json_typeof(v) : JSON_NULL) {
	case JSON_NULL: str_adds(s, nested ? "<nil>" : "<no value>"); return;
	case JSON_FALSE: str_adds(s, "false"); return;
	case JSON_TRUE: str_adds(s, "true"); return;
	case JSON_INTEGER: str_addf(s, "%" JSON_INTEGER_FORMAT, json_integer_value(v)); return;
	case JSON_REAL: str_adds(s, float_shortest(r->arena, json_real_value(v), FLOAT_EXPONENT_FMT)); return;
	case JSON_STRING: str_add(s, json_string_value(v), json_string_length(v)); return;
	case JSON_ARRAY:
		str_addc(s, '[');
		for (size_t i = 0; i < json_array_size(v); i++) {
			if (i > 0)
				str_addc(s, ' ');
			eval_print_value(r, s, json_array_get(v, i), true);
		}
		str_addc(s, ']');
		return;
	case JSON_OBJECT:
		keys = eval_sorted_keys(r->arena, v, &n);
		str_adds(s, "map[");
		for (size_t i = 0; i < n; i++) {
			str_addf(s, "%s%s:", i > 0 ? " " : "", keys[i]);
			eval_print_value(r, s, json_object_get(v, keys[i]), true);
		}
		str_addc(s, ']');
		return;
	}
}

const char *
text_of(struct run *r, const json_t *v)
{
	const char *text;
	struct str s;

	if (json_is_string(v))
		return json_string_value(v);
	str_init(&s, TEMPLATE_OUTPUT_MAX);
	eval_print_value(r, &s, v, false);
	if (s.overflow)
		run_fail(r, "a value is too long");
	text = arena_strdup(r->arena, str_text(&s));
	str_done(&s);
	return text;
}

static const json_t *eval_run_pipeline(struct scope *, const struct pipeline *);

static bool
eval_step(struct scope *s)
{
	if (s->run->err == NULL && s->run->steps-- == 0)
		run_fail(s->run, "it takes too many steps");
	return s->run->err == NULL;
}

static struct variable *
eval_variable(struct scope *s, const char *name)
{
	for (size_t i = s->n; i-- > 0;)
		if (strcmp(s->variables[i].name, name) == 0)
			return &s->variables[i];
	return NULL;
}

static const json_t *
eval_fields(struct scope *s, const json_t *v, const struct operand *o)
{
	for (size_t i = 0; i < o->n_fields; i++) {
		if (v == NULL)
			return NULL; /* a missing key of a map has no value, and no fields */
		if (json_is_null(v))
			return run_fail(s->run, "there is nothing that could have a field .%s", o->fields[i]);
		if (!json_is_object(v))
			return run_fail(s->run, "what is no map has no field .%s", o->fields[i]);
		v = json_object_get(v, o->fields[i]);
	}
	return v;
}

/* Evaluates an operand. A function that is an operand has no arguments: only the first word of a command has. */
static const json_t *
eval_operand(struct scope *s, const struct operand *o)
{
	const struct variable *v;

	switch (o->kind) {
	case O_DOT: return eval_fields(s, s->dot, o);
	case O_VARIABLE:
		v = eval_variable(s, o->text);
		return v != NULL ? eval_fields(s, v->value, o) : run_fail(s->run, "there is no variable $%s", o->text);
	case O_STRING: return run_keep(s->run, json_string(o->text));
	case O_INT: return run_keep(s->run, json_integer(o->number));
	case O_FLOAT: return run_keep(s->run, json_real(o->real));
	case O_BOOL: return run_keep(s->run, json_boolean(o->number != 0));
	case O_NIL: return NULL;
	case O_PIPELINE: return eval_fields(s, eval_run_pipeline(s, o->pipeline), o);
	case O_FUNCTION: break;
	}
	return run_fail(s->run, "%s has no value; parentheses around it call it", o->function->name);
}

/* Charges the size of a value before a function reads it, and after a function has returned it, as the number of
 * steps does not limit the length of texts. */
static void
eval_run_charge(struct run *r, const json_t *v)
{
	size_t n = json_string_length(v) + VALUE_BYTES * (json_array_size(v) + json_object_size(v));

	if (r->err == NULL && n > r->text)
		run_fail(r, "it reads and makes more than %u bytes", TEXT_MAX);
	else if (r->err == NULL)
		r->text -= n;
}

/* `last`: the value before the "|", if `piped`. */
static const json_t *
eval_run_command(struct scope *s, const struct command *c, const json_t *last, bool piped)
{
	const struct operand *first = &c->operands[0];
	const json_t *args[ARGS_MAX + 1], *v;
	size_t n = 0;

	if (first->kind == O_NIL)
		return run_fail(s->run, "nil is not a value");
	if (first->kind != O_FUNCTION)
		return piped ? run_fail(s->run, "what is behind | is no function") : eval_operand(s, first);
	for (size_t i = 1; i < c->n; i++) {
		/* The value of a function without arguments is that of its call. */
		args[n++] = c->operands[i].kind == O_FUNCTION && c->operands[i].function->min == 0
				? c->operands[i].function->call(s->run, NULL, 0)
				: eval_operand(s, &c->operands[i]);
		if (s->run->err != NULL)
			return NULL;
	}
	if (piped)
		args[n++] = last;
	if (n < first->function->min || n > first->function->max)
		return run_fail(s->run, "%s does not take %zu arguments", first->function->name, n);
	for (size_t i = 0; i < n; i++)
		eval_run_charge(s->run, args[i]);
	if (s->run->err != NULL)
		return NULL;
	v = first->function->call(s->run, args, n);
	eval_run_charge(s->run, v);
	if (s->run->err != NULL)
		s->run->err = err_wrap(s->run->arena, s->run->err, "%s", first->function->name);
	return v;
}

static void
eval_set_variable(struct scope *s, const char *name, const json_t *value, bool assigns)
{
	struct variable *v = assigns ? eval_variable(s, name) : NULL;

	if (assigns && v == NULL)
		run_fail(s->run, "there is no variable $%s", name);
	else if (assigns)
		v->value = value;
	else if (s->n == VARIABLES_MAX)
		run_fail(s->run, "too many variables");
	else
		s->variables[s->n++] = (struct variable){ name, value };
}

static const json_t *
eval_run_pipeline(struct scope *s, const struct pipeline *l)
{
	const json_t *v = NULL;

	for (const struct command *c = l->first; c != NULL && eval_step(s); c = c->next)
		v = eval_run_command(s, c, v, c != l->first);
	return s->run->err == NULL ? v : NULL;
}

static void eval_run_parts(struct scope *, const struct part *);

/* Runs one iteration of a range. */
static void
eval_turn(struct scope *s, const struct part *p, json_t *index, const json_t *element)
{
	struct scope inner = *s;
	const struct pipeline *l = p->pipeline;
	const json_t *i = run_keep(s->run, index);

	inner.dot = element;
	if (l->n_variables == 2)
		eval_set_variable(&inner, l->variables[0], i, l->assigns);
	if (l->n_variables > 0)
		eval_set_variable(&inner, l->variables[l->n_variables - 1], element, l->assigns);
	eval_run_parts(&inner, p->body);
	if (*s->flow == CONTINUE)
		*s->flow = GO_ON;
}

static void
eval_run_range(struct scope *s, const struct part *p)
{
	const json_t *over = eval_run_pipeline(s, p->pipeline);
	size_t n = 0;
	const char **keys = json_is_object(over) ? eval_sorted_keys(s->run->arena, over, &n) : NULL;

	if (s->run->err != NULL)
		return;
	if (json_is_array(over))
		n = json_array_size(over);
	else if (json_is_integer(over))
		n = json_integer_value(over) > 0 ? (size_t)json_integer_value(over) : 0;
	else if (keys == NULL && over != NULL && !json_is_null(over))
		run_fail(s->run, "range over what is neither list nor map");
	for (size_t i = 0; i < n && *s->flow == GO_ON && eval_step(s); i++)
		eval_turn(s, p, keys != NULL ? json_string(keys[i]) : json_integer((json_int_t)i),
		    keys != NULL	  ? json_object_get(over, keys[i])
		    : json_is_array(over) ? json_array_get(over, i)
					  : run_keep(s->run, json_integer((json_int_t)i)));
	if (*s->flow == BREAK)
		*s->flow = GO_ON;
	if (n == 0)
		eval_run_parts(s, p->otherwise);
}

static void
eval_run_branch(struct scope *s, const struct part *p)
{
	struct scope inner = *s;
	const json_t *v = eval_run_pipeline(s, p->pipeline);

	if (s->run->err != NULL)
		return;
	if (p->pipeline->n_variables > 0)
		eval_set_variable(&inner, p->pipeline->variables[0], v, p->pipeline->assigns);
	if (p->kind == PART_WITH && truth_of(v))
		inner.dot = v;
	eval_run_parts(&inner, truth_of(v) ? p->body : p->otherwise);
}

static void
eval_run_action(struct scope *s, const struct part *p)
{
	const json_t *v = eval_run_pipeline(s, p->pipeline);

	if (s->run->err != NULL)
		return;
	if (p->pipeline->n_variables > 0)
		eval_set_variable(s, p->pipeline->variables[0], v, p->pipeline->assigns);
	else
		str_adds(s->run->out, text_of(s->run, v));
}

static void
eval_run_parts(struct scope *s, const struct part *first)
{
	for (const struct part *p = first; p != NULL && s->run->err == NULL && *s->flow == GO_ON; p = p->next) {
		switch (p->kind) {
		case PART_TEXT: str_add(s->run->out, p->text, p->len); break;
		case PART_ACTION: eval_run_action(s, p); break;
		case PART_IF:
		case PART_WITH: eval_run_branch(s, p); break;
		case PART_RANGE: eval_run_range(s, p); break;
		case PART_BREAK: *s->flow = BREAK; break;
		case PART_CONTINUE: *s->flow = CONTINUE; break;
		}
		if (s->run->out->overflow)
			run_fail(s->run, "it writes more than %u bytes", TEMPLATE_OUTPUT_MAX);
		if (p->pipeline != NULL && s->run->err != NULL && !s->run->located) {
			s->run->err = err_wrap(s->run->arena, s->run->err, "line %d", p->pipeline->line);
			s->run->located = true;
		}
	}
}

struct err *
template_expand(struct arena *a, const char *text, const json_t *vars, const char **ret)
{
	struct part *first;
	struct err *e = template_parse(a, text, &first);
	struct str out;
	struct run r = { .arena = a, .out = &out, .steps = STEPS_MAX, .text = TEXT_MAX };
	struct scope s = { .run = &r, .dot = vars };
	enum flow flow = GO_ON;

	if (e != NULL)
		return e;
	str_init(&out, TEMPLATE_OUTPUT_MAX);
	r.kept = json_array();
	s.variables = arena_new_array(a, struct variable, VARIABLES_MAX);
	s.variables[s.n++] = (struct variable){ "", vars };
	s.flow = &flow;
	eval_run_parts(&s, first);
	*ret = arena_strdup(a, str_text(&out));
	json_decref(r.kept);
	str_done(&out);
	return r.err;
}
