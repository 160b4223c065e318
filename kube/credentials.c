/* kube/credentials.c: credentials from an exec plugin: runs the program, parses its output, and keeps it until it
 * expires. Token files: transport_curl.c. */
#include "kube/credentials.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "io/program_run.h"

#define OUTPUT_MAX (1u << 20)
#define RUN_MS 60000
#define MEMORY_MAX (4ull << 30) /* bytes; the credential tools of clouds are large */
#define EARLY_MS 5000 /* time before the expiry at which it is renewed */

struct credentials {
	struct loop *loop;
	const struct config_exec *exec;
	void (*changed)(void *);
	void *arg;
	struct program_process *process; /* NULL: the program is not running */
	struct arena *arena; /* of the credential; NULL: no credential yet, or the program failed */
	struct credential current;
	int64_t expires_at; /* wall ms; 0: never */
	char *failure; /* of the last run; reported once */
};

static void
credentials_forget(struct credentials *c)
{
	c->arena = arena_free(c->arena);
	c->current = (struct credential){ 0 };
	c->expires_at = 0;
}

/* Returns NULL, or why the output is not valid. */
static const char *
credentials_read(struct credentials *c, const struct program_end *end)
{
	_cleanup_(json_decrefp) json_t *j = NULL;
	const json_t *status;
	const char *expires;
	struct err *e;

	credentials_forget(c);
	c->arena = arena_new();
	if (end->err != NULL)
		return err_text(c->arena, end->err);
	if (end->exit_code != 0)
		return arena_printf(c->arena, "it ended with exit code %d", end->exit_code);
	if ((e = json_parse(c->arena, end->output.at, end->output.len, &j)) != NULL)
		return arena_printf(c->arena, "its output is not JSON: %s", err_text(c->arena, e));
	status = json_object_get(j, "status");
	if (!str_eq(json_str(j, "kind"), "ExecCredential") || !json_is_object(status))
		return "its output is not an ExecCredential with a status";
	c->current = (struct credential){ arena_strdup(c->arena, json_str(status, "token")),
		arena_strdup(c->arena, json_str(status, "clientCertificateData")),
		arena_strdup(c->arena, json_str(status, "clientKeyData")) };
	if (c->current.token == NULL && (c->current.cert == NULL || c->current.key == NULL))
		return "its output has neither a token nor a client certificate and key";
	expires = json_str(status, "expirationTimestamp");
	if (expires != NULL && !time_parse(expires, &c->expires_at))
		return "its expirationTimestamp is no time";
	return NULL;
}

static void
credentials_on_end(void *arg, const struct program_end *end)
{
	struct credentials *c = arg;
	const char *hint = c->exec->install_hint, *failure = credentials_read(c, end);

	c->process = NULL;
	free(c->failure);
	c->failure = NULL;
	if (failure != NULL) {
		c->failure = mem_printf(
		    "exec: %s: %s%s%s", c->exec->command, failure, hint != NULL ? "\n" : "", hint != NULL ? hint : "");
		credentials_forget(c);
	}
	c->changed(c->arg);
}

/* Starts the program of an exec configuration. */
static struct err *
credentials_run(struct credentials *c, struct arena *a)
{
	const struct config_exec *x = c->exec;
	const char **argv = arena_new_array(a, const char *, x->args.n + 2);
	const char **env = arena_new_array(a, const char *, x->env.n + 2);

	argv[0] = x->command;
	for (size_t i = 0; i < x->args.n; i++)
		argv[i + 1] = x->args.at[i];
	for (size_t i = 0; i < x->env.n; i++)
		env[i] = arena_printf(a, "%s=%s", x->env.at[i].key, x->env.at[i].value);
	env[x->env.n] = arena_printf(a,
	    "KUBERNETES_EXEC_INFO={\"apiVersion\":\"%s\",\"kind\":\"ExecCredential\",\"spec\":{\"interactive\":false%s%"
	    "s}}",
	    x->api_version, x->cluster_info != NULL ? ",\"cluster\":" : "",
	    x->cluster_info != NULL ? x->cluster_info : "");
	return program_start(c->loop, a,
	    &(struct program){ .argv = argv,
		.env_names = SPAWN_ENV SPAWN_ENV_NETWORK SPAWN_ENV_CLOUDS,
		.env = env,
		.reach = SPAWN_USER,
		.errors = PROGRAM_ERRORS_OURS,
		.timeout_ms = RUN_MS,
		.cpu_s = RUN_MS / 1000,
		.memory_max = MEMORY_MAX,
		.output_max = OUTPUT_MAX },
	    credentials_on_end, c, &c->process);
}

struct credentials *
credentials_new(struct loop *l, const struct config_exec *exec, void (*changed)(void *), void *arg)
{
	struct credentials *c = mem_alloc(sizeof(*c));

	*c = (struct credentials){ .loop = l, .exec = exec, .changed = changed, .arg = arg };
	return c;
}

enum credentials_state
credentials_get(struct credentials *c, struct arena *a, struct credential *ret, struct err **ret_err)
{
	const char *hint = c->exec->install_hint;
	struct err *e;

	if (c->process != NULL)
		return CREDENTIALS_WAITING;
	if (c->failure != NULL) {
		*ret_err = err_new(a, ERR_AGAIN, "%s", c->failure);
		free(c->failure);
		c->failure = NULL;
		return CREDENTIALS_FAILED;
	}
	if (c->arena != NULL && (c->expires_at == 0 || loop_wall(c->loop) < c->expires_at - EARLY_MS)) {
		*ret = c->current;
		return CREDENTIALS_READY;
	}
	if ((e = credentials_run(c, a)) != NULL) {
		*ret_err = err_new(a, ERR_INVALID, "exec: %s: %s%s%s", c->exec->command, err_text(a, e),
		    hint != NULL ? "\n" : "", hint != NULL ? hint : "");
		return CREDENTIALS_FAILED;
	}
	return CREDENTIALS_WAITING;
}

void
credentials_refused(struct credentials *c)
{
	if (c->process == NULL)
		credentials_forget(c);
}

struct credentials *
credentials_free(struct credentials *c)
{
	if (c == NULL)
		return NULL;
	program_cancel(c->process);
	credentials_forget(c);
	free(c->failure);
	free(c);
	return NULL;
}
