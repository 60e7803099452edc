/** The receiver's half: from the frames of many senders to the one inbox. */
import { MarshalError } from '../marshalling/errors.js';
import type { Reader } from '../marshalling/reader.js';
import { formatAddress, parseAddress } from '../transport/address.js';
import type { Link } from '../transport/transport.js';
import type { DuplicateFilter } from './duplicate-filter.js';
import { identityFrame, readRendezvousHeader, readSenderAddress, takenFrame } from './frames.js';
import type { Inbox } from './inbox.js';

export interface ArrivalCounters {
  /** Messages in datagrams that came while the queue was full. */
  dropped: number;
  /** Copies of synchronous messages that were kept from the receiver. */
  duplicates: number;
}

export class Arrivals {
  readonly counters: ArrivalCounters = { dropped: 0, duplicates: 0 };
  private readonly self: Buffer;
  private readonly inbox: Inbox;
  private readonly filter: DuplicateFilter;
  /** Where those receive who send over streams. */
  private readonly senders = new WeakMap<Link, string>();
  /** Streams of which nothing is read before the inbox has room. */
  private readonly paused = new Set<Link>();

  /** @param self the endpoint's id */
  constructor(self: Buffer, inbox: Inbox, filter: DuplicateFilter) {
    this.self = self;
    this.inbox = inbox;
    this.filter = filter;
  }

  introduce(link: Link, reader: Reader): void {
    if (link.reliable) this.senders.set(link, senderAddress(link, readSenderAddress(reader)));
  }

  message(link: Link, reader: Reader): void {
    if (this.hasRoom(link)) this.put(link, reader, undefined);
    else this.counters.dropped++;
  }

  rendezvous(link: Link, reader: Reader): void {
    const { path, receiver, number, low } = readRendezvousHeader(reader);
    const acknowledge = () => send(link, takenFrame(path, number));
    if (link.reliable) {
      this.put(link, reader, acknowledge);
      return;
    }
    if (!receiver.equals(this.self)) {
      send(link, identityFrame(receiver, this.self));
      return;
    }
    const id = path.toString('hex');
    const known = this.filter.lookUp(id, number, low);
    if (known === 'taken') acknowledge();
    if (known === 'refused' || (known === 'new' && !this.hasRoom(link))) this.counters.dropped++;
    else if (known !== 'new') this.counters.duplicates++;
    else {
      this.filter.wait(id, number);
      this.put(link, reader, () => {
        this.filter.take(id, number);
        acknowledge();
      });
    }
  }

  resume(): void {
    for (const link of this.paused) link.resume?.();
    this.paused.clear();
  }

  forget(link: Link): void {
    this.paused.delete(link);
  }

  /** A stream may always bring more: what the inbox has no room for waits at its sender, as soon as it is paused. */
  private hasRoom(link: Link): boolean {
    return link.reliable || !this.inbox.isFull;
  }

  private put(link: Link, reader: Reader, onTaken: (() => void) | undefined): void {
    const from = link.reliable ? this.senders.get(link) : link.peer;
    if (from === undefined) throw new MarshalError('a message came before its sender was introduced');
    const data = new Uint8Array(reader.rawBytes(reader.remaining));
    this.inbox.put({ message: { data, from }, onTaken });
    if (!link.reliable || !this.inbox.isFull) return;
    this.paused.add(link);
    link.pause?.();
  }
}

function send(link: Link, frame: Buffer): void {
  link.send(frame, 0, frame.length);
}

/** Where the sender says that it receives; over a network, on the host from which its connection comes. */
function senderAddress(link: Link, text: string): string {
  try {
    const [said, seen] = [parseAddress(text), parseAddress(link.peer)];
    if (said.scheme === 'tcp' && seen.scheme === 'tcp') return formatAddress({ ...said, host: seen.host });
    if (said.scheme === seen.scheme) return formatAddress(said);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  throw new MarshalError('the sender receives by another transport, or nowhere');
}
