/** Tells many who wait that something has changed. */
export interface Signal {
  /** Resolves when it is told next, or when the caller's own signal is aborted. */
  next(until: AbortSignal): Promise<void>;
  tell(): void;
}

export function createSignal(): Signal {
  const waiting = new Set<() => void>();
  return {
    next: until =>
      new Promise(resolve => {
        const end = () => {
          waiting.delete(end);
          until.removeEventListener('abort', end);
          resolve();
        };
        waiting.add(end);
        until.addEventListener('abort', end, { once: true });
      }),
    tell() {
      for (const end of [...waiting]) end();
    },
  };
}
