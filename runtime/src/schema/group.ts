/** How generated code tells the runtime about groups, and what a call to a group gives. */
import type { AnyProcedure, CallOptions, InterfaceDescription, Procedure } from './description.js';

/** In which order all members execute the calls, relative to others. */
export type DeliveryOrder = 'unordered' | 'fifo' | 'causal' | 'total';

/** How many replies a caller waits for. */
export type ReplyPolicy =
  | 'first'
  | 'majority'
  | 'all'
  | 'none'
  /** At least so many. */
  | { readonly n: number };

/** What became of a call at one member. */
export type Reply<T> =
  /** It executed, and returned this. */
  | { readonly kind: 'value'; readonly member: string; readonly value: T }
  /** It threw: a declared error, or a `CallError`. */
  | { readonly kind: 'error'; readonly member: string; readonly error: Error }
  /** It was excluded from the group before it replied. */
  | { readonly kind: 'suspected'; readonly member: string }
  /** It did not reply before the deadline. */
  | { readonly kind: 'timed-out'; readonly member: string };

/** What may be said of one call to a group: the last argument of each method of a group's client stub. */
export interface GroupCallOptions<Order extends DeliveryOrder = DeliveryOrder>
  extends Omit<CallOptions, 'hedge' | 'attempts' | 'onReply'> {
  /** Instead of the schema's policy. */
  readonly replies?: ReplyPolicy;
  /** Instead of the schema's order: only one that promises as much or more. */
  readonly order?: Order;
  /** Uniform agreement. Default: where the policy is `first` or `majority`, and the order is not `unordered`. */
  readonly safe?: boolean;
}

/** A procedure as one group offers it. */
export interface GroupPolicy {
  readonly procedure: AnyProcedure;
  readonly order: DeliveryOrder;
  readonly replies: ReplyPolicy;
}

/** What a group's client stub stands on. */
export interface GroupCaller {
  /**
   * Calls a procedure at every member of the group.
   *
   * @returns as many replies as the policy says, in the order in which they came, then those that failed
   * @throws a `CallError` when the call could not be made
   */
  group<Arguments extends readonly unknown[], Result>(
    policy: GroupPolicy & { readonly procedure: Procedure<Arguments, Result> },
    values: Arguments,
    options: GroupCallOptions | undefined,
  ): Promise<Reply<Result>[]>;
}

/** A group as `join` and `implement` take it: the constant that the generated `index.ts` declares. */
export interface GroupDescription<Client, Service>
  extends Omit<InterfaceDescription<Client, Service>, 'createClient'> {
  /** Whether those that are no members may call it. */
  readonly access: 'open' | 'closed';
  /** By which it is told from other groups: `bank.v1.Ledger`. */
  readonly group: string;
  /** Of all procedures that groups can have: those with streams are left out. */
  readonly policies: readonly GroupPolicy[];
  /** Makes the client stub. */
  createGroupClient(caller: GroupCaller): Client;
}
