import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CongestionWindow,
  createCongestionWindow,
} from '../../../runtime/src/request-reply/congestion.js';

const datagram = 1200;

interface Sent {
  readonly bytes: number;
  readonly at: number;
}

/** Fills the window, and lets a round trip pass. */
function round(window: CongestionWindow, start: number, roundTrip: number, lost: (index: number) => boolean) {
  const sent: Sent[] = [];
  let now = start;
  while (window.window - window.inFlight >= datagram) {
    now = Math.max(now, window.nextRoomAt(now));
    window.onSent(datagram, now);
    sent.push({ bytes: datagram, at: now });
  }
  const end = Math.max(now, start + roundTrip);
  for (const [index, { bytes, at }] of sent.entries()) {
    if (lost(index)) window.onLost(bytes, at, end);
    else window.onAcknowledged(bytes, at, roundTrip, end);
  }
  return end;
}

const never = () => false;

/** Runs rounds, and returns the window after each. */
function rounds(
  window: CongestionWindow,
  count: number,
  roundTripOf: (round: number) => number,
  lost: (index: number) => boolean = never,
  start = 1000,
) {
  const windows: number[] = [];
  let now = start;
  for (let index = 0; index < count; index++) {
    now = round(window, now, roundTripOf(index), lost);
    windows.push(window.window);
  }
  return { windows, now };
}

describe('a congestion window', () => {
  it('begins with ten datagrams and doubles with each round trip that fills it', () => {
    const window = createCongestionWindow(datagram);
    expect(window.window).toBe(10 * datagram);
    expect(rounds(window, 3, () => 20).windows).toEqual([20, 40, 80].map(count => count * datagram));
  });

  it('does not grow while it is not used', () => {
    const window = createCongestionWindow(datagram);
    for (let now = 0; now < 100_000; now += 100) {
      window.onSent(datagram, now);
      window.onAcknowledged(datagram, now, 20, now + 20);
    }
    expect(window.window).toBe(10 * datagram);
  });

  it('ends slow start where a queue builds up, and then grows by a datagram in a round trip', () => {
    const window = createCongestionWindow(datagram);
    const { windows } = rounds(window, 12, index => (index < 3 ? 20 : 60));
    const ended = windows.at(-4)!;
    expect(ended).toBeLessThan(200 * datagram);
    expect(windows.at(-1)! - ended).toBeGreaterThan(2 * datagram);
    expect(windows.at(-1)! - ended).toBeLessThan(4 * datagram);
  });

  it('is halved once for all that is lost in a round trip while a queue stands', () => {
    const window = createCongestionWindow(datagram);
    const { windows, now } = rounds(window, 8, index => (index < 3 ? 20 : 60));
    round(window, now, 60, index => index % 50 === 10);
    expect(window.window).toBeGreaterThan(0.45 * windows.at(-1)!);
    expect(window.window).toBeLessThan(0.55 * windows.at(-1)!);
  });

  it('is not cut by losses without a queue', () => {
    const window = createCongestionWindow(datagram);
    const { windows } = rounds(
      window,
      6,
      () => 20,
      index => index % 20 === 7,
    );
    for (const [index, size] of windows.entries()) expect(size).toBeGreaterThan(windows[index - 1] ?? 0);
  });

  it('is cut where more is lost than happens at random, queue or not', () => {
    const window = createCongestionWindow(datagram);
    const { windows, now } = rounds(window, 5, () => 20);
    rounds(
      window,
      4,
      () => 20,
      index => index % 3 === 0,
      now,
    );
    expect(window.window).toBeLessThan(windows.at(-1)!);
  });

  it('has room for ten datagrams however much is lost without a queue', () => {
    const window = createCongestionWindow(datagram);
    rounds(
      window,
      40,
      () => 20,
      index => index % 3 === 0,
    );
    expect(window.window).toBeGreaterThanOrEqual(10 * datagram);
  });

  it('keeps what the path delivers where losses go on after every cut', () => {
    const window = createCongestionWindow(datagram);
    const { now } = rounds(window, 8, index => (index < 3 ? 40 : 80));
    const { windows } = rounds(
      window,
      60,
      () => 80,
      index => index % 8 === 1,
      now,
    );
    expect(windows.at(-1)!).toBeGreaterThan(10 * datagram);
  });

  it('is two datagrams after persistent congestion, and grows to half of what it was', () => {
    const window = createCongestionWindow(datagram);
    const { windows, now } = rounds(window, 4, () => 20);
    // Something was acknowledged just now, so that the path lives.
    window.onTimeout(now + 10);
    expect(window.window).toBe(windows.at(-1)!);
    window.onTimeout(now + 1000);
    expect(window.window).toBe(2 * datagram);
    window.onTimeout(now + 2000);
    const after = rounds(window, 12, () => 20, never, now + 3000).windows;
    expect(after[1]).toBe(8 * datagram);
    expect(after.at(-1)!).toBeGreaterThan(windows.at(-1)! / 2);
    expect(after.at(-1)!).toBeLessThan(0.6 * windows.at(-1)!);
  });

  it('spreads itself over the round trip', () => {
    const window = createCongestionWindow(datagram);
    const { now } = rounds(window, 3, () => 100);
    let sent = 0;
    while (window.room(now) >= datagram) {
      window.onSent(datagram, now);
      sent++;
    }
    expect(sent).toBe(10);
    const next = window.nextRoomAt(now);
    expect(next).toBeGreaterThan(now);
    // In slow start at twice the window of 80 datagrams in a round trip.
    expect(next).toBeLessThan(now + 1);
    expect(window.room(next + 0.001)).toBeGreaterThanOrEqual(datagram);
  });

  it('counts what is abandoned neither as lost nor as delivered', () => {
    const window = createCongestionWindow(datagram);
    window.onSent(5 * datagram, 0);
    window.onAbandoned(5 * datagram);
    expect(window.inFlight).toBe(0);
    expect(window.window).toBe(10 * datagram);
  });

  it('is never below two datagrams, nor are fewer than no bytes in flight, whatever happens', () => {
    const event = fc.record({
      kind: fc.constantFrom('sent', 'acknowledged', 'lost', 'abandoned', 'timeout'),
      bytes: fc.integer({ min: 0, max: 65_507 }),
      roundTrip: fc.option(fc.double({ min: 0, max: 5000, noNaN: true }), { nil: undefined }),
      passes: fc.double({ min: 0, max: 1000, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 200 }),
        fc.integer({ min: 256, max: 65_507 }),
        (events, size) => {
          const window = createCongestionWindow(size);
          let now = 0;
          for (const { kind, bytes, roundTrip, passes } of events) {
            const sentAt = now;
            now += passes;
            if (kind === 'sent') window.onSent(bytes, now);
            else if (kind === 'acknowledged') window.onAcknowledged(bytes, sentAt, roundTrip, now);
            else if (kind === 'lost') window.onLost(bytes, sentAt, now);
            else if (kind === 'abandoned') window.onAbandoned(bytes);
            else window.onTimeout(now);
            expect(window.window).toBeGreaterThanOrEqual(2 * size);
            expect(window.inFlight).toBeGreaterThanOrEqual(0);
            expect(window.room(now)).toBeGreaterThanOrEqual(0);
            expect(window.nextRoomAt(now)).toBeGreaterThanOrEqual(now);
            expect(window.probeTimeout).toBeGreaterThan(0);
            expect(window.lossDelay).toBeGreaterThan(0);
          }
        },
      ),
    );
  });
});
