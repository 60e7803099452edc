import type { Prng } from './prng.js';
import type { Scheduler } from './scheduler.js';

/** In which phase of its event loop a program is called: after a stall, timers come before packets. */
export type Phase = 'timer' | 'packet';

/** One life of a host's program, from its start to its crash. */
export interface Incarnation {
  readonly random: Prng;
  readonly isAlive: boolean;
  /** Calls the program: at once, or when its pause is over, or never if it has ended. */
  enter(phase: Phase, action: () => void): void;
  /** Calls the program when its current turn is done, before time passes. */
  defer(action: () => void): void;
  /** Does what the program asks for: at once, or when its pause is over, or never if it has ended. */
  act(action: () => void): void;
  /** Lets nothing of the program run for so many milliseconds. */
  pause(duration: number): void;
  end(): void;
}

export function createIncarnation(scheduler: Scheduler, random: Prng): Incarnation {
  let isAlive = true;
  let resumesAt = 0;
  let late: Record<Phase, (() => void)[]> | undefined;

  const resume = (): void => {
    if (!late || scheduler.now < resumesAt) return;
    const { timer, packet } = late;
    late = undefined;
    // One event each, because the program's promise jobs run between them.
    for (const action of timer) scheduler.after(0, () => incarnation.enter('timer', action), incarnation);
    for (const action of packet) scheduler.after(0, () => incarnation.enter('packet', action), incarnation);
  };

  const incarnation: Incarnation = {
    random,
    get isAlive() {
      return isAlive;
    },
    enter: (phase, action) => {
      if (!isAlive) return;
      if (late) late[phase].push(action);
      else scheduler.enter(action);
    },
    // The scheduler lets Node drain its ticks before the next thing happens in the world.
    defer: action => process.nextTick(() => incarnation.enter('packet', action)),
    act: action => {
      if (!isAlive) return;
      if (late) late.packet.push(action);
      else action();
    },
    pause: duration => {
      if (!isAlive) return;
      late ??= { timer: [], packet: [] };
      resumesAt = Math.max(resumesAt, scheduler.now + duration);
      scheduler.after(duration, resume, incarnation);
    },
    end: () => {
      isAlive = false;
      late = undefined;
      scheduler.cancelOwnedBy(incarnation);
    },
  };
  return incarnation;
}

/** Answers the program by a promise, which never settles when the program ends first. */
export function ask<T>(program: Incarnation, work: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    program.act(() => {
      try {
        resolve(work());
      } catch (error) {
        reject(error);
      }
    });
  });
}
