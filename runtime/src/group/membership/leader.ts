/**
 * The leader's part in a change of the view. It asks all that are there to flush; cuts each sender's messages at the longest
 * prefix that any of them has; has all of them fetch what they lack and agree; and then has them install the next view.
 * What some had agreed to under a leader that failed, it brings to its end first.
 */
import type { Member, MemberId } from '../member.js';
import { rankOf, sameView } from '../view.js';
import type { MembershipCore } from './core.js';
import type { FrameOf, MembershipFrame } from './frames.js';
import {
  type Ballot,
  compareBallots,
  composeNext,
  cutOf,
  type NextView,
  type Proposal,
  type Survivor,
} from './next-view.js';
import type { Participant } from './participant.js';

/** Changes that come within so many milliseconds become one view. */
const bundleDelay = 10;
/** Pauses between repetitions, in milliseconds: the first, and the longest. */
const firstPause = 40;
const longestPause = 400;
/** Who has not answered for so long is asked whether it is there; after the longer one it is given up. */
const verifyAfter = 1000;
const giveUpAfter = 8000;
/** Who has left is told so often that it may go. */
const farewells = 5;
/** So many are admitted with one view. */
const joinsPerView = 64;

/** Asks the sides' leaders to go on, when a change of the view is part of a merge. */
export interface MergeHooks {
  /** All of this side have flushed. True: what follows comes from the merge. */
  flushed(survivors: readonly Member[]): boolean;
  /** All of this side have agreed. True: it is installed when the merge says so. */
  agreed(): boolean;
  /** The change was begun anew, or ended otherwise. */
  failed(): void;
}

interface Round {
  readonly ballot: Ballot;
  readonly asked: readonly Member[];
  readonly startedAt: number;
  readonly answers: Map<MemberId, FrameOf<'flushed'>>;
  readonly prepared: Set<MemberId>;
  proposal: Proposal | undefined;
  pause: number;
  verifyAt: number;
}

/** Somebody who has not told yet that it has installed the view. */
interface Unconfirmed {
  readonly id: MemberId;
  attempts: number;
}

export class Leader {
  wakeAt = Number.POSITIVE_INFINITY;
  readonly joining = new Map<MemberId, Member>();
  readonly leaving = new Set<MemberId>();
  isDestroying = false;
  merge: MergeHooks | undefined;
  private round: Round | undefined;
  private startAt = Number.POSITIVE_INFINITY;
  private repeatAt = Number.POSITIVE_INFINITY;
  private highestBallot = 0;
  private installed: NextView | undefined;
  private unconfirmed: Unconfirmed[] = [];
  private confirmAt = Number.POSITIVE_INFINITY;
  private confirmPause = firstPause;
  private readonly core: MembershipCore;
  private readonly participant: Participant;

  constructor(core: MembershipCore, participant: Participant) {
    this.core = core;
    this.participant = participant;
  }

  /** Whether a view is being changed, or will be at once. */
  get isBusy(): boolean {
    return this.round !== undefined || this.startAt !== Number.POSITIVE_INFINITY;
  }

  /** Whether all that were told of a view have confirmed it. */
  get isDone(): boolean {
    return this.unconfirmed.length === 0;
  }

  /** To be called when something may have to change. */
  evaluate(): void {
    const { core } = this;
    if (core.hasEnded || !core.leads) return;
    if (this.round !== undefined) {
      if (this.round.asked.some(({ id }) => core.gone.has(id))) this.start();
      return;
    }
    const isStuck = this.participant.isFlushing;
    const hasChanges = core.gone.size > 0 || this.leaving.size > 0 || this.joining.size > 0;
    if (!isStuck && !hasChanges && !this.isDestroying && this.merge === undefined) return;
    if (this.startAt !== Number.POSITIVE_INFINITY) return;
    this.startAt = core.now + bundleDelay;
    this.rearm();
  }

