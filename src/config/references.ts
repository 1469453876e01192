import type { z } from 'zod';
import type { Problem } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import { routeMembers } from '../../sources/ai/options.ts';
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
  const { links, models, routes, prompts, versions, types } = sections;

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
    const found = routeMembers(route).map(({ model, path }) =>
      holds(model, ['routes', name, ...path], 'model', ['models']),
    );
    if (found.includes(false)) leaveOut('routes', name);
  }
  for (const [name, { route, versions }] of prompts) {
    const own = Object.entries(versions ?? {}).map(
      ([version, { route: named }]) => [named, ['versions', version, 'route']] as const,
    );
    const isUsed = own.length === 0 || own.some(([named]) => named === undefined);
    const named: readonly (readonly [string | undefined, readonly string[]])[] = isUsed
      ? [[route, ['route']], ...own]
      : own;
    const found = named.map(
      ([wanted, path]) =>
        wanted === undefined || holds(wanted, ['prompts', name, ...path], 'route or model', ['routes', 'models']),
    );
    if (found.includes(false)) leaveOut('prompts', name);
  }
  const groups = checkVersions();
  for (const [name, { call }] of links) {
    const source = call.slice(0, call.indexOf('.'));
    const instead = (group: string) => `Call ${group}${call.slice(source.length)} instead.`;
    if (!holdsInGraph(source, ['links', name, 'call'], instead)) leaveOut('links', name);
  }
  for (const [name, { sources }] of types) {
    const path = ['types', name, 'sources'];
    const instead = (group: string) => `Name ${quote(group)} instead.`;
    const found = Object.keys(sources).map((source) => holdsInGraph(source, [...path, source], instead));
    if (found.includes(false)) leaveOut('types', name);
  }

  /** Whether the name is that of a source as the graph has it: versions are in it together. */
  function holdsInGraph(source: string, path: YamlPath, instead: (group: string) => string): boolean {
    const group = groups.get(source);
    if (group === undefined) return holds(source, path, 'source', ['sources', 'versions'], BUILT_IN_SOURCES);
    report({
      message: `${pathText(path)} names the source ${quote(source)}, which is in the graph only as a version of ${quote(group)}.`,
      path,
      suggestion: instead(group),
    });
    return false;
  }

  /** Source → the group that it is a version of. */
  function checkVersions(): Map<string, string> {
    const groups = new Map<string, string>();
    for (const [name, { versions: members }] of versions) {
      const path = ['versions', name];
      const mistakes: Problem[] = [];
      let known = true;
      if (sections.sources.has(name) || isBroken('sources', name)) {
        const message = `The name ${quote(name)} in versions is that of a source.`;
        mistakes.push({ message, path, suggestion: `Call the source ${quote(`${name}-v1`)}, for example.` });
      }
      for (const [index, { source }] of members.entries()) {
        const place = [...path, 'versions', index, 'source'];
        const group = groups.get(source);
        known = holds(source, place, 'source', ['sources']) && known;
        if (group === undefined) groups.set(source, name);
        else {
          const message = `${pathText(place)} names the source ${quote(source)}, which is a version of ${quote(group)} already.`;
          mistakes.push({ message, path: place });
        }
      }
      if (members.every(({ weight }) => weight === 0)) {
        const message = `${pathText([...path, 'versions'])} has no version with a weight above 0: nobody would be served.`;
        mistakes.push({ message, path: [...path, 'versions'] });
      }
      mistakes.forEach(report);
      if (mistakes.length > 0 || !known) leaveOut('versions', name);
    }
    return groups;
  }
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LISTED).join(', ');
  return names.length > MAX_LISTED ? `${shown} and ${names.length - MAX_LISTED} more` : shown;
}
