/* cli/manual.c: manual pages, from the rows of commands and flags. */
#include "cli/manual.h"
#include <ctype.h>
#include <string.h>
#include "base/arena.h"
#include "base/str.h"
#include "cli/flags.h"

#define PAGE_MAX (256u << 10)

/* Text for troff, where a backslash and a leading dot have a meaning; a dash must be one that can be typed. */
static void
manual_text(struct str *s, const char *text)
{
	if (*text == '.' || *text == '\'')
		str_adds(s, "\\&");
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			str_adds(s, "\\e");
		else if (*text == '-')
			str_adds(s, "\\-");
		else
			str_addc(s, *text);
	}
}

static void
manual_flag(struct arena *a, struct str *s, const struct flag *f)
{
	str_adds(s, ".TP\n\\fB");
	if (f->letter != 0)
		str_addf(s, "\\-%c\\fR, \\fB", f->letter);
	manual_text(s, "--");
	manual_text(s, f->name);
	str_adds(s, "\\fR");
	if (f->value != NULL)
		str_addf(s, " \\fI%s\\fR", f->value);
	str_addc(s, '\n');
	manual_text(s, flags_text(a, f));
	str_addc(s, '\n');
}

/* A section with the flags that have an effect, if there is one. */
static void
manual_flags(struct arena *a, struct str *s, const char *title, const struct flag *list)
{
	bool titled = false;

	for (const struct flag *f = list; f != NULL && f->name != NULL; f++) {
		if (f->ignored)
			continue;
		if (!titled)
			str_addf(s, ".SH %s\n", title);
		titled = true;
		manual_flag(a, s, f);
	}
}

static void
manual_command(struct arena *a, struct str *s, const struct command *c)
{
	str_addf(s, ".SH NAME\nsluice ");
	manual_text(s, c->name);
	str_adds(s, " \\- ");
	manual_text(s, c->summary);
	str_adds(s, "\n.SH SYNOPSIS\n\\fBsluice ");
	manual_text(s, c->name);
	str_adds(s, "\\fR ");
	manual_text(s, c->args);
	str_adds(s, " [\\fIflags\\fR]\n");
	manual_flags(a, s, "FLAGS", c->flags);
	if (c->choices_title != NULL)
		str_addf(s, ".SH %s\n", c->choices_title);
	for (size_t i = 0; c->choices_title != NULL && c->choice(a, i).name != NULL; i++) {
		str_adds(s, ".TP\n\\fB");
		manual_text(s, c->choice(a, i).name);
		str_adds(s, "\\fR\n");
		manual_text(s, c->choice(a, i).text);
		str_addc(s, '\n');
	}
	if (c->example != NULL)
		str_adds(s, ".SH EXAMPLES\n");
	for (const char *e = c->example; e != NULL && *e != '\0'; e += strcspn(e, "|"), e += *e == '|') {
		str_adds(s, ".PP\n\\fBsluice ");
		manual_text(s, arena_strndup(a, e, strcspn(e, "|")));
		str_adds(s, "\\fR\n");
	}
	str_adds(s, ".SH SEE ALSO\n\\fBsluice\\fR(1) has the flags of all commands.\n");
}

static void
manual_main(struct arena *a, struct str *s)
{
	str_adds(s,
	    ".SH NAME\nsluice \\- progressive delivery for Kubernetes\n.SH SYNOPSIS\n\\fBsluice\\fR \\fIcommand\\fR "
	    "[\\fIarguments\\fR] [\\fIflags\\fR]\n.SH DESCRIPTION\nCanary steps, traffic shifting and metric gates "
	    "over the "
	    "argoproj.io/v1alpha1 Rollout resources. As a kubectl plugin: \\fBkubectl sluice\\fR \\fIcommand\\fR.\n"
	    ".SH COMMANDS\n");
	for (const struct command *const *c = commands; *c != NULL; c++) {
		if ((*c)->group == GROUP_INTERNAL)
			continue;
		str_adds(s, ".TP\n\\fB");
		manual_text(s, (*c)->name);
		str_adds(s, "\\fR ");
		manual_text(s, (*c)->args);
		str_addc(s, '\n');
		manual_text(s, (*c)->summary);
		str_addc(s, '\n');
	}
	manual_flags(a, s, "FLAGS OF ALL COMMANDS", global_flags);
	str_adds(s, ".SH FILES\n\\fB~/.kube/config\\fR, \\fB$KUBECONFIG\\fR\n");
}

const char *
manual_page(struct arena *a, const struct command *c)
{
	char *title = arena_printf(a, "sluice%s%s", c != NULL ? "-" : "", c != NULL ? c->name : "");
	const char *text;
	struct str s;

	for (char *at = title; *at != '\0'; at++)
		*at = *at == ' ' ? '-' : (char)toupper((unsigned char)*at);
	str_init(&s, PAGE_MAX);
	str_adds(&s, ".TH ");
	manual_text(&s, title);
	str_adds(&s, " 1 \"\" Sluice\n");
	if (c != NULL)
		manual_command(a, &s, c);
	else
		manual_main(a, &s);
	text = arena_strdup(a, str_text(&s));
	str_done(&s);
	return text;
}
