// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "command.h"
#include "json.h"

static const struct command *const commands[] = {
	&pool_command, &policy_command, &bypass_command, &timers_command,
	&priority_command, &mappings_command, &show_command,
	&apply_command, &flush_command, &stats_command, &monitor_command,
	&killswitch_command,
};

static const char expected[] =
	"pool, policy, bypass, timers, priority, mappings, show, apply, flush, stats, monitor or killswitch";

static void usage(FILE *stream)
{
	size_t i;

	fputs("Usage: cfrctl [-j] COMMAND ...\n\nCommands:\n", stream);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(stream, "  %-10s %s\n", commands[i]->name,
			commands[i]->summary);
	fputs("\n"
	      "Options, anywhere:\n"
	      "  -j, --json  print JSON\n"
	      "  --help      print the help of a command\n"
	      "  --version   print the version of the tool and of the loaded module\n",
	      stream);
}

/* The module says its version only while it is loaded. */
static void print_version(bool json)
{
	FILE *file = fopen("/sys/module/cfr/version", "r");
	char module[32] = "";

	if (file) {
		if (fgets(module, sizeof(module), file))
			module[strcspn(module, "\n")] = '\0';
		fclose(file);
	}
	if (json) {
		json_open(NULL, '{');
		json_string("cfrctl", CFR_VERSION);
		if (*module)
			json_string("module", module);
		json_close('}');
		return;
	}
	puts("cfrctl " CFR_VERSION);
	if (*module)
		printf("module %s\n", module);
}

struct options {
	bool json;
	bool help;
	bool version;
};

/* Options may stand anywhere, since no other word begins with "-" but "-"
 * itself and a command's own options.
 */
static void take_options(struct words *words, struct options *options)
{
	int i, kept = 0;

	for (i = 0; i < words->count; i++) {
		char *word = words->word[i];

		if (!strcmp(word, "-j") || !strcmp(word, "--json"))
			options->json = true;
		else if (!strcmp(word, "--help"))
			options->help = true;
		else if (!strcmp(word, "--version"))
			options->version = true;
		else
			words->word[kept++] = word;
	}
	words->count = kept;
}

static int run(struct words *words)
{
	struct options options = {};
	const char *word;
	size_t i;

	take_options(words, &options);
	if (options.version) {
		print_version(options.json);
		return EXIT_DONE;
	}
	if (!words_left(words)) {
		usage(options.help ? stdout : stderr);
		return options.help ? EXIT_DONE : EXIT_MISUSE;
	}
	word = words_take(words, expected);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i]->name, word))
			continue;
		if (options.help) {
			fputs(commands[i]->help, stdout);
			return EXIT_DONE;
		}
		return commands[i]->run(words, options.json);
	}
	words_wrong(words, word, expected);
	return misuse(words);
}

int main(int argc, char **argv)
{
	struct words words = { .word = argv + 1, .count = argc - 1 };
	int status = run(&words);

	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "cfrctl: standard output: %s\n",
			strerror(errno));
		return EXIT_REFUSED;
	}
	return status;
}
