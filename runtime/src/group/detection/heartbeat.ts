/**
 * Failure detection by silence. Any traffic is a heartbeat; who is silent for too long is suspected and asked, also by way
 * of others; who stays silent is dead. It is never certain: a member that is merely slower than the bound is taken for
 * dead, which is why it is then excluded, so that all agree.
 */
import { ByteReader, ByteWriter, MalformedBytes } from '../bytes.js';
import type { GroupEvent, Layer, LayerContext, LayerSpec } from '../layer.js';
import { everyone, type MemberId } from '../member.js';
import { type Batch, Kind, Message } from '../message.js';
import type { DetectionService } from '../services.js';
import { compareViews, sameView, type View, type ViewId } from '../view.js';
import { boundedJudge, type Judge } from './judge.js';
import { createVerification, type Verification } from './verification.js';

/** How long a member may be silent where delays have a known bound. All in milliseconds. */
export interface BoundedDetectionOptions {
  /** Who has multicast nothing for so long multicasts a heartbeat. Default: 400. */
  readonly interval?: number;
  /** A member that was silent for so long is suspected, and asked. Default: 2000. */
  readonly suspectAfter?: number;
  /** A member that was silent for so long, and did not answer, is dead. Default: 3600. */
  readonly deadAfter?: number;
}

/** What detection by any judge needs to know. */
export interface DetectionTiming {
  /** Who has multicast nothing for so many milliseconds multicasts a heartbeat. */
  readonly interval: number;
  /** How long a member was silent, at the least, before it is dead. */
  readonly floor: number;
}

/**
 * For how long, by default, no silence is taken for death: longer than the pauses that processes recover from. When a process
 * stops, its last sign of life may be an interval old.
 */
export function defaultFloor(interval: number): number {
  return 3000 + interval;
}

/** A timer that is late by more milliseconds than this says that the process was stopped, or is overloaded. */
const stall = 300;

/** How many others are asked to ask. */
const helpers = 2;

/**
 * Detection by a known bound: a member that takes longer than `suspectAfter` from one heartbeat to the next, the network
 * included, is suspected.
 *
 * @throws RangeError when the times do not rise
 */
export function boundedDetection(options: BoundedDetectionOptions = {}): LayerSpec {
  const { interval = 400, suspectAfter = 2000, deadAfter = 3600 } = options;
  if (!(0 < interval && interval < suspectAfter && suspectAfter < deadAfter && deadAfter < Infinity)) {
    throw new RangeError(
      `detection needs 0 < interval < suspectAfter < deadAfter; got ${interval}, ${suspectAfter}, ${deadAfter}`,
    );
  }
  const judge = boundedJudge(suspectAfter, deadAfter - suspectAfter);
  return detectionBy(() => judge, { interval, floor: Math.min(defaultFloor(interval), deadAfter) });
}

/** Detection by whatever judges a member's silence; each member has a judge of its own. */
export function detectionBy(createJudge: () => Judge, timing: DetectionTiming): LayerSpec {
  return {
    name: 'heartbeat',
    requires: ['transport'],
    provides: ['detection'],
    create: context => {
      const detector = new Detector(context, createJudge, timing);
      context.provide('detection', detector);
      return detector;
    },
  };
}

/** What is known of one member of the view. */
interface Watched {
  readonly id: MemberId;
  readonly judge: Judge;
  heardAt: number;
  view: ViewId | undefined;
  suspected: boolean;
  /** Since when it is being asked. */
  askingSince: number | undefined;
  /** When it was last asked. */
  askedAt: number;
  /** When all its time was found to be over. */
  doomedAt: number | undefined;
  dead: boolean;
  /** Not because it was silent: the system on which it ran said so. */
  proven: boolean;
}

class Detector implements Layer, DetectionService {
  wakeAt = Number.POSITIVE_INFINITY;
  private readonly context: LayerContext;
  private readonly createJudge: () => Judge;
  private readonly timing: DetectionTiming;
  private readonly verification: Verification;
  /** How often it is looked at the members. */
  private readonly cadence: number;
  private view: ViewId | undefined;
  private watched = new Map<MemberId, Watched>();
  private multicastAt = 0;

  constructor(context: LayerContext, createJudge: () => Judge, timing: DetectionTiming) {
    this.context = context;
    this.createJudge = createJudge;
    this.timing = timing;
    this.cadence = timing.interval / 2;
    this.verification = createVerification({
      context,
      isMember: id => id === context.self.id || this.watched.has(id),
      alive: id => this.heard(id, context.clock.now()),
    });
  }

  up(batch: Batch): void {
    const [first] = batch;
    if (first === undefined) return;
    const now = this.context.clock.now();
    this.allowForStall(now);
    this.heard(first.from, now);
    let others: Message[] | undefined;
    /** Of the message before: those of one packet share the object. */
    let view: ViewId | undefined;
    for (let index = 0; index < batch.length; index++) {
      const message = batch[index]!;
      if (message.kind !== Kind.heartbeat && message.kind !== Kind.verify) {
        if (message.view !== view && message.view !== undefined && message.from === message.sender) {
          view = message.view;
          this.seen(message.from, view);
        }
        others?.push(message);
        continue;
      }
      others ??= batch.slice(0, index);
      if (message.kind === Kind.verify) this.verification.take(message);
      else this.takeHeartbeat(message);
    }
    if (others === undefined) this.context.up(batch);
    else if (others.length > 0) this.context.up(others);
  }

  down(batch: Batch): void {
    for (let index = 0; index < batch.length; index++) {
      if (batch[index]!.target !== everyone) continue;
      this.multicastAt = this.context.clock.now();
      break;
    }
    this.context.down(batch);
  }

