/** Sends the long messages that go over one path in one direction: in turn, and as the path's window and pace allow. */
import type { CongestionWindow } from './congestion.js';
import { allFragments, type Ranges } from './frames.js';
import type { Missing } from './missing-frame.js';
import { type OnResent, type OutgoingMessage, Transfer } from './transfer.js';

/** Fragments that one message sends before it is another one's turn. The last of them asks what is missing. */
const turn = 8;

/** Fragments that leave before the event loop goes round: sockets are to be read meanwhile. */
const batch = 64;

export interface FragmentSender {
  /** Begins to send a message, or goes on with it. @param missing which of its fragments; all unless told otherwise */
  start(message: OutgoingMessage, now: number, missing?: Ranges): void;
  /** Whether the message of a call, or the reply with this id, is being sent. */
  isSending(number: number, id: number): boolean;
  /** Takes what a receiver says is missing of a message; one that is not being sent is left alone. */
  acknowledge(missing: Missing, now: number): void;
  /** A call's message is sent no further. */
  end(number: number): void;
  /** Sends what may be sent, and does what is due. Returns when to come again; `Infinity`: there is nothing to do. */
  run(now: number): number;
}

export interface FragmentSenderOptions {
  readonly window: CongestionWindow;
  /** The longest datagram that is sent. */
  readonly datagramBytes: number;
  /** Time-outs in a row after which nobody is taken to listen. */
  readonly mostTimeouts: number;
  readonly onResent?: OnResent;
  /** Sees to it to it that `run` is called by then, on the clock's scale. */
  arm(at: number): void;
}

export function createFragmentSender(options: FragmentSenderOptions): FragmentSender {
  const { window, datagramBytes, mostTimeouts, onResent } = options;
  /** By number; the next one in turn is first. */
  const transfers = new Map<number, Transfer>();

  const end = (number: number): void => {
    if (transfers.size === 0) return;
    transfers.get(number)?.end();
    transfers.delete(number);
  };

  const finishComplete = (transfer: Transfer): void => {
    if (!transfer.isComplete) return;
    end(transfer.message.number);
    transfer.message.onArrived?.();
  };

  /** Lets a message send. Returns how many fragments it sent. */
  const sendSome = (transfer: Transfer, most: number, now: number): number => {
    let sent = 0;
    let room = window.room(now);
    while (sent < most && transfer.hasNext && room >= datagramBytes) {
      const pauses = sent === most - 1 || room < 2 * datagramBytes;
      if (!transfer.sendNext(pauses, now)) break;
      sent++;
      room = window.room(now);
    }
    return sent;
  };

  /** Returns whether there is more to send and room for it. */
  const pump = (now: number): boolean => {
    let left = batch;
    let idle = 0;
    while (left > 0 && idle < transfers.size) {
      const [transfer] = transfers.values();
      const { number } = transfer!.message;
      transfers.delete(number);
      transfers.set(number, transfer!);
      const sent = sendSome(transfer!, Math.min(left, turn), now);
      idle = sent === 0 ? idle + 1 : 0;
      left -= sent;
    }
    return left === 0;
  };

  const hasNext = (): boolean => {
    for (const transfer of transfers.values()) if (transfer.hasNext) return true;
    return false;
  };

  const nextAt = (isCut: boolean, now: number): number => {
    let next = Number.POSITIVE_INFINITY;
    for (const transfer of transfers.values()) next = Math.min(next, transfer.dueAt);
    if (isCut) return now;
    if (!hasNext()) return next;
    // What fills the window may be another's, whose acknowledgements are not seen here.
    const room = window.nextRoomAt(now);
    return Math.min(next, room > now && room < Number.POSITIVE_INFINITY ? room : now + window.probeTimeout);
  };

  const run = (now: number): number => {
    for (const transfer of [...transfers.values()]) {
      const { message } = transfer;
      if (transfer.dueAt <= now) transfer.onTimer(now);
      if (!message.isWanted() || transfer.silence > mostTimeouts) end(message.number);
      else finishComplete(transfer);
    }
    return nextAt(pump(now), now);
  };

  return {
    start(message, now, missing = allFragments) {
      const known = transfers.get(message.number);
      if (known === undefined || known.message.id !== message.id) {
        end(message.number);
        transfers.set(message.number, new Transfer(message, missing, window, now, onResent));
      }
      options.arm(run(now));
    },
    isSending: (number, id) => transfers.get(number)?.message.id === id,
    acknowledge(missing, now) {
      const transfer = transfers.get(missing.number);
      if (transfer === undefined || transfer.message.id !== missing.id) return;
      const roundTrip = transfer.acknowledge(missing, now);
      if (roundTrip !== undefined) transfer.message.onRoundTrip?.(roundTrip);
      finishComplete(transfer);
      options.arm(run(now));
    },
    end,
    run,
  };
}
