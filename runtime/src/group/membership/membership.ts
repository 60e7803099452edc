/** Membership: views, and how one follows from the other, so that those who go from one to the next have seen the same. */
import { MalformedBytes } from '../bytes.js';
import type { GroupEvent, Layer, LayerContext, LayerSpec } from '../layer.js';
import type { Member, MemberId } from '../member.js';
import { type Batch, Kind } from '../message.js';
import type { Discovered, MembershipService } from '../services.js';
import { rankOf, sameView, type View } from '../view.js';
import { Admission, mostJoining } from './admission.js';
import { MembershipCore } from './core.js';
import { type FrameHandlers, type FrameType, type MembershipFrame, readFrame } from './frames.js';
import { Joining, type JoiningOptions } from './joining.js';
import { Leader } from './leader.js';
import { Merging, type MergingOptions } from './merging.js';
import { firstView } from './next-view.js';
import { Participant } from './participant.js';

/** How views are agreed on and merged. */
export interface MembershipOptions extends JoiningOptions, MergingOptions {}

/** Who leaves asks for it so often, in milliseconds, and goes without an answer after the longer time. */
const leavePause = 100;
const leaveTime = 3000;
/** Who led the change with which it left waits so long for the others to confirm. */
const farewellTime = 1000;

/** The layer of views. */
export function membership(options: MembershipOptions = {}): LayerSpec {
  return {
    name: 'membership',
    requires: ['transport', 'discovery', 'detection', 'unicast', 'multicast'],
    provides: ['membership'],
    create: context => {
      const layer = new Membership(context, options);
      context.provide('membership', layer);
      return layer;
    },
  };
}

class Membership implements Layer, MembershipService {
  blocked = true;
  private readonly context: LayerContext;
  private readonly core: MembershipCore;
  private readonly participant: Participant;
  private readonly leader: Leader;
  private readonly joining: Joining;
  private readonly merging: Merging;
  private readonly admission: Admission;
  private readonly handlers: FrameHandlers<FrameType>;
  /** What this member asks for until it is done: to leave, or to end the group. */
  private wish: 'leave' | 'destroy' | undefined;
  private wishAt = Number.POSITIVE_INFINITY;
  private wishEnds = Number.POSITIVE_INFINITY;
  private outFor: 'left' | 'destroyed' | undefined;

  constructor(context: LayerContext, options: MembershipOptions) {
    this.context = context;
    this.core = new MembershipCore(context, (from, frame) => this.receive(from, frame));
    this.participant = new Participant(
      this.core,
      () => this.installed(),
      reason => this.goOut(reason),
    );
    this.leader = new Leader(this.core, this.participant);
    this.merging = new Merging(this.core, this.leader, options);
    this.admission = new Admission(context);
    this.joining = new Joining(this.core, options, () => this.found());
    this.handlers = this.createHandlers();
    context.services.discovery.onForeign = found => this.foreign(found);
  }

  private createHandlers(): FrameHandlers<FrameType> {
    const { participant, leader, merging } = this;
    return {
      join: (from, { member, token }) => this.admit(from, member, token),
      challenge: (from, { token }) => this.joining.challenged(from, token),
      leave: (from, { view }) => {
        if (!this.isHere(from, view)) return;
        leader.leaving.add(from);
        leader.evaluate();
      },
      destroy: (from, { view }) => {
        if (!this.isHere(from, view)) return;
        leader.isDestroying = true;
        leader.evaluate();
      },
      flush: (from, frame) => {
        participant.flush(from, frame);
        if (frame.gone.includes(this.core.self.id) && this.isHere(from, frame.view)) leader.dispute(frame);
      },
      flushed: (from, frame) => leader.flushed(from, frame),
      outdated: (_, frame) => leader.outdated(frame),
      prepare: (from, frame) => participant.prepare(from, frame),
      prepared: (from, frame) => leader.prepared(from, frame),
      install: (from, { next }) => participant.install(from, next),
      installed: (from, frame) => leader.confirmed(from, frame),
      where: (from, { view }) => {
        if (this.view === undefined || sameView(this.view.id, view)) return;
        this.core.send(from, { type: 'elsewhere', view, current: this.view.id });
      },
      elsewhere: (from, frame) => leader.elsewhere(from, frame),
      ...merging.handlers,
    };
  }

  get view(): View | undefined {
    return this.core.view;
  }

  get primary(): boolean {
    return this.core.current?.primary ?? false;
  }

  get wakeAt(): number {
    return Math.min(this.joining.wakeAt, this.leader.wakeAt, this.merging.wakeAt, this.wishAt);
  }

  async start(): Promise<void> {
    this.joining.start();
  }

  leave(): void {
    this.ask('leave');
  }

  destroy(): void {
    this.ask('destroy');
  }

  up(batch: Batch): void {
    let others: Batch = batch;
    if (batch.some(({ kind }) => kind === Kind.membership)) {
      others = batch.filter(({ kind }) => kind !== Kind.membership);
      for (const message of batch) {
        if (message.kind === Kind.membership) this.read(message.sender, message.body);
      }
    }
    if (others.length > 0) this.context.up(others);
  }

  on(event: GroupEvent): void {
    switch (event.type) {
      case 'dead':
        if (!this.core.isMember(event.member)) return;
        this.core.gone.add(event.member);
        this.leader.evaluate();
        return;
      case 'unsuspect':
        // It was taken for dead, and is not. Where the view is being changed already, it is too late.
        if (!this.participant.isFlushing && !this.leader.isBusy) this.core.gone.delete(event.member);
        return;
      case 'block':
        this.blocked = true;
        return;
      case 'view':
        this.blocked = false;
        return;
      default:
    }
  }

