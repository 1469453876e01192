import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import type { z } from 'zod';
import { SECTIONS } from '../../src/config/schema.ts';
import { readYamlBlocks } from '../utils/docs.ts';

const PAGES = [
  ...['README.md', 'CHANGELOG.md', 'ERRORS.md'],
  ...(await readdir('docs', { recursive: true })).filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`),
];
const pages = new Map(await Promise.all(PAGES.map(async (file) => [file, await readFile(file, 'utf8')] as const)));

const withoutCode = (text: string) => text.replace(/^```[\s\S]*?^```/gm, '');

/** Headings as GitHub makes anchors of them. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutCode(text).matchAll(/^#+ (.+)$/gm)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    anchors.add(plain.replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'));
  }
  return anchors;
}

function brokenLinks(file: string, text: string): string[] {
  const links = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] as string);
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? file : relative('.', resolve(dirname(file), path));
    if (!existsSync(target)) return true;
    return anchor !== undefined && !anchorsOf(pages.get(target) ?? '').has(anchor);
  });
}

function problemsOf(text: string): string[] {
  const file: unknown = parse(text.replaceAll(/\$\{\w+\}/g, 'value'));
  if (typeof file !== 'object' || file === null) return [];
  return Object.entries(file).flatMap(([section, entries]) => {
    const { entry } = SECTIONS[section as keyof typeof SECTIONS];
    return Object.entries(entries as object).flatMap(([name, value]) => {
      const { error } = (entry as z.ZodType).safeParse(value);
      return error?.issues.map(({ path, message }) => `${[section, name, ...path].join('.')} ${message}`) ?? [];
    });
  });
}

it.each([...pages])('%s has links that lead somewhere', (file, text) => {
  expect(brokenLinks(file, text)).toEqual([]);
});

/** docs/configuration.md has a test of its own, which makes graphs of its examples. */
const configurations = [...pages]
  .filter(([file]) => file !== 'docs/configuration.md')
  .flatMap(([file, text]) => readYamlBlocks(text).map((block) => ({ file, ...block })))
  .filter(({ text }) => isConfiguration(text));

it.each(configurations)('the configuration at $file:$line has options that there are', ({ text }) => {
  expect(problemsOf(text)).toEqual([]);
});

it('finds the pages that it is for', () => {
  expect(PAGES).toContain(join('docs', 'sources', 'openapi.md'));
});

function isConfiguration(block: string): boolean {
  const sections = [...block.matchAll(/^(\w+):/gm)].map((match) => match[1] as string);
  return sections.length > 0 && !/^ /.test(block) && sections.every((name) => Object.hasOwn(SECTIONS, name));
}
