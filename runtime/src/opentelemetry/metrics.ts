/** Metrics of channels and servers, fed by their events and figures. */
import {
  type Attributes,
  type Counter,
  type Histogram,
  type Meter,
  type MetricOptions,
  metrics as registered,
} from '@opentelemetry/api';
import type { Channel, ChannelStats } from '../client/channel.js';
import type { ClientEvent, EventCall, ServerEvent } from '../schema/events.js';
import type { Server, ServerStats } from '../server/serve.js';
import { endAttributes, library, methodAttributes, type Side, systemAttributes } from './conventions.js';

export interface MetricsOptions {
  /** What makes the instruments. Default: the meter `@convoke/runtime` of the provider that is registered. */
  readonly meter?: Meter;
}

export interface Metrics {
  /** Measures a channel, from now on. @returns how that ends; do so when the channel is closed */
  channel(channel: Pick<Channel, 'subscribe' | 'stats'>): () => void;
  /** Measures a server, from now on. @returns how that ends; do so when the server is closed */
  server(server: Pick<Server, 'subscribe' | 'stats'>): () => void;
}

/** Seconds; the boundaries that the conventions name. */
const durations: MetricOptions = {
  unit: 's',
  advice: {
    explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
  },
};

/** Instruments by what feeds them. */
type Instruments<Source extends PropertyKey> = Partial<
  Record<Source, readonly [name: string, unit: string, description: string]>
>;

/** What is held now, in all channels or servers that are measured: by the name of the figure. */
const channelFigures = {
  pending: ['convoke.client.calls.pending', '{call}', 'Calls that have not ended'],
  streams: ['convoke.client.streams', '{call}', 'Calls with streams that have not ended'],
} as const satisfies Instruments<keyof ChannelStats>;

const serverFigures = {
  sessions: ['convoke.server.sessions', '{session}', 'Clients that are known'],
  running: ['convoke.server.calls.running', '{call}', 'Procedures that run'],
  queued: ['convoke.server.calls.queued', '{call}', 'Calls that wait for their turn'],
  streams: ['convoke.server.streams', '{call}', 'Calls with streams that have not ended'],
  historyEntries: ['convoke.server.history.entries', '{reply}', 'Replies that are not acknowledged'],
  historyBytes: ['convoke.server.history.size', 'By', 'Bytes of replies that are not acknowledged'],
  halfOpenBytes: ['convoke.server.half_open.size', 'By', 'Bytes of requests of which a part is missing'],
} as const satisfies Instruments<keyof ServerStats>;

/** What is counted: by the kind of event. */
const clientCounts = {
  retransmitted: ['convoke.client.retransmissions', '{request}', 'Copies of requests that were sent again'],
  'probe-sent': ['convoke.client.probes', '{probe}', 'Questions for a reply that were sent instead'],
  'fragment-resent': [
    'convoke.client.fragments.resent',
    '{fragment}',
    'Parts of requests that were sent again',
  ],
  'segment-resent': ['convoke.client.segments.resent', '{segment}', 'Parts of streams that were sent again'],
  'session-lost': ['convoke.client.sessions.lost', '{session}', 'Sessions that the server forgot'],
} as const satisfies Instruments<ClientEvent['kind']>;

const serverCounts = {
  'duplicate-filtered': ['convoke.server.duplicates', '{request}', 'Copies that were kept from execution'],
  'resent-from-history': ['convoke.server.resent', '{reply}', 'Replies that were given before'],
  refused: ['convoke.server.refused', '{call}', 'Calls that were refused'],
  'fragment-resent': [
    'convoke.server.fragments.resent',
    '{fragment}',
    'Parts of replies that were sent again',
  ],
  'segment-resent': ['convoke.server.segments.resent', '{segment}', 'Parts of streams that were sent again'],
} as const satisfies Instruments<ServerEvent['kind']>;

