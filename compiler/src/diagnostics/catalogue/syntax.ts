/** CVK1xxx: how the source is written. */

export const syntax = {};
