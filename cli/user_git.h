/* cli/user_git.h: Git with the settings and credentials of the user. */
#pragma once
#include "io/spawn.h"

/* The variables of the user's environment that Git and its credential helpers get; they get no others. */
#define USER_GIT_ENV                                                                                                   \
	SPAWN_ENV SPAWN_ENV_NETWORK SPAWN_ENV_CLOUDS                                                                   \
	    " GIT_* EMAIL SSH_* GPG_* GNUPGHOME TERM EDITOR VISUAL CURL_* GCM_* "                                      \
	    "GITHUB_TOKEN GH_* GITLAB_*"