  tick(now: number): void {
    if (this.startAt <= now) this.start();
    if (this.repeatAt <= now) this.repeat(now);
    if (this.confirmAt <= now) this.confirm(now);
    this.rearm();
  }

  flushed(from: MemberId, frame: FrameOf<'flushed'>): void {
    const { round } = this;
    if (round === undefined || round.proposal !== undefined) return;
    if (!this.isOf(round, frame) || frame.received.length !== this.core.view!.members.length) return;
    round.answers.set(from, frame);
    if (round.asked.every(({ id }) => round.answers.has(id))) this.propose(round);
  }

  prepared(from: MemberId, frame: FrameOf<'prepared'>): void {
    const { round } = this;
    if (round?.proposal === undefined || !this.isOf(round, frame)) return;
    round.prepared.add(from);
    if (!round.asked.every(({ id }) => round.prepared.has(id))) return;
    if (this.merge?.agreed() !== true) this.install();
  }

  outdated(frame: FrameOf<'outdated'>): void {
    // Of two attempts with one number, the one whose leader has the higher id counts.
    if (frame.ballot.number < this.highestBallot || this.round === undefined) return;
    if (!this.core.view || !sameView(frame.view, this.core.view.id)) return;
    this.highestBallot = frame.ballot.number;
    if (this.core.leads) this.start();
  }

  /**
   * Somebody leads because this member seemed to be gone, and it leads itself. Who has agreed goes there; the others may
   * wait for this member, which they know to live, and hold the attempt up: it makes one of its own.
   */
  dispute({ ballot }: FrameOf<'flush'>): void {
    if (!this.core.leads || this.core.hasEnded || ballot.number < this.highestBallot) return;
    this.highestBallot = ballot.number;
    this.start();
  }

  confirmed(from: MemberId, frame: FrameOf<'installed'>): void {
    if (this.installed === undefined || !sameView(frame.view, this.installed.view.id)) return;
    this.unconfirmed = this.unconfirmed.filter(({ id }) => id !== from);
    if (this.unconfirmed.length === 0) this.confirmAt = Number.POSITIVE_INFINITY;
  }

  /** A member says that it is not in a view that it was asked about. */
  elsewhere(from: MemberId, { view, current }: FrameOf<'elsewhere'>): void {
    const { core, participant } = this;
    if (core.view === undefined || !sameView(view, core.view.id) || !core.isMember(from)) return;
    const { committed } = participant;
    if (current === undefined) {
      // It was admitted, and has not heard of it.
      if (core.current!.joined.includes(from)) core.send(from, { type: 'install', next: core.current! });
      return;
    }
    if (committed !== undefined && sameView(current, committed.next.view.id)) {
      participant.install(undefined, committed.next);
      return;
    }
    core.gone.add(from);
    this.evaluate();
  }

  /** The merge has decided on a view: this side is to agree on it. */
  unite(next: NextView): void {
    const { round } = this;
    if (round === undefined || round.proposal !== undefined) return;
    this.prepare(round, this.proposalOf(round, next));
  }

  /** The merge came to nothing: this side has flushed, and goes on in a view of its own. */
  abandonMerge(): void {
    this.merge = undefined;
    if (this.round !== undefined) this.start();
  }

  /** Installs what all have agreed on. */
  install(): void {
    const { core, round } = this;
    if (round?.proposal === undefined) return;
    const { next } = round.proposal;
    this.endRound();
    const told = new Map<MemberId, Unconfirmed>();
    for (const { id } of [...round.asked, ...next.view.members]) told.set(id, { id, attempts: 0 });
    told.delete(core.self.id);
    for (const { id } of next.view.members) this.joining.delete(id);
    core.sendAll({ type: 'install', next });
    for (const id of next.joined) if (id !== core.self.id) core.send(id, { type: 'install', next });
    this.installed = next;
    this.unconfirmed = [...told.values()];
    this.confirmPause = firstPause;
    this.confirmAt = told.size > 0 ? core.now + firstPause : Number.POSITIVE_INFINITY;
    this.rearm();
    this.participant.install(undefined, next);
  }

