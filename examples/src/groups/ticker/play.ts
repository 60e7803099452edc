import { createCounter, type Scene } from '../scene.js';
import { joinTicker, type Quote } from './ticker.js';

const prices = [180_10, 180_25, 179_90, 181_00, 181_40];

/** An exchange publishes; a chart draws all prices, and an alarm waits for one. */
export async function playTicker({ joinAs, show }: Scene): Promise<number[]> {
  const drawn: number[] = [];
  const quoted = createCounter();
  const exchange = await joinTicker(joinAs('exchange'));
  const chart = await joinTicker(joinAs('chart'), ({ cents }) => {
    drawn.push(cents);
    quoted.count();
  });
  const alarm = await joinTicker(joinAs('alarm'), ({ symbol, cents }: Quote) => {
    if (cents > 181_00) show(`the alarm rings: ${symbol} at ${cents / 100}`);
    quoted.count();
  });

  for (const cents of prices) await exchange.publish({ symbol: 'ACME', cents });
  await quoted(2 * prices.length);
  show(`the chart shows: ${drawn.map(cents => (cents / 100).toFixed(2)).join(' ')}`);
  await Promise.all([exchange, chart, alarm].map(({ member }) => member.close()));
  return drawn;
}
