/* gitops/worker/git.c: git fetch: bare repositories in a cache, and the files of their commits. Signatures:
 * verify.c. */
#include "gitops/worker/git.h"
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
#include "base/sha256.h"
#include "gitops/source/arguments.h"
#include "gitops/source/revision.h"
#include "gitops/worker/verify.h"
#include "io/loop.h"
#include "io/program_run.h"

#define LIST_MAX (64u << 20) /* bytes of a commit's list of files */
#define READ_MS 30000 /* for one file */
#define PACKS_MAX 100
#define SLOW_BYTES                                                                                                     \
	"10" /* a second: a server that sends less for SLOW_S is left; one that prepares a pack sends more than that */
#define SLOW_S "20"
#define SSH_S "20" /* limit for the server's greeting */
#define SSH_ALIVE_S "10" /* between two keepalive requests; ssh ends after two without a response */
/* bytes; larger objects are streamed by git, not held in memory; no file that we read is as large */
#define STREAMED_MIN "16m"
#define SCRATCH_MAX 4 /* files that hold a request's keys */

struct git_source {
	struct source source;
	struct git_settings settings;
	char *cache;
	struct coprocess reader; /* git cat-file --batch, of the repository `reading`; pid 0: it is not running */
	char *reading;
	char *scratch[SCRATCH_MAX]; /* paths, removed at the end */
	size_t n_scratch;
	int *used; /* descriptors of the locked repositories that trees read from; the lock prevents their removal */
	size_t n_used;
};

/* The repository and commit of a tree. */
struct git_tree {
	struct git_source *source;
	const char *dir; /* of the repository */
};

/* The credentials and settings of one request. */
struct git {
	struct git_source *source;
	struct arena *arena;
	const struct source_request *request;
	const char *dir; /* of the repository */
	int64_t until; /* monotonic ms: deadline of all programs */
	const char *env[40]; /* "NAME=VALUE" of the programs, ended by NULL */
	size_t n_env;
};

static void
git_add_variable(struct git *g, const char *name, const char *value)
{
	if (g->n_env + 1 < ARRAY_SIZE(g->env))
		g->env[g->n_env++] = arena_printf(g->arena, "%s=%s", name, value);
}

/* Writes a text (a key, known hosts) to a scratch file that only this user can read. Returns its name, or NULL with
 * errno. git_remove_scratch deletes it. */
static const char *
git_scratch(struct git *g, const char *text)
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

/* Deletes the scratch files of a request. */
static void
git_remove_scratch(struct git_source *s)
{
	for (size_t i = 0; i < s->n_scratch; i++) {
		unlink(s->scratch[i]);
		free(s->scratch[i]);
	}
	s->n_scratch = 0;
}

/* Quotes a text as one word of a shell. */
static const char *
git_quote(struct git *g, const char *text)
{
	return arena_printf(g->arena, "'%s'", str_replace(g->arena, text, "'", "'\\''"));
}

/* Sets the command by which git connects over SSH. A server whose key is in neither `known_hosts` nor the machine's
 * ssh_known_hosts is refused, because ssh has no terminal for its question (BatchMode): an unverified server must not
 * provide manifests. With `insecure` any key is accepted, and none is kept. */
static struct err *
git_set_ssh(struct git *g, const struct source_credentials *c)
{
	const char *key = c->ssh_key != NULL ? git_scratch(g, c->ssh_key) : NULL;
	const char *hosts = c->known_hosts != NULL ? git_scratch(g, c->known_hosts) : NULL;

	if ((c->ssh_key != NULL && key == NULL) || (c->known_hosts != NULL && hosts == NULL))
		return err_new(
		    g->arena, ERR_AGAIN, "%s: a key cannot be written there: %s", g->source->cache, strerror(errno));
	git_add_variable(g, "GIT_SSH_VARIANT", "ssh");
	git_add_variable(g, "GIT_SSH_COMMAND",
	    arena_printf(g->arena,
		"ssh -F /dev/null -o BatchMode=yes -o IdentitiesOnly=yes -o ClearAllForwardings=yes -o "
		"ConnectTimeout=" SSH_S " -o ServerAliveInterval=" SSH_ALIVE_S " -o ServerAliveCountMax=2 -o "
		"StrictHostKeyChecking=%s -o UserKnownHostsFile=%s%s%s",
		c->insecure ? "no" : "yes", git_quote(g, hosts != NULL ? hosts : "/dev/null"),
		key != NULL ? " -i " : "", key != NULL ? git_quote(g, key) : ""));
	return NULL;
}

