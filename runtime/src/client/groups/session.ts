/** One client of an open group: known to all its members, with one count of calls. */
import type { OpenGroupClient } from '../../generated/group/index.js';
import type { Random } from '../../platform/platform.js';

const clientIdBytes = 16;

export class GroupSession {
  readonly client: Uint8Array;
  /** The group's incarnation. */
  readonly epoch: Promise<Uint8Array>;
  /** The group does not know it any more. */
  lost = false;
  private number = 0;
  /** In the order in which they began. */
  private readonly open = new Set<number>();

  /** @param deadline in milliseconds, until the group must know the client */
  constructor(group: string, members: OpenGroupClient, random: Random, deadline: number) {
    this.client = random.bytes(clientIdBytes);
    this.epoch = members.open(group, this.client, { deadline });
    // Whoever makes a call is told.
    this.epoch.catch(() => {});
  }

  /** Numbers a call. */
  begin(): number {
    this.open.add(++this.number);
    return this.number;
  }

  /** It has ended: its replies are not wanted any more. */
  end(number: number): void {
    this.open.delete(number);
  }

  /** Of the calls that have not ended. */
  get lowest(): number {
    for (const number of this.open) return number;
    return this.number + 1;
  }
}
