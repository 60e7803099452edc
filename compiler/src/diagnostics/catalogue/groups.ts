/** CVK5xxx: groups. */
import { error } from '../diagnostic.js';

export const groups = {
  unknownProcedure: error<{ name: string; interface: string; hint: string | undefined }>(
    'CVK5001',
    ({ name, interface: of }) => `interface '${of}' has no procedure '${name}'`,
    ({ hint }) => hint,
  ),
  duplicatePolicy: error<{ name: string }>(
    'CVK5002',
    ({ name }) => `'${name}' has two lines in this group`,
    () => 'Put both into one.',
  ),
  streamPolicy: error<{ name: string }>(
    'CVK5003',
    ({ name }) => `'${name}' has a stream: streams are left out of a group's stubs, so it has no policy`,
    () => 'Remove the line.',
  ),
  maybePolicy: error<{ name: string }>(
    'CVK5004',
    ({ name }) => `'${name}' is maybe, which in a group is always \`order unordered replies none\``,
    () => 'Remove the line, or change the call semantics of the procedure.',
  ),
  replyCount: error<{ count: bigint }>(
    'CVK5005',
    ({ count }) => `cannot wait for ${count} replies: the number is 1 to 65535`,
    ({ count }) => (count === 0n ? 'To wait for no reply write `replies none`.' : undefined),
  ),
  groupOfStreams: error<{ interface: string }>(
    'CVK5006',
    ({ interface: of }) =>
      `all procedures of '${of}' have streams, which are left out of a group's stubs: nothing is left to call`,
    () => 'Call its members one by one, or add procedures without streams.',
  ),
};
