/** Messages on their way that wait for their time. */
import type { LayerContext } from '../layer.js';
import type { Message } from '../message.js';

interface Held {
  readonly at: number;
  readonly way: 'up' | 'down';
  readonly message: Message;
}

/** Holds messages back, and lets them go in the order of their times. */
export class HeldBack {
  private readonly context: LayerContext;
  /** By time; of the same time, in the order in which they came. */
  private readonly held: Held[] = [];

  constructor(context: LayerContext) {
    this.context = context;
  }

  /** When `release` has something to let go. */
  get wakeAt(): number {
    return this.held[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Until the clock shows `at`. */
  hold(way: 'up' | 'down', message: Message, at: number): void {
    let place = this.held.length;
    while (place > 0 && this.held[place - 1]!.at > at) place--;
    this.held.splice(place, 0, { at, way, message });
  }

  /** Lets go whose time has come, each as a batch of its own. */
  release(now: number): void {
    while (this.wakeAt <= now) {
      const { way, message } = this.held.shift()!;
      this.context[way]([message]);
    }
  }
}
