/** What is held back while state is saved or loaded: messages and views, in the order in which they came. */
import type { ViewEvent } from '../layer.js';
import { everyone, type MemberId } from '../member.js';
import { type Batch, type Message, Order } from '../message.js';
import { sameView, type ViewId } from '../view.js';
import type { Mark } from './frames.js';

/** Whether it is one that all members of its view deliver, so that a state may contain it. */
export function isShared({ reliable, target }: Message): boolean {
  return reliable && target === everyone;
}

interface MutableMark {
  readonly sender: MemberId;
  ordered: number;
  unordered: number;
}

/** How many messages of each member were delivered in one view. */
export class Marks {
  private readonly marks = new Map<MemberId, MutableMark>();
  private last: MutableMark | undefined;

  constructor(marks: readonly Mark[] = []) {
    for (const mark of marks) this.marks.set(mark.sender, { ...mark });
  }

  note(message: Message): void {
    if (!isShared(message)) return;
    if (this.last?.sender !== message.sender) this.last = this.of(message.sender);
    if (message.order === Order.unordered) this.last.unordered = message.seq;
    else this.last.ordered = message.seq;
  }

  contains({ sender, order, seq }: Message): boolean {
    const mark = this.marks.get(sender);
    if (mark === undefined) return false;
    return seq <= (order === Order.unordered ? mark.unordered : mark.ordered);
  }

  /** Whether all that the others contain is contained in these. */
  reach(others: Marks): boolean {
    for (const { sender, ordered, unordered } of others.marks.values()) {
      const mine = this.marks.get(sender);
      if (ordered > (mine?.ordered ?? 0) || unordered > (mine?.unordered ?? 0)) return false;
    }
    return true;
  }

  list(): Mark[] {
    return [...this.marks.values()];
  }

  private of(sender: MemberId): MutableMark {
    let mark = this.marks.get(sender);
    if (mark === undefined) {
      mark = { sender, ordered: 0, unordered: 0 };
      this.marks.set(sender, mark);
    }
    return mark;
  }
}

/** A view that is held back, with what came in it. */
interface Epoch {
  readonly event: ViewEvent;
  readonly seen: Marks;
}

type Entry = Message | ViewEvent;

function isView(entry: Entry): entry is ViewEvent {
  return 'type' in entry;
}

export class Held {
  private entries: Entry[] = [];
  private at = 0;
  private epochs: Epoch[] = [];

  get isEmpty(): boolean {
    return this.at === this.entries.length;
  }

  /** The view that is next, when no message is before it. */
  get view(): ViewEvent | undefined {
    const entry = this.entries[this.at];
    return entry !== undefined && isView(entry) ? entry : undefined;
  }

  /** The latest view that came about by a merge, or else the one that is next. */
  get goal(): ViewEvent | undefined {
    return this.epochs.findLast(({ event }) => event.sides.length > 1)?.event ?? this.epochs[0]?.event;
  }

  push(batch: Batch): void {
    const seen = this.epochs.at(-1)?.seen;
    for (const message of batch) {
      this.entries.push(message);
      seen?.note(message);
    }
  }

  pushView(event: ViewEvent): void {
    this.entries.push(event);
    this.epochs.push({ event, seen: new Marks() });
  }

  /** Takes out the view that is next. */
  shiftView(): void {
    this.at++;
    this.epochs.shift();
    this.compact();
  }

  /** Takes out the messages up to the next view. */
  shiftMessages(): Message[] {
    const start = this.at;
    while (this.at < this.entries.length && !isView(this.entries[this.at]!)) this.at++;
    const messages = this.entries.slice(start, this.at) as Message[];
    this.compact();
    return messages;
  }

  /** What came in a view that is held back; undefined when there is no such view. */
  seenIn(view: ViewId): { readonly marks: Marks; readonly isLast: boolean } | undefined {
    const index = this.epochs.findIndex(({ event }) => sameView(event.view.id, view));
    const epoch = this.epochs[index];
    return epoch && { marks: epoch.seen, isLast: index === this.epochs.length - 1 };
  }

  /** Takes out what a state contains: all shared messages of the views before this one, and those of the marks in it. */
  drop(view: ViewId, marks: Marks): Message[] {
    const dropped: Message[] = [];
    let phase: 'before' | 'in' | 'after' = 'before';
    this.entries = this.entries.slice(this.at).filter(entry => {
      if (isView(entry)) {
        if (phase === 'in') phase = 'after';
        if (sameView(entry.view.id, view)) phase = 'in';
        return true;
      }
      if (phase === 'after' || !isShared(entry)) return true;
      if (phase === 'in' && !marks.contains(entry)) return true;
      dropped.push(entry);
      return false;
    });
    this.at = 0;
    return dropped;
  }

  clear(): void {
    this.entries = [];
    this.at = 0;
    this.epochs = [];
  }

  private compact(): void {
    if (this.at < this.entries.length) return;
    this.entries = [];
    this.at = 0;
  }
}
