/**
 * Views that meet become one. The coordinators announce themselves; of those that hear each other the one with the lowest
 * id leads. Each coordinator has its side flush; the leader makes one view of those that are ready; each side agrees on it
 * by itself; and when all have, each installs it. Whoever waits too long goes on alone, in a view of its own side, so that
 * no merge can hold a side up.
 */
import type { Member, MemberId } from '../member.js';
import type { Discovered } from '../services.js';
import { sameView, type ViewId } from '../view.js';
import type { MembershipCore } from './core.js';
import type { FrameHandlers } from './frames.js';
import type { Leader, MergeHooks } from './leader.js';
import { mergeViews, type NextView, type Side } from './next-view.js';

/** How views that meet become one. */
export interface MergingOptions {
  /** How often a coordinator announces itself, in milliseconds; `Infinity`: views never merge. Default: 1000. */
  readonly announceInterval?: number;
}

/** How long a merge may take before a side gives it up, in milliseconds. */
const mergeTime = 3000;
/** How long the leader waits for the sides to be ready. */
const gatherTime = 1000;
const repeatPause = 60;

/** The merge that this member leads. */
interface Led {
  readonly number: number;
  /** By coordinator. */
  readonly sides: Map<MemberId, Side | undefined>;
  readonly gatherUntil: number;
  next: NextView | undefined;
  readonly united: Set<MemberId>;
  hasProceeded: boolean;
}

/** The merge that this member's side takes part in. */
interface Joined {
  readonly number: number;
  readonly leader: MemberId;
  readonly until: number;
  survivors: readonly Member[] | undefined;
  hasAgreed: boolean;
}

export class Merging implements MergeHooks {
  wakeAt = Number.POSITIVE_INFINITY;
  private readonly core: MembershipCore;
  private readonly leader: Leader;
  private readonly interval: number;
  private announceAt = Number.POSITIVE_INFINITY;
  private announcedAt = Number.NEGATIVE_INFINITY;
  private startAt = Number.POSITIVE_INFINITY;
  private repeatAt = Number.POSITIVE_INFINITY;
  /** Coordinators of other views, when they were heard last. */
  private readonly heard = new Map<MemberId, { readonly found: Discovered; readonly at: number }>();
  private led: Led | undefined;
  private joined: Joined | undefined;

  constructor(core: MembershipCore, leader: Leader, { announceInterval = 1000 }: MergingOptions) {
    this.core = core;
    this.leader = leader;
    this.interval = announceInterval;
  }

  /** What it does with the messages that are about merges. */
  get handlers(): FrameHandlers<'merge' | 'merging' | 'unite' | 'united' | 'proceed' | 'cancel'> {
    return {
      merge: (from, { merge, view }) => this.join(from, merge, view),
      merging: (from, { merge, side }) => this.gather(from, merge, side),
      unite: (from, { merge, next }) => this.unite(from, merge, next),
      united: (from, { merge }) => this.unitedBy(from, merge),
      proceed: (from, { merge }) => this.proceed(from, merge),
      cancel: (from, { merge }) => this.cancelledBy(from, merge),
    };
  }

  onView(): void {
    this.led = undefined;
    this.joined = undefined;
    this.leader.merge = undefined;
    this.heard.clear();
    this.startAt = Number.POSITIVE_INFINITY;
    this.repeatAt = Number.POSITIVE_INFINITY;
    this.announceAt = this.core.now + this.interval * this.core.context.random.next();
    this.rearm();
  }

  /** A coordinator of another view was heard. */
  foreign(found: Discovered): void {
    const { core } = this;
    if (this.interval === Number.POSITIVE_INFINITY || !core.leads) return;
    const [first] = found.view.members;
    if (first?.id !== found.by || core.isMember(found.by)) return;
    this.forgetOld(core.now);
    this.heard.set(found.by, { found, at: core.now });
    for (const member of found.view.members) {
      core.context.directory.learn(member);
      // It follows the one that was heard now, and coordinates nothing any more.
      if (member.id !== found.by) this.heard.delete(member.id);
    }
    const lowest = Math.min(core.self.id, ...this.heard.keys());
    if (lowest !== core.self.id || this.led !== undefined || this.startAt !== Number.POSITIVE_INFINITY) {
      // The one that leads may not have heard of this one.
      if (lowest === found.by && this.joined === undefined) this.announceSoon();
      return;
    }
    this.startAt = core.now + this.interval / 10;
    this.rearm();
  }

