/* gitops/worker/credentials.h: Argo CD's settings and credentials: argocd-cm, known hosts, signers, and Secrets of
 * repositories and clusters. */
#pragma once
#include "base/json.h"

struct session;

/* Returns a value of a Secret, decoded, in the session's arena. NULL: it has no such key, or the value is not a
 * text. */
const char *credentials_value(struct session *, const json_t *secret, const char *key);

/* Warns of keys without effect in the Secrets of the sources. */
void credentials_warn(struct session *);

/* The functions of STAGE_SETTINGS (stage.h). */
size_t credentials_prepare(struct session *);
bool credentials_start(struct session *, size_t i);
