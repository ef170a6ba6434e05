/* SPDX-License-Identifier: GPL-2.0 */
/* What normalisation touches of a packet's headers */
#ifndef CFRCTL_FIELDS_H
#define CFRCTL_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "words.h"

/* Names with commas between, or none */
bool fields_parse(struct words *words, uint32_t *fields);
const char *fields_text(uint32_t fields, char *text);

/* For each policy, what is touched and what is not */
void fields_show(const struct conf *conf, bool json);

#endif
