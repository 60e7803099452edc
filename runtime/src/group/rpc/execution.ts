/**
 * In which order calls are executed at one member: those with an order one at a time, the next when the promise of the
 * last has settled; the others at once.
 */
import type { Clock } from '../../platform/platform.js';
import type { Message } from '../message.js';

/** A call that is to be executed. */
export interface Work {
  /** The multicast that brought it; undefined where that has nothing to do with flow control. */
  readonly message: Message | undefined;
  readonly ordered: boolean;
  /** On the monotonic clock. */
  readonly deadlineAt: number;
  /** Whether it is left out when its deadline passed while it waited. */
  readonly expires: boolean;
  /** Executes it. What it throws, and what its promise rejects with, goes to `threw`. */
  begin(): unknown;
  returned(value: unknown): void;
  threw(error: unknown): void;
  /** It was left out. */
  expired(): void;
  /** The member is no member any more. */
  abandon(): void;
}

export interface ExecutionOptions {
  readonly clock: Pick<Clock, 'now' | 'setTimer'>;
  /** Told when a call begins to be executed or is left out, so that its sender may send another. */
  consumed(message: Message): void;
  /** How many without an order may run at the same time. */
  readonly running: number;
}

export class Execution {
  private readonly options: ExecutionOptions;
  private readonly ordered = new WorkQueue();
  private readonly unordered = new WorkQueue();
  private orderedWork: Work | undefined;
  private readonly running = new Set<Work>();
  private readonly waiters = new Set<Waiter>();

  constructor(options: ExecutionOptions) {
    this.options = options;
  }

  take(work: Work): void {
    if (work.ordered) {
      this.ordered.push(work);
      this.nextOrdered();
    } else {
      this.unordered.push(work);
      this.nextUnordered();
    }
  }

  /**
   * Resolves when all that was taken until now has been executed. What has no order is waited for until its deadline, and
   * not at all where it has none: it may go on for as long as it likes.
   */
  settle(): Promise<void> {
    const { clock } = this.options;
    const bounded = [...this.running, ...this.unordered].filter(
      ({ deadlineAt }) => deadlineAt < Number.POSITIVE_INFINITY,
    );
    const first = this.orderedWork === undefined ? [] : [this.orderedWork];
    const left = new Set([...first, ...this.ordered, ...bounded]);
    if (left.size === 0) return Promise.resolve();
    return new Promise(resolve => {
      const waiter = { left, resolve };
      this.waiters.add(waiter);
      if (bounded.length === 0) return;
      const last = Math.max(...bounded.map(({ deadlineAt }) => deadlineAt));
      clock.setTimer(Math.max(0, last - clock.now()), () => this.forget(waiter, bounded)).unref();
    });
  }

  /** The member is no member any more: nothing else is begun, and what runs is told. */
  end(): void {
    for (const queue of [this.ordered, this.unordered]) {
      for (let work = queue.shift(); work !== undefined; work = queue.shift()) work.abandon();
    }
    this.orderedWork?.abandon();
    for (const work of this.running) work.abandon();
    for (const waiter of this.waiters) this.forget(waiter, waiter.left);
  }

  /** A loop, because handlers that are not asynchronous end before the next one begins. */
  private nextOrdered(): void {
    while (this.orderedWork === undefined) {
      const work = this.ordered.shift();
      if (work === undefined) return;
      this.orderedWork = work;
      this.run(work);
    }
  }

  private nextUnordered(): void {
    while (this.running.size < this.options.running) {
      const work = this.unordered.shift();
      if (work === undefined) return;
      this.running.add(work);
      this.run(work);
    }
  }

  private run(work: Work): void {
    const { options } = this;
    if (work.message !== undefined) options.consumed(work.message);
    if (work.expires && work.deadlineAt <= options.clock.now()) {
      work.expired();
      this.release(work);
      return;
    }
    let result: unknown;
    try {
      result = work.begin();
    } catch (error) {
      work.threw(error);
      this.release(work);
      return;
    }
    if (!isPromise(result)) {
      work.returned(result);
      this.release(work);
      return;
    }
    result.then(
      value => {
        work.returned(value);
        this.ended(work);
      },
      (error: unknown) => {
        work.threw(error);
        this.ended(work);
      },
    );
  }

  private ended(work: Work): void {
    this.release(work);
    if (work.ordered) this.nextOrdered();
    else this.nextUnordered();
  }

  private release(work: Work): void {
    if (work.ordered) this.orderedWork = undefined;
    else this.running.delete(work);
    if (this.waiters.size === 0) return;
    for (const waiter of this.waiters) this.forget(waiter, [work]);
  }

  private forget(waiter: Waiter, done: Iterable<Work>): void {
    for (const work of done) waiter.left.delete(work);
    if (waiter.left.size === 0 && this.waiters.delete(waiter)) waiter.resolve();
  }
}

/** Somebody who waits for calls to end. */
interface Waiter {
  readonly left: Set<Work>;
  resolve(): void;
}

/** First in, first out; taking one out does not move the others. */
class WorkQueue {
  private items: (Work | undefined)[] = [];
  private head = 0;

  *[Symbol.iterator](): Iterator<Work> {
    for (let at = this.head; at < this.items.length; at++) yield this.items[at]!;
  }

  push(work: Work): void {
    this.items.push(work);
  }

  shift(): Work | undefined {
    if (this.head === this.items.length) return undefined;
    const work = this.items[this.head];
    this.items[this.head++] = undefined;
    if (this.head === this.items.length) {
      this.items = [];
      this.head = 0;
    } else if (this.head >= 1024 && this.head * 2 >= this.items.length) {
      this.items.splice(0, this.head);
      this.head = 0;
    }
    return work;
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