  /** A view was installed at this member, by whomever. */
  onView(): void {
    const { core } = this;
    this.endRound();
    this.startAt = Number.POSITIVE_INFINITY;
    this.highestBallot = 0;
    this.merge?.failed();
    for (const id of this.leaving) if (!core.isMember(id)) this.leaving.delete(id);
    for (const id of this.joining.keys()) if (core.isMember(id)) this.joining.delete(id);
    if (core.leads && !(this.installed && sameView(this.installed.view.id, core.view!.id))) this.takeOver();
    this.rearm();
    this.evaluate();
  }

  /** Who installed this view elsewhere may have failed before all had heard of it; this member leads in it. */
  private takeOver(): void {
    const { core } = this;
    this.installed = core.current!;
    this.unconfirmed = core
      .view!.members.filter(({ id }) => id !== core.self.id)
      .map(({ id }) => ({ id, attempts: 0 }));
    this.confirmPause = firstPause;
    this.confirmAt = core.now + firstPause;
  }

  private start(): void {
    const { core } = this;
    this.startAt = Number.POSITIVE_INFINITY;
    if (!core.leads || core.hasEnded) return;
    if (this.round !== undefined) this.merge?.failed();
    const known = this.participant.ballot?.number ?? 0;
    this.highestBallot = Math.max(this.highestBallot, known) + 1;
    const { now } = core;
    this.round = {
      ballot: { number: this.highestBallot, leader: core.self.id },
      asked: core.present,
      startedAt: now,
      answers: new Map(),
      prepared: new Set(),
      proposal: undefined,
      pause: firstPause,
      verifyAt: now + verifyAfter,
    };
    this.repeatAt = now + firstPause;
    this.rearm();
    const frame = this.flushFrame(this.round);
    if (core.present.length > 1) core.sendAll(frame);
    core.send(core.self.id, frame);
  }

  private flushFrame({ ballot }: Round): FrameOf<'flush'> {
    return { type: 'flush', view: this.core.view!.id, ballot, gone: [...this.core.gone] };
  }

  private propose(round: Round): void {
    const { core } = this;
    const unfinished = this.unfinished(round);
    if (unfinished === 'not with me') {
      this.start();
      return;
    }
    if (unfinished !== undefined) {
      const { id } = unfinished.next.view;
      const holder = round.asked.find(({ id: asked }) => {
        const committed = round.answers.get(asked)!.committed;
        return committed !== undefined && sameView(committed.next.view.id, id);
      })!;
      const holders = unfinished.holders.map(() => holder.id);
      this.prepare(round, { ...unfinished, ballot: round.ballot, holders });
      return;
    }
    if (this.merge?.flushed(round.asked) === true) return;
    const joining = [...this.joining.values()].slice(0, joinsPerView);
    const next = composeNext({
      view: core.view!,
      isPrimary: core.current!.primary,
      creator: core.self.id,
      survivors: round.asked,
      leaving: this.leaving,
      joining,
      destroyed: this.isDestroying,
    });
    this.prepare(round, this.proposalOf(round, core.nameView(next)));
  }

