/** Group RPC: a part of a member that executes the calls of the group's services, and makes calls to the group. */
import { decodeMetadata, noMetadata } from '../../marshalling/dynamic.js';
import { MarshalError } from '../../marshalling/errors.js';
import { metadataLimits } from '../../marshalling/limits.js';
import type { Reader } from '../../marshalling/reader.js';
import type { AnyProcedure } from '../../schema/description.js';
import type { CallErrorCode } from '../../schema/errors.js';
import type { GroupCaller, GroupDescription, GroupPolicy } from '../../schema/group.js';
import { isGroupDescription } from '../../schema/group.js';
import type { Implementation } from '../../schema/implement.js';
import { createProcedureTable, type ProcedureTable } from '../../schema/procedure-table.js';
import { Order } from '../message.js';
import type { GroupPart, GroupPort } from '../port.js';
import { type Exchange, exchangeOf, type MemberCall } from './exchange.js';
import { Target } from './frames.js';
import { createGroupCaller } from './group-caller.js';
import { type GroupErrorListener, nameOf, ProcedureWork } from './procedure-work.js';
import type { ReceivedCall } from './received-call.js';

/** What a member offers, and how much it takes. */
export interface RpcDispatcherOptions {
  /** As `implement` makes them of groups. None: the member calls, and executes nothing. */
  readonly services?: readonly Implementation[];
  /** Told of errors that procedures throw and do not declare. Default: they are printed on standard error. */
  readonly onError?: GroupErrorListener;
  /** The longest metadata of a call or a reply, in bytes. */
  readonly metadataBytes?: number;
}

/** A procedure as this member offers it. */
export interface OfferedPolicy extends GroupPolicy {
  /** Whether those that are no members may call it. */
  readonly open: boolean;
}

/** Group RPC as a part of a member: made before `join`, and handed to it. */
export class RpcDispatcher implements GroupPart {
  /** What client stubs stand on. */
  readonly caller: GroupCaller;
  private readonly table: ProcedureTable;
  private readonly policies = new Map<AnyProcedure, OfferedPolicy>();
  private readonly limits: { readonly metadataBytes: number; readonly onError: GroupErrorListener };
  private exchange: Exchange | undefined;

  /** @throws TypeError when a service is not that of a group, or two are of one interface */
  constructor(options: RpcDispatcherOptions = {}) {
    const { services = [], onError = printError, metadataBytes = metadataLimits.size } = options;
    for (const { description } of services) {
      if (!isGroupDescription(description)) {
        throw new TypeError(
          `${description.name} is an interface, which \`serve\` offers: members of a group implement ` +
            'what a `group` declaration of the schema is generated into',
        );
      }
      const open = description.access === 'open';
      for (const policy of description.policies) this.policies.set(policy.procedure, { ...policy, open });
    }
    this.table = createProcedureTable(services);
    this.limits = { metadataBytes, onError };
    this.caller = createGroupCaller(() => this.exchange, metadataBytes);
  }

  /** Called by `join`. */
  attach(port: GroupPort): void {
    const exchange = exchangeOf(port);
    this.exchange = exchange;
    exchange.setTarget(Target.procedure, {
      take: (call, reader) => this.execute(exchange, call, reader, policy => brokenPromise(call, policy)),
    });
  }

  /** Makes a client stub of a group. */
  client<Client>(description: GroupDescription<Client, never>): Client {
    return description.createGroupClient(this.caller);
  }

  /** Whether those that are no members may call any of its procedures. */
  get isOpen(): boolean {
    for (const { open } of this.policies.values()) if (open) return true;
    return false;
  }

  /** The policy of a procedure that this member executes for whoever may call it. */
  policyOf(key: readonly [high: number, low: number]): OfferedPolicy | undefined {
    const entry = this.table.find(key[0], key[1]);
    return entry && this.policies.get(entry.procedure);
  }

  /**
   * Has a call executed, or refuses it.
   *
   * @param reader stands before the procedure's key
   * @param refusal why a procedure of this policy is not executed for this caller
   * @throws MarshalError when it does not even name a procedure
   */
  execute(
    exchange: Exchange,
    call: ReceivedCall,
    reader: Reader,
    refusal: (policy: OfferedPolicy) => Refusal | undefined,
  ): void {
    const entry = this.table.find(reader.rawU32(), reader.rawU32());
    const policy = entry && this.policies.get(entry.procedure);
    if (entry === undefined || policy === undefined) {
      exchange.turnAway(call, 'unimplemented', 'this member does not implement the procedure');
      return;
    }
    const refused = refusal(policy);
    if (refused !== undefined) {
      exchange.turnAway(call, refused.code, `${nameOf(entry)} ${refused.reason}`);
      return;
    }
    try {
      const metadata = call.metadata && decodeMetadata(call.metadata, this.limits.metadataBytes);
      const values: unknown = entry.procedure.readArguments(reader);
      const { port } = exchange;
      exchange.execution.take(
        new ProcedureWork(call, port, entry, values, metadata ?? noMetadata, this.limits),
      );
    } catch (error) {
      if (!(error instanceof MarshalError)) throw error;
      const message = `the call of ${nameOf(entry)} does not fit its declaration: ${error.message}`;
      exchange.turnAway(call, 'invalid-argument', message);
    }
  }
}

/** Why a call is not executed. */
export interface Refusal {
  readonly code: CallErrorCode;
  /** Follows the procedure's name. */
  readonly reason: string;
}

/** The member's own schema decides what is promised; a caller may ask for more. */
function brokenPromise({ arrival }: MemberCall, { procedure, order }: GroupPolicy): Refusal | undefined {
  if (procedure.semantics === 'maybe') return undefined;
  if (arrival?.reliable === true && arrival.order >= Order[order]) return undefined;
  const reason = `is ${procedure.semantics} and order ${order} at this member: less was asked for`;
  return { code: 'failed-precondition', reason };
}

function printError(error: unknown, procedure: string): void {
  console.error(`${procedure} threw what it does not declare:`, error);
}
