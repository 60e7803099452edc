/** A lock that one member of a group holds at a time. */
import { encodeDynamic } from '../../marshalling/dynamic.js';
import { CallError } from '../../schema/errors.js';
import { MalformedBytes } from '../bytes.js';
import type { MemberAddress, MemberId } from '../member.js';
import { Order } from '../message.js';
import type { GroupPart, GroupPort } from '../port.js';
import type { View } from '../view.js';
import { type BlockPort, blockName, openBlock } from './block-port.js';
import { hasLeft, notJoined } from './operations.js';
import { readRecords, writeRecords } from './records.js';
import { decodeList, wholeNumber } from './values.js';

/** How long to wait for a lock. */
export interface AcquireOptions {
  /** Gives up when it is aborted, with its reason as the cause. */
  readonly signal?: AbortSignal;
  /** Gives up after so many milliseconds. Default: waits as long as it takes. */
  readonly deadline?: number;
}

/** A lock that is held. */
export interface HeldLock extends Disposable {
  /**
   * Rises with each holder. Hand it to what the lock protects, and have that refuse lower ones than it has seen: a holder
   * that was cut off does not learn of its loss before others hold the lock.
   */
  readonly fence: number;
  /** Aborted when this member does not hold the lock any more, although it has not released it. */
  readonly lost: AbortSignal;
  /** Gives it to the next. More than once is as good as once. */
  release(): void;
}

const request = 0;
const release = 1;

interface Place {
  readonly member: MemberId;
  readonly number: number;
}

/** An `acquire` of this member, until it is released. */
interface Claim {
  number: number;
  held: AbortController | undefined;
  readonly grant: (fence: number, lost: AbortController) => void;
  readonly fail: (error: Error) => void;
}

/**
 * Who asked first gets it first. A holder that is excluded from the group loses it, and so does one whose view is not the
 * primary partition; it is granted in that alone. Within one member each `acquire` is a claim of its own.
 */
export class DistributedLock implements GroupPart {
  /** Which lock of its group it is. */
  readonly name: string;
  /** The first holds it. */
  private queue: Place[] = [];
  /** Counts how often the first of the queue was another one. */
  private fence = 0;
  /** By member: the number of the latest operation that the state contains. */
  private applied = new Map<MemberId, number>();
  private claims: Claim[] = [];
  private count = 0;
  private ownDelivered = 0;
  private block: BlockPort | undefined;

  /**
   * Makes it; it takes part once it is handed to `join`.
   *
   * @param name the same at all members, and of no other block of the group
   */
  constructor(name: string) {
    this.name = name;
  }

  /** Called by `join`. */
  attach(port: GroupPort): void {
    this.block = openBlock(port, 'lock', this.name, (from, body) => this.take(from, body));
    port.subscribe(event => {
      if (event.type === 'view') this.onView(event.view);
      else if (event.type === 'end') this.end();
    });
    port.addState({
      name: blockName('lock', this.name),
      save: () => writeRecords([this.record()]),
      load: async pieces => {
        for await (const record of readRecords(pieces)) this.load(record);
      },
    });
  }

  /** Who holds it, as far as this member knows. */
  get holder(): MemberAddress | undefined {
    const [first] = this.queue;
    return this.block?.port.view?.members.find(({ id }) => id === first?.member)?.address;
  }

  /**
   * Waits for the lock.
   *
   * @throws CallError `deadline-exceeded` or `cancelled` when it was given up, `unavailable` when this member left
   */
  acquire({ signal, deadline }: AcquireOptions = {}): Promise<HeldLock> {
    return new Promise((resolve, reject) => {
      const { port } = this.joined();
      if (signal?.aborted) throw givenUp('cancelled', this.title, signal.reason);
      const finish = (): void => {
        timer?.cancel();
        signal?.removeEventListener('abort', onAbort);
      };
      const claim: Claim = {
        number: 0,
        held: undefined,
        grant: (fence, lost) => {
          finish();
          const letGo = (): void => this.drop(claim);
          resolve({ fence, lost: lost.signal, release: letGo, [Symbol.dispose]: letGo });
        },
        fail: error => {
          finish();
          reject(error);
        },
      };
      const giveUp = (code: 'cancelled' | 'deadline-exceeded', cause?: unknown): void => {
        this.drop(claim);
        claim.fail(givenUp(code, this.title, cause));
      };
      const onAbort = (): void => giveUp('cancelled', signal?.reason);
      this.send(claim);
      const timer =
        deadline === undefined ? undefined : port.clock.setTimer(deadline, () => giveUp('deadline-exceeded'));
      signal?.addEventListener('abort', onAbort);
      this.claims.push(claim);
    });
  }

