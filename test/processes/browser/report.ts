/** What the page tells the test. */
export interface Report {
  /** By the keys of the jobs. */
  readonly told: Readonly<Record<string, Told>>;
  /** The numbers of the items that came, and how many the server got. */
  readonly streams: {
    readonly watched: readonly number[];
    readonly loaded: number;
    readonly talked: readonly number[];
  };
  /** The error for an address that a page cannot reach. */
  readonly unreachable: string;
  readonly retransmitted: number;
  /** The stack of an error that nothing should have thrown. */
  readonly thrown?: string;
}

/** What became of a call. */
export type Told =
  | { readonly kind: 'receipt'; readonly key: string; readonly padding: number }
  | { readonly kind: 'refused'; readonly key: string }
  | { readonly kind: 'failed'; readonly code: string; readonly outcome: string };
