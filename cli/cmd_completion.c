/* cli/cmd_completion.c: completion, man: the command table for shells and for man.
 *
 * The shell's script is a few lines that call this program (`__complete`) for the next words. So names of rollouts and
 * namespaces are the cluster's own. What cannot be had quickly is not offered: no error is ever printed into a prompt.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/str.h"
#include "cli/cli.h"
#include "cli/flags.h"
#include "cli/manual.h"
#include "kube/api/replicaset.h"
#include "kube/api/roots.h"
#include "kube/client.h"

#define PATIENCE_MS 1500

static int completion_run(struct cli *);
static int complete_run(struct cli *);
static int man_run(struct cli *);

const struct command cmd_completion = {
	.name = "completion",
	.args = "bash|zsh|fish",
	.group = GROUP_SHELL,
	.summary = "Print the completion script of a shell",
	.example = "completion bash",
	.run = completion_run,
};

const struct command cmd_complete = {
	.name = "__complete",
	.args = "WORDS...",
	.summary = "Print the completions of the last word",
	.run = complete_run,
};

const struct command cmd_man = {
	.name = "man",
	.args = "[FOLDER]",
	.group = GROUP_SHELL,
	.summary = "Print the manual, or write its pages to a folder",
	.example = "man /usr/local/share/man/man1",
	.run = man_run,
};

static const char bash[] = "_sluice() {\n"
			   "	local cur=${COMP_WORDS[COMP_CWORD]}\n"
			   "	COMPREPLY=($(compgen -W \"$(sluice __complete -- \"${COMP_WORDS[@]:1:COMP_CWORD}\" "
			   "2>/dev/null)\" -- \"$cur\"))\n"
			   "	[ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$cur\"))\n"
			   "}\n"
			   "complete -F _sluice sluice kubectl-sluice\n";

static const char zsh[] = "#compdef sluice\n"
			  "_sluice() {\n"
			  "	local -a words_\n"
			  "	words_=(${(f)\"$(sluice __complete -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)\"})\n"
			  "	if (( $#words_ )); then compadd -a words_; else _files; fi\n"
			  "}\n"
			  "compdef _sluice sluice\n";

static const char fish[] =
    "complete -c sluice -f -a '(sluice __complete -- (commandline -opc)[2..-1] (commandline -ct) "
    "2>/dev/null)'\n";

static int
completion_run(struct cli *c)
{
	static const struct {
		const char *name, *script;
	} shells[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };

	for (size_t i = 0; c->n_args == 1 && i < ARRAY_SIZE(shells); i++)
		if (strcmp(c->args[0], shells[i].name) == 0) {
			fputs(shells[i].script, stdout);
			return 0;
		}
	return cli_fail(c, "usage: sluice completion bash|zsh|fish");
}

static void
complete_offer(const char *word, const char *so_far)
{
	if (strncmp(word, so_far, strlen(so_far)) == 0)
		puts(word);
}

/* The first or second words of commands; each once. */
static void
complete_commands(struct cli *c, const char *const *words, size_t n)
{
	struct map offered = { 0 };

	for (const struct command *const *k = commands; *k != NULL; k++) {
		size_t len = strcspn((*k)->name, " ");
		const char *word = arena_strndup(c->arena, (*k)->name, len);

		if ((*k)->group == GROUP_INTERNAL)
			continue;
		if (n == 2 && strcmp(words[0], word) == 0 && (*k)->name[len] != '\0')
			word = (*k)->name + len + 1;
		else if (n != 1)
			continue;
		if (map_get(&offered, word) == NULL)
			complete_offer(word, words[n - 1]);
		map_set(&offered, word, (void *)word);
	}
	map_done(&offered);
}

/* The flags of a list that begin like this. */
static void
complete_flags(struct cli *c, const struct flag *list, const char *so_far)
{
	for (const struct flag *f = list; f != NULL && f->name != NULL; f++)
		if (!f->ignored)
			complete_offer(arena_printf(c->arena, "--%s", f->name), so_far);
}

static void
complete_choices(struct cli *c, const char *choices, const char *so_far)
{
	for (const char *s = choices; s != NULL && *s != '\0'; s += strcspn(s, "|"), s += *s == '|')
		complete_offer(arena_strndup(c->arena, s, strcspn(s, "|")), so_far);
}

static void
complete_on_timeout(struct timer *t, void *arg)
{
	struct cli *c = arg;

	(void)t;
	transport_free(c->transport);
	_Exit(0); /* in the middle of a prompt, nothing is better than late */
}

