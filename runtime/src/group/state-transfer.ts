/**
 * Gives a joiner the state of one point of the message order, and makes one state of several after a merge. While state
 * is saved or loaded, deliveries wait here; a view waits among them, so that the application sees both in order.
 */
import { MalformedBytes } from './bytes.js';
import type { GroupEvent, Layer, LayerContext, LayerSpec, ViewEvent } from './layer.js';
import type { MemberId } from './member.js';
import { type Batch, Kind, type Message, unicast } from './message.js';
import type { StatePart } from './port.js';
import { askersOf, bestOf, candidatesFor, holdersOf, leaderOf } from './state/choices.js';
import { readStateFrame, type Standing, type StateFrame, writeStateFrame } from './state/frames.js';
import { Gatherer } from './state/gatherer.js';
import { Held, isShared, Marks } from './state/held.js';
import { Loader } from './state/loader.js';
import { noStanding, Provider, type Verdict, type Waiting } from './state/provider.js';
import { compareViews, rankOf, sameView, type ViewId } from './view.js';

/** How many unreliable messages are held back at the most; what comes beyond is lost, as unreliable messages may be. */
const mostUnreliable = 1024;
/** How soon everybody is asked again after everybody refused. */
const retryDelay = 50;

/**
 * The layer of state transfer. It stands at the top of a stack.
 *
 * @param parts what is transferred; may be added to until the stack is started, the same at all members
 */
export function stateTransfer(parts: readonly StatePart[]): LayerSpec {
  return {
    name: 'state-transfer',
    requires: ['unicast', 'multicast', 'membership', 'order'],
    provides: [],
    create: context => new StateTransfer(context, parts),
  };
}

/** How long a member waits, before it delivers, for those that are to ask it. */
const askTime = 1000;

type Mode = 'none' | 'ready' | 'loading' | 'gathering' | 'ended';

class StateTransfer implements Layer {
  wakeAt = Number.POSITIVE_INFINITY;
  private readonly context: LayerContext;
  private readonly parts: readonly StatePart[];
  private readonly held = new Held();
  private readonly provider: Provider;
  private mode: Mode = 'none';
  /** The view that was agreed on last; the application may be in an earlier one. */
  private latest: ViewEvent | undefined;
  /** The view in which the application is. */
  private entered: ViewId | undefined;
  /** What was delivered to the application in it. */
  private marks = new Marks();
  /** Views up to this one need no state any more: it was transferred in this view. */
  private resolved: ViewId | undefined;
  /** What the state contained of that view. */
  private contained = new Marks();
  /** Who is to ask this member for the state with which the current view began, and has not done so yet. */
  private readonly expected = new Set<MemberId>();
  /** Who was refused, and asks another one: with the beginning of which view it waits. */
  private readonly turnedAway = new Map<MemberId, ViewId>();
  private loader: Loader | undefined;
  private gatherer: Gatherer | undefined;
  private requests = 0;
  private unreliable = 0;
  private depth = 0;
  private isReleasing = false;
  /** By sender: the next message of its own is a piece. */
  private readonly large = new Map<MemberId, { connection: number; frame: StateFrame & { type: 'large' } }>();

  constructor(context: LayerContext, parts: readonly StatePart[]) {
    this.context = context;
    this.parts = parts;
    this.provider = new Provider({
      send: (to, frames) => this.send(to, frames),
      released: () => this.outside(() => this.release()),
    });
  }

  up(batch: Batch): void {
    if (this.mode === 'ended') return;
    let rest = batch;
    if (batch.some(({ kind }) => kind === Kind.state)) {
      for (const message of batch) if (message.kind === Kind.state) this.take(message);
      rest = batch.filter(({ kind }) => kind !== Kind.state);
    }
    if (rest.length === 0) return;
    if (!this.isHolding && this.held.isEmpty && !this.isReleasing) this.deliver(rest);
    else this.hold(rest);
  }

