/** What a member's reply says. */
import type { Reader } from '../../marshalling/reader.js';
import { type ReplyBody, readReplyBody } from '../../request-reply/reply-frame.js';
import type { AnyProcedure } from '../../schema/description.js';
import { CallError, type DeclaredError } from '../../schema/errors.js';
import type { Reply } from '../../schema/group.js';
import type { MemberAddress } from '../member.js';
import { calledName } from './pending-call.js';

/** What a member itself says. */
export type MemberReply = Extract<Reply<unknown, DeclaredError>, { kind: 'value' | 'error' }>;

/** The results of message dispatchers: bytes. */
const bytesResult = {
  errors: [],
  hasResult: true,
  shape: 'unary',
  readResult: (reader: Reader) => reader.rawBytes(reader.remaining),
} as unknown as AnyProcedure;

/** @param called a procedure, or a text that names what was called; then the result is bytes */
export function readMemberReply(
  reader: Reader,
  member: MemberAddress,
  called: AnyProcedure | string,
): MemberReply {
  const body = readReplyBody(reader, typeof called === 'string' ? bytesResult : called);
  if (body.kind === 'result') {
    const { value, metadata } = body;
    return metadata === undefined
      ? { kind: 'value', member, value }
      : { kind: 'value', member, value, metadata };
  }
  return { kind: 'error', member, error: errorOf(body, calledName(called)) };
}

function errorOf(body: Exclude<ReplyBody, { kind: 'result' }>, name: string) {
  const received = { attempts: 1, ...(body.metadata === undefined ? {} : { metadata: body.metadata }) };
  switch (body.kind) {
    case 'error':
      body.error.metadata = body.metadata;
      return body.error;
    case 'failure': {
      const { code, outcome, message } = body.failure;
      return new CallError(code, message, { ...received, outcome });
    }
    case 'undeclared': {
      const message = `${name} threw ${body.details.name}, which this member does not know`;
      return new CallError('unknown', message, { ...received, outcome: 'executed', details: body.details });
    }
    case 'unreadable': {
      const message = `the reply to ${name} does not fit its declaration: ${body.error.message}`;
      return new CallError('internal', message, { ...received, outcome: 'executed', cause: body.error });
    }
  }
}
