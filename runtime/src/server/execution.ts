/** Executes requests: unmarshals arguments, calls the server stub, marshals what comes of it. */
import { noMetadata, readMetadata } from '../marshalling/dynamic.js';
import { MarshalError } from '../marshalling/errors.js';
import type { Reader } from '../marshalling/reader.js';
import type { Platform } from '../platform/platform.js';
import type { Answering } from '../request-reply/answering.js';
import type { EventSource } from '../request-reply/event-source.js';
import type { Failure } from '../request-reply/frames.js';
import type { ServerLimits } from '../request-reply/limits.js';
import { aboutReceived } from '../request-reply/observed-receipt.js';
import type { ReceivedCall } from '../request-reply/received-call.js';
import {
  type CallContext,
  type DeclaredErrorDescription,
  type DispatchEntry,
  type ItemSource,
  type Metadata,
  returnsStream,
} from '../schema/description.js';
import { CallError, DeclaredError } from '../schema/errors.js';
import type { ServerEvents } from '../schema/events.js';
import { produce } from '../streaming/produce.js';
import { ServerContext } from './context.js';
import { Rejection } from './interceptors.js';
import { receivedItems } from './received-items.js';

/** Told of what a procedure threw and did not declare; callers learn nothing of it but that it happened. */
export type ErrorListener = (error: unknown, procedure: string, context: CallContext) => void;

/** What became of the calls that were let through to procedures. */
export interface ExecutionCounters {
  /** Procedures that were started. */
  executed: number;
  /** Procedures that have not ended yet. */
  running: number;
  /** Calls that wait for one of them to end. */
  queued: number;
}

interface Work {
  readonly call: ReceivedCall;
  readonly target: DispatchEntry;
  readonly values: unknown;
  readonly metadata: Metadata;
}

export class Execution {
  readonly counters: ExecutionCounters = { executed: 0, running: 0, queued: 0 };
  private readonly platform: Platform;
  private readonly limits: ServerLimits;
  private readonly answering: () => Answering;
  private readonly onError: ErrorListener;
  private readonly events: EventSource<ServerEvents>;
  private readonly queue = new Set<Work>();

  constructor(
    platform: Platform,
    limits: ServerLimits,
    answering: () => Answering,
    onError: ErrorListener,
    events: EventSource<ServerEvents>,
  ) {
    this.platform = platform;
    this.events = events;
    this.limits = limits;
    this.answering = answering;
    this.onError = onError;
  }

  /** Takes a new request; the reader is done with when this returns. */
  dispatch(call: ReceivedCall, target: DispatchEntry, hasMetadata: boolean, reader: Reader): void {
    let work: Work;
    try {
      const metadata = hasMetadata ? readMetadata(reader, this.limits.metadataBytes) : noMetadata;
      work = { call, target, metadata, values: target.procedure.readArguments(reader) };
    } catch (error) {
      if (!(error instanceof MarshalError)) throw error;
      const message = `the request for ${nameOf(target)} does not fit its declaration: ${error.message}`;
      this.refuse(call, 'invalid-argument', message);
      return;
    }
    if (this.counters.running < this.limits.runningCalls) this.run(work);
    else if (this.queue.size < this.limits.queuedCalls) this.enqueue(work);
    else this.refuse(call, 'resource-exhausted', `${this.queue.size} calls wait at the server already`);
  }

  /** Refuses what waits. What runs is told by its signal, when its session ends. */
  close(): void {
    for (const { call } of this.queue) this.refuse(call, 'unavailable', 'the server was closed');
    this.queue.clear();
    this.counters.queued = 0;
  }

  private enqueue(work: Work): void {
    this.queue.add(work);
    this.counters.queued++;
    work.call.onAbandoned = () => {
      if (!this.queue.delete(work)) return;
      this.counters.queued--;
      this.refuse(work.call, 'cancelled', 'the caller cancelled the call while it waited at the server');
    };
  }

