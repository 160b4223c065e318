/* cli/flags.c: global flags (--namespace, --kubeconfig, ...), and parsing of all flags. */
#include "cli/flags.h"
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "cli/cli.h"
#include "cli/suggest.h"

#define ARGS_FIRST 16

const struct flag global_flags[] = {
	{ .name = "namespace", .letter = 'n', .value = "NS", .text = "Namespace (default: that of the context)" },
	{ .name = "kubeconfig",
	    .value = "FILE",
	    .text = "Kubeconfig file (default: $KUBECONFIG, then ~/.kube/config)" },
	{ .name = "context", .value = "NAME", .text = "Context of the kubeconfig to use" },
	{ .name = "cluster", .value = "NAME", .text = "Cluster of the kubeconfig to use" },
	{ .name = "user", .value = "NAME", .text = "User of the kubeconfig to use" },
	{ .name = "server", .value = "URL", .text = "URL of the API server" },
	{ .name = "token", .value = "TOKEN", .text = "Bearer token for the API server" },
	{ .name = "as", .value = "NAME", .text = "User to impersonate" },
	{ .name = "as-group", .value = "GROUP", .text = "Group to impersonate" },
	{ .name = "as-uid", .value = "UID", .text = "UID to impersonate" },
	{ .name = "certificate-authority",
	    .value = "FILE",
	    .text = "File with the certificate authorities of the API server" },
	{ .name = "client-certificate", .value = "FILE", .text = "File with the client certificate" },
	{ .name = "client-key", .value = "FILE", .text = "File with the client key" },
	{ .name = "tls-server-name", .value = "NAME", .text = "Server name in the API server's certificate" },
	{ .name = "request-timeout", .value = "DURATION", .text = "Maximum time of a request (30s; 0: no limit)" },
	{ .name = "insecure-skip-tls-verify", .text = "Do not verify the API server's certificate" },
	{ .name = "help", .letter = 'h', .text = "Show the help of a command" },
	{ .name = "kloglevel", .letter = 'v', .value = "X", .ignored = true },
	{ .name = "loglevel", .value = "X", .ignored = true }, /* of commands that log nothing */
	{ .name = "cache-dir", .value = "X", .ignored = true },
	{ .name = "disable-compression", .ignored = true },
	{ 0 },
};

static const struct flag *
flags_find_in(const struct flag *list, const char *name)
{
	for (const struct flag *f = list; f != NULL && f->name != NULL; f++)
		if (strcmp(f->name, name) == 0 || (name[0] != '\0' && name[0] == f->letter && name[1] == '\0'))
			return f;
	return NULL;
}

const struct flag *
flags_find(const struct command *c, const char *name)
{
	const struct flag *f = c != NULL ? flags_find_in(c->flags, name) : NULL;

	if (f == NULL)
		f = flags_find_in(global_flags, name);
	return f;
}

const struct flag *
flags_find_any(const char *name)
{
	const struct flag *f = flags_find_in(global_flags, name);

	for (size_t i = 0; f == NULL && commands[i] != NULL; i++)
		f = flags_find_in(commands[i]->flags, name);
	return f;
}

const char *
flags_suggest(const struct command *c, const char *name)
{
	struct suggestion s = suggest_start(name);

	for (const struct flag *f = c->flags; f != NULL && f->name != NULL; f++)
		if (!f->ignored)
			suggest_consider(&s, f->name);
	for (const struct flag *f = global_flags; f->name != NULL; f++)
		if (!f->ignored)
			suggest_consider(&s, f->name);
	return s.best;
}

/* Returns "wide|name|json" as "wide, name or json", or only with commas. */
static const char *
flags_choices(struct arena *a, const char *choices, const char *last)
{
	const char *text = "";

	for (const char *s = choices; *s != '\0';) {
		size_t n = strcspn(s, "|");
		bool first = s == choices, ends = s[n] == '\0';

		text = arena_printf(a, "%s%s%.*s", text, first ? "" : ends ? last : ", ", (int)n, s);
		s += n + !ends;
	}
	return text;
}

