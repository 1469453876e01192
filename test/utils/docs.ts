import { mkdtemp, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const FIXTURES = resolve('test/fixtures/docs');

/** A row of a table of options. */
export interface OptionRow {
  readonly option: string;
  readonly type: string;
  readonly default: string;
}

/** The tables below `<!-- options: place place -->`: place → rows. A place may have several tables. */
export function readOptionTables(markdown: string): Map<string, OptionRow[]> {
  const tables = new Map<string, OptionRow[]>();
  for (const [, places = '', table = ''] of markdown.matchAll(/^<!-- options: (.+) -->\n\n((?:\|.*\n)+)/gm)) {
    const rows = table
      .trimEnd()
      .split('\n')
      .slice(2)
      .map((line) => {
        const [option = '', type = '', byDefault = ''] = line
          .split('|')
          .slice(1)
          .map((cell) => cell.trim());
        return { option: option.replaceAll('`', ''), type, default: byDefault };
      });
    for (const place of places.split(' ')) tables.set(place, [...(tables.get(place) ?? []), ...rows]);
  }
  return tables;
}

export interface MarkedBlock {
  /** What stands in the comment before it. */
  readonly marker: string;
  readonly line: number;
  readonly text: string;
  /** The code block of another language that follows. */
  readonly next: string;
}

/** The yaml blocks of a document; the marker is empty where there is none. */
export function readYamlBlocks(markdown: string): MarkedBlock[] {
  const pattern = /^(?:<!-- (.+) -->\n)?```yaml\n([\s\S]*?)^```\n(?:\n```(?:graphql|text)\n([\s\S]*?)^```)?/gm;
  return [...markdown.matchAll(pattern)].map(({ 1: marker = '', 2: text = '', 3: next = '', index }) => ({
    marker,
    text,
    next,
    line: markdown.slice(0, index).split('\n').length,
  }));
}

/** A folder with the documents of the fixtures and this skein.yaml. */
export async function folderWith(skeinYaml: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'skein-docs-'));
  for (const name of await readdir(FIXTURES)) {
    await symlink(join(FIXTURES, name), join(folder, name));
  }
  await writeFile(join(folder, 'skein.yaml'), skeinYaml);
  return folder;
}

/** What the examples of links stand on, with an example below it. */
export async function withShop(example: string): Promise<string> {
  return `${await readFile(join(FIXTURES, 'shop.yaml'), 'utf8')}${example}`;
}
