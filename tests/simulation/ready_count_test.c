/* tests/simulation/ready_count_test.c: the example controller against the store, through faults. */
#include <stdio.h>
#include "kube/runner.h"
#include "sim/in_process.h"
#include "tests/simulation/cluster.h"
#include "tests/simulation/ready_count.h"

static const char *
annotation(struct cluster *c)
{
	const json_t *s = store_get(c->store, "services", "default", "web");

	return json_str(json_at(s, "/metadata/annotations"), "example.org/ready-pods") ?: "";
}

static bool
owns_its_annotation_only(struct cluster *c)
{
	const json_t *managers = json_at(store_get(c->store, "services", "default", "web"), "/metadata/managedFields");
	json_t *want = json_pack("{s:{s:{s:{}}}}", "f:metadata", "f:annotations", "f:example.org/ready-pods");
	json_t *entry;
	bool owns = false;
	size_t i;

	json_array_foreach (managers, i, entry)
		if (str_eq(json_str(entry, "manager"), "example"))
			owns = json_equal(json_object_get(entry, "fieldsV1"), want);
	json_decref(want);
	return owns;
}

static void
fail_some(void *arg, const struct request *r, struct fault *f)
{
	unsigned *n = arg;

	f->before_ms = 1;
	f->lost = !in_process_is_watch(r) && ++*n % 3 == 0;
}

bool
ready_count_run(void)
{
	static const struct controller *const rows[] = { &ready_count_controller, NULL };
	struct cluster *c = cluster_new(1);
	unsigned n = 0;
	struct fault_policy policy = { .choose = fail_some, .arg = &n };
	struct transport *t = in_process_new(c->loop, c->store, &policy);
	struct runner *r = runner_start(t, t, rows, &(struct runner_settings){ .component = "example" });
	unsigned long requests, before, after;
	bool ok;

	store_do(c->store, "POST", "application/json", "/api/v1/namespaces/default/services",
	    json_pack("{s:s,s:s,s:{s:s},s:{s:{s:s}}}", "apiVersion", "v1", "kind", "Service", "metadata", "name", "web",
		"spec", "selector", "app", "myapp"));
	cluster_run(c, 1000);
	ok = str_eq(annotation(c), "0");
	cluster_apply(c, "tests/data/traces/istio.yaml");
	ok &= cluster_wait(c, "Healthy", 4, 60000);
	cluster_run(c, 10000);
	ok &= str_eq(annotation(c), "4") && owns_its_annotation_only(c);
	store_counts(c->store, &requests, &before);
	cluster_run(c, 60000);
	store_counts(c->store, &requests, &after);
	ok &= before == after;
	printf(
	    "%s a controller of fifty lines follows, and is quiet when there is nothing to do\n", ok ? "ok" : "not ok");
	runner_stop(r);
	transport_free(t);
	cluster_free(c);
	return ok;
}
