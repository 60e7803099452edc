/** Where the generated files of each module go below `--out`. Paths have `/` between segments. */
import { posix } from 'node:path';

/** The deepest folder that holds all of the files; `.` when they share none. */
export function commonFolder(files: readonly string[]): string {
  const [first, ...others] = files.map(file => posix.dirname(posix.normalize(file)).split('/'));
  if (first === undefined) return '.';
  let shared = first.length;
  for (const segments of others) {
    let same = 0;
    while (same < shared && segments[same] === first[same]) same++;
    shared = same;
  }
  const common = first.slice(0, shared).join('/');
  if (common !== '') return common;
  return first[0] === '' ? '/' : '.';
}

/** `bank` for `idl/bank.idl` when `idl` is the common folder of all inputs. */
export function outputFolder(root: string, file: string): string {
  return posix.relative(root, file).replace(/\.idl$/, '');
}
