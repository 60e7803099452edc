/**
 * Messages that are longer than a packet. They are split into consecutive messages of the same kind, all but the last with
 * `more`, which share a connection or a view and so arrive in their order and without a gap; what is put together has the
 * number and all else of the last. Fragments carry nothing of their own, so one sender does not mix those of two messages,
 * but where their kinds differ or just one of them is nested.
 */
import type { GroupEvent, Layer, LayerContext, LayerSpec } from './layer.js';
import { everyone, type MemberId } from './member.js';
import { type Batch, Message } from './message.js';
import type { FragmentationService } from './services.js';

/** How long messages may be. */
export interface FragmentationOptions {
  /** Bytes of the longest message. The same at all members: what is longer for one of them, it drops. Default: 64 MiB. */
  readonly longest?: number;
  /** Bytes of unfinished messages, of all members together. Default: 512 MiB, or one message of each of eight members. */
  readonly unfinished?: number;
}

/** An unfinished message. */
interface Unfinished {
  readonly kind: number;
  readonly nested: boolean;
  /** Of unicasts; 0 for multicasts. */
  readonly connection: number;
  readonly pieces: Uint8Array[];
  bytes: number;
  /** It was too long: the rest is dropped too. */
  dropped: boolean;
  heardAt: number;
}

/** Milliseconds without another fragment after which a stranger's unfinished message is dropped. */
const patience = 60_000;

/** @throws RangeError when a length is not positive */
export function fragmentation(options: FragmentationOptions = {}): LayerSpec {
  const { longest = 64 * 1024 * 1024 } = options;
  const { unfinished = 8 * longest } = options;
  for (const [name, value] of Object.entries({ longest, unfinished })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(
        `${name} of fragmentation is ${value}; it must be a whole number of bytes from 1 on`,
      );
    }
  }
  return {
    name: 'fragmentation',
    requires: ['transport', 'multicast', 'unicast'],
    provides: ['fragmentation'],
    create: context => {
      const layer = new Fragmentation(context, longest, unfinished);
      context.provide('fragmentation', layer);
      return layer;
    },
  };
}

/** A fragment of a message: its body from a place on, of so many bytes at the most. */
export function fragmentOf(message: Message, from: number, most: number): Message {
  const { kind, sender, target, body, reliable, order, safe, nested, vector } = message;
  const to = Math.min(body.length, from + most);
  const fragment = new Message(kind, sender, target, body.subarray(from, to));
  fragment.reliable = reliable;
  fragment.nested = nested;
  if (to < body.length) {
    fragment.more = true;
    return fragment;
  }
  // The others are plain fifo: what holds for the last one, such as that a majority holds it, holds for them too.
  fragment.order = order;
  fragment.safe = safe;
  fragment.vector = vector;
  return fragment;
}

/** @throws RangeError when the message is too long */
export function checkLength({ body, reliable }: Message, longest: number): void {
  if (body.length <= longest) return;
  throw new RangeError(
    reliable
      ? `a message of ${body.length} bytes is too long; the group takes up to ${longest}: send it in pieces`
      : `a maybe call must fit one packet of ${longest} bytes, and this one has ${body.length}`,
  );
}

class Fragmentation implements Layer, FragmentationService {
  wakeAt = Number.POSITIVE_INFINITY;
  readonly longest: number;
  private readonly context: LayerContext;
  private readonly maxBody: number;
  private readonly unfinished: number;
  private readonly multicasts = new Map<MemberId, Unfinished[]>();
  private readonly unicasts = new Map<MemberId, Unfinished[]>();
  private bytes = 0;
  private strangersBytes = 0;
  private members = new Set<MemberId>();

  constructor(context: LayerContext, longest: number, unfinished: number) {
    this.context = context;
    this.longest = longest;
    this.unfinished = unfinished;
    this.maxBody = context.services.transport.maxBody;
  }

  down(batch: Batch): void {
    const { maxBody } = this;
    if (batch.every(({ body }) => body.length <= maxBody)) {
      this.context.down(batch);
      return;
    }
    for (const message of batch) checkLength(message, message.reliable ? this.longest : maxBody);
    const out: Message[] = [];
    for (const message of batch) {
      if (message.body.length <= maxBody) out.push(message);
      else {
        for (let from = 0; from < message.body.length; from += maxBody) {
          out.push(fragmentOf(message, from, maxBody));
        }
      }
    }
    this.context.down(out);
  }

  up(batch: Batch): void {
    const isIdle = this.multicasts.size + this.unicasts.size === 0;
    if (isIdle && !batch.some(({ more }) => more)) {
      this.context.up(batch);
      return;
    }
    const out: Message[] = [];
    for (const message of batch) {
      const whole = message.reliable ? this.take(message) : message;
      if (whole !== undefined) out.push(whole);
    }
    if (out.length > 0) this.context.up(out);
  }

