/** All kinds of events: TypeScript sees to it that none is missing. */
import type { ClientEvent, ServerEvent } from '@convoke/runtime';

const ofClients: Readonly<Record<ClientEvent['kind'], true>> = {
  'call-begun': true,
  'request-sent': true,
  retransmitted: true,
  'fragment-resent': true,
  'segment-resent': true,
  'probe-sent': true,
  'busy-received': true,
  'reply-received': true,
  'reply-unexpected': true,
  'call-ended': true,
  'link-up': true,
  'link-down': true,
  unreachable: true,
  'session-opened': true,
  'session-renewed': true,
  'session-lost': true,
  malformed: true,
  damaged: true,
};

const ofServers: Readonly<Record<ServerEvent['kind'], true>> = {
  'request-received': true,
  'duplicate-filtered': true,
  'resent-from-history': true,
  'fragment-resent': true,
  refused: true,
  executing: true,
  answered: true,
  'segment-resent': true,
  acknowledged: true,
  'session-opened': true,
  'session-ended': true,
  'reset-sent': true,
  malformed: true,
  damaged: true,
};

export const clientKinds = Object.keys(ofClients).sort();
export const serverKinds = Object.keys(ofServers).sort();
