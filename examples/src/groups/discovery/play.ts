import type { Scene } from '../scene.js';
import { joinDirectory } from './discovery.js';

/** A client finds two printers; one is switched off, and the client finds the other. */
export async function playDiscovery({ joinAs, show }: Scene): Promise<(readonly string[])[]> {
  const first = await joinDirectory(joinAs('first'), { printer: 'udp://10.0.0.7:9100' });
  const second = await joinDirectory(joinAs('second'), {
    printer: 'udp://10.0.0.8:9100',
    scanner: 'udp://10.0.0.8:9200',
  });
  const client = await joinDirectory(joinAs('client'));
  const ask = async (service: string): Promise<readonly string[]> => {
    const found = (await client.find(service)).sort();
    show(`who offers a ${service}? ${found.join(', ') || 'nobody'}`);
    return found;
  };

  const found = [await ask('printer'), await ask('scanner'), await ask('plotter')];
  await second.member.leave();
  show('(the second server leaves)');
  found.push(await ask('printer'));
  await Promise.all([first, client].map(({ member }) => member.close()));
  return found;
}