  tick(now: number): void {
    if (this.announceAt <= now) this.announce(now);
    if (this.startAt <= now) this.start(now);
    if (this.repeatAt <= now) this.repeat(now);
    this.rearm();
  }

  flushed(survivors: readonly Member[]): boolean {
    const { joined } = this;
    if (joined === undefined) return false;
    joined.survivors = survivors;
    this.tellMerging(joined);
    return true;
  }

  agreed(): boolean {
    const { joined } = this;
    if (joined === undefined) return false;
    joined.hasAgreed = true;
    this.core.send(joined.leader, { type: 'united', merge: joined.number });
    return true;
  }

  failed(): void {
    const { joined } = this;
    this.joined = undefined;
    this.leader.merge = undefined;
    if (joined !== undefined) this.core.send(joined.leader, { type: 'cancel', merge: joined.number });
  }

  /** Not at each word of the others, who may answer in the same way. */
  private announceSoon(): void {
    const soon = this.core.now + (this.interval / 10) * (0.5 + this.core.context.random.next());
    if (this.announceAt <= soon || this.core.now < this.announcedAt + this.interval / 4) return;
    this.announceAt = soon;
    this.rearm();
  }

  /** Coordinators that were not heard for long: one that is waited for must be there. */
  private forgetOld(now: number): void {
    for (const [id, { at }] of this.heard) if (at < now - 3 * this.interval) this.heard.delete(id);
  }

  private announce(now: number): void {
    this.announcedAt = now;
    const { core } = this;
    this.announceAt = now + this.interval * (0.75 + core.context.random.next() / 2);
    if (core.leads && !core.hasEnded && !this.leader.isBusy) core.context.services.discovery.announce();
  }

  private start(now: number): void {
    const { core } = this;
    this.startAt = Number.POSITIVE_INFINITY;
    this.forgetOld(now);
    if (!core.leads || core.hasEnded || this.heard.size === 0 || this.leader.isBusy) return;
    const number = core.context.random.bytes(6).reduce((sum, byte) => sum * 256 + byte, 0);
    const sides = new Map<MemberId, Side | undefined>([[core.self.id, undefined]]);
    for (const id of this.heard.keys()) sides.set(id, undefined);
    this.led = {
      number,
      sides,
      gatherUntil: now + gatherTime,
      next: undefined,
      united: new Set(),
      hasProceeded: false,
    };
    this.repeat(now);
  }

  /** Says again what has not been answered. */
  private repeat(now: number): void {
    this.repeatAt = Number.POSITIVE_INFINITY;
    const { led, joined } = this;
    if (led !== undefined) this.pursue(led, now);
    if (joined !== undefined) {
      if (now >= joined.until) this.abandon();
      else if (joined.hasAgreed) this.core.send(joined.leader, { type: 'united', merge: joined.number });
      else if (joined.survivors !== undefined) this.tellMerging(joined);
    }
    if (this.led !== undefined || this.joined !== undefined) this.repeatAt = now + repeatPause;
    this.rearm();
  }

  private pursue(led: Led, now: number): void {
    const { core } = this;
    if (led.next !== undefined) {
      for (const [id, side] of led.sides) {
        if (side !== undefined && !led.united.has(id)) {
          core.send(id, { type: 'unite', merge: led.number, next: led.next });
        }
      }
      if (now > led.gatherUntil + mergeTime) this.callOff(led);
      return;
    }
    if (now >= led.gatherUntil) {
      this.compose(led);
      return;
    }
    for (const [id, side] of led.sides) {
      if (side !== undefined) continue;
      const view = id === core.self.id ? core.view!.id : this.heard.get(id)?.found.view.id;
      // It has gone into another view since.
      if (view === undefined) continue;
      core.send(id, { type: 'merge', merge: led.number, view });
    }
  }

