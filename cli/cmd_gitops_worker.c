/* cli/cmd_gitops_worker.c: gitops-worker: one comparison of an Application, and one step of its sync
 * (gitops/worker/session.h). The controller starts it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/quantity.h"
#include "cli/cli.h"
#include "gitops/worker/git.h"
#include "gitops/worker/session.h"
#include "io/spawn.h"
#include "cli/gitops_worker.h"
#include "kube/transport_curl.h"

#define REQUEST_MAX (64u << 20)
#define MEMORY_MIN (16 << 20)
#define CPU_SECONDS 240 /* of one comparison; a repository that takes longer is refused */

static int worker_run(struct cli *);

const struct command cmd_gitops_worker = {
	.name = "gitops-worker",
	.args = "",
	.summary = "Compare or sync one Application, as a child process of the controller",
	.flags =
	    (const struct flag[]){
		FLAG_GITOPS_CACHE,
		FLAG_GITOPS_FILE_URLS,
		FLAG_GITOPS_HELM,
		FLAG_GITOPS_WORKER_MEMORY,
		FLAG_FEATURE_GATES,
		{ 0 },
	    },
	.run = worker_run,
};

struct worker {
	struct cli *cli;
	bool responded; /* the response has been printed */
};

/* The response if there is no memory left to build one: mem_alloc ends the process. */
static char last_words[256];
static bool working;

static void
worker_on_exit(void)
{
	if (!working)
		return;
	fputs(last_words, stdout);
	fflush(stdout);
	_exit(0);
}

static void *
worker_alloc(size_t n)
{
	return mem_alloc(n);
}

int
cli_worker_memory(struct cli *c, const char **ret_text, int64_t *ret_bytes)
{
	*ret_text = cli_flag(c, "gitops-worker-memory");
	if (!quantity_whole(*ret_text, ret_bytes) || *ret_bytes < MEMORY_MIN)
		return cli_fail(
		    c, "--gitops-worker-memory: \"%s\" is not an amount of memory of at least 16Mi", *ret_text);
	return 0;
}

int
cli_strict_variables(struct cli *c, bool *ret)
{
	static const char gate[] = "StrictPostBuildSubstitutions";
	const char *gates = cli_flag(c, "feature-gates");
	char *save = NULL;

	*ret = false;
	for (char *g = gates != NULL ? strtok_r(arena_strdup(c->arena, gates), ", ", &save) : NULL; g != NULL;
	     g = strtok_r(NULL, ", ", &save)) {
		const char *value = str_starts(g, gate) && g[sizeof(gate) - 1] == '=' ? g + sizeof(gate) : "";

		if (!str_eq(value, "true") && !str_eq(value, "false"))
			return cli_fail(c, "--feature-gates: \"%s\": there is only %s=true, or =false", g, gate);
		*ret = str_eq(value, "true");
	}
	return 0;
}

/* Limits the memory of this process. Returns 0, or 1 after printing the error. */
static int
worker_limit_memory(struct cli *c)
{
	const char *text;
	int64_t bytes;

	if (cli_worker_memory(c, &text, &bytes) != 0)
		return 1;
	spawn_limit_memory((uint64_t)bytes);
	json_set_alloc_funcs(worker_alloc, free);
	snprintf(last_words, sizeof(last_words),
	    "{\"error\":{\"type\":\"ComparisonError\",\"message\":\"it needs more memory than --gitops-worker-memory "
	    "allows (%.20s)\"}}",
	    text);
	atexit(worker_on_exit);
	return 0;
}

static void
worker_on_done(void *arg, const char *response)
{
	struct worker *w = arg;

	working = false;
	fputs(response, stdout);
	w->responded = true;
	loop_stop(w->cli->loop);
}

/* Reads all of standard input. Returns false if it is too long. */
static bool
worker_read_request(struct str *to)
{
	char buffer[65536];
	size_t n;

	str_init(to, REQUEST_MAX);
	while ((n = fread(buffer, 1, sizeof(buffer), stdin)) > 0)
		str_add(to, buffer, n);
	return !to->overflow;
}

static int
worker_run(struct cli *c)
{
	const char *cache = cli_flag(c, "gitops-cache");
	struct worker w = { .cli = c };
	struct source *source;
	struct str request;
	struct session *session;
	bool strict;

	spawn_limit(RLIMIT_CPU, CPU_SECONDS);
	spawn_limit(RLIMIT_CORE, 0);
	setvbuf(stdout, NULL, _IOFBF, 65536);
	if (worker_limit_memory(c) != 0 || cli_strict_variables(c, &strict) != 0)
		return 1;
	if (!worker_read_request(&request))
		return cli_fail(c, "the request is longer than %u bytes", REQUEST_MAX);
	if (cli_connect(c) != 0)
		return 1;
	source = git_source_new(&(struct git_settings){ .cache = cache, .files = cli_on(c, "gitops-file-urls") });
	working = true;
	session = session_start(
	    &(struct worker_deps){ c->transport, source, { cli_flag(c, "gitops-helm"), cache, cli_self(c) },
		transport_curl_new, &c->config, strict, SCRIPT_LIMITS },
	    str_text(&request), request.len, worker_on_done, &w);
	while (!w.responded)
		loop_run(c->loop);
	session_cancel(session);
	git_source_free(source);
	str_done(&request);
	return fflush(stdout) == 0 ? 0 : 1;
}
