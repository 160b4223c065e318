/* cli/cli.c: shared functions of all commands: flags and arguments, the connection to the API server, and calls. */
#include "cli/cli.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/flags.h"
#include "kube/api/yaml.h"
#include "kube/client.h"
#include "kube/transport_curl.h"

#define NO_END_MS ((int64_t)86400000)

const char *
cli_flag(const struct cli *c, const char *name)
{
	const char *given = map_get(&c->flags, name);
	const struct flag *f = given == NULL ? flags_find(c->command, name) : NULL;

	return f != NULL ? f->value_default : given;
}

bool
cli_given(const struct cli *c, const char *name)
{
	return map_get(&c->flags, name) != NULL;
}

bool
cli_on(const struct cli *c, const char *name)
{
	const char *text = cli_flag(c, name);

	return text != NULL && strcmp(text, "false") != 0;
}

int
cli_fail(const struct cli *c, const char *format, ...)
{
	va_list ap;

	(void)c;
	fputs("error: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	return 1;
}

int
cli_error(const struct cli *c, const struct err *e)
{
	cli_fail(c, "%s", err_text(c->arena, e));
	switch (e->class) {
	case ERR_GONE:
		fprintf(stderr,
		    "Searched in namespace %s. `sluice list rollouts -A` lists the Rollouts of all namespaces.\n",
		    c->namespace);
		break;
	case ERR_AGAIN:
		if (e->responded)
			break;
		fprintf(stderr, "Check that the API server runs (`kubectl cluster-info`) and that --context and "
				"--kubeconfig are right.\n");
		break;
	case ERR_CONFLICT: fprintf(stderr, "The object was changed at the same time. Run the command again.\n"); break;
	default: break;
	}
	return 1;
}

int
cli_connect(struct cli *c)
{
	return cli_connect_to(c, cli_flag(c, "kubeconfig"), cli_flag(c, "namespace"));
}

/* Reads the maximum time of a request as kubectl does: seconds or a duration; 0: no limit. Returns 0, or 1 after
 * printing the error. */
static int
cli_request_timeout(const struct cli *c, int64_t *ret_ms)
{
	const char *text = cli_flag(c, "request-timeout");

	*ret_ms = 0;
	if (seconds_or_duration(text, ret_ms) == DURATION_INVALID)
		return cli_fail(c, "--request-timeout: \"%s\" is not a duration such as 10s", text);
	if (text != NULL && *ret_ms == 0)
		*ret_ms = NO_END_MS;
	return 0;
}

int
cli_connect_to(struct cli *c, const char *kubeconfig, const char *namespace)
{
	struct config_overrides o = { .file = kubeconfig,
		.context = cli_flag(c, "context"),
		.cluster = cli_flag(c, "cluster"),
		.user = cli_flag(c, "user"),
		.server = cli_flag(c, "server"),
		.token = cli_flag(c, "token"),
		.tls_server_name = cli_flag(c, "tls-server-name"),
		.ca_file = cli_flag(c, "certificate-authority"),
		.cert_file = cli_flag(c, "client-certificate"),
		.key_file = cli_flag(c, "client-key"),
		.as = cli_flag(c, "as"),
		.as_uid = cli_flag(c, "as-uid"),
		.insecure = cli_on(c, "insecure-skip-tls-verify") };
	const char *group = cli_flag(c, "as-group");
	int64_t timeout_ms;
	struct err *e;

	if (cli_request_timeout(c, &timeout_ms) != 0)
		return 1;
	if (group != NULL) {
		o.as_groups.at = arena_new_array(c->arena, const char *, 1);
		o.as_groups.at[o.as_groups.n++] = group;
	}
	e = config_load(c->arena, &o, &c->config);

	if (e != NULL)
		return cli_fail(c, "%s", err_text(c->arena, e));
	c->namespace = namespace != NULL ? namespace : c->config.namespace;
	c->transport = transport_curl_new(c->loop, &c->config);
	c->transport->patience_ms = timeout_ms;
	return 0;
}

static void
cli_on_signal(struct loop_io *io, int events, void *arg)
{
	struct signalfd_siginfo info;
	struct cli *c = arg;

	(void)events;
	if (read(io->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		c->interrupted = true;
		loop_stop(c->loop);
	}
}

void
cli_signals(struct cli *c)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	c->signals = (struct loop_io){
		.fd = signalfd(-1, &set, SFD_CLOEXEC), .events = LOOP_READ, .ready = cli_on_signal, .arg = c
	};
	loop_io_start(c->loop, &c->signals);
}

const char *
cli_self(struct cli *c)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	return n > 0 ? arena_strndup(c->arena, path, (size_t)n) : "/proc/self/exe";
}