/* Settings are passed in the environment. Other users of the machine can read arguments, but not the environment. */
static void
git_configure(struct git *g, size_t i, const char *key, const char *value)
{
	git_add_variable(g, arena_printf(g->arena, "GIT_CONFIG_KEY_%zu", i), key);
	git_add_variable(g, arena_printf(g->arena, "GIT_CONFIG_VALUE_%zu", i), value);
}

static struct err *
git_set_environment(struct git *g)
{
	const struct source_credentials *c = &g->request->credentials;
	const char *pair = arena_printf(
	    g->arena, "%s:%s", c->username != NULL ? c->username : "", c->password != NULL ? c->password : "");
	size_t n = 0;
	const char *ca;

	git_add_variable(g, "HOME", g->source->cache);
	git_add_variable(g, "LC_ALL", "C");
	git_add_variable(g, "GIT_CONFIG_NOSYSTEM", "1");
	git_add_variable(g, "GIT_CONFIG_GLOBAL", "/dev/null");
	git_add_variable(g, "GIT_TERMINAL_PROMPT", "0");
	git_add_variable(g, "GIT_ASKPASS", "/bin/true");
	git_add_variable(g, "GIT_ALLOW_PROTOCOL", g->source->settings.files ? "https:http:ssh:file" : "https:http:ssh");
	git_configure(g, n++, "http.followRedirects", "false");
	git_configure(g, n++, "http.lowSpeedLimit", SLOW_BYTES);
	git_configure(g, n++, "http.lowSpeedTime", SLOW_S);
	git_configure(g, n++, "safe.directory", "*");
	git_configure(g, n++, "fetch.fsckObjects", "true");
	git_configure(g, n++, "fetch.unpackLimit", "1"); /* always a pack: their number and size are bounded */
	git_configure(g, n++, "core.bigFileThreshold", STREAMED_MIN);
	git_configure(g, n++, "gc.auto", "0"); /* see is_overgrown */
	git_configure(g, n++, "maintenance.auto", "false");
	if (c->bearer_token != NULL)
		git_configure(
		    g, n++, "http.extraHeader", arena_printf(g->arena, "Authorization: Bearer %s", c->bearer_token));
	else if (c->password != NULL)
		git_configure(g, n++, "http.extraHeader",
		    arena_printf(g->arena, "Authorization: Basic %s", base64_encode(g->arena, pair, strlen(pair))));
	if (c->proxy != NULL)
		git_configure(g, n++, "http.proxy", c->proxy);
	git_add_variable(g, "GIT_CONFIG_COUNT", arena_printf(g->arena, "%zu", n));
	if (c->insecure)
		git_add_variable(g, "GIT_SSL_NO_VERIFY", "1");
	if (c->ca != NULL && (ca = git_scratch(g, c->ca)) != NULL)
		git_add_variable(g, "GIT_SSL_CAINFO", ca);
	return git_set_ssh(g, c);
}

/* Runs git with these arguments, up to NULL. */
static struct err *
git_run(struct git *g, size_t output_max, struct bytes *ret, const char *const *args)
{
	const char *argv[16] = { "git", arena_printf(g->arena, "--git-dir=%s", g->dir) };
	int64_t left = g->until - loop_ev_mono();
	struct program r = { .argv = argv,
		.env = g->env,
		.reach = SPAWN_NETWORK,
		.timeout_ms = left,
		.memory_max = GIT_MEMORY_MAX,
		.output_max = output_max,
		.file_max = g->source->settings.pack_max > 0 ? g->source->settings.pack_max : GIT_PACK_MAX };
	struct err *e;

	for (size_t i = 2; *args != NULL && i + 1 < ARRAY_SIZE(argv); i++)
		argv[i] = *args++;
	if (left <= 0)
		e = err_new(
		    g->arena, ERR_AGAIN, "git: did not end in %lld s", (long long)(g->request->timeout_ms / 1000));
	else
		e = program_run(g->arena, &r, ret);
	return e != NULL ? err_wrap(g->arena, e, "%s", g->request->url) : NULL;
}

#define GIT(g, max, ret, ...) git_run((g), (max), (ret), (const char *const[]){ __VA_ARGS__, NULL })

/* Creates a directory and its parents. Returns 0, or -1. */
static int
git_make_directory(struct arena *a, const char *path)
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
git_remove_tree(int at, const char *name)
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
				git_remove_tree(fd, e->d_name);
			else
				unlinkat(fd, e->d_name, 0);
		}
	closedir(d);
	unlinkat(at, name, AT_REMOVEDIR);
}

