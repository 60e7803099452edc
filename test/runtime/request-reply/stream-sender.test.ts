import { describe, expect, it } from 'vitest';
import type { Credit } from '../../../runtime/src/request-reply/stream-frames.js';
import { createSender, itemOf, number, segmentsOf } from './stream-support.js';
import { createRecordingLink } from './support.js';

const credit = (given: Partial<Credit>): Credit => ({
  number,
  next: 0,
  items: 1000,
  bytes: 1 << 20,
  ahead: [],
  ...given,
});

describe('a sender', () => {
  it('sends what was produced in one turn in as few segments as hold it', () => {
    const { sender, link } = createSender();
    for (let value = 0; value < 10; value++) sender.push(itemOf(value, 90));
    sender.end();
    sender.flush(0);
    expect(segmentsOf(link.take())).toMatchObject([{ segment: 0, items: 10, isEnd: true }]);
  });

  it('has room for no more items than are granted, and asks for credit when that may have got lost', () => {
    const { sender, link } = createSender();
    while (sender.hasRoom) sender.push(itemOf(1));
    sender.flush(0);
    expect(segmentsOf(link.take())).toMatchObject([{ items: 64 }]);
    sender.onCredit(credit({ next: 1, items: 64 }), 10);
    expect(sender.hasRoom).toBe(false);
    expect(sender.dueAt).not.toBe(Number.POSITIVE_INFINITY);
    sender.tick(sender.dueAt);
    expect(link.take().map(({ name }) => name)).toEqual(['creditProbe']);
    sender.onCredit(credit({ next: 1, items: 65 }), 300);
    expect(sender.hasRoom).toBe(true);
    expect(sender.dueAt).toBe(Number.POSITIVE_INFINITY);
  });

  it('sends no more bytes than are granted', () => {
    const { sender, link } = createSender(createRecordingLink({ reliable: true, maxFrame: 1 << 20 }));
    for (let value = 0; value < 3; value++) sender.push(itemOf(value, 30_000));
    sender.flush(0);
    const sent = segmentsOf(link.take());
    expect(sent.every(({ isContinued }, index) => isContinued === (index % 2 === 0))).toBe(true);
    sender.onCredit(credit({ next: sent.length }), 10);
    sender.flush(10);
    expect(segmentsOf(link.take()).reduce((sum, { items }) => sum + items, 0)).toBe(1);
  });

  it('keeps no more than its own bound, whatever is granted', () => {
    const { sender } = createSender();
    sender.onCredit(credit({ items: Number.MAX_SAFE_INTEGER, bytes: Number.MAX_SAFE_INTEGER }), 0);
    let pushed = 0;
    while (sender.hasRoom && pushed < 100_000) {
      sender.push(itemOf(1, 100));
      pushed++;
    }
    expect(pushed * 100).toBeLessThan(1 << 18);
  });

  it('cuts an item that fits no segment into parts', () => {
    const { sender, link } = createSender();
    sender.push(itemOf(1, 2500));
    sender.push(itemOf(2, 10));
    sender.end();
    sender.flush(0);
    expect(segmentsOf(link.take())).toMatchObject([
      { isContinued: true, items: 0 },
      { isContinued: true, items: 0 },
      { isContinued: false, items: 1, isEnd: false },
      { isContinued: false, items: 1, isEnd: true },
    ]);
  });

  it('sends a segment again when three later ones have come, and after a time-out', () => {
    const { sender, link } = createSender();
    for (let value = 0; value < 5; value++) sender.push(itemOf(value, 900));
    sender.flush(0);
    expect(segmentsOf(link.take())).toHaveLength(5);
    sender.onCredit(credit({ next: 0, ahead: [[1, 4]] }), 20);
    sender.flush(20);
    expect(segmentsOf(link.take())).toMatchObject([{ segment: 0 }]);
    sender.onCredit(credit({ next: 4 }), 40);
    sender.tick(sender.dueAt);
    expect(segmentsOf(link.take())).toMatchObject([{ segment: 4 }]);
    sender.onCredit(credit({ next: 5 }), 1000);
    expect(sender.dueAt).toBe(Number.POSITIVE_INFINITY);
  });

  it('sends nothing twice over a connection, and all that may be lost over the next one', () => {
    const first = createRecordingLink({ reliable: true });
    const { sender, path } = createSender(first);
    for (let value = 0; value < 4; value++) sender.push(itemOf(value, 900));
    sender.flush(0);
    expect(segmentsOf(first.take())).toHaveLength(4);
    expect(sender.dueAt).toBe(Number.POSITIVE_INFINITY);
    sender.onCredit(credit({ next: 2 }), 10);
    const second = createRecordingLink({ reliable: true });
    path.link = () => second;
    sender.flush(20);
    expect(segmentsOf(first.take())).toEqual([]);
    expect(segmentsOf(second.take())).toMatchObject([{ segment: 2 }, { segment: 3 }]);
  });

  it('gives its bytes in flight back when the call ends, and tells the producer', () => {
    const { sender, path } = createSender();
    let told = 0;
    sender.onRoom = () => told++;
    sender.push(itemOf(1, 900));
    sender.flush(0);
    expect(path.congestion.inFlight).toBeGreaterThan(0);
    sender.close();
    expect(path.congestion.inFlight).toBe(0);
    expect(told).toBe(1);
    expect(sender.isClosed).toBe(true);
  });

  it('does not believe a credit for what it never sent', () => {
    const { sender } = createSender();
    sender.push(itemOf(1));
    sender.flush(0);
    expect(() => sender.onCredit(credit({ next: 2 }), 1)).toThrow('credit for what was not sent');
  });
});
