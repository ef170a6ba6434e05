/* SPDX-License-Identifier: GPL-2.0 */
/* The algebra of the Internet checksum. A sum's value is v(); values are added by
 * plus() and negated by minus(). laws.c says what these are, and proves every law
 * here of the kernel's own functions; rewrite.c assumes the laws and no more.
 */
#ifndef _PROVE_LAWS_H
#define _PROVE_LAWS_H

#include <linux/types.h>

/* What a checksum's value is once @to has taken @from's place: RFC 1624, eqn. 3 */
static inline u32 updated(u32 check, u32 from, u32 to)
{
	return minus(plus(plus(minus(check), minus(from)), to));
}

/* csum_add() adds; no sum is zero but that of zeros. */
static inline bool law_add(u32 sum, u32 a, u32 b)
{
	return v(sum) == plus(v(a), v(b)) && !sum == (!a && !b);
}

/* csum_fold() negates, and is all ones of zero alone. */
static inline bool law_fold(u16 check, u32 sum)
{
	return v(check) == minus(v(sum)) && (check == 0xffff) == !sum;
}

static inline bool law_replace2(u16 check, u16 was, u16 from, u16 to)
{
	return v(check) == updated(v(was), v(from), v(to)) &&
	       (check == 0xffff) == (was == 0xffff && from == 0xffff && !to);
}

/* ~ negates, of 32 bits and of 16. */
static inline bool law_not(u32 sum)
{
	return v(~sum) == minus(v(sum));
}

static inline bool law_not16(u16 check)
{
	return v((u16)~check) == minus(v(check));
}

/* There are two zeros. */
static inline bool law_zero(void)
{
	return v(0xffff) == v(0);
}

static inline bool law_involution(u32 a)
{
	return minus(minus(a)) == a;
}

static inline bool law_commutes(u32 a, u32 b)
{
	return plus(a, b) == plus(b, a);
}

static inline bool law_cancels(u32 a, u32 b)
{
	return plus(plus(a, b), minus(a)) == b;
}

#endif
