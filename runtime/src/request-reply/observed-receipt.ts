/**
 * What a server's events tell of the calls that it received. Only called while somebody listens. In literals the spread is
 * last, as in `observed-call.ts`.
 */
import type { AnyProcedure } from '../schema/description.js';
import type { CallEnd, EventCall, EventPath, ServerEvents } from '../schema/events.js';
import type { Link } from '../transport/transport.js';
import { clientIdText } from './client-id-text.js';
import { ReplyStatus } from './frames.js';
import type { ReceivedCall } from './received-call.js';
import type { Sender } from './sessions.js';

/** A copy of a request, before it is known whether it is the first. */
export function aboutRequest(
  link: Link,
  sender: Sender,
  procedure: AnyProcedure | undefined,
  { number, attempt }: { readonly number: number; readonly attempt: number },
  bytes: number,
): ServerEvents['request-received'] {
  const { clientId } = sender.kind === 'session' ? sender.session : sender;
  return { attempt, bytes, ...aboutReceived({ clientId, number, procedure, link }) };
}

/** The call, and where its latest copy came from. */
export function aboutReceived({
  clientId,
  number,
  procedure,
  link,
}: Pick<ReceivedCall, 'clientId' | 'number' | 'procedure' | 'link'>): EventCall & EventPath {
  return {
    clientId: clientIdText(clientId),
    call: number,
    procedure: procedure && `${procedure.interface}.${procedure.name}`,
    peer: link.peer,
  };
}

export function aboutAcknowledged(
  clientId: Buffer,
  kept: number,
  left: number,
): ServerEvents['acknowledged'] {
  return { clientId: clientIdText(clientId), replies: kept - left, left };
}

const ends: Readonly<Record<number, CallEnd>> = {
  [ReplyStatus.result]: 'result',
  [ReplyStatus.declaredError]: 'declared-error',
};

export function endOf(status: number): CallEnd {
  return ends[status] ?? 'failure';
}
