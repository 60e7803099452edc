/** Health: a server tells whether it, and each of its services, is fit to take calls. */
import { Health, HealthStatus, NoSuchService } from '../generated/health/index.js';
import type { CallContext } from '../schema/description.js';
import { type Implementation, implement } from '../schema/implement.js';
import { createSignal } from './signal.js';

export interface HealthImplementation extends Implementation {
  /**
   * Says how a service is from now on, by its full name such as `bank.v1.Bank`; without one, how the server as a whole
   * is. The name may also be one of the application's own.
   */
  set(status: HealthStatus, name?: string): void;
}

/**
 * Offers the health of the server and of its services. All are serving until something else is `set`, and none is from
 * the moment on at which the server drains. Make one for each server.
 */
export function health(): HealthImplementation {
  const statuses = new Map<string, HealthStatus>();
  const changed = createSignal();
  let server: HealthStatus = HealthStatus.serving;
  let drains = false;

  const statusOf = (name: string | undefined): HealthStatus => {
    const status = name === undefined ? server : statuses.get(name);
    if (status === undefined) throw new NoSuchService({ name: String(name) });
    if (drains) return HealthStatus.notServing;
    return server === HealthStatus.serving ? status : server;
  };

  async function* watch(name: string | undefined, { signal }: CallContext): AsyncGenerator<HealthStatus> {
    let told: HealthStatus | undefined;
    while (!signal.aborted) {
      const status = statusOf(name);
      if (status !== told) {
        told = status;
        yield status;
      } else if (drains) return;
      else await changed.next(signal);
    }
  }

  return {
    ...implement(Health, { check: statusOf, watch }),
    attach(services) {
      for (const { interface: name } of services) {
        if (!statuses.has(name)) statuses.set(name, HealthStatus.serving);
      }
    },
    drain() {
      drains = true;
      changed.tell();
    },
    set(status, name) {
      if (name === undefined) server = status;
      else statuses.set(name, status);
      changed.tell();
    },
  };
}
