import { describe, expect, it } from 'vitest';
import { type FlowOptions, flowControl } from '../../../runtime/src/group/flow-control.js';
import { fragmentation } from '../../../runtime/src/group/fragmentation.js';
import { everyone } from '../../../runtime/src/group/member.js';
import { Kind, Message, multicast, Order, unicast } from '../../../runtime/src/group/message.js';
import { FakeTime, harness, viewEvent } from './layer-support.js';

const maxBody = 100;
/** With what is counted for each message beside its body. */
const overhead = 32;

function create(options: FlowOptions = {}) {
  const time = new FakeTime();
  const below = { sent: 0, taken: 0 };
  const services = {
    transport: { maxBody },
    multicast: below,
    membership: {},
    fragmentation: { longest: 5000 },
  };
  const made = harness(flowControl(options), { time, services });
  const { layer, down } = made;
  /** What left since it was last asked. */
  const left = (): Message[] => down.splice(0);
  return {
    ...made,
    time,
    left,
    flow: made.services.flow,
    send(...messages: Message[]): void {
      layer.down!(messages);
    },
    /** All members have taken so many more. */
    take(count: number): void {
      below.taken += count;
      layer.on!({ type: 'room' });
    },
    open(counter = 1): void {
      below.sent = 0;
      below.taken = 0;
      layer.on!(viewEvent(counter, 1, 2));
      time.run(time.now + 1);
    },
    below,
  };
}

type Flow = ReturnType<typeof create>;

/** Counts as the multicast layer does. */
function counting(flow: Flow): Flow {
  const pass = flow.down.push.bind(flow.down);
  flow.down.push = (...messages) => {
    flow.below.sent += messages.filter(({ reliable, target }) => reliable && target === everyone).length;
    return pass(...messages);
  };
  return flow;
}

function opened(options: FlowOptions = {}): Flow {
  const flow = counting(create(options));
  flow.open();
  flow.raised.length = 0;
  return flow;
}

const message = (length = 10): Message => multicast(Kind.channel, 1, new Uint8Array(length), Order.fifo);
const messages = (count: number): Message[] => Array.from({ length: count }, () => message());
const nested = (length = 10): Message => Object.assign(message(length), { nested: true });

