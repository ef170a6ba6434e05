/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's checksum helpers with nothing known of them but the laws of laws.h:
 * what is proven on top of them is so for any architecture whose own obey these.
 */
#ifndef _PROVE_LAWFUL_H
#define _PROVE_LAWFUL_H

#include <linux/types.h>

u16 nondet_u16(void);
u32 nondet_u32(void);

u32 __CPROVER_uninterpreted_v(u32 sum);
u32 __CPROVER_uninterpreted_plus(u32 a, u32 b);
u32 __CPROVER_uninterpreted_minus(u32 a);

#define v	__CPROVER_uninterpreted_v
#define plus	__CPROVER_uninterpreted_plus
#define minus	__CPROVER_uninterpreted_minus

#include "laws.h"

static __wsum csum_add(__wsum a, __wsum b)
{
	u32 sum = nondet_u32();

	__CPROVER_assume(law_add(sum, a, b));
	__CPROVER_assume(law_not(a) && law_not(~a));
	__CPROVER_assume(law_not(b) && law_not(~b));
	__CPROVER_assume(law_not(sum));
	return sum;
}

static __sum16 csum_fold(__wsum sum)
{
	u16 check = nondet_u16();

	__CPROVER_assume(law_fold(check, sum));
	__CPROVER_assume(law_not16(check) && law_involution(v(sum)));
	return check;
}

/* The way of architectures to say that these are their own */
#define HAVE_ARCH_CSUM_ADD
#define csum_fold	csum_fold

/* It adds 16 bits by itself. */
#define csum_replace2	kernels_csum_replace2
#include <net/checksum.h>
#undef csum_replace2

static void csum_replace2(__sum16 *check, __be16 from, __be16 to)
{
	u16 was = *check;

	*check = nondet_u16();
	__CPROVER_assume(law_replace2(*check, was, from, to));
}

#endif
