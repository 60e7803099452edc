/**
 * Reliable unicast: messages from one member to another, each delivered once and in the order of sending, whatever the
 * packets between them suffer. Messages to oneself take no detour over the network.
 *
 * What two members have of each other is a connection in each direction. The sender numbers its connections, over all
 * members, so that a later one has a higher number; it begins another when it was told to forget the member, or when the
 * receiver's acknowledgements tell that the receiver has.
 */
import { MalformedBytes } from '../bytes.js';
import type { GroupEvent, Layer, LayerContext, LayerSpec } from '../layer.js';
import { everyone, type MemberId } from '../member.js';
import { type Batch, Kind, Message } from '../message.js';
import type { UnicastService } from '../services.js';
import { readUnicastAck, writeUnicastAck } from './unicast-ack.js';
import type { UnicastReceiver } from './unicast-receiver.js';
import { UnicastReceivers } from './unicast-receivers.js';
import { type SendLimits, UnicastSender } from './unicast-sender.js';

/** How much may be on its way to one member. */
export interface UnicastOptions {
  /** Bytes on the way to one member; so many may wait besides. Default: 512 KiB. */
  readonly windowBytes?: number;
  /** Messages on the way to one member. Default: 8192. */
  readonly windowMessages?: number;
}

/** Milliseconds for which what is not acknowledged is kept for one that is in no view. */
const patience = 30_000;
/** How often is looked for those. */
const sweepPause = 10_000;

/** An acknowledgement that waited so long goes with the next message; sooner it would go with each. */
const companyAfter = 1;

/** @throws RangeError when an option is not positive */
export function reliableUnicast(options: UnicastOptions = {}): LayerSpec {
  const { windowBytes = 512 * 1024, windowMessages = 8192 } = options;
  for (const [name, value] of Object.entries({ windowBytes, windowMessages })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`${name} of reliable unicast is ${value}; it must be a whole number from 1 on`);
    }
  }
  return {
    name: 'reliable-unicast',
    requires: ['transport'],
    provides: ['unicast'],
    create: context => {
      const layer = new ReliableUnicast(context, windowBytes, windowMessages);
      context.provide('unicast', layer);
      return layer;
    },
  };
}

class ReliableUnicast implements Layer, UnicastService {
  wakeAt = Number.POSITIVE_INFINITY;
  private readonly context: LayerContext;
  private readonly limits: SendLimits;
  private readonly senders = new Map<MemberId, UnicastSender>();
  private readonly receivers: UnicastReceivers;
  private members = new Set<MemberId>();
  private connections = 0;
  private looped: Message[] = [];
  private sweepAt = Number.POSITIVE_INFINITY;
  private hasEnded = false;

  constructor(context: LayerContext, windowBytes: number, windowMessages: number) {
    this.context = context;
    this.receivers = new UnicastReceivers(context);
    const { maxBody } = context.services.transport;
    this.limits = { maxBody, windowBytes: Math.max(windowBytes, maxBody), windowMessages };
  }

  forget(id: MemberId): void {
    const sender = this.senders.get(id);
    if (sender === undefined) return;
    this.senders.delete(id);
    this.dropAll(sender);
  }

  writable(id: MemberId): boolean {
    return this.senders.get(id)?.writable ?? true;
  }

  down(batch: Batch): void {
    if (!batch.some(isUnicast)) {
      this.context.down(batch);
      return;
    }
    const now = this.context.clock.now();
    const others: Message[] = [];
    const targets = new Set<MemberId>();
    for (const message of batch) {
      if (!isUnicast(message)) others.push(message);
      else if (this.hasEnded) this.context.count('not-a-member');
      else if (message.target === this.context.self.id) this.loop(message);
      else {
        this.senderTo(message.target, now).add(message, now);
        targets.add(message.target);
      }
    }
    if (others.length > 0) this.context.down(others);
    for (const target of targets) this.pump(target, now);
  }

  up(batch: Batch): void {
    if (!batch.some(isMine)) {
      this.context.up(batch);
      return;
    }
    const now = this.context.clock.now();
    const out: Message[] = [];
    const acknowledged = new Set<MemberId>();
    const heard = new Set<MemberId>();
    for (const message of batch) {
      if (message.kind === Kind.unicastAck) {
        if (this.acknowledge(message, now)) acknowledged.add(message.sender);
      } else if (!isUnicast(message)) out.push(message);
      else if (this.receive(message, now, out)) heard.add(message.sender);
    }
    // First what is delivered: an answer to it takes the acknowledgement along.
    if (out.length > 0) this.context.up(out);
    for (const id of acknowledged) this.pump(id, now);
    for (const id of heard) this.acknowledgeIfDue(id, now);
    for (const id of acknowledged) this.tellOfRoom(id);
  }

  on(event: GroupEvent): void {
    if (event.type === 'view') {
      const before = this.members;
      this.members = new Set(event.view.members.map(({ id }) => id));
      for (const id of before) if (!this.members.has(id)) this.forget(id);
      this.receivers.setMembers(this.members);
    } else if (event.type === 'end') {
      this.stop();
      this.hasEnded = true;
      for (const sender of this.senders.values()) this.dropAll(sender);
      this.senders.clear();
      this.receivers.end();
      this.looped = [];
      this.wakeAt = Number.POSITIVE_INFINITY;
    }
  }

