/** Whether a server says of itself that it is fit to take calls. */
import type { Caller, InterfaceDescription } from '../../schema/description.js';
import { CallError } from '../../schema/errors.js';

/** One server of a channel, to be asked. */
export interface HealthSubject {
  /** As a channel's, but its calls go to this server alone. */
  client<Client>(description: InterfaceDescription<Client, never>): Client;
}

/** Asks one server for its health by a call. What it throws counts as no, unless the server does not offer the procedure. */
export type HealthProbe = (server: HealthSubject) => Promise<boolean>;

export interface HealthOptions {
  /** Milliseconds between two questions. */
  readonly interval: number;
  readonly probe: HealthProbe;
}

/** Undefined: the server does not offer the procedure, and need not be asked again. */
export async function askHealth(probe: HealthProbe, caller: Caller): Promise<boolean | undefined> {
  try {
    return await probe({ client: description => description.createClient(caller) });
  } catch (error) {
    if (error instanceof CallError && error.code === 'unimplemented') return undefined;
    return false;
  }
}
