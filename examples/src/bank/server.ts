/** A bank that customers reach: `node examples/dist/bank/server.js udp://127.0.0.1:7000` (or tcp://). */
import { implement, serve } from '@convoke/runtime';
import { health, reflection } from '@convoke/runtime/services';
import { Bank } from '../../../generated/dist/bank/index.js';
import { createBank, createBooks } from './bank.js';

const server = await serve({
  listen: process.argv[2] ?? 'udp://127.0.0.1:7000',
  services: [implement(Bank, createBank(createBooks())), health(), reflection()],
});
console.log(`the bank is open at ${server.addresses.join(' and ')}; Ctrl+C closes it`);
process.once('SIGINT', () => void server.close());