/* The packs of a repository. */
struct packs {
	size_t n, bytes; /* with their indexes */
};

static struct packs
git_packs(int at, const char *repository)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	int fd = openat(at, arena_printf(a, "%s/objects/pack", repository), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct packs p = { 0, 0 };
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		struct stat st;

		if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
			continue;
		p.n += str_ends(e->d_name, ".pack");
		p.bytes += (size_t)st.st_size;
	}
	if (d != NULL)
		closedir(d);
	return p;
}

/* One of the cache's repositories. */
struct kept {
	const char *name;
	struct timespec used; /* the last use */
	size_t bytes; /* of its files */
};

static int
git_older_first(const void *a, const void *b)
{
	const struct timespec *x = &((const struct kept *)a)->used, *y = &((const struct kept *)b)->used;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

/* Removes a repository that no other process fetches into. Returns false if a tree of it is in use. */
static bool
git_remove_unused(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool unused = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;

	if (unused)
		git_remove_tree(at, name);
	if (fd >= 0)
		close(fd);
	return unused;
}

/* Returns false if it is being fetched, or a tree of it is in use. */
static bool
git_remove_repository(int at, const char *name)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	const char *lock = arena_printf(a, "%s.lock", name);
	int fd = openat(at, lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	bool removed = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && git_remove_unused(at, name);

	if (removed)
		unlinkat(at, lock, 0);
	if (fd >= 0)
		close(fd);
	return removed;
}

/* The lock is kept until the source is freed. */
static void
git_repository_use(struct git_source *s, const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_SH | LOCK_NB) != 0) {
		if (fd >= 0)
			close(fd);
		return;
	}
	s->used = mem_realloc(s->used, (s->n_used + 1) * sizeof(*s->used));
	s->used[s->n_used++] = fd;
}

/* Removes the least recently used repositories while the cache has too many, or too many bytes: all workers share
 * its volume. The requested repository stays. */
static void
git_make_space(struct git_source *s, const char *wanted)
{
	_cleanup_(arena_freep) struct arena *a = arena_new();
	size_t n = 0, capacity = 0, bytes = 0, left,
	       bytes_max = s->settings.cache_max > 0 ? s->settings.cache_max : GIT_CACHE_BYTES_MAX;
	DIR *d = opendir(s->cache);
	struct kept *all = NULL;
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		struct stat st;

		if (!str_ends(e->d_name, ".git") || fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		all = arena_grow(a, all, n, &capacity, sizeof(*all));
		all[n] = (struct kept){ arena_strdup(a, e->d_name), st.st_mtim, git_packs(dirfd(d), e->d_name).bytes };
		bytes += all[n++].bytes;
	}
	if (n > 0)
		qsort(all, n, sizeof(*all), git_older_first);
	left = n;
	for (size_t i = 0; i < n && (left > GIT_CACHE_MAX || bytes > bytes_max); i++)
		if (strcmp(all[i].name, wanted) != 0 && git_remove_repository(dirfd(d), all[i].name)) {
			left--;
			bytes -= all[i].bytes;
		}
	if (d != NULL)
		closedir(d);
}

/* Returns whether the repository has too many packs, or too many bytes. Each fetch adds a pack; such a repository is
 * removed and fetched again. */
static bool
git_is_overgrown(struct git *g)
{
	struct packs p = git_packs(AT_FDCWD, g->dir);

	return p.n > PACKS_MAX || (p.n > 1 && p.bytes > GIT_PACK_MAX);
}

/* Removes files of a killed git: locks, which would make every later git fail, and incomplete packs. The caller
 * holds the lock, so no git is running. */
static void
git_remove_leftovers(struct git *g)
{
	static const char *const places[] = { "", "/refs/sluice", "/objects/pack" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		DIR *d = opendir(arena_printf(g->arena, "%s%s", g->dir, places[i]));
		struct dirent *e;

		while (d != NULL && (e = readdir(d)) != NULL)
			if (str_ends(e->d_name, ".lock") || str_starts(e->d_name, "tmp_"))
				unlinkat(dirfd(d), e->d_name, 0);
		if (d != NULL)
			closedir(d);
	}
}

/* Returns the descriptor that holds the lock, or -1. One process at a time fetches into a repository: two would
 * remove each other's packs. */
