// SPDX-License-Identifier: GPL-2.0
/* Command lines, a word a line, before a kernel that answers as it should. */
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "command.h"
#include "fake.h"

#define WORDS_MAX	64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *argv[WORDS_MAX + 2] = { "cfrctl" };
	char *text = strndup((const char *)data, size);
	char *word, *rest = text;
	int argc = 1, status;

	while (argc <= WORDS_MAX && (word = strsep(&rest, "\n")) &&
	       (*word || rest))
		argv[argc++] = word;
	fake_kernel_honest();
	fake_stdin(NULL, 0);
	status = cfrctl_main(argc, argv);
	if (status < EXIT_DONE || status > EXIT_MISUSE)
		abort();
	free(text);
	return 0;
}
