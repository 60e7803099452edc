/** The context of the call that this code serves, where a server was told to keep it. */
import type { CallContext } from './description.js';

let read: (() => CallContext | undefined) | undefined;

/**
 * The context of the call that is being served here; `undefined` outside of a call, and where the server that executes it
 * does not keep contexts (`inheritContext` of `serve`).
 */
export function currentContext(): CallContext | undefined {
  return read?.();
}

/** Has `currentContext` ask `source`. */
export function provideCurrentContext(source: () => CallContext | undefined): void {
  read = source;
}