static int
git_lock(struct git *g)
{
	int fd = open(arena_printf(g->arena, "%s.lock", g->dir), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	while (fd >= 0 && flock(fd, LOCK_EX) != 0)
		if (errno != EINTR) {
			close(fd);
			return -1;
		}
	return fd;
}

static bool
git_read_all(int fd, char *to, size_t n, int64_t timeout_ms)
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
git_stop_reading(struct git_source *s)
{
	if (s->reader.pid != 0)
		coprocess_stop(&s->reader);
	s->reader.pid = 0;
}

static struct err *
git_read_entry(const struct tree *t, struct arena *a, const struct tree_entry *entry, size_t max, struct bytes *ret)
{
	const struct git_tree *of = t->arg;
	struct git_source *s = of->source;
	const char *id = entry->id;
	char head[128], *at = head;
	const char *size;
	long long n;
	char *text;

	if (s->reader.pid != 0 && strcmp(s->reading, of->dir) != 0)
		git_stop_reading(s);
	if (s->reader.pid == 0) {
		const char *argv[] = { "git", arena_printf(a, "--git-dir=%s", of->dir), "cat-file", "--batch", NULL };
		const char *env[] = { "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
			"GIT_CONFIG_COUNT=2", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*",
			"GIT_CONFIG_KEY_1=core.bigFileThreshold",
			arena_printf(a, "GIT_CONFIG_VALUE_1=%s", STREAMED_MIN), "GIT_NO_LAZY_FETCH=1", NULL };
		struct err *e = coprocess_start(a,
		    &(struct program){ .argv = argv, .env = env, .reach = SPAWN_LOCAL, .memory_max = GIT_MEMORY_MAX },
		    &s->reader);

		if (e != NULL)
			return e;
		free(s->reading);
		s->reading = mem_strdup(of->dir);
	}
	if (write(s->reader.in, id, strlen(id)) != (ssize_t)strlen(id) || write(s->reader.in, "\n", 1) != 1)
		return err_new(a, ERR_AGAIN, "git cat-file has ended");
	for (; at < head + sizeof(head) - 1; at++)
		if (!git_read_all(s->reader.out, at, 1, READ_MS) || *at == '\n')
			break;
	*at = '\0';
	size = strrchr(head, ' ');
	if (size == NULL || !str_int(size + 1, 0, INT64_MAX, &n))
		return err_new(a, ERR_AGAIN, "git cat-file: %s", head);
	if ((size_t)n > max) {
		git_stop_reading(s);
		return err_new(a, ERR_INVALID, "%lld bytes; at most %zu are read", n, max);
	}
	text = arena_alloc(a, (size_t)n + 2);
	if (!git_read_all(s->reader.out, text, (size_t)n + 1, READ_MS))
		return err_new(a, ERR_AGAIN, "git cat-file has ended");
	text[n] = '\0';
	*ret = (struct bytes){ text, (size_t)n };
	return NULL;
}

/* Parses the output of git ls-tree: "MODE TYPE ID SIZE\tPATH\0" for each file. */
static struct err *
git_list_files(struct git *g, const char *commit, struct tree *ret)
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
	*ret = (struct tree){ .entries = entries, .n = i, .read = git_read_entry, .arg = of };
	return NULL;
}

/* Fetches the commit, one deep: by its reference, which every server accepts, or by its id, or, if the server
 * accepts no ids, with all references. */
static struct err *
git_fetch(struct git *g, const char *commit, const char *ref, const char **ret_commit)
{
	struct bytes out;
	/* The server chose the name of the reference, so it is checked before it becomes an argument. */
	struct err *e = grammar_check(
	    g->arena, ref != NULL ? GRAMMAR_REFERENCE : GRAMMAR_COMMIT, g->request->url, ref != NULL ? ref : commit);

	if (e != NULL)
		return e;
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
	/* The branch may have moved since it was listed. */
	e = GIT(g, 64, &out, "rev-parse", "--verify", "--quiet",
	    ref != NULL ? "refs/sluice/fetched^{commit}" : arena_printf(g->arena, "%s^{commit}", commit));
	if (e != NULL)
		return err_new(g->arena, ERR_INVALID, "%s: has no commit %s", g->request->url, commit);
	*ret_commit = arena_strndup(g->arena, out.at, strcspn(out.at, "\n"));
	return grammar_check(g->arena, GRAMMAR_COMMIT, g->request->url, *ret_commit);
}

