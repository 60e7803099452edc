/**
 * Reliable multicast: each message of a view reaches each of its members, in the order of its sender, while the two are in
 * the view together. Receivers ask for what they miss (negative acknowledgements, after Chang & Maxemchuk 1984 and the SRM
 * of Floyd et al. 1997); each member keeps what it received until it is stable, so that any of them can fill in for a
 * sender that failed.
 */
import { MalformedBytes } from '../bytes.js';
import type { GroupEvent, Layer, LayerContext, LayerSpec } from '../layer.js';
import { everyone, type MemberId } from '../member.js';
import { type Batch, Kind, Message } from '../message.js';
import type { Cut, MulticastService } from '../services.js';
import { compareViews, sameView, type View } from '../view.js';
import { Inbox } from './inbox.js';
import {
  readHighest,
  readMissing,
  readStability,
  type StabilityEntry,
  stabilityEntryBytes,
  stabilityHeaderBytes,
  writeHighest,
  writeMissing,
  writeStability,
} from './multicast-frames.js';
import { answerTo, messageOverhead, whomToAsk } from './repair.js';
import { Stability } from './stability.js';

/** Times in milliseconds. */
export interface MulticastOptions {
  /** A gap is asked for after between the least and the most of these: what is only out of order comes by itself. */
  readonly requestDelay?: readonly [least: number, most: number];
  /** What was received is acknowledged after so long, or earlier when much was. */
  readonly acknowledgeDelay?: number;
  /** A sender tells how far it got, when it has sent nothing for so long and not all have acknowledged. */
  readonly highestDelay?: number;
}

/** So many ranges are asked for at once; the rest when these have come. */
const rangesPerRequest = 32;
/** Received bytes after which the acknowledgement does not wait. */
const bytesPerAcknowledgement = 128 * 1024;
/** While messages follow each other, an acknowledgement waits so many times longer. */
const busyFactor = 4;
/** Messages of a view that this member has not installed yet: so many are kept. */
const earlyMessages = 4096;
/** The longest pause between two repetitions. */
const longestPause = 500;
/** A request that is due for so long is this member's own stall: what has arrived meanwhile is read first. */
const ownStall = 5;
/** What is not stable after so long without progress is asked about. */
const askDelay = 100;

/** The layer that brings a message of a view to all its members. */
export function reliableMulticast(options: MulticastOptions = {}): LayerSpec {
  return {
    name: 'reliable-multicast',
    requires: ['transport'],
    provides: ['multicast'],
    create: context => {
      const layer = new ReliableMulticast(context, options);
      context.provide('multicast', layer);
      return layer;
    },
  };
}

class ReliableMulticast implements Layer, MulticastService {
  wakeAt = Number.POSITIVE_INFINITY;
  watched = false;
  sent = 0;
  private readonly context: LayerContext;
  private readonly requestDelay: readonly [number, number];
  private readonly acknowledgeDelay: number;
  private readonly highestDelay: number;

  private view: View | undefined;
  private rank = -1;
  private ranks = new Map<MemberId, number>();
  /** The sender that was looked up last. */
  private lastSender: MemberId = 0;
  private lastRank = -1;
  private inboxes: Inbox[] = [];
  private stability = new Stability(0);
  private early: Message[] = [];

  /** Own messages that were sent and not handed up yet. */
  private looped: Message[] = [];
  private lastSentAt = 0;
  private highestAt = Number.POSITIVE_INFINITY;
  private highestPause = 0;

  /** Ranks of senders of whose messages the others are to be told that they were received or taken. */
  private readonly untold = new Set<number>();
  private untoldBytes = 0;
  private toldAt = Number.NEGATIVE_INFINITY;
  /** What was noted last, so that a run of messages of one sender is noted cheaply. */
  private lastUntold = -1;
  private ownIsDue = false;
  private tellAt = Number.POSITIVE_INFINITY;
  private tellIsDue = false;
  private askAt = Number.POSITIVE_INFINITY;
  private askPause = askDelay;

  private isFrozen = false;
  private holders: readonly MemberId[] | undefined;
  private fetched: (() => void) | undefined;

