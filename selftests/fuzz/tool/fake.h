/* SPDX-License-Identifier: GPL-2.0 */
/* What the tool meets outside of itself, made up: the kernel, files, programs. */
#ifndef CFR_FUZZ_FAKE_H
#define CFR_FUZZ_FAKE_H

#include <stddef.h>
#include <stdint.h>

#include "conf.h"

/* From now on the kernel answers with @data: datagrams, each behind its length
 * in two bytes; the family's id is told as it should be if @family is set.
 */
void fake_kernel(const uint8_t *data, size_t size, bool family);

/* From now on it answers as it should. */
void fake_kernel_honest(void);

int cfrctl_main(int argc, char **argv);

/* What cfrctl show prints; to be freed */
char *fake_show(const struct conf *conf);

/* Ends the run if a configuration that was read cannot be said again. */
void fake_check(const struct conf *conf);

/* stdin has these bytes */
void fake_stdin(const uint8_t *data, size_t size);

#endif
