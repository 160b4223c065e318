/* tests/cluster/kubelet.c: runs sim/kubelet.c and sim/gateway_controller.c against an API server:
 * `kubelet KUBECONFIG NODE READY-MS SPREAD-MS`. */
#include <stdio.h>
#include "base/str.h"
#include "io/log.h"
#include "kube/kubeconfig.h"
#include "kube/runner.h"
#include "kube/transport_curl.h"
#include "kube/transport_exec.h"
#include "sim/gateway_controller.h"
#include "sim/kubelet.h"

#define WAIT_MAX_MS 3600000

int
main(int argc, char **argv)
{
	static const struct controller *const rows[] = { &kubelet_controller, &http_route_reporter,
		&grpc_route_reporter, &tls_route_reporter, &http_proxy_reporter, NULL };
	_cleanup_(arena_freep) struct arena *a = arena_new();
	struct kubelet_settings settings = { .broken_tag = ":does-not-exist" };
	long long ready, spread;
	struct config config = { 0 };
	struct loop *l = loop_ev_new();
	struct transport *t;
	struct err *e;

	log_setup(LOG_LEVEL_WARN, false);
	if (argc != 5 || !str_int(argv[3], 0, WAIT_MAX_MS, &ready) || !str_int(argv[4], 0, WAIT_MAX_MS, &spread)) {
		fprintf(stderr, "kubelet KUBECONFIG NODE READY-MS SPREAD-MS\n");
		return 2;
	}
	settings.node = argv[2];
	settings.ready_ms = ready;
	settings.spread_ms = spread;
	if ((e = config_load(a, &(struct config_overrides){ .file = argv[1] }, &config)) != NULL) {
		fprintf(stderr, "%s\n", err_text(a, e));
		return 1;
	}
	t = transport_curl_new(l, &config);
	runner_start(t, t, rows,
	    &(struct runner_settings){
		.component = "kubelet", .settings = &settings.settings, .programs = transport_exec_new(l, 1) });
	loop_run(l); /* until it is killed */
	return 0;
}
