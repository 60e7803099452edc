/** Names and values that travel beside arguments and results. */
export type Metadata = Readonly<Record<string, string | number | boolean | Uint8Array>>;
