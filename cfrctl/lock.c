// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "lock.h"

/* Who may not write here is in a namespace of their own making, where nobody
 * else configures anything. Programs that are run meanwhile inherit the lock:
 * what they have begun, they end under it, even if this one is killed.
 */
int lock_take(void)
{
	int lock = open("/run/cfrctl.lock", O_RDWR | O_CREAT | O_NOFOLLOW, 0600);

	if (lock >= 0)
		flock(lock, LOCK_EX);
	return lock;
}

void lock_release(int lock)
{
	if (lock >= 0)
		close(lock);
}
