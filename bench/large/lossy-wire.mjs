/** A relay of datagrams on loopback that loses some of them at random, in a process of its own. */
import process from 'node:process';
import { createChance } from '../../examples/dist/wire/random.js';
import { randomFaults, relayDatagrams } from '../../examples/dist/wire/datagram-relay.js';

const duties = {
  /** Puts the relay before a server, and returns the port that clients send to. */
  async relay({ serverPort, loss, seed }) {
    const faults = { loss, duplicate: 0, reorder: 0, delay: [0, 0] };
    return (await relayDatagrams(serverPort, randomFaults(faults, createChance(seed)))).port;
  },
};

process.on('message', async ({ duty, argument }) => {
  try {
    process.send({ value: await duties[duty](argument) });
  } catch (error) {
    process.send({ error: error instanceof Error ? error.stack : String(error) });
  }
});
process.on('disconnect', () => process.exit());
process.send({ value: 'ready' });
