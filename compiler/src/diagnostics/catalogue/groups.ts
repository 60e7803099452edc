/** CVK5xxx: groups. */

export const groups = {};
