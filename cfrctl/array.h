/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CFRCTL_ARRAY_H
#define CFRCTL_ARRAY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* Room for one more zeroed element. A tool that lives for a moment has
 * nothing better to do without memory than to say so.
 */
static inline void *grow(void *array, size_t count, size_t size)
{
	if (!(count & (count - 1))) {
		array = reallocarray(array, count ? 2 * count : 1, size);
		if (!array) {
			perror("cfrctl");
			exit(1);
		}
	}
	memset((char *)array + count * size, 0, size);
	return array;
}

#endif
