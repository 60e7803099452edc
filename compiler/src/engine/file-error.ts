/** A file that is not there or cannot be read; the message says why, without naming the file. */
export class FileError extends Error {
  override readonly name = 'FileError';
  readonly isMissing: boolean;

  constructor(message: string, isMissing: boolean) {
    super(message);
    this.isMissing = isMissing;
  }
}