  /**
   * What some have agreed to under another leader, which may have been installed somewhere: it is what has to follow. Of
   * several the latest. Those that go where this member does not go are left alone.
   */
  private unfinished(round: Round): Proposal | 'not with me' | undefined {
    const { core } = this;
    const self = core.self.id;
    let latest: Proposal | undefined;
    const others: MemberId[] = [];
    for (const [id, { committed }] of round.answers) {
      if (committed === undefined || committed.ballot.leader === self) continue;
      const isMine =
        rankOf(committed.next.view, self) >= 0 || (this.leaving.has(self) && !committed.next.destroyed);
      if (!isMine && !committed.next.destroyed) others.push(id);
      else if (latest === undefined || compareBallots(committed.ballot, latest.ballot) > 0)
        latest = committed;
    }
    // Who was out of reach when it was proposed is not in it, and is not asked to go there.
    if (latest !== undefined) {
      for (const { id } of round.asked) {
        const committed = round.answers.get(id)!.committed;
        const agreed = committed !== undefined && sameView(committed.next.view.id, latest.next.view.id);
        if (!agreed && id !== self && rankOf(latest.next.view, id) < 0) others.push(id);
      }
    }
    if (others.length === 0 || others.includes(self)) return latest;
    for (const id of others) core.gone.add(id);
    return 'not with me';
  }

  private proposalOf({ ballot, answers }: Round, next: NextView): Proposal {
    const survivors: Survivor[] = [...answers].map(([id, { received }]) => ({ id, received }));
    return { ballot, next, ...cutOf(this.core.view!, survivors) };
  }

  private prepare(round: Round, proposal: Proposal): void {
    const { core } = this;
    round.proposal = proposal;
    round.pause = firstPause;
    round.verifyAt = core.now + verifyAfter;
    this.repeatAt = core.now + firstPause;
    this.rearm();
    const frame: MembershipFrame = { type: 'prepare', view: core.view!.id, proposal };
    if (round.asked.length > 1) core.sendAll(frame);
    core.send(core.self.id, frame);
  }

  /** Asks those again that have not answered. */
  private repeat(now: number): void {
    const { core, round } = this;
    this.repeatAt = Number.POSITIVE_INFINITY;
    if (round === undefined) return;
    if (!core.leads) {
      // One that was taken for dead is there, and leads.
      this.endRound();
      this.merge?.failed();
      return;
    }
    const { proposal } = round;
    const frame: MembershipFrame =
      proposal === undefined ? this.flushFrame(round) : { type: 'prepare', view: core.view!.id, proposal };
    const silent = round.asked.filter(({ id }) =>
      proposal === undefined ? !round.answers.has(id) : !round.prepared.has(id),
    );
    for (const { id } of silent) {
      core.send(id, frame);
      if (now >= round.verifyAt && id !== core.self.id) core.context.services.detection.verify(id);
      if (now >= round.startedAt + giveUpAfter && id !== core.self.id) core.gone.add(id);
    }
    if (now >= round.verifyAt) round.verifyAt = now + verifyAfter;
    round.pause = Math.min(round.pause * 2, longestPause);
    this.repeatAt = now + round.pause * (0.9 + core.context.random.next() / 5);
    this.evaluate();
  }

  /** Tells those again that have not confirmed. */
  private confirm(now: number): void {
    const { core, installed } = this;
    this.confirmAt = Number.POSITIVE_INFINITY;
    if (installed === undefined) return;
    this.unconfirmed = this.unconfirmed.filter(
      ({ id, attempts }) => !core.gone.has(id) && (rankOf(installed.view, id) >= 0 || attempts < farewells),
    );
    for (const told of this.unconfirmed) {
      told.attempts++;
      core.send(told.id, { type: 'install', next: installed });
    }
    if (this.unconfirmed.length === 0) return;
    this.confirmPause = Math.min(this.confirmPause * 1.5, longestPause);
    this.confirmAt = now + this.confirmPause;
  }

  private isOf(
    { ballot }: Round,
    frame: { readonly view: FrameOf<'flush'>['view']; readonly ballot: Ballot },
  ): boolean {
    return sameView(frame.view, this.core.view!.id) && compareBallots(frame.ballot, ballot) === 0;
  }

  private endRound(): void {
    this.round = undefined;
    this.repeatAt = Number.POSITIVE_INFINITY;
  }

  private rearm(): void {
    this.wakeAt = Math.min(this.startAt, this.repeatAt, this.confirmAt);
  }
}
