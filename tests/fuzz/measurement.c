/* tests/fuzz/measurement.c: a response from anywhere, to the query of every metric provider. */
#include "analysis/provider.h"
#include "kube/plan/plugin_declarations.h"
#include "tests/fuzz/fuzz.h"

static const char *const metrics[] = {
	"{\"prometheus\":{\"address\":\"http://x\",\"query\":\"q\"}}",
	"{\"web\":{\"url\":\"http://x\",\"jsonPath\":\"{$.a[0].b}\"}}",
	"{\"datadog\":{\"query\":\"q\",\"apiVersion\":\"v1\"}}",
	"{\"datadog\":{\"query\":\"q\",\"apiVersion\":\"v2\"}}",
	"{\"newRelic\":{\"query\":\"q\"}}",
	"{\"graphite\":{\"address\":\"http://x\",\"query\":\"target=a\"}}",
	"{\"influxdb\":{\"query\":\"q\"}}",
	"{\"wavefront\":{\"address\":\"x\",\"query\":\"q\"}}",
	"{\"skywalking\":{\"address\":\"http://x\",\"query\":\"q\",\"interval\":\"5m\"}}",
	"{\"cloudWatch\":{\"interval\":\"5m\",\"metricDataQueries\":[{\"id\":\"q\",\"expression\":\"a\"}]}}",
	"{\"plugin\":{\"sluice/dynatrace\":{\"query\":\"q\",\"interval\":\"5m\"}}}",
	"{\"plugin\":{\"sluice/google-cloud-monitoring\":{\"project\":\"p\",\"query\":\"q\"}}}",
	"{\"plugin\":{\"sluice/hook\":{\"name\":\"h\"}}}",
	"{\"kayenta\":{\"address\":\"http://x\",\"canaryConfigName\":\"c\",\"lookback\":true,\"threshold\":{\"pass\":1,"
	"\"marginal\":0},\"scopes\":[{\"name\":\"s\",\"controlScope\":{},\"experimentScope\":{}}]}}",
};

/* A Secret with the keys of all providers. */
#define SECRET                                                                                                         \
	"{\"data\":{\"api-key\":\"eA==\",\"app-key\":\"eA==\",\"personal-api-key\":\"eA==\",\"account-id\":\"Nw==\","  \
	"\"authToken\":\"eA==\",\"org\":\"eA==\",\"address\":\"aHR0cDovL3g=\",\"token\":\"eA==\",\"x\":\"eA==\"}}"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(metrics); i++) {
		_cleanup_(arena_freep) struct arena *a = arena_new();
		_cleanup_(json_decrefp) json_t *provider = json_loads(metrics[i], 0, NULL);
		_cleanup_(json_decrefp) json_t *j = json_pack("{s:s,s:O}", "name", "m", "provider", provider);
		const char *text = arena_strndup(a, (const char *)data, size);
		struct problems problems = { .arena = a };
		struct metric m = { 0 };
		struct response secret = { .status = 200, .body = { SECRET, sizeof(SECRET) - 1 } };
		struct response got = { .status = 200, .body = { text, size } };
		struct string_pair env[] = { { "AWS_ACCESS_KEY_ID", "i" }, { "AWS_SECRET_ACCESS_KEY", "s" },
			{ "AWS_REGION", "r" } };
		struct step_plugin plugin = { .name = "h", .http = &(struct plugin_http){ .url = "http://x" } };
		const struct step_plugins plugins = { .metrics = { &plugin, 1 } };
		const struct settings settings = { .environment = { env, 3 }, .step_plugins = &plugins };
		struct query_input in = { .now = 1767225600000, .namespace = "n", .settings = &settings };
		struct step_result r = { 0 };

		decode(&metric_type, j, "m", &problems, &m);
		while (in.n < 4 && provider_of(&m)->step(&m, &in, a, &r) == MEASURED_QUERY) {
			in.responses[in.n++] = r.query.to == QUERY_API_SERVER ? &secret : &got;
			r = (struct step_result){ 0 };
		}
	}
	return 0;
}