  on(event: GroupEvent): void {
    if (this.mode === 'ended') return;
    if (event.type === 'view') this.onView(event);
    else if (event.type === 'end') this.end();
  }

  keeps(event: GroupEvent): boolean {
    return event.type === 'view';
  }

  tick(now: number): void {
    if (now < this.wakeAt) return;
    this.wakeAt = Number.POSITIVE_INFINITY;
    this.loader?.again();
    if (this.expected.size === 0) return;
    this.expected.clear();
    this.release();
  }

  /** Whether deliveries wait. */
  private get isHolding(): boolean {
    return this.mode !== 'ready' || this.provider.isSaving || this.expected.size > 0;
  }

  private onView(event: ViewEvent): void {
    this.latest = event;
    const isMember = this.isMember;
    for (const id of this.large.keys()) if (!isMember(id)) this.large.delete(id);
    this.held.pushView(event);
    for (const id of this.expected) if (!isMember(id)) this.expected.delete(id);
    for (const id of this.turnedAway.keys()) if (!isMember(id)) this.turnedAway.delete(id);
    this.provider.keepMembers(event.view);
    this.gatherer?.keepOnly(isMember);
    if (this.mode === 'none') this.mode = 'ready';
    if (this.loader !== undefined) {
      this.loader.ask(this.candidates());
      this.complete();
    }
    this.release();
  }

  private readonly isMember = (id: MemberId): boolean => rankOf(this.latest!.view, id) >= 0;

  /** Delivers what was held back, as far as nothing has to be transferred first. */
  private release(): void {
    if (this.isReleasing) return;
    this.isReleasing = true;
    while (!this.isHolding && !this.held.isEmpty) {
      const event = this.held.view;
      if (event === undefined) this.deliver(this.held.shiftMessages());
      else if (this.mayEnter(event)) this.enter(event);
    }
    this.isReleasing = false;
    if (this.held.isEmpty) this.unreliable = 0;
    this.serve();
  }

  private enter(event: ViewEvent): void {
    const { resolved } = this;
    const { id } = event.view;
    this.held.shiftView();
    this.entered = id;
    this.marks = resolved !== undefined && sameView(id, resolved) ? this.contained : new Marks();
    // In a view before the one of which the state is, nothing can be given of that view.
    if (this.parts.length > 0 && (resolved === undefined || compareViews(id, resolved) >= 0))
      this.expect(event);
    this.context.pass(event);
  }

  /** Waits for those that ask this member first: of them no message is kept because their state contains it. */
  private expect(event: ViewEvent): void {
    const isMerged = this.mergeable.length > 0;
    for (const id of askersOf(this.context.self.id, event, this.latest!.view, isMerged)) {
      const before = this.turnedAway.get(id);
      if (before === undefined || !sameView(before, event.view.id)) this.expected.add(id);
    }
    if (this.expected.size > 0) this.wakeAt = this.context.clock.now() + askTime;
  }

  /** Whether this member has the state with which this view begins. Otherwise begins to get it. */
  private mayEnter(event: ViewEvent): boolean {
    const { parts, entered } = this;
    const { id } = this.context.self;
    if (parts.length === 0) return true;
    if (this.resolved !== undefined && compareViews(event.view.id, this.resolved) <= 0) return true;
    if (entered === undefined) {
      if (holdersOf(event).includes(id)) return true;
    } else {
      if (event.sides.length < 2) return true;
      if (this.mergeable.length === 0) {
        if (event.sides[0]!.includes(id)) return true;
      } else if (leaderOf(event, event.view) === id) {
        this.gather(event);
        return false;
      }
    }
    this.load();
    return false;
  }

  private get mergeable(): StatePart[] {
    return this.parts.filter(part => part.merge !== undefined);
  }

  private load(first?: MemberId): void {
    this.mode = 'loading';
    this.loader = new Loader(this.parts, {
      request: (to, forMerge) => this.request(to, forMerge),
      send: (to, frame) => this.send(to, [frame]),
      loaded: () => this.outside(() => this.complete()),
      exhausted: () => this.onExhausted(),
      failed: error => this.outside(() => this.fail(error)),
    });
    const others = this.candidates().filter(id => id !== first);
    this.loader.ask(first === undefined ? others : [first, ...others]);
    this.serve();
  }

