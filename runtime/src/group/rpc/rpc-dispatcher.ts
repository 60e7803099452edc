/** Group RPC: a part of a member that executes the calls of the group's services, and makes calls to the group. */
import { decodeMetadata, noMetadata } from '../../marshalling/dynamic.js';
import { MarshalError } from '../../marshalling/errors.js';
import { metadataLimits } from '../../marshalling/limits.js';
import type { Reader } from '../../marshalling/reader.js';
import type { AnyProcedure } from '../../schema/description.js';
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

/** What a member offers, and how much it takes. */
export interface RpcDispatcherOptions {
  /** As `implement` makes them of groups. None: the member calls, and executes nothing. */
  readonly services?: readonly Implementation[];
  /** Told of errors that procedures throw and do not declare. Default: they are printed on standard error. */
  readonly onError?: GroupErrorListener;
  /** The longest metadata of a call or a reply, in bytes. */
  readonly metadataBytes?: number;
}

/** Group RPC as a part of a member: made before `join`, and handed to it. */
export class RpcDispatcher implements GroupPart {
  /** What client stubs stand on. */
  readonly caller: GroupCaller;
  private readonly table: ProcedureTable;
  private readonly policies = new Map<AnyProcedure, GroupPolicy>();
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
      for (const policy of description.policies) this.policies.set(policy.procedure, policy);
    }
    this.table = createProcedureTable(services);
    this.limits = { metadataBytes, onError };
    this.caller = createGroupCaller(() => this.exchange, metadataBytes);
  }

  /** Called by `join`. */
  attach(port: GroupPort): void {
    this.exchange = exchangeOf(port);
    this.exchange.setTarget(Target.procedure, { take: (call, reader) => this.take(call, reader) });
  }

  /** Makes a client stub of a group. */
  client<Client>(description: GroupDescription<Client, never>): Client {
    return description.createGroupClient(this.caller);
  }

  private take(call: MemberCall, reader: Reader): void {
    const exchange = this.exchange!;
    const entry = this.table.find(reader.rawU32(), reader.rawU32());
    const policy = entry && this.policies.get(entry.procedure);
    if (entry === undefined || policy === undefined) {
      exchange.turnAway(call, 'unimplemented', 'this member does not implement the procedure');
      return;
    }
    if (!keepsPromise(call, policy)) {
      const message = `${nameOf(entry)} is ${policy.procedure.semantics} and order ${policy.order} at this member`;
      exchange.turnAway(call, 'failed-precondition', `${message}: less was asked for`);
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

/** The member's own schema decides what is promised; a caller may ask for more. */
function keepsPromise({ arrival }: MemberCall, { procedure, order }: GroupPolicy): boolean {
  if (procedure.semantics === 'maybe') return true;
  return arrival?.reliable === true && arrival.order >= Order[order];
}

function printError(error: unknown, procedure: string): void {
  console.error(`${procedure} threw what it does not declare:`, error);
}
