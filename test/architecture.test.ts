import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, posix, resolve, sep } from 'node:path';
import { expect, test } from 'vitest';
import { findImports, type Token, tokenize } from './utils/typescript-tokens.ts';

const ROOT = resolve(import.meta.dirname, '..');
const MAX_LINES = 500;

/** Which folders the files of a folder may import from. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  kernel: ['kernel'],
  sources: ['kernel', 'sources'],
  schema: ['kernel', 'sources', 'schema'],
  admin: ['kernel', 'admin'],
  src: ['kernel', 'sources', 'schema', 'admin', 'src'],
};

const FOLDERS = [...Object.keys(MAY_IMPORT), 'examples', 'test', 'bench'];

function isTest(file: string): boolean {
  return file.endsWith('.test.ts');
}

function mayReadEnvironment(file: string): boolean {
  return isTest(file) || /^src\/(config\/[^/]+|cli\/main)\.ts$/.test(file) || !(topFolder(file) in MAY_IMPORT);
}

/** What is wrong with a file, as `file:line  rule`. `file` is relative to the root, with forward slashes. */
function violations(file: string, source: string): string[] {
  const tokens = tokenize(source);
  const found: string[] = [];
  const lines = source.split('\n').length - (source.endsWith('\n') ? 1 : 0);
  if (lines > MAX_LINES) found.push(`${file}:${lines}  a file has at most ${MAX_LINES} lines`);

  const folder = topFolder(file);
  const allowed = MAY_IMPORT[folder];
  for (const { specifier, line } of findImports(tokens)) {
    const target = localTarget(file, specifier);
    if (target === undefined) continue;
    if (isTest(target)) found.push(`${file}:${line}  a test is imported by nothing: ${target}`);
    else if (!isTest(file) && allowed !== undefined && !allowed.includes(topFolder(target))) {
      found.push(`${file}:${line}  ${folder} imports only from ${allowed.join(', ')}: ${target}`);
    }
  }
  if (!mayReadEnvironment(file)) {
    for (const line of environmentReads(tokens)) {
      found.push(`${file}:${line}  process.env is read in src/config and src/cli/main.ts alone`);
    }
  }
  return found;
}

function topFolder(file: string): string {
  return file.split('/')[0] ?? '';
}

/** The imported file relative to the root; `undefined` for packages. */
function localTarget(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.normalize(posix.join(posix.dirname(file), specifier));
  return specifier.startsWith('/') || specifier.startsWith('file:') ? specifier : undefined;
}

/** Lines of `process.env`, `process?.env`, `process['env']`, `{ env } = process` and imports of node:process. */
function environmentReads(tokens: readonly Token[]): number[] {
  const lines: number[] = [];
  for (const { specifier, line } of findImports(tokens)) {
    if (specifier === 'node:process' || specifier === 'process') lines.push(line);
  }
  for (const [index, token] of tokens.entries()) {
    if (token.type !== 'word' || token.text !== 'process') continue;
    const after = tokens.slice(index + 1, index + 4);
    const member = after.find((next) => next.type !== 'punctuator' || !'?.['.includes(next.text));
    const isMember = after[0]?.type === 'punctuator' && '?.['.includes(after[0].text);
    const isWhole = tokens[index - 1]?.text === '=' && !isMember;
    if ((isMember && member?.text === 'env') || isWhole) lines.push(token.line);
  }
  return lines;
}

async function sourceFiles(): Promise<string[]> {
  const files: string[] = [];
  for (const folder of FOLDERS.filter((name) => existsSync(join(ROOT, name)))) {
    for (const name of await readdir(join(ROOT, folder), { recursive: true })) {
      const file = `${folder}/${name.split(sep).join('/')}`;
      if (file.endsWith('.ts') && !file.includes('/node_modules/') && !file.includes('/dist/')) files.push(file);
    }
  }
  return files;
}

test('imports go one way, the environment has one reader, and files stay small', async () => {
  const found: string[] = [];
  const imported = new Set<string>();
  for (const file of await sourceFiles()) {
    const source = await readFile(join(ROOT, file), 'utf8');
    found.push(...violations(file, source));
    for (const { specifier } of findImports(tokenize(source))) imported.add(localTarget(file, specifier) ?? specifier);
  }
  expect(found).toEqual([]);
  // The walk has seen the house: every folder is imported from somewhere, and so is a package.
  for (const expected of [
    'kernel/problem.ts',
    'sources/options.ts',
    'schema/options.ts',
    'src/config/schema.ts',
    'zod',
  ]) {
    expect(imported).toContain(expected);
  }
});

