/**
 * Synchronous sends: the sender waits until the receiver has taken the message.
 *
 * Over datagrams the message is sent again with binary exponential back-off until then. It goes to one endpoint only,
 * which the first copy names; who receives there is asked before. So no two endpoints get it, though one be started
 * anew at the address of the other.
 */
import type { Platform } from '../platform/platform.js';
import type { Link } from '../transport/transport.js';
import { maxUnfinished } from './duplicate-filter.js';
import { EndpointError } from './errors.js';
import { inquiryFrame, noEndpoint, rendezvousFrame, stampRendezvous } from './frames.js';
import type { Path, Rendezvous, Waiting } from './path.js';

/** How long the first copy waits for its answer, and the longest wait, in milliseconds. */
const firstPatience = 200;
const longestPatience = 1000;

/** A timer that is so late shows that the event loop stood still; then what has arrived is read for so long. */
const lateness = 100;
const reading = 10;

/** A wait is up to so much longer at random, so that senders that began together do not go on together. */
const jitter = 1 / 4;

export class Rendezvouses {
  /** Copies that were sent after the first one. */
  retransmitted = 0;
  private readonly platform: Platform;
  private readonly byNumber = new Map<number, Rendezvous>();
  private last = 0;

  constructor(platform: Platform) {
    this.platform = platform;
  }

  /** Begins to wait. The message leaves when the path to the address is there. */
  begin(address: string, data: Uint8Array, timeout: number, waiting: Waiting): Rendezvous {
    const rendezvous: Rendezvous = {
      ...waiting,
      number: ++this.last,
      address,
      frame: rendezvousFrame(data),
      end: this.platform.clock.now() + timeout,
      path: undefined,
      receiver: undefined,
      copies: 0,
      patience: firstPatience,
      timer: undefined,
      due: 0,
    };
    this.byNumber.set(rendezvous.number, rendezvous);
    this.arm(rendezvous);
    return rendezvous;
  }

  /** The path is there. Rendezvous come in the order of their numbers. */
  start(rendezvous: Rendezvous, path: Path): void {
    if (!this.byNumber.has(rendezvous.number)) return;
    if (path.gone !== undefined) {
      this.reject(rendezvous, path.gone);
      return;
    }
    if (path.unfinished.size >= maxUnfinished) {
      const text = `${maxUnfinished} synchronous sends to ${rendezvous.address} wait already: wait for some of them`;
      this.fail(rendezvous, 'ENOBUFS', text);
      return;
    }
    rendezvous.path = path;
    path.unfinished.set(rendezvous.number, rendezvous);
    this.transmit(rendezvous, path);
    this.arm(rendezvous);
  }

  /** The receiver took the message. */
  taken(link: Link, id: Buffer, number: number): void {
    const rendezvous = this.byNumber.get(number);
    if (rendezvous?.path?.link !== link || !id.equals(rendezvous.path.id)) return;
    this.forget(rendezvous);
    rendezvous.resolve();
  }

  /** The endpoint `receiver` receives at the end of the path, not the one that was named. */
  identified(path: Path, named: Buffer, receiver: Buffer): void {
    // Else it is late, and a newer one has come.
    if (!named.equals(path.receiver ?? noEndpoint)) return;
    path.receiver = receiver;
    for (const rendezvous of path.unfinished.values()) {
      if (rendezvous.receiver === undefined) this.transmit(rendezvous, path);
      else if (!rendezvous.receiver.equals(receiver)) {
        this.fail(rendezvous, 'ECONNRESET', `the endpoint at ${rendezvous.address} was started anew`);
      }
    }
  }

  /** Rejects all that go by this path, or all there are. */
  failAll(code: string, text: string, path?: Path): void {
    for (const rendezvous of (path?.unfinished ?? this.byNumber).values()) this.fail(rendezvous, code, text);
  }

  /** Rejects one for whatever reason, if it has no end yet. */
  reject(rendezvous: Rendezvous, error: unknown): void {
    if (!this.byNumber.has(rendezvous.number)) return;
    this.forget(rendezvous);
    rendezvous.reject(error as Error);
  }

  private transmit(rendezvous: Rendezvous, path: Path): void {
    const { frame, number } = rendezvous;
    const { link } = path;
    const receiver = link.reliable ? noEndpoint : (rendezvous.receiver ?? path.receiver);
    if (receiver === undefined) {
      link.send(inquiryFrame, 0, inquiryFrame.length);
      return;
    }
    rendezvous.receiver = receiver;
    const [low = number] = path.unfinished.keys();
    stampRendezvous(frame, { path: path.id, receiver, number, low });
    link.send(frame, 0, frame.length);
    if (rendezvous.copies++ > 0) this.retransmitted++;
  }

  /** One timer for what comes first: the next copy or the end. */
  private arm(rendezvous: Rendezvous): void {
    const { path, patience, end } = rendezvous;
    const remaining = Math.max(0, end - this.platform.clock.now());
    const repeats = path !== undefined && !path.link.reliable;
    const wait = repeats
      ? Math.min(patience * (1 + this.platform.random.next() * jitter), remaining)
      : remaining;
    this.setTimer(rendezvous, wait);
  }

  private setTimer(rendezvous: Rendezvous, wait: number): void {
    const { clock } = this.platform;
    rendezvous.timer?.cancel();
    rendezvous.due = clock.now() + wait;
    rendezvous.timer = clock.setTimer(wait, () => this.onTimer(rendezvous));
  }

  private onTimer(rendezvous: Rendezvous): void {
    const { path, address, due, end } = rendezvous;
    const now = this.platform.clock.now();
    if (now - due > lateness) {
      this.setTimer(rendezvous, reading);
      // Once: who is always late must come to an end too.
      rendezvous.due = Number.POSITIVE_INFINITY;
      return;
    }
    if (path === undefined || now >= end) {
      const text = `nobody took the message at ${address} in time: is its endpoint open, and does it receive?`;
      this.fail(rendezvous, 'ETIMEDOUT', text);
      return;
    }
    this.transmit(rendezvous, path);
    rendezvous.patience = Math.min(rendezvous.patience * 2, longestPatience);
    this.arm(rendezvous);
  }

  private fail(rendezvous: Rendezvous, code: string, text: string): void {
    const taken = rendezvous.copies > 0 ? 'unknown' : 'no';
    this.reject(rendezvous, new EndpointError(text, { code, taken }));
  }

  private forget(rendezvous: Rendezvous): void {
    const { number, path, timer } = rendezvous;
    this.byNumber.delete(number);
    path?.unfinished.delete(number);
    timer?.cancel();
  }
}