  on(event: GroupEvent): void {
    if (event.type === 'view') this.watch(event.view);
    else if (event.type === 'end') {
      this.watched = new Map();
      this.wakeAt = Number.POSITIVE_INFINITY;
    } else if (event.type === 'dead') {
      const member = this.watched.get(event.member);
      if (member === undefined) return;
      // What this layer found is marked before it is told.
      if (!member.dead) member.proven = true;
      member.dead = true;
    }
  }

  tick(now: number): void {
    this.allowForStall(now);
    if (now - this.multicastAt >= this.timing.interval) this.sendHeartbeat(now);
    this.wakeAt = Math.min(now + this.cadence, this.multicastAt + this.timing.interval);
    for (const member of [...this.watched.values()]) {
      // What is raised for one may bring the next view.
      if (this.watched.get(member.id) === member && !member.dead) this.look(member, now);
    }
  }

  verify(id: MemberId): void {
    const member = this.watched.get(id);
    if (member !== undefined && !member.dead) this.startAsking(member, this.context.clock.now());
  }

  viewOf(id: MemberId): ViewId | undefined {
    return id === this.context.self.id ? this.view : this.watched.get(id)?.view;
  }

  private watch({ id: viewId, members }: View): void {
    const now = this.context.clock.now();
    const before = this.watched;
    this.view = viewId;
    this.watched = new Map();
    for (const { id } of members) {
      if (id === this.context.self.id) continue;
      const known = before.get(id);
      this.watched.set(id, known === undefined || known.dead ? this.startWatching(id, now) : known);
    }
    if (this.wakeAt === Number.POSITIVE_INFINITY) this.wakeAt = now + this.cadence;
  }

  private startWatching(id: MemberId, now: number): Watched {
    return {
      id,
      judge: this.createJudge(),
      heardAt: now,
      view: undefined,
      suspected: false,
      askingSince: undefined,
      askedAt: 0,
      doomedAt: undefined,
      dead: false,
      proven: false,
    };
  }

  private heard(id: MemberId, now: number): void {
    const member = this.watched.get(id);
    if (member === undefined || member.dead) return;
    member.judge.heard(now - member.heardAt);
    member.heardAt = now;
    member.askingSince = undefined;
    member.doomedAt = undefined;
    if (!member.suspected) return;
    member.suspected = false;
    this.context.raise({ type: 'unsuspect', member: id });
  }

  private seen(id: MemberId, view: ViewId): void {
    const member = this.watched.get(id);
    if (member === undefined) return;
    if (member.dead && !member.proven && this.view !== undefined && sameView(view, this.view))
      this.revive(id);
    if (member.view === view) return;
    // Sent again, an older message names an older view.
    if (member.view === undefined || compareViews(member.view, view) < 0) member.view = view;
  }

  /** It was taken for dead, and speaks in this very view: it was out of reach, and nobody has excluded it. */
  private revive(id: MemberId): void {
    this.watched.set(id, this.startWatching(id, this.context.clock.now()));
    this.context.raise({ type: 'unsuspect', member: id });
  }

  /** Suspects a member, asks it, and finds it dead, in this order. */
  private look(member: Watched, now: number): void {
    const silence = now - member.heardAt;
    if (!member.suspected && member.judge.suspicion(silence) >= 1) {
      member.suspected = true;
      this.startAsking(member, now);
      this.context.raise({ type: 'suspect', member: member.id });
      return;
    }
    if (member.askingSince === undefined) return;
    if (now - member.askedAt >= this.cadence) this.ask(member, now);
    if (silence < this.timing.floor || !member.judge.hasHadChance(now - member.askingSince)) return;
    // What waits in the socket is read first, if this process was slow to come to it.
    member.doomedAt ??= now;
    if (now - member.doomedAt < this.cadence / 2) return;
    member.dead = true;
    this.context.raise({ type: 'dead', member: member.id });
  }

  private startAsking(member: Watched, now: number): void {
    if (member.askingSince !== undefined) return;
    member.askingSince = now;
    this.ask(member, now);
  }

  private ask(member: Watched, now: number): void {
    member.askedAt = now;
    const others = [...this.watched.values()].filter(
      other => other !== member && !other.suspected && !other.dead,
    );
    const chosen: MemberId[] = [];
    while (chosen.length < helpers && others.length > 0) {
      const [other] = others.splice(Math.floor(this.context.random.next() * others.length), 1);
      chosen.push(other!.id);
    }
    this.verification.ask(member.id, chosen);
  }

  /**
   * When this process did not run, nobody was silent towards it: what they sent waits to be read, or was thrown away for
   * want of room. The time is given to all of them.
   */
  private allowForStall(now: number): void {
    const late = now - this.wakeAt;
    if (late <= stall) return;
    this.wakeAt = now;
    // It may have stopped right after it last looked at the clock.
    const allowance = late + this.cadence;
    for (const member of this.watched.values()) {
      member.heardAt = Math.min(now, member.heardAt + allowance);
      if (member.askingSince !== undefined)
        member.askingSince = Math.min(now, member.askingSince + allowance);
      member.doomedAt = undefined;
    }
  }

  private sendHeartbeat(now: number): void {
    const { context, view } = this;
    if (view === undefined) return;
    this.multicastAt = now;
    const body = new ByteWriter(10).u32(view.counter).u48(view.creator).done();
    context.down([new Message(Kind.heartbeat, context.self.id, everyone, body)]);
  }

  private takeHeartbeat({ from, body }: Message): void {
    try {
      const reader = new ByteReader(body);
      const view = { counter: reader.u32(), creator: reader.u48() };
      reader.end();
      this.seen(from, view);
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      this.context.count('malformed');
    }
  }
}
