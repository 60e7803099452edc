/**
 * How often a value may go into a type that can contain itself. It holds for writing too, so that a value that
 * contains itself is an error, and what one side writes the other can read.
 */
export const maxDepth = 128;

/** How many arrays and maps may stand in each other in a value that the schema does not know. */
export const maxUnknownDepth = 1024;

/** Field ids end here. */
export const maxFieldId = 65_535;

/** Byte strings shorter than this are copied out of the received message; longer ones are views of it. */
export const copiedBytes = 512;

/** Metadata: how many entries, how long a name may be in characters, and all of it encoded, in bytes, unless told otherwise. */
export const metadataLimits = { entries: 64, nameLength: 128, size: 8192 } as const;

/** How many bytes a writer's chunk has, unless one message needs more. */
export const chunkSize = 65_536;
