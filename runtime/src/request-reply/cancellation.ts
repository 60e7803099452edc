/** Cancels calls when their callers' signals are aborted. */

export interface Cancellation {
  /** Cancels the call when the signal is aborted; the result forgets about it. */
  watch(signal: AbortSignal, number: number): () => void;
}

/**
 * One listener serves all calls of a signal: many may share one, and Node takes more than ten listeners for a leak.
 *
 * @param cancel cancels the call of that number
 */
export function createCancellation(cancel: (number: number, reason: unknown) => void): Cancellation {
  const watched = new Map<AbortSignal, { readonly numbers: Set<number>; readonly onAbort: () => void }>();

  const begin = (signal: AbortSignal) => {
    const numbers = new Set<number>();
    const onAbort = () => {
      watched.delete(signal);
      for (const number of numbers) cancel(number, signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const entry = { numbers, onAbort };
    watched.set(signal, entry);
    return entry;
  };

  return {
    watch(signal, number) {
      const { numbers, onAbort } = watched.get(signal) ?? begin(signal);
      numbers.add(number);
      return () => {
        numbers.delete(number);
        if (numbers.size > 0 || watched.get(signal)?.numbers !== numbers) return;
        watched.delete(signal);
        signal.removeEventListener('abort', onAbort);
      };
    },
  };
}
