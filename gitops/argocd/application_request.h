/* gitops/argocd/application_request.h: the request to the worker about an Application. Pure. */
#pragma once
#include "gitops/argocd/application_pass.h"

/* Requests a comparison of the Application, or (`step`) the next step of its sync. */
void app_request_send(struct app_pass *, bool step);
