/* cli/manual.c: manual pages from the commands' rows. */
#include <ctype.h>
#include <string.h>
#include "base/str.h"
#include "cli/cli.h"

#define PAGE_MAX (256u << 10)

/* Text for troff: a backslash and a leading dot mean something there; a dash is one that can be typed. */
static void
put(struct str *s, const char *text)
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

static struct str *page; /* being written: flag_each hands nothing on */

static void
put_flag(const char *name, char letter, const char *value, const char *text)
{
	str_adds(page, ".TP\n\\fB");
	if (letter != 0)
		str_addf(page, "\\-%c\\fR, \\fB", letter);
	put(page, "--");
	put(page, name);
	str_adds(page, "\\fR");
	if (value != NULL)
		str_addf(page, " \\fI%s\\fR", value);
	str_addc(page, '\n');
	put(page, text);
	str_addc(page, '\n');
}

static void
page_of(struct str *s, const struct command *c)
{
	str_addf(s, ".SH NAME\nsluice ");
	put(s, c->name);
	str_adds(s, " \\- ");
	put(s, c->summary);
	str_adds(s, "\n.SH SYNOPSIS\n\\fBsluice ");
	put(s, c->name);
	str_adds(s, "\\fR ");
	put(s, c->args);
	str_adds(s, " [\\fIflags\\fR]\n.SH FLAGS\n");
	page = s;
	flag_each(c, put_flag);
	str_adds(s, ".SH SEE ALSO\n\\fBsluice\\fR(1)\n");
}

static void
page_of_all(struct str *s)
{
	str_adds(s,
	    ".SH NAME\nsluice \\- progressive delivery for Kubernetes\n.SH SYNOPSIS\n\\fBsluice\\fR \\fIcommand\\fR "
	    "[\\fIarguments\\fR] [\\fIflags\\fR]\n.SH DESCRIPTION\nCanary steps, traffic shifting and metric gates "
	    "over the "
	    "argoproj.io/v1alpha1 Rollout resources. As a kubectl plugin: \\fBkubectl sluice\\fR \\fIcommand\\fR.\n"
	    ".SH COMMANDS\n");
	for (const struct command *const *c = commands; *c != NULL; c++) {
		if ((*c)->hidden)
			continue;
		str_adds(s, ".TP\n\\fB");
		put(s, (*c)->name);
		str_adds(s, "\\fR ");
		put(s, (*c)->args);
		str_addc(s, '\n');
		put(s, (*c)->summary);
		str_addc(s, '\n');
	}
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
	put(&s, title);
	str_adds(&s, " 1 \"\" Sluice\n");
	if (c != NULL)
		page_of(&s, c);
	else
		page_of_all(&s);
	text = arena_strdup(a, str_text(&s));
	str_done(&s);
	return text;
}
