/* cli/demo/dev.h: the laptop cluster, put together: what `sluice dev` runs and `sluice demo` runs on. */
#pragma once
#include "cli/cli.h"

struct dev;

struct dev_settings {
	const char *dir; /* kubeconfig, logs; made when it is missing */
	int port; /* 0: a free one */
	bool tls; /* the API server serves HTTPS, with a new certificate */
	int64_t ready_ms; /* of virtual pods */
	const char *app; /* image repository that runs the demo application; NULL: all pods are virtual */
	const char *behave; /* how its tags behave; NULL: well */
	bool controller, prometheus, mesh;
	int load; /* requests a second to the mesh's gateway; 0: none */
};

/* A new directory under $TMPDIR or /tmp, in the cli's arena; NULL after an error was printed. And its removal. */
const char *dev_directory(struct cli *);
void dev_remove(const char *dir);

/* Starts everything on loopback. NULL after an error was printed. */
struct dev *dev_start(struct cli *, const struct dev_settings *);
struct dev *dev_stop(struct dev *);

const char *dev_kubeconfig(const struct dev *);
const char *dev_server(const struct dev *); /* URL of the API server */
const char *dev_prometheus(const struct dev *); /* URL; NULL: not started */
const char *dev_gateway(const struct dev *); /* URL; NULL: no mesh */
