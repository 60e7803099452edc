/** CVK8xxx: what is allowed but hardly meant. */

export const lint = {};