describe('flow control', () => {
  it('hands down at once what there are credits for', () => {
    const { send, left, flow } = opened();
    const sent = messages(3);
    send(...sent);
    expect(left()).toEqual(sent);
    expect(flow.writable).toBe(true);
  });

  it('holds what is sent before the first view, and hands it down in its order', () => {
    const flow = counting(create());
    const sent = messages(3);
    flow.send(...sent);
    expect(flow.left()).toEqual([]);
    expect(flow.flow.writable).toBe(false);
    flow.open();
    expect(flow.left()).toEqual(sent);
    expect(flow.raised).toEqual([{ type: 'room' }]);
    expect(flow.flow.writable).toBe(true);
  });

  it('30: holds senders back while members take nothing, by messages', () => {
    const { send, left, take, flow } = opened({ windowMessages: 8 });
    const sent = messages(20);
    for (const each of sent) send(each);
    expect(left()).toEqual(sent.slice(0, 8));
    take(0);
    expect(left()).toEqual([]);
    take(3);
    expect(left()).toEqual(sent.slice(8, 11));
    expect(flow.writable).toBe(false);
    take(8);
    expect(left()).toEqual(sent.slice(11, 19));
  });

  it('30: holds senders back by bytes', () => {
    const { send, left, take } = opened({ windowBytes: 3 * (maxBody + overhead) });
    const sent = Array.from({ length: 10 }, () => message(maxBody));
    send(...sent);
    expect(left()).toEqual(sent.slice(0, 3));
    take(2);
    expect(left()).toEqual(sent.slice(3, 5));
  });

  it('is writable again when half of the window is free, and not before', () => {
    const { send, take, flow } = opened({ windowMessages: 8 });
    send(...messages(8));
    expect(flow.writable).toBe(false);
    take(3);
    expect(flow.writable).toBe(false);
    take(1);
    expect(flow.writable).toBe(true);
  });

  it('30: frees senders when a new view has excluded the slow member', () => {
    const flow = opened({ windowMessages: 4 });
    const sent = messages(10);
    flow.send(...sent);
    flow.left();
    flow.layer.on!({ type: 'block' });
    flow.open(2);
    expect(flow.left()).toEqual(sent.slice(4, 8));
    flow.take(4);
    expect(flow.left()).toEqual(sent.slice(8));
    flow.take(4);
    expect(flow.flow.writable).toBe(true);
  });

  it('hands nothing down that is multicast while the next view is agreed on', () => {
    const { send, left, layer, flow, raised, time } = opened();
    layer.on!({ type: 'block' });
    const held = [message(), nested()];
    send(...held);
    expect(left()).toEqual([]);
    expect(flow.writable).toBe(false);
    layer.on!({ type: 'unblock' });
    expect(left()).toEqual([held[1], held[0]]);
    time.run(5);
    expect(raised).toEqual([{ type: 'room' }]);
  });

  it('lets unicasts and what is not reliable pass', () => {
    const { send, left, layer } = opened();
    layer.on!({ type: 'block' });
    const others = [
      unicast(Kind.reply, 1, 2, new Uint8Array(10)),
      new Message(Kind.call, 1, everyone, new Uint8Array(3)),
    ];
    const held = message();
    send(held, ...others);
    expect(left()).toEqual(others);
  });

  it('32: does not hold back nested messages, however large', () => {
    const { send, left, take } = opened({ windowMessages: 4 });
    const sent = messages(5);
    send(...sent);
    left();
    const call = nested(4000);
    send(call);
    expect(left()).toEqual([call]);
    take(1);
    // It used credits nevertheless.
    expect(left()).toEqual([]);
    take(4);
    expect(left()).toEqual(sent.slice(4));
  });

  it('hands down a message larger than the window in pieces, with the next behind it', () => {
    const { send, left, take } = opened({ windowBytes: 300 });
    const body = Uint8Array.from({ length: 1050 }, (_, index) => index % 251);
    const large = multicast(Kind.channel, 1, body, Order.total);
    const behind = message();
    send(large, behind);
    const pieces: Message[] = [];
    for (let part = left(); part.length > 0; part = left()) {
      expect(part.length).toBeLessThanOrEqual(3);
      pieces.push(...part);
      take(part.length);
    }
    expect(pieces.pop()).toBe(behind);
    expect(pieces).toHaveLength(11);
    expect(pieces.map(({ more }) => more)).toEqual([...new Array<boolean>(10).fill(true), false]);
    expect(Buffer.concat(pieces.map(piece => piece.body))).toEqual(Buffer.from(body));
    expect(pieces.at(-1)!.order).toBe(Order.total);
  });

  it('sends a large message anew that a view change has cut off', () => {
    const flow = opened({ windowBytes: 300 });
    const large = message(1000);
    flow.send(large);
    expect(flow.left()).toHaveLength(3);
    flow.take(2);
    expect(flow.left()).toHaveLength(2);
    flow.layer.on!({ type: 'block' });
    flow.open(2);
    let bytes = 0;
    for (let part = flow.left(); part.length > 0; part = flow.left()) {
      for (const { body } of part) bytes += body.length;
      flow.take(part.length);
    }
    expect(bytes).toBe(1000);
  });

  it('goes on with a large message where the view stays', () => {
    const { send, left, take, layer } = opened({ windowBytes: 300 });
    send(message(500));
    expect(left()).toHaveLength(3);
    layer.on!({ type: 'block' });
    take(3);
    expect(left()).toEqual([]);
    layer.on!({ type: 'unblock' });
    expect(left()).toHaveLength(2);
  });

  it('refuses what is too long when it is sent, even while it would wait', () => {
    const flow = counting(create());
    expect(() => flow.send(message(5001))).toThrow(RangeError);
    flow.open();
    expect(flow.left()).toEqual([]);
  });

  it('31: drops and counts what waits when the group ends, and what is sent then', () => {
    const { send, left, layer, drops, flow } = opened({ windowMessages: 2 });
    send(...messages(5));
    left();
    layer.on!({ type: 'block' });
    send(nested());
    layer.on!({ type: 'end', reason: 'left' });
    expect(drops.get('not-a-member')).toBe(4);
    send(message());
    expect(drops.get('not-a-member')).toBe(5);
    layer.on!({ type: 'room' });
    expect(left()).toEqual([]);
    expect(flow.writable).toBe(false);
  });

  it('together with fragmentation at the other end, gives the same message', () => {
    const { send, left } = opened();
    const body = Uint8Array.from({ length: 1234 }, (_, index) => index % 7);
    send(multicast(Kind.channel, 1, body, Order.causal));
    const other = harness(fragmentation(), {
      time: new FakeTime(),
      id: 2,
      services: { transport: { maxBody }, multicast: { consumed() {} } },
    });
    other.layer.up!(left());
    expect(other.up.map(each => [each.order, Buffer.from(each.body)])).toEqual([
      [Order.causal, Buffer.from(body)],
    ]);
  });

  it('refuses windows that are none', () => {
    expect(() => flowControl({ windowBytes: 0 })).toThrow('windowBytes of flow control is 0');
    expect(() => flowControl({ windowMessages: Number.NaN })).toThrow(
      'windowMessages of flow control is NaN',
    );
  });
});
