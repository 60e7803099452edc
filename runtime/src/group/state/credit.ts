/** Tells a provider of what was taken, not for each piece but in steps. */
const step = 1024 * 1024;

export class Credit {
  private readonly tell: (bytes: number) => void;
  private untold = 0;

  constructor(tell: (bytes: number) => void) {
    this.tell = tell;
  }

  consumed(bytes: number): void {
    this.untold += bytes;
    if (this.untold < step) return;
    this.tell(this.untold);
    this.untold = 0;
  }
}