  tick(now: number): void {
    for (const [id, sender] of this.senders) {
      if (sender.wakeAt > now) continue;
      const again = sender.tick(now);
      if (again.length > 0) this.context.down(again);
      this.pump(id, now);
      this.tellOfRoom(id);
    }
    for (const id of this.receivers.keys()) this.acknowledgeIfDue(id, now);
    if (now >= this.sweepAt) this.sweep(now);
    this.wakeAt = this.sweepAt;
    for (const { wakeAt } of this.senders.values()) this.wakeBy(wakeAt);
    for (const { ackAt } of this.receivers.values()) this.wakeBy(ackAt);
  }

  /** What was received is acknowledged, so that nobody goes on sending it to one that is gone. */
  stop(): void {
    const now = this.context.clock.now();
    for (const [id, { ackAt }] of this.receivers) if (ackAt < Number.POSITIVE_INFINITY) this.sendAck(id, now);
  }

  private senderTo(id: MemberId, now: number): UnicastSender {
    let sender = this.senders.get(id);
    if (sender === undefined) {
      sender = new UnicastSender(++this.connections, this.limits, this.context.random, now);
      this.senders.set(id, sender);
      this.startSweeping(now);
    }
    return sender;
  }

  private pump(id: MemberId, now: number): void {
    const sender = this.senders.get(id);
    if (sender === undefined) return;
    const messages = sender.pump(now);
    if (messages.length > 0) {
      const receiver = this.receivers.get(id);
      const isPending = receiver !== undefined && receiver.ackAt - now <= companyAfter;
      this.context.down(isPending ? [this.ackFor(id, receiver, now), ...messages] : messages);
    }
    this.wakeBy(sender.wakeAt);
  }

  private tellOfRoom(id: MemberId): void {
    if (this.senders.get(id)?.takeRoom()) this.context.raise({ type: 'room' });
  }

  private loop(message: Message): void {
    if (this.looped.push(message) > 1) return;
    this.context.defer(() => {
      const batch = this.looped;
      this.looped = [];
      if (batch.length > 0) this.context.up(batch);
      this.context.reschedule();
    });
  }

  /** @returns whether it is one to be acknowledged */
  private receive(message: Message, now: number, out: Message[]): boolean {
    if (this.hasEnded) {
      this.context.count('not-a-member');
      return false;
    }
    this.startSweeping(now);
    return this.receivers.take(message, now, out) !== undefined;
  }

  /** @returns whether it may have made room */
  private acknowledge({ sender: id, body }: Message, now: number): boolean {
    const sender = this.senders.get(id);
    if (sender === undefined) {
      // One that was forgotten may still acknowledge; who was never written to may not.
      this.context.count(this.members.has(id) ? 'duplicate' : 'not-a-member');
      return false;
    }
    try {
      if (sender.acknowledge(readUnicastAck(body), now, lost => this.reconnect(lost))) return true;
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
    }
    this.context.count('malformed');
    return false;
  }

  private reconnect(lost: number): number {
    for (let left = lost; left > 0; left--) this.context.count('incomplete');
    return ++this.connections;
  }

  private acknowledgeIfDue(id: MemberId, now: number): void {
    const receiver = this.receivers.get(id);
    if (receiver === undefined) return;
    if (receiver.ackAt <= now) this.sendAck(id, now);
    else this.wakeBy(receiver.ackAt);
  }

  private sendAck(id: MemberId, now: number): void {
    this.context.down([this.ackFor(id, this.receivers.get(id)!, now)]);
  }

  private ackFor(id: MemberId, receiver: UnicastReceiver, now: number): Message {
    return new Message(Kind.unicastAck, this.context.self.id, id, writeUnicastAck(receiver.ack(now)));
  }

  private startSweeping(now: number): void {
    if (this.sweepAt < Number.POSITIVE_INFINITY) return;
    this.sweepAt = now + sweepPause;
    this.wakeBy(this.sweepAt);
  }

  /** Forgets those that are in no view and say nothing. */
  private sweep(now: number): void {
    for (const [id, sender] of this.senders) {
      if (!this.members.has(id) && now - sender.heardAt > patience) this.forget(id);
    }
    this.receivers.sweep(now);
    this.sweepAt = this.senders.size + this.receivers.size > 0 ? now + sweepPause : Number.POSITIVE_INFINITY;
  }

  private dropAll(sender: UnicastSender): void {
    for (let left = sender.close(); left > 0; left--) this.context.count('not-a-member');
  }

  private wakeBy(at: number): void {
    if (at < this.wakeAt) this.wakeAt = at;
  }
}

/** A multicast that is sent again to one member is none. */
function isUnicast({ reliable, target, view }: Message): boolean {
  return reliable && target !== everyone && view === undefined;
}

function isMine(message: Message): boolean {
  return message.kind === Kind.unicastAck || isUnicast(message);
}