/** Makes the instruments, and measures the channels and servers that it is given. */
export function metrics({ meter = registered.getMeter(library) }: MetricsOptions = {}): Metrics {
  const clientDuration = meter.createHistogram('rpc.client.call.duration', durations);
  const serverDuration = meter.createHistogram('rpc.server.call.duration', durations);
  const countClient = counting(meter, clientCounts);
  const countServer = counting(meter, serverCounts);
  const channels = observing(meter, channelFigures);
  const servers = observing(meter, serverFigures);

  return {
    channel(channel) {
      const unsubscribe = channel.subscribe(event => {
        countClient(event);
        if (event.kind === 'call-ended') record(clientDuration, 'client', event, event.code, event.duration);
      });
      const forget = channels(channel);
      return both(unsubscribe, forget);
    },
    server(server) {
      const durationOf = stopwatch();
      const unsubscribe = server.subscribe(event => {
        countServer(event);
        const duration = durationOf(event);
        if (event.kind === 'answered' && duration !== undefined)
          record(serverDuration, 'server', event, event.code, duration);
      });
      const forget = servers(server);
      return both(unsubscribe, forget);
    },
  };
}

function both(first: () => void, second: () => void): () => void {
  return () => {
    first();
    second();
  };
}

function record(histogram: Histogram, side: Side, call: EventCall, code: string, duration: number): void {
  histogram.record(duration / 1000, { ...attributesOf(call), ...endAttributes(side, code) });
}

/** Of an event that tells of a call, its method. */
function attributesOf(event: Partial<EventCall>): Attributes {
  const { procedure } = event;
  if (!('procedure' in event)) return systemAttributes;
  return methodAttributes(procedure === undefined ? '_OTHER' : methodOf(procedure));
}

/** `bank.v1.Bank.transfer` as the conventions write it. */
function methodOf(procedure: string): string {
  const dot = procedure.lastIndexOf('.');
  return `${procedure.slice(0, dot)}/${procedure.slice(dot + 1)}`;
}

interface Counted extends Partial<EventCall> {
  readonly kind: string;
  readonly reason?: string;
  readonly code?: string;
}

/** Counts events by their kinds, with the reason or the code where they tell one. */
function counting(meter: Meter, instruments: Instruments<string>): (event: Counted) => void {
  const counters = new Map<string, Counter>();
  for (const [kind, row] of Object.entries(instruments)) {
    const [name, unit, description] = row!;
    counters.set(kind, meter.createCounter(name, { unit, description }));
  }
  return event => {
    const { kind, reason, code } = event;
    counters.get(kind)?.add(1, {
      ...attributesOf(event),
      ...(reason === undefined ? {} : { 'convoke.reason': reason }),
      ...(code === undefined ? {} : { 'rpc.response.status_code': code }),
    });
  };
}

/** Observes figures, summed over all sources that are measured. */
function observing<Figure extends string>(
  meter: Meter,
  instruments: Instruments<Figure>,
): (source: FigureSource<Figure>) => () => void {
  const sources = new Set<FigureSource<Figure>>();
  for (const figure in instruments) {
    const [name, unit, description] = instruments[figure]!;
    meter.createObservableUpDownCounter(name, { unit, description }).addCallback(result => {
      let sum = 0;
      for (const source of sources) sum += source.stats()[figure];
      result.observe(sum, systemAttributes);
    });
  }
  return source => {
    sources.add(source);
    return () => sources.delete(source);
  };
}

interface FigureSource<Figure extends string> {
  stats(): Readonly<Record<Figure, number>>;
}

/**
 * How long executions took, in milliseconds. Every execution that is told of is answered later, so nothing stays; of two
 * at a time of one call, which only at-least-once calls have, one is measured.
 */
function stopwatch(): (event: ServerEvent) => number | undefined {
  const begun = new Map<string, number>();
  return event => {
    if (event.kind !== 'executing' && event.kind !== 'answered') return undefined;
    const key = `${event.clientId}/${event.call}`;
    if (event.kind === 'executing') {
      begun.set(key, event.at);
      return undefined;
    }
    const at = begun.get(key);
    begun.delete(key);
    return at === undefined ? undefined : event.at - at;
  };
}
