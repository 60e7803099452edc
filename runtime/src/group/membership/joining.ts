/** How a process becomes a member: it looks for the group, asks its coordinator, or founds the group. */
import type { MemberId } from '../member.js';
import type { Discovered } from '../services.js';
import { compareViews } from '../view.js';
import type { MembershipCore } from './core.js';

/** Times in milliseconds. */
export interface JoiningOptions {
  /** How long to look for members before the group is founded. Default: 400. */
  readonly searchTime?: number;
}

const retryPause = 150;
const requestsPerCoordinator = 8;

export class Joining {
  wakeAt = Number.POSITIVE_INFINITY;
  private coordinator: MemberId | undefined;
  private token = 0;
  private requests = 0;
  private isActive = false;
  private readonly searchTime: number;
  private readonly core: MembershipCore;
  private readonly found: () => void;
  /** Seekers that were to found the group, and have not. */
  private readonly idle = new Map<MemberId, number>();

  /** @param found founds the group */
  constructor(core: MembershipCore, { searchTime = 400 }: JoiningOptions, found: () => void) {
    this.core = core;
    this.searchTime = searchTime;
    this.found = found;
  }

  start(): void {
    this.isActive = true;
    this.search();
  }

  stop(): void {
    this.isActive = false;
    this.wakeAt = Number.POSITIVE_INFINITY;
  }

  /** A coordinator wants to see that this address is this member's. */
  challenged(from: MemberId, token: number): void {
    if (!this.isActive || from !== this.coordinator) return;
    this.token = token;
    this.request(this.core.now);
  }

  tick(now: number): void {
    if (!this.isActive || this.wakeAt > now) return;
    if (this.requests >= requestsPerCoordinator) this.search();
    else this.request(now);
  }

  private search(): void {
    this.wakeAt = Number.POSITIVE_INFINITY;
    this.core.context.services.discovery.find(this.searchTime, (members, seekers) => {
      if (!this.isActive) return;
      const best = bestOf(members);
      if (best !== undefined) this.ask(best);
      else if (this.isFirstOf(seekers)) this.found();
      else this.search();
    });
  }

  private ask({ view }: Discovered): void {
    for (const member of view.members) this.core.context.directory.learn(member);
    this.coordinator = view.members[0]!.id;
    this.token = 0;
    this.requests = 0;
    this.request(this.core.now);
  }

  private request(now: number): void {
    this.requests++;
    this.wakeAt = now + retryPause * (0.75 + this.core.context.random.next() / 2);
    this.core.send(this.coordinator!, { type: 'join', member: this.core.self, token: this.token });
  }

  /** Of those that look at the same time, the one with the lowest id founds the group; the others find it then. */
  private isFirstOf(seekers: readonly MemberId[]): boolean {
    let first = this.core.self.id;
    for (const id of seekers) {
      // Who was to found it three times and did not may be gone, or hear nobody.
      if (id < first && (this.idle.get(id) ?? 0) < 3) first = id;
    }
    if (first === this.core.self.id) return true;
    this.idle.set(first, (this.idle.get(first) ?? 0) + 1);
    return false;
  }
}

/** Where there are several views: the primary partition, then the one with most members. */
function bestOf(members: readonly Discovered[]): Discovered | undefined {
  return [...members].sort(
    (a, b) =>
      Number(b.primary) - Number(a.primary) ||
      b.view.members.length - a.view.members.length ||
      compareViews(b.view.id, a.view.id),
  )[0];
}
