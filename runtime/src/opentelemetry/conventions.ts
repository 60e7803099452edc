/**
 * The names that OpenTelemetry's semantic conventions for RPC (1.45) give to what is recorded, and those of this system
 * that stand beside them.
 */
import type { Attributes } from '@opentelemetry/api';
import type { AnyProcedure } from '../schema/description.js';
import { CallError, DeclaredError } from '../schema/errors.js';

export const library = '@convoke/runtime';

/** `bank.v1.Bank/transfer`: the name of a span, and of the method. */
export function methodName({ interface: owner, name }: AnyProcedure): string {
  return `${owner}/${name}`;
}

/** What is recorded with everything. */
export const systemAttributes: Attributes = { 'rpc.system.name': 'convoke' };

/** What is recorded of every call of a method. */
export function methodAttributes(method: string): Attributes {
  return { ...systemAttributes, 'rpc.method': method };
}

/** What failed at the server, where the caller is not to blame: the list is that of the conventions for gRPC. */
const serverFaults: ReadonlySet<string> = new Set([
  'unknown',
  'deadline-exceeded',
  'unimplemented',
  'internal',
  'unavailable',
  'data-loss',
]);

/** The side on which something is recorded. For a client every end but a result is an error. */
export type Side = 'client' | 'server';

export function isFault(side: Side, code: string): boolean {
  return side === 'server' ? serverFaults.has(code) : code !== 'ok';
}

/** How a call ended, by its code as events tell it. */
export function endAttributes(side: Side, code: string): Attributes {
  return { 'rpc.response.status_code': code, ...(isFault(side, code) ? { 'error.type': code } : {}) };
}

/** The code of what a call threw. What nobody declared arrives as `internal`. */
export function codeOf(error: unknown): string {
  if (error instanceof CallError) return error.code;
  return error instanceof DeclaredError ? error.fullName : 'internal';
}

/** The other end's address, under `server` at a client and under `client` at a server. */
export function addressAttributes(end: Side, address: string): Attributes {
  const match = /^[a-z]+:(?:\/\/)?(.*?)(?::(\d+))?$/.exec(address);
  if (match === null) return {};
  const [, host = '', port] = match;
  return {
    [`${end}.address`]: host.replace(/^\[(.*)\]$/, '$1'),
    ...(port === undefined ? {} : { [`${end}.port`]: Number(port) }),
  };
}
