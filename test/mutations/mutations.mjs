/**
 * What the promise rests on, each taken out in turn: the simulated cases must notice. `npm run test:mutations` runs
 * them all and lists the tests that turn red; a mutation that no test notices fails the run.
 */

/** @typedef {{ name: string, file: string, find: string, replace: string }} Mutation */

/** @type {readonly Mutation[]} */
export const mutations = [
  {
    name: 'the duplicate filter',
    file: 'request-reply/callee.ts',
    find: 'if (this.filter.catches(link, sender.session, procedure, header, fingerprint, now)) return;',
    replace: '',
  },
  {
    name: 'the reply history',
    file: 'request-reply/answering.ts',
    find: 'if (call.recorded && session !== undefined) this.keep(session, call, reply);',
    replace: 'session?.history.finish(call.number, call.number);',
  },
  {
    name: 'the memory of finished calls',
    file: 'request-reply/history.ts',
    find: 'this.finished.add(start, to);',
    replace: '',
  },
  {
    name: 'the epoch check',
    file: 'request-reply/sessions.ts',
    find: 'if (!epoch.equals(this.epoch))',
    replace: 'if (false)',
  },
  {
    name: 'the unknown outcome of a lost session',
    file: 'request-reply/caller-parts.ts',
    find: 'if (!renewed) onLost();',
    replace: '',
  },
  {
    name: 'the record of a refusal',
    file: 'request-reply/duplicate-filter.ts',
    find: 'if (canRecord) session.history.record(call);',
    replace: '',
  },
  {
    name: 'the end of old cookies',
    file: 'request-reply/sessions.ts',
    find: 'this.cookies.refuseOlder(now);',
    replace: '',
  },
  {
    name: 'the token',
    file: 'request-reply/sessions.ts',
    find: '|| !session.token.equals(token)',
    replace: '',
  },
  {
    name: "the session's principal",
    file: 'request-reply/sessions.ts',
    find: 'if (!isSamePrincipal(session.principal, link.principal)) return',
    replace: 'if (false) return',
  },
  {
    name: 'the replay window',
    file: 'transport/seal.ts',
    find: "if (!window.admits(counter)) return 'replayed';",
    replace: '',
  },
  {
    name: 'the authentication of sealed datagrams',
    file: 'transport/seal.ts',
    find: 'decipher.final();',
    replace: '',
  },
  {
    name: 'the checksum',
    file: 'transport/packet.ts',
    find: 'crc32c(bytes, 0, bytes.length) === expected',
    replace: 'true',
  },
  {
    name: 'the rotating acknowledgement',
    file: 'request-reply/client-acknowledgement.ts',
    find: 'return [oldest, later];',
    replace: 'return [oldest];',
  },
  {
    name: 'the repetition of lost segments',
    file: 'request-reply/stream-sender.ts',
    find: 'this.lose(oldest, now);',
    replace: '',
  },
  {
    name: 'the credit of a slow consumer',
    file: 'request-reply/stream-sender.ts',
    find: 'this.pushedItems < this.creditItems &&',
    replace: '',
  },
  {
    name: 'the resumption of a stream',
    file: 'request-reply/stream-sender.ts',
    find: 'if (this.link !== undefined && this.link !== link && link.reliable) {',
    replace: 'if (false) {',
  },
  {
    name: 'the answer that waits for the items before it',
    file: 'request-reply/client-streams.ts',
    find: '&& followsItems(body)',
    replace: '&& false',
  },
  {
    // Members go to the next view with what they happen to have.
    name: 'the flush',
    file: 'group/membership/participant.ts',
    find: 'core.context.services.multicast.fetch(proposal.cut, proposal.holders, () => {',
    replace: '((_cut, _holders, done) => done())(proposal.cut, proposal.holders, () => {',
  },
  {
    // Others' messages are forgotten as soon as they are delivered here.
    name: 'the stability rule',
    file: 'group/reliable/multicast.ts',
    find: 'const stable = this.stability.stable(sender);',
    replace: 'const stable = sender === this.rank ? this.stability.stable(sender) : inbox.contiguous;',
  },
  {
    name: 'the majority that a safe message waits for',
    file: 'group/order/order.ts',
    find: 'return holders >= majorityOf(view!);',
    replace: 'return true;',
  },
  {
    // Who comes first when the sequencer is gone orders nothing.
    name: "the sequencer's failover",
    file: 'group/order/order.ts',
    find: 'view.members[0]?.id === this.context.self.id ?',
    replace:
      'view.members[0]?.id === this.context.self.id && (view.id.counter < 2 || this.sequencer !== undefined) ?',
  },
];

/**
 * A Vite plugin that takes one thing out of the runtime as it is loaded.
 *
 * @param {string} name
 */
export function mutate(name) {
  const mutation = mutations.find(each => each.name === name);
  if (mutation === undefined) throw new Error(`there is no mutation '${name}'`);
  return {
    name: 'mutate',
    enforce: 'pre',
    /** @param {string} code @param {string} id */
    transform(code, id) {
      if (!id.endsWith(`runtime/src/${mutation.file}`)) return undefined;
      if (!code.includes(mutation.find)) throw new Error(`'${name}': its place in ${mutation.file} is gone`);
      return code.replace(mutation.find, mutation.replace);
    },
  };
}
