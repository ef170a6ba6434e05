// SPDX-License-Identifier: GPL-2.0
#include <inttypes.h>
#include <stdio.h>

#include "json.h"

static bool follows;
static unsigned int depth;

static void string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			printf("\\u%04x", (unsigned int)*text);
		else
			putchar(*text);
	}
	putchar('"');
}

static void begin(const char *key)
{
	if (follows)
		putchar(',');
	follows = true;
	if (key) {
		string(key);
		putchar(':');
	}
}

void json_open(const char *key, char bracket)
{
	begin(key);
	putchar(bracket);
	follows = false;
	depth++;
}

void json_close(char bracket)
{
	putchar(bracket);
	follows = true;
	if (!--depth) {
		putchar('\n');
		follows = false;
	}
}

void json_string(const char *key, const char *value)
{
	begin(key);
	string(value);
}

void json_fraction(const char *key, double value)
{
	begin(key);
	printf("%.2f", value);
}

void json_bool(const char *key, bool value)
{
	begin(key);
	fputs(value ? "true" : "false", stdout);
}

void json_number(const char *key, uint64_t value)
{
	begin(key);
	printf("%" PRIu64, value);
}