  constructor(context: LayerContext, options: MulticastOptions) {
    this.context = context;
    this.requestDelay = options.requestDelay ?? [1, 10];
    this.acknowledgeDelay = options.acknowledgeDelay ?? 10;
    this.highestDelay = options.highestDelay ?? 25;
  }

  get taken(): number {
    return this.view === undefined ? 0 : this.stability.taken;
  }

  get buffered(): number {
    let sum = 0;
    for (const { ring } of this.inboxes) sum += ring.size;
    return sum;
  }

  received(): Cut {
    return this.inboxes.map(({ contiguous }) => contiguous);
  }

  acknowledged(rank: number): Cut {
    return this.stability.of(rank);
  }

  acknowledge(rank: number, sender: number, seq: number): void {
    if (this.stability.hold(rank, sender, seq)) this.release(sender);
  }

  down(batch: Batch): void {
    const before = this.sent;
    for (const message of batch) {
      if (message.reliable && message.target === everyone) this.stamp(message);
    }
    if (this.sent > before) this.noteSent();
    this.context.down(
      this.isFrozen ? batch.filter(message => message.seq > 0 || !isMulticast(message)) : batch,
    );
  }

  up(batch: Batch): void {
    const ready: Message[] = [];
    let request = false;
    let received = -1;
    for (const message of batch) {
      if (message.view === undefined) {
        if (!this.control(message)) ready.push(message);
        continue;
      }
      const rank = this.rankIn(message);
      if (rank !== received && received >= 0) request = this.noteReceived(received) || request;
      received = rank;
      this.receive(message, rank, ready);
    }
    if (received >= 0) request = this.noteReceived(received) || request;
    if (request) this.scheduleRequests();
    if (ready.length > 0) this.context.up(ready);
    this.checkFetched();
  }

  on(event: GroupEvent): void {
    if (event.type === 'view') this.open(event.view);
    else if (event.type === 'end') this.close();
  }

  tick(now: number): void {
    if (this.tellAt <= now) this.tell(false);
    if (this.highestAt <= now) this.tellHighest(now);
    if (this.askAt <= now) this.ask(now);
    this.inboxes.forEach((inbox, rank) => {
      if (inbox.requestAt <= now) this.request(inbox, rank, now);
    });
    this.rearm();
  }

  consumed(message: Message): void {
    const rank = this.rankIn(message);
    if (rank < 0) return;
    this.inboxes[rank]!.consumed++;
    this.note(rank, message.body.length);
    if (rank !== this.rank || this.ownIsDue) return;
    // Once for all that is taken in this turn.
    this.ownIsDue = true;
    this.context.defer(() => {
      this.ownIsDue = false;
      if (this.view !== undefined) this.take(this.rank, this.inboxes[this.rank]!.consumed);
    });
  }

  freeze(): void {
    this.handUpOwn();
    this.isFrozen = true;
    // What was fetched for an earlier attempt does not count as there because nothing more is received.
    this.fetched = undefined;
    for (const inbox of this.inboxes) inbox.limit = inbox.contiguous;
  }

  fetch(cut: Cut, holders: readonly MemberId[], done: () => void): void {
    const now = this.context.clock.now();
    this.holders = holders;
    this.fetched = done;
    this.inboxes.forEach((inbox, rank) => {
      const last = cut[rank] ?? 0;
      inbox.limit = Math.max(last, inbox.contiguous);
      inbox.highest = Math.max(inbox.highest, last);
      inbox.progress = Number.POSITIVE_INFINITY;
      if (inbox.hasGap) inbox.requestAt = now;
    });
    // What arrived behind a gap before may be next now.
    const ready: Message[] = [];
    for (const inbox of this.inboxes) inbox.advance(ready);
    if (ready.length > 0) this.context.up(ready);
    this.rearm();
    this.checkFetched();
  }

  private stamp(message: Message): void {
    const { view } = this;
    if (view === undefined || this.isFrozen) {
      // Nobody may send now; who does it nevertheless has lost its message.
      this.context.count('other-view');
      return;
    }
    message.view = view.id;
    message.seq = ++this.sent;
    this.inboxes[this.rank]!.ring.add(message);
    if (this.looped.push(message) === 1) this.context.defer(() => this.handUpOwn());
  }