  private candidates(): MemberId[] {
    return candidatesFor(this.context.self.id, this.held.goal!, this.latest!.view, this.mergeable.length > 0);
  }

  private gather(event: ViewEvent): void {
    this.mode = 'gathering';
    this.loader = undefined;
    this.wakeAt = Number.POSITIVE_INFINITY;
    this.gatherer = new Gatherer(this.mergeable, this.parts, {
      request: (to, forMerge) => this.request(to, forMerge),
      send: (to, frame) => this.send(to, [frame]),
      merged: () => this.outside(() => this.becomeReady(event.view.id)),
      isReady: id => {
        this.gatherer?.stop();
        this.gatherer = undefined;
        this.load(id);
      },
      failed: error => this.outside(() => this.fail(error)),
    });
    const { id } = this.context.self;
    const others = event.sides.filter(side => !side.includes(id));
    this.gatherer.start(others.map(side => side.filter(this.isMember)));
  }

  /** Nobody can give a state: the member that leads goes on with its own, the others ask again. */
  private onExhausted(): void {
    const { saveError, refused } = this.loader!;
    const event = this.held.view!;
    const { id } = this.context.self;
    const best = bestOf(new Map(refused).set(id, this.standing), event, this.latest!.view);
    if (saveError !== undefined) this.fail(saveError);
    else if (best === undefined) {
      this.fail(
        new Error(
          'all members that had the state of the group are gone, before it was transferred; join again',
        ),
      );
    } else if (best !== id) this.wakeAt = this.context.clock.now() + retryDelay;
    else if (this.entered !== undefined && this.mergeable.length > 0) this.gather(event);
    else this.becomeReady(event.view.id);
  }

  private get standing(): Standing {
    const before = this.held.view?.view.id;
    if (before === undefined) return noStanding;
    if (this.loader?.isTouched) return { grade: 0, before };
    return { grade: this.entered === undefined ? 1 : 2, before };
  }

  /** When the state is loaded, and this member has itself received all that it contains, what came after it is delivered. */
  private complete(): void {
    const { loader } = this;
    if (!loader?.isLoaded) return;
    const { view, marks } = loader.snapshot!;
    const seen = this.held.seenIn(view);
    if (seen?.marks.reach(marks)) {
      for (const message of this.held.drop(view, marks)) this.context.services.multicast.consumed(message);
      this.becomeReady(view, marks);
      return;
    }
    const mayCome = seen === undefined ? compareViews(view, this.latest!.view.id) > 0 : seen.isLast;
    if (!mayCome) loader.discard();
  }

  private becomeReady(resolved: ViewId, contained = new Marks()): void {
    this.resolved = resolved;
    this.contained = contained;
    this.loader = undefined;
    this.gatherer = undefined;
    this.wakeAt = Number.POSITIVE_INFINITY;
    this.mode = 'ready';
    this.release();
  }

  private deliver(batch: Batch): void {
    if (this.parts.length > 0) for (const message of batch) this.marks.note(message);
    this.depth++;
    this.context.up(batch);
    this.depth--;
    if (this.provider.isWaitedFor) this.serve();
  }

  private hold(batch: Batch): void {
    const kept: Message[] = [];
    for (const message of batch) {
      // Nobody's state follows from replies, and what is to settle before it is saved may wait for them.
      if (message.kind === Kind.reply && !isShared(message)) this.context.up([message]);
      else if (message.reliable || ++this.unreliable <= mostUnreliable) kept.push(message);
      else this.context.count('flood');
    }
    this.held.push(kept);
    this.complete();
  }

