/** Whether a server says of itself that it is fit to take calls. */
import type { Caller } from '../../schema/description.js';
import { CallError } from '../../schema/errors.js';

/** Asks a server for its health, by a call of it. What it throws counts as no. */
export type HealthProbe = (caller: Caller) => Promise<boolean>;

export interface HealthOptions {
  /** Milliseconds between two questions. */
  readonly interval: number;
  readonly probe: HealthProbe;
}

/** Undefined: the server does not offer the service, and need not be asked again. */
export async function askHealth(probe: HealthProbe, caller: Caller): Promise<boolean | undefined> {
  try {
    return await probe(caller);
  } catch (error) {
    if (error instanceof CallError && error.code === 'unimplemented') return undefined;
    return false;
  }
}
