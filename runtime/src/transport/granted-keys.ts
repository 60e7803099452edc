/** A server's keys for sealed UDP: as many as it was told, and none for long that nobody uses. */
import type { Clock, Timer } from '../platform/platform.js';
import type { Principal } from '../schema/description.js';
import type { Seal } from './seal.js';
import type { UdpLink } from './udp.js';

/** Milliseconds after which a key is dropped: with which nothing came, nothing more came, or that was not renewed. */
const patience = 30_000;
const longestSilence = 600_000;
const lifetime = 7_200_000;

const sweepInterval = 15_000;

export interface GrantedKey {
  readonly seal: Seal;
  readonly principal: Principal | undefined;
  readonly grantedAt: number;
  /** When the last genuine datagram came; undefined before the first. */
  lastHeard: number | undefined;
  /** To where that came from. */
  link: UdpLink | undefined;
}

export interface GrantedKeys {
  readonly isFull: boolean;
  add(seal: Seal, principal: Principal | undefined): void;
  find(id: string): GrantedKey | undefined;
  /** The paths by which clients use them. */
  links(): Iterable<UdpLink>;
  close(): void;
}

export function createGrantedKeys(clock: Clock, most: number): GrantedKeys {
  const keys = new Map<string, GrantedKey>();
  let timer: Timer | undefined;

  const scheduleSweep = (): void => {
    timer = clock.setTimer(sweepInterval, () => {
      timer = undefined;
      const now = clock.now();
      for (const [id, key] of keys) if (isOver(key, now)) keys.delete(id);
      if (keys.size > 0) scheduleSweep();
    });
    timer.unref();
  };

  return {
    get isFull() {
      return keys.size >= most;
    },
    add: (seal, principal) => {
      keys.set(seal.id, { seal, principal, grantedAt: clock.now(), lastHeard: undefined, link: undefined });
      if (timer === undefined) scheduleSweep();
    },
    find: id => keys.get(id),
    links: () => [...keys.values()].flatMap(({ link }) => link ?? []),
    close: () => {
      timer?.cancel();
      keys.clear();
    },
  };
}

function isOver({ grantedAt, lastHeard }: GrantedKey, now: number): boolean {
  if (now - grantedAt > lifetime) return true;
  return lastHeard === undefined ? now - grantedAt > patience : now - lastHeard > longestSilence;
}
