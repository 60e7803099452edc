/** What stands around a call, on either side of it: interceptors, the first outermost. */
import type { AnyProcedure, CallShape, ItemSource, Procedure } from './description.js';

/**
 * What a call gives: its result, or the items that it streams.
 *
 * @prop kind - tells the two apart; it follows from the procedure's shape
 * @prop value - the result; `undefined` of a procedure that is `void`
 * @prop items - the stream, which can be gone through once
 */
export type CallReply =
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'stream'; readonly items: ItemSource<unknown> };

/** What is known of a call on both sides. */
export interface InterceptedCall<Arguments extends readonly unknown[] = readonly unknown[]> {
  /** The description of the procedure that is called. */
  readonly procedure: AnyProcedure;
  /** The arguments by position, but the stream. */
  readonly values: Arguments;
}

/** Goes on with a call: to the next interceptor, or behind the last one to the call itself. */
export type NextInterceptor<Call> = (call: Call) => Promise<CallReply>;

/**
 * Stands around calls of every shape. It goes on by `next`, with the call as it came or another one in its place; it may
 * also throw, answer by itself, or, where the call's items allow it, go on twice.
 */
export type Interceptor<Call> = (call: Call, next: NextInterceptor<Call>) => Promise<CallReply>;

/** The way through all interceptors to `last`. */
export function chain<Call>(
  interceptors: readonly Interceptor<Call>[],
  last: NextInterceptor<Call>,
): NextInterceptor<Call> {
  return interceptors.reduceRight<NextInterceptor<Call>>(
    (next, interceptor) => async call => interceptor(call, next),
    last,
  );
}

/** Whether a call is one of this procedure, also by way of an interface that inherits it; then its arguments have types. */
export function isCallOf<Call extends InterceptedCall, Arguments extends readonly unknown[], Result, Item>(
  call: Call,
  { declaredBy, id }: Procedure<Arguments, Result, Item>,
): call is Call & InterceptedCall<Arguments> {
  return call.procedure.id === id && call.procedure.declaredBy === declaredBy;
}

const kinds: Readonly<Record<CallShape, CallReply['kind']>> = {
  unary: 'result',
  'client-stream': 'result',
  'server-stream': 'stream',
  'bidi-stream': 'stream',
};

/** What a procedure gave, as interceptors see it. */
export function toReply({ shape }: AnyProcedure, given: unknown): CallReply {
  return kinds[shape] === 'result'
    ? { kind: 'result', value: given }
    : { kind: 'stream', items: given as ItemSource<unknown> };
}

/** What interceptors gave. @throws TypeError when that is not of the procedure's shape */
export function fromReply({ interface: owner, name, shape }: AnyProcedure, reply: CallReply): unknown {
  if (reply?.kind !== kinds[shape]) {
    throw new TypeError(`an interceptor must give a ${kinds[shape]} for ${owner}.${name}, which is ${shape}`);
  }
  return reply.kind === 'result' ? reply.value : reply.items;
}
