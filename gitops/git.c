/* gitops/git.c: bare repositories in a cache, and their files. */
#include "gitops/git.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/base64.h"
#include "base/sha1.h"
#include "gitops/git_resolve.h"
#include "gitops/run.h"
#include "gitops/verify.h"

#define LIST_MAX (64u << 20) /* bytes of a commit's list of files */
#define READ_MS 30000 /* for one file */
#define PACKS_MAX 100
#define SCRATCH_MAX 4 /* files that hold a request's keys */

struct git_source {
	struct source source;
	struct git_settings settings;
	char *cache;
	struct companion reader; /* git cat-file --batch, of `reading`; pid 0: none */
	char *reading;
	char *scratch[SCRATCH_MAX]; /* to be removed */
	size_t n_scratch;
};

/* Whose files a tree lists. */
struct git_tree {
	struct git_source *source;
	const char *dir; /* of the repository */
};

/* What one request needs besides its URL. */
struct git {
	struct git_source *source;
	struct arena *arena;
	const struct source_request *request;
	const char *dir; /* of the repository */
	const char *env[40];
	size_t n_env;
};

/* --- the environment ------------------------------------------------------------------------------------------------ */

static void
set(struct git *g, const char *name, const char *value)
{
	if (g->n_env + 1 < ARRAY_SIZE(g->env))
		g->env[g->n_env++] = arena_printf(g->arena, "%s=%s", name, value);
}

/* A file that only we can read; its name, or NULL. */
static const char *
scratch(struct git *g, const char *text)
{
	struct git_source *s = g->source;
	char *name = mem_printf("%s/secret-XXXXXX", s->cache);
	size_t n = strlen(text);
	int fd = s->n_scratch < SCRATCH_MAX ? mkostemp(name, O_CLOEXEC) : -1;

	if (fd < 0) {
		free(name);
		return NULL;
	}
	s->scratch[s->n_scratch++] = name;
	/* ssh refuses a key without a line end. */
	if (write(fd, text, n) != (ssize_t)n || (n > 0 && text[n - 1] != '\n' && write(fd, "\n", 1) != 1))
		name = NULL;
	close(fd);
	return name;
}

static void
forget_secrets(struct git_source *s)
{
	for (size_t i = 0; i < s->n_scratch; i++) {
		unlink(s->scratch[i]);
		free(s->scratch[i]);
	}
	s->n_scratch = 0;
}

static struct err *
set_ssh(struct git *g, const struct source_credentials *c)
{
	const char *key = c->ssh_key != NULL ? scratch(g, c->ssh_key) : NULL;
	const char *hosts = c->known_hosts != NULL ? scratch(g, c->known_hosts) : NULL;

	if ((c->ssh_key != NULL && key == NULL) || (c->known_hosts != NULL && hosts == NULL))
		return err_new(
		    g->arena, ERR_AGAIN, "%s: a key cannot be written there: %s", g->source->cache, strerror(errno));
	set(g, "GIT_SSH_COMMAND",
	    arena_printf(g->arena,
		"ssh -F /dev/null -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=%s -o "
		"UserKnownHostsFile='%s'%s%s%s",
		c->insecure ? "no" : "yes", hosts != NULL ? hosts : "/dev/null", key != NULL ? " -i '" : "",
		key != NULL ? key : "", key != NULL ? "'" : ""));
	return NULL;
}

/* Settings go by the environment, which, unlike arguments, no other user of the machine sees. */
static void
configure(struct git *g, size_t i, const char *key, const char *value)
{
	set(g, arena_printf(g->arena, "GIT_CONFIG_KEY_%zu", i), key);
	set(g, arena_printf(g->arena, "GIT_CONFIG_VALUE_%zu", i), value);
}

