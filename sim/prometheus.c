/* sim/prometheus.c: its configuration and its process. */
#include "sim/prometheus.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/child.h"
#include "base/log.h"
#include "sim/ports.h"

#define STOP_MS 3000

struct prometheus_server {
	struct child *child;
	char url[64];
};

static void
on_exit_(void *arg, int status)
{
	struct prometheus_server *p = arg;

	(void)status;
	log_error("prometheus ended; its log is prometheus.log", "url", p->url);
	p->child = child_stop(p->child, 0);
}

static bool
write_config(const char *path, const char *api_server)
{
	FILE *f = fopen(path, "w");

	if (f == NULL)
		return false;
	fprintf(f,
	    "global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\n"
	    "scrape_configs:\n"
	    "- job_name: pods\n"
	    "  kubernetes_sd_configs:\n  - role: pod\n    api_server: %s\n"
	    "  relabel_configs:\n"
	    "  - {source_labels: [__meta_kubernetes_pod_label_app], regex: .+, action: keep}\n"
	    "  - {source_labels: [__meta_kubernetes_pod_label_app], target_label: job}\n"
	    "  - {source_labels: [__meta_kubernetes_namespace], target_label: namespace}\n"
	    "  - {source_labels: [__meta_kubernetes_pod_name], target_label: pod}\n"
	    "  - {source_labels: [__meta_kubernetes_pod_label_rollouts_pod_template_hash], target_label: rollouts_pod_template_hash}\n",
	    api_server);
	return fclose(f) == 0;
}

struct err *
prometheus_server_new(struct arena *a, struct loop *l, const char *api_server, const char *dir, struct prometheus_server **ret)
{
	struct prometheus_server *p = mem_alloc(sizeof(*p));
	const char *config = arena_printf(a, "%s/prometheus.yml", dir);
	int port = port_free();
	const char *argv[] = { "prometheus", arena_printf(a, "--config.file=%s", config),
		arena_printf(a, "--storage.tsdb.path=%s/prometheus", dir), arena_printf(a, "--web.listen-address=127.0.0.1:%d", port),
		"--log.level=warn", NULL };

	if (!write_config(config, api_server)) {
		free(p);
		return err_new(a, ERR_INVALID, "%s: %s", config, strerror(errno));
	}
	snprintf(p->url, sizeof(p->url), "http://127.0.0.1:%d", port);
	p->child = child_start(l, argv, arena_printf(a, "%s/prometheus.log", dir), on_exit_, p);
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
