/** Where a value or a message broke the rules of its schema or of MessagePack. */
export interface MarshalErrorPlace {
  /** The byte in the buffer at which reading failed; absent for a value that could not be written. */
  readonly offset?: number;
  /** The field that broke a rule, by its full name: `bank.v1.Account.id`. */
  readonly path?: string;
}

/** A value does not fit its declared type, or received bytes are not what the schema allows. */
export class MarshalError extends Error {
  override readonly name = 'MarshalError';
  readonly offset: number | undefined;
  readonly path: string | undefined;

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
