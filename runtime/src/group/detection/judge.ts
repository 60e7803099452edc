/** What the silence of a member means. */

/** Of one member. Time that this process was stopped itself is not told to it. */
export interface Judge {
  /** The member was heard after so many milliseconds of silence. */
  heard(silence: number): void;
  /** How suspicious so many milliseconds of silence are: from 1 on the member is suspected. Rises with the silence. */
  suspicion(silence: number): number;
  /** Whether a member that was asked for so many milliseconds, and was not heard, has had its chance. */
  hasHadChance(asked: number): boolean;
}

/** Where delays have a known bound, a silence that is longer is suspicious. */
export function boundedJudge(suspectAfter: number, askFor: number): Judge {
  return {
    heard: () => {},
    suspicion: silence => silence / suspectAfter,
    hasHadChance: asked => asked >= askFor,
  };
}
