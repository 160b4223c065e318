/* cli/cmd_gitops_worker.c: gitops-worker: one look at an application, and one step of its sync (gitops/work.h). The controller starts it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "cli/cli.h"
#include "gitops/git.h"
#include "gitops/run.h"
#include "gitops/work.h"
#include "kube/transport_curl.h"

#define REQUEST_MAX (64u << 20)
#define CPU_SECONDS 240 /* of one look: a repository that takes longer is refused */

static int worker_run(struct cli *);

const struct command cmd_gitops_worker = {
	.name = "gitops-worker",
	.args = "",
	.summary = "looks at an application once",
	.flags = "gitops-cache gitops-file-urls gitops-helm",
	.hidden = true,
	.run = worker_run,
};

struct worker {
	struct cli *cli;
	bool answered;
};

static void
on_done(void *arg, const char *answer)
{
	struct worker *w = arg;

	fputs(answer, stdout);
	w->answered = true;
	loop_stop(w->cli->loop);
}

/* All of standard input. */
static bool
read_request(struct str *to)
{
	char room[65536];
	size_t n;

	str_init(to, REQUEST_MAX);
	while ((n = fread(room, 1, sizeof(room), stdin)) > 0)
		str_add(to, room, n);
	return !to->overflow;
}

static int
worker_run(struct cli *c)
{
	const char *cache = cli_flag(c, "gitops-cache");
	struct worker w = { .cli = c };
	struct source *source;
	struct str request;
	struct work *work;

	run_limit(RLIMIT_CPU, CPU_SECONDS);
	run_limit(RLIMIT_CORE, 0);
	setvbuf(stdout, NULL, _IOFBF, 65536);
	if (!read_request(&request))
		return cli_fail(c, "the request is longer than %u bytes", REQUEST_MAX);
	if (cli_connect(c) != 0)
		return 1;
	source = git_source_new(&(struct git_settings){
	    .cache = cache != NULL ? cache : GITOPS_CACHE, .files = cli_on(c, "gitops-file-urls") });
	work = work_start(
	    &(struct work_ways){ c->transport, source,
		{ cli_flag(c, "gitops-helm"), cache != NULL ? cache : GITOPS_CACHE }, transport_curl_new, &c->config },
	    str_text(&request), request.len, on_done, &w);
	while (!w.answered)
		loop_run(c->loop);
	work_cancel(work);
	git_source_free(source);
	str_done(&request);
	return fflush(stdout) == 0 ? 0 : 1;
}
