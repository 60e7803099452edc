/**
 * A member's part in a change of the view (virtual synchrony, Birman & Joseph 1987): it stops to send, tells what it has,
 * fetches what it lacks, agrees, and installs the next view when all have agreed.
 *
 * Who has agreed goes to the agreed view and to no other, unless its leader itself proposes another: the leader may have
 * failed in the midst of telling everyone, and some may be in the new view already.
 */
import type { MemberId } from '../member.js';
import { rankOf, sameView } from '../view.js';
import type { MembershipCore } from './core.js';
import type { FrameOf } from './frames.js';
import { type Ballot, compareBallots, type NextView, type Proposal } from './next-view.js';

export class Participant {
  /** The latest attempt that this member takes part in. */
  ballot: Ballot | undefined;
  /** What it has agreed to. */
  committed: Proposal | undefined;
  /** What it fetches messages for. */
  private fetching: Ballot | undefined;
  private readonly core: MembershipCore;
  private readonly onInstalled: () => void;
  private readonly onOut: (reason: 'left' | 'destroyed') => void;

  /**
   * @param onInstalled this member is in another view
   * @param onOut the next view is without this member
   */
  constructor(core: MembershipCore, onInstalled: () => void, onOut: (reason: 'left' | 'destroyed') => void) {
    this.core = core;
    this.onInstalled = onInstalled;
    this.onOut = onOut;
  }

  get isFlushing(): boolean {
    return this.ballot !== undefined;
  }

  flush(from: MemberId, frame: FrameOf<'flush'>): void {
    const { core } = this;
    if (!this.isOfMyView(from, frame)) return;
    const { ballot, gone, view } = frame;
    // The others go on without this member, which learns from their next view that it is alone.
    if (gone.includes(core.self.id)) return;
    if (this.ballot !== undefined && compareBallots(ballot, this.ballot) < 0) {
      core.send(from, { type: 'outdated', view, ballot: this.ballot });
      return;
    }
    if (!this.accepts(from, gone)) return;
    // It is there, whatever was thought of it.
    core.gone.delete(from);
    if (this.ballot === undefined) core.raise({ type: 'block' });
    if (this.ballot === undefined || compareBallots(ballot, this.ballot) > 0) {
      this.ballot = ballot;
      this.fetching = undefined;
      core.context.services.multicast.freeze();
    }
    const { committed } = this;
    const received = core.context.services.multicast.received();
    core.send(from, { type: 'flushed', view, ballot, received, committed });
  }

  prepare(from: MemberId, frame: FrameOf<'prepare'>): void {
    const { core } = this;
    if (!this.isOfMyView(from, frame)) return;
    const { proposal, view } = frame;
    const { ballot } = proposal;
    if (this.ballot === undefined) return;
    const order = compareBallots(ballot, this.ballot);
    if (order < 0) core.send(from, { type: 'outdated', view, ballot: this.ballot });
    if (order !== 0) return;
    if (this.committed !== undefined && compareBallots(ballot, this.committed.ballot) === 0) {
      core.send(from, { type: 'prepared', view, ballot });
      return;
    }
    if (this.fetching !== undefined && compareBallots(ballot, this.fetching) === 0) return;
    this.fetching = ballot;
    core.context.services.multicast.fetch(proposal.cut, proposal.holders, () => {
      this.committed = proposal;
      core.send(from, { type: 'prepared', view, ballot });
    });
  }

  /** @param from undefined: oneself */
  install(from: MemberId | undefined, next: NextView): void {
    const { core } = this;
    const { view } = next;
    if (core.view !== undefined && sameView(view.id, core.view.id)) {
      if (from !== undefined) core.send(from, { type: 'installed', view: view.id });
      return;
    }
    const isAgreed = this.committed !== undefined && sameView(view.id, this.committed.next.view.id);
    if (isAgreed || (core.view === undefined && next.joined.includes(core.self.id))) this.enter(from, next);
    else if (from !== undefined && rankOf(view, core.self.id) >= 0) {
      core.send(from, { type: 'elsewhere', view: view.id, current: core.view?.id });
    }
  }

  /** The view ends without another: nothing was agreed on that counts. */
  forget(): void {
    this.ballot = undefined;
    this.committed = undefined;
    this.fetching = undefined;
  }

  /** The next view begins. */
  private enter(from: MemberId | undefined, next: NextView): void {
    const { core } = this;
    if (core.view !== undefined) core.context.services.order.finish();
    this.forget();
    core.gone.clear();
    const isIn = rankOf(next.view, core.self.id) >= 0;
    if (from !== undefined) core.send(from, { type: 'installed', view: next.view.id });
    if (!isIn) {
      this.onOut(next.destroyed ? 'destroyed' : 'left');
      return;
    }
    core.current = next;
    for (const member of next.view.members) core.context.directory.learn(member);
    core.context.directory.retain(next.view.members);
    core.raise({ type: 'view', view: next.view, joined: next.joined, sides: next.sides });
    this.onInstalled();
  }

  /** False: it is about another view than this member's; who sent it is told where this member is. */
  private isOfMyView(from: MemberId, { view }: { readonly view: FrameOf<'flush'>['view'] }): boolean {
    const { core } = this;
    // Somebody is in the view that was agreed on, so that all have agreed.
    if (this.committed !== undefined && sameView(view, this.committed.next.view.id)) {
      this.enter(undefined, this.committed.next);
    }
    if (core.view !== undefined && sameView(view, core.view.id)) return core.isMember(from);
    core.send(from, { type: 'elsewhere', view, current: core.view?.id });
    return false;
  }

  /** Only the first of those that are there leads; whether the ones before it are gone is asked for when it says so. */
  private accepts(leader: MemberId, gone: readonly MemberId[]): boolean {
    const { core } = this;
    let accepted = true;
    for (const { id } of core.view!.members) {
      if (id === leader) break;
      if (core.gone.has(id) || id === core.self.id) {
        // This member itself comes before it, and is there.
        if (id === core.self.id) accepted = false;
        continue;
      }
      accepted = false;
      if (!gone.includes(id)) continue;
      core.context.services.detection.verify(id);
      core.send(id, { type: 'where', view: core.view!.id });
    }
    return accepted;
  }
}
