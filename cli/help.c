/* cli/help.c: the flags' table, and help made of the rows. */
#include <stdio.h>
#include <string.h>
#include "cli/cli.h"

static const struct {
	const char *name;
	char letter;
	const char *value; /* NULL: takes none */
	bool global;
	const char *text; /* NULL: taken, because another controller has it, and not shown */
} flags[] = {
	{ "namespace", 'n', "NS", true, "the namespace (the context's)" },
	{ "kubeconfig", 0, "FILE", true, "the kubeconfig ($KUBECONFIG, ~/.kube/config)" },
	{ "context", 0, "NAME", true, "the kubeconfig's context to use" },
	{ "cluster", 0, "NAME", true, "the kubeconfig's cluster, instead of the context's" },
	{ "user", 0, "NAME", true, "the kubeconfig's user, instead of the context's" },
	{ "server", 0, "URL", true, "the API server, instead of the cluster's" },
	{ "token", 0, "TOKEN", true, "a bearer token, instead of the user's" },
	{ "as", 0, "NAME", true, "act as this user" },
	{ "as-group", 0, "GROUP", true, "... of this group" },
	{ "as-uid", 0, "UID", true, "... with this uid" },
	{ "certificate-authority", 0, "FILE", true, "whom to trust, instead of the cluster's" },
	{ "client-certificate", 0, "FILE", true, "who we are, instead of the user's" },
	{ "client-key", 0, "FILE", true, "its key" },
	{ "tls-server-name", 0, "NAME", true, "whose certificate the server has" },
	{ "request-timeout", 0, "DURATION", true, "how long a request may take (30s; 0: without an end)" },
	{ "insecure-skip-tls-verify", 0, NULL, true, "trust any server" },
	{ "help", 'h', NULL, true, "this help" },
	{ "all-namespaces", 'A', NULL, false, "all namespaces" },
	{ "watch", 'w', NULL, false, "stay and show changes as they happen" },
	{ "no-color", 0, NULL, false, "no colours, also on a terminal" },
	{ "timeout", 't', "DURATION", false, "give up after this long (0: never)" },
	{ "timeout-seconds", 0, "N", false, "stop watching after so long (0: never)" },
	{ "timestamps", 0, NULL, false, "with the time in front of each line" },
	{ "output", 'o', "FORMAT", false, "wide, name, json or yaml" },
	{ "skip-current-step", 'c', NULL, false, "go past the current step, whatever it waits for" },
	{ "skip-all-steps", 'a', NULL, false, "go past all steps that are left" },
	{ "recipient", 0, "SERVICE:NAME", false, "whom to send it to (console:stdout: show it)" },
	{ "config-map", 0, "FILE", false, "the notifications' ConfigMap, instead of the cluster's" },
	{ "secret", 0, "FILE", false, "the notifications' Secret, instead of the cluster's; :empty for none" },
	{ "in", 'i', "DURATION", false, "not now but after this long" },
	{ "from", 0, "NAME", false, "the AnalysisTemplate to run" },
	{ "global", 0, NULL, false, "it is a ClusterAnalysisTemplate" },
	{ "argument", 'a', "KEY=VALUE", false, "an argument's value; may be given several times" },
	{ "name", 0, "NAME", false, "the name of what is made, or the only one to list" },
	{ "generate-name", 0, "PREFIX", false, "or what its name begins with" },
	{ "list", 0, NULL, false, "only the names" },
	{ "full", 0, NULL, false, "skip all steps, pauses and analyses" },
	{ "to-revision", 0, "N", false, "the revision to go back to (0: the one before)" },
	{ "kind", 0, "KIND", false, "what the result is: vector, scalar or json" },
	{ "result", 0, "R", false, "the measurement's result" },
	{ "lines", 0, NULL, false, "one JSON object a line on standard input, one answer a line" },
	{ "loglevel", 0, "LEVEL", false, "debug, info, warn or error" },
	{ "logformat", 0, "FORMAT", false, "text or json" },
	{ "leader-elect", 0, NULL, false, "act only while holding a Lease (default; =false: always, and alone)" },
	{ "leader-election-lease-duration", 0, "DURATION", false, "others may take the Lease after so long (15s)" },
	{ "leader-election-renew-deadline", 0, "DURATION", false,
	    "stop acting after so long without renewing it (10s)" },
	{ "leader-election-retry-period", 0, "DURATION", false, "between tries and renewals (2s)" },
	{ "leader-election-namespace", 0, "NS", false,
	    "the Lease's namespace ($POD_NAMESPACE, the Pod's, the context's)" },
	{ "instance-id", 0, "ID", false, "only objects with this controller-instance-id label (those without one)" },
	{ "metricsPort", 0, "PORT", false, "/metrics for Prometheus (8090; 0: not served)" },
	{ "webhookPort", 0, "PORT", false, "where Git servers tell of pushes, POST /api/webhook (nowhere)" },
	{ "healthzPort", 0, "PORT", false, "/healthz and /readyz for probes (8080; 0: not served)" },
	{ "listen-address", 0, "ADDR", false, "where it listens (controller: 0.0.0.0; dashboard: 127.0.0.1)" },
	{ "controllers", 0, "LIST", false,
	    "which controllers run, comma-separated: rollouts, analysis, gitops, flux (rollouts)" },
	{ "refresh", 0, NULL, false, "compare it with Git first" },
	{ "hard-refresh", 0, NULL, false, "the same" },
	{ "revision", 0, "REVISION", false, "a branch, tag, range of versions or commit" },
	{ "prune", 0, NULL, false, "also delete what Git does not have any more" },
	{ "dry-run", 0, NULL, false, "only say what would be done" },
	{ "force", 0, NULL, false, "delete and make anew what cannot be changed" },
	{ "strategy", 0, "HOW", false, "hook (default), or apply: without hooks" },
	{ "resource", 0, "GROUP:KIND:NAME", false, "only this object; may be given several times" },
	{ "review", 0, "APPS", false, "of these push a branch to be reviewed, instead of the change itself" },
	{ "message", 'm', "TEXT", false, "the commit's message" },
	{ "policy-file", 0, "FILE", false, "the ConfigMap, or policy.csv, instead of the cluster's" },
	{ "with-source", 0, NULL, false, "fetch its source first" },
	{ "async", 0, NULL, false, "do not wait for the end" },
	{ "sync", 0, NULL, false, "wait until it is synced" },
	{ "health", 0, NULL, false, "wait until it is healthy" },
	{ "operation", 0, NULL, false, "wait until no sync is under way" },
	{ "path", 0, "PATH", false, "the directory in the repository" },
	{ "repo", 0, "URL", false, "the repository" },
	{ "dest-namespace", 0, "NS", false, "the namespace of the objects" },
	{ "sync-policy", 0, "POLICY", false, "automated, or none" },
	{ "auto-prune", 0, NULL, false, "delete by itself what Git does not have any more" },
	{ "self-heal", 0, NULL, false, "set right by itself what was changed by hand" },
	{ "sync-option", 0, "NAME=VALUE", false, "an option of every sync" },
	{ "kustomize-image", 0, "IMAGE", false, "NAME=NEWNAME:TAG, in place of what Git has" },
	{ "cascade", 0, NULL, false, "with its objects (default)" },
	{ "gitops-cache", 0, "DIR", false, "where Git repositories are kept (/var/tmp/sluice-gitops)" },
	{ "gitops-file-urls", 0, NULL, false, "also read repositories of this machine (file:///…)" },
	{ "gitops-helm", 0, "PROGRAM", false, "the program helm, which renders charts (they are refused)" },
	{ "gitops-worker-memory", 0, "BYTES", false, "how much memory one comparison may need at most (768Mi)" },
	{ "gitops-namespace", 0, "NS", false, "where Applications' settings and repositories' Secrets are (argocd)" },
	{ "application-namespaces", 0, "GLOBS", false,
	    "where else Applications count (in none: they have the controller's rights)" },
	{ "legacy-gitops-metrics", 0, NULL, false,
	    "also argocd_app_health_status, and sync_status in argocd_app_sync_total, which dashboards before Argo CD "
	    "2 ask for" },
	{ "gitops-interval", 0, "DURATION", false, "compare each application so often, if nothing happens (2m)" },
	{ "step-plugins", 0, "FILE", false,
	    "hooks that steps may call: stepPlugins: [{name, http or exec, timeoutSeconds}]" },
	{ "allow-local-web-metrics", 0, NULL, false,
	    "web metrics may ask this machine, link-local addresses and the API server" },
	{ "self-service-notification-enabled", 0, NULL, false,
	    "notifications as the ConfigMap and Secret of a Rollout's own namespace say, too" },
	{ "namespaced", 0, NULL, false, "only the namespace given by --namespace" },
	{ "dir", 0, "DIR", false, "where the cluster keeps its files (a new one under /tmp)" },
	{ "port", 'p', "PORT", false, "the port (dev: a free one; dashboard: 3100)" },
	{ "root-path", 0, "NAME", false, "the page is at /NAME/ (rollouts)" },
	{ "read-only", 0, NULL, false, "show only: no buttons, and no PUT" },
	{ "ready", 0, "MS", false, "virtual pods are ready after this long (1500)" },
	{ "app", 0, "IMAGE", false, "pods of this image repository run the demo application as local processes" },
	{ "behave", 0, "SPEC", false, "how a tag of it behaves: v3:errors=0.3,latency=20ms (several: ;)" },
	{ "without", 0, "LIST", false, "what not to start: controller, mesh, prometheus, app, load" },
	{ "load", 0, "N", false, "requests a second that its users send (10)" },
	{ "address", 0, "ADDR", false, "address and port to listen on" },
	{ "errors", 0, "RATE", false, "share of requests answered with 500" },
	{ "latency", 0, "DURATION", false, "how long an answer takes" },
	{ "version-name", 0, "NAME", false, "what the application says it is" },
	{ "url", 0, "URL", false, "where to send requests" },
	{ "rate", 0, "N", false, "requests a second" },
	{ "approve", 0, "WHO", false, "me: wait until you run the promote command (demo: the demo runs it)" },
	{ "examples", 0, "DIR", false, "where the manifests are (examples/seed)" },
	{ "recursive", 0, NULL, false, "all fields below, without their texts" },
	{ "reference", 0, NULL, false, "the whole reference as Markdown" },
	{ "filename", 'f', "FILE", false, "a file or folder to read; - is standard input" },
	{ "strict", 0, NULL, false, "what the files refer to and do not have is an error too" },
	{ "short", 0, NULL, false, "only the number" },
	{ "rollout-resync", 0, "X", false, NULL },
	{ "enable-pprof-address", 0, "X", false, NULL },
	{ "kloglevel", 'v', "X", true, NULL },
	{ "loglevel", 0, "X", true, NULL }, /* of commands that log nothing */
	{ "cache-dir", 0, "X", true, NULL },
	{ "disable-compression", 0, NULL, true, NULL },
	{ "qps", 0, "X", false, NULL },
	{ "burst", 0, "X", false, NULL },
	{ "rollout-threads", 0, "X", false, NULL },
	{ "experiment-threads", 0, "X", false, NULL },
	{ "analysis-threads", 0, "X", false, NULL },
	{ "service-threads", 0, "X", false, NULL },
	{ "ingress-threads", 0, "X", false, NULL },
	{ "ephemeral-metadata-threads", 0, "X", false, NULL },
	{ "ephemeral-metadata-update-pod-retries", 0, "X", false, NULL },
	{ "istio-api-version", 0, "X", false, NULL },
	{ "ambassador-api-version", 0, "X", false, NULL },
	{ "traffic-split-api-version", 0, "X", false, NULL },
	{ "traefik-api-group", 0, "X", false, NULL },
	{ "traefik-api-version", 0, "X", false, NULL },
	{ "ingress-api-version", 0, "X", false, NULL },
	{ "appmesh-crd-version", 0, "X", false, NULL },
	{ "alb-ingress-classes", 0, "X", false, NULL },
	{ "nginx-ingress-classes", 0, "X", false, NULL },
	{ "aws-verify-target-group", 0, "X", false, NULL },
	{ "aws-target-group-binding-api-version", 0, "X", false, NULL },
	{ "alb-tag-key-resource-id", 0, "X", false, NULL },
};

