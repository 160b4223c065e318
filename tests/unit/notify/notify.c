/* tests/unit/notify/notify.c: recipients, texts and requests of notifications. */
#include "tests/unit/unit.h"
#include "notify/config.h"
#include "notify/services/services.h"
#include "notify/subscriptions.h"
#include "notify/templates.h"
#include "notify/triggers.h"

static const char config_text[] =
    "service.slack: |\n  token: $slack-token\n  username: deploys\n"
    "service.webhook.ci: |\n  url: http://ci.example/base/\n  headers: [{name: X-Key, value: 'key $hook'}]\n"
    "  basicAuth: {username: u, password: $hook}\n"
    "service.telegram: |\n  token: abc\n"
    "service.googlechat: |\n  webhooks: {room: 'https://chat.example/$hook'}\n"
    "service.teams: |\n  recipientUrls: {ops: https://teams.example/1}\n"
    "service.grafana: |\n  apiUrl: https://grafana.example/api\n  apiKey: k\n"
    "service.alertmanager: |\n  targets: [am:9093]\n"
    "service.opsgenie: |\n  apiUrl: https://api.eu.opsgenie.com\n  apiKeys: {team: k}\n"
    "service.pagerdutyv2: |\n  serviceKeys: {team: k}\n"
    "service.mattermost: |\n  apiURL: https://mm.example\n  token: t\n"
    "service.webex: |\n  token: t\n"
    "service.nats: |\n  url: x\n"
    "template.done: |\n  message: \"{{.rollout.metadata.name}} is done, {{.recipient}}\"\n"
    "  slack:\n    attachments: |\n      [{\"title\": \"{{.rollout.metadata.name}}\"}]\n"
    "    groupingKey: a\n    deliveryPolicy: Post\n"
    "  webhook:\n    ci:\n      method: POST\n      path: /done/{{.rollout.metadata.name}}\n      body: '{\"by\": "
    "\"{{.context.us}} {{.serviceType}}\"}'\n"
    "template.bad: |\n  message: \"{{nofunc}}\"\n"
    "trigger.on-rollout-completed: |\n  - send: [done]\n"
    "trigger.on-degraded: |\n"
    "  - when: rollout.status.phase == 'Degraded' and rollout.spec.replicas > 1\n    oncePer: "
    "rollout.status.currentPodHash\n    send: [done]\n"
    "  - when: rollout.status.phase ==\n    send: [done]\n"
    "trigger.broken: '{'\n"
    "defaultTriggers: |\n  [on-rollout-completed]\n"
    "defaultTriggers.telegram: |\n  [on-degraded]\n"
    "subscriptions: |\n  - recipients: [slack:all, webhook:x]\n    triggers: [on-degraded]\n    selector: team=web\n"
    "context: |\n  us: ops\n";

static const char rollout_text[] = "{\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\"},\"spec\":{\"replicas\":3},"
				   "\"status\":{\"phase\":\"Degraded\",\"currentPodHash\":\"abc\"}}";

struct given {
	struct arena *arena;
	json_t *data, *secret, *vars;
	struct notify_config config;
};

static struct given
given(void)
{
	struct given g = { .arena = arena_new() };

	g.data = yaml(g.arena, config_text);
	g.secret = yaml(g.arena, "{slack-token: eG94Yg==, hook: c2VjcmV0}"); /* xoxb, secret */
	notify_config_read(g.arena, g.data, &g.config);
	g.vars = notify_vars(
	    &g.config, json_loads(rollout_text, 0, NULL), g.secret, &(struct destination){ "slack", "#web" });
	return g;
}

static void
done(struct given *g)
{
	notify_config_done(&g->config);
	json_decref(g->data);
	json_decref(g->secret);
	json_decref(g->vars);
	arena_free(g->arena);
}

static void
an_event_is_a_trigger(void **state)
{
	static const char *const names[][2] = { { "RolloutCompleted", "on-rollout-completed" },
		{ "ScalingReplicaSet", "on-scaling-replica-set" }, { "AnalysisRunFailed", "on-analysis-run-failed" },
		{ "SkipSteps", "on-skip-steps" } };
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_string_equal(notify_trigger(a, names[i][0]), names[i][1]);
	arena_free(a);
}

/* "service:recipient", in order, with spaces between. */
static const char *
sent(struct given *g, const char *annotations, const char *labels, const char *trigger)
{
	json_t *maps[] = { yaml(g->arena, annotations), yaml(g->arena, labels) };
	struct string_map to[2] = { 0 };
	struct destination *list;
	const char *text = "", *key;
	json_t *v;
	size_t n;

	for (int i = 0; i < 2; i++) {
		to[i].at = arena_new_array(g->arena, struct string_pair, json_object_size(maps[i]) + 1);
		json_object_foreach (maps[i], key, v)
			to[i].at[to[i].n++] = (struct string_pair){ arena_strdup(g->arena, key),
				arena_strdup(g->arena, json_string_value(v)) };
		json_decref(maps[i]);
	}
	n = notify_destinations(&g->config, &to[1], &to[0], trigger, g->arena, &list);
	for (size_t i = 0; i < n; i++)
		text = arena_printf(g->arena, "%s%s%s:%s", text, i > 0 ? " " : "", list[i].service, list[i].recipient);
	return text;
}

