/** CVK3xxx: types and declarations. */

export const declarations = {};
