/** Where the protocol tells what it does. While nobody listens, telling costs a look at one field. */
import type { Clock } from '../platform/platform.js';
import type { EventListener, EventOf } from '../schema/events.js';

export type Emit<Events> = <Kind extends keyof Events>(kind: Kind, told: Events[Kind]) => void;

export interface EventSource<Events> {
  /** `undefined` while nobody listens: after `emit?.` not even the arguments are evaluated. */
  readonly emit: Emit<Events> | undefined;
  /** Has the listener told of what comes. @returns how it stops to be told; doing so twice is once */
  subscribe(listener: EventListener<EventOf<Events>>): () => void;
}

export function createEventSource<Events>(clock: Clock): EventSource<Events> {
  // A list that is never changed: whoever comes or goes while an event is told makes a new one.
  let listeners: readonly EventListener<EventOf<Events>>[] = [];

  const emit: Emit<Events> = (kind, told) => {
    const event = { kind, at: clock.now(), ...told } as EventOf<Events>;
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (error) {
        clock.defer(() => {
          throw error;
        });
      }
    }
  };

  const source: { -readonly [Key in keyof EventSource<Events>]: EventSource<Events>[Key] } = {
    emit: undefined,
    subscribe(listener) {
      // The same function may listen twice.
      const entry: EventListener<EventOf<Events>> = event => listener(event);
      const change = (changed: typeof listeners) => {
        listeners = changed;
        source.emit = listeners.length === 0 ? undefined : emit;
      };
      change([...listeners, entry]);
      return () => change(listeners.filter(each => each !== entry));
    },
  };
  return source;
}
