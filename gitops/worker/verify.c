/* gitops/worker/verify.c: signatures of commits (GPG, SSH): a keyring of the allowed keys, and git's own
 * verification. */
#include "gitops/worker/verify.h"
#include <string.h>
#include "base/str.h"
#include "gitops/worker/scratch.h"
#include "io/program_run.h"

#define PROGRAM_MS 20000
#define OUTPUT_MAX (64u << 10)

static struct err *
verify_run(struct arena *a, const char *dir, const char *const *argv)
{
	const char *env[] = { arena_printf(a, "HOME=%s", dir), arena_printf(a, "GNUPGHOME=%s", dir), "LC_ALL=C",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_COUNT=2",
		"GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*",
		"GIT_CONFIG_KEY_1=gpg.ssh.allowedSignersFile", arena_printf(a, "GIT_CONFIG_VALUE_1=%s/signers", dir),
		"GIT_NO_LAZY_FETCH=1", NULL };
	struct bytes out;

	return program_run(a,
	    &(struct program){
		.argv = argv, .env = env, .reach = SPAWN_LOCAL, .timeout_ms = PROGRAM_MS, .output_max = OUTPUT_MAX },
	    &out);
}

static bool
verify_is_ssh(const char *key)
{
	return str_starts(key, "ssh-") || str_starts(key, "ecdsa-") || str_starts(key, "sk-");
}

/* An SSH key is valid for every signer. */
static struct err *
verify_write_signers(struct arena *a, const char *dir, const struct strings *keys)
{
	const char *all = "";

	for (size_t i = 0; i < keys->n; i++)
		if (verify_is_ssh(keys->at[i]))
			all = arena_printf(a, "%s* %.*s\n", all, (int)strcspn(keys->at[i], "\r\n"), keys->at[i]);
	return scratch_write(a, dir, "signers", all, strlen(all));
}

static struct err *
verify_import(struct arena *a, const char *dir, const struct strings *keys)
{
	for (size_t i = 0; i < keys->n; i++) {
		const char *file = arena_printf(a, "key-%zu", i);
		const char *argv[] = { "gpg", "--batch", "--quiet", "--no-autostart", "--import", "--",
			arena_printf(a, "%s/%s", dir, file), NULL };
		struct err *e;

		if (verify_is_ssh(keys->at[i]))
			continue;
		e = scratch_write(a, dir, file, keys->at[i], strlen(keys->at[i]));
		if (e == NULL)
			e = verify_run(a, dir, argv);
		if (e != NULL)
			return err_wrap(a, e, "a key cannot be read");
	}
	return NULL;
}

struct err *
verify_commit(
    struct arena *a, const char *repository, const char *cache, const char *commit, const struct strings *keys)
{
	const char *argv[] = { "git", arena_printf(a, "--git-dir=%s", repository), "verify-commit", commit, NULL },
		   *dir = NULL;
	struct err *e = scratch_begin(a, cache, "keys", &dir);

	if (e == NULL)
		e = verify_write_signers(a, dir, keys);
	if (e == NULL)
		e = verify_import(a, dir, keys);
	if (e == NULL && (e = verify_run(a, dir, argv)) != NULL)
		e = err_new(a, ERR_INVALID, "commit %s is not signed with one of %zu keys that count: %s", commit,
		    keys->n, str_replace(a, err_text(a, e), dir, ""));
	scratch_end(dir);
	return e;
}