  /** Once for all messages of a batch. */
  private noteSent(): void {
    const own = this.inboxes[this.rank]!;
    own.highest = this.sent;
    own.contiguous = this.sent;
    this.stability.hold(this.rank, this.rank, this.sent);
    this.lastSentAt = this.context.clock.now();
    if (this.highestAt === Number.POSITIVE_INFINITY) {
      this.highestPause = this.highestDelay;
      this.highestAt = this.lastSentAt + this.highestDelay;
      this.wake(this.highestAt);
    }
    this.awaitStability();
    if (this.inboxes.length === 1) this.release(this.rank);
  }

  private handUpOwn(): void {
    if (this.looped.length === 0) return;
    const own = this.looped;
    this.looped = [];
    this.context.up(own);
  }

  private receive(message: Message, rank: number, ready: Message[]): void {
    if (rank < 0 || rank === this.rank) {
      this.strange(message, rank);
      return;
    }
    const inbox = this.inboxes[rank]!;
    const refused = inbox.accept(message, ready);
    if (refused !== undefined) {
      this.context.count(refused);
      // Whoever sends it again does not know that it is here.
      if (refused === 'duplicate') this.note(rank, 0);
      return;
    }
    this.note(rank, message.body.length + messageOverhead);
    if (message.safe) this.tellSoon();
  }

  /** Once for all messages of one sender in a packet. True: something is missing now. */
  private noteReceived(rank: number): boolean {
    const inbox = this.inboxes[rank]!;
    // The sender holds what it sends.
    this.stability.hold(rank, rank, inbox.highestReceived);
    this.stability.hold(this.rank, rank, inbox.contiguous);
    this.release(rank);
    return inbox.hasGap && inbox.requestAt === Number.POSITIVE_INFINITY;
  }

  /** A message of another view, or of a stranger. */
  private strange(message: Message, rank: number): void {
    const { view } = this;
    if (rank >= 0) this.context.count('duplicate');
    else if (view !== undefined && sameView(view.id, message.view!)) this.context.count('not-a-member');
    else if (view !== undefined && compareViews(message.view!, view.id) < 0) this.context.count('other-view');
    else if (this.early.length < earlyMessages) this.early.push(message);
    else this.context.count('too-far-ahead');
  }

  /** The rank of the sender in this view; -1 when it is not of it. */
  private rankIn({ view, sender }: Message): number {
    if (this.view === undefined || view === undefined || !sameView(view, this.view.id)) return -1;
    if (sender !== this.lastSender) {
      this.lastSender = sender;
      this.lastRank = this.ranks.get(sender) ?? -1;
    }
    return this.lastRank;
  }

  /** False: it is not for this layer. */
  private control(message: Message): boolean {
    const handle = handlers[message.kind];
    if (handle === undefined) return false;
    try {
      handle.call(this, message);
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      this.context.count('malformed');
    }
    return true;
  }

  /** Sends again what a member misses. */
  onMissing({ body, sender: asker }: Message): void {
    const { view, sender, ranges } = readMissing(body);
    if (!this.isMine(view, asker)) return;
    const inbox = this.inboxes[sender];
    if (inbox === undefined) throw new MalformedBytes(`no member of this view has rank ${sender}`);
    const again = answerTo(asker, inbox, ranges);
    if (again.length > 0) this.context.down(again);
  }

  onStability({ body, sender: teller }: Message): void {
    const { view, ask, entries } = readStability(body);
    if (!this.isMine(view, teller)) return;
    const member = this.ranks.get(teller)!;
    let news = false;
    let gap = false;
    for (const { sender, held, taken } of entries) {
      const inbox = this.inboxes[sender];
      if (inbox === undefined) throw new MalformedBytes(`no member of this view has rank ${sender}`);
      if (sender === this.rank && held > this.sent) throw new MalformedBytes('it holds what was not sent');
      if (this.stability.hold(member, sender, held)) {
        news = true;
        this.release(sender);
      }
      if (sender === this.rank) this.take(member, taken);
      gap = this.learn(inbox, held) || gap;
      if (ask) this.note(sender, 0);
    }
    if (gap) this.scheduleRequests();
    if (news && this.watched) this.context.raise({ type: 'held' });
  }