static struct err *
set_environment(struct git *g)
{
	const struct source_credentials *c = &g->request->credentials;
	const char *pair = arena_printf(
	    g->arena, "%s:%s", c->username != NULL ? c->username : "", c->password != NULL ? c->password : "");
	size_t n = 0;
	const char *ca;

	set(g, "HOME", g->source->cache);
	set(g, "LC_ALL", "C");
	set(g, "GIT_CONFIG_NOSYSTEM", "1");
	set(g, "GIT_CONFIG_GLOBAL", "/dev/null");
	set(g, "GIT_TERMINAL_PROMPT", "0");
	set(g, "GIT_ASKPASS", "/bin/true");
	set(g, "GIT_ALLOW_PROTOCOL", g->source->settings.files ? "https:http:ssh:file" : "https:http:ssh");
	configure(g, n++, "http.followRedirects", "false");
	configure(g, n++, "safe.directory", "*");
	configure(g, n++, "fetch.fsckObjects", "true");
	configure(g, n++, "gc.auto", "0"); /* see is_overgrown */
	configure(g, n++, "maintenance.auto", "false");
	if (c->bearer_token != NULL)
		configure(
		    g, n++, "http.extraHeader", arena_printf(g->arena, "Authorization: Bearer %s", c->bearer_token));
	else if (c->password != NULL)
		configure(g, n++, "http.extraHeader",
		    arena_printf(g->arena, "Authorization: Basic %s", base64_encode(g->arena, pair, strlen(pair))));
	if (c->proxy != NULL)
		configure(g, n++, "http.proxy", c->proxy);
	set(g, "GIT_CONFIG_COUNT", arena_printf(g->arena, "%zu", n));
	if (c->insecure)
		set(g, "GIT_SSL_NO_VERIFY", "1");
	if (c->ca != NULL && (ca = scratch(g, c->ca)) != NULL)
		set(g, "GIT_SSL_CAINFO", ca);
	return set_ssh(g, c);
}

/* Runs git with what follows, up to NULL. */
static struct err *
git(struct git *g, size_t output_max, struct bytes *ret, const char *const *args)
{
	const char *argv[16] = { "git", "--git-dir", g->dir };
	struct run r = { .argv = argv,
		.env = g->env,
		.timeout_ms = g->request->timeout_ms,
		.output_max = output_max,
		.file_max = g->source->settings.pack_max > 0 ? g->source->settings.pack_max : GIT_PACK_MAX };
	struct err *e;

	for (size_t i = 3; *args != NULL && i + 1 < ARRAY_SIZE(argv); i++)
		argv[i] = *args++;
	e = run_program(g->arena, &r, ret);
	return e != NULL ? err_wrap(g->arena, e, "%s", g->request->url) : NULL;
}

#define GIT(g, max, ret, ...) git((g), (max), (ret), (const char *const[]){ __VA_ARGS__, NULL })

/* --- the cache ------------------------------------------------------------------------------------------------------ */

/* And those that it is in. 0, or -1. */
static int
make_directory(struct arena *a, const char *path)
{
	char *part = arena_strdup(a, path);

	for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(part, 0700);
		*slash = '/';
	}
	return mkdir(path, 0700) == 0 || errno == EEXIST ? 0 : -1;
}

