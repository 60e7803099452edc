import type { CallError, DeclaredError } from '@convoke/runtime';
import type { Reply } from '@convoke/runtime/group';
import { Overdrawn } from '../../../../generated/dist/ledger/index.js';
import type { Scene } from '../scene.js';
import { openBranch } from './ledger.js';

/** Two branches pay out of the same account at the same moment, and there is enough for one of them only. */
export async function playLedger({ joinAs, show }: Scene): Promise<string[]> {
  const [berlin, paris] = [await openBranch(joinAs('berlin')), await openBranch(joinAs('paris'))];
  await berlin.ledger.open('alice');
  await berlin.ledger.deposit('alice', 100_00n);

  const [atBerlin, atParis] = await Promise.all([
    berlin.ledger.withdraw('alice', 70_00n, { replies: 'all' }),
    paris.ledger.withdraw('alice', 70_00n, { replies: 'all' }),
  ]);
  show(`Berlin pays 70 out: ${atBerlin.map(textOf).join(', ')}`);
  show(`Paris pays 70 out:  ${atParis.map(textOf).join(', ')}`);

  const rome = await openBranch(joinAs('rome'));
  await rome.ledger.deposit('alice', 5_00n, { replies: 'all' });
  const copies = [berlin, paris, rome].map(({ accounts }) => `${accounts.get('alice')! / 100n}`);
  show(`Rome opens, is handed the accounts, and pays 5 in. The three copies hold ${copies.join(', ')}`);

  await Promise.all([berlin, paris, rome].map(({ member }) => member.close()));
  return copies;
}

function textOf(reply: Reply<bigint, DeclaredError>): string {
  if (reply.kind === 'value') return `${reply.value / 100n} left`;
  return reply.kind === 'error' ? refusal(reply.error) : reply.kind;
}

function refusal(error: DeclaredError | CallError): string {
  return error instanceof Overdrawn ? `no, only ${error.data.cents / 100n} there` : error.message;
}
