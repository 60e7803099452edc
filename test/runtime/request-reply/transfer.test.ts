import { describe, expect, it } from 'vitest';
import { createCongestionWindow } from '../../../runtime/src/request-reply/congestion.js';
import type { Ranges } from '../../../runtime/src/request-reply/frames.js';
import { type OutgoingMessage, Transfer } from '../../../runtime/src/request-reply/transfer.js';

const bytes = 1000;

interface Sent {
  readonly index: number;
  readonly serial: number;
  readonly asks: boolean;
}

function start(overrides: Partial<OutgoingMessage> = {}, missing: Ranges = [[0, 0xffff]]) {
  const sent: Sent[] = [];
  const message: OutgoingMessage = {
    number: 7,
    id: 0,
    count: 10,
    once: false,
    isWanted: () => true,
    send(index, serial, asks) {
      sent.push({ index, serial, asks });
      return bytes;
    },
    ...overrides,
  };
  const window = createCongestionWindow(1200);
  const transfer = new Transfer(message, missing, window, 0);
  return {
    window,
    transfer,
    take: () => sent.splice(0),
    sendAll(now: number) {
      while (transfer.hasNext) transfer.sendNext(false, now);
      return sent.splice(0);
    },
    hear: (serial: number, ranges: Ranges, now: number) =>
      transfer.acknowledge({ number: 7, id: 0, serial, ranges }, now),
  };
}

const indices = (sent: readonly Sent[]) => sent.map(({ index }) => index);

describe('a long message on its way out', () => {
  it('is sent in order, the last fragment asking, and is complete when nothing is missing', () => {
    const { transfer, window, sendAll, hear } = start();
    const sent = sendAll(0);
    expect(indices(sent)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(sent.filter(({ asks }) => asks)).toEqual([{ index: 9, serial: 10, asks: true }]);
    expect(window.inFlight).toBe(10 * bytes);
    expect(hear(10, [], 30)).toBe(30);
    expect(transfer.isComplete).toBe(true);
    expect(window.inFlight).toBe(0);
  });

  it('has a fragment sent again that three later ones overtook, and none that two did', () => {
    const { sendAll, hear, window } = start();
    sendAll(0);
    hear(
      10,
      [
        [6, 7],
        [8, 9],
      ],
      30,
    );
    expect(indices(sendAll(30))).toEqual([6]);
    expect(window.inFlight).toBe(2 * bytes);
  });

  it('has one that was overtaken sent again when a little more than a round trip has passed', () => {
    const { transfer, sendAll, hear } = start();
    sendAll(0);
    hear(10, [[8, 9]], 20);
    expect(transfer.hasNext).toBe(false);
    const due = transfer.dueAt;
    expect(due).toBeCloseTo((20 * 9) / 8);
    transfer.onTimer(due);
    expect(indices(sendAll(due))).toEqual([8]);
  });

  it('is not sent again for acknowledgements that come late, or twice', () => {
    const { transfer, sendAll, hear } = start();
    sendAll(0);
    hear(10, [], 30);
    expect(transfer.isComplete).toBe(true);
    hear(8, [[8, 10]], 31);
    expect(transfer.hasNext).toBe(false);
  });

  it('asks by its oldest fragment when nothing is heard, less and less often, and then takes the path for congested', () => {
    const { transfer, take, sendAll, window } = start();
    sendAll(0);
    const waits: number[] = [];
    let now = 0;
    for (let probe = 0; probe < 4; probe++) {
      waits.push(transfer.dueAt - now);
      now = transfer.dueAt;
      transfer.onTimer(now);
      expect(take()).toMatchObject([{ index: probe, asks: true }]);
    }
    expect(waits).toEqual([200, 400, 800, 1000]);
    expect(window.window).toBe(2400);
    expect(window.inFlight).toBe(10 * bytes);
  });

  it('goes on from the answer to a probe: what is missing is lost', () => {
    const { transfer, take, sendAll, hear } = start();
    sendAll(0);
    transfer.onTimer(transfer.dueAt);
    const [probe] = take();
    hear(probe!.serial, [[1, 10]], 250);
    expect(indices(sendAll(250)).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('is sent anew where the receiver has forgotten what it had', () => {
    const { transfer, sendAll, hear } = start({ count: 4 });
    transfer.sendNext(true, 0);
    hear(1, [[1, 4]], 10);
    sendAll(20);
    hear(4, [[0, 3]], 30);
    expect(indices(sendAll(60)).sort()).toContain(0);
  });

  it('skips what the receiver has already', () => {
    const { sendAll } = start({}, [
      [2, 4],
      [7, 8],
    ]);
    const sent = sendAll(0);
    expect(indices(sent)).toEqual([2, 3, 7]);
    expect(sent.at(-1)?.asks).toBe(true);
  });

  it('that is sent once is done when its fragments are known to be lost, or when nothing is heard', () => {
    const { transfer, take, sendAll, hear, window } = start({ once: true });
    sendAll(0);
    hear(
      10,
      [
        [0, 2],
        [9, 10],
      ],
      30,
    );
    expect(transfer.hasNext).toBe(false);
    expect(window.inFlight).toBe(bytes);
    transfer.onTimer(transfer.dueAt);
    expect(transfer.isComplete).toBe(true);
    expect(window.inFlight).toBe(0);
    expect(take()).toEqual([]);
  });

  it('gives its part of the window back when it ends', () => {
    const { transfer, sendAll, window } = start();
    sendAll(0);
    transfer.end();
    expect(window.inFlight).toBe(0);
    expect(transfer.hasNext).toBe(false);
    expect(transfer.dueAt).toBe(Number.POSITIVE_INFINITY);
  });
});
