/** The items that a caller streams, for the procedure that takes them. */
import type { StreamReceiver } from '../request-reply/stream-receiver.js';
import type { AnyProcedure, ItemStream } from '../schema/description.js';
import { CallError } from '../schema/errors.js';
import { consume } from '../streaming/consume.js';

export function receivedItems(receiver: StreamReceiver, procedure: AnyProcedure): ItemStream<unknown> {
  const { interface: name, name: procedureName, items } = procedure;
  return consume({
    open: () => receiver,
    read: reader => items!.read(reader),
    // What else comes is dropped; the caller learns of it by the reply.
    leave: () => {},
    misfit: error =>
      new CallError(
        'invalid-argument',
        `an item for ${name}.${procedureName} does not fit its declaration: ${error.message}`,
        { outcome: 'executed', cause: error },
      ),
  });
}
