/** A server of the ledger and a client of it, in a simulated network, for tests of what stands around a call. */
import { Ending, type Job, Ledger, type LedgerService } from '../../generated/testing/ledger/index.js';
import { CallError, type ConnectOptions, implement, type ServeOptions } from '../../runtime/src/index.js';
import { type SimulationOptions, simulate } from '../../runtime/src/testing/index.js';

export const job = (key: string, more: Partial<Job> = {}): Job => ({
  key,
  work: 0,
  padding: 0,
  ending: Ending.receipt,
  ...more,
});

export interface Settings {
  readonly scheme?: 'udp' | 'tcp';
  readonly serve?: Partial<ServeOptions>;
  readonly connect?: ConnectOptions;
  readonly world?: SimulationOptions;
}

async function open(
  world: ReturnType<typeof simulate>,
  service: Partial<LedgerService>,
  { scheme = 'udp', serve, connect }: Settings,
) {
  const host = world.host('server');
  /** The keys of the jobs that were executed, as often as they were. */
  const executed: string[] = [];
  const work: LedgerService['once'] = async ({ key, work }) => {
    executed.push(key);
    if (work > 0) await new Promise<void>(resolve => void host.platform.clock.setTimer(work, resolve));
    return { key, execution: executed.length, padding: new Uint8Array() };
  };
  const server = await host.serve({
    listen: `${scheme}://server:7000`,
    services: [implement(Ledger, { once: work, atLeastOnce: work, perhaps: work, note() {}, ...service })],
    onError: () => {},
    ...serve,
  });
  const channel = await world.host('client').connect(`${scheme}://server:7000`, connect);
  /** A client in the server's own process, as a procedure has it for its nested calls. */
  const nested = async () => (await host.connect(`${scheme}://server:7000`)).client(Ledger);
  return { world, server, channel, client: channel.client(Ledger), executed, nested, work };
}

export type Parts = Awaited<ReturnType<typeof open>>;

export async function play(
  service: Partial<LedgerService>,
  body: (parts: Parts) => Promise<void>,
  settings: Settings = {},
): Promise<void> {
  const world = simulate({ seed: 1, ...settings.world });
  await world.run(async () => body(await open(world, service, settings)));
}

/** The error of a call that fails. */
export async function failure(call: Promise<unknown>): Promise<CallError> {
  const error = await call.then(
    () => 'it succeeded',
    (error: unknown) => error,
  );
  if (error instanceof CallError) return error;
  throw error instanceof Error ? error : new Error(String(error));
}
