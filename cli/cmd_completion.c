/* cli/cmd_completion.c: completion, man: the command table for shells and for man.
 *
 * The shell's script is a few lines that ask this program (`__complete`) what may come next; so names of rollouts and namespaces are
 * the cluster's own. What cannot be had quickly is not offered: no error is ever printed into a prompt.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/str.h"
#include "cli/cli.h"
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
	.summary = "Print a shell completion script: source <(sluice completion bash)",
	.flags = "",
	.run = completion_run,
};

const struct command cmd_complete = {
	.name = "__complete",
	.args = "WORDS...",
	.summary = "Print the completions of the last word",
	.hidden = true,
	.run = complete_run,
};

const struct command cmd_man = {
	.name = "man",
	.args = "[FOLDER]",
	.summary = "Write the manual pages to a folder, or print the main page: sluice man | man -l -",
	.flags = "",
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

/* --- what may come next -------------------------------------------------------------------------------------------- */

/* How many of the words (the last one is being written) a command's name takes, or 0. */
static size_t
named(const struct command *c, const char *const *words, size_t n)
{
	size_t len = strcspn(c->name, " ");
	const char *second = c->name[len] != '\0' ? c->name + len + 1 : NULL;

	if (n < 1 || strlen(words[0]) != len || strncmp(words[0], c->name, len) != 0)
		return 0;
	if (second == NULL)
		return 1;
	return n >= 2 && strcmp(words[1], second) == 0 ? 2 : 0;
}

static void
offer(const char *word, const char *so_far)
{
	if (strncmp(word, so_far, strlen(so_far)) == 0)
		puts(word);
}

/* The first or second words of commands; each once. */
static void
offer_commands(struct cli *c, const char *const *words, size_t n)
{
	struct map offered = { 0 };

	for (const struct command *const *k = commands; *k != NULL; k++) {
		size_t len = strcspn((*k)->name, " ");
		const char *word = arena_strndup(c->arena, (*k)->name, len);

		if ((*k)->hidden)
			continue;
		if (n == 2 && strcmp(words[0], word) == 0 && (*k)->name[len] != '\0')
			word = (*k)->name + len + 1;
		else if (n != 1)
			continue;
		if (map_get(&offered, word) == NULL)
			offer(word, words[n - 1]);
		map_set(&offered, word, (void *)word);
	}
	map_done(&offered);
}

static const char *flag_so_far;

static void
offer_flag(const char *name, char letter, const char *value, const char *text)
{
	char word[80];

	(void)letter;
	(void)value;
	(void)text;
	snprintf(word, sizeof(word), "--%s", name);
	offer(word, flag_so_far);
}

static void
give_up(struct timer *t, void *arg)
{
	struct cli *c = arg;

	(void)t;
	transport_free(c->transport);
	_Exit(0); /* in the middle of a prompt, nothing is better than late */
}

/* Names of objects, or of namespaces (t NULL). */
static void
offer_names(struct cli *c, const struct type *t, const char *so_far)
{
	_cleanup_(json_decrefp) json_t *list = NULL;
	struct timer patience = { .fire = give_up, .arg = c };
	json_t *item;
	size_t i;

	if (cli_connect(c) != 0)
		return;
	loop_timer(c->loop, &patience, PATIENCE_MS);
	if (cli_call_list(c, NULL,
		t != NULL ? client_path(c->arena, t, c->namespace, NULL, NULL) : "/api/v1/namespaces", &list) == NULL)
		json_array_foreach (json_object_get(list, "items"), i, item)
			offer(json_str(json_object_get(item, "metadata"), "name") ?: "", so_far);
	loop_timer_stop(c->loop, &patience);
}

/* How many of the words between the command and the one that is being written are arguments; flags and their values are not. */
static size_t
arguments_before(struct cli *c, const struct command *command, const char *const *words, size_t from, size_t n)
{
	size_t count = 0;

	for (size_t i = from; i + 1 < n; i++) {
		const char *name = words[i] + strspn(words[i], "-");
		bool takes = false;

		if (words[i][0] != '-') {
			count++;
			continue;
		}
		/* Which cluster is asked follows the flags so far. */
		if (flag_known(command, name, &takes) != NULL && takes && i + 2 < n)
			map_set(&c->flags, flag_known(command, name, &takes), (void *)words[++i]);
	}
	return count;
}

/* The revisions of a rollout, which undo goes back to. */
static void
offer_revisions(struct cli *c, const char *so_far)
{
	_cleanup_(json_decrefp) json_t *list = NULL;
	struct timer patience = { .fire = give_up, .arg = c };
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
				offer(revision, so_far);
		}
	loop_timer_stop(c->loop, &patience);
}

static int
complete_run(struct cli *c)
{
	const char *const *words = c->args, *so_far, *before, *flag;
	size_t n = c->n_args, used = 0, count;
	const struct command *command = NULL;
	bool takes = false;

	if (n == 0)
		return 0;
	so_far = words[n - 1];
	before = n > 1 ? words[n - 2] : "";
	for (const struct command *const *k = commands; *k != NULL && command == NULL; k++)
		if (!(*k)->hidden && (used = named(*k, words, n - 1)) > 0)
			command = *k;
	count = arguments_before(c, command, words, used, n);
	flag = before[0] == '-' ? flag_known(command, before + strspn(before, "-"), &takes) : NULL;
	if (flag != NULL && takes) {
		if (strcmp(flag, "namespace") == 0)
			offer_names(c, NULL, so_far);
		else if (strcmp(flag, "to-revision") == 0)
			offer_revisions(c, so_far);
		return 0;
	}
	if (so_far[0] == '-' && command != NULL) {
		flag_so_far = so_far;
		flag_each(command, offer_flag);
	} else if (command == NULL || n == 2) {
		offer_commands(c, words, n);
	}
	if (command == NULL || so_far[0] == '-')
		return 0;
	if (command->completes != NULL && (count == 0 || strstr(command->args, "...") != NULL) &&
	    api_root_named(command->completes) != NULL)
		offer_names(c, api_root_named(command->completes), so_far);
	return 0;
}

/* --- man ----------------------------------------------------------------------------------------------------------- */

static int
write_page(struct cli *c, const char *folder, const struct command *command)
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
	code = write_page(c, c->args[0], NULL);
	for (const struct command *const *k = commands; *k != NULL && code == 0; k++)
		if (!(*k)->hidden)
			code = write_page(c, c->args[0], *k);
	return code;
}
