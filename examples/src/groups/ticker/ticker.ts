/** A price ticker: who has prices publishes them, who wants them subscribes; neither knows the other. */
import { type GroupMember, NotificationBus } from '@convoke/runtime/group';
import type { Join } from '../scene.js';

export interface Quote {
  readonly symbol: string;
  readonly cents: number;
}

export interface Ticker {
  readonly member: GroupMember;
  publish(quote: Quote): Promise<void>;
}

/** @param listen called for each quote, in the order in which its publisher published them */
export async function joinTicker(join: Join, listen: (quote: Quote) => void = () => {}): Promise<Ticker> {
  const quotes = new NotificationBus<Quote>('quotes', { order: 'fifo' });
  quotes.subscribe(listen);
  const member = await join('udp+multicast://239.255.74.13:7413', { name: 'ticker', parts: [quotes] });
  return {
    member,
    async publish(quote) {
      // A subscriber that is slow slows the publisher down; nothing piles up, and nothing is lost.
      if (!quotes.publish(quote)) await member.room();
    },
  };
}
