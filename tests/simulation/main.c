/* tests/simulation/main.c: plays the recorded stories, then seeds of random trouble.
 *
 *	build/simulation              all stories, 500 seeds
 *	build/simulation --seed N     one seed, with its story
 *	build/simulation --seeds N    N seeds
 *	build/simulation --story NAME the story of one recording
 */
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "tests/simulation/cluster.h"

extern bool story_show(const char *name);

int
main(int argc, char **argv)
{
	bool ok;

	log_setup(LOG_LEVEL_ERROR, false);
	if (argc == 3 && strcmp(argv[1], "--seed") == 0)
		return seeds_run(strtoull(argv[2], NULL, 10), 1, true) ? 0 : 1;
	if (argc == 3 && strcmp(argv[1], "--seeds") == 0)
		return seeds_run(1, strtoull(argv[2], NULL, 10), false) ? 0 : 1;
	if (argc == 3 && strcmp(argv[1], "--story") == 0)
		return story_show(argv[2]) ? 0 : 1;
	ok = stories_run();
	ok &= seeds_run(1, 500, false);
	return ok ? 0 : 1;
}
