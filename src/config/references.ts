import type { z } from 'zod';
import type { Problem } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import { pathText, quote, type YamlPath } from './path-text.ts';
import type { SECTIONS } from './schema.ts';

export type SectionName = keyof typeof SECTIONS;
export type Sections = { readonly [S in SectionName]: Map<string, z.output<(typeof SECTIONS)[S]['entry']>> };

/** Sources that the gateway makes itself: links may call them, and no other source may have their names. */
export const BUILT_IN_SOURCES: readonly string[] = ['ai', 'prompts'];

const MAX_LISTED = 10;

/**
 * Takes out every entry that names something which is not there, so that all references of what remains hold. One that
 * names a broken entry goes without a word: the mistake has been told where it is.
 */
export function checkReferences(sections: Sections, broken: Set<string>, report: (problem: Problem) => void): void {
  const { links, models, routes, prompts } = sections;

  function isBroken(section: SectionName, name: string): boolean {
    return broken.has(section) || broken.has(`${section}.${name}`);
  }

  /** Whether the name is in one of the sections; reports it if it is in the file under none of them. */
  function holds(
    name: string,
    path: YamlPath,
    what: string,
    among: readonly SectionName[],
    more: readonly string[] = [],
  ) {
    if (more.includes(name) || among.some((section) => sections[section].has(name))) return true;
    if (among.some((section) => isBroken(section, name))) return false;
    const known = [...among.flatMap((section) => [...sections[section].keys(), ...brokenNames(section)]), ...more];
    const guess = didYouMean(name, known);
    report({
      message: `${pathText(path)} names the ${what} ${quote(name)}, which does not exist.${guess}`,
      path,
      ...(guess === '' && {
        suggestion: known.length === 0 ? `There is no ${what} yet.` : `There is: ${list(known)}.`,
      }),
    });
    return false;
  }

  function brokenNames(section: SectionName): string[] {
    const prefix = `${section}.`;
    return [...broken].filter((entry) => entry.startsWith(prefix)).map((entry) => entry.slice(prefix.length));
  }

  function leaveOut(section: SectionName, name: string): void {
    sections[section].delete(name);
    broken.add(`${section}.${name}`);
  }

  for (const [name, { provider }] of models) {
    if (!holds(provider, ['models', name, 'provider'], 'provider', ['providers'])) leaveOut('models', name);
  }
  for (const [name, route] of routes) {
    const found = route.map((model, index) => holds(model, ['routes', name, index], 'model', ['models']));
    if (found.includes(false)) leaveOut('routes', name);
  }
  for (const [name, { route }] of prompts) {
    if (!holds(route, ['prompts', name, 'route'], 'route or model', ['routes', 'models'])) leaveOut('prompts', name);
  }
  for (const [name, { call }] of links) {
    const source = call.slice(0, call.indexOf('.'));
    if (!holds(source, ['links', name, 'call'], 'source', ['sources'], BUILT_IN_SOURCES)) leaveOut('links', name);
  }
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LISTED).join(', ');
  return names.length > MAX_LISTED ? `${shown} and ${names.length - MAX_LISTED} more` : shown;
}
