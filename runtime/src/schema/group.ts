/** How generated code tells the runtime about groups, and what a call to a group gives. */
import type { AnyProcedure, CallOptions, InterfaceDescription, Metadata, Procedure } from './description.js';
import type { CallError, DeclaredError } from './errors.js';

/** In which order all members execute the calls, relative to others. Each promises what those before it promise. */
export type DeliveryOrder = 'unordered' | 'fifo' | 'causal' | 'total';

/** Those that promise as much as this one, or more. */
export type AtLeast<Order extends DeliveryOrder> = Order extends 'total'
  ? 'total'
  : Order extends 'causal'
    ? 'causal' | 'total'
    : Order extends 'fifo'
      ? 'fifo' | 'causal' | 'total'
      : DeliveryOrder;

/**
 * How many replies a caller waits for.
 *
 * @prop n - so many
 */
export type ReplyPolicy =
  /** One: a result or a declared error. Members that failed otherwise count only when no other is left. */
  | 'first'
  /** More than half of those who were in the view. */
  | 'majority'
  /** One of each member. */
  | 'all'
  /** None: the call has ended when it is on its way. */
  | 'none'
  /** At least so many, or one of each member where there are fewer. */
  | { readonly n: number };

/**
 * What became of a call at one member. `Declared` are the errors that the procedure declares.
 *
 * @prop kind - tells what became of it
 * @prop member - as views name it
 * @prop value - what the procedure returned
 * @prop metadata - what it sent beside its answer
 * @prop error - what it threw, or why it was not executed
 * @typeParam Result - what the procedure returns
 * @typeParam Declared - the union of the errors that it declares; `never` when it declares none
 */
export type Reply<Result, Declared extends DeclaredError = DeclaredError> =
  /** It executed, and returned this; `metadata` is what it sent beside, where it did. */
  | {
      readonly kind: 'value';
      readonly member: string;
      readonly value: Result;
      readonly metadata?: Metadata;
    }
  /** It threw a declared error, or failed in another way, or refused to execute: the error's `outcome` tells. */
  | { readonly kind: 'error'; readonly member: string; readonly error: Declared | CallError }
  /** It left the group or was excluded before it replied; whether it executed is unknown. */
  | { readonly kind: 'suspected'; readonly member: string }
  /** It did not reply before the deadline; whether it executed is unknown. */
  | { readonly kind: 'timed-out'; readonly member: string };

/**
 * What may be said of one call to a group: the last argument of each method of a group's client stub.
 *
 * @typeParam Declared - the order that the schema declares
 */
export interface GroupCallOptions<Declared extends DeliveryOrder = DeliveryOrder>
  extends Omit<CallOptions, 'hedge' | 'attempts' | 'onReply'> {
  /** Instead of the schema's policy. */
  readonly replies?: ReplyPolicy;
  /** Instead of the schema's order: only one that promises as much or more. */
  readonly order?: AtLeast<Declared>;
  /** Uniform agreement. Default: where the policy is `first` or `majority`, and the order is not `unordered`. */
  readonly safe?: boolean;
}

/** Of a `maybe` procedure: it is sent once, in no order, and nobody replies. */
export interface GroupMaybeOptions extends Omit<CallOptions, 'hedge' | 'attempts' | 'onReply'> {
  /** Nobody replies. */
  readonly replies?: never;
  /** It has no order. */
  readonly order?: never;
}

/** A procedure as one group offers it. */
export interface GroupPolicy {
  /** What it promises, and its marshallers. */
  readonly procedure: AnyProcedure;
  /** In which order members execute calls of it. */
  readonly order: DeliveryOrder;
  /** How many replies its callers wait for. */
  readonly replies: ReplyPolicy;
}

/** The procedures of a group by name: the table that is generated into `group.ts`. */
export type GroupPolicies = Readonly<Record<string, GroupPolicy>>;

/** What a group's client stub stands on. */
export interface GroupCaller {
  /**
   * Calls a procedure at every member of the group.
   *
   * @returns as many replies as the policy says, in the order in which they came, then those that failed
   * @throws a `CallError` when the call could not be made
   */
  group<Arguments extends readonly unknown[], Result, Declared extends DeclaredError = never>(
    policy: GroupPolicy & { readonly procedure: Procedure<Arguments, Result> },
    values: Arguments,
    options: GroupCallOptions | undefined,
  ): Promise<Reply<Result, Declared>[]>;
  /**
   * Sends a call of a `maybe` procedure to every member, once.
   *
   * @throws a `CallError` when it could not be sent
   */
  groupOnce<Arguments extends readonly unknown[], Result>(
    policy: GroupPolicy & { readonly procedure: Procedure<Arguments, Result> },
    values: Arguments,
    options: GroupMaybeOptions | undefined,
  ): Promise<void>;
}

/** A group as `join` and `implement` take it: the constant that the generated `index.ts` declares. */
export interface GroupDescription<Client, Service>
  extends Omit<InterfaceDescription<Client, Service>, 'createClient'> {
  /** By which it is told from other groups: `bank.v1.Ledger`. */
  readonly group: string;
  /** Whether those that are no members may call it. */
  readonly access: 'open' | 'closed';
  /** Of all procedures that groups can have: those with streams are left out. */
  readonly policies: readonly GroupPolicy[];
  /** Makes the client stub. */
  createGroupClient(caller: GroupCaller): Client;
}

/** Whether it describes a group, and not an interface. */
export function isGroupDescription<Client, Service>(
  description: InterfaceDescription<Client, Service> | GroupDescription<Client, Service>,
): description is GroupDescription<Client, Service> {
  return 'createGroupClient' in description;
}
