/* SPDX-License-Identifier: GPL-2.0 */
/* cbmc 6.6 loses the unions that group addresses in headers. */
#include_next <linux/stddef.h>

#undef __struct_group
#define __struct_group(tag, name, attributes, members...)	members
