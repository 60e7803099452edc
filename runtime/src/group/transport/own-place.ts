/** Where a member is when its group has a list of places. */
import type { Platform, SocketAddress } from '../../platform/platform.js';
import type { ListAddress } from '../address.js';
import { unknownName } from '../discovery/list.js';

/** What the system says of a place that is another machine's, or where another member is, or of a name yet unknown. */
const notOurs = new Set(['EADDRNOTAVAIL', 'EADDRINUSE', ...unknownName]);

/**
 * Opens what `open` opens at the place that the address names, or else at the first of the list where it can be.
 *
 * @throws Error when it can be at none of them
 */
export async function openAtOwnPlace<Opened>(
  { scheme, places, bind }: ListAddress,
  { datagrams }: Platform,
  open: (at: SocketAddress) => Promise<Opened>,
): Promise<Opened> {
  const openAt = async ({ host, port }: SocketAddress): Promise<Opened> => {
    const at = { host: await datagrams.resolve(host), port };
    if (at.host === '0.0.0.0' || at.host === '::') {
      throw new Error(`a member is reached at one address: bind it to that of an interface, not to ${host}`);
    }
    return open(at);
  };
  if (bind !== undefined) return openAt(bind);
  const failures: string[] = [];
  for (const place of places) {
    try {
      return await openAt(place);
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      if (!notOurs.has(code ?? '')) throw error;
      failures.push(message);
    }
  }
  throw new Error(
    `none of the places of the group is this machine's and free (${failures.join('; ')}): ` +
      `add one to the list, or name another in ${scheme}://…?bind=HOST:PORT`,
  );
}
