/** Bundles what a page gets that imports the package: the client's half, with a stand-in for Node's `Buffer`. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const source = path => fileURLToPath(new URL(`src/${path}`, import.meta.url));
const buffer = source('browser/buffer.ts');

await build({
  entryPoints: { index: source('browser/index.ts'), codegen: source('codegen.ts') },
  outdir: fileURLToPath(new URL('dist/bundle', import.meta.url)),
  bundle: true,
  // Generated code and the client must see the same classes.
  splitting: true,
  chunkNames: 'shared',
  format: 'esm',
  target: 'es2022',
  sourcemap: true,
  inject: [buffer],
  alias: { 'node:buffer': buffer },
  external: ['msgpackr'],
});
