/** What the members do to a block, counted per member: so a promise is kept although the state was transferred meanwhile. */
import { CallError } from '../../schema/errors.js';
import { MalformedBytes } from '../bytes.js';
import type { MemberId } from '../member.js';
import type { GroupPort } from '../port.js';
import type { View } from '../view.js';
import { wholeNumber } from './values.js';

interface Waiting<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

export class Operations<Result> {
  /** By member: the number of the latest operation that the state contains, and what came of it. */
  private applied = new Map<MemberId, { readonly number: number; readonly result: Result }>();
  private readonly waiting = new Map<number, Waiting<Result>>();
  private count = 0;

  /**
   * Begins an operation of this member.
   *
   * @param send given its number
   * @returns what comes of it, when it was delivered here
   */
  begin(port: GroupPort | undefined, what: string, send: (number: number) => void): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (port?.view === undefined) throw notJoined(what);
      const number = this.count + 1;
      try {
        send(number);
      } catch (error) {
        if (port.open) throw error;
        throw hasLeft(what);
      }
      this.count = number;
      this.waiting.set(number, { resolve, reject });
    });
  }

  /** An operation was delivered, and had this result. */
  done(isOwn: boolean, from: MemberId, number: number, result: Result): void {
    this.applied.set(from, { number, result });
    if (!isOwn) return;
    this.waiting.get(number)?.resolve(result);
    this.waiting.delete(number);
  }

  /** Forgets who is gone: it comes back as another member. */
  retain({ members }: View): void {
    const ids = new Set(members.map(({ id }) => id));
    for (const id of this.applied.keys()) if (!ids.has(id)) this.applied.delete(id);
  }

  /** This member has left: what waits will not be delivered here. */
  fail(error: Error): void {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  /** For the state. */
  save(plain: (result: Result) => unknown): unknown[] {
    return [...this.applied].map(([id, { number, result }]) => [id, number, plain(result)]);
  }

  /** The state was replaced: what it contains of this member's operations is done. */
  load(self: MemberId, saved: unknown, check: (result: unknown) => Result): void {
    if (!Array.isArray(saved)) throw new MalformedBytes('no list of operations');
    this.applied = new Map(
      saved.map(entry => {
        if (!Array.isArray(entry)) throw new MalformedBytes('no operation');
        return [wholeNumber(entry[0]), { number: wholeNumber(entry[1]), result: check(entry[2]) }];
      }),
    );
    const mine = this.applied.get(self);
    if (mine === undefined) return;
    for (const [number, { resolve, reject }] of [...this.waiting]) {
      if (number > mine.number) continue;
      this.waiting.delete(number);
      if (number === mine.number) resolve(mine.result);
      else
        reject(
          new CallError('unavailable', 'executed, but its result was lost in a merge', {
            outcome: 'executed',
          }),
        );
    }
  }
}

export function notJoined(what: string): Error {
  return new Error(`${what} is in no group yet: hand it to join() in 'parts', and wait for that`);
}

export function hasLeft(what: string): CallError {
  return new CallError('unavailable', `this member has left the group of ${what}`, { outcome: 'unknown' });
}