  tick(now: number): void {
    this.joining.tick(now);
    this.leader.tick(now);
    this.merging.tick(now);
    if (this.wishAt <= now) this.pursue(now);
  }

  private read(from: MemberId, packet: Uint8Array): void {
    try {
      const body = this.core.pieces.join(from, packet);
      if (body !== undefined) this.receive(from, readFrame(body));
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      this.context.count('malformed');
    }
  }

  private receive(from: MemberId, frame: MembershipFrame): void {
    if (this.core.hasEnded && this.outFor === undefined) return;
    (this.handlers[frame.type] as (from: MemberId, frame: MembershipFrame) => void)(from, frame);
  }

  private isHere(from: MemberId, view: View['id']): boolean {
    return this.view !== undefined && sameView(view, this.view.id) && this.core.isMember(from);
  }

  /** Nobody is there: this member is the group. */
  private found(): void {
    this.participant.install(undefined, firstView(this.core.self));
  }

  private admit(from: MemberId, member: Member, token: number): void {
    const { core, leader } = this;
    const { view } = core;
    if (view === undefined || core.hasEnded) return;
    if (!core.leads) {
      // Who asks knows an older view. Only what the leader is told by a member counts as it stands.
      const first = core.present[0];
      if (first !== undefined && !core.isMember(from)) core.send(first.id, { type: 'join', member, token });
      return;
    }
    if (rankOf(view, member.id) >= 0) {
      // It was admitted, and has not heard of it.
      if (from === member.id) core.send(from, { type: 'install', next: core.current! });
      return;
    }
    if (leader.joining.has(member.id)) return;
    if (!this.admission.isToken(member, token)) {
      if (!this.admission.mayAnswer()) return;
      this.context.directory.learn(member);
      core.send(member.id, { type: 'challenge', token: this.admission.tokenFor(member) });
      return;
    }
    if (leader.joining.size >= mostJoining) {
      this.context.count('flood');
      return;
    }
    // A new incarnation at an address proves that the one before it is gone.
    const former = view.members.find(({ at }) => at.host === member.at.host && at.port === member.at.port);
    if (former !== undefined) core.gone.add(former.id);
    this.context.directory.learn(member);
    leader.joining.set(member.id, member);
    leader.evaluate();
  }

  /** A coordinator of another view was heard. */
  private foreign(found: Discovered): void {
    const { core } = this;
    if (core.view === undefined || core.hasEnded || sameView(found.view.id, core.view.id)) return;
    const isAhead = found.view.id.counter > core.view.id.counter;
    if (isAhead && rankOf(found.view, core.self.id) < 0) {
      const elsewhere = found.view.members.filter(({ id }) => core.isMember(id));
      if (core.isMember(found.by)) {
        // It went on without this member, with those that are in its view.
        for (const { id } of elsewhere) core.gone.add(id);
        this.leader.evaluate();
      } else {
        // A stranger says so: they are asked themselves.
        for (const { id } of elsewhere) core.send(id, { type: 'where', view: core.view.id });
      }
    }
    this.merging.foreign(found);
  }

  private installed(): void {
    this.joining.stop();
    this.context.services.discovery.answer = {
      view: this.view!,
      primary: this.primary,
      by: this.core.self.id,
    };
    this.leader.onView();
    this.merging.onView();
    if (this.wish !== undefined) this.wishAt = this.core.now;
  }

  private ask(wish: 'leave' | 'destroy'): void {
    if (this.core.hasEnded) return;
    if (this.view === undefined) {
      this.joining.stop();
      this.core.end('left');
      return;
    }
    this.wish ??= wish;
    this.wishEnds = Math.min(this.wishEnds, this.core.now + leaveTime);
    this.pursue(this.core.now);
  }

  private pursue(now: number): void {
    const { core, leader } = this;
    this.wishAt = Number.POSITIVE_INFINITY;
    if (this.outFor !== undefined) {
      if (!leader.isDone && now < this.wishEnds) this.wishAt = Math.min(now + leavePause / 4, this.wishEnds);
      else this.finish(this.outFor);
      return;
    }
    if (this.wish === undefined || core.hasEnded) return;
    if (now >= this.wishEnds) {
      this.finish('left');
      return;
    }
    this.wishAt = Math.min(now + leavePause, this.wishEnds);
    const first = core.present[0];
    if (core.leads) {
      if (this.wish === 'leave') leader.leaving.add(core.self.id);
      else leader.isDestroying = true;
      leader.evaluate();
    } else if (first !== undefined) core.send(first.id, { type: this.wish, view: this.view!.id });
  }

  /** The next view is without this member, which may still have to see that all others hear of it. */
  private goOut(reason: 'left' | 'destroyed'): void {
    this.core.hasEnded = true;
    this.outFor = reason;
    this.context.services.discovery.answer = undefined;
    this.wishEnds = this.core.now + farewellTime;
    this.wishAt = this.core.now;
    this.pursue(this.core.now);
  }

  private finish(reason: 'left' | 'destroyed'): void {
    this.outFor = undefined;
    this.wishAt = Number.POSITIVE_INFINITY;
    this.core.hasEnded = false;
    this.core.end(reason);
  }
}
