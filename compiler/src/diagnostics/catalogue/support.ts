/** CVK9xxx: what this version does not do, and trouble with files. */

export const support = {};
