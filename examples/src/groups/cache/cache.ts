/** A cache kept in step: each web server has all of it in memory, and a change at one is a change at all. */
import { type GroupMember, ReplicatedMap } from '@convoke/runtime/group';
import type { Join } from '../scene.js';

export interface Cache<V> {
  readonly member: GroupMember;
  /** What the cache has; only where it has nothing, the database is asked, and all servers have it then. */
  get(key: string): Promise<V>;
  /** The database has changed: no server uses what it has any more. */
  forget(key: string): Promise<boolean>;
}

/**
 * @param load asks the database
 * @param onArrival called with the key of each value that has arrived in this server's copy
 */
export async function joinCache<V>(
  join: Join,
  load: (key: string) => Promise<V>,
  onArrival: (key: string) => void = () => {},
): Promise<Cache<V>> {
  const entries = new ReplicatedMap<string, V>('entries');
  entries.onChange(change => {
    if (change.kind === 'set') onArrival(change.key);
  });
  const member = await join('udp+multicast://239.255.74.12:7412', { name: 'cache', parts: [entries] });
  return {
    member,
    async get(key) {
      // Reading is local: it costs what a Map costs.
      const known = entries.get(key);
      if (known !== undefined) return known;
      const value = await load(key);
      await entries.set(key, value);
      return value;
    },
    forget: key => entries.delete(key),
  };
}
