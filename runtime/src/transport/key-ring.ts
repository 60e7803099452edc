/** A client's keys for sealed UDP: the one in use, which is renewed in time, and the one before it. */
import type { Clock } from '../platform/platform.js';
import { renewedAfter, type Seal } from './seal.js';

/** Milliseconds after which a key is renewed. A server drops it later than that. */
const lifetime = 3_600_000;

/** Milliseconds between two attempts to get a key at least, doubled with each that fails. */
const leastInterval = 1000;
const longestInterval = 60_000;

export interface KeyRing {
  /** The key to seal with now. Whether it must be renewed is looked at here, and nothing waits for that. */
  current(): Seal;
  /** The key with which a datagram came. */
  find(id: string): Seal | undefined;
  /**
   * Somebody says that the server does not know the key, as one does that was started anew. Whoever it is has seen a
   * datagram of this client, and gets it to ask the server now and then, but not to give the key up.
   */
  onUnknown(id: string): void;
  close(): void;
}

/** Rejects where no key can be had. @param obtain gets one from the server */
export async function createKeyRing(clock: Clock, obtain: () => Promise<Seal>): Promise<KeyRing> {
  let current = await obtain();
  let previous: Seal | undefined;
  let obtainedAt = clock.now();
  let notBefore = obtainedAt + leastInterval;
  let failures = 0;
  let isRenewing = false;
  let isClosed = false;

  const renew = (now: number): void => {
    if (isRenewing || isClosed || now < notBefore) return;
    isRenewing = true;
    const ended = (interval: number): void => {
      isRenewing = false;
      notBefore = clock.now() + interval;
    };
    obtain().then(
      renewed => {
        previous = current;
        current = renewed;
        obtainedAt = clock.now();
        failures = 0;
        ended(leastInterval);
      },
      // Until the next attempt the old key is as good as it was.
      () => ended(Math.min(leastInterval * 2 ** failures++, longestInterval)),
    );
  };

  return {
    current() {
      const now = clock.now();
      if (current.used >= renewedAfter || now - obtainedAt >= lifetime) renew(now);
      return current;
    },
    find: id => (id === current.id ? current : id === previous?.id ? previous : undefined),
    onUnknown: id => {
      if (id === current.id) renew(clock.now());
    },
    close: () => {
      isClosed = true;
    },
  };
}