struct waiting {
	struct cli *cli;
	struct err *err;
	json_t *body;
	json_t *items; /* of a list; NULL: the response is not a list */
	const struct type *type;
	bool done; /* the response has arrived */
};

static void
cli_on_done(void *arg, const struct err *e, const json_t *body)
{
	struct waiting *w = arg;

	w->err = e != NULL ? err_copy(w->cli->arena, e) : NULL;
	w->body = json_incref((json_t *)body);
	w->done = true;
	loop_stop(w->cli->loop);
}

struct err *
cli_call(struct cli *c, const char *method, const char *url, const char *content_type, json_t *body, json_t **ret)
{
	return cli_call_over(c, c->transport, method, url, content_type, body, ret);
}

struct err *
cli_call_over(struct cli *c, struct transport *t, const char *method, const char *url, const char *content_type,
    json_t *body, json_t **ret)
{
	struct waiting w = { .cli = c };

	client_call(t, method, url, content_type, body != NULL ? json_text(c->arena, body) : NULL, cli_on_done, &w);
	json_decref(body);
	/* Others may stop the loop too; the exchange has its own time-out. */
	while (!w.done)
		loop_run(c->loop);
	if (ret != NULL && w.err == NULL)
		*ret = w.body;
	else
		json_decref(w.body);
	return w.err;
}

/* Without a status subresource, the status is a part of the object. */
static struct err *
cli_send_patch(struct cli *c, const struct action_patch *p)
{
	const char *content_type = p->json ? PATCH_JSON : PATCH_MERGE;
	struct err *e =
	    cli_call(c, "PATCH", client_path(c->arena, p->type, c->namespace, p->name, p->status ? "status" : NULL),
		content_type, json_incref(p->body), NULL);

	if (e != NULL && e->class == ERR_GONE && p->status)
		e = cli_call(c, "PATCH", client_path(c->arena, p->type, c->namespace, p->name, NULL), content_type,
		    json_incref(p->body), NULL);
	return e;
}

struct err *
cli_act(struct cli *c, const struct action *a)
{
	struct err *e = NULL;

	for (size_t i = 0; i < a->n && e == NULL; i++)
		e = cli_send_patch(c, &a->patches[i]);
	return e;
}

int
cli_act_each(struct cli *c, void (*build)(const char *, struct action *), const char *done)
{
	struct err *e;

	if (cli_names(c, "rollout") != 0 || cli_connect(c) != 0)
		return 1;
	for (size_t i = 0; i < c->n_args; i++) {
		_cleanup_(action_done) struct action a = { 0 };

		build(c->args[i], &a);
		if ((e = cli_act(c, &a)) != NULL)
			return cli_error(c, e);
		printf("rollout '%s' %s\n", c->args[i], done);
	}
	return 0;
}

json_t *
cli_get_rollout(struct cli *c, const char *name)
{
	json_t *ro = NULL;
	struct err *e =
	    cli_call(c, "GET", client_path(c->arena, &rollout_type, c->namespace, name, NULL), NULL, NULL, &ro);

	if (e != NULL) {
		cli_error(c, e);
		return NULL;
	}
	return ro;
}

int
cli_output(const struct cli *c, enum output *ret)
{
	static const char *const names[] = { "text", "wide", "name", "json", "yaml" };
	const char *text = cli_flag(c, "output");

	*ret = OUTPUT_TEXT;
	if (text == NULL)
		return 0;
	for (size_t i = 1; i < ARRAY_SIZE(names); i++)
		if (strcmp(text, names[i]) == 0) {
			*ret = (enum output)i;
			return 0;
		}
	return cli_fail(c, "--output: \"%s\" is not one of wide, name, json, yaml", text);
}

static void
cli_print_name(const struct type *t, const json_t *o)
{
	const char *dot = t->group[0] != '\0' ? "." : "", *kind = t->kind;

	for (; *kind != '\0'; kind++)
		putchar(*kind >= 'A' && *kind <= 'Z' ? *kind - 'A' + 'a' : *kind);
	printf("%s%s/%s\n", dot, t->group, json_str(json_object_get(o, "metadata"), "name"));
}

void
cli_print(const struct cli *c, enum output as, const struct type *t, const json_t *o)
{
	const json_t *items = json_object_get(o, "items");
	_cleanup_(freep) char *text = NULL;
	json_t *item;
	size_t i;

	switch (as) {
	case OUTPUT_JSON:
		text = json_dumps(o, JSON_INDENT(4));
		puts(text != NULL ? text : "{}");
		break;
	case OUTPUT_YAML: fputs(yaml_text(c->arena, o), stdout); break;
	default:
		if (items == NULL)
			cli_print_name(t, o);
		json_array_foreach (items, i, item)
			cli_print_name(t, item);
	}
}