  onHighest({ body, sender }: Message): void {
    const { view, seq } = readHighest(body);
    if (!this.isMine(view, sender)) return;
    const rank = this.ranks.get(sender)!;
    // It asks because it knows nothing of what is here.
    this.note(rank, 0);
    if (this.learn(this.inboxes[rank]!, seq)) this.scheduleRequests();
  }

  private isMine(view: { counter: number; creator: MemberId }, sender: MemberId): boolean {
    const mine = this.view !== undefined && sameView(view, this.view.id) && this.ranks.has(sender);
    if (!mine) this.context.count('other-view');
    return mine;
  }

  /** Messages up to this one exist. True: some are missing here. */
  private learn(inbox: Inbox, seq: number): boolean {
    if (seq > inbox.highest) inbox.highest = seq;
    return inbox.hasGap && inbox.requestAt === Number.POSITIVE_INFINITY;
  }

  private take(member: number, count: number): void {
    const before = this.stability.taken;
    if (this.stability.take(member, count) && this.stability.taken > before)
      this.context.raise({ type: 'room' });
  }

  /** What all hold is let go of. */
  private release(sender: number): void {
    const inbox = this.inboxes[sender]!;
    const stable = this.stability.stable(sender);
    if (stable <= inbox.ring.released) return;
    inbox.ring.release(stable);
    this.askPause = askDelay;
    if (sender === this.rank && stable >= this.sent) this.highestAt = Number.POSITIVE_INFINITY;
  }

  private scheduleRequests(): void {
    const now = this.context.clock.now();
    const [least, most] = this.requestDelay;
    for (const inbox of this.inboxes) {
      if (!inbox.hasGap || inbox.requestAt !== Number.POSITIVE_INFINITY) continue;
      inbox.progress = inbox.contiguous;
      inbox.requestAt = now + least + this.context.random.next() * (most - least);
      this.wake(inbox.requestAt);
    }
  }

  private request(inbox: Inbox, rank: number, now: number): void {
    if (!inbox.hasGap) {
      inbox.requestAt = Number.POSITIVE_INFINITY;
      return;
    }
    const { progress } = inbox;
    const isComing = inbox.contiguous > progress;
    inbox.progress = isComing ? inbox.contiguous : Number.POSITIVE_INFINITY;
    if (isComing || (progress < Number.POSITIVE_INFINITY && now - inbox.requestAt > ownStall)) {
      // Others, who were faster, have told that they have it; or it arrived while this member stood still, and is not read.
      inbox.requestAt = now + this.requestDelay[1];
      return;
    }
    const { view } = this;
    const target = whomToAsk(view!, this.rank, this.stability, rank, inbox, this.holders?.[rank]);
    const ranges = inbox.missing(rangesPerRequest);
    const { id: self } = this.context.self;
    if (target !== self && ranges.length > 0) {
      const body = writeMissing({ view: view!.id, sender: rank, ranges });
      this.context.down([new Message(Kind.missing, self, target, body)]);
    }
    const pause = Math.min(20 * 2 ** Math.min(inbox.requests++, 5), longestPause);
    inbox.requestAt = now + pause * (0.75 + this.context.random.next() / 2);
  }

  /** The others are to be told of this sender's messages. */
  private note(rank: number, bytes: number): void {
    if (this.view!.members.length === 1) return;
    if (rank !== this.lastUntold) {
      this.untold.add(rank);
      this.lastUntold = rank;
    }
    this.untoldBytes += bytes;
    if (this.untoldBytes >= bytesPerAcknowledgement) this.tellSoon();
    else if (this.tellAt === Number.POSITIVE_INFINITY) {
      const now = this.context.clock.now();
      // Where messages follow each other, one acknowledgement serves for more of them.
      const isBusy = now - this.toldAt < busyFactor * this.acknowledgeDelay;
      this.tellAt = now + this.acknowledgeDelay * (isBusy ? busyFactor : 1);
      this.wake(this.tellAt);
    }
  }

  private tellSoon(): void {
    if (this.tellIsDue) return;
    this.tellIsDue = true;
    this.context.defer(() => {
      this.tellIsDue = false;
      this.tell(false);
    });
  }