  private take(message: Message): void {
    const { sender, connection, body } = message;
    const large = this.large.get(sender);
    this.large.delete(sender);
    if (large?.connection === connection && large.frame.length === body.length) {
      this.onFrame(sender, { ...large.frame, type: 'piece', bytes: body });
      return;
    }
    try {
      const frame = readStateFrame(body);
      if (frame.type === 'large') this.large.set(sender, { connection, frame });
      else this.onFrame(sender, frame);
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      this.context.count('malformed');
    }
  }

  private onFrame(from: MemberId, frame: StateFrame): void {
    switch (frame.type) {
      case 'request':
        this.provider.request(from, frame);
        this.serve();
        break;
      case 'cancel':
        this.expected.delete(from);
        this.provider.cancel(from);
        this.release();
        break;
      case 'credit':
        this.provider.credit(from, frame.request, frame.bytes);
        break;
      default:
        // What is left answers a request that was given up.
        if (!this.loader?.take(from, frame)) this.gatherer?.take(from, frame);
    }
  }

  /** Answers those who wait for state, between two deliveries. */
  private serve(): void {
    const { provider } = this;
    if (!provider.isWaitedFor || provider.isSaving || this.depth > 0 || this.isReleasing) return;
    const askers = provider.take(each => {
      const verdict = this.answer(each);
      if (typeof verdict === 'object') this.turnedAway.set(each.from, each.frame.before);
      return verdict;
    });
    if (askers.length === 0) return;
    for (const { from } of askers) this.expected.delete(from);
    const { forMerge } = askers[0]!.frame;
    const view = forMerge ? this.held.view!.view.id : this.entered!;
    const parts = forMerge ? this.mergeable : this.parts;
    provider.save(askers, parts, this.parts, view, forMerge ? [] : this.marks.list());
  }

  private answer({ frame: { at, before, forMerge } }: Waiting): Verdict {
    const { entered, latest, mode } = this;
    const refused = (reason: 'loading' | 'ready' | 'parts') => ({
      reason,
      text: '',
      standing: this.standing,
    });
    if (this.parts.length === 0) return refused('parts');
    if (latest === undefined || compareViews(latest.view.id, at) < 0) return 'wait';
    const isAsFar = entered !== undefined && compareViews(entered, before) >= 0;
    if (forMerge && isAsFar) return refused('ready');
    if (mode === 'ready') return isAsFar ? 'serve' : 'wait';
    if (mode === 'gathering') {
      // One that gathers for an earlier merge has its result soon; it waits for nobody that waits for it.
      const isEarlier = compareViews(this.held.view!.view.id, before) < 0;
      return !forMerge || isEarlier ? 'wait' : refused('loading');
    }
    if (this.loader!.isComplete) return 'wait';
    return forMerge && this.standing.grade === 2 ? 'serve' : refused('loading');
  }

  private request(to: MemberId, forMerge: boolean): number {
    const request = ++this.requests;
    const at = this.latest!.view.id;
    // Who came by a later merge has another history: of theirs, only a state after that merge is of use.
    const before = (forMerge ? this.held.view! : this.held.goal!).view.id;
    this.send(to, [{ type: 'request', request, at, before, forMerge }]);
    return request;
  }

  private send(to: MemberId, frames: readonly (StateFrame | Uint8Array)[]): void {
    const { self, down } = this.context;
    down(
      frames.map(frame =>
        unicast(Kind.state, self.id, to, frame instanceof Uint8Array ? frame : writeStateFrame(frame)),
      ),
    );
    this.context.reschedule();
  }

  /** Does what a promise of the application's brought about. */
  private outside(work: () => void): void {
    if (this.mode === 'ended') return;
    work();
    this.context.reschedule();
  }

  private fail(error: Error): void {
    this.context.raise({ type: 'end', reason: 'failed', error });
  }

  private end(): void {
    this.mode = 'ended';
    this.wakeAt = Number.POSITIVE_INFINITY;
    this.provider.stop();
    this.loader?.stop(new Error('this member has left the group'));
    this.gatherer?.stop();
    this.held.clear();
  }
}
