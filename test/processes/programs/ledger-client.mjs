/** A client of the ledger as a process of its own, so that it can die. */
import { connect } from '@convoke/runtime';
import { offer } from '../../../examples/dist/processes.js';
import { Ledger } from '../../../generated/dist/testing/ledger/index.js';

let client;

offer({
  connect: async address => {
    client = (await connect(address)).client(Ledger);
  },
  once: job => client.once(job),
});
