/* tests/fuzz/replay.c: a target without the fuzzer: plays the kept inputs, so that what was found once stays found. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include "tests/fuzz/fuzz.h"

int
main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	char folder[200], path[600];
	struct dirent *e;
	size_t n = 0;
	DIR *d;

	(void)argc;
	name = name != NULL ? name + 1 : argv[0];
	snprintf(folder, sizeof(folder), "tests/fuzz/corpus/%s", name);
	d = opendir(folder);
	while (d != NULL && (e = readdir(d)) != NULL) {
		static uint8_t data[1 << 20];
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		if (e->d_name[0] == '.' || (f = fopen(path, "r")) == NULL)
			continue;
		LLVMFuzzerTestOneInput(data, fread(data, 1, sizeof(data), f));
		fclose(f);
		n++;
	}
	if (d != NULL)
		closedir(d);
	printf("%s corpus of %s: %zu inputs\n", n > 0 ? "ok" : "not ok", name, n);
	return n == 0;
}