static void
remove_tree(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	if (d == NULL) {
		unlinkat(at, name, 0);
		return;
	}
	while ((e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
			if (e->d_type == DT_DIR)
				remove_tree(fd, e->d_name);
			else
				unlinkat(fd, e->d_name, 0);
		}
	closedir(d);
	unlinkat(at, name, AT_REMOVEDIR);
}

/* The repository that was not used the longest goes, when there are too many and nobody is at it. */
static void
make_room(struct git_source *s)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	DIR *d = opendir(s->cache);
	const char *oldest = NULL;
	struct timespec since = { 0 };
	struct dirent *e;
	size_t n = 0;

	while (d != NULL && (e = readdir(d)) != NULL) {
		struct stat st;

		if (!str_ends(e->d_name, ".git") || fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (n++ == 0 || st.st_mtim.tv_sec < since.tv_sec) {
			oldest = arena_strdup(a, e->d_name);
			since = st.st_mtim;
		}
	}
	if (n > GIT_CACHE_MAX) {
		int lock = openat(dirfd(d), arena_printf(a, "%s.lock", oldest), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

		if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0) {
			remove_tree(dirfd(d), oldest);
			unlinkat(dirfd(d), arena_printf(a, "%s.lock", oldest), 0);
		}
		if (lock >= 0)
			close(lock);
	}
	if (d != NULL)
		closedir(d);
}

/* Each fetch brings a pack of its own. One repository that has become too many of them, or too large, is begun anew. */
static bool
is_overgrown(struct git *g)
{
	DIR *d = opendir(arena_printf(g->arena, "%s/objects/pack", g->dir));
	struct dirent *e;
	size_t n = 0, bytes = 0;

	while (d != NULL && (e = readdir(d)) != NULL) {
		struct stat st;

		if (str_ends(e->d_name, ".pack") && fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
			n++;
			bytes += (size_t)st.st_size;
		}
	}
	if (d != NULL)
		closedir(d);
	return n > PACKS_MAX || (n > 1 && bytes > GIT_PACK_MAX);
}

/* One process at a time is at a repository. The descriptor that holds the lock, or -1. */
static int
lock(struct git *g)
{
	int fd = open(arena_printf(g->arena, "%s.lock", g->dir), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	while (fd >= 0 && flock(fd, LOCK_EX) != 0)
		if (errno != EINTR) {
			close(fd);
			return -1;
		}
	return fd;
}

/* --- files ---------------------------------------------------------------------------------------------------------- */

static bool
read_all(int fd, char *to, size_t n, int64_t timeout_ms)
{
	while (n > 0) {
		struct pollfd p = { fd, POLLIN, 0 };
		ssize_t got;

		if (poll(&p, 1, (int)timeout_ms) <= 0 || (got = read(fd, to, n)) <= 0)
			return false;
		to += got;
		n -= (size_t)got;
	}
	return true;
}

static void
stop_reading(struct git_source *s)
{
	if (s->reader.pid != 0)
		companion_stop(&s->reader);
	s->reader.pid = 0;
}

static struct err *
read_entry(const struct tree *t, struct arena *a, const struct tree_entry *entry, size_t max, struct bytes *ret)
{
	const struct git_tree *of = t->arg;
	struct git_source *s = of->source;
	const char *id = entry->id;
	char head[128], *at = head;
	const char *size;
	long long n;
	char *text;

	if (s->reader.pid != 0 && strcmp(s->reading, of->dir) != 0)
		stop_reading(s);
	if (s->reader.pid == 0) {
		const char *argv[] = { "git", "--git-dir", of->dir, "cat-file", "--batch", NULL };
		const char *env[] = { "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
			"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*",
			"GIT_NO_LAZY_FETCH=1", NULL };
		struct err *e = companion_start(a, &(struct run){ .argv = argv, .env = env }, &s->reader);

		if (e != NULL)
			return e;
		free(s->reading);
		s->reading = mem_strdup(of->dir);
	}
	if (write(s->reader.in, id, strlen(id)) != (ssize_t)strlen(id) || write(s->reader.in, "\n", 1) != 1)
		return err_new(a, ERR_AGAIN, "git cat-file has ended");
	for (; at < head + sizeof(head) - 1; at++)
		if (!read_all(s->reader.out, at, 1, READ_MS) || *at == '\n')
			break;
	*at = '\0';
	size = strrchr(head, ' ');
	if (size == NULL || !str_int(size + 1, 0, INT64_MAX, &n))
		return err_new(a, ERR_AGAIN, "git cat-file: %s", head);
	if ((size_t)n > max) {
		stop_reading(s);
		return err_new(a, ERR_INVALID, "%lld bytes; at most %zu are read", n, max);
	}
	text = arena_alloc(a, (size_t)n + 2);
	if (!read_all(s->reader.out, text, (size_t)n + 1, READ_MS))
		return err_new(a, ERR_AGAIN, "git cat-file has ended");
	text[n] = '\0';
	*ret = (struct bytes){ text, (size_t)n };
	return NULL;
}

/* "MODE TYPE ID SIZE\tPATH\0", each. */
static struct err *
list_files(struct git *g, const char *commit, struct tree *ret)
{
	struct tree_entry *entries;
	struct bytes list;
	struct err *e = GIT(g, LIST_MAX, &list, "ls-tree", "-r", "-z", "-l", "--full-tree", commit);
	struct git_tree *of;
	size_t n = 0, i = 0;

	if (e != NULL)
		return e;
	for (size_t k = 0; k < list.len; k++)
		n += list.at[k] == '\0';
	if (n > TREE_ENTRIES_MAX)
		return err_new(g->arena, ERR_INVALID, "%s: more than %d files", g->request->url, TREE_ENTRIES_MAX);
	entries = arena_new_array(g->arena, struct tree_entry, n + 1);
	for (const char *at = list.at; at < list.at + list.len; at += strlen(at) + 1) {
		const char *tab = strchr(at, '\t'), *id = tab != NULL ? strchr(at, ' ') : NULL;
		long long size = 0;

		id = id != NULL ? strchr(id + 1, ' ') : NULL;
		if (id == NULL || id > tab || strlen(id) < 42)
			continue;
		str_int(arena_strndup(
			    g->arena, id + 42 + strspn(id + 42, " "), strcspn(id + 42 + strspn(id + 42, " "), "\t")),
		    0, INT64_MAX, &size);
		entries[i++] = (struct tree_entry){ .path = tab + 1,
			.kind = str_starts(at, "120000")   ? TREE_LINK
				: str_starts(at, "160000") ? TREE_MODULE
							   : TREE_FILE,
			.size = (size_t)size,
			.id = arena_strndup(g->arena, id + 1, 40) };
	}
	tree_sort(entries, i);
	of = arena_alloc(g->arena, sizeof(*of));
	*of = (struct git_tree){ g->source, g->dir };
	*ret = (struct tree){ .entries = entries, .n = i, .read = read_entry, .arg = of };
	return NULL;
}

/* --- a request ------------------------------------------------------------------------------------------------------ */

/* The commit is had, one deep: by its reference's name, which every server takes, or by itself, or, where a server takes no commits, with
 * everything there is. */
static struct err *
fetch(struct git *g, const char *commit, const char *ref, const char **ret_commit)
{
	struct bytes out;
	struct err *e;

	if (GIT(g, 64, &out, "cat-file", "-e", arena_printf(g->arena, "%s^{commit}", commit)) == NULL) {
		*ret_commit = commit;
		return NULL;
	}
	e = GIT(g, 4096, &out, "fetch", "--depth=1", "--no-tags", "--force", "--quiet", "--end-of-options",
	    g->request->url, arena_printf(g->arena, "+%s:refs/sluice/fetched", ref != NULL ? ref : commit));
	if (e != NULL && ref == NULL)
		e = GIT(g, 4096, &out, "fetch", "--tags", "--force", "--quiet", "--end-of-options", g->request->url,
		    "+refs/heads/*:refs/sluice/heads/*");
	if (e != NULL)
		return e;
	/* The reference may have moved on since it was listed. */
	e = GIT(g, 64, &out, "rev-parse", "--verify", "--quiet",
	    ref != NULL ? "refs/sluice/fetched^{commit}" : arena_printf(g->arena, "%s^{commit}", commit));
	if (e != NULL)
		return err_new(g->arena, ERR_INVALID, "%s: has no commit %s", g->request->url, commit);
	*ret_commit = arena_strndup(g->arena, out.at, strcspn(out.at, "\n"));
	return NULL;
}

static struct err *
fetch_and_list(struct git *g, const char **ret_revision, const char **ret_reference, struct tree *ret)
{
	const char *commit, *ref, *revision = g->request->revision;
	struct bytes refs = { "", 0 };
	struct err *e;
	struct stat st;

	if (is_overgrown(g))
		remove_tree(AT_FDCWD, g->dir);
	if (stat(g->dir, &st) != 0 && (e = GIT(g, 4096, &refs, "init", "--bare", "--quiet", g->dir)) != NULL)
		return e;
	utimensat(AT_FDCWD, g->dir, NULL, 0);
	refs = (struct bytes){ "", 0 };
	/* A whole commit names itself. */
	if ((revision == NULL || git_resolve(g->arena, "", revision, &commit, &ref) != NULL) &&
	    ((e = GIT(g, GIT_REFS_MAX, &refs, "ls-remote", "--quiet", "--end-of-options", g->request->url)) != NULL ||
		(e = git_resolve(g->arena, refs.at, revision, &commit, &ref)) != NULL))
		return e;
	if ((e = fetch(g, commit, ref, ret_revision)) != NULL)
		return e;
	if (g->request->keys.n > 0 &&
	    (e = verify_commit(g->arena, g->dir, g->source->cache, *ret_revision, &g->request->keys)) != NULL)
		return e;
	*ret_reference = ref;
	return list_files(g, *ret_revision, ret);
}

static struct err *
open_(struct source *source, struct arena *a, const struct source_request *r, const char **ret_revision,
    const char **ret_reference, struct tree *ret)
{
	struct git_source *s = (struct git_source *)source;
	struct git g = { .source = s, .arena = a, .request = r };
	unsigned char hash[SHA1_SIZE];
	char name[2 * SHA1_SIZE + 1];
	struct err *e;
	int held;

	if (str_empty(r->url) || r->url[0] == '-')
		return err_new(a, ERR_INVALID, "repoURL: \"%s\" is no URL", r->url != NULL ? r->url : "");
	if (str_starts(r->url, "file:") && !s->settings.files)
		return err_new(a, ERR_INVALID, "%s: file URLs are only read with --gitops-file-urls", r->url);
	sha1(r->url, strlen(r->url), hash);
	for (size_t i = 0; i < SHA1_SIZE; i++)
		snprintf(name + 2 * i, 3, "%02x", hash[i]);
	g.dir = arena_printf(a, "%s/%s.git", s->cache, name);
	if (make_directory(a, s->cache) != 0)
		return err_new(a, ERR_AGAIN, "%s: cannot be made: %s", s->cache, strerror(errno));
	make_room(s);
	if ((held = lock(&g)) < 0)
		return err_new(a, ERR_AGAIN, "%s: cannot be locked: %s", g.dir, strerror(errno));
	/* What a reader has seen may be older than what is fetched. */
	stop_reading(s);
	if ((e = set_environment(&g)) == NULL)
		e = fetch_and_list(&g, ret_revision, ret_reference, ret);
	forget_secrets(s);
	close(held);
	return e;
}

const char *
git_user_cache(struct arena *a)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (!str_empty(cache))
		return arena_printf(a, "%s/sluice-gitops", cache);
	return !str_empty(home) ? arena_printf(a, "%s/.cache/sluice-gitops", home) : GITOPS_CACHE;
}

struct source *
git_source_new(const struct git_settings *settings)
{
	struct git_source *s = mem_alloc(sizeof(*s));

	*s = (struct git_source){ .source = { open_ }, .settings = *settings, .cache = mem_strdup(settings->cache) };
	return &s->source;
}

struct source *
git_source_free(struct source *source)
{
	struct git_source *s = (struct git_source *)source;

	if (s == NULL)
		return NULL;
	stop_reading(s);
	free(s->reading);
	free(s->cache);
	free(s);
	return NULL;
}
