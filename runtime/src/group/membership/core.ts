/** What the parts of membership share: the view, who is gone, and how they speak. */
import type { GroupEvent, LayerContext } from '../layer.js';
import { everyone, type Member, type MemberId } from '../member.js';
import { Kind, Message } from '../message.js';
import { rankOf, type View } from '../view.js';
import { type MembershipFrame, writeFrame } from './frames.js';
import type { NextView } from './next-view.js';
import { Pieces } from './pieces.js';

export class MembershipCore {
  /** The view that this member is in, and how it came about; undefined before the first. */
  current: NextView | undefined;
  /** Members of the view that will not come along: they failed, or went on in another view. */
  readonly gone = new Set<MemberId>();
  hasEnded = false;
  readonly context: LayerContext;
  readonly pieces = new Pieces();
  /** The counter of the latest view that this member has proposed. */
  private proposed = 0;
  private readonly handle: (from: MemberId, frame: MembershipFrame) => void;

  constructor(context: LayerContext, handle: (from: MemberId, frame: MembershipFrame) => void) {
    this.context = context;
    this.handle = handle;
  }

  get self(): Member {
    return this.context.self;
  }

  get view(): View | undefined {
    return this.current?.view;
  }

  get now(): number {
    return this.context.clock.now();
  }

  /** The members of the view that are not gone, by rank. */
  get present(): readonly Member[] {
    return this.view?.members.filter(({ id }) => !this.gone.has(id)) ?? [];
  }

  /** Whether this member proposes the next view: the first of those that are there. */
  get leads(): boolean {
    return this.present[0]?.id === this.self.id;
  }

  isMember(id: MemberId): boolean {
    return this.view !== undefined && rankOf(this.view, id) >= 0;
  }

  /**
   * Gives a view that this member proposes an id that none of its earlier ones had: whoever has agreed to another attempt
   * must not take this one for it.
   */
  nameView(next: NextView): NextView {
    const { id, members } = next.view;
    this.proposed = Math.max(this.proposed + 1, id.counter);
    return { ...next, view: { id: { counter: this.proposed, creator: id.creator }, members } };
  }

  /** To one member, oneself included, or to everyone else. May be lost. */
  send(target: MemberId, frame: MembershipFrame): void {
    if (target === this.self.id) {
      // As if it had come by a packet: not in the middle of what is being done.
      this.context.defer(() => this.handle(this.self.id, frame));
      return;
    }
    const packets = this.pieces.split(writeFrame(frame), this.context.services.transport.maxBody);
    this.context.down(packets.map(body => new Message(Kind.membership, this.self.id, target, body)));
  }

  /** To everyone else. May be lost. */
  sendAll(frame: MembershipFrame): void {
    this.send(everyone, frame);
  }

  raise(event: GroupEvent): void {
    this.context.raise(event);
  }

  end(reason: 'left' | 'destroyed' | 'failed', error?: Error): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.raise({ type: 'end', reason, ...(error === undefined ? {} : { error }) });
  }
}