  on(event: GroupEvent): void {
    if (event.type === 'view') {
      // All survivors have the same fragments of it: it is delivered nowhere.
      this.drop(this.multicasts, () => true);
      const before = this.members;
      this.members = new Set(event.view.members.map(({ id }) => id));
      this.drop(this.unicasts, (_, id) => before.has(id) && !this.members.has(id));
      this.recount();
    } else if (event.type === 'end') {
      this.drop(this.multicasts, () => true);
      this.drop(this.unicasts, () => true);
    }
  }

  tick(now: number): void {
    if (now < this.wakeAt) return;
    this.drop(this.unicasts, ({ heardAt }, id) => !this.members.has(id) && now - heardAt >= patience);
    this.wakeAt = this.unicasts.size > 0 ? now + patience : Number.POSITIVE_INFINITY;
  }

  /** @returns what is whole now */
  private take(message: Message): Message | undefined {
    const { sender, kind, nested, connection, more, body } = message;
    const partials = message.target === everyone ? this.multicasts : this.unicasts;
    let list = partials.get(sender);
    let at = list?.findIndex(each => each.kind === kind && each.nested === nested) ?? -1;
    if (at >= 0 && list![at]!.connection !== connection) {
      this.forget(partials, sender, at);
      this.context.count('incomplete');
      list = partials.get(sender);
      at = -1;
    }
    if (at < 0) {
      if (!more) return message;
      if (list === undefined) {
        list = [];
        partials.set(sender, list);
      }
      at = list.length;
      list.push({ kind, nested, connection, pieces: [], bytes: 0, dropped: false, heardAt: 0 });
    }
    const partial = list![at]!;
    this.add(partial, sender, body);
    if (more) {
      this.consumed(message);
      return undefined;
    }
    this.forget(partials, sender, at);
    if (!partial.dropped) return wholeOf(message, partial);
    this.consumed(message);
    return undefined;
  }

  private add(partial: Unfinished, sender: MemberId, body: Uint8Array): void {
    partial.heardAt = this.context.clock.now();
    if (partial.connection > 0 && this.wakeAt === Number.POSITIVE_INFINITY) {
      this.wakeAt = partial.heardAt + patience;
    }
    if (partial.dropped) return;
    const isStranger = !this.members.has(sender);
    const isTooLong =
      partial.bytes + body.length > this.longest ||
      this.bytes + body.length > this.unfinished ||
      (isStranger && this.strangersBytes + body.length > this.longest);
    if (isTooLong) {
      this.context.count('overflow');
      this.release(partial, sender);
      partial.pieces.length = 0;
      partial.dropped = true;
      return;
    }
    partial.pieces.push(body);
    partial.bytes += body.length;
    this.bytes += body.length;
    if (isStranger) this.strangersBytes += body.length;
  }

  /** Whoever waits for this member to take its messages need not wait for more than this. */
  private consumed(fragment: Message): void {
    if (fragment.target === everyone) this.context.services.multicast.consumed(fragment);
  }

  private release(partial: Unfinished, sender: MemberId): void {
    this.bytes -= partial.bytes;
    if (!this.members.has(sender)) this.strangersBytes -= partial.bytes;
    partial.bytes = 0;
  }

  private forget(partials: Map<MemberId, Unfinished[]>, sender: MemberId, at: number): void {
    const list = partials.get(sender)!;
    this.release(list[at]!, sender);
    list.splice(at, 1);
    if (list.length === 0) partials.delete(sender);
  }

  private drop(
    partials: Map<MemberId, Unfinished[]>,
    isGone: (partial: Unfinished, sender: MemberId) => boolean,
  ): void {
    for (const [sender, list] of partials) {
      for (let at = list.length - 1; at >= 0; at--) {
        if (!isGone(list[at]!, sender)) continue;
        this.forget(partials, sender, at);
        this.context.count('incomplete');
      }
    }
  }

  /** Who is a stranger has changed. */
  private recount(): void {
    this.bytes = 0;
    this.strangersBytes = 0;
    for (const [sender, list] of this.unicasts) {
      for (const { bytes } of list) {
        this.bytes += bytes;
        if (!this.members.has(sender)) this.strangersBytes += bytes;
      }
    }
  }
}

/** Another object: the last fragment itself is kept below, where it may be asked for again. */
function wholeOf(last: Message, { pieces }: Unfinished): Message {
  const { kind, sender, target } = last;
  const whole = new Message(kind, sender, target, Buffer.concat(pieces));
  return Object.assign(whole, {
    from: last.from,
    reliable: true,
    order: last.order,
    safe: last.safe,
    nested: last.nested,
    view: last.view,
    seq: last.seq,
    connection: last.connection,
    vector: last.vector,
  });
}
