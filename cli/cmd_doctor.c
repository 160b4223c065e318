/* cli/cmd_doctor.c: doctor, check: finds what is wrong with an installation, and says what to do. */
#include <stdio.h>
#include <string.h>
#include "base/printable.h"
#include "base/time.h"
#include "cli/doctor_read.h"
#include "doctor/sections.h"

#define REPORT_MAX (64u << 20) /* bytes */
#define SECTIONS_MAX 16

static int doctor_run(struct cli *);
static int check_run(struct cli *);
static struct command_choice doctor_choice(struct arena *, size_t);

const struct command cmd_doctor = {
	.name = "doctor",
	.args = "[SECTION [APP|URL]]...",
	.group = GROUP_CHECK,
	.summary = "Find problems of Sluice, its objects and the cluster (exit code 1)",
	.example = "doctor|doctor argocd flux|doctor debug shop|doctor git https://git.example/shop|doctor --report "
		   "health.txt",
	.choices_title = "Sections",
	.choice = doctor_choice,
	.flags =
	    (const struct flag[]){
		{ .name = "report", .value = "FILE", .text = "Write the findings to this file too" },
		{ 0 },
	    },
	.run = doctor_run,
};

const struct command cmd_check = {
	.name = "check",
	.args = "",
	.group = GROUP_CHECK,
	.summary = "Check only the installation of Sluice (exit code 1)",
	.example = "check|check --pre",
	.flags =
	    (const struct flag[]){
		{ .name = "pre", .text = "Check whether the cluster is ready for an installation" },
		{ 0 },
	    },
	.run = check_run,
};

/* One run of the command: its sections, and what they read and found. */
struct examination {
	const struct doctor_section *sections[SECTIONS_MAX];
	size_t n;
	const char *file; /* of the report; NULL: none */
	struct doctor_world world;
	struct str report;
	size_t counts[DOCTOR_LEVEL_MAX];
};

static struct command_choice
doctor_choice(struct arena *a, size_t i)
{
	const struct doctor_section *s = doctor_sections[i];

	if (s == NULL)
		return (struct command_choice){ 0 };
	return (
	    struct command_choice){ s->argument != NULL ? arena_printf(a, "%s [%s]", s->name, s->argument) : s->name,
		s->only_named ? arena_printf(a, "%s; not part of `sluice doctor` alone", s->title) : s->title };
}

static const char *
doctor_names(struct arena *a)
{
	const char *names = "";

	for (size_t i = 0; doctor_sections[i] != NULL; i++)
		names = arena_printf(a, "%s%s, ", names, doctor_sections[i]->name);
	return arena_printf(a, "%sreport", names);
}

static void
doctor_add_section(struct examination *x, const struct doctor_section *s)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->sections[i] == s)
			return;
	if (x->n < SECTIONS_MAX)
		x->sections[x->n++] = s;
}

static void
doctor_add_all(struct examination *x)
{
	x->world.all = true;
	for (size_t i = 0; doctor_sections[i] != NULL; i++)
		if (!doctor_sections[i]->only_named)
			doctor_add_section(x, doctor_sections[i]);
}

/* Reads the words: sections, each with its argument. Returns 0, or 2 after printing the error. */
static int
doctor_read_words(struct cli *c, struct examination *x)
{
	const char *argument = NULL;

	for (size_t i = 0; i < c->n_args; i++) {
		const struct doctor_section *s = doctor_section_named(c->args[i]);

		if (s != NULL) {
			doctor_add_section(x, s);
			argument = s->argument;
		} else if (strcmp(c->args[i], "report") == 0) {
			doctor_add_all(x);
			x->file = "";
		} else if (argument != NULL) {
			*(strcmp(argument, "APP") == 0 ? &x->world.name : &x->world.repository) = c->args[i];
			argument = NULL;
		} else {
			cli_fail(c, "there is no section \"%s\"; there are: %s", c->args[i], doctor_names(c->arena));
			return 2;
		}
	}
	for (size_t i = 0; i < x->n; i++)
		if (x->sections[i] == &doctor_debug && x->world.name == NULL) {
			cli_fail(c, "usage: sluice doctor debug APP; `sluice app list` lists Applications");
			return 2;
		}
	if (x->n == 0)
		doctor_add_all(x);
	return 0;
}

