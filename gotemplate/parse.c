/* gotemplate/parse.c: parser of notification templates: recursive descent from text to tree. */
#include "gotemplate/parse.h"
#include <ctype.h>
#include <string.h>
#include "base/literal.h"
#include "base/str.h"
#include "gotemplate/functions.h"
#include "gotemplate/template.h"

struct parser {
	struct arena *arena;
	const char *at;
	int line, depth; /* of the position; how many blocks and parentheses are open */
	bool in_action; /* between {{ and }} */
	struct err *err;
};

static void
parse_fail(struct parser *p, const char *format, const char *what)
{
	if (p->err == NULL)
		p->err = err_new(
		    p->arena, ERR_INVALID, "line %d: %s", p->line, arena_printf(p->arena, "%s%s", format, what));
}

static bool
gotemplate_parse_is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static void
parse_skip_space(struct parser *p)
{
	for (; isspace((unsigned char)*p->at); p->at++)
		p->line += *p->at == '\n';
}

/* Returns whether the parser is at "}}" or " -}}". */
static bool
gotemplate_parse_at_end(const struct parser *p)
{
	return strncmp(p->at, "}}", 2) == 0 || strncmp(p->at, "-}}", 3) == 0;
}

static bool
gotemplate_parse_accept(struct parser *p, const char *what)
{
	size_t n = strlen(what);

	parse_skip_space(p);
	if (strncmp(p->at, what, n) != 0 || (gotemplate_parse_is_name(what[0]) && gotemplate_parse_is_name(p->at[n])))
		return false;
	p->at += n;
	return true;
}

static const char *
gotemplate_parse_name(struct parser *p)
{
	size_t n = 0;

	while (gotemplate_parse_is_name(p->at[n]))
		n++;
	p->at += n;
	return arena_strndup(p->arena, p->at - n, n);
}

static const char *
parse_string(struct parser *p)
{
	const char *end, *why, *text = literal_read(p->arena, p->at, TEMPLATE_OUTPUT_MAX, &end, &why);

	if (text == NULL) {
		parse_fail(p, why, "");
		return "";
	}
	for (; p->at < end; p->at++)
		p->line += *p->at == '\n';
	return text;
}

static void
gotemplate_parse_number(struct parser *p, struct operand *o)
{
	size_t n = strspn(p->at, "+-0123456789.eE_xXabcdefABCDEF");
	const char *text = str_replace(p->arena, arena_strndup(p->arena, p->at, n), "_", "");
	char *end;

	o->kind = O_INT;
	o->number = strtoll(text, &end, 0);
	if (*end != '\0') {
		o->kind = O_FLOAT;
		o->real = strtod(text, &end);
	}
	if (*end != '\0')
		parse_fail(p, "what is no number: ", text);
	p->at += n;
}

static struct pipeline *gotemplate_parse_pipeline(struct parser *, bool may_declare);

/* Reads a character constant, 'x', which is a number in Go. */
static void
gotemplate_parse_character(struct parser *p, struct operand *o)
{
	o->kind = O_INT;
	o->number = (unsigned char)p->at[1];
	if (p->at[1] == '\0' || p->at[1] == '\\' || p->at[2] != '\'')
		parse_fail(p, "invalid character constant", "");
	else
		p->at += 3;
}

/* Returns false if no operand starts here. */
static bool
parse_operand(struct parser *p, struct operand *o)
{
	const char *fields[FIELDS_MAX];

	parse_skip_space(p);
	*o = (struct operand){ .kind = O_DOT };
	if (*p->at == '"' || *p->at == '`') {
		o->kind = O_STRING;
		o->text = parse_string(p);
	} else if (*p->at == '\'') {
		gotemplate_parse_character(p, o);
	} else if (isdigit((unsigned char)*p->at) ||
		   ((*p->at == '-' || *p->at == '+') && isdigit((unsigned char)p->at[1]))) {
		gotemplate_parse_number(p, o);
	} else if (*p->at == '$') {
		p->at++;
		o->kind = O_VARIABLE;
		o->text = gotemplate_parse_name(p);
	} else if (*p->at == '(') {
		p->at++;
		o->kind = O_PIPELINE;
		o->pipeline = gotemplate_parse_pipeline(p, false);
		if (!gotemplate_parse_accept(p, ")"))
			parse_fail(p, "a parenthesis without end", "");
	} else if (*p->at == '.' && !gotemplate_parse_is_name(p->at[1])) {
		p->at++;
		return true;
	} else if (isalpha((unsigned char)*p->at) || *p->at == '_') {
		const char *word = gotemplate_parse_name(p);

		o->kind = strcmp(word, "true") == 0 || strcmp(word, "false") == 0 ? O_BOOL
			  : strcmp(word, "nil") == 0				  ? O_NIL
										  : O_FUNCTION;
		o->number = word[0] == 't';
		if (o->kind == O_FUNCTION && (o->function = function_find(word)) == NULL)
			parse_fail(p, "there is no function ",
			    arena_printf(p->arena, "%s; there are %s", word, function_names(p->arena)));
	} else if (*p->at != '.') {
		return false;
	}
	while (*p->at == '.' && gotemplate_parse_is_name(p->at[1]) && p->err == NULL) {
		p->at++;
		if (o->n_fields == FIELDS_MAX)
			parse_fail(p, "too many fields", "");
		else
			fields[o->n_fields++] = gotemplate_parse_name(p);
	}
	o->fields = arena_new_array(p->arena, const char *, o->n_fields + 1);
	memcpy(o->fields, fields, o->n_fields * sizeof(*fields));
	return true;
}

