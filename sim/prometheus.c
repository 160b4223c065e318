/* sim/prometheus.c: a real Prometheus for the laptop cluster: writes its configuration, and starts its process. */
#include "sim/prometheus.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "io/child_process.h"
#include "io/log.h"
#include "sim/ports.h"

#define STOP_MS 3000

struct prometheus_server {
	struct child *child;
	char url[64];
};

static void
prometheus_on_exit_(void *arg, int status)
{
	struct prometheus_server *p = arg;

	(void)status;
	log_error("prometheus ended; its log is prometheus.log", "url", p->url);
	p->child = child_kill(p->child);
}

static void
add_targets(const json_t *pod, void *arg)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const json_t *meta = json_object_get(pod, "metadata");
	const char *ip = json_string_value(json_at(pod, "/status/podIP")), *key;
	json_t *container, *port, *value;
	size_t i, k;

	if (ip == NULL)
		return;
	json_array_foreach (json_at(pod, "/spec/containers"), i, container)
		json_array_foreach (json_object_get(container, "ports"), k, port) {
			json_t *labels = json_pack("{s:s*,s:s*,s:s*,s:s*}", "__meta_kubernetes_namespace",
			    json_str(meta, "namespace"), "__meta_kubernetes_pod_name", json_str(meta, "name"),
			    "__meta_kubernetes_pod_ip", ip, "__meta_kubernetes_pod_container_name",
			    json_str(container, "name"));

			json_object_foreach (json_object_get(meta, "labels"), key, value) {
				char *name = arena_printf(a, "__meta_kubernetes_pod_label_%s", key);

				for (char *c = name; *c != '\0'; c++)
					if (strchr(".-/", *c) != NULL)
						*c = '_';
				json_object_set(labels, name, value);
			}
			json_array_append_new(
			    arg, json_pack("{s:[s],s:o}", "targets",
				     arena_printf(a, "%s:%d", ip, (int)json_int(port, "containerPort", 80)), "labels",
				     labels));
		}
}

json_t *
prometheus_targets(struct store *s)
{
	json_t *targets = json_array();

	store_each(s, "pods", add_targets, targets);
	return targets;
}

static bool
write_config(const char *path, const char *api_server, const char *ca_file)
{
	FILE *f = fopen(path, "w");

	if (f == NULL)
		return false;
	fprintf(f,
	    "global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\n"
	    "scrape_configs:\n"
	    "- job_name: pods\n"
	    "  http_sd_configs:\n  - url: %s" PROMETHEUS_TARGETS "\n    refresh_interval: 1s\n%s%s%s"
	    "  relabel_configs:\n"
	    "  - {source_labels: [__meta_kubernetes_pod_label_app], regex: .+, action: keep}\n"
	    "  - {source_labels: [__meta_kubernetes_pod_label_app], target_label: job}\n"
	    "  - {source_labels: [__meta_kubernetes_namespace], target_label: namespace}\n"
	    "  - {source_labels: [__meta_kubernetes_pod_name], target_label: pod}\n"
	    "  - {source_labels: [__meta_kubernetes_pod_label_rollouts_pod_template_hash], target_label: "
	    "rollouts_pod_template_hash}\n",
	    api_server, ca_file != NULL ? "    tls_config: {ca_file: '" : "", ca_file != NULL ? ca_file : "",
	    ca_file != NULL ? "'}\n" : "");
	return fclose(f) == 0;
}

struct err *
prometheus_server_new(struct arena *a, struct loop *l, const char *api_server, const char *ca_file, const char *dir,
    struct prometheus_server **ret)
{
	struct prometheus_server *p = mem_alloc(sizeof(*p));
	const char *config = arena_printf(a, "%s/prometheus.yml", dir);
	int port = port_free();
	const char *argv[] = { "prometheus", arena_printf(a, "--config.file=%s", config),
		arena_printf(a, "--storage.tsdb.path=%s/prometheus", dir),
		arena_printf(a, "--web.listen-address=127.0.0.1:%d", port), "--scrape.discovery-reload-interval=1s",
		"--log.level=warn", NULL };

	if (!write_config(config, api_server, ca_file)) {
		free(p);
		return err_new(a, ERR_INVALID, "%s: %s", config, strerror(errno));
	}
	snprintf(p->url, sizeof(p->url), "http://127.0.0.1:%d", port);
	p->child = child_serve(l, argv, arena_printf(a, "%s/prometheus.log", dir), prometheus_on_exit_, p);
	if (p->child == NULL) {
		free(p);
		return err_new(a, ERR_INVALID, "prometheus cannot be started: %s", strerror(errno));
	}
	*ret = p;
	return NULL;
}

struct prometheus_server *
prometheus_server_free(struct prometheus_server *p)
{
	if (p != NULL) {
		child_stop(p->child, STOP_MS);
		free(p);
	}
	return NULL;
}

const char *
prometheus_server_url(const struct prometheus_server *p)
{
	return p->url;
}
