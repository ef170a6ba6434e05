// SPDX-License-Identifier: GPL-2.0
/* Each mark has a base chain of its own, named after it, so that marks can be
 * added without a look at what is there, and stay until the table is made anew:
 * nothing but killswitch install and remove lets a mark go free.
 *
 * A change replaces the rules of a chain, their sets with them: packets see the
 * old rules or the new ones. Elements that come and go in a set of ranges they
 * may see by halves: a range without its end holds all that is above it.
 */
#include <arpa/inet.h>

#include "array.h"
#include "ruleset.h"
#include "space.h"

#define TABLE	"inet " KILLSWITCH_TABLE

static const struct {
	int family;
	const char *word;
} families[] = {
	{ AF_INET, "ip" },
	{ AF_INET6, "ip6" },
};

/* A rule for the addresses in @ranges, which go with it; none without any */
static void put_rule(FILE *out, size_t family, const char *which,
		     struct ranges *ranges, const char *verdict)
{
	char first[INET6_ADDRSTRLEN], last[INET6_ADDRSTRLEN];
	size_t i;

	for (i = 0; i < ranges->count; i++) {
		if (i)
			fputs(",\n\t\t\t", out);
		else
			fprintf(out, "\t\t%s %s {\n\t\t\t",
				families[family].word, which);
		fprintf(out, "%s-%s",
			inet_ntop(families[family].family, ranges->range[i].first,
				  first, sizeof(first)),
			inet_ntop(families[family].family, ranges->range[i].last,
				  last, sizeof(last)));
	}
	if (ranges->count)
		fprintf(out, "\n\t\t} %s\n", verdict);
	space_free(ranges);
}

static void put_pools(FILE *out, const struct conf *conf, const char *which,
		      const char *verdict)
{
	struct ranges ranges;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		space_pools(conf, families[i].family, &ranges);
		put_rule(out, i, which, &ranges, verdict);
	}
}

static void put_bypasses(FILE *out, const struct conf *a, const struct conf *b)
{
	struct ranges ranges;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		space_bypasses(a, b, families[i].family, &ranges);
		put_rule(out, i, "daddr", &ranges, "return");
	}
}

/* Who is relayed, bypassed by both configurations or the host's own goes free. */
static void put_judge(FILE *out, const struct conf *pools, const struct conf *a,
		      const struct conf *b)
{
	fputs("\tchain judge {\n"
	      "\t\toiftype loopback return\n", out);
	put_pools(out, pools, "saddr", "return");
	put_bypasses(out, a, b);
	fputs("\t\tmeta iif 0 fib saddr type local goto own\n"
	      "\t\tcounter name caught drop\n"
	      "\t}\n", out);
}

static void put_forward(FILE *out, const struct conf *conf)
{
	fputs("\tchain forward {\n"
	      "\t\ttype filter hook forward priority raw; policy accept;\n", out);
	put_pools(out, conf, "daddr", "counter name to_pool drop");
	fputs("\t}\n", out);
}

void ruleset_judge(FILE *out, const struct conf *pools, const struct conf *a,
		   const struct conf *b)
{
	fputs("flush chain " TABLE " judge\n"
	      "table " TABLE " {\n", out);
	put_judge(out, pools, a, b);
	fputs("}\n", out);
}

void ruleset_forward(FILE *out, const struct conf *conf)
{
	fputs("flush chain " TABLE " forward\n"
	      "table " TABLE " {\n", out);
	put_forward(out, conf);
	fputs("}\n", out);
}

const char *ruleset_mark_chain(const struct policy *policy, char *name)
{
	snprintf(name, MARK_CHAIN_MAX, "mark_0x%x_0x%x", policy->mark,
		 policy->mask);
	return name;
}

/* After CFR (110) and all source NAT */
#define SUSPECTS \
	"type filter hook postrouting priority 300; policy accept;"

static void put_mark_rule(FILE *out, const struct policy *policy)
{
	fprintf(out, "meta mark & 0x%x == 0x%x goto judge\n", policy->mask,
		policy->mark);
}

void ruleset_add_mark(FILE *out, const struct policy *policy)
{
	char chain[MARK_CHAIN_MAX];

	ruleset_mark_chain(policy, chain);
	fprintf(out, "add chain " TABLE " %s { " SUSPECTS " }\n", chain);
	fprintf(out, "add rule " TABLE " %s ", chain);
	put_mark_rule(out, policy);
}

void ruleset_del_mark(FILE *out, const struct policy *policy)
{
	char chain[MARK_CHAIN_MAX];

	ruleset_mark_chain(policy, chain);
	fprintf(out, "flush chain " TABLE " %s\n", chain);
	fprintf(out, "delete chain " TABLE " %s\n", chain);
}

void ruleset_remove(FILE *out)
{
	fputs("delete table " TABLE "\n", out);
}

/* Where connections that the host opens come from */
static void ephemeral(unsigned int *low, unsigned int *high)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");

	*low = 1024;
	*high = 65535;
	if (!file)
		return;
	if (fscanf(file, "%u %u", low, high) != 2 || *low > *high ||
	    *high > 65535) {
		*low = 1024;
		*high = 65535;
	}
	fclose(file);
}

/* The host's own marked packets: as in the module, those that answer somebody
 * who talks to the host are none of a customer's, those that open or go on with
 * a flow of the host's own are.
 */
static void put_own(FILE *out)
{
	unsigned int low, high;

	ephemeral(&low, &high);
	fputs("\tchain own {\n"
	      "\t\ttcp flags & (fin | syn | rst | ack) == syn counter name caught drop\n",
	      out);
	fprintf(out,
		"\t\ttcp flags & (syn | rst) == 0 tcp sport %u-%u counter name caught drop\n",
		low, high);
	fputs("\t\tudp sport 1024-65535 counter name caught drop\n"
	      "\t\ticmp type echo-request counter name caught drop\n"
	      "\t\ticmpv6 type echo-request counter name caught drop\n"
	      "\t}\n", out);
}

static void put_suspects(FILE *out, const struct conf *conf,
			 const struct interfaces *interfaces)
{
	char chain[MARK_CHAIN_MAX];
	size_t i;

	for (i = 0; i < conf->npolicies; i++) {
		ruleset_mark_chain(&conf->policy[i], chain);
		fprintf(out, "\tchain %s {\n\t\t" SUSPECTS "\n\t\t", chain);
		put_mark_rule(out, &conf->policy[i]);
		fputs("\t}\n", out);
	}
	if (!interfaces->count)
		return;
	fputs("\tchain interfaces {\n\t\t" SUSPECTS "\n", out);
	for (i = 0; i < interfaces->count; i++)
		fprintf(out, "\t\tiifname \"%s\" goto judge\n",
			interfaces->name[i]);
	fputs("\t}\n", out);
}

void ruleset_table(FILE *out, const struct conf *conf,
		   const struct interfaces *interfaces)
{
	fputs("add table " TABLE "\n"
	      "delete table " TABLE "\n"
	      "table " TABLE " {\n"
	      "\tcounter caught { }\n"
	      "\tcounter to_pool { }\n", out);
	put_own(out);
	put_judge(out, conf, conf, conf);
	put_suspects(out, conf, interfaces);
	put_forward(out, conf);
	fputs("}\n", out);
}
