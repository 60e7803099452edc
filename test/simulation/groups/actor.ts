/** A member on the stage: one incarnation on one host, of whose doings the judge is told. */
import type { GroupMember } from '@convoke/runtime/group';
import type { DeliveryOrder } from '../../../runtime/src/schema/group.js';
import type { GroupJudge } from '../../judge/group-judge.js';
import { type Payload, readPayload } from '../../judge/group-payload.js';

/** How a message is sent. */
export interface Manner {
  /** Default: fifo. */
  readonly order?: DeliveryOrder;
  /** Default: false. */
  readonly safe?: boolean;
  /** Of the whole payload, in bytes. */
  readonly length?: number;
}

/** What is told of a member beside what the judge is told. */
export interface ActorOptions {
  /** Called after each delivery was judged, from the first on. */
  readonly onDelivery?: (payload: Payload) => void;
  /** What the state contains that it was given when it joined. */
  readonly contained?: () => readonly string[];
}

export class Actor {
  /** Of the host. */
  readonly name: string;
  readonly member: GroupMember;
  /** What was delivered, in its order. */
  readonly delivered: Payload[] = [];
  /** Whom it suspected, and whom it trusted again. */
  readonly suspicions: { readonly of: string; readonly trusted: boolean }[] = [];
  /** How its life in the group ended; `crashed` is set by the stage. */
  end: 'left' | 'destroyed' | 'failed' | 'crashed' | undefined;
  /** Called after each delivery was judged. */
  onDelivery: (payload: Payload) => void = () => {};
  private readonly judge: GroupJudge;

  constructor(name: string, member: GroupMember, judge: GroupJudge, options: ActorOptions = {}) {
    this.name = name;
    this.member = member;
    this.judge = judge;
    const { address } = member;
    if (options.onDelivery !== undefined) this.onDelivery = options.onDelivery;
    judge.view(address, member.view);
    judge.contain(address, options.contained?.() ?? []);
    member.on('view', view => judge.view(address, view));
    member.on('suspect', of => {
      this.suspicions.push({ of, trusted: false });
      judge.suspect(address, of);
    });
    member.on('unsuspect', of => {
      this.suspicions.push({ of, trusted: true });
      judge.unsuspect(address, of);
    });
    member.on('end', reason => {
      this.end ??= reason;
      judge.end(address, reason);
    });
    member.receive(({ from, bytes }) => {
      judge.deliver(address, from, bytes);
      const payload = readPayload(bytes);
      if (payload === undefined) return;
      this.delivered.push(payload);
      this.onDelivery(payload);
    });
  }

  get address(): string {
    return this.member.address;
  }

  /** It is in the group, as far as it and the stage know. */
  get isAlive(): boolean {
    return this.end === undefined;
  }

  /** The views it has been in, the current one last. */
  get views() {
    return this.judge.history.member(this.address).stays.map(({ view }) => view);
  }

  /** What was delivered of another. */
  deliveredOf(sender: Actor): Payload[] {
    return this.delivered.filter(each => each.sender === sender.address);
  }

  /** Multicasts one message. */
  send({ order = 'fifo', safe = false, length = 0 }: Manner = {}): void {
    this.judge.send(this.address, { order, safe, length }, bytes => this.member.send(bytes, { order, safe }));
  }

  async leave(): Promise<void> {
    this.judge.leaving(this.address);
    await this.member.leave();
  }

  async destroy(members: readonly Actor[]): Promise<void> {
    for (const each of members) this.judge.leaving(each.address);
    await this.member.destroy();
  }
}
