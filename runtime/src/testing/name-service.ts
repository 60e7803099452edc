import type { NameService } from '../platform/platform.js';
import { systemError } from './errors.js';
import { ask, type Incarnation } from './incarnation.js';
import { type Internet, lookUpName } from './internet.js';

/** The names as a program sees them. */
export function createNameService(internet: Internet, program: Incarnation): NameService {
  return {
    lookup: host => ask(program, () => lookUpName(internet, host)),
    services: name =>
      ask(program, () => {
        const records = internet.names.services.get(name) ?? [];
        if (records.length > 0) return records;
        throw systemError('querySrv', 'ENOTFOUND', `${name}: the world has no such records`);
      }),
  };
}