test.each([
  ["import { a } from '../schema/options.ts';", 'kernel/a.ts'],
  ["import type { A } from '../sources/source.ts';", 'kernel/a.ts'],
  ["import '../../schema/compose.ts';", 'sources/grpc/a.ts'],
  ["import a, { type B, c as d } from '../src/gateway.ts';", 'schema/a.ts'],
  ["import * as a from '../sources/source.ts';", 'admin/a.ts'],
  ["export { a } from '../src/gateway.ts';", 'schema/a.ts'],
  ["export * from '../src/gateway.ts';", 'schema/a.ts'],
  ["export type { A } from '../src/gateway.ts';", 'schema/a.ts'],
  ["const a = await import('../src/gateway.ts');", 'schema/a.ts'],
  [`const a = \`\${await import(\`../src/gateway.ts\`)}\`;`, 'schema/a.ts'],
  ["type A = import('../src/gateway.ts').Gateway;", 'schema/a.ts'],
  ["const a = require('../src/gateway.ts');", 'schema/a.ts'],
  ["import { start } from '../examples/quickstart/start.ts';", 'src/a.ts'],
  ["import { start } from '../bench/run.ts';", 'src/a.ts'],
  ["import { utils } from '../test/utils/server.ts';", 'src/a.ts'],
  ["const quote = /['\"`]/; import('../src/gateway.ts');", 'schema/a.ts'],
])('%s is refused in %s', (source, file) => {
  const found = violations(file, `// first line\n${source}\n`);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(new RegExp(`^${file}:2  ${topFolder(file)} imports only from `));
});

test.each([
  ["import { a } from './b.ts';\nimport { z } from 'zod';\nexport { c } from '../kernel/c.ts';", 'kernel/a.ts'],
  ["import { a } from '../kernel/a.ts';\nimport { b } from '../schema/b.ts';", 'src/a.ts'],
  ["import { a } from '../src/a.ts';\nprocess.env.PORT = '1';", 'kernel/a.test.ts'],
  ["import { a } from '../../src/main.ts';\nprocess.env.PORT = '1';", 'examples/quickstart/start.ts'],
  ["// import { a } from '../src/a.ts';\n/* import('../src/a.ts') process.env */", 'kernel/a.ts'],
  ['const text = "import { a } from \'../src/a.ts\'; process.env";', 'kernel/a.ts'],
  ["const text = `import '../src/a.ts'; process.env`;", 'kernel/a.ts'],
  ["const pattern = /import '..\\/src\\/a.ts'/;\nexport const half = 1 / 2;", 'kernel/a.ts'],
  ["export const from = 1;\nconst path = '../src/a.ts';", 'kernel/a.ts'],
  ['const { env } = process;', 'src/config/environment.ts'],
  ['main(process.env);', 'src/cli/main.ts'],
  ['process.exitCode = 1; process.on("exit", stop);', 'src/main.ts'],
])('%s is allowed in %s', (source, file) => {
  expect(violations(file, source)).toEqual([]);
});

test.each([
  'const port = process.env.PORT;',
  "const port = process['env'].PORT;",
  'const port = process?.env?.PORT;',
  'const { env } = process;',
  "import { env } from 'node:process';",
])('%s is refused outside of src/config', (source) => {
  expect(violations('src/http/server.ts', `\n${source}\n`)).toEqual([
    'src/http/server.ts:2  process.env is read in src/config and src/cli/main.ts alone',
  ]);
});

test('a long file and an imported test are refused', () => {
  expect(violations('kernel/a.ts', 'a;\n'.repeat(MAX_LINES))).toEqual([]);
  expect(violations('kernel/a.ts', 'a;\n'.repeat(MAX_LINES + 1))).toEqual([
    'kernel/a.ts:501  a file has at most 500 lines',
  ]);
  expect(violations('kernel/a.ts', "import './b.test.ts';")).toEqual([
    'kernel/a.ts:1  a test is imported by nothing: kernel/b.test.ts',
  ]);
});
