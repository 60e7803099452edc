/** What the world does to hosts, for the judge: whom the others may exclude. */
import type { Truth } from '../../judge/group-judge.js';

/** Milliseconds without a sign of life before which nobody may be excluded, but for one that is proved to be dead. */
const patience = 2900;
/** For so long trouble that is over still counts: views are agreed on late when packets are lost. */
const memory = 20_000;

/** Of what kind: those of one kind end together. */
export type TroubleKind = 'down' | 'parted' | 'paused';

interface Trouble {
  readonly kind: TroubleKind;
  readonly begins: number;
  ends: number;
}

export class Troubles implements Truth {
  private readonly troubles = new Map<string, Trouble[]>();
  private readonly now: () => number;
  private readonly hostOf: (member: string) => string;

  constructor(now: () => number, hostOf: (member: string) => string) {
    this.now = now;
    this.hostOf = hostOf;
  }

  /** @param until known beforehand where it ends by itself */
  begin(host: string, kind: TroubleKind, until = Number.POSITIVE_INFINITY): void {
    const of = this.troubles.get(host);
    const trouble = { kind, begins: this.now(), ends: until };
    if (of === undefined) this.troubles.set(host, [trouble]);
    else of.push(trouble);
  }

  end(host: string, kind: TroubleKind): void {
    for (const trouble of this.troubles.get(host) ?? []) {
      if (trouble.kind === kind) trouble.ends = Math.min(trouble.ends, this.now());
    }
  }

  excused(member: string): boolean {
    const now = this.now();
    let sum = 0;
    for (const { begins, ends } of this.troubles.get(this.hostOf(member)) ?? []) {
      if (ends > now - memory) sum += Math.min(ends, now) - begins;
    }
    return sum >= patience;
  }
}