  private run(work: Work): void {
    const { call, target, values, metadata } = work;
    const { counters } = this;
    const context = new ServerContext(
      call,
      target.procedure,
      metadata,
      this.platform.clock,
      this.limits.metadataBytes,
    );
    counters.running++;
    counters.executed++;
    this.events.emit?.('executing', { attempt: call.attempt, ...aboutReceived(call) });
    let result: unknown;
    try {
      result = call.streams === undefined ? target.invoke(values, context) : stream(work, context);
    } catch (error) {
      this.failed(call, target, context, error);
      return;
    }
    if (isPromise(result)) {
      result.then(
        value => this.returned(call, target, context, value),
        error => this.failed(call, target, context, error),
      );
    } else this.returned(call, target, context, result);
  }

  private returned(call: ReceivedCall, target: DispatchEntry, context: ServerContext, value: unknown): void {
    context.end();
    call.streams?.finish();
    try {
      this.answering().result(call, target.procedure, value);
    } catch (error) {
      this.answerInternal(call, target, context, error);
    }
    this.next();
  }

  private failed(call: ReceivedCall, target: DispatchEntry, context: ServerContext, error: unknown): void {
    context.end();
    call.streams?.finish();
    if (error instanceof Rejection) this.rejected(call, target, context, error.error);
    else this.threw(call, target, context, error);
    this.next();
  }

  /** An interceptor kept the call from its procedure. */
  private rejected(call: ReceivedCall, target: DispatchEntry, context: CallContext, error: unknown): void {
    this.counters.executed--;
    const outcome = 'not-executed';
    if (error instanceof CallError) {
      this.answering().rejection(call, { code: error.code, outcome, message: error.message });
    } else if (declarationOf(error, target) !== undefined) {
      // For the caller it is the procedure that throws its errors.
      this.threw(call, target, context, error);
    } else {
      const message = `${nameOf(target)} was not started, because what stands before it at the server failed`;
      this.answering().rejection(call, { code: 'internal', outcome, message });
      this.onError(error, nameOf(target), context);
    }
  }

  private threw(call: ReceivedCall, target: DispatchEntry, context: CallContext, error: unknown): void {
    const declared = declarationOf(error, target);
    if (declared !== undefined) {
      try {
        this.answering().error(call, declared, error as DeclaredError);
      } catch (marshalError) {
        this.answerInternal(call, target, context, marshalError);
      }
    } else if (error instanceof CallError) {
      // The service chose the code and the words itself. That it ran is known, whatever it says.
      this.answering().failure(call, { code: error.code, outcome: 'executed', message: error.message });
    } else this.answerInternal(call, target, context, error);
  }

  private answerInternal(
    call: ReceivedCall,
    target: DispatchEntry,
    context: CallContext,
    error: unknown,
  ): void {
    const message = `${nameOf(target)} failed at the server in a way that it does not declare`;
    this.answering().failure(call, { code: 'internal', outcome: 'executed', message });
    this.onError(error, nameOf(target), context);
  }

  /** One has ended: the next may start, but for those whose deadline passed while they waited. */
  private next(): void {
    this.counters.running--;
    for (const work of this.queue) {
      if (this.counters.running >= this.limits.runningCalls) return;
      this.queue.delete(work);
      this.counters.queued--;
      work.call.onAbandoned = undefined;
      if (work.call.deadlineAt > this.platform.clock.now()) this.run(work);
      else
        this.refuse(
          work.call,
          'deadline-exceeded',
          'the deadline passed while the call waited at the server',
        );
    }
  }

  private refuse(call: ReceivedCall, code: Failure['code'], message: string): void {
    this.answering().refusal(call, { code, outcome: 'not-executed', message });
  }
}

function declarationOf(error: unknown, { procedure }: DispatchEntry): DeclaredErrorDescription | undefined {
  if (!(error instanceof DeclaredError)) return undefined;
  return procedure.errors.find(({ fullName }) => fullName === error.fullName);
}

/** Runs a procedure with streams: it has ended when the source that it returned has. */
async function stream({ call, target, values }: Work, context: CallContext): Promise<unknown> {
  const { procedure } = target;
  const { incoming, outgoing } = call.streams!;
  const items = incoming === undefined ? undefined : receivedItems(incoming, procedure);
  const result = await target.invoke(values, context, items);
  if (outgoing === undefined || !returnsStream(procedure)) return result;
  await produce(result as ItemSource<unknown>, outgoing, procedure.writeResult);
  return undefined;
}

const nameOf = ({ procedure }: DispatchEntry): string => `${procedure.interface}.${procedure.name}`;

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
