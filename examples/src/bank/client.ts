/** A customer: `node examples/dist/bank/client.js udp://127.0.0.1:7000`, while the server of this folder runs. */
import { CallError, connect } from '@convoke/runtime';
import { Bank, Currency, Overdrawn } from '../../../generated/dist/bank/index.js';

const channel = await connect(process.argv[2] ?? 'udp://127.0.0.1:7000');
const bank = channel.client(Bank);
const euros = (amount: bigint) => ({ units: 100n * amount, currency: Currency.eur });

try {
  await bank.open('alice', 'Alice');
  await bank.deposit('alice', euros(100n));
  const { units } = await bank.withdraw('alice', euros(30n));
  console.log(`alice has ${units / 100n} euros`);
  await bank.withdraw('alice', euros(500n));
} catch (error) {
  if (error instanceof Overdrawn) console.log(`no: there are only ${error.data.balance.units / 100n} euros`);
  else if (error instanceof CallError) console.log(`${error.code}, ${error.outcome}: ${error.message}`);
  else throw error;
} finally {
  await channel.close();
}
