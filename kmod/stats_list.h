/* SPDX-License-Identifier: GPL-2.0 */
/* The counters, once for all: included where EVENT() and REFUSAL() are
 * defined to make of (name, sentence) what is wanted, as trace headers are.
 *
 * EVENT: something that happened. REFUSAL: packets dropped, for this reason.
 */

EVENT(relayed_out,
	"packets relayed from a customer to a remote")
EVENT(relayed_in,
	"packets relayed from a remote to a customer")
EVENT(errors_out,
	"ICMP errors translated towards a remote")
EVENT(errors_in,
	"ICMP errors translated towards a customer")
EVENT(epochs_rotated,
	"keys of a pairing that were replaced: flows from then on are paired anew")
EVENT(hairpinned,
	"packets from one customer to another, through the relay tuples of both")
EVENT(flows_created,
	"flows that were given a relay tuple")
EVENT(flows_ended,
	"flows that ended, by time, reset or command")
EVENT(flows_raced,
	"first packets that met a flow another CPU had just made")
EVENT(held_early,
	"held tuples that were given up early to make room for a flow")
EVENT(tcp_signed,
	"TCP connections under a digest (MD5, AO), of which nothing is normalised but IP headers")
EVENT(syn_apart,
	"SYNs that lack what all others offer: normalise uniform makes them like each other, not like all")
EVENT(entropy_low,
	"flows that began while draws were below the policy's floor of entropy: enlarge the pool")
EVENT(resets_sent,
	"resets sent to customers for segments of no flow, at most 1000 a second")
REFUSAL(mark_too_late,
	"marked after conntrack had seen the packet: set the mark at priority raw (-300) or earlier")
REFUSAL(no_pool,
	"the policy has no pool of the packet's family: add one to the policy")
REFUSAL(pool_exhausted,
	"no free relay tuple was found towards this remote: enlarge the pool")
REFUSAL(entropy_floor,
	"a new flow while draws are below the policy's floor of entropy: enlarge the pool")
REFUSAL(table_full,
	"the flow table is at its cap: raise the module parameter max_flows")
REFUSAL(no_memory,
	"no memory for a flow, or to read or rewrite the packet")
REFUSAL(insert_busy,
	"the flow table was growing and could not take the flow at that moment")
REFUSAL(protocol,
	"a marked packet of a protocol that is not relayed: only TCP, UDP and echo requests are")
REFUSAL(icmp_type,
	"a marked ICMP message that is neither an echo request nor an error")
REFUSAL(icmp_no_flow,
	"an ICMP error about a packet of no live flow")
REFUSAL(icmp_invalid,
	"an ICMP error that is cut short, has a bad checksum or quotes a packet that cannot be translated")
REFUSAL(tcp_no_flow,
	"a marked TCP segment in mid-flow, but no flow: its flow has ended or was never relayed")
REFUSAL(flow_gone,
	"an unmarked packet of the relay's own whose flow ended while the packet was under way")
REFUSAL(suspended,
	"a new flow while all mappings are erased: the machine is about to sleep or restart")
REFUSAL(crash_kernel,
	"a new flow while a crash kernel is loaded, whose dump would hold mappings: unload it (kexec -p -u) or set the module parameter allow_crash_kernel")
REFUSAL(tcp_flags,
	"a TCP segment with a combination of flags that RFC 9293 does not know (Xmas, null and FIN scans)")
REFUSAL(malformed,
	"a packet whose headers do not fit its length")
REFUSAL(fragment,
	"a fragment that was not reassembled: something exempted it from nf_defrag")
REFUSAL(ip_options,
	"a packet with IPv4 options, which carry addresses (RFC 7126)")
REFUSAL(ext_header,
	"a packet with an IPv6 extension header, which may carry addresses")
REFUSAL(bypass_drop,
	"a marked packet to a destination that the configuration refuses (bypass PREFIX drop)")
REFUSAL(to_pool,
	"a marked packet, or the relay's own, to a pool address, and its policy does not hairpin")
REFUSAL(src_in_pool,
	"a packet that had a source inside a pool before it was relayed: a loop or a forgery")
REFUSAL(in_no_flow,
	"a packet to a pool address of no live flow")
REFUSAL(in_filtered,
	"a packet to a binding, from a remote that the policy's filter does not let in")
REFUSAL(in_retired,
	"a packet to an address that has left its pool less than a hold-off ago")
REFUSAL(redirect,
	"an ICMP redirect of the relay's own, which may name a customer")
REFUSAL(no_route,
	"a translated error of the relay's own has no route to the customer")