static struct command *
parse_command(struct parser *p)
{
	struct operand list[ARGS_MAX] = { 0 };
	struct command *c = arena_alloc(p->arena, sizeof(*c));

	while (p->err == NULL && !gotemplate_parse_at_end(p) && parse_operand(p, &list[c->n])) {
		if (list[c->n].kind == O_FUNCTION && list[c->n].n_fields > 0)
			parse_fail(p, "a function has no fields; parentheses around its call have", "");
		c->n++;
		parse_skip_space(p);
		if (c->n == ARGS_MAX)
			parse_fail(p, "too many arguments", "");
	}
	if (c->n == 0)
		parse_fail(p, "something is missing before ", arena_printf(p->arena, "%.8s", p->at));
	if (c->n > 1 && list[0].kind != O_FUNCTION)
		parse_fail(p, "only a function takes arguments", "");
	c->operands = arena_new_array(p->arena, struct operand, c->n + 1);
	memcpy(c->operands, list, c->n * sizeof(*list));
	return c;
}

/* Reads "$a :=", "$a, $b :=" or "$a =": the variables to which the pipeline is assigned. */
static void
gotemplate_parse_declaration(struct parser *p, struct pipeline *l)
{
	struct parser ahead = *p;

	for (int i = 0; i < 2; i++) {
		parse_skip_space(&ahead);
		if (*ahead.at != '$')
			return;
		ahead.at++;
		l->variables[i] = gotemplate_parse_name(&ahead);
		l->n_variables = (size_t)i + 1;
		if (i == 0 && gotemplate_parse_accept(&ahead, ","))
			continue;
		if (gotemplate_parse_accept(&ahead, ":="))
			l->assigns = false;
		else if (parse_skip_space(&ahead), ahead.at[0] == '=' && ahead.at[1] != '=')
			l->assigns = ahead.at++ != NULL;
		else
			break;
		*p = ahead;
		return;
	}
	l->n_variables = 0;
}

static struct pipeline *
gotemplate_parse_pipeline(struct parser *p, bool may_declare)
{
	struct pipeline *l = arena_alloc(p->arena, sizeof(*l));
	struct command **end = &l->first;

	l->line = p->line;
	if (++p->depth > DEPTH_MAX) {
		parse_fail(p, "too deep", "");
		return l;
	}
	if (may_declare)
		gotemplate_parse_declaration(p, l);
	do {
		*end = parse_command(p);
		end = &(*end)->next;
	} while (p->err == NULL && gotemplate_parse_accept(p, "|"));
	p->depth--;
	return l;
}

static struct part *
gotemplate_parse_part(struct parser *p, enum part_kind kind)
{
	struct part *t = arena_alloc(p->arena, sizeof(*t));

	(void)p;
	t->kind = kind;
	return t;
}

/* Reads the "}}" of an action; after "-}}" white space is skipped. */
static void
gotemplate_parse_end_action(struct parser *p)
{
	bool trims;

	parse_skip_space(p);
	trims = *p->at == '-';
	if (!gotemplate_parse_at_end(p)) {
		parse_fail(p, "what does not belong here: ", arena_printf(p->arena, "%.12s", p->at));
		return;
	}
	p->at += trims ? 3 : 2;
	if (trims)
		parse_skip_space(p);
	p->in_action = false;
}

