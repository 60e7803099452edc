/** A member as a process of its own: keeps a journal of what was said in total order, and tells all that happens. */
import { setTimeout as sleep } from 'node:timers/promises';
import { defaultStack, type GroupMember, type GroupView, join, partition } from '@convoke/runtime/group';
import { offer, tell } from '../processes.js';
import { decodeLine, encodeLine, type Happening, type LineOrder, type News, now } from './happenings.js';

export interface JoinRequest {
  readonly address: string;
  readonly group: string;
  /** What it calls itself in its lines. */
  readonly name: string;
}

export interface SayRequest {
  readonly text: string;
  readonly order: LineOrder;
  /** When to say it, so that several say something at once. */
  readonly at: number;
}

/** A fault of the network that the demo can put between members: the lowest layer but the transport. */
const cable = partition();

let member: GroupMember;
let name: string;
/** The state of the group: a joiner is given it. */
let journal: string[] = [];
/** What this member has said in total order. */
const said: string[] = [];
let isLoaded = false;
let isTalking = false;

const note = (news: News): void => tell({ at: now(), ...news } satisfies Happening);

const state = {
  async *save() {
    yield Buffer.from(JSON.stringify(journal));
  },
  async load(pieces: AsyncIterable<Uint8Array>) {
    const chunks: Uint8Array[] = [];
    for await (const piece of pieces) chunks.push(piece);
    journal = JSON.parse(Buffer.concat(chunks).toString());
    isLoaded = true;
    note({ type: 'loaded', lines: journal.length });
  },
};

function say(text: string, order: LineOrder): void {
  if (order === 'total') said.push(text);
  note({ type: 'sent', order, text });
  member.send(encodeLine(order, text), { order });
}

function take(bytes: Uint8Array): void {
  const { order, text } = decodeLine(bytes);
  // A line that was said again is in the journal once.
  if (order === 'total' && !journal.includes(text)) journal.push(text);
  note({ type: 'delivered', order, text });
}

function enter({ id, members }: GroupView): void {
  note({ type: 'view', id, members, primary: member.primary });
  if (!isLoaded) return;
  isLoaded = false;
  // The journal is now that of the majority. What this member wrote while it was cut off is not in it: it says that again.
  const given = new Set(journal);
  for (const text of said.splice(0)) if (!given.has(text)) say(text, 'total');
}

const duties = {
  /** Resolves with the member's address when it is in the group. */
  async join(request: JoinRequest): Promise<string> {
    ({ name } = request);
    member = await join(request.address, {
      name: request.group,
      state,
      stack: purpose => {
        const [transport, ...layers] = defaultStack(purpose);
        return [transport!, cable, ...layers];
      },
    });
    member.receive(({ bytes }) => take(bytes));
    member.on('view', enter);
    member.on('suspect', suspected => note({ type: 'suspected', member: suspected }));
    isLoaded = false;
    enter(member.view);
    return member.address;
  },
  async say({ text, order, at }: SayRequest): Promise<void> {
    // Timers may be up to a millisecond early.
    for (let left = at - now(); left > 0; left = at - now()) await sleep(left);
    say(text, order);
  },
  /** Says a numbered line every so many milliseconds, until told to hush. */
  async talk(every: number): Promise<void> {
    isTalking = true;
    for (let number = said.length + 1; isTalking; number++) {
      say(`${name} ${number}`, 'total');
      await sleep(every);
    }
  },
  hush(): void {
    isTalking = false;
  },
  /** Cuts members of different sides off from each other. */
  split(sides: readonly (readonly string[])[]): void {
    cable.split(...sides);
  },
  heal(): void {
    cable.heal();
  },
  journal: (): readonly string[] => journal,
  leave: (): Promise<void> => member.leave(),
};

export type MemberDuties = typeof duties;

offer(duties);
