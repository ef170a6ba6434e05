// SPDX-License-Identifier: GPL-2.0
/* TCP as a translator sees it: RFC 5382, RFC 6146 3.5.2, RFC 7857 2. It only
 * decides how long a flow lasts; no segment is dropped because of it.
 */

#include "packet.h"
#include "tcp.h"

static struct cfr_tcp_step reset(enum cfr_state state)
{
	switch (state) {
	case CFR_STATE_OPENING:
	case CFR_STATE_ANSWERED:
	case CFR_STATE_ACCEPTED:
	case CFR_STATE_CLOSED:
	case CFR_STATE_RESET:
		return (struct cfr_tcp_step){ state, false };
	default:
		/* RFC 7857 2.2: transitory, lest a forged RST end it */
		return (struct cfr_tcp_step){ CFR_STATE_RESET, true };
	}
}

static struct cfr_tcp_step synchronise(enum cfr_state state, enum cfr_dir dir,
				       u8 flags)
{
	switch (state) {
	case CFR_STATE_OPENING:
		/* RFC 5382 REQ-2: also where both sides open at once */
		if (dir == CFR_IN)
			return (struct cfr_tcp_step){ CFR_STATE_ANSWERED, true };
		return (struct cfr_tcp_step){ CFR_STATE_OPENING, true };
	case CFR_STATE_ANSWERED:
		if (dir == CFR_OUT && flags & CFR_TCP_ACK)
			return (struct cfr_tcp_step){ CFR_STATE_ESTABLISHED, true };
		return (struct cfr_tcp_step){ state, false };
	case CFR_STATE_CLOSED:
	case CFR_STATE_RESET:
		if (dir == CFR_OUT && !(flags & CFR_TCP_ACK))
			return (struct cfr_tcp_step){ CFR_STATE_OPENING, true };
		return (struct cfr_tcp_step){ state, false };
	default:
		return (struct cfr_tcp_step){ state, false };
	}
}

static struct cfr_tcp_step finish(enum cfr_state state, enum cfr_dir dir)
{
	enum cfr_state other = dir == CFR_OUT ? CFR_STATE_FIN_IN :
						CFR_STATE_FIN_OUT;

	/* Nobody buys a long idle time before the customer took up the
	 * connection.
	 */
	if (state == CFR_STATE_CLOSED || state == CFR_STATE_OPENING ||
	    (dir == CFR_IN && (state == CFR_STATE_ANSWERED ||
			       state == CFR_STATE_ACCEPTED)))
		return (struct cfr_tcp_step){ state, false };
	if (state == other)
		return (struct cfr_tcp_step){ CFR_STATE_CLOSED, true };
	return (struct cfr_tcp_step){
		dir == CFR_OUT ? CFR_STATE_FIN_OUT : CFR_STATE_FIN_IN, true
	};
}

static struct cfr_tcp_step plain(enum cfr_state state, enum cfr_dir dir)
{
	switch (state) {
	case CFR_STATE_OPENING:
	case CFR_STATE_CLOSED:
		return (struct cfr_tcp_step){ state, false };
	case CFR_STATE_ANSWERED:
	case CFR_STATE_ACCEPTED:
		if (dir == CFR_IN)
			return (struct cfr_tcp_step){ state, false };
		return (struct cfr_tcp_step){ CFR_STATE_ESTABLISHED, true };
	case CFR_STATE_RESET:
		/* RFC 7857 2.2: the RST was not believed */
		return (struct cfr_tcp_step){ CFR_STATE_ESTABLISHED, true };
	default:
		return (struct cfr_tcp_step){ state, true };
	}
}

/**
 * cfr_tcp_next() - what a segment of a live flow does to its state
 * @state: CFR_STATE_OPENING or later
 * @dir: the segment's direction
 * @flags: octet 13 of its header, in a combination that RFC 9293 knows
 */
struct cfr_tcp_step cfr_tcp_next(enum cfr_state state, enum cfr_dir dir,
				 u8 flags)
{
	if (flags & CFR_TCP_RST)
		return reset(state);
	if (flags & CFR_TCP_SYN)
		return synchronise(state, dir, flags);
	if (flags & CFR_TCP_FIN)
		return finish(state, dir);
	return plain(state, dir);
}
