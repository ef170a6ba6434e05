// SPDX-License-Identifier: GPL-2.0
/* Configuration files. One that is taken is shown, and what is shown is taken
 * again and is the same.
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf conf = {}, again = {};
	char *text, *same;

	fake_stdin(data, size);
	if (file_read("-", &conf) == EXIT_DONE) {
		fake_check(&conf);
		text = fake_show(&conf);
		fake_stdin((uint8_t *)text, strlen(text));
		if (file_read("-", &again) != EXIT_DONE)
			abort();
		same = fake_show(&again);
		if (strcmp(text, same))
			abort();
		free(same);
		free(text);
		conf_free(&again);
	}
	conf_free(&conf);
	return 0;
}
