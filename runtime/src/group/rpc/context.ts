/** What a procedure knows of the call that it executes as a member of a group. */
import { encodeMetadata, noMetadata } from '../../marshalling/dynamic.js';
import type { Clock, Timer } from '../../platform/platform.js';
import type { AnyProcedure, CallContext, Metadata, Peer } from '../../schema/description.js';
import { CallError } from '../../schema/errors.js';
import type { GroupPort } from '../port.js';
import type { ReceivedCall } from './received-call.js';

/** What a handler runs in: a nested call tells by it whose queue its own call would wait in. */
export class RunningCall {
  /** The member that executes the call. */
  readonly port: GroupPort;
  readonly clock: Clock;
  /** What the caller sent beside the arguments. */
  readonly metadata: Metadata;
  protected readonly call: ReceivedCall;
  private controller: AbortController | undefined;
  private timer: Timer | undefined;
  private ended = false;
  private left = false;

  constructor(call: ReceivedCall, port: GroupPort, metadata: Metadata = noMetadata) {
    this.call = call;
    this.metadata = metadata;
    this.port = port;
    this.clock = port.clock;
  }

  /** Whether no other ordered call is executed here before this one has ended. */
  get holdsQueue(): boolean {
    return this.call.ordered && !this.ended;
  }

  get deadline(): number {
    return this.call.deadlineAt;
  }

  get remaining(): number {
    return Math.max(0, this.deadline - this.clock.now());
  }

  get peer(): Peer {
    return this.call.peer;
  }

  get callId(): string {
    return this.call.callId;
  }

  /** Costs little until it is asked for. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.left) this.controller.abort(memberLeft());
      else if (!this.ended) this.arm(this.controller);
    }
    return this.controller.signal;
  }

  /** The call was answered: nothing is aborted any more. */
  end(): void {
    this.ended = true;
    this.timer?.cancel();
  }

  /** The member is no member any more. */
  abandon(): void {
    this.left = true;
    this.timer?.cancel();
    this.controller?.abort(memberLeft());
  }

  protected get answered(): boolean {
    return this.ended;
  }

  private arm(controller: AbortController): void {
    const remaining = this.deadline - this.clock.now();
    if (remaining === Number.POSITIVE_INFINITY) return;
    this.timer = this.clock.setTimer(Math.max(0, remaining), () => {
      controller.abort(
        new CallError('deadline-exceeded', "the call's deadline passed", { outcome: 'unknown' }),
      );
    });
    this.timer.unref();
  }
}

/** The context of a procedure of the schema. */
export class GroupContext extends RunningCall implements CallContext {
  readonly procedure: AnyProcedure;
  /** Within a group each member executes a call once, whatever the network does. */
  readonly attempt = 1;
  /** As it is sent beside the answer. */
  replyMetadataBytes: Uint8Array | undefined;
  private readonly metadataBytes: number;
  private given: Metadata = noMetadata;

  /** @param metadataBytes how long the reply's metadata may be */
  constructor(
    call: ReceivedCall,
    port: GroupPort,
    procedure: AnyProcedure,
    metadata: Metadata,
    metadataBytes: number,
  ) {
    super(call, port, metadata);
    this.procedure = procedure;
    this.metadataBytes = metadataBytes;
  }

  get replyMetadata(): Metadata {
    return this.given;
  }

  set replyMetadata(metadata: Metadata) {
    if (this.answered) {
      throw new Error(`${this.procedure.name} was answered: metadata cannot go with its reply any more`);
    }
    this.replyMetadataBytes = encodeMetadata(metadata, this.metadataBytes);
    this.given = metadata;
  }
}

function memberLeft(): CallError {
  return new CallError('cancelled', 'this member has left the group or was excluded from it', {
    outcome: 'unknown',
  });
}
