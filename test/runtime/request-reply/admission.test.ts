import { describe, expect, it } from 'vitest';
import { createAdmission } from '../../../runtime/src/request-reply/admission.js';
import { createPendingCall, type PendingCall } from '../../../runtime/src/request-reply/pending-call.js';
import { createManualClock, procedure } from './support.js';

function callOf(number: number): PendingCall {
  return createPendingCall({
    number,
    procedure: procedure(),
    frame: { bytes: Buffer.alloc(0), start: 0, end: 0 },
    deadlineAt: 1000,
    resolve: () => {},
    reject: () => {},
  });
}

/** A channel with room for three calls in flight and four that wait. */
function open() {
  const clock = createManualClock();
  const socket = { full: false };
  const running = new Set<PendingCall>();
  const started: number[] = [];
  const start = (call: PendingCall): void => {
    running.add(call);
    started.push(call.number);
  };
  const admission = createAdmission({
    clock,
    callsInFlight: 3,
    queuedCalls: 4,
    inFlight: () => running.size,
    isFull: () => socket.full,
    start,
  });
  const end = (call: PendingCall): void => {
    running.delete(call);
    admission.delete(call);
    admission.admit();
  };
  const submit = (number: number): PendingCall => {
    const call = callOf(number);
    if (admission.isOpen) start(call);
    else admission.add(call);
    return call;
  };
  return { clock, socket, admission, submit, end, started };
}

describe('calls beyond those in flight', () => {
  it('wait, and start in their order when others have ended', () => {
    const { clock, admission, submit, end, started } = open();
    const calls = [1, 2, 3, 4, 5, 6, 7].map(submit);
    expect(started).toEqual([1, 2, 3]);
    expect([admission.size, admission.isFull]).toEqual([4, true]);
    end(calls[1]!);
    expect(started).toEqual([1, 2, 3]);
    clock.advance(0);
    expect(started).toEqual([1, 2, 3, 4]);
    end(calls[0]!);
    end(calls[2]!);
    clock.advance(0);
    expect(started).toEqual([1, 2, 3, 4, 5, 6]);
    expect(admission.first).toBe(calls[6]);
  });

  it('are not overtaken by a new one', () => {
    const { admission, submit, end, started, clock } = open();
    const calls = [1, 2, 3, 4].map(submit);
    end(calls[0]!);
    const last = submit(5);
    expect(admission.has(last)).toBe(true);
    clock.advance(0);
    expect(started).toEqual([1, 2, 3, 4]);
  });

  it('do not start when they ended while they waited', () => {
    const { clock, admission, submit, end, started } = open();
    const calls = [1, 2, 3, 4, 5, 6].map(submit);
    expect(admission.first).toBe(calls[3]);
    end(calls[3]!);
    end(calls[4]!);
    expect(admission.first).toBe(calls[5]);
    end(calls[0]!);
    clock.advance(0);
    expect(started).toEqual([1, 2, 3, 6]);
    expect(admission.first).toBeUndefined();
    expect(admission.isOpen).toBe(false);
    end(calls[1]!);
    expect(admission.isOpen).toBe(true);
  });

  it('wait in whatever order they come and go', () => {
    const { clock, admission, submit, end, started } = open();
    const calls: PendingCall[] = [];
    for (let number = 1; number <= 300; number++) {
      calls.push(submit(number));
      if (number % 3 === 0) end(calls[number - 1]!);
      if (number % 2 === 0) end(calls[number / 2 - 1]!);
      clock.advance(0);
      const first = calls.find(call => admission.has(call));
      expect(admission.first).toBe(first);
    }
    expect(started).toEqual([...started].sort((a, b) => a - b));
  });

  it('wait for a full socket too', () => {
    const { clock, socket, admission, submit, started } = open();
    socket.full = true;
    submit(1);
    admission.admit();
    clock.advance(0);
    expect(started).toEqual([]);
    socket.full = false;
    admission.admit();
    clock.advance(0);
    expect(started).toEqual([1]);
  });
});