  private tell(ask: boolean): void {
    this.tellAt = Number.POSITIVE_INFINITY;
    this.untoldBytes = 0;
    const { view } = this;
    if (view === undefined || this.untold.size === 0) return;
    this.toldAt = this.context.clock.now();
    this.awaitStability();
    const entries: StabilityEntry[] = [];
    for (const sender of this.untold) {
      const { contiguous, consumed } = this.inboxes[sender]!;
      entries.push({ sender, held: contiguous, taken: consumed });
    }
    this.untold.clear();
    this.lastUntold = -1;
    const room = this.context.services.transport.maxBody - stabilityHeaderBytes;
    const most = Math.max(1, Math.floor(room / stabilityEntryBytes));
    for (let from = 0; from < entries.length; from += most) {
      const body = writeStability({ view: view.id, ask, entries: entries.slice(from, from + most) });
      this.context.down([new Message(Kind.stability, this.context.self.id, everyone, body)]);
    }
  }

  private tellHighest(now: number): void {
    const { view } = this;
    this.highestAt = Number.POSITIVE_INFINITY;
    if (view === undefined || this.stability.stable(this.rank) >= this.sent) return;
    const quietSince = now - this.lastSentAt;
    if (quietSince < this.highestDelay) {
      this.highestAt = this.lastSentAt + this.highestDelay;
      return;
    }
    const body = writeHighest({ view: view.id, seq: this.sent });
    this.context.down([new Message(Kind.highest, this.context.self.id, everyone, body)]);
    this.highestAt = now + this.highestPause * (0.9 + this.context.random.next() / 5);
    this.highestPause = Math.min(this.highestPause * 2, longestPause);
  }

  private awaitStability(): void {
    if (this.askAt !== Number.POSITIVE_INFINITY) return;
    this.askAt = this.context.clock.now() + this.askPause * (1 + this.context.random.next());
    this.wake(this.askAt);
  }

  /** What is kept for others although nothing comes of it: an acknowledgement was lost, or somebody lacks it. */
  private ask(now: number): void {
    this.askAt = Number.POSITIVE_INFINITY;
    this.inboxes.forEach(({ ring }, rank) => {
      if (ring.size > 0) this.untold.add(rank);
    });
    if (this.buffered === 0) return;
    this.tell(true);
    this.askAt = now + this.askPause * (1 + this.context.random.next());
    this.askPause = Math.min(this.askPause * 2, 2 * longestPause);
  }

  private checkFetched(): void {
    const { fetched } = this;
    if (fetched === undefined || this.inboxes.some(inbox => inbox.hasGap)) return;
    this.fetched = undefined;
    fetched();
  }

  private open(view: View): void {
    this.view = view;
    this.ranks = new Map(view.members.map(({ id }, rank) => [id, rank]));
    this.rank = this.ranks.get(this.context.self.id) ?? -1;
    this.lastSender = 0;
    this.lastRank = -1;
    this.inboxes = view.members.map(() => new Inbox());
    this.stability = new Stability(view.members.length);
    this.sent = 0;
    this.looped = [];
    this.untold.clear();
    this.lastUntold = -1;
    this.isFrozen = false;
    this.holders = undefined;
    this.fetched = undefined;
    this.highestAt = this.tellAt = this.askAt = Number.POSITIVE_INFINITY;
    this.askPause = askDelay;
    this.rearm();
    const early = this.early;
    this.early = [];
    // Not before the layers above have heard of the view.
    if (early.length > 0) this.context.defer(() => this.up(early));
  }

  private close(): void {
    this.view = undefined;
    this.inboxes = [];
    this.early = [];
    this.wakeAt = Number.POSITIVE_INFINITY;
  }

  private wake(at: number): void {
    if (at < this.wakeAt) this.wakeAt = at;
  }

  private rearm(): void {
    let next = Math.min(this.tellAt, this.highestAt, this.askAt);
    for (const { requestAt } of this.inboxes) if (requestAt < next) next = requestAt;
    this.wakeAt = next;
  }
}

const isMulticast = ({ reliable, target }: Message): boolean => reliable && target === everyone;

const handlers: Partial<Record<Kind, (this: ReliableMulticast, message: Message) => void>> = {
  [Kind.missing]: ReliableMulticast.prototype.onMissing,
  [Kind.stability]: ReliableMulticast.prototype.onStability,
  [Kind.highest]: ReliableMulticast.prototype.onHighest,
};
