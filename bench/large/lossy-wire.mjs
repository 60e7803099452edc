/** A relay of datagrams on loopback that loses some of them at random, in a process of its own. */
import { randomFaults, relayDatagrams } from '../../examples/dist/wire/datagram-relay.js';
import { createChance } from '../../examples/dist/wire/random.js';
import { offer } from './duties.mjs';

offer({
  /** Puts the relay before a server, and returns the port that clients send to. */
  async relay({ serverPort, loss, seed }) {
    const faults = { loss, duplicate: 0, reorder: 0, delay: [0, 0] };
    return (await relayDatagrams(serverPort, randomFaults(faults, createChance(seed)))).port;
  },
});
