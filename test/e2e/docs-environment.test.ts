import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../src/config/environment.ts';

/** Variables with their defaults, as the table of docs/configuration.md has them. */
async function toldVariables(): Promise<[string, string][]> {
  const markdown = await readFile('docs/configuration.md', 'utf8');
  const table = /<!-- environment -->\n\n((?:\|.*\n)+)/.exec(markdown)?.[1] ?? '';
  return [...table.matchAll(/^\| `(\w+)` \| (\S+) \|/gm)].map(([, name = '', value = '']) => [
    name,
    value.replaceAll('`', ''),
  ]);
}

/** The names that are asked for, in their order. */
function variablesRead(): string[] {
  const asked = new Set<string>();
  const env = new Proxy<Record<string, string>>({}, { get: (_env, name) => void asked.add(String(name)) });
  readEnvironment(env);
  return [...asked];
}

describe('the environment variables of docs/configuration.md', () => {
  it('are all that the gateway reads', async () => {
    expect((await toldVariables()).map(([name]) => name)).toEqual(variablesRead());
  });

  it('have the defaults that are told', async () => {
    const told = (await toldVariables()).filter(([, value]) => value !== '—');
    const { environment } = readEnvironment({});
    expect(told.length).toBeGreaterThan(0);
    expect(readEnvironment(Object.fromEntries(told)).environment).toEqual(environment);
    const without = Object.values(environment).filter((value) => value === undefined || value.toString() === '');
    expect((await toldVariables()).length - told.length).toBe(without.length);
  });
});