static void
doctor_examine(struct examination *x, struct arena *a)
{
	for (size_t i = 0; i < x->n; i++) {
		struct doctor_findings f = { .arena = a };

		doctor_find(x->sections[i], &x->world, &f);
		str_addf(&x->report, "%s%s", i > 0 ? "\n" : "", doctor_text(a, x->sections[i], &f));
		for (size_t k = 0; k < DOCTOR_LEVEL_MAX; k++)
			x->counts[k] += f.counts[k];
	}
	str_addf(&x->report, "\nproblems: %zu, notes: %zu, not checked: %zu\n", x->counts[DOCTOR_PROBLEM],
	    x->counts[DOCTOR_NOTE], x->counts[DOCTOR_UNKNOWN]);
}

/* Writes the report to its file, without commands for a terminal that shows it. */
static int
doctor_write_report(struct cli *c, const struct examination *x)
{
	char *now = time_format(c->arena, x->world.now), *name = arena_strdup(c->arena, now);
	const char *file = x->file;
	struct str shown;
	FILE *f;
	bool well;
	size_t n = 0;

	/* gitops-health-report-20261201-103000.txt, as the article's script names it */
	for (const char *s = now; *s != '\0'; s++)
		if (*s != '-' && *s != ':' && *s != 'Z')
			name[n++] = *s == 'T' ? '-' : *s;
	name[n] = '\0';
	if (file[0] == '\0')
		file = arena_printf(c->arena, "gitops-health-report-%s.txt", name);
	str_init(&shown, 2 * REPORT_MAX);
	str_addf(&shown, "Health report of %s, %s\n\n", c->config.server, now);
	printable_add(&shown, str_text(&x->report), x->report.len, false, true);
	f = fopen(file, "we");
	well = f != NULL && fwrite(str_text(&shown), 1, shown.len, f) == shown.len;
	if (f != NULL)
		well &= fclose(f) == 0;
	str_done(&shown);
	if (!well)
		return cli_fail(c, "%s: the report cannot be written: %m", file);
	printf("Report: %s\n", file);
	return 0;
}

/* Reads, probes, finds and prints. Returns the exit code. */
static int
doctor_run_sections(struct cli *c, struct examination *x)
{
	struct doctor_probes *probes = arena_alloc(c->arena, sizeof(*probes));
	unsigned lists = 0;
	int code = 0;

	probes->arena = x->world.arena = c->arena;
	if (cli_connect(c) != 0)
		return 1;
	for (size_t i = 0; i < x->n; i++)
		for (const struct doctor_check *k = x->sections[i]->checks; k->name != NULL; k++)
			lists |= k->reads;
	if (doctor_read_lists(c, lists, &x->world) != 0)
		return 1;
	for (size_t i = 0; i < x->n; i++)
		doctor_probe(x->sections[i], &x->world, probes);
	doctor_make_probes(c, probes);
	x->world.probes = probes;
	str_init(&x->report, REPORT_MAX);
	doctor_examine(x, c->arena);
	fputs(str_text(&x->report), stdout);
	if (x->file != NULL)
		code = doctor_write_report(c, x);
	str_done(&x->report);
	doctor_release(&x->world);
	return code != 0 || x->counts[DOCTOR_PROBLEM] > 0 ? 1 : 0;
}

static int
doctor_run(struct cli *c)
{
	struct examination x = { 0 };
	int code = doctor_read_words(c, &x);

	if (code != 0)
		return code;
	if (cli_flag(c, "report") != NULL)
		x.file = cli_flag(c, "report");
	return doctor_run_sections(c, &x);
}

static int
check_run(struct cli *c)
{
	struct examination x = { .sections = { cli_on(c, "pre") ? &doctor_before_install : &doctor_install }, .n = 1 };

	if (c->n_args != 0)
		return cli_fail(c, "usage: sluice check [--pre]; `sluice doctor` checks more");
	return doctor_run_sections(c, &x);
}