static void
annotations_and_defaults_subscribe(void **state)
{
	static const char p[] = "notifications.argoproj.io/";
	struct given g = given();
	const char *one = arena_printf(g.arena, "%ssubscribe.on-rollout-completed.slack: \"a; b;a\"", p),
		   *no_trigger = arena_printf(g.arena, "{%ssubscribe.slack: c, %ssubscribe.telegram: d}", p, p),
		   *list = arena_printf(g.arena,
		       "%ssubscriptions: |\n  - trigger: [on-x, on-rollout-completed]\n    destinations:\n"
		       "    - {service: slack, recipients: [e, f]}\n    - {service: webhook}\n",
		       p);

	(void)state;
	assert_string_equal(sent(&g, one, "{}", "on-rollout-completed"), "slack:a slack:b");
	assert_string_equal(sent(&g, one, "{}", "on-rollout-aborted"), "");
	assert_string_equal(sent(&g, no_trigger, "{}", "on-rollout-completed"), "slack:c");
	assert_string_equal(sent(&g, no_trigger, "{}", "on-degraded"), "telegram:d");
	assert_string_equal(sent(&g, list, "{}", "on-rollout-completed"), "slack:e slack:f webhook:");
	assert_string_equal(sent(&g, list, "{}", "on-y"), "");
	assert_string_equal(sent(&g, "{}", "{team: web}", "on-degraded"), "slack:all webhook:x");
	assert_string_equal(sent(&g, "{}", "{team: db}", "on-degraded"), "");
	done(&g);
}

static void
a_bad_key_spoils_itself_only(void **state)
{
	struct given g = given();

	(void)state;
	assert_int_equal(json_array_size(g.config.problems), 1);
	assert_non_null(strstr(json_string_value(json_array_get(g.config.problems, 0)), "trigger.broken: "));
	assert_int_equal(json_object_size(g.config.templates), 2);
	assert_true(notify_needs_secret(&g.config));
	done(&g);
}

/* The keys are those of notifications-engine: `printf %s WHEN | openssl sha1 -binary | basenc --base64url`. */
static void
conditions_hold_or_do_not(void **state)
{
	struct given g = given();
	struct notify_condition *c;

	(void)state;
	assert_int_equal(notify_conditions(&g.config, "on-degraded", g.vars, 0, g.arena, &c), 2);
	assert_true(c[0].holds);
	assert_string_equal(c[0].once_per, "abc");
	assert_string_equal(c[0].key, "[0].TMdPw8IQHcgdquUh4lt7iKneAHM");
	assert_false(c[1].holds);
	assert_non_null(c[1].err);
	assert_int_equal(notify_conditions(&g.config, "on-rollout-completed", g.vars, 0, g.arena, &c), 1);
	assert_string_equal(c[0].when, "");
	assert_string_equal(c[0].key, "[0].2jmj7l5rSw0yVb_vlWAYkK_YBwk");
	assert_int_equal(notify_conditions(&g.config, "on-nothing", g.vars, 0, g.arena, &c), 0);
	done(&g);
}

