// SPDX-License-Identifier: GPL-2.0
/* The laws of laws.h hold for the kernel's checksum helpers, whatever they are given. */
#include <net/checksum.h>

u16 nondet_u16(void);
u32 nondet_u32(void);

/* @sum modulo 0xffff */
static u32 v(u32 sum)
{
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return sum == 0xffff ? 0 : sum;
}

static u32 plus(u32 a, u32 b)
{
	return a + b >= 0xffff ? a + b - 0xffff : a + b;
}

static u32 minus(u32 a)
{
	return a ? 0xffff - a : 0;
}

#include "laws.h"

static u32 any_value(void)
{
	u32 a = nondet_u32();

	__CPROVER_assume(a < 0xffff);
	return a;
}

void modulo(void)
{
	u32 sum = nondet_u32();

	assert(v(sum) == sum % 0xffff);
}

/* An abelian group: the order of a packet's words does not matter. */

static bool associative(u32 a, u32 b, u32 c)
{
	return plus(a, plus(b, c)) == plus(plus(a, b), c);
}

void group(void)
{
	u32 a = any_value(), b = any_value();

	assert(plus(a, b) < 0xffff && minus(a) < 0xffff);
	assert(associative(a, b, any_value()));
	assert(law_commutes(a, b));
	assert(plus(a, 0) == a);
	assert(plus(a, minus(a)) == 0);
	assert(law_involution(a));
	assert(law_cancels(a, b));
}

/* RFC 1624's equation is what one would expect. */
void update(void)
{
	u32 check = any_value(), from = any_value(), to = any_value();

	assert(updated(check, from, to) == plus(plus(check, from), minus(to)));
}

/* To add 32 bits is to add their halves, one after the other. */

static bool adds(u32 sum, u32 a, u32 b)
{
	return v(sum) == plus(v(a), v(b));
}

static bool halves(u32 a)
{
	return adds(a, a & 0xffff0000, a & 0xffff);
}

void add_low(void)
{
	u32 a = nondet_u32();
	u16 low = nondet_u16();

	assert(adds(csum_add(a, low), a, low));
}

void add_high(void)
{
	u32 a = nondet_u32(), high = (u32)nondet_u16() << 16;

	assert(adds(csum_add(a, high), a, high));
}

void add_halves(void)
{
	u32 a = nondet_u32(), b = nondet_u32();
	u32 whole = csum_add(a, b);
	u32 parts = csum_add(csum_add(a, b & 0xffff0000), b & 0xffff);

	assert(halves(a));
	assert(whole == parts || (!~whole && !parts) || (!whole && !~parts));
	assert(!whole == (!a && !b));
}

void add(void)
{
	u32 a = nondet_u32(), b = nondet_u32();
	u32 first = nondet_u32(), sum = nondet_u32();
	u32 high = b & 0xffff0000, low = b & 0xffff;

	__CPROVER_assume(adds(first, a, high));
	__CPROVER_assume(adds(sum, first, low));
	__CPROVER_assume(halves(b));
	__CPROVER_assume(associative(v(a), v(high), v(low)));
	assert(adds(sum, a, b));
}

void fold(void)
{
	u32 sum = nondet_u32();

	assert(law_fold(csum_fold(sum), sum));
}

void complement(void)
{
	assert(law_not(nondet_u32()));
	assert(law_not16(nondet_u16()));
	assert(law_zero());
}

void replace2(void)
{
	u16 was = nondet_u16(), check = was;
	u16 from = nondet_u16(), to = nondet_u16();

	csum_replace2(&check, from, to);
	assert(law_replace2(check, was, from, to));
}
