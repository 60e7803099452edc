/** A call from outside, as each member executes it: its reply is kept before it is sent. */
import type { Writer } from '../../marshalling/writer.js';
import type { Peer } from '../../schema/description.js';
import type { Message } from '../message.js';
import type { Exchange, MemberCall } from '../rpc/exchange.js';
import { writeReply } from '../rpc/frames.js';
import type { ReceivedCall } from '../rpc/received-call.js';
import type { ClientSession, RelayedEntry } from './sessions.js';

export class RelayedCall implements ReceivedCall {
  readonly replies = true;
  readonly deadlineAt: number;
  readonly ordered: boolean;
  readonly expires: boolean;
  readonly metadata: Uint8Array | undefined;
  readonly message: Message | undefined;
  private readonly exchange: Exchange;
  private readonly relay: MemberCall;
  private readonly client: string;
  private readonly number: number;
  private readonly session: ClientSession;
  private readonly entry: RelayedEntry;

  constructor(
    exchange: Exchange,
    relay: MemberCall,
    client: string,
    number: number,
    session: ClientSession,
    entry: RelayedEntry,
  ) {
    this.exchange = exchange;
    this.relay = relay;
    this.deadlineAt = relay.deadlineAt;
    this.ordered = relay.ordered;
    this.expires = relay.expires;
    this.metadata = relay.metadata;
    this.message = relay.message;
    this.client = client;
    this.number = number;
    this.session = session;
    this.entry = entry;
  }

  /** The address is that of the member that relayed the call; the client is known by its id. */
  get peer(): Peer {
    return { address: this.relay.caller.address, clientId: this.client };
  }

  get callId(): string {
    return `${this.client}/${this.number}`;
  }

  answer(status: number, metadata: Uint8Array | undefined, payload: (writer: Writer) => void): void {
    const { entry, exchange, session, number } = this;
    // A copy, because it may be kept for longer than the memory in which it is written.
    const reply = Buffer.from(writeReply(0, status, metadata, payload).subarray(4));
    session.keep(number, entry, reply);
    const { waiting } = entry;
    entry.waiting = [];
    for (const relay of waiting) exchange.answerWith(relay, reply);
  }
}
