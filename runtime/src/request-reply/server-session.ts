/**
 * What a server knows of one client: its session, the calls that are finished, and the reply history. It belongs to
 * the client, not to a connection or an address.
 */

import type { Reader } from '../marshalling/reader.js';
import type { Link } from '../transport/transport.js';
import { readAcknowledgement } from './acknowledgement.js';
import { type FragmentHeader, Reassembly } from './fragments.js';
import { NumberSet } from './number-set.js';
import { abandon, type CallSession, type KeptReply, type ReceivedCall } from './received-call.js';
import { createRepairs, type Repairs } from './repairs.js';

/** Beyond so many stretches of finished numbers a client's acknowledgements change nothing more. */
const maxIntervals = 4096;

/** What an entry of the history takes beside its reply, in bytes. */
export const entryBytes = 128;

export interface HalfOpenRequest {
  readonly message: Reassembly;
  /** Of an at-most-once call, which ends with the call's being finished. */
  readonly filtered: boolean;
  lastHeard: number;
}

/** What all sessions of a server hold together. */
export interface SharedUsage {
  historyEntries: number;
  historyBytes: number;
  halfOpenBytes: number;
}

export class ServerSession implements CallSession {
  readonly clientId: Buffer;
  /** The client id as a key of the server's table. */
  readonly key: string;
  readonly token: Buffer;
  /** Of the handshake that opened the session. */
  readonly nonce: Buffer;
  /** The latest validated path to the client. */
  link: Link;
  lastHeard: number;
  readonly finished: NumberSet;
  readonly history = new Map<number, ReceivedCall>();
  historyBytes = 0;
  /** Calls that execute although nobody filters them, so that a probe can be told. */
  readonly unfiltered = new Map<number, ReceivedCall>();
  /** Their long replies, while parts of them may be missing. */
  readonly repairs: Repairs;
  readonly halfOpen = new Map<number, HalfOpenRequest>();
  halfOpenBytes = 0;
  private readonly usage: SharedUsage;

  constructor(
    opened: Pick<ServerSession, 'clientId' | 'key' | 'token' | 'nonce' | 'link' | 'lastHeard'>,
    firstNumber: number,
    repairBytes: number,
    usage: SharedUsage,
  ) {
    this.clientId = opened.clientId;
    this.key = opened.key;
    this.token = opened.token;
    this.nonce = opened.nonce;
    this.link = opened.link;
    this.lastHeard = opened.lastHeard;
    this.finished = new NumberSet(firstNumber);
    this.repairs = createRepairs(repairBytes);
    this.usage = usage;
  }

  /** Puts a call into the history. */
  record(call: ReceivedCall): void {
    this.history.set(call.number, call);
    this.usage.historyEntries++;
    this.count(entryBytes);
  }

  remembers(call: ReceivedCall): boolean {
    return this.history.get(call.number) === call;
  }

  keep(call: ReceivedCall, reply: KeptReply): void {
    call.reply = reply;
    this.count(reply.end - reply.start);
  }

  keepForRepair(call: ReceivedCall, reply: KeptReply, now: number): void {
    this.repairs.keep(call, reply, now);
  }

  answered(call: ReceivedCall): void {
    this.unfiltered.delete(call.number);
  }

  /** Takes an acknowledgement: drops replies, and abandons calls that still run. */
  acknowledge(reader: Reader): void {
    readAcknowledgement(reader, (from, to) => this.finish(from, to));
  }

  /** What a half-open request holds now, after `change` more bytes. */
  countHalfOpen(change: number): void {
    this.halfOpenBytes += change;
    this.usage.halfOpenBytes += change;
  }

  /** The request of which a fragment came, begun with it if need be. */
  halfOpenRequest(number: number, { total, count }: FragmentHeader, filtered: boolean): HalfOpenRequest {
    const known = this.halfOpen.get(number);
    if (known !== undefined) return known;
    const request = { message: new Reassembly(total, count), filtered, lastHeard: 0 };
    this.halfOpen.set(number, request);
    return request;
  }

  dropHalfOpen(number: number): void {
    const request = this.halfOpen.get(number);
    if (request === undefined) return;
    this.halfOpen.delete(number);
    this.countHalfOpen(-request.message.bytes);
  }

  /** The session ends: whoever still runs for it is told. */
  end(): void {
    for (const call of this.history.values()) this.drop(call);
    this.history.clear();
    for (const call of this.unfiltered.values()) abandon(call);
    for (const number of [...this.halfOpen.keys()]) this.dropHalfOpen(number);
  }

  private finish(from: number, to: number): void {
    const start = Math.max(from, this.finished.floor);
    if (to <= start) return;
    if (this.finished.intervals >= maxIntervals && start > this.finished.floor) return;
    this.finished.add(start, to);
    // A hostile client may declare any stretch finished: look at the numbers or at the entries, whichever are fewer.
    if (to - start <= this.history.size) {
      for (let number = start; number < to; number++) this.forget(this.history.get(number));
    } else {
      for (const call of this.history.values()) {
        if (call.number >= start && call.number < to) this.forget(call);
      }
    }
    for (const [number, request] of this.halfOpen) {
      if (request.filtered && number >= start && number < to) this.dropHalfOpen(number);
    }
  }

  private forget(call: ReceivedCall | undefined): void {
    if (call === undefined) return;
    this.history.delete(call.number);
    this.drop(call);
  }

  private drop(call: ReceivedCall): void {
    this.usage.historyEntries--;
    this.count(-entryBytes - (call.reply === undefined ? 0 : call.reply.end - call.reply.start));
    abandon(call);
  }

  private count(bytes: number): void {
    this.historyBytes += bytes;
    this.usage.historyBytes += bytes;
  }
}
