/** What happens to the members, as each tells the story's teller. */

/** On the machine's monotonic clock, in milliseconds: comparable between its processes. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** In which order a line is sent. Only lines in total order are written into journals. */
export type LineOrder = 'fifo' | 'total';

/** What a member tells. */
export type News =
  | {
      readonly type: 'view';
      readonly id: string;
      readonly members: readonly string[];
      readonly primary: boolean;
    }
  | { readonly type: 'sent' | 'delivered'; readonly order: LineOrder; readonly text: string }
  /** The group's journal was taken over. */
  | { readonly type: 'loaded'; readonly lines: number }
  | { readonly type: 'suspected'; readonly member: string };

/** And when it happened. */
export type Happening = News & { readonly at: number };

/** As members send lines: the order, and the text. */
export function encodeLine(order: LineOrder, text: string): Uint8Array {
  return Buffer.from(`${order} ${text}`);
}

export function decodeLine(bytes: Uint8Array): { readonly order: LineOrder; readonly text: string } {
  const [order, ...words] = Buffer.from(bytes).toString().split(' ');
  return { order: order as LineOrder, text: words.join(' ') };
}
