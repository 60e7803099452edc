/** Executes one call of a procedure as a member of a group, and answers it. */
import { ReplyStatus } from '../../request-reply/frames.js';
import { hasValue } from '../../request-reply/reply-frame.js';
import type { CallContext, DispatchEntry, Metadata } from '../../schema/description.js';
import { CallError, DeclaredError } from '../../schema/errors.js';
import type { Message } from '../message.js';
import type { GroupPort } from '../port.js';
import { GroupContext } from './context.js';
import type { Work } from './execution.js';
import type { ReceivedCall } from './received-call.js';
import { answerFailure } from './received-call.js';

/** Told of what a procedure threw and did not declare; callers learn nothing of it but that it happened. */
export type GroupErrorListener = (error: unknown, procedure: string, context: CallContext) => void;

export class ProcedureWork implements Work {
  private readonly call: ReceivedCall;
  private readonly entry: DispatchEntry;
  private readonly values: unknown;
  private readonly context: GroupContext;
  private readonly onError: GroupErrorListener;

  constructor(
    call: ReceivedCall,
    port: GroupPort,
    entry: DispatchEntry,
    values: unknown,
    metadata: Metadata,
    limits: { readonly metadataBytes: number; readonly onError: GroupErrorListener },
  ) {
    this.call = call;
    this.entry = entry;
    this.values = values;
    this.context = new GroupContext(call, port, entry.procedure, metadata, limits.metadataBytes);
    this.onError = limits.onError;
  }

  get message(): Message | undefined {
    return this.call.message;
  }

  get ordered(): boolean {
    return this.call.ordered;
  }

  get deadlineAt(): number {
    return this.call.deadlineAt;
  }

  get expires(): boolean {
    return this.call.expires;
  }

  begin(): unknown {
    return this.entry.invoke(this.values, this.context);
  }

  returned(value: unknown): void {
    const { context, call } = this;
    const { procedure } = this.entry;
    context.end();
    try {
      call.answer(ReplyStatus.result, context.replyMetadataBytes, writer => {
        if (hasValue(procedure)) procedure.writeResult(writer, value);
      });
    } catch (error) {
      this.failed(error);
    }
  }

  threw(error: unknown): void {
    const { context, call } = this;
    context.end();
    if (error instanceof DeclaredError) {
      const declared = this.entry.procedure.errors.find(({ fullName }) => fullName === error.fullName);
      if (declared !== undefined) {
        try {
          call.answer(ReplyStatus.declaredError, context.replyMetadataBytes, writer => {
            writer.string(declared.fullName);
            declared.writeData(writer, error);
          });
        } catch (marshalError) {
          this.failed(marshalError);
        }
        return;
      }
    }
    if (error instanceof CallError) {
      // The service chose the code and the words itself. That it ran is known, whatever it says.
      const { code, message } = error;
      answerFailure(call, context.replyMetadataBytes, { code, outcome: 'executed', message });
    } else this.failed(error);
  }

  expired(): void {
    this.context.end();
    const message = 'the deadline passed while the call waited at the member';
    answerFailure(this.call, undefined, { code: 'deadline-exceeded', outcome: 'not-executed', message });
  }

  abandon(): void {
    this.context.abandon();
  }

  /** It ran, and nobody knows what it meant. */
  private failed(error: unknown): void {
    const message = `${nameOf(this.entry)} failed at the member in a way that it does not declare`;
    const failure = { code: 'internal', outcome: 'executed', message } as const;
    answerFailure(this.call, this.context.replyMetadataBytes, failure);
    this.onError(error, nameOf(this.entry), this.context);
  }
}

export const nameOf = ({ procedure }: Pick<DispatchEntry, 'procedure'>): string =>
  `${procedure.interface}.${procedure.name}`;
