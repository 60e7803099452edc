/** Where a value or a message broke the rules of its schema or of MessagePack. */
export interface MarshalErrorPlace {
  /** The byte in the buffer at which reading failed; absent for a value that could not be written. */
  readonly offset?: number;
  /** The field that broke a rule, by its full name: `bank.v1.Account.id`. */
  readonly path?: string;
}

/** A value does not fit its declared type, or received bytes are not what the schema allows. */
export class MarshalError extends Error {
  /** `MarshalError`. Also tells these errors apart where two copies of this package make `instanceof` fail. */
  override readonly name = 'MarshalError';
  /** The byte in the buffer at which reading failed; `undefined` for a value that could not be written. */
  readonly offset: number | undefined;
  /** The field that broke a rule, by its full name; `undefined` where it is not known. */
  readonly path: string | undefined;

  /** Puts the place into the text of the error, beside the message. */
  constructor(message: string, place: MarshalErrorPlace = {}) {
    super(describe(message, place));
    this.offset = place.offset;
    this.path = place.path;
  }
}

function describe(message: string, { offset, path }: MarshalErrorPlace): string {
  const subject = path === undefined ? message : `${path}: ${message}`;
  return offset === undefined ? subject : `${subject} (at byte ${offset})`;
}