void
cli_unreadable(const struct type *t, const char *ns, const char *name, const char *why)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();

	fprintf(stderr, "error: %s\n", item_problem(a, t->kind, ns, name, why));
	if (name != NULL)
		fprintf(stderr,
		    "nothing is done with it, nor with what depends on it; `kubectl edit %s%s%s %s%s%s` shows it\n",
		    t->plural, t->group[0] != '\0' ? "." : "", t->group, name, ns != NULL ? " -n " : "",
		    ns != NULL ? ns : "");
}

static void
cli_on_item(void *arg, const json_t *item, const struct unreadable *unreadable)
{
	struct waiting *w = arg;

	if (unreadable != NULL && w->type == NULL)
		return;
	if (unreadable != NULL)
		cli_unreadable(w->type, json_str(json_object_get(item, "metadata"), "namespace"), item_name(item),
		    unreadable->why);
	else
		json_array_append(w->items, (json_t *)item);
}

struct err *
cli_call_list(struct cli *c, const struct type *t, const char *url, json_t **ret)
{
	struct waiting w = { .cli = c, .type = t, .items = json_array() };

	client_list(c->transport, url, cli_on_item, cli_on_done, &w);
	while (!w.done)
		loop_run(c->loop);
	if (w.err != NULL) {
		json_decref(w.items);
		return w.err;
	}
	*ret = w.body != NULL ? json_copy(w.body) : json_object();
	json_decref(w.body);
	json_object_set_new(*ret, "items", w.items);
	return NULL;
}

int
cli_list(struct cli *c, const struct type *t, enum output output, json_t **ret)
{
	bool all = cli_on(c, "all-namespaces");
	const char *name = cli_flag(c, "name"), *path;
	_cleanup_(json_decrefp) json_t *list = NULL;
	struct err *e;

	*ret = NULL;
	if (cli_connect(c) != 0)
		return 1;
	path = client_path(c->arena, t, all ? NULL : c->namespace, NULL, NULL);
	if (name != NULL)
		path = arena_printf(
		    c->arena, "%s?fieldSelector=metadata.name%%3D%s", path, str_url_escape(c->arena, name));
	e = cli_call_list(c, t, path, &list);
	if (e != NULL)
		return cli_error(c, e);
	if (output > OUTPUT_WIDE)
		cli_print(c, output, t, list);
	else if (json_array_size(json_object_get(list, "items")) == 0)
		fprintf(stderr, "No %s in %s.\n", t->plural,
		    all ? "any namespace" : arena_printf(c->arena, "namespace %s", c->namespace));
	else
		*ret = TAKE_PTR(list);
	return 0;
}

int
cli_names(const struct cli *c, const char *what)
{
	return c->n_args > 0 || cli_name(c, what) != NULL ? 0 : 1;
}

const char *
cli_name(const struct cli *c, const char *what)
{
	if (c->n_args == 1)
		return c->args[0];
	cli_fail(c, "which %s? `sluice list %s` and `sluice get rollout NAME` show what there is", what,
	    strcmp(what, "experiment") == 0 ? "experiments" : "rollouts");
	return NULL;
}

bool
cli_color(const struct cli *c)
{
	return isatty(STDOUT_FILENO) && !cli_on(c, "no-color") && getenv("NO_COLOR") == NULL;
}

const char *const *
cli_program(struct cli *c, const struct command *command)
{
	const char **argv = arena_new_array(c->arena, const char *, c->flags.count + 2);
	size_t n = 0;

	argv[n++] = cli_self(c);
	map_each (&c->flags, slot) {
		if (strcmp(slot->key, "namespace") != 0 && flags_find(command, slot->key) != NULL)
			argv[n++] = arena_printf(c->arena, "--%s=%s", slot->key, (const char *)slot->value);
	}
	return argv;
}

struct sleeping {
	struct loop *loop;
	bool over; /* the time has passed */
};

static void
cli_on_slept(struct timer *t, void *arg)
{
	struct sleeping *s = arg;

	(void)t;
	s->over = true;
	loop_stop(s->loop);
}

void
cli_sleep(struct cli *c, int64_t ms)
{
	struct sleeping s = { c->loop, false };
	struct timer t = { .fire = cli_on_slept, .arg = &s };

	loop_timer(c->loop, &t, ms);
	while (!s.over && !c->interrupted)
		loop_run(c->loop);
	loop_timer_stop(c->loop, &t);
}
