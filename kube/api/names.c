/* kube/api/names.c: validation of names, labels and keys, as by an API server: character by character, with its
 * messages. */
#include "kube/api/names.h"
#include <string.h>
#include "base/str.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

#define LABEL_MAX 63
#define SUBDOMAIN_MAX 253
#define PORT_MAX 15

#define LABEL_TEXT                                                                                                     \
	"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and "    \
	"end "                                                                                                         \
	"with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "                 \
	"'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
#define SUBDOMAIN_TEXT                                                                                                 \
	"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "     \
	"start "                                                                                                       \
	"and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "                    \
	"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
#define SERVICE_TEXT                                                                                                   \
	"a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "        \
	"character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation " \
	"is '[a-z]([-a-z0-9]*[a-z0-9])?')"
#define QUALIFIED_TEXT                                                                                                 \
	"name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "          \
	"alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "           \
	"'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
#define VALUE_TEXT                                                                                                     \
	"a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "      \
	"start "                                                                                                       \
	"and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for "         \
	"validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"

/* Returns whether the n characters are all among `of`, and the first and the last among `ends`. */
static bool
name_is(const char *s, size_t n, const char *of, const char *ends)
{
	return n > 0 && strspn(s, of) >= n && strchr(ends, s[0]) != NULL && strchr(ends, s[n - 1]) != NULL;
}

const char *
name_label_problem(const char *s)
{
	size_t n = strlen(s);

	if (n > LABEL_MAX)
		return "must be no more than 63 characters";
	return name_is(s, n, LOWER DIGITS "-", LOWER DIGITS) ? NULL : LABEL_TEXT;
}

const char *
name_service_problem(const char *s)
{
	size_t n = strlen(s);

	if (n > LABEL_MAX)
		return "must be no more than 63 characters";
	return name_is(s, n, LOWER DIGITS "-", LOWER DIGITS) && strchr(LOWER, s[0]) != NULL ? NULL : SERVICE_TEXT;
}

const char *
name_subdomain_problem(const char *s)
{
	if (strlen(s) > SUBDOMAIN_MAX)
		return "must be no more than 253 characters";
	for (;; s++) {
		size_t n = strcspn(s, ".");

		if (!name_is(s, n, LOWER DIGITS "-", LOWER DIGITS))
			return SUBDOMAIN_TEXT;
		s += n;
		if (*s == '\0')
			return NULL;
	}
}

const char *
name_path_problem(const char *s)
{
	if (strcmp(s, ".") == 0)
		return "may not be '.'";
	if (strcmp(s, "..") == 0)
		return "may not be '..'";
	return strchr(s, '/') != NULL ? "may not contain '/'" : strchr(s, '%') != NULL ? "may not contain '%'" : NULL;
}

const char *
name_qualified_problem(const char *s)
{
	const char *slash = strchr(s, '/'), *name = slash != NULL ? slash + 1 : s;
	size_t n = strlen(name);
	char prefix[SUBDOMAIN_MAX + 2];

	if (slash != NULL) {
		if (strchr(name, '/') != NULL)
			return "a qualified name must consist of a name, with an optional DNS subdomain prefix and '/' "
			       "(e.g. 'example.com/MyName')";
		if (slash == s)
			return "prefix part must be non-empty";
		if ((size_t)(slash - s) > SUBDOMAIN_MAX)
			return "prefix part must be no more than 253 characters";
		memcpy(prefix, s, (size_t)(slash - s));
		prefix[slash - s] = '\0';
		if (name_subdomain_problem(prefix) != NULL)
			return "prefix part " SUBDOMAIN_TEXT;
	}
	if (n == 0)
		return "name part must be non-empty";
	if (n > LABEL_MAX)
		return "name part must be no more than 63 characters";
	return name_is(name, n, LOWER UPPER DIGITS "-_.", LOWER UPPER DIGITS) ? NULL : QUALIFIED_TEXT;
}

const char *
name_label_value_problem(const char *s)
{
	size_t n = strlen(s);

	if (n > LABEL_MAX)
		return "must be no more than 63 characters";
	return n == 0 || name_is(s, n, LOWER UPPER DIGITS "-_.", LOWER UPPER DIGITS) ? NULL : VALUE_TEXT;
}

const char *
name_port_problem(const char *s)
{
	size_t n = strlen(s);

	if (n > PORT_MAX)
		return "must be no more than 15 characters";
	if (n == 0 || strspn(s, LOWER DIGITS "-") != n)
		return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";
	if (strpbrk(s, LOWER) == NULL)
		return "must contain at least one letter (a-z)";
	if (strstr(s, "--") != NULL)
		return "must not contain consecutive hyphens";
	return s[0] == '-' || s[n - 1] == '-' ? "must not begin or end with a hyphen" : NULL;
}

const char *
name_env_problem(const char *s)
{
	if (*s == '\0')
		return "environment variable name must be non-empty";
	for (; *s != '\0'; s++)
		if (*s == '=' || (unsigned char)*s < ' ' || (unsigned char)*s > '~')
			return "a valid environment variable name must consist only of printable ASCII characters "
			       "other than '='";
	return NULL;
}

const char *
name_config_key_problem(const char *s)
{
	size_t n = strlen(s);

	if (n > SUBDOMAIN_MAX)
		return "must be no more than 253 characters";
	if (n == 0 || strspn(s, LOWER UPPER DIGITS "-_.") != n)
		return "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  "
		       "or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
	return strcmp(s, ".") == 0 ? "must not be '.'" : strncmp(s, "..", 2) == 0 ? "must not start with '..'" : NULL;
}

const char *
name_object_problem(const char *kind, const char *name)
{
	static const char *const paths[] = { "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding" };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (strcmp(paths[i], kind) == 0)
			return name_path_problem(name);
	if (strcmp(kind, "Namespace") == 0)
		return name_label_problem(name);
	if (strcmp(kind, "Service") == 0)
		return name_service_problem(name);
	return name_subdomain_problem(name);
}