/* Reads the text up to the next action. Returns false at the end of the template. */
static bool
parse_text(struct parser *p, struct part ***end)
{
	const char *start = p->at, *open = strstr(start, "{{");
	size_t n = open != NULL ? (size_t)(open - start) : strlen(start);
	bool trims = open != NULL && open[2] == '-' && isspace((unsigned char)open[3]);

	for (size_t i = 0; i < n; i++)
		p->line += start[i] == '\n';
	p->at += n;
	while (trims && n > 0 && isspace((unsigned char)start[n - 1]))
		n--;
	if (n > 0) {
		struct part *t = gotemplate_parse_part(p, PART_TEXT);

		t->text = start;
		t->len = n;
		**end = t;
		*end = &t->next;
	}
	if (open == NULL)
		return false;
	p->at += trims ? 3 : 2;
	p->in_action = true;
	return true;
}

static void
gotemplate_parse_comment(struct parser *p)
{
	const char *close = strstr(p->at, "*/");

	if (close == NULL) {
		parse_fail(p, "a comment without end", "");
		return;
	}
	for (; p->at < close + 2; p->at++)
		p->line += *p->at == '\n';
	gotemplate_parse_end_action(p);
}

enum stop { STOP_TEXT_END, STOP_END, STOP_ELSE };

static enum stop gotemplate_parse_parts(struct parser *, struct part **ret);

/* Reads if, with or range, from its pipeline to its end. */
static struct part *
parse_block(struct parser *p, enum part_kind kind)
{
	struct part *t = gotemplate_parse_part(p, kind);
	int line = p->line;
	enum stop stop;

	if (++p->depth > DEPTH_MAX) {
		parse_fail(p, "too deep", "");
		return t;
	}
	t->pipeline = gotemplate_parse_pipeline(p, true);
	gotemplate_parse_end_action(p);
	stop = gotemplate_parse_parts(p, &t->body);
	if (stop == STOP_ELSE && p->err == NULL) {
		/* "else if" is an if within the else, and both have the same end. */
		if (gotemplate_parse_accept(p, "if")) {
			t->otherwise = parse_block(p, PART_IF);
			stop = STOP_END;
		} else if (gotemplate_parse_accept(p, "with")) {
			t->otherwise = parse_block(p, PART_WITH);
			stop = STOP_END;
		} else {
			gotemplate_parse_end_action(p);
			stop = gotemplate_parse_parts(p, &t->otherwise);
		}
	}
	p->depth--;
	if (stop != STOP_END && p->err == NULL) {
		p->line = line;
		parse_fail(p, stop == STOP_ELSE ? "a second else" : "no end of what begins here", "");
	}
	return t;
}

/* Returns the part of one action; NULL: it has none. */
static struct part *
parse_action(struct parser *p)
{
	static const char *const not_supported[] = { "define", "template", "block" };
	struct part *t;

	if (strncmp(p->at, "/*", 2) == 0) {
		gotemplate_parse_comment(p);
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(not_supported); i++)
		if (gotemplate_parse_accept(p, not_supported[i])) {
			parse_fail(p, "not supported: ", not_supported[i]);
			return NULL;
		}
	if (gotemplate_parse_accept(p, "if"))
		return parse_block(p, PART_IF);
	if (gotemplate_parse_accept(p, "with"))
		return parse_block(p, PART_WITH);
	if (gotemplate_parse_accept(p, "range"))
		return parse_block(p, PART_RANGE);
	if (gotemplate_parse_accept(p, "break"))
		t = gotemplate_parse_part(p, PART_BREAK);
	else if (gotemplate_parse_accept(p, "continue"))
		t = gotemplate_parse_part(p, PART_CONTINUE);
	else {
		t = gotemplate_parse_part(p, PART_ACTION);
		t->pipeline = gotemplate_parse_pipeline(p, true);
	}
	gotemplate_parse_end_action(p);
	return t;
}

/* Reads parts up to an end, an else (after which the parser is then) or the end of the text. */
static enum stop
gotemplate_parse_parts(struct parser *p, struct part **ret)
{
	struct part **end = ret;

	while (p->err == NULL && parse_text(p, &end)) {
		struct part *t;

		parse_skip_space(p);
		if (gotemplate_parse_accept(p, "end")) {
			gotemplate_parse_end_action(p);
			return STOP_END;
		}
		if (gotemplate_parse_accept(p, "else"))
			return STOP_ELSE;
		t = parse_action(p);
		if (t != NULL) {
			*end = t;
			end = &t->next;
		}
	}
	return STOP_TEXT_END;
}

struct err *
template_parse(struct arena *a, const char *source, struct part **ret)
{
	struct parser p = { .arena = a, .at = source, .line = 1 };

	*ret = NULL;
	if (gotemplate_parse_parts(&p, ret) != STOP_TEXT_END && p.err == NULL)
		parse_fail(&p, "an end or else of nothing", "");
	return p.err;
}

struct err *
template_check(struct arena *a, const char *source)
{
	struct part *first;

	return template_parse(a, source, &first);
}
