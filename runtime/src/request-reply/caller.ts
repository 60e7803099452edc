/**
 * The client's half of the request–reply protocol: what may be done with calls. The parts that send them, receive their
 * replies and end those to which no answer comes are state machines of frames and timers; marshalling values is the
 * matter of the endpoint's users.
 */
import type { Clock } from '../platform/platform.js';
import type { CallErrorCode } from '../schema/errors.js';
import type { ClientEvents } from '../schema/events.js';
import type { Address } from '../transport/address.js';
import { type CallerCounters, createCallerCounters } from './caller-counters.js';
import { type CallerOptions, type CallerParts, createCallerParts } from './caller-parts.js';
import { unansweredError } from './conclude.js';
import { createEventSource, type EventSource } from './event-source.js';
import { beginFrame, FrameType, sendFrame } from './frames.js';
import type { EndpointState } from './liveness.js';
import { observe } from './observed-call.js';
import type { PendingCall } from './pending-call.js';

export class CallerEndpoint {
  readonly counters: CallerCounters = createCallerCounters();
  /** Of its one server. */
  readonly address: Address;
  closed = false;
  readonly events: EventSource<ClientEvents>;
  private readonly clientId: Buffer;
  private readonly clock: Clock;
  private readonly parts: CallerParts;

  constructor(options: CallerOptions) {
    this.address = options.address;
    this.clientId = options.clientId;
    this.clock = options.platform.clock;
    this.events = options.events ?? createEventSource(this.clock);
    this.parts = createCallerParts(options, this.counters, this.events);
  }

  /** How many calls have no answer yet. */
  get inFlight(): number {
    return this.parts.pending.size;
  }

  /** Calls with streams among them. */
  get openStreamCalls(): number {
    return this.parts.streams.size;
  }

  get state(): EndpointState {
    return this.parts.liveness.state;
  }

  /** The number for the next call. */
  takeNumber(): number {
    return this.parts.pending.takeNumber();
  }

  /** Takes over a call: it ends with its `resolve` or `reject`, by its deadline at the latest. */
  submit(call: PendingCall): void {
    this.counters.calls++;
    if (this.events.emit !== undefined) observe(this.clientId, call, this.clock, this.events);
    const { admission, pending, transmission } = this.parts;
    const mayStart = admission.isOpen;
    if (!mayStart && admission.isFull) {
      call.unlisten?.();
      const message = `${admission.size} calls wait to be sent already`;
      call.reject(unansweredError(call, 'resource-exhausted', message));
      return;
    }
    if (pending.size === 0) this.parts.liveness.forget();
    pending.add(call);
    if (call.procedure.shape !== 'unary') this.parts.streams.open(call);
    if (mayStart) transmission.start(call);
    else {
      admission.add(call);
      this.parts.arm(call);
    }
  }

  /** The caller does not want the reply any more. */
  cancel(number: number, reason: unknown): void {
    this.abort(number, 'cancelled', 'the caller cancelled the call', reason);
  }

  /** The caller cannot go on with the call. */
  abort(number: number, code: CallErrorCode, message: string, cause?: unknown): void {
    const call = this.parts.pending.get(number);
    if (call === undefined) return;
    const { link, state } = this.parts.session;
    if (call.copies > 0 && link !== undefined && state === 'ready') {
      beginFrame(FrameType.cancel).rawU64(number);
      sendFrame(link);
    }
    this.parts.pending.fail(call, code, message, cause);
  }

  /** Asks the server for a sign of life, of which the listener hears. */
  ping(): void {
    if (!this.closed) this.parts.liveness.ping();
  }

  /** Ends the calls that may be made elsewhere: those of which no copy was sent, and those that may execute twice. */
  release(message: string): void {
    this.parts.pending.each(call => {
      if (call.copies > 0 && call.procedure.semantics !== 'at-least-once') return;
      this.parts.pending.giveUp(call, 'unavailable', message);
    });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.parts.pending.each(call => {
      this.abort(call.number, 'cancelled', 'the channel was closed while the call was pending');
    });
    this.parts.close();
  }
}
