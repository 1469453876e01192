import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('..', import.meta.url);
const IMPORT = /import \{([^}]*)\} from '(?:\.\.\/)+dist\/([^']+)\.js'/g;

const FOLDERS = ['bench', 'bench/kinds', 'bench/lib', 'bench/load', 'bench/openapi', 'bench/targets', 'test/soak'];

/** What scripts outside the compiler's sight take of the build. */
const taken = FOLDERS.flatMap((folder) =>
  readdirSync(new URL(folder, ROOT))
    .filter((name) => name.endsWith('.js'))
    .flatMap((name) => {
      const text = readFileSync(new URL(`${folder}/${name}`, ROOT), 'utf8');
      return [...text.matchAll(IMPORT)].map(([, names = '', path = '']) => ({
        file: `${folder}/${name}`,
        path,
        names: names.split(',').map((each) => each.trim().replace(/ as .*/, '')),
      }));
    }),
);

describe('scripts that measure take what there is', () => {
  it('and some do', () => {
    expect(taken.length).toBeGreaterThan(5);
  });

  it.each(taken)('$file of $path', async ({ path, names }) => {
    const module: Record<string, unknown> = await import(new URL(`${path}.ts`, ROOT).href);
    expect(names.filter((name) => name !== '' && !(name in module))).toEqual([]);
  });
});
