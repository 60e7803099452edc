/**
 * A member of a group as a process of its own: joins as its only argument says, prints what happens to it as JSON, a line
 * each, and does what the lines of its standard input say. `../groups/group-member.ts` has the types of all three.
 */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { join, MessageDispatcher } from '@convoke/runtime/group';

const { address, name, script = [], ...options } = JSON.parse(process.argv[2]);

const tell = (type, rest) => process.stdout.write(`${JSON.stringify({ type, at: Date.now(), ...rest })}\n`);

/** Of the state that members hand to those that join: the texts that were delivered, in their order. */
let delivered = [];
const state = {
  async *save() {
    yield Buffer.from(JSON.stringify(delivered));
  },
  async load(chunks) {
    const parts = [];
    for await (const chunk of chunks) parts.push(chunk);
    delivered = JSON.parse(Buffer.concat(parts));
    tell('state', { texts: delivered });
  },
};

/** Answers what the group is asked, or never does. */
const dispatcher = new MessageDispatcher({
  onRequest: bytes => (options.silent ? new Promise(() => {}) : bytes),
});

const member = await join(address, { name, parts: [dispatcher], ...(options.state ? { state } : {}) });

member.on('view', view => tell('view', { view }));
member.on('suspect', suspected => tell('suspect', { member: suspected }));
member.on('unsuspect', trusted => tell('unsuspect', { member: trusted }));
member.on('end', reason => tell('end', { reason }));
member.receive(({ from, bytes }) => {
  const text = Buffer.from(bytes).toString();
  delivered.push(text);
  tell('message', { from, text });
});
tell('joined', { member: member.address, view: member.view });

const duties = {
  /** `count` messages, `every` so many milliseconds, or as fast as flow control lets them go. */
  async send({ text, count = 1, every = 0, order = 'fifo', safe = false }) {
    for (let index = 0; index < count; index++) {
      if (!member.writable) await member.room();
      member.send(Buffer.from(count === 1 ? text : `${text} ${index}`), { order, safe });
      if (every > 0) await sleep(every);
    }
    tell('sent', { text, count });
  },
  /** Asks all members, and tells what became of it at each. */
  async cast({ text, replies, deadline }) {
    const all = await dispatcher.cast(Buffer.from(text), { replies, deadline });
    tell('replies', { text, replies: all.map(({ kind, member: of }) => ({ kind, member: of })) });
  },
  sendTo: ({ to, text }) => member.sendTo(to, Buffer.from(text)),
  async leave() {
    await member.leave();
    tell('left', {});
  },
  stats: () => tell('stats', { stats: member.stats() }),
  /** Ends without a word to the group. */
  stop: () => process.exit(),
};

const follow = async command => {
  try {
    await duties[command.type](command);
  } catch (error) {
    tell('error', { command, message: error instanceof Error ? error.message : String(error) });
  }
};

for (const command of script) void follow(command);
createInterface({ input: process.stdin })
  .on('line', line => void follow(JSON.parse(line)))
  .on('close', () => process.exit());
