/** Client stubs whose procedures return their errors, typed, instead of throwing them. */
import type { declaredErrors } from '../schema/description.js';
import { CallError, DeclaredError } from '../schema/errors.js';

/**
 * How a call ended.
 *
 * @prop ok - whether it gave its result
 * @prop value - the result
 * @prop error - one that the procedure declares, or a `CallError`
 */
export type SafeResult<Value, Failure> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: Failure };

/** The errors that a procedure of a client stub declares; `never` when it declares none. */
export type DeclaredErrorsOf<Client, Name extends keyof Client> = Client extends {
  /** By the names of the procedures. */
  readonly [declaredErrors]?: infer Errors;
}
  ? Name extends keyof Errors
    ? Errors[Name]
    : never
  : never;

/**
 * A client stub with the same procedures, each of which resolves to a `SafeResult`. Those that return a stream are not among
 * them: their errors come while its items are taken.
 */
export type SafeClient<Client> = {
  readonly [Name in keyof Client as Client[Name] extends (...values: never) => Promise<unknown>
    ? Name
    : never]: Client[Name] extends (...values: infer Values) => Promise<infer Value>
    ? (...values: Values) => Promise<SafeResult<Value, DeclaredErrorsOf<Client, Name> | CallError>>
    : never;
};

type Method = (...values: readonly unknown[]) => Promise<unknown>;

/** One for each stub, since `safe(bank)` is written before every call. */
const made = new WeakMap<object, object>();

/**
 * Makes of a client stub one that returns errors: `{ ok: true, value }`, or `{ ok: false, error }` where `error` is one
 * of those that the procedure declares, or a `CallError`. The same stub gives the same object.
 *
 * What is neither is a mistake of the program and not a failure of the call: it rejects the promise as before.
 *
 * @param client as `channel.client` gives it
 */
export function safe<Client extends object>(client: Client): SafeClient<Client> {
  const known = made.get(client);
  if (known !== undefined) return known as SafeClient<Client>;
  const wrapped = wrap(client as Readonly<Record<string, Method>>);
  made.set(client, wrapped);
  return wrapped as SafeClient<Client>;
}

function wrap(client: Readonly<Record<string, Method>>): object {
  const procedures = Object.keys(client).map(name => {
    const procedure: Method = (...values) => settle(() => client[name]!(...values));
    return [name, procedure] as const;
  });
  return Object.fromEntries(procedures);
}

async function settle(call: () => Promise<unknown>): Promise<SafeResult<unknown, DeclaredError | CallError>> {
  try {
    return { ok: true, value: await call() };
  } catch (error) {
    if (error instanceof DeclaredError || error instanceof CallError) return { ok: false, error };
    throw error;
  }
}
