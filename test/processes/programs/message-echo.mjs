/** Sends each message back to where it came from, upper case, and ends when it is told to. */
import { openEndpoint } from '../../../runtime/dist/messages/index.js';

const endpoint = await openEndpoint(process.argv[2]);
console.log(endpoint.address);

for (;;) {
  const { data, from } = await endpoint.receive();
  const text = Buffer.from(data).toString();
  if (text === 'end') break;
  await endpoint.send(from, Buffer.from(text.toUpperCase()), { sync: true });
}
await endpoint.close();
