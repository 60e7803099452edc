/** Binds a service to the interface that it implements. */
import type { Dispatcher, InterfaceDescription } from './description.js';
import type { GroupDescription } from './group.js';

/** A service that a server can offer, or a member of a group. */
export interface Implementation {
  /** The full name of the interface: `bank.v1.Bank`. */
  readonly interface: string;
  /** As it was given to `implement`. */
  readonly description: InterfaceDescription<unknown, never> | GroupDescription<unknown, never>;
  /** Leads requests to the methods of the service. */
  readonly dispatcher: Dispatcher;
  /** Called when a server is about to offer it, with all that the server offers. */
  attach?(services: readonly Implementation[]): void;
  /** Called when that server begins to drain, before it refuses calls. */
  drain?(): void;
}

/**
 * Implements an interface, or that of a group.
 *
 * @param description the constant that the generated `index.ts` declares
 * @param service an object with a method for each procedure; `this` in them is that object
 * @throws TypeError when a procedure is missing
 */
export function implement<Client, Service>(
  description: InterfaceDescription<Client, Service> | GroupDescription<Client, Service>,
  service: NoInfer<Service>,
): Implementation {
  for (const { name } of description.procedures) {
    if (typeof (service as Record<string, unknown>)[name] !== 'function') {
      throw new TypeError(`the service for ${description.name} has no procedure '${name}'`);
    }
  }
  return { interface: description.name, description, dispatcher: description.createDispatcher(service) };
}
