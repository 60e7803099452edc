/**
 * Proof of death. The members of a view stand in a ring, and each keeps connections to the next two on either side. The
 * system ends a dead process's connections, and refuses new ones: who finds that is certain, at once, and tells the
 * others, who see for themselves. A connection that is lost, or cannot be made, proves nothing as long as none is
 * refused: then only silence counts.
 */
import type { GroupEvent, Layer, LayerContext, LayerSpec } from '../layer.js';
import { everyone, type MemberId } from '../member.js';
import { type Batch, Kind, Message } from '../message.js';
import type { View } from '../view.js';
import {
  type ConnectionMessage,
  readConnectionMessage,
  writeConnectionMessage,
} from './connection-messages.js';
import { Link } from './link.js';
import { openReception, type Reception } from './reception.js';
import { neighboursOf } from './ring.js';

/** When an obituary is multicast again, after the first time: nobody acknowledges it. */
const repetitions = [30, 100];

/** How often a neighbour is asked for its port; and anyone else, one at a time: it may become a neighbour, by deaths. */
const askNeighbourEvery = 250;
const askOthersEvery = 1000;

/** Watches the neighbours in the view's ring by connections. */
export function connectionDetection(): LayerSpec {
  return {
    name: 'connections',
    requires: ['transport'],
    provides: [],
    create: context => new Connections(context),
  };
}

/** What is left to be told of the dead. */
interface Obituary {
  readonly at: number;
  readonly id: MemberId;
  readonly port: number;
}

class Connections implements Layer {
  wakeAt = Number.POSITIVE_INFINITY;
  private readonly context: LayerContext;
  private reception: Reception | undefined;
  private view: View | undefined;
  private readonly ports = new Map<MemberId, number>();
  private readonly links = new Map<MemberId, Link>();
  private readonly suspected = new Set<MemberId>();
  private readonly dead = new Set<MemberId>();
  /** With whom there was a connection: it can be made, so that it is refused for one reason alone. */
  private readonly proven = new Set<MemberId>();
  /** Whom a member that had a connection has found dead. */
  private readonly reported = new Set<MemberId>();
  private obituaries: readonly Obituary[] = [];
  private neighboursAskedAt = Number.NEGATIVE_INFINITY;
  private othersAskedAt = Number.NEGATIVE_INFINITY;

  constructor(context: LayerContext) {
    this.context = context;
  }

  async start(): Promise<void> {
    this.reception = await openReception(this.context);
  }

  up(batch: Batch): void {
    let others: Message[] | undefined;
    for (let index = 0; index < batch.length; index++) {
      const message = batch[index]!;
      if (message.kind !== Kind.connection) {
        others?.push(message);
        continue;
      }
      others ??= batch.slice(0, index);
      this.take(message);
    }
    if (others === undefined) this.context.up(batch);
    else if (others.length > 0) this.context.up(others);
  }

  on(event: GroupEvent): void {
    switch (event.type) {
      case 'view':
        this.enter(event.view);
        break;
      case 'suspect':
        this.suspected.add(event.member);
        break;
      case 'unsuspect':
        this.suspected.delete(event.member);
        break;
      case 'dead':
        this.dead.add(event.member);
        this.suspected.delete(event.member);
        break;
      case 'end':
        this.stop();
        return;
      default:
        return;
    }
    this.watch();
  }

  tick(now: number): void {
    for (const link of this.links.values()) link.tick(now);
    for (const { id, port } of this.obituaries.filter(({ at }) => at <= now)) this.tellDeath(id, port);
    this.obituaries = this.obituaries.filter(({ at }) => at > now);
    this.watch();
  }

  stop(): void {
    this.view = undefined;
    for (const link of this.links.values()) link.close();
    this.links.clear();
    this.reception?.close();
    this.reception = undefined;
    this.obituaries = [];
    this.wakeAt = Number.POSITIVE_INFINITY;
  }

  private enter(view: View): void {
    const isFirst = this.view === undefined;
    this.view = view;
    const ids = new Set(view.members.map(({ id }) => id));
    for (const known of [this.ports, this.suspected, this.proven]) {
      for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
    }
    // Whoever is in the view although it is dead is found dead in this view too.
    this.dead.clear();
    this.reported.clear();
    this.obituaries = [];
    if (this.reception !== undefined) this.reception.neighbours = ids.size;
    if (!isFirst || ids.size < 2) return;
    this.tellPort(everyone, true);
    this.neighboursAskedAt = this.context.clock.now();
    this.othersAskedAt = this.neighboursAskedAt;
  }

