/** A member of a group in a process of its own. */

import { implement } from '@convoke/runtime';
import { join } from '@convoke/runtime/group';
import { Tallies } from '../dist/bench/index.js';
import { callOnAndOn, now, processorTime, serveDuties } from './processes.mjs';

let member;
let client;
let received = 0;
let isSending = false;
let sum = 0;
/** When each view came: how many members it has, and the time. */
const views = [];

serveDuties({
  /** Resolves in the first view, with the state where there is one. */
  async join({ address, options = {}, stateBytes }) {
    const begun = now();
    const tally = implement(Tallies, { add: amount => (sum = (sum + amount) >>> 0) });
    let loaded = 0;
    const state = stateBytes === undefined ? {} : { state: stateOf(stateBytes, bytes => (loaded += bytes)) };
    member = await join(address, { name: 'bench', services: [tally], ...state, ...options });
    views.push({ members: member.view.members.length, at: now() });
    member.on('view', ({ members }) => views.push({ members: members.length, at: now() }));
    member.receive(() => {
      received++;
    });
    client = member.client(Tallies);
    return { address: member.address, begun, done: now(), loaded };
  },
  /** When the first view of so many members after a time came. */
  async viewOf({ members, after }) {
    for (;;) {
      const found = views.find(view => view.members === members && view.at > after);
      if (found !== undefined) return found.at;
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  },
  isCoordinator: () => member.view.members[0] === member.address,
  /** Begins to multicast as fast as the group takes it. */
  send({ size, order }) {
    isSending = true;
    void sendOnAndOn(Buffer.alloc(size, 7), { order });
  },
  async rest() {
    isSending = false;
    await new Promise(resolve => setTimeout(resolve, 50));
  },
  /** What was delivered so far, when, and what it cost. */
  count: () => ({ received, at: now(), cpu: processorTime() }),
  /** Calls all for so long, and tells the latencies. */
  call: callAll,
  stats: () => member.stats(),
  leave: () => member.leave(),
});

async function sendOnAndOn(bytes, options) {
  while (isSending) if (!member.send(bytes, options)) await member.room();
}

async function callAll({ inFlight, milliseconds, options }) {
  const wanted = options?.replies === 'first' ? 1 : member.view.members.length;
  const call = async () => {
    const replies = await client.add(1, options);
    if (replies.length !== wanted || replies.some(({ kind }) => kind !== 'value')) {
      throw new Error(`not what was wanted: ${JSON.stringify(replies)}`);
    }
  };
  return callOnAndOn(call, inFlight, milliseconds);
}

/** @param loaded told of each piece */
function stateOf(bytes, loaded) {
  const piece = Buffer.alloc(256 * 1024, 5);
  return {
    async *save() {
      for (let left = bytes; left > 0; left -= piece.length)
        yield piece.subarray(0, Math.min(left, piece.length));
    },
    async load(pieces) {
      for await (const { length } of pieces) loaded(length);
    },
  };
}
