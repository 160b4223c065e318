/* cli/gitops_worker.h: the flags of the worker process, which the controller takes too and passes on. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "cli/command.h"
#include "gitops/worker/git.h"

#define FLAG_GITOPS_CACHE                                                                                              \
	{                                                                                                              \
		.name = "gitops-cache", .value = "DIR", .value_default = GITOPS_CACHE,                                 \
		.text = "Directory for Git repositories"                                                               \
	}
#define FLAG_GITOPS_FILE_URLS                                                                                          \
	{                                                                                                              \
		.name = "gitops-file-urls", .text = "Allow repositories on this machine (file:///...)"                 \
	}
#define FLAG_GITOPS_HELM                                                                                               \
	{                                                                                                              \
		.name = "gitops-helm", .value = "PROGRAM",                                                             \
		.text = "Path of the program helm, which renders charts (default: charts are refused)"                 \
	}
#define FLAG_GITOPS_WORKER_MEMORY                                                                                      \
	{                                                                                                              \
		.name = "gitops-worker-memory", .value = "BYTES", .value_default = "768Mi",                            \
		.text = "Maximum memory of one comparison"                                                             \
	}
#define FLAG_FEATURE_GATES                                                                                             \
	{                                                                                                              \
		.name = "feature-gates", .value = "GATES",                                                             \
		.text =                                                                                                \
		    "StrictPostBuildSubstitutions=true: a postBuild variable without value and default is an error"    \
	}

extern const struct command cmd_gitops_worker;

/* Reads --gitops-worker-memory, as text and in bytes. Returns 0, or 1 after printing the error. */
int cli_worker_memory(struct cli *, const char **ret_text, int64_t *ret_bytes);

/* Reads StrictPostBuildSubstitutions of --feature-gates. Returns 0, or 1 after printing the error. */
int cli_strict_variables(struct cli *, bool *ret);
