/* gitops/engine/hooks.c: hooks of Argo CD and Helm: the phases of a sync in which an object is created, and when it is
 * deleted. */
#include "gitops/engine/hooks.h"
#include "gitops/engine/resource.h"

const char *
phase_name(enum phase p)
{
	static const char *const names[PHASE_MAX] = { "PreSync", "Sync", "PostSync", "SyncFail" };

	return names[p];
}

/* The hooks that Argo CD names, and those of Helm that mean the same. */
void
hooks_read(const json_t *object, struct app_resource *to)
{
	static const struct {
		const char *argo, *helm;
		enum phase phase;
	} names[] = { { "PreSync", "pre-install", PHASE_PRE_SYNC }, { NULL, "pre-upgrade", PHASE_PRE_SYNC },
		{ "Sync", NULL, PHASE_SYNC }, { "PostSync", "post-install", PHASE_POST_SYNC },
		{ NULL, "post-upgrade", PHASE_POST_SYNC }, { "SyncFail", NULL, PHASE_SYNC_FAIL } };
	const char *hook = resource_annotation(object, ANNOTATION_HOOK),
		   *helm = resource_annotation(object, "helm.sh/hook"),
		   *policy = resource_annotation(object, ANNOTATION_HOOK_DELETE),
		   *helm_policy = resource_annotation(object, "helm.sh/hook-delete-policy");

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if ((hook != NULL && names[i].argo != NULL && resource_list_has(hook, names[i].argo)) ||
		    (hook == NULL && helm != NULL && names[i].helm != NULL && resource_list_has(helm, names[i].helm)))
			to->hooks |= 1u << names[i].phase;
	/* Skip, or a word that is not a phase: it is never applied. A CRD that Helm installs first is not a hook. */
	to->skip = to->hooks == 0 && (hook != NULL || (helm != NULL && !resource_list_has(helm, "crd-install")));
	if (policy == NULL)
		to->hook_delete =
		    helm_policy == NULL
			? 0
			: (resource_list_has(helm_policy, "hook-succeeded") ? HOOK_SUCCEEDED : 0) |
			      (resource_list_has(helm_policy, "hook-failed") ? HOOK_FAILED : 0) |
			      (resource_list_has(helm_policy, "before-hook-creation") ? BEFORE_HOOK_CREATION : 0);
	else
		to->hook_delete = (resource_list_has(policy, "HookSucceeded") ? HOOK_SUCCEEDED : 0) |
				  (resource_list_has(policy, "HookFailed") ? HOOK_FAILED : 0) |
				  (resource_list_has(policy, "BeforeHookCreation") ? BEFORE_HOOK_CREATION : 0);
	if (to->hook_delete == 0)
		to->hook_delete = BEFORE_HOOK_CREATION;
}
