/* tests/cluster/kubelet.c: runs sim/kubelet.c against an API server: `kubelet KUBECONFIG NODE READY-MS SPREAD-MS`. */
#include <stdio.h>
#include "io/log.h"
#include "kube/config.h"
#include "kube/runner.h"
#include "kube/transport_curl.h"
#include "kube/transport_exec.h"
#include "sim/kubelet.h"

int
main(int argc, char **argv)
{
	static const struct controller *const rows[] = { &kubelet_controller, NULL };
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct string_pair settings[] = { { "node", NULL }, { "ready-ms", NULL }, { "spread-ms", NULL },
		{ "broken-tag", ":does-not-exist" } };
	struct string_map map = { settings, ARRAY_SIZE(settings) };
	struct config config = { 0 };
	struct loop *l = loop_ev_new();
	struct transport *t;
	struct err *e;

	log_setup(LOG_LEVEL_WARN, false);
	if (argc != 5) {
		fprintf(stderr, "kubelet KUBECONFIG NODE READY-MS SPREAD-MS\n");
		return 2;
	}
	for (int i = 2; i < 5; i++)
		settings[i - 2].value = argv[i];
	if ((e = config_load(a, &(struct config_overrides){ .file = argv[1] }, &config)) != NULL) {
		fprintf(stderr, "%s\n", err_text(a, e));
		return 1;
	}
	t = transport_curl_new(l, &config);
	runner_start(t, t, rows,
	    &(struct runner_settings){
		.component = "kubelet", .settings = &map, .programs = transport_exec_new(l, 1) });
	loop_run(l); /* until it is killed */
	return 0;
}
