/** Composes layers, checks that they fit, and runs them: batches, events, and one timer for all. */
import type { Platform, Timer } from '../platform/platform.js';
import type {
  Directory,
  DropReason,
  GroupEvent,
  Layer,
  LayerContext,
  LayerSpec,
  ServiceName,
} from './layer.js';
import { createMember, type Member } from './member.js';
import type { Batch } from './message.js';
import type { Services } from './services.js';

/** What stands on a stack. */
export interface StackOptions {
  readonly group: string;
  readonly platform: Platform;
  /** Its address is set by the transport's `start`. */
  readonly self: Member;
  readonly directory: Directory;
  /** From the lowest to the highest. */
  readonly layers: readonly LayerSpec[];
  /** What leaves the highest layer. */
  up(batch: Batch): void;
  /** What happens, after all layers were told. */
  on(event: GroupEvent): void;
}

/** Layers that run. */
export interface Stack {
  /** This member, at its address once the stack has started. */
  readonly self: Member;
  readonly services: Services;
  /** What was dropped so far, and why. */
  readonly drops: ReadonlyMap<DropReason, number>;
  /** As `LayerContext.count`, for what stands on the stack. */
  count(what: DropReason): void;
  start(): Promise<void>;
  /** Hands a batch to the highest layer. */
  down(batch: Batch): void;
  /** As `LayerContext.raise`, for what stands on the stack. */
  raise(event: GroupEvent): void;
  /** To be called after anything else than `down` may have changed when a layer wants to be woken. */
  reschedule(): void;
  stop(): Promise<void>;
}

/** @throws TypeError when a layer needs a service that no layer below it provides, or a service is provided twice */
export function checkStack(layers: readonly LayerSpec[]): void {
  const provided = new Map<ServiceName, string>();
  for (const { name, requires, provides } of layers) {
    for (const service of requires) {
      if (provided.has(service)) continue;
      const above = layers.find(layer => layer.provides.includes(service));
      const hint = above ? `'${above.name}' does, and stands above it` : 'add a layer that does';
      throw new TypeError(`the layer '${name}' needs ${service}, which no layer below provides: ${hint}`);
    }
    for (const service of provides) {
      const other = provided.get(service);
      if (other !== undefined) {
        throw new TypeError(`both '${other}' and '${name}' provide ${service}: take one of them out`);
      }
      provided.set(service, name);
    }
  }
}

/** @throws TypeError when the layers do not fit */
export function composeStack(options: StackOptions): Stack {
  const { group, platform, directory, layers: specs } = options;
  let { self } = options;
  checkStack(specs);
  const { clock } = platform;
  const services: Partial<Record<ServiceName, unknown>> = {};
  const drops = new Map<DropReason, number>();
  const layers: Layer[] = [];
  let timer: Timer | undefined;
  let timerAt = Number.POSITIVE_INFINITY;
  let stopped = false;

  const fire = (): void => {
    timer = undefined;
    timerAt = Number.POSITIVE_INFINITY;
    for (const layer of layers) {
      const now = clock.now();
      if ((layer.wakeAt ?? Number.POSITIVE_INFINITY) <= now && !stopped) layer.tick!(now);
    }
    reschedule();
  };

  const reschedule = (): void => {
    if (stopped) return;
    let next = Number.POSITIVE_INFINITY;
    for (const { wakeAt } of layers) if (wakeAt !== undefined && wakeAt < next) next = wakeAt;
    // A timer that fires early finds nothing due and is set again: cheaper than to cancel one for each batch.
    if (next >= timerAt) return;
    timer?.cancel();
    timerAt = next;
    timer = clock.setTimer(Math.max(0, next - clock.now()), fire);
  };

  const upFrom = (index: number): ((batch: Batch) => void) => {
    for (let at = index + 1; at < layers.length; at++) {
      const layer = layers[at]!;
      if (layer.up !== undefined) return batch => layer.up!(batch);
    }
    return options.up;
  };
  const downFrom = (index: number): ((batch: Batch) => void) => {
    for (let at = index - 1; at >= 0; at--) {
      const layer = layers[at]!;
      if (layer.down !== undefined) return batch => layer.down!(batch);
    }
    return () => {
      throw new Error('the lowest layer must be a transport, which sends what it gets');
    };
  };

  const tellFrom = (index: number, event: GroupEvent): void => {
    for (let at = index; at < layers.length; at++) {
      const layer = layers[at]!;
      layer.on?.(event);
      if (layer.keeps?.(event)) return;
    }
    options.on(event);
  };
  const raise = (event: GroupEvent): void => {
    tellFrom(0, event);
    reschedule();
  };

  const count = (what: DropReason): void => {
    drops.set(what, (drops.get(what) ?? 0) + 1);
  };

  const neighbours: { up: (batch: Batch) => void; down: (batch: Batch) => void }[] = [];
  specs.forEach((spec, index) => {
    const context: LayerContext = {
      group,
      get self() {
        return self;
      },
      services: services as unknown as Services,
      clock,
      random: platform.random,
      platform,
      directory,
      up: batch => neighbours[index]!.up(batch),
      down: batch => neighbours[index]!.down(batch),
      raise,
      setSelf: at => {
        self = createMember(self.id, at);
        directory.learn(self);
      },
      pass: event => tellFrom(index + 1, event),
      defer: callback =>
        clock.defer(() => {
          if (stopped) return;
          callback();
          reschedule();
        }),
      reschedule,
      count,
    };
    layers.push(
      spec.create(
        Object.assign(context, {
          provide: <Name extends ServiceName>(name: Name, service: Services[Name]) => {
            services[name] = service;
          },
        }),
      ),
    );
  });
  specs.forEach((_, index) => {
    neighbours.push({ up: upFrom(index), down: downFrom(index) });
  });
  const top = downFrom(layers.length);

  return {
    get self() {
      return self;
    },
    services: services as unknown as Services,
    drops,
    count,
    start: async () => {
      for (const layer of layers) await layer.start?.();
      reschedule();
    },
    down: batch => {
      if (stopped) return;
      top(batch);
      reschedule();
    },
    raise,
    reschedule,
    stop: async () => {
      for (const layer of [...layers].reverse()) await layer.stop?.();
      stopped = true;
      timer?.cancel();
    },
  };
}