  /** Connects to whom is to be watched, and disconnects from whom is not; finds out where they listen. */
  private watch(): void {
    if (this.view === undefined) return;
    const neighbours = neighboursOf(this.view, this.context.self.id, this.dead, this.suspected);
    for (const [id, link] of this.links) {
      if (neighbours.has(id) || (this.reported.has(id) && !this.dead.has(id))) continue;
      link.close();
      this.links.delete(id);
    }
    for (const id of neighbours) this.connect(id);
    this.ask(neighbours, this.context.clock.now());
    this.plan(neighbours);
  }

  private connect(id: MemberId): void {
    const port = this.ports.get(id);
    const host = this.context.directory.get(id)?.at.host;
    if (this.links.has(id) || host === undefined || port === undefined || port === 0) return;
    const link = new Link({
      streams: this.context.platform.streams,
      now: () => this.context.clock.now(),
      self: this.context.self.id,
      to: { host, port },
      id,
      met: () => {
        this.proven.add(id);
        // A report that was wrong, or of another view.
        if (this.reported.delete(id)) this.watch();
      },
      refused: () => this.refused(id, port),
      changed: () => {
        this.wakeAt = Math.min(this.wakeAt, link.wakeAt);
        this.context.reschedule();
      },
    });
    this.links.set(id, link);
  }

  private refused(id: MemberId, port: number): void {
    if (this.dead.has(id)) return;
    if (!this.proven.has(id) && !this.reported.has(id)) {
      // It cannot be reached from here, or listens elsewhere.
      this.links.get(id)?.close();
      this.links.delete(id);
      this.ports.delete(id);
      this.watch();
      this.context.reschedule();
      return;
    }
    this.dead.add(id);
    if (this.proven.has(id)) this.tellDeath(id, port);
    if (!this.reported.has(id)) {
      const now = this.context.clock.now();
      this.obituaries = [...this.obituaries, ...repetitions.map(delay => ({ at: now + delay, id, port }))];
    }
    this.context.raise({ type: 'dead', member: id });
  }

  private ask(neighbours: ReadonlySet<MemberId>, now: number): void {
    const unknown = this.unknown();
    if (now - this.neighboursAskedAt >= askNeighbourEvery) {
      const asked = unknown.filter(id => neighbours.has(id));
      for (const id of asked) this.tellPort(id, true);
      if (asked.length > 0) this.neighboursAskedAt = now;
    }
    if (now - this.othersAskedAt >= askOthersEvery) {
      const others = unknown.filter(id => !neighbours.has(id));
      const other = others[Math.floor(this.context.random.next() * others.length)];
      if (other !== undefined) this.tellPort(other, true);
      this.othersAskedAt = now;
    }
  }

  /** Whose port is not known. */
  private unknown(): MemberId[] {
    return this.view!.members.map(({ id }) => id).filter(
      id => id !== this.context.self.id && !this.ports.has(id) && !this.dead.has(id),
    );
  }

  private plan(neighbours: ReadonlySet<MemberId>): void {
    const unknown = this.unknown();
    let next = Number.POSITIVE_INFINITY;
    if (unknown.length > 0) next = this.othersAskedAt + askOthersEvery;
    if (unknown.some(id => neighbours.has(id))) {
      next = Math.min(next, this.neighboursAskedAt + askNeighbourEvery);
    }
    for (const { wakeAt } of this.links.values()) next = Math.min(next, wakeAt);
    for (const { at } of this.obituaries) next = Math.min(next, at);
    this.wakeAt = next;
  }

  private tellPort(target: MemberId, tell: boolean): void {
    this.send(target, { step: 'here', port: this.reception?.port ?? 0, tell });
  }

  private tellDeath(id: MemberId, port: number): void {
    this.send(everyone, { step: 'obituary', id, port });
  }

  private send(target: MemberId, said: ConnectionMessage): void {
    const { context } = this;
    context.down([new Message(Kind.connection, context.self.id, target, writeConnectionMessage(said))]);
  }

  private take({ from, body }: Message): void {
    const said = readConnectionMessage(body);
    if (said === undefined) this.context.count('malformed');
    else if (said.step === 'here') this.takePort(from, said.port, said.tell);
    else this.takeObituary(from, said.id, said.port);
  }

  private takePort(from: MemberId, port: number, tell: boolean): void {
    // Who joins may be in the view before this member is.
    if (tell) this.tellPort(from, false);
    if (!this.isOther(from)) return;
    this.ports.set(from, port);
    this.watch();
  }

  private takeObituary(from: MemberId, id: MemberId, port: number): void {
    if (!this.isOther(from) || (!this.isOther(id) && id !== this.context.self.id)) {
      this.context.count('not-a-member');
      return;
    }
    if (!this.isOther(id) || this.dead.has(id)) return;
    this.reported.add(id);
    if (!this.ports.has(id)) this.ports.set(id, port);
    this.connect(id);
    this.watch();
  }

  private isOther(id: MemberId): boolean {
    return id !== this.context.self.id && (this.view?.members.some(member => member.id === id) ?? false);
  }
}
