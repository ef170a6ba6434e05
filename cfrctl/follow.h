/* SPDX-License-Identifier: GPL-2.0 */
/* The kill switch, if it is installed, follows each change of the
 * configuration. It is made to fit both the old and the new one first, where
 * that closes it, and to fit the new one last: wherever cfrctl is killed on the
 * way, nothing passes that would not have passed before or is not meant to
 * pass now.
 */
#ifndef CFRCTL_FOLLOW_H
#define CFRCTL_FOLLOW_H

#include "nl.h"

struct follow {
	bool installed;
	struct conf added;	/* the policies whose marks are new to it */
};

/* Before the change. Return: 0 or -1 */
int follow_tighten(struct follow *follow, const struct conf *was,
		   const struct conf *will, struct nl_fault *fault);

/* After it, or after it was refused. Return: 0 or -1 */
int follow_settle(struct follow *follow, const struct conf *is, bool refused,
		  struct nl_fault *fault);

#endif
