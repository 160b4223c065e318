/* gitops/worker/declared_secrets.h: reads the Secrets of the repositories that argocd-cm declares, for the sources of
 * a session. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct session;

/* The functions of STAGE_DECLARED (stage.h). */
size_t declared_secrets_prepare(struct session *);
bool declared_secrets_start(struct session *, size_t i);