static bool
has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; at != NULL && (at = strstr(at, word)) != NULL; at += n)
		if ((at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
			return true;
	return false;
}

bool
flag_allowed(const struct command *c, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (strcmp(flags[i].name, name) == 0 && (flags[i].global || (c != NULL && has_word(c->flags, name))))
			return true;
	return false;
}

const char *
flag_known(const struct command *c, const char *name, bool *ret_takes_value)
{
	const char *found = NULL;

	/* A letter may stand for different flags of different commands. */
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		bool letter = name[0] != '\0' && name[1] == '\0' && name[0] == flags[i].letter;

		if (strcmp(flags[i].name, name) != 0 && !letter)
			continue;
		if (found != NULL && !(c != NULL && flag_allowed(c, flags[i].name)))
			continue;
		*ret_takes_value = flags[i].value != NULL;
		found = flags[i].name;
	}
	return found;
}

void
flag_each(const struct command *c, void (*visit)(const char *, char, const char *, const char *))
{
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (flags[i].text != NULL && (flags[i].global || has_word(c->flags, flags[i].name)))
			visit(flags[i].name, flags[i].letter, flags[i].value, flags[i].text);
}

static void
print_flag(const char *name, char letter, const char *value, const char *text)
{
	char left[64];

	snprintf(left, sizeof(left), "%c%c%s--%s%s%s", letter ? '-' : ' ', letter ? letter : ' ', letter ? ", " : "  ",
	    name, value != NULL ? " " : "", value != NULL ? value : "");
	printf("  %-26s %s\n", left, text);
}

int
help_command(const struct command *c)
{
	printf("sluice %s %s\n\n%s\n\n", c->name, c->args, c->summary);
	flag_each(c, print_flag);
	return 0;
}

bool
command_is_of(const struct command *c, const char *word)
{
	size_t n = strlen(word);

	return n == 0 || (strncmp(c->name, word, n) == 0 && c->name[n] == ' ');
}

int
help_all(const char *word)
{
	printf("Sluice: progressive delivery for Kubernetes.\n\n");
	for (const struct command *const *c = commands; *c != NULL; c++) {
		char left[64];

		if ((*c)->hidden || !command_is_of(*c, word))
			continue;
		snprintf(left, sizeof(left), "%s %s", (*c)->name, (*c)->args);
		printf("  %-36s %s\n", left, (*c)->summary);
	}
	printf("\n`sluice COMMAND --help` tells more. As a kubectl plugin: `kubectl sluice COMMAND`.\n");
	return 0;
}