/* Names of objects, or of namespaces (t NULL). */
static void
complete_names(struct cli *c, const struct type *t, const char *so_far)
{
	_cleanup_(json_decrefp) json_t *list = NULL;
	struct timer patience = { .fire = complete_on_timeout, .arg = c };
	json_t *item;
	size_t i;

	if (cli_connect(c) != 0)
		return;
	loop_timer(c->loop, &patience, PATIENCE_MS);
	if (cli_call_list(c, NULL,
		t != NULL ? client_path(c->arena, t, c->namespace, NULL, NULL) : "/api/v1/namespaces", &list) == NULL)
		json_array_foreach (json_object_get(list, "items"), i, item)
			complete_offer(json_str(json_object_get(item, "metadata"), "name") ?: "", so_far);
	loop_timer_stop(c->loop, &patience);
}

/* How many of the words between the command and the one that is being written are arguments; flags and their values
 * are not. */
static size_t
complete_count_arguments(struct cli *c, const struct command *command, const char *const *words, size_t from, size_t n)
{
	size_t count = 0;

	for (size_t i = from; i + 1 < n; i++) {
		const struct flag *f = flags_find(command, words[i] + strspn(words[i], "-"));

		if (words[i][0] != '-') {
			count++;
			continue;
		}
		/* The flags so far decide about the cluster. */
		if (f != NULL && f->value != NULL && i + 2 < n)
			map_set(&c->flags, f->name, (void *)words[++i]);
	}
	return count;
}

/* The revisions of a rollout, which undo goes back to. */
static void
complete_revisions(struct cli *c, const char *so_far)
{
	_cleanup_(json_decrefp) json_t *list = NULL;
	struct timer patience = { .fire = complete_on_timeout, .arg = c };
	json_t *item;
	size_t i;

	if (cli_connect(c) != 0)
		return;
	loop_timer(c->loop, &patience, PATIENCE_MS);
	if (cli_call_list(c, NULL, client_path(c->arena, &replicaset_type, c->namespace, NULL, NULL), &list) == NULL)
		json_array_foreach (json_object_get(list, "items"), i, item) {
			const json_t *m = json_object_get(item, "metadata");
			const char *revision = json_str(json_object_get(m, "annotations"), ANNOTATION_REVISION);

			if (revision != NULL)
				complete_offer(revision, so_far);
		}
	loop_timer_stop(c->loop, &patience);
}

static int
complete_run(struct cli *c)
{
	const char *const *words = c->args, *so_far, *before;
	size_t n = c->n_args, used = 0, count;
	const struct command *command;
	const struct flag *flag;

	if (n == 0)
		return 0;
	so_far = words[n - 1];
	before = n > 1 ? words[n - 2] : "";
	command = command_find(words, n - 1, &used);
	if (command != NULL && command->group == GROUP_INTERNAL)
		command = NULL;
	count = complete_count_arguments(c, command, words, used, n);
	flag = before[0] == '-' ? flags_find(command, before + strspn(before, "-")) : NULL;
	if (flag != NULL && flag->value != NULL) {
		if (strcmp(flag->name, "namespace") == 0)
			complete_names(c, NULL, so_far);
		else if (strcmp(flag->name, "to-revision") == 0)
			complete_revisions(c, so_far);
		complete_choices(c, flag->choices, so_far);
		return 0;
	}
	if (so_far[0] == '-' && command != NULL) {
		complete_flags(c, command->flags, so_far);
		complete_flags(c, global_flags, so_far);
	} else if (command == NULL || n == 2) {
		complete_commands(c, words, n);
	}
	if (command == NULL || so_far[0] == '-')
		return 0;
	if (command->completes != NULL && (count == 0 || strstr(command->args, "...") != NULL) &&
	    api_root_named(command->completes) != NULL)
		complete_names(c, api_root_named(command->completes), so_far);
	return 0;
}

static int
man_write_page(struct cli *c, const char *folder, const struct command *command)
{
	char *path = arena_printf(
	    c->arena, "%s/sluice%s%s.1", folder, command != NULL ? "-" : "", command != NULL ? command->name : "");
	FILE *f;

	for (char *at = path + strlen(folder); *at != '\0'; at++)
		if (*at == ' ')
			*at = '-';
	if ((f = fopen(path, "w")) == NULL)
		return cli_fail(c, "%s: %s", path, strerror(errno));
	fputs(manual_page(c->arena, command), f);
	return fclose(f) == 0 ? 0 : cli_fail(c, "%s: %s", path, strerror(errno));
}

static int
man_run(struct cli *c)
{
	int code;

	if (c->n_args == 0) {
		fputs(manual_page(c->arena, NULL), stdout);
		return 0;
	}
	if (mkdir(c->args[0], 0777) != 0 && errno != EEXIST)
		return cli_fail(c, "%s: %s", c->args[0], strerror(errno));
	code = man_write_page(c, c->args[0], NULL);
	for (const struct command *const *k = commands; *k != NULL && code == 0; k++)
		if ((*k)->group != GROUP_INTERNAL)
			code = man_write_page(c, c->args[0], *k);
	return code;
}
