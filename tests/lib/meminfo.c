// SPDX-License-Identifier: GPL-2.0-only
/* Lines of /proc/meminfo. */
#include "meminfo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

unsigned long meminfo_kib(const char *name)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];
	long kib = -1;

	CHECK(file, "/proc/meminfo: %m");
	while (kib < 0 && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)) &&
		    line[strlen(name)] == ':')
			kib = atol(line + strlen(name) + 1);
	fclose(file);
	CHECK(kib >= 0, "no %s", name);
	return kib;
}
