/** Where the generated files of each module go below `--out`. */
import { posix, resolve, sep } from 'node:path';

/**
 * From each file to the folder of its generated files, below the common root of all: `bank` for `idl/bank.idl` when
 * the root is `idl`.
 *
 * @param directory what the files' paths are relative to
 */
export function outputFolders(files: readonly string[], directory: string): ReadonlyMap<string, string> {
  const absolute = files.map(file => resolve(directory, file).split(sep));
  const root = sharedSegments(absolute.map(segments => segments.slice(0, -1)));
  return new Map(
    files.map((file, at) => [file, posix.join(...absolute[at]!.slice(root)).replace(/\.idl$/, '')]),
  );
}

/** How many segments all paths have in common at their beginning. */
function sharedSegments([first = [], ...others]: readonly (readonly string[])[]): number {
  let shared = first.length;
  for (const segments of others) {
    let same = 0;
    while (same < shared && segments[same] === first[same]) same++;
    shared = same;
  }
  return shared;
}
