import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The version of the package, from its source as from what is built of it. */
export function readVersion(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    try {
      return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
    } catch {
      if (dirname(folder) === folder) return 'unknown';
    }
  }
}
