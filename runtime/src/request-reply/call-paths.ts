/** Which path a call takes: that of the session, or the connection beside it that is there for large messages. */
import type { Link } from '../transport/transport.js';
import type { ClientSession } from './client-session.js';
import type { PendingCall } from './pending-call.js';
import type { Promotion } from './promotion.js';
import { fitsDatagram } from './send-request.js';

export interface CallPathsOptions {
  readonly session: ClientSession;
  readonly promotion: Promotion;
  /** The connection takes messages of more bytes than these; `Infinity`: there is none. */
  readonly promotionBytes: number;
  /** Sees to it that the call is looked at when it is due. */
  arm(call: PendingCall): void;
}

export interface CallPaths {
  /** Whether a message of so many bytes goes over the connection. */
  isForConnection(call: PendingCall, bytes: number): boolean;
  /** The path that the call takes now. None: it waits for one, until it is due. */
  choose(call: PendingCall, now: number): Link | undefined;
  /** The path that a call which was sent waits on. */
  awaited(call: PendingCall): Link | undefined;
  /** Whether it is one of the two. */
  has(link: Link): boolean;
  /** The path is dead, or broke the rules. */
  abandon(link: Link): void;
}

export function createCallPaths({ session, promotion, promotionBytes, arm }: CallPathsOptions): CallPaths {
  return {
    isForConnection: (call, bytes) => bytes > promotionBytes && call.streams === undefined,
    choose(call, now) {
      const { link } = session;
      if (!call.promoted || link === undefined || isBoundTo(call, link)) return link;
      const path = promotion.pathOf(call, link, now);
      if (path === undefined) arm(call);
      return path;
    },
    awaited: call => (call.promoted ? promotion.link : undefined) ?? session.link,
    has: link => link === session.link || link === promotion.link,
    abandon(link) {
      if (link === promotion.link) promotion.abandon();
      else session.abandonLink();
    },
  };
}

/** Whether the request began as datagrams and no other copy may go out: it can only be completed there. */
function isBoundTo(call: PendingCall, link: Link): boolean {
  if (call.copies < call.attempts || call.sentOver !== link) return false;
  return !call.held && call.reply === undefined && !fitsDatagram(link, call.frame);
}