  private get title(): string {
    return `the lock '${this.name}'`;
  }

  private joined(): BlockPort {
    if (this.block?.port.view === undefined) throw notJoined(this.title);
    if (!this.block.port.open) throw hasLeft(this.title);
    return this.block;
  }

  private send(claim: Claim): void {
    claim.number = ++this.count;
    this.multicast([claim.number, request]);
  }

  private multicast(operation: readonly number[]): void {
    this.block!.multicast(encodeDynamic(operation), { order: Order.total, safe: true });
  }

  /** Released, or given up. */
  private drop(claim: Claim): void {
    const index = this.claims.indexOf(claim);
    if (index < 0) return;
    this.claims.splice(index, 1);
    if (this.block!.port.open) this.multicast([++this.count, release, claim.number]);
  }

  private take(from: MemberId, body: Uint8Array): void {
    const [first, operation, released] = decodeList(body, 2);
    const number = wholeNumber(first);
    if (operation === request) this.change(queue => queue.push({ member: from, number }));
    else if (operation === release) {
      const wanted = wholeNumber(released);
      this.change(queue => {
        const index = queue.findIndex(place => place.member === from && place.number === wanted);
        if (index >= 0) queue.splice(index, 1);
      });
    } else throw new MalformedBytes('no operation of a lock');
    this.applied.set(from, number);
    if (from === this.block!.port.self.id) this.ownDelivered = number;
    this.check();
  }

  private onView(view: View): void {
    const ids = new Set(view.members.map(({ id }) => id));
    for (const id of this.applied.keys()) if (!ids.has(id)) this.applied.delete(id);
    this.change(queue => {
      const left = queue.filter(({ member }) => ids.has(member));
      queue.splice(0, queue.length, ...left);
    });
    this.check();
  }

  /** The same at all members, since it follows from the order of operations and views alone. */
  private change(work: (queue: Place[]) => void): void {
    const [before] = this.queue;
    work(this.queue);
    if (this.queue[0] !== before && this.queue.length > 0) this.fence++;
  }

  /** What the queue means for this member's own claims. */
  private check(): void {
    const { port } = this.block!;
    const mine = port.self.id;
    const [first] = this.queue;
    for (const claim of [...this.claims]) {
      const isFirst = first?.member === mine && first.number === claim.number && port.primary;
      if (claim.held !== undefined) {
        if (!isFirst) this.lose(claim);
      } else if (isFirst) {
        claim.held = new AbortController();
        claim.grant(this.fence, claim.held);
      } else if (this.isForgotten(claim)) this.send(claim);
    }
  }

  /** Whether others have taken it out of the queue, as they do with those that are gone. */
  private isForgotten({ number }: Claim): boolean {
    const mine = this.block!.port.self.id;
    if (number > Math.max(this.ownDelivered, this.applied.get(mine) ?? 0)) return false;
    return !this.queue.some(place => place.member === mine && place.number === number);
  }

  private lose(claim: Claim): void {
    this.drop(claim);
    claim.held?.abort(new CallError('aborted', `${this.title} was lost`, { outcome: 'unknown' }));
  }

  private end(): void {
    for (const claim of this.claims.splice(0)) {
      if (claim.held !== undefined) claim.held.abort(hasLeft(this.title));
      else claim.fail(hasLeft(this.title));
    }
  }

  private record(): Uint8Array {
    return encodeDynamic([
      this.fence,
      this.queue.map(({ member, number }) => [member, number]),
      [...this.applied],
    ]);
  }

  private load(record: Uint8Array): void {
    const [fence, queue, applied] = decodeList(record, 3);
    this.fence = wholeNumber(fence);
    this.queue = pairs(queue).map(([member, number]) => ({ member, number }));
    this.applied = new Map(pairs(applied));
    this.check();
  }
}

function pairs(value: unknown): [number, number][] {
  if (!Array.isArray(value)) throw new MalformedBytes('no list');
  return value.map(pair => {
    if (!Array.isArray(pair)) throw new MalformedBytes('no pair');
    return [wholeNumber(pair[0]), wholeNumber(pair[1])];
  });
}

function givenUp(code: 'cancelled' | 'deadline-exceeded', title: string, cause: unknown): CallError {
  const why = code === 'cancelled' ? 'was cancelled' : 'took longer than its deadline';
  return new CallError(code, `waiting for ${title} ${why}`, { outcome: 'not-executed', cause });
}
