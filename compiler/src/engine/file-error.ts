/** A file that is not there or cannot be read; the message says why, without naming the file. */
export class FileError extends Error {
  /** `FileError`. Also tells these errors apart where two copies of this package make `instanceof` fail. */
  override readonly name = 'FileError';
  /** Whether there is no such file; else it is there and cannot be read. */
  readonly isMissing: boolean;

  /** Thrown by a `readFile` that is given to `compile`. */
  constructor(message: string, isMissing: boolean) {
    super(message);
    this.isMissing = isMissing;
  }
}
