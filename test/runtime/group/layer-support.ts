/** Layers on a clock that tests turn. */
import type { GroupEvent, Layer, LayerContext, LayerSpec } from '../../../runtime/src/group/layer.js';
import { createMember, type Member, type MemberId } from '../../../runtime/src/group/member.js';
import type { Batch, Message } from '../../../runtime/src/group/message.js';
import type { Services } from '../../../runtime/src/group/services.js';
import type { View } from '../../../runtime/src/group/view.js';
import type { Platform, Random } from '../../../runtime/src/platform/platform.js';

/** The same numbers for the same seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return { next, bytes: length => Uint8Array.from({ length }, () => Math.floor(next() * 256)) };
}

/** Time that passes when told to. */
export class FakeTime {
  now = 0;
  private readonly jobs: { at: number; order: number; run: () => void }[] = [];
  private readonly layers: (() => Layer)[] = [];
  private order = 0;

  after(delay: number, run: () => void): void {
    this.jobs.push({ at: this.now + delay, order: this.order++, run });
    this.jobs.sort((one, other) => one.at - other.at || one.order - other.order);
  }

  watch(layer: () => Layer): void {
    this.layers.push(layer);
  }

  /** Runs what is due until then, in its order. */
  run(until: number): void {
    for (;;) {
      const { next, layer } = this.nextWake();
      const job = this.jobs[0];
      if (job !== undefined && job.at <= next && job.at <= until) {
        this.jobs.shift();
        this.now = Math.max(this.now, job.at);
        job.run();
      } else if (layer !== undefined && next <= until) {
        this.now = Math.max(this.now, next);
        layer.tick!(this.now);
      } else break;
    }
    this.now = until;
  }

  private nextWake(): { next: number; layer: Layer | undefined } {
    let next = Number.POSITIVE_INFINITY;
    let layer: Layer | undefined;
    for (const get of this.layers) {
      const candidate = get();
      const at = candidate.wakeAt ?? Number.POSITIVE_INFINITY;
      if (at < next) {
        next = at;
        layer = candidate;
      }
    }
    return { next, layer };
  }
}

export interface Harness {
  readonly layer: Layer;
  readonly services: Services;
  /** Every message that left the layer upwards or downwards, unless a handler was given. */
  readonly up: Message[];
  readonly down: Message[];
  readonly raised: GroupEvent[];
  readonly drops: Map<string, number>;
}

export interface HarnessOptions {
  readonly time: FakeTime;
  readonly random?: Random;
  readonly id?: MemberId;
  readonly services?: Partial<Record<keyof Services, unknown>>;
  onUp?(batch: Batch): void;
  onDown?(batch: Batch): void;
  onRaise?(event: GroupEvent): void;
}

export function memberOf(id: MemberId): Member {
  return createMember(id, { host: '127.0.0.1', port: 1000 + id });
}

export function viewOf(counter: number, ...ids: readonly MemberId[]): View {
  return { id: { counter, creator: ids[0]! }, members: ids.map(memberOf) };
}

export function viewEvent(counter: number, ...ids: readonly MemberId[]): GroupEvent {
  return { type: 'view', view: viewOf(counter, ...ids), joined: [], sides: [] };
}

/** One layer alone, between two ends that note what they get. */
export function harness(spec: LayerSpec, options: HarnessOptions): Harness {
  const { time, random = seeded(1), id = 1, services = {} } = options;
  const up: Message[] = [];
  const down: Message[] = [];
  const raised: GroupEvent[] = [];
  const drops = new Map<string, number>();
  const context: LayerContext = {
    group: 'test',
    self: memberOf(id),
    services: services as Services,
    clock: { now: () => time.now },
    random,
    platform: undefined as unknown as Platform,
    directory: { get: memberOf, learn() {}, retain() {} },
    up: options.onUp ?? (batch => void up.push(...batch)),
    down: options.onDown ?? (batch => void down.push(...batch)),
    raise(event) {
      raised.push(event);
      layer.on?.(event);
      options.onRaise?.(event);
    },
    defer: callback => time.after(0, callback),
    reschedule() {},
    pass() {},
    setSelf() {},
    count: what => drops.set(what, (drops.get(what) ?? 0) + 1),
  };
  const layer: Layer = spec.create(
    Object.assign(context, {
      provide: (name: keyof Services, service: unknown) => Object.assign(services, { [name]: service }),
    }),
  );
  time.watch(() => layer);
  return { layer, services: context.services, up, down, raised, drops };
}
