/** The server that the commands on the pages call. */
import { implement, type Server, serve } from '@convoke/runtime';
import { health, reflection } from '@convoke/runtime/services';
import { DynamicError, describeInterface } from '../../compiler/src/dynamic/description.js';
import { find, modelOf } from '../compiler/dynamic/models.js';

/** The pages show an address as readers have it; the tests take no port. */
export const greeterAddress = { shown: 'udp://127.0.0.1:7000', real: 'memory:commands' } as const;

/** @param text the schema on the page */
export function serveGreeter(text: string): Promise<Server> {
  const model = modelOf({ 'greeter.idl': text });
  const nobody = find(model, 'error', 'Nobody');
  const schema = { path: 'greeter.idl', imports: () => [], text };
  const greeter = implement(describeInterface(find(model, 'interface', 'Greeter'), schema), {
    greet(name) {
      if (name === '') throw new DynamicError(nobody, { reason: 'the name is empty' });
      return `Hello, ${name}!`;
    },
  });
  return serve({ listen: greeterAddress.real, services: [greeter, health(), reflection()] });
}
