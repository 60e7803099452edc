/** Finds the members of a group: asks where they may be, and answers those who ask. */
import type { Platform, SocketAddress } from '../../platform/platform.js';
import { MalformedBytes } from '../bytes.js';
import type { Layer, LayerContext, LayerSpec } from '../layer.js';
import { everyone, type MemberId } from '../member.js';
import { type Batch, Kind, Message } from '../message.js';
import type { Discovered, DiscoveryService } from '../services.js';
import { rankOf, sameView } from '../view.js';
import { createAnswers } from './answers.js';
import { type DiscoveryFrame, readDiscovery, writeDiscovery } from './frames.js';

/** Looks up where members may be: a list, a file, the domain name system. */
export type AddressSource = (platform: Platform) => Promise<readonly SocketAddress[]>;

/** Milliseconds after which who looks asks again, at first and at the most: packets are lost, and members begin late. */
const firstInterval = 50;
const longestInterval = 1000;

/** How many that answer, and that look, are remembered in one search. */
const mostFound = 1024;

interface Search {
  readonly found: Parameters<DiscoveryService['find']>[1];
  readonly endsAt: number;
  readonly answers: Map<MemberId, Discovered>;
  readonly seekers: Set<MemberId>;
  attempt: number;
  asksAt: number;
}

/**
 * The layer that finds members.
 *
 * @param source where members may be, besides those that the transport reaches when it sends to everyone; looked up anew
 *   for each search
 */
export function discovery(name: string, source?: AddressSource): LayerSpec {
  return {
    name,
    requires: ['transport'],
    provides: ['discovery'],
    create: context => {
      const layer = new Discovery(context, source);
      context.provide('discovery', layer);
      return layer;
    },
  };
}

class Discovery implements Layer, DiscoveryService {
  answer: Discovered | undefined;
  onForeign: ((found: Discovered) => void) | undefined;
  private readonly context: LayerContext;
  private readonly source: AddressSource | undefined;
  private readonly answers;
  private search: Search | undefined;
  private open = true;

  constructor(context: LayerContext, source: AddressSource | undefined) {
    this.context = context;
    this.source = source;
    this.answers = createAnswers(context, seeker => {
      if (this.answer !== undefined) this.send(seeker, { type: 'answer', found: this.answer });
    });
  }

  get wakeAt(): number {
    const { search, answers } = this;
    return Math.min(
      answers.dueAt,
      search === undefined ? Number.POSITIVE_INFINITY : Math.min(search.asksAt, search.endsAt),
    );
  }

  async start(): Promise<void> {
    // A source that cannot be read at all is found out here, before a member believes that it is the first.
    if (this.source !== undefined)
      this.context.services.transport.places = await this.source(this.context.platform);
  }

  stop(): void {
    this.open = false;
    this.search = undefined;
  }

  find(timeout: number, found: Search['found']): void {
    const now = this.context.clock.now();
    this.search = {
      found,
      endsAt: now + timeout,
      answers: new Map(),
      seekers: new Set(),
      attempt: 0,
      asksAt: now,
    };
    this.lookUp();
    this.ask(this.search, now);
    this.context.reschedule();
  }

  announce(): void {
    if (this.answer !== undefined) this.send(everyone, { type: 'announce', found: this.answer });
  }

  up(batch: Batch): void {
    if (!batch.some(({ kind }) => kind === Kind.discovery)) {
      this.context.up(batch);
      return;
    }
    const others: Message[] = [];
    for (const message of batch) {
      if (message.kind === Kind.discovery) this.take(message);
      else others.push(message);
    }
    if (others.length > 0) this.context.up(others);
  }

  tick(now: number): void {
    this.answers.tick(now);
    const { search } = this;
    if (search === undefined) return;
    if (now >= search.endsAt) this.end(search);
    else if (now >= search.asksAt) this.ask(search, now);
  }

  private take({ sender, body }: Message): void {
    let frame: DiscoveryFrame;
    try {
      frame = readDiscovery(body, sender);
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      this.context.count('malformed');
      return;
    }
    if (frame.type === 'seek') this.takeSeek(sender, frame.attempt);
    else {
      for (const member of frame.found.view.members) this.context.directory.learn(member);
      if (frame.type === 'answer') this.takeAnswer(frame.found);
      else if (this.answer !== undefined && !sameView(this.answer.view.id, frame.found.view.id)) {
        this.onForeign?.(frame.found);
      }
    }
  }

  private takeSeek(seeker: MemberId, attempt: number): void {
    const { search, answer } = this;
    if (search !== undefined && search.seekers.size < mostFound) search.seekers.add(seeker);
    if (answer !== undefined) {
      this.answers.ask(
        seeker,
        attempt,
        rankOf(answer.view, this.context.self.id),
        answer.view.members.length,
      );
    }
  }

  private takeAnswer(found: Discovered): void {
    const { search } = this;
    if (search === undefined) return;
    if (search.answers.size < mostFound || search.answers.has(found.by)) search.answers.set(found.by, found);
    if (found.view.members[0]!.id === found.by) this.end(search);
  }

  private end({ found, answers, seekers }: Search): void {
    this.search = undefined;
    found([...answers.values()], [...seekers]);
  }

  private ask(search: Search, now: number): void {
    search.asksAt = now + Math.min(firstInterval * 2 ** search.attempt, longestInterval);
    this.send(everyone, { type: 'seek', attempt: search.attempt++ });
  }

  /** Where members may be can change while a member lives. What was known last stays when it cannot be looked up. */
  private lookUp(): void {
    const { transport } = this.context.services;
    this.source?.(this.context.platform).then(
      places => {
        if (!this.open || isSame(places, transport.places)) return;
        transport.places = places;
        const { search } = this;
        if (search !== undefined) this.ask(search, this.context.clock.now());
        this.context.reschedule();
      },
      () => {},
    );
  }

  private send(target: MemberId, frame: DiscoveryFrame): void {
    const { id } = this.context.self;
    this.context.down([new Message(Kind.discovery, id, target, writeDiscovery(frame))]);
  }
}

function isSame(one: readonly SocketAddress[], other: readonly SocketAddress[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ host, port }, index) => host === other[index]!.host && port === other[index]!.port)
  );
}
