/** CVK4xxx: interfaces and what procedures promise. */

export const interfaces = {};