static void
each_service_gets_its_own_request(void **state)
{
	static const struct {
		const char *service, *recipient,
		    *want; /* METHOD URL [HEADER: VALUE]... BODY; "!": the error begins so */
	} cases[] = {
		{ "slack", "#web",
		    "POST https://slack.com/api/chat.postMessage Authorization: Bearer xoxb "
		    "{\"channel\":\"#web\",\"text\":\"web is done, "
		    "#web\",\"username\":\"deploys\",\"attachments\":[{\"title\":\"web\"}]}" },
		{ "ci", "",
		    "POST http://ci.example/base/done/web X-Key: key secret Authorization: Basic dTpzZWNyZXQ= {\"by\": "
		    "\"ops slack\"}" },
		{ "telegram", "web",
		    "POST https://api.telegram.org/botabc/sendMessage {\"chat_id\":\"@web\",\"text\":\"web is done, "
		    "#web\",\"parse_mode\":\"Markdown\"}" },
		{ "telegram", "-100",
		    "POST https://api.telegram.org/botabc/sendMessage {\"chat_id\":\"-100\",\"text\":\"web is done, "
		    "#web\",\"parse_mode\":\"Markdown\"}" },
		{ "googlechat", "room", "POST https://chat.example/secret {\"text\":\"web is done, #web\"}" },
		{ "googlechat", "other", "!service.googlechat: webhooks has no recipient \"other\"" },
		{ "teams", "ops",
		    "POST https://teams.example/1 "
		    "{\"@type\":\"MessageCard\",\"@context\":\"https://schema.org/extensions\",\"text\":\"web is done, "
		    "#web\",\"summary\":\"web is done, #web\"}" },
		{ "grafana", "deploy|web",
		    "POST https://grafana.example/api/annotations Authorization: Bearer k "
		    "{\"time\":5000,\"isRegion\":false,\"tags\":[\"deploy\",\"web\"],\"text\":\"web is done, #web\"}" },
		{ "alertmanager", "Deploy",
		    "POST http://am:9093/api/v2/alerts "
		    "[{\"labels\":{\"alertname\":\"Deploy\"},\"annotations\":{\"message\":\"web is "
		    "done, #web\"},\"startsAt\":\"1970-01-01T00:00:05Z\",\"generatorURL\":\"\"}]" },
		{ "opsgenie", "team",
		    "POST https://api.eu.opsgenie.com/v2/alerts Authorization: GenieKey k {\"message\":\"web is done, "
		    "#web\",\"description\":\"web is done, #web\"}" },
		{ "pagerdutyv2", "team",
		    "POST https://events.pagerduty.com/v2/enqueue "
		    "{\"routing_key\":\"k\",\"event_action\":\"trigger\",\"payload\":{\"summary\":\"web is done, "
		    "#web\",\"severity\":\"info\",\"source\":\"sluice\"}}" },
		{ "mattermost", "id",
		    "POST https://mm.example/api/v4/posts Authorization: Bearer t "
		    "{\"channel_id\":\"id\",\"message\":\"web is done, "
		    "#web\",\"props\":{}}" },
		{ "webex", "a@b.example",
		    "POST https://webexapis.com/v1/messages Authorization: Bearer t "
		    "{\"toPersonEmail\":\"a@b.example\",\"markdown\":\"web is done, #web\"}" },
		{ "nats", "x", "!service.nats: not supported" },
		{ "pushover", "x", "!there is no service.pushover" },
	};
	struct given g = given();
	json_t *templates = yaml(g.arena, "[done]"), *notification;

	(void)state;
	assert_null(notify_render(g.arena, &g.config, templates, g.vars, &notification));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct query q = { 0 };
		struct err *e = notify_compose(g.arena, &g.config, g.secret,
		    &(struct destination){ cases[i].service, cases[i].recipient }, notification, 5000, &q);
		const char *got = e != NULL ? arena_printf(g.arena, "!%s", err_text(g.arena, e))
					    : arena_printf(g.arena, "%s %s", q.request.method, q.request.url);

		for (size_t k = 0; e == NULL && k < q.request.n_headers; k++)
			got = arena_printf(
			    g.arena, "%s %s: %s", got, q.request.headers[k].name, q.request.headers[k].value);
		if (e == NULL)
			got = arena_printf(g.arena, "%s %s", got, q.request.body);
		if (e != NULL ? strncmp(got, cases[i].want, strlen(cases[i].want)) != 0
			      : strcmp(got, cases[i].want) != 0)
			fail_msg("%s: %s", cases[i].service, got);
	}
	json_decref(notification);
	json_decref(templates);
	done(&g);
}

static void
a_template_that_is_wrong_is_named(void **state)
{
	struct given g = given();
	json_t *bad = yaml(g.arena, "[bad]"), *none = yaml(g.arena, "[none]"), *n;

	(void)state;
	assert_non_null(strstr(
	    err_text(g.arena, notify_render(g.arena, &g.config, bad, g.vars, &n)), "template.bad: message: line 1: "));
	assert_string_equal(
	    err_text(g.arena, notify_render(g.arena, &g.config, none, g.vars, &n)), "there is no template.none");
	json_decref(bad);
	json_decref(none);
	done(&g);
}

static void
a_response_says_whether_it_was_taken(void **state)
{
	static const struct {
		const char *service;
		int status;
		const char *body;
		bool well, again;
	} cases[] = {
		{ "slack", 200, "{\"ok\":true}", true, false },
		{ "slack", 200, "{\"ok\":false,\"error\":\"channel_not_found\"}", false, false },
		{ "ci", 204, "", true, false },
		{ "ci", 503, "later", false, true },
		{ "ci", 429, "", false, true },
		{ "ci", 404, "", false, false },
	};
	struct given g = given();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct response got = { .status = cases[i].status, .body = { cases[i].body, strlen(cases[i].body) } };
		struct err *e =
		    notify_check_response(g.arena, &g.config, &(struct destination){ cases[i].service, "" }, &got);

		assert_int_equal(e == NULL, cases[i].well);
		if (e != NULL)
			assert_int_equal(e->class == ERR_AGAIN, cases[i].again);
	}
	done(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_a_trigger),
		cmocka_unit_test(annotations_and_defaults_subscribe),
		cmocka_unit_test(a_bad_key_spoils_itself_only),
		cmocka_unit_test(conditions_hold_or_do_not),
		cmocka_unit_test(each_service_gets_its_own_request),
		cmocka_unit_test(a_template_that_is_wrong_is_named),
		cmocka_unit_test(a_response_says_whether_it_was_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
