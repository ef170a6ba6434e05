// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "command.h"

static bool parse_object(struct words *words, struct conf *conf,
			 unsigned int line)
{
	static const char expected[] =
		"pool, policy, bypass, timers, priority or mappings";
	const char *word = words_take(words, expected);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(nouns); i++)
		if (!strcmp(nouns[i]->command->name, word))
			return nouns[i]->parse(words, conf, line);
	return words_wrong(words, word, expected);
}

static bool parse_line(char *text, size_t length, struct conf *conf,
		       const char *file, unsigned int line)
{
	struct words words = {};
	bool ok = true;
	char *word;

	if (strlen(text) != length) {
		fprintf(stderr, "%s:%u: expected text, not a zero byte\n",
			file, line);
		return false;
	}
	text[strcspn(text, "#")] = '\0';
	for (word = strtok(text, " \t\r\n"); word;
	     word = strtok(NULL, " \t\r\n")) {
		words.word = grow(words.word, words.count, sizeof(word));
		words.word[words.count++] = word;
	}
	if (words.count)
		ok = parse_object(&words, conf, line);
	if (!ok)
		fprintf(stderr, "%s:%u: %s\n", file, line, words.error);
	free(words.word);
	return ok;
}

/* Reports every line that does not parse, not only the first. */
static int parse_file(FILE *stream, const char *file, struct conf *conf)
{
	unsigned int line = 0;
	int status = EXIT_DONE;
	char *text = NULL;
	size_t room = 0;
	ssize_t got;

	errno = 0;
	while ((got = getline(&text, &room, stream)) >= 0)
		if (!parse_line(text, got, conf, file, ++line))
			status = EXIT_MISUSE;
	if (ferror(stream)) {
		fprintf(stderr, "cfrctl: %s: %s\n", file, strerror(errno));
		status = EXIT_REFUSED;
	}
	free(text);
	return status;
}

int file_read(const char *file, struct conf *conf)
{
	bool standard = !strcmp(file, "-");
	FILE *stream = standard ? stdin : fopen(file, "r");
	int status;

	if (!stream) {
		fprintf(stderr, "cfrctl: %s: %s\n", file, strerror(errno));
		return EXIT_REFUSED;
	}
	status = parse_file(stream, file, conf);
	if (!standard)
		fclose(stream);
	return status;
}
