/* io/spawn_environment.c: the environment of a child process: the listed variables of this process, PATH, and the given
 * variables. */
#include "io/spawn_environment.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Returns whether the name before "=" is in the list. */
static bool
spawn_environment_is_kept(const char *keep, const char *variable)
{
	size_t n = strcspn(variable, "=");

	for (; keep != NULL && *keep != '\0'; keep += strcspn(keep, " "), keep += strspn(keep, " ")) {
		size_t len = strcspn(keep, " ");

		if (len > 0 && keep[len - 1] == '*' ? n >= len - 1 && strncmp(keep, variable, len - 1) == 0
						    : n == len && strncmp(keep, variable, n) == 0)
			return true;
	}
	return false;
}

/* Returns whether `env` has a variable with the same name. */
static bool
spawn_environment_is_given(const char *const *env, const char *variable)
{
	size_t n = strcspn(variable, "=") + 1;

	for (; env != NULL && *env != NULL; env++)
		if (strncmp(*env, variable, n) == 0)
			return true;
	return false;
}

static bool
spawn_environment_is_taken_over(const char *names, const char *const *given, const char *variable)
{
	return !spawn_environment_is_given(given, variable) &&
	       (spawn_environment_is_kept("PATH", variable) || spawn_environment_is_kept(names, variable));
}

char **
spawn_environment(struct arena *a, const char *names, const char *const *given)
{
	size_t n = 0, most = 2;
	char **env;

	for (char **at = environ; at != NULL && *at != NULL; at++)
		most++;
	for (const char *const *at = given; at != NULL && *at != NULL; at++)
		most++;
	env = arena_new_array(a, char *, most);
	for (char **at = environ; at != NULL && *at != NULL; at++)
		if (spawn_environment_is_taken_over(names, given, *at))
			env[n++] = *at;
	for (const char *const *at = given; at != NULL && *at != NULL; at++)
		env[n++] = (char *)*at;
	if (getenv("PATH") == NULL && !spawn_environment_is_given(given, "PATH="))
		env[n++] = (char *)"PATH=/usr/local/bin:/usr/bin:/bin";
	env[n] = NULL;
	return env;
}

/* A copy of this process also has the environment of the parent in its memory. Erases all variables that it must not
 * have. */
static void
spawn_environment_erase(const char *names, const char *const *given)
{
	for (char **at = environ; at != NULL && *at != NULL; at++)
		if (!spawn_environment_is_taken_over(names, given, *at))
			explicit_bzero(*at, strlen(*at));
}

void
spawn_environment_replace(char **env, const char *names, const char *const *given)
{
	spawn_environment_erase(names, given);
	environ = env;
}
