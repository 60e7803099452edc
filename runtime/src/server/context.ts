/** What a procedure knows of the call that it executes. */
import { encodeMetadata, noMetadata } from '../marshalling/dynamic.js';
import type { Clock, Timer } from '../platform/platform.js';
import { clientIdText } from '../request-reply/client-id-text.js';
import type { ReceivedCall } from '../request-reply/received-call.js';
import type { AnyProcedure, CallContext, Metadata, Peer } from '../schema/description.js';
import { CallError } from '../schema/errors.js';

/** Costs little until it is asked: ids are made and the signal armed at the first look. */
export class ServerContext implements CallContext {
  readonly procedure: AnyProcedure;
  readonly clock: Clock;
  readonly deadline: number;
  readonly attempt: number;
  readonly metadata: Metadata;
  private readonly call: ReceivedCall;
  private readonly metadataBytes: number;
  private given: Metadata = noMetadata;
  private controller: AbortController | undefined;
  private timer: Timer | undefined;

  /** @param metadataBytes how long the reply's metadata may be */
  constructor(
    call: ReceivedCall,
    procedure: AnyProcedure,
    metadata: Metadata,
    clock: Clock,
    metadataBytes: number,
  ) {
    this.call = call;
    this.procedure = procedure;
    this.metadata = metadata;
    this.clock = clock;
    this.metadataBytes = metadataBytes;
    this.deadline = call.deadlineAt;
    this.attempt = call.attempt;
  }

  get remaining(): number {
    return Math.max(0, this.deadline - this.clock.now());
  }

  get replyMetadata(): Metadata {
    return this.given;
  }

  set replyMetadata(metadata: Metadata) {
    const { call, procedure } = this;
    if (call.state === 'answered') {
      throw new Error(`${procedure.name} was answered: metadata cannot go with its reply any more`);
    }
    call.replyMetadata = encodeMetadata(metadata, this.metadataBytes);
    this.given = metadata;
  }

  get callId(): string {
    return `${clientIdText(this.call.clientId)}/${this.call.number}`;
  }

  get peer(): Peer {
    const { peer: address, principal } = this.call.link;
    const clientId = clientIdText(this.call.clientId);
    return principal === undefined ? { address, clientId } : { address, clientId, principal };
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      const controller = new AbortController();
      this.controller = controller;
      if (this.call.abandoned) controller.abort(cancelled());
      else this.arm(controller);
    }
    return this.controller.signal;
  }

  /** The call was answered: nothing is aborted any more. */
  end(): void {
    this.timer?.cancel();
    this.call.onAbandoned = undefined;
  }

  private arm(controller: AbortController): void {
    this.call.onAbandoned = () => controller.abort(cancelled());
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

function cancelled(): CallError {
  return new CallError('cancelled', 'the caller cancelled the call or is gone', { outcome: 'unknown' });
}
