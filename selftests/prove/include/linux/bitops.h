/* SPDX-License-Identifier: GPL-2.0 */
#include <linux/types.h>

static inline u32 ror32(u32 word, unsigned int by)
{
	return word >> by | word << (32 - by);
}
