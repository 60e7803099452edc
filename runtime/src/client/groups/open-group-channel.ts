/** A channel to an open group, instead of to servers. */
import type { Platform } from '../../platform/platform.js';
import { isGroupDescription } from '../../schema/group.js';
import type { Channel } from '../channel.js';
import { createOpenGroupCaller } from './open-group-caller.js';

/** @param channel to the members that take calls from outside */
export function openGroupChannel(name: string, channel: Channel, platform: Platform): Channel {
  const caller = createOpenGroupCaller(name, channel, platform);
  return {
    ...channel,
    client: description => {
      if (isGroupDescription(description)) return description.createGroupClient(caller);
      throw new TypeError(
        `${description.name} is an interface, and the channel leads to a group: make the stub of a \`group\` declaration`,
      );
    },
  };
}
