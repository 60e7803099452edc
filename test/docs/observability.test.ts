/** The tables of events, figures and instruments name all that there are. */
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { expect, it } from 'vitest';
import { metrics } from '../../runtime/src/opentelemetry/index.js';
import { clientKinds, serverKinds } from '../event-kinds.js';
import { play } from '../runtime/ledger.js';
import { textOf } from './samples.js';

/** The names in the first column of the tables whose first heading is this one. */
function namesUnder(heading: string): string[] {
  const tables = textOf('docs/OBSERVABILITY.md').split('\n\n');
  const rows = tables
    .filter(table => table.startsWith(`| ${heading} |`))
    .flatMap(table => table.split('\n').slice(2));
  return rows.flatMap(row => [...row.split('|')[1]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!)).sort();
}

it.each([
  ['event of a channel', clientKinds],
  ['event of a server', serverKinds],
])('%s: all of them', (heading, kinds) => {
  expect(namesUnder(heading)).toEqual(kinds);
});

it('the figures of channels and servers: all of them', () =>
  play({}, async ({ channel, server }) => {
    expect(namesUnder('of a channel')).toEqual(Object.keys(channel.stats()).sort());
    expect(namesUnder('of a server')).toEqual(Object.keys(server.stats()).sort());
  }));

it('the instruments: all of them', () => {
  const made: string[] = [];
  const meter = new MeterProvider().getMeter('test');
  const noting = new Proxy(meter, {
    get: (target, method: keyof typeof meter) =>
      method.startsWith('create')
        ? (name: string, options: object) => {
            made.push(name);
            return (target[method] as (name: string, options: object) => unknown)(name, options);
          }
        : target[method],
  });
  metrics({ meter: noting });
  expect(namesUnder('instrument')).toEqual(made.sort());
});
