/* tests/unit/machinery/notifier.c: whose notifications are worked on at once. The API server is the test. */
#include "kube/api/rollout.h"
#include "notify/send/notifier.h"
#include "tests/unit/machinery/script.h"

#define CONFIG                                                                                                         \
	"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"c\",\"namespace\":\"home\"},\"data\":" \
	"{"                                                                                                            \
	"\"template.t\":\"message: x\",\"trigger.on-rollout-completed\":\"[{send: [t]}]\","                            \
	"\"subscriptions\":\"[{recipients: ['here:x'], triggers: [on-rollout-completed]}]\"}}"

static void
emit(struct notifier *n, const char *ns, size_t i)
{
	struct arena *a = arena_new();
	struct object *o = arena_alloc(a, rollout_type.size);

	o->type = &rollout_type;
	o->meta = (struct meta){ .namespace = arena_strdup(a, ns), .name = arena_printf(a, "r%zu", i) };
	notifier_on_event(n, o, "RolloutCompleted", false);
	arena_free(a);
}

static size_t
open_in(const struct script *s, const char *ns)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->sent[i].open && strstr(s->sent[i].url, ns) != NULL;
	return n;
}

static void
a_namespace_whose_notifications_take_long_leaves_some_to_others(void **state)
{
	struct loop *loop = loop_virtual_new(1000000);
	struct script *api = script_new(loop);
	struct notifier *n = notifier_new(loop,
	    &(struct notifier_settings){ .api = &api->transport, .outside = &api->transport, .namespace = "home" });
	size_t slow;

	(void)state;
	for (size_t i = 0; i < 100; i++)
		emit(n, "slow", i);
	emit(n, "other", 0);
	loop_virtual_run_until(loop, loop_mono(loop) + 1);
	script_respond(api, "GET", "/configmaps/", 200, CONFIG);
	loop_virtual_run_until(loop, loop_mono(loop) + 1);
	slow = open_in(api, "/slow/");
	assert_in_range(slow, 8, 32);
	assert_int_equal(open_in(api, "/other/"), 1);
	/* The next one of theirs begins when one of theirs has ended. */
	script_respond(api, "GET", "/slow/rollouts/r0", 404, "{}");
	loop_virtual_run_until(loop, loop_mono(loop) + 1);
	assert_int_equal(open_in(api, "/slow/"), slow);
	notifier_free(n);
	transport_free(&api->transport);
	loop_free(loop);
}

static void
a_namespace_with_too_many_leaves_room_in_the_queue(void **state)
{
	struct loop *loop = loop_virtual_new(1000000);
	struct script *api = script_new(loop);
	struct notifier *n = notifier_new(loop,
	    &(struct notifier_settings){ .api = &api->transport, .outside = &api->transport, .namespace = "home" });

	(void)state;
	for (size_t i = 0; i < NOTIFIER_WAITING_MAX; i++)
		emit(n, "slow", i);
	emit(n, "other", 0);
	loop_virtual_run_until(loop, loop_mono(loop) + 1);
	script_respond(api, "GET", "/configmaps/", 200, CONFIG);
	loop_virtual_run_until(loop, loop_mono(loop) + 1);
	assert_int_equal(open_in(api, "/other/"), 1);
	notifier_free(n);
	transport_free(&api->transport);
	loop_free(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_namespace_whose_notifications_take_long_leaves_some_to_others),
		cmocka_unit_test(a_namespace_with_too_many_leaves_room_in_the_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
