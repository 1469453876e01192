import { readFile } from 'node:fs/promises';
import { parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { TENANT_ROLES } from '../../admin/models/user.ts';
import { PERMISSIONS } from '../../admin/permissions.ts';
import { createAdminSchema } from '../../admin/schema/index.ts';
import { describeOptions } from '../../src/config/option-types.ts';

const markdown = await readFile('docs/administration.md', 'utf8');
const schema = createAdminSchema(describeOptions());
const documents = [...markdown.matchAll(/^```graphql\n([\s\S]*?)^```/gm)].map(({ 1: text = '', index }) => ({
  text,
  line: markdown.slice(0, index).split('\n').length,
}));

/** Each permission with the roles that have it, as the table says. */
function toldPermissions(): Record<string, string[]> {
  const table = /<!-- permissions -->\n\n((?:\|.*\n)+)/.exec(markdown)?.[1] ?? '';
  const [head = [], , ...rows] = table.trimEnd().split('\n').map(cellsOf);
  return Object.fromEntries(
    rows.map(([what = '', ...may]) => [
      /`(\w+)`/.exec(what)?.[1],
      head.slice(1).filter((_role, index) => may[index] === 'yes'),
    ]),
  );
}

function cellsOf(row: string): string[] {
  return row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

describe('docs/administration.md', () => {
  it.each(documents)('has a document at line $line that the admin schema takes', ({ text }) => {
    expect(validate(schema, parse(text))).toEqual([]);
  });

  it('has documents', () => {
    expect(documents.length).toBeGreaterThan(5);
  });

  it('says who may what', () => {
    const actual = Object.entries(PERMISSIONS).map(([permission, roles]) => [
      permission,
      TENANT_ROLES.filter((role) => (roles as readonly string[]).includes(role)),
    ]);
    expect(toldPermissions()).toEqual(Object.fromEntries(actual));
  });

  it('names mutations and queries that there are', () => {
    const fields = { ...schema.getQueryType()?.getFields(), ...schema.getMutationType()?.getFields() };
    const verbs =
      /`((?:create|update|archive|restore|publish|validate|revoke|rotate|approve|reject|request(?!Id)|deprecate|retire|withdraw|release|promote|add|run|rollBack|compare)[A-Z]\w*)`/g;
    const named = [...markdown.matchAll(verbs)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !Object.hasOwn(fields, name) && !Object.hasOwn(PERMISSIONS, name))).toEqual([]);
  });
});