static struct err *
git_fetch_and_list(struct git *g, const char **ret_revision, const char **ret_reference, struct tree *ret)
{
	const char *commit, *ref, *revision = g->request->revision;
	struct bytes refs = { "", 0 };
	struct err *e;
	struct stat st;

	git_remove_leftovers(g);
	if (git_is_overgrown(g))
		git_remove_unused(AT_FDCWD, g->dir);
	if (stat(g->dir, &st) != 0 && (e = GIT(g, 4096, &refs, "init", "--bare", "--quiet", "--", g->dir)) != NULL)
		return e;
	utimensat(AT_FDCWD, g->dir, NULL, 0);
	refs = (struct bytes){ "", 0 };
	/* A full commit id needs no list of references. */
	if ((revision == NULL || git_resolve(g->arena, "", revision, &commit, &ref) != NULL) &&
	    ((e = GIT(g, GIT_REFS_MAX, &refs, "ls-remote", "--quiet", "--end-of-options", g->request->url)) != NULL ||
		(e = git_resolve(g->arena, refs.at, revision, &commit, &ref)) != NULL))
		return e;
	if ((e = git_fetch(g, commit, ref, ret_revision)) != NULL)
		return e;
	if (g->request->keys.n > 0 &&
	    (e = verify_commit(g->arena, g->dir, g->source->cache, *ret_revision, &g->request->keys)) != NULL)
		return e;
	*ret_reference = ref;
	return git_list_files(g, *ret_revision, ret);
}

/* Opens the repository's directory and finds the commit. A cached commit is used without a request to the server.
 * This is safe because the name of the directory depends on the credentials: only a request with the same
 * credentials finds it. */
static const char *
git_repository_at(struct arena *a, const char *cache, const struct source_request *r)
{
	const struct source_credentials *c = &r->credentials;
	const char *const secrets[] = { c->username, c->password, c->bearer_token, c->ssh_key };
	const char *identity = r->url;
	char name[2 * SHA256_SIZE + 1];

	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++)
		if (secrets[i] != NULL)
			identity = arena_printf(a, "%s\n%zu %zu %s", identity, i, strlen(secrets[i]), secrets[i]);
	sha256_hex(identity, strlen(identity), name);
	return arena_printf(a, "%s/%s.git", cache, name);
}

static struct err *
git_open(struct source *source, struct arena *a, const struct source_request *r, const char **ret_revision,
    const char **ret_reference, struct tree *ret)
{
	struct git_source *s = (struct git_source *)source;
	struct git g = { .source = s, .arena = a, .request = r };
	struct err *e;
	int held;

	if ((e = grammar_check(a, GRAMMAR_GIT_URL, "repoURL", r->url)) != NULL ||
	    (e = grammar_check(a, GRAMMAR_REVISION, "revision", r->revision)) != NULL ||
	    (r->credentials.proxy != NULL &&
		(e = grammar_check(a, GRAMMAR_PROXY, "the repository's Secret: proxy", r->credentials.proxy)) != NULL))
		return e;
	if (str_starts(r->url, "file:") && !s->settings.files)
		return err_new(a, ERR_INVALID, "%s: file URLs are only read with --gitops-file-urls", r->url);
	g.dir = git_repository_at(a, s->cache, r);
	if (git_make_directory(a, s->cache) != 0)
		return err_new(a, ERR_AGAIN, "%s: cannot be made: %s", s->cache, strerror(errno));
	git_make_space(s, strrchr(g.dir, '/') + 1);
	if ((held = git_lock(&g)) < 0)
		return err_new(a, ERR_AGAIN, "%s: cannot be locked: %s", g.dir, strerror(errno));
	g.until = loop_ev_mono() + r->timeout_ms;
	/* A running reader may not find objects that were fetched after its start. */
	git_stop_reading(s);
	if ((e = git_set_environment(&g)) == NULL)
		e = git_fetch_and_list(&g, ret_revision, ret_reference, ret);
	if (e == NULL)
		git_repository_use(s, g.dir);
	git_remove_scratch(s);
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

	*s = (struct git_source){ .source = { git_open }, .settings = *settings, .cache = mem_strdup(settings->cache) };
	return &s->source;
}

struct source *
git_source_free(struct source *source)
{
	struct git_source *s = (struct git_source *)source;

	if (s == NULL)
		return NULL;
	git_stop_reading(s);
	for (size_t i = 0; i < s->n_used; i++)
		close(s->used[i]);
	free(s->used);
	free(s->reading);
	free(s->cache);
	free(s);
	return NULL;
}