  /** This side is asked to flush. */
  private join(from: MemberId, number: number, view: ViewId): void {
    const { core, joined } = this;
    if (!core.leads || core.hasEnded || core.view === undefined || !sameView(view, core.view.id)) return;
    if (joined !== undefined) {
      if (joined.number === number && joined.survivors !== undefined) this.tellMerging(joined);
      return;
    }
    if (this.leader.isBusy || (this.led !== undefined && from !== core.self.id)) return;
    this.joined = {
      number,
      leader: from,
      until: core.now + mergeTime,
      survivors: undefined,
      hasAgreed: false,
    };
    this.leader.merge = this;
    this.leader.evaluate();
    this.repeatAt = Math.min(this.repeatAt, core.now + repeatPause);
    this.rearm();
  }

  private tellMerging({ number, leader, survivors }: Joined): void {
    const { core } = this;
    const side: Side = { id: core.view!.id, primary: core.current!.primary, members: survivors! };
    core.send(leader, { type: 'merging', merge: number, side });
  }

  /** A side is ready. */
  private gather(from: MemberId, number: number, side: Side): void {
    const { led } = this;
    if (led?.number !== number || led.next !== undefined || !led.sides.has(from)) return;
    led.sides.set(from, side);
    if ([...led.sides.values()].every(each => each !== undefined)) this.compose(led);
  }

  private compose(led: Led): void {
    const { core } = this;
    const seen = new Set<MemberId>();
    const ready: Side[] = [];
    for (const [id, side] of led.sides) {
      const isNew = side?.members.every(member => !seen.has(member.id));
      if (side === undefined || isNew !== true) {
        led.sides.set(id, undefined);
        core.send(id, { type: 'cancel', merge: led.number });
        continue;
      }
      for (const member of side.members) seen.add(member.id);
      ready.push(side);
    }
    if (ready.length < 2 || led.sides.get(core.self.id) === undefined) {
      this.callOff(led);
      return;
    }
    led.next = core.nameView(mergeViews(ready, core.self.id));
    for (const [id, side] of led.sides) {
      if (side !== undefined) core.send(id, { type: 'unite', merge: led.number, next: led.next });
    }
  }

  private unite(from: MemberId, number: number, next: NextView): void {
    const { joined } = this;
    if (joined?.number !== number || joined.leader !== from || joined.survivors === undefined) return;
    this.leader.unite(next);
  }

  private unitedBy(from: MemberId, number: number): void {
    const { core, led } = this;
    if (led?.number !== number || led.next === undefined) return;
    led.united.add(from);
    const sides = [...led.sides].filter(([, side]) => side !== undefined).map(([id]) => id);
    if (!sides.every(id => led.united.has(id))) return;
    led.hasProceeded = true;
    for (const id of sides) if (id !== core.self.id) core.send(id, { type: 'proceed', merge: number });
    // Last, for it ends this merge here.
    core.send(core.self.id, { type: 'proceed', merge: number });
  }

  private proceed(from: MemberId, number: number): void {
    const { joined } = this;
    if (joined?.number !== number || joined.leader !== from || !joined.hasAgreed) return;
    this.joined = undefined;
    this.leader.merge = undefined;
    this.leader.install();
  }

  /** By its leader, or by a side that cannot go on. */
  private cancelledBy(from: MemberId, number: number): void {
    const { joined, led } = this;
    if (led?.number === number && led.sides.has(from) && !led.hasProceeded) this.callOff(led);
    else if (joined?.number === number && joined.leader === from) this.abandon();
  }

  /** The merge that this member leads comes to nothing. */
  private callOff(led: Led): void {
    this.led = undefined;
    for (const id of led.sides.keys()) this.core.send(id, { type: 'cancel', merge: led.number });
  }

  /** Nothing comes of it: this side goes on alone. */
  private abandon(): void {
    this.joined = undefined;
    this.leader.abandonMerge();
  }

  private rearm(): void {
    this.wakeAt = Math.min(this.announceAt, this.startAt, this.repeatAt);
  }
}
