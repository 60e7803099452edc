/** Members of a group that are processes of their own, on a host of a LAN or on this one. */
import { spawn } from 'node:child_process';
import type { GroupView } from '../../../runtime/src/group/view.js';
import type { ReplyPolicy } from '../../../runtime/src/schema/group.js';
import type { LanHost } from './lan.js';
import { type Talking, talkTo } from './lines.js';

export interface MemberOptions {
  /** The group's, as `join` takes it. */
  readonly address: string;
  readonly name: string;
  /** Whether it hands what it delivered to those that join, and takes it when it joins. */
  readonly state?: boolean;
  /** It never answers what the group is asked. */
  readonly silent?: boolean;
  /** What it does once it has joined, all at once. */
  readonly script?: readonly Command[];
}

/** What a member can be told. */
export type Command =
  | {
      readonly type: 'send';
      /** Followed by its number from 0, where there are several. */
      readonly text: string;
      readonly count?: number;
      /** Milliseconds between two of them; without, as fast as flow control allows. */
      readonly every?: number;
      readonly order?: 'unordered' | 'fifo' | 'causal' | 'total';
      readonly safe?: boolean;
    }
  | {
      readonly type: 'cast';
      readonly text: string;
      readonly replies: ReplyPolicy;
      /** In milliseconds. */
      readonly deadline: number;
    }
  | { readonly type: 'sendTo'; readonly to: string; readonly text: string }
  | { readonly type: 'leave' }
  | { readonly type: 'stats' }
  /** Ends the process without a word to the group. */
  | { readonly type: 'stop' };

/** What a member prints, with the wall-clock time. */
export type Happening = { readonly at: number } & (
  | { readonly type: 'joined'; readonly member: string; readonly view: GroupView }
  | { readonly type: 'state'; readonly texts: readonly string[] }
  | { readonly type: 'view'; readonly view: GroupView }
  | { readonly type: 'suspect' | 'unsuspect'; readonly member: string }
  | { readonly type: 'message'; readonly from: string; readonly text: string }
  | { readonly type: 'sent'; readonly text: string; readonly count: number }
  | {
      readonly type: 'replies';
      readonly text: string;
      readonly replies: readonly { readonly kind: string; readonly member: string }[];
    }
  | { readonly type: 'end'; readonly reason: string }
  | { readonly type: 'left' }
  | { readonly type: 'stats'; readonly stats: Readonly<Record<string, unknown>> }
  | { readonly type: 'error'; readonly command: Command; readonly message: string }
);

const program = new URL('../programs/group-member.mjs', import.meta.url);

/** Starts a member that is ended when the test is over. Without a host, it runs on this one. */
export function startMember(options: MemberOptions, host?: LanHost): GroupMember {
  const words = JSON.stringify(options);
  const child =
    host?.start(program, words) ??
    spawn(process.execPath, [program.pathname, words], { stdio: ['pipe', 'pipe', 'inherit'] });
  return new GroupMember(talkTo(child));
}

export class GroupMember {
  /** In the order in which it happened. */
  readonly happenings: Happening[] = [];
  private readonly talking: Talking;

  constructor(talking: Talking) {
    this.talking = talking;
    talking.onLine(line => void this.happenings.push(JSON.parse(line) as Happening));
  }

  /** As the group names it. */
  get address(): string {
    const joined = this.happenings.find(({ type }) => type === 'joined');
    if (joined?.type !== 'joined') throw new Error('it has not joined yet');
    return joined.member;
  }

  /** All views that it was in. */
  get views(): GroupView[] {
    return this.happenings.flatMap(each =>
      each.type === 'view' || each.type === 'joined' ? [each.view] : [],
    );
  }

  /** The latest view. */
  get view(): GroupView | undefined {
    return this.views.at(-1);
  }

  /** What it delivered. */
  get texts(): string[] {
    return this.happenings.flatMap(each => (each.type === 'message' ? [each.text] : []));
  }

  tell(command: Command): void {
    this.talking.say(JSON.stringify(command));
  }

  /** `SIGKILL` ends it, `SIGSTOP` freezes it, `SIGCONT` lets it go on. */
  signal(signal: NodeJS.Signals): void {
    this.talking.signal(signal);
  }

  /** Settled when its process is gone. */
  get gone(): Promise<void> {
    return this.talking.gone;
  }

  /** Waits until it is so; the test's time limit ends the wait. */
  until(isSo: (member: GroupMember) => boolean): Promise<void> {
    return this.talking.until(() => isSo(this));
  }

  /** Waits for a view of exactly these. */
  async sees(...members: readonly GroupMember[]): Promise<void> {
    const wanted = members.map(({ address }) => address).sort();
    await this.until(({ view }) => view !== undefined && [...view.members].sort().join() === wanted.join());
  }

  /** Waits until it has delivered so many messages. */
  async delivers(count: number): Promise<void> {
    await this.until(({ texts }) => texts.length >= count);
  }
}
