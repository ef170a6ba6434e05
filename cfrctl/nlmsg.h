/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CFRCTL_NLMSG_H
#define CFRCTL_NLMSG_H

#include <libmnl/libmnl.h>

/* mnl_nlmsg_ok() takes a length beyond INT_MAX for a negative one, and the
 * message for whole.
 */
static inline bool nlmsg_ok(const struct nlmsghdr *nlh, int rest)
{
	return rest >= (int)sizeof(*nlh) && nlh->nlmsg_len >= sizeof(*nlh) &&
	       nlh->nlmsg_len <= (unsigned int)rest;
}

/* What an answer may say: 0 or -errno */
static inline bool nlmsg_error_ok(int error)
{
	return error <= 0 && error >= -4095;
}

#endif
