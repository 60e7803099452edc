/** How a client sends requests that do not fit a datagram. */
import type { Clock } from '../platform/platform.js';
import type { Link } from '../transport/transport.js';
import type { ClientSession } from './client-session.js';
import { createFragmentSender, type FragmentSender } from './fragment-sender.js';
import type { Ranges } from './frames.js';
import type { PendingCall } from './pending-call.js';
import { outgoingRequest } from './send-request.js';
import { createSendTimer } from './send-timer.js';
import type { OnResent } from './transfer.js';

export interface ClientFragmentsOptions {
  readonly clock: Clock;
  readonly session: ClientSession;
  /** The longest datagram that is sent. */
  readonly datagramBytes: number;
  readonly onResent: OnResent;
  isPending(call: PendingCall): boolean;
  /** The server has the whole request of a call that is pending. */
  onArrived(call: PendingCall): void;
}

export interface ClientFragments extends Pick<FragmentSender, 'isSending' | 'acknowledge' | 'end'> {
  /**
   * Sends a request. Its fragments have time-outs of their own; the call's begin when all have arrived.
   *
   * @param missing which of its fragments; all unless told otherwise
   * @param onSent called when each of them was sent
   */
  send(call: PendingCall, link: Link, now: number, missing?: Ranges, onSent?: () => void): void;
  close(): void;
}

export function createClientFragments(options: ClientFragmentsOptions): ClientFragments {
  const { clock, session, isPending } = options;
  const timer = createSendTimer(clock);
  const sender: FragmentSender = createFragmentSender({
    window: session.congestion,
    datagramBytes: options.datagramBytes,
    // A call ends by its deadline, not for want of an answer.
    mostTimeouts: Number.POSITIVE_INFINITY,
    onResent: options.onResent,
    arm: at => timer.arm(sender, at),
  });

  /** While the session is away or goes over a connection, nothing is sent; when it is back, its calls are. */
  const path = (): Link | undefined => {
    if (session.state !== 'ready' || session.link?.reliable) return undefined;
    session.touch(clock.now());
    return session.link;
  };

  return {
    isSending: sender.isSending,
    acknowledge: sender.acknowledge,
    end: sender.end,
    send(call, link, now, missing, onSent) {
      let sent = false;
      const request = outgoingRequest(call, link, path);
      const message = {
        ...request,
        // The caller of a `maybe` is told when all was sent, and what is on its way is still counted.
        isWanted: () => isPending(call) || (sent && request.once),
        onSent: () => {
          sent = true;
          onSent?.();
        },
        onArrived: () => {
          if (isPending(call)) options.onArrived(call);
        },
        onRoundTrip: session.roundTrip.sample,
      };
      sender.start(message, now, missing);
    },
    close: timer.close,
  };
}
