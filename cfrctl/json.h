/* SPDX-License-Identifier: GPL-2.0 */
/* JSON to stdout. A key is NULL inside an array. */
#ifndef CFRCTL_JSON_H
#define CFRCTL_JSON_H

#include <stdbool.h>
#include <stdint.h>

#define JSON_SCHEMA	1	/* a number more where a reader might go wrong */

void json_open(const char *key, char bracket);
void json_close(char bracket);
void json_string(const char *key, const char *value);
void json_number(const char *key, uint64_t value);
void json_bool(const char *key, bool value);
void json_fraction(const char *key, double value);

#endif
