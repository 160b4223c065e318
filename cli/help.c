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
	{ "namespace", 'n', "NS", true, "Namespace (default: that of the context)" },
	{ "kubeconfig", 0, "FILE", true, "Kubeconfig file (default: $KUBECONFIG, then ~/.kube/config)" },
	{ "context", 0, "NAME", true, "Context of the kubeconfig to use" },
	{ "cluster", 0, "NAME", true, "Cluster of the kubeconfig to use" },
	{ "user", 0, "NAME", true, "User of the kubeconfig to use" },
	{ "server", 0, "URL", true, "URL of the API server" },
	{ "token", 0, "TOKEN", true, "Bearer token for the API server" },
	{ "as", 0, "NAME", true, "User to impersonate" },
	{ "as-group", 0, "GROUP", true, "Group to impersonate" },
	{ "as-uid", 0, "UID", true, "UID to impersonate" },
	{ "certificate-authority", 0, "FILE", true, "File with the certificate authorities of the API server" },
	{ "client-certificate", 0, "FILE", true, "File with the client certificate" },
	{ "client-key", 0, "FILE", true, "File with the client key" },
	{ "tls-server-name", 0, "NAME", true, "Server name in the API server's certificate" },
	{ "request-timeout", 0, "DURATION", true, "Maximum time of a request (30s; 0: no limit)" },
	{ "insecure-skip-tls-verify", 0, NULL, true, "Do not verify the API server's certificate" },
	{ "help", 'h', NULL, true, "Show this help" },
	{ "all-namespaces", 'A', NULL, false, "All namespaces" },
	{ "watch", 'w', NULL, false, "Watch for changes and show them" },
	{ "no-color", 0, NULL, false, "Do not use colors" },
	{ "timeout", 't', "DURATION", false, "Maximum time to wait (0: no limit)" },
	{ "timeout-seconds", 0, "N", false, "Maximum time to watch, in seconds (0: no limit)" },
	{ "timestamps", 0, NULL, false, "Print the time before each line" },
	{ "output", 'o', "FORMAT", false, "Output format: wide, name, json or yaml" },
	{ "skip-current-step", 'c', NULL, false, "Skip the current step" },
	{ "skip-all-steps", 'a', NULL, false, "Skip all remaining steps" },
	{ "recipient", 0, "SERVICE:NAME", false, "Recipient (console:stdout prints the notification)" },
	{ "config-map", 0, "FILE", false,
	    "File with the ConfigMap of notifications, instead of the one in the cluster" },
	{ "secret", 0, "FILE", false,
	    "File with the Secret of notifications, instead of the one in the cluster (:empty: no Secret)" },
	{ "in", 'i', "DURATION", false, "Restart after this time instead of now" },
	{ "from", 0, "NAME", false, "Name of the AnalysisTemplate" },
	{ "from-file", 0, "FILE", false, "File with the AnalysisTemplate; - is standard input" },
	{ "global", 0, NULL, false, "Use a ClusterAnalysisTemplate" },
	{ "argument", 'a', "KEY=VALUE", false, "Value of an argument; can be repeated" },
	{ "name", 0, "NAME", false, "Name of the object to create, or of the only object to list" },
	{ "generate-name", 0, "PREFIX", false, "Prefix of the generated name" },
	{ "list", 0, NULL, false, "Print only the names" },
	{ "full", 0, NULL, false, "Skip all steps, pauses and analyses" },
	{ "to-revision", 0, "N", false, "Revision to roll back to (0: the previous one)" },
	{ "kind", 0, "KIND", false, "Kind of the result: vector, scalar or json" },
	{ "result", 0, "R", false, "Result of the measurement" },
	{ "lines", 0, NULL, false, "Read one JSON object per line and print one result per line" },
	{ "loglevel", 0, "LEVEL", false, "debug, info, warn or error" },
	{ "logformat", 0, "FORMAT", false, "text or json" },
	{ "leader-elect", 0, NULL, false, "Use leader election with a Lease (default; =false: run without it)" },
	{ "leader-election-lease-duration", 0, "DURATION", false,
	    "Time after which another controller can become leader (15s)" },
	{ "leader-election-renew-deadline", 0, "DURATION", false,
	    "Time without a renewal after which the leader stops (10s)" },
	{ "leader-election-retry-period", 0, "DURATION", false,
	    "Time between attempts to acquire or renew the Lease (2s)" },
	{ "leader-election-namespace", 0, "NS", false,
	    "Namespace of the Lease (default: $POD_NAMESPACE, then the Pod's, then the context's)" },
	{ "instance-id", 0, "ID", false,
	    "Reconcile only objects with this controller-instance-id label (default: objects without one)" },
	{ "metricsPort", 0, "PORT", false, "Port of /metrics (8090; 0: disabled)" },
	{ "webhookPort", 0, "PORT", false, "Port for webhooks of Git servers, POST /api/webhook (default: disabled)" },
	{ "healthzPort", 0, "PORT", false, "Port of /healthz and /readyz (8080; 0: disabled)" },
	{ "listen-address", 0, "ADDR", false, "Address to listen on (controller: 0.0.0.0; dashboard: 127.0.0.1)" },
	{ "controllers", 0, "LIST", false,
	    "Controllers to run, comma-separated: rollouts, analysis, gitops, flux (rollouts)" },
	{ "refresh", 0, NULL, false, "Refresh the comparison with Git first" },
	{ "hard-refresh", 0, NULL, false, "Same as --refresh" },
	{ "revision", 0, "REVISION", false, "Branch, tag, semver range or commit" },
	{ "prune", 0, NULL, false, "Delete objects that are no longer in Git" },
	{ "dry-run", 0, NULL, false, "Show what would be done, and do nothing" },
	{ "force", 0, NULL, false, "Delete and recreate objects that cannot be changed" },
	{ "strategy", 0, "HOW", false, "Sync strategy: hook (default) or apply (no hooks)" },
	{ "resource", 0, "GROUP:KIND:NAME", false, "Object to sync; can be repeated" },
	{ "review", 0, "APPS", false, "Applications whose change is pushed to a branch for review" },
	{ "message", 'm', "TEXT", false, "Commit message" },
	{ "policy-file", 0, "FILE", false, "ConfigMap or policy.csv file, instead of the ConfigMap in the cluster" },
	{ "with-source", 0, NULL, false, "Fetch the source first" },
	{ "async", 0, NULL, false, "Do not wait for the result" },
	{ "sync", 0, NULL, false, "Wait until the Application is synced" },
	{ "health", 0, NULL, false, "Wait until the Application is healthy" },
	{ "operation", 0, NULL, false, "Wait until no sync is running" },
	{ "path", 0, "PATH", false, "Directory in the repository" },
	{ "repo", 0, "URL", false, "URL of the repository" },
	{ "dest-namespace", 0, "NS", false, "Namespace of the objects" },
	{ "sync-policy", 0, "POLICY", false, "automated or none" },
	{ "auto-prune", 0, NULL, false, "Delete objects automatically when they are no longer in Git" },
	{ "self-heal", 0, NULL, false, "Undo changes in the cluster automatically" },
	{ "sync-option", 0, "NAME=VALUE", false, "Sync option; can be repeated" },
	{ "kustomize-image", 0, "IMAGE", false, "Image to replace: NAME=NEWNAME:TAG" },
	{ "cascade", 0, NULL, false, "Delete the objects too (default)" },
	{ "gitops-cache", 0, "DIR", false, "Directory for Git repositories (/var/tmp/sluice-gitops)" },
	{ "gitops-file-urls", 0, NULL, false, "Allow repositories on this machine (file:///...)" },
	{ "gitops-helm", 0, "PROGRAM", false,
	    "Path of the program helm, which renders charts (default: charts are refused)" },
	{ "gitops-workers", 0, "N", false, "Maximum number of concurrent comparisons (8), shared fairly by tenants" },
	{ "gitops-worker-memory", 0, "BYTES", false, "Maximum memory of one comparison (768Mi)" },
	{ "feature-gates", 0, "GATES", false,
	    "StrictPostBuildSubstitutions=true: a variable without a value and a default is an error" },
	{ "gitops-namespace", 0, "NS", false,
	    "Namespace of argocd-cm and of the Secrets for repositories and clusters (argocd)" },
	{ "application-namespaces", 0, "GLOBS", false,
	    "Other namespaces of Applications, which have the controller's rights (default: none)" },
	{ "default-service-account", 0, "NAME", false,
	    "ServiceAccount for Kustomizations that name none (default: the controller's rights)" },
	{ "no-cross-namespace-refs", 0, NULL, false,
	    "Forbid references of Kustomizations and Alerts to other namespaces" },
	{ "job-namespaces", 0, "GLOBS", false,
	    "Namespaces in which metrics can run Jobs, comma-separated; \"\": none (*)" },
	{ "legacy-gitops-metrics", 0, NULL, false,
	    "Also export argocd_app_health_status, and the label sync_status of argocd_app_sync_total" },
	{ "gitops-interval", 0, "DURATION", false, "Interval at which each Application is compared (2m)" },
	{ "step-plugins", 0, "FILE", false,
	    "File with the step plugins: stepPlugins: [{name, http or exec, timeoutSeconds}]" },
	{ "allow-local-web-metrics", 0, NULL, false,
	    "Allow web metrics to request this machine, link-local addresses and the API server" },
	{ "self-service-notification-enabled", 0, NULL, false,
	    "Also use the notification settings in the namespace of each Rollout" },
	{ "namespaced", 0, NULL, false, "Use only the namespace of --namespace" },
	{ "dir", 0, "DIR", false, "Directory for the cluster's files (default: a new one under /tmp)" },
	{ "port", 'p', "PORT", false, "Port (dev: a free port; dashboard: 3100)" },
	{ "root-path", 0, "NAME", false, "Path of the page (rollouts)" },
	{ "read-only", 0, NULL, false, "Show only: no buttons and no changes" },
	{ "ready", 0, "MS", false, "Milliseconds until virtual pods are ready (1500)" },
	{ "app", 0, "IMAGE", false, "Pods of this image repository run the demo application as local processes" },
	{ "behave", 0, "SPEC", false, "Behavior of a tag: v3:errors=0.3,latency=20ms (several: separate with ;)" },
	{ "without", 0, "LIST", false, "Components not to start: controller, mesh, prometheus, app, load" },
	{ "load", 0, "N", false, "Requests per second of the generated load (10)" },
	{ "address", 0, "ADDR", false, "Address and port to listen on" },
	{ "errors", 0, "RATE", false, "Share of requests that get status 500" },
	{ "latency", 0, "DURATION", false, "Time until the response" },
	{ "version-name", 0, "NAME", false, "Version in the responses" },
	{ "url", 0, "URL", false, "URL to request" },
	{ "rate", 0, "N", false, "Requests per second" },
	{ "approve", 0, "WHO", false, "Who approves: me waits until you run the promote command (demo: automatic)" },
	{ "examples", 0, "DIR", false, "Directory with the manifests (examples/seed)" },
	{ "recursive", 0, NULL, false, "Show all fields below, without descriptions" },
	{ "reference", 0, NULL, false, "Print the whole reference as Markdown" },
	{ "filename", 'f', "FILE", false, "File or directory to read; - is standard input" },
	{ "strict", 0, NULL, false, "Report references to objects that are not in the files as errors" },
	{ "short", 0, NULL, false, "Print only the version number" },
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

/* The flags of a command itself, or those of every command. */
static void
print_flags(const struct command *c, bool global)
{
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (flags[i].text != NULL && flags[i].global == global && (global || has_word(c->flags, flags[i].name)))
			print_flag(flags[i].name, flags[i].letter, flags[i].value, flags[i].text);
}

int
help_command(const struct command *c)
{
	printf("sluice %s %s\n\n%s\n\n", c->name, c->args, c->summary);
	for (const char *s = c->example; s != NULL && *s != '\0'; s += strcspn(s, "|"), s += *s == '|')
		printf("  sluice %.*s%s", (int)strcspn(s, "|"), s, s[strcspn(s, "|")] == '\0' ? "\n\n" : "\n");
	print_flags(c, false);
	printf("%sGlobal flags:\n", c->flags != NULL && c->flags[0] != '\0' ? "\n" : "");
	print_flags(c, true);
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
	printf("\nRun `sluice COMMAND --help` for more about a command. All commands also run as a kubectl plugin: "
	       "`kubectl sluice COMMAND`.\n");
	return 0;
}
