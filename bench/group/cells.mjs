/** One measurement each: fresh processes, a warm-up, and the figures. */
import { start } from './processes.mjs';

const scripts = { convoke: './member.mjs', raw: './raw.mjs' };
const warmUp = 1500;

/** Multicast as fast as it goes; messages a second at each receiver, and processor time for each. */
export async function throughput(contestant, { members, size, order, all = false, milliseconds }) {
  return withGroup(contestant, members, async processes => {
    const senders = all ? processes : processes.slice(0, 1);
    const receivers = all ? processes : processes.slice(1);
    await Promise.all(senders.map(sender => sender.ask('send', { size, order })));
    await pause(warmUp);
    const before = await Promise.all(processes.map(each => each.ask('count')));
    await pause(milliseconds);
    const after = await Promise.all(processes.map(each => each.ask('count')));
    await Promise.all(senders.map(sender => sender.ask('rest')));
    const of = each => {
      const [one, two] = [before[processes.indexOf(each)], after[processes.indexOf(each)]];
      const messages = two.received - one.received;
      return { rate: (messages / (two.at - one.at)) * 1000, cpu: ((two.cpu - one.cpu) * 1000) / messages };
    };
    return {
      rate: mean(receivers.map(of).map(({ rate }) => rate)),
      senderCpu: mean(senders.map(of).map(({ cpu }) => cpu)),
      receiverCpu: mean(receivers.map(of).map(({ cpu }) => cpu)),
    };
  });
}

/** Calls to all members by one of them, which is one of those that answer. */
export async function calls(contestant, { members, inFlight, milliseconds, options }) {
  return withGroup(contestant, members, async processes => {
    const caller = processes.at(-1);
    await caller.ask('call', { inFlight, milliseconds: warmUp, options });
    const before = await Promise.all(processes.map(each => each.ask('count')));
    const { rate, p50, p99, calls, cpu } = await caller.ask('call', { inFlight, milliseconds, options });
    const after = await Promise.all(processes.map(each => each.ask('count')));
    const others = processes.slice(0, -1).map((_, index) => after[index].cpu - before[index].cpu);
    return { rate, p50, p99, senderCpu: (cpu * 1000) / calls, receiverCpu: (mean(others) * 1000) / calls };
  });
}

/** How long after a signal the last of the others is in a view without that member: milliseconds. */
export async function deaths({ members, signal, times }) {
  return withGroup('convoke', members, async (processes, address) => {
    const taken = [];
    for (let time = 0; time < times; time++) {
      // The coordinator and another one by turns.
      const roles = await Promise.all(processes.map(each => each.ask('isCoordinator')));
      const [victim] = processes.splice(roles.indexOf(time % 2 === 0), 1);
      const at = victim.signal(signal);
      const views = await Promise.all(
        processes.map(each => each.ask('viewOf', { members: members - 1, after: at })),
      );
      taken.push(Math.max(...views) - at);
      if (signal !== 'SIGKILL') victim.signal('SIGKILL');
      await victim.end();
      const next = await start(scripts.convoke);
      processes.push(next);
      const { done } = await next.ask('join', { address });
      await Promise.all(
        processes.map(each => each.ask('viewOf', { members, after: Math.min(at + 1, done) })),
      );
    }
    return { milliseconds: taken };
  });
}

/** From the view in which a member is new to when it has the state: milliseconds. */
export async function state({ bytes }) {
  const options = { stateBytes: bytes };
  return withGroup(
    'convoke',
    1,
    async (processes, address) => {
      const [provider] = processes;
      const joiner = await start(scripts.convoke);
      processes.push(joiner);
      const { begun, done, loaded } = await joiner.ask('join', { address, ...options });
      if (loaded !== bytes) throw new Error(`${loaded} of ${bytes} bytes of state came`);
      const view = await provider.ask('viewOf', { members: 2, after: 0 });
      return { milliseconds: done - view, joining: done - begun };
    },
    options,
  );
}

let port = 20_000 + Math.floor(Math.random() * 20_000);

/** Ends the processes whatever happens. */
async function withGroup(contestant, members, work, options = {}) {
  const place = { host: '239.255.77.1', port: port++ };
  const address = `udp+multicast://${place.host}:${place.port}?interface=127.0.0.1&ttl=0`;
  const processes = await Promise.all(Array.from({ length: members }, () => start(scripts[contestant])));
  try {
    if (contestant === 'raw')
      await Promise.all(processes.map(each => each.ask('open', { ...place, members })));
    else {
      await Promise.all(processes.map(each => each.ask('join', { address, ...options })));
      await Promise.all(processes.map(each => each.ask('viewOf', { members, after: 0 })));
    }
    return await work(processes, address);
  } finally {
    await Promise.all(processes.map(each => each.end()));
  }
}

const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));
const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length;