const char *
flags_text(struct arena *a, const struct flag *f)
{
	return arena_printf(a, "%s%s%s%s%s%s", f->text, f->choices != NULL ? ": " : "",
	    f->choices != NULL ? flags_choices(a, f->choices, " or ") : "",
	    f->value_default != NULL ? " (default " : "", f->value_default != NULL ? f->value_default : "",
	    f->value_default != NULL ? ")" : "");
}

/* Returns the choice that the value is, as the row spells it, or NULL. */
static const char *
flags_choose(struct arena *a, const char *choices, const char *value)
{
	for (const char *s = choices; *s != '\0'; s += strcspn(s, "|"), s += *s == '|')
		if (strncasecmp(s, value, strcspn(s, "|")) == 0 && value[strcspn(s, "|")] == '\0')
			return arena_strndup(a, s, strcspn(s, "|"));
	return NULL;
}

static void
flags_add_argument(struct cli *c, const char *word)
{
	if (c->args == NULL)
		c->args = arena_new_array(c->arena, const char *, c->args_capacity = ARGS_FIRST);
	c->args = arena_grow(c->arena, c->args, c->n_args, &c->args_capacity, sizeof(*c->args));
	c->args[c->n_args++] = word;
}

/* Keeps a flag's value. Returns 0, or the exit code after printing the error; `word` is what was written. */
static int
flags_set(struct cli *c, const struct flag *f, const char *word, const char *value)
{
	const char *before = map_get(&c->flags, f->name);

	if (f->value == NULL && strcmp(value, "true") != 0 && strcmp(value, "false") != 0) {
		cli_fail(c, "%s: --%s is true or false", word, f->name);
		return 2;
	}
	if (f->choices != NULL) {
		const char *choice = flags_choose(c->arena, f->choices, value);

		if (choice == NULL)
			return cli_fail(c, "--%s: \"%s\" is not one of %s", f->name, value,
			    flags_choices(c->arena, f->choices, ", "));
		value = choice;
	}
	if (f->repeats && before != NULL)
		value = arena_printf(c->arena, "%s\n%s", before, value);
	map_set(&c->flags, f->name, (void *)value);
	return 0;
}

static int
flags_unknown(struct cli *c, const char *word, const char *name)
{
	const char *like = flags_suggest(c->command, name);

	if (like != NULL)
		cli_fail(c, "unknown flag %s; did you mean --%s? `sluice %s --help` lists them", word, like,
		    c->command->name);
	else
		cli_fail(c, "unknown flag %s; `sluice %s --help` lists them", word, c->command->name);
	return 2;
}

int
flags_read(struct cli *c, char **words, size_t n)
{
	bool literal = false; /* after "--" nothing is a flag */
	int code = 0;

	for (size_t i = 0; i < n && code == 0; i++) {
		const char *word = words[i], *value;
		const struct flag *f;
		char *text, *eq;

		if (strcmp(word, "--") == 0 && !literal) {
			literal = true;
			continue;
		}
		if (literal || word[0] != '-' || word[1] == '\0' || (word[1] >= '0' && word[1] <= '9')) {
			flags_add_argument(c, word);
			continue;
		}
		text = arena_strdup(c->arena, word[1] == '-' ? word + 2 : word + 1);
		if ((eq = strchr(text, '=')) != NULL)
			*eq = '\0';
		value = eq != NULL ? eq + 1 : NULL;
		if ((f = flags_find(c->command, text)) == NULL && word[1] != '-') {
			/* "-nshop": a letter and its value. */
			f = flags_find(c->command, (const char[]){ word[1], '\0' });
			value = word + 2;
			if (f != NULL && f->value == NULL)
				f = NULL;
		}
		if (f == NULL)
			return flags_unknown(c, word, text);
		if (value == NULL)
			value = f->value == NULL ? "true" : i + 1 < n ? words[++i] : NULL;
		if (value == NULL) {
			cli_fail(c, "%s needs a value", word);
			return 2;
		}
		code = flags_set(c, f, word, value);
	}
	return code;
}
