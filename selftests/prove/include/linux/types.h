/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel's code takes for granted. Widths and layouts are uapi's. */
#ifndef _PROVE_TYPES_H
#define _PROVE_TYPES_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include_next <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;

#define __force
#define __percpu
#define __rcu
#undef __always_inline
#define __always_inline	inline

#define likely(x)	(x)
#define unlikely(x)	(x)
#define BUILD_BUG_ON(x)	_Static_assert(!(x), #x)
#define READ_ONCE(x)	(x)
#define WRITE_ONCE(x, v)	((x) = (v))
#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))

#define ntohs(x)	__builtin_bswap16(x)
#define htons(x)	__builtin_bswap16(x)

/* A flow has these in it; no proof is about them. */
struct list_head {
	struct list_head *next;
};

struct rcu_head {
	struct rcu_head *next;
};

typedef struct {
	int counter;
} atomic_t;

#endif
