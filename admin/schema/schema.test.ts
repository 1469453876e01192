import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  lexicographicSortSchema,
  printSchema,
  validateSchema,
} from 'graphql';
import { expect, test } from 'vitest';
import { describeOptions } from '../../src/config/option-types.ts';
import { createAdminSchema } from './index.ts';

const schema = createAdminSchema(describeOptions());
const FILE = join(import.meta.dirname, '..', 'admin.graphql');
const UPDATE = 'SKEIN_UPDATE_SDL';

test('the schema is valid', () => {
  expect(validateSchema(schema)).toEqual([]);
});

test('everything in the schema says what it is', () => {
  const silent: string[] = [];
  const look = (place: string, { description }: { readonly description?: string | null | undefined }) => {
    if (description === undefined || description === null || description.trim() === '') silent.push(place);
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (isIntrospectionType(type) || isSpecifiedScalarType(type)) continue;
    look(type.name, type);
    if (isEnumType(type)) for (const value of type.getValues()) look(`${type.name}.${value.name}`, value);
    if (isInputObjectType(type))
      for (const field of Object.values(type.getFields())) look(`${type.name}.${field.name}`, field);
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      look(`${type.name}.${field.name}`, field);
      for (const argument of field.args) look(`${type.name}.${field.name}(${argument.name})`, argument);
    }
  }
  expect(silent).toEqual([]);
});

test('no type is there that nothing gives or takes', () => {
  const sdl = printSchema(schema);
  const unused = Object.keys(schema.getTypeMap()).filter(
    (name) =>
      !name.startsWith('__') &&
      !['Query', 'Mutation'].includes(name) &&
      sdl.split(new RegExp(`\\b${name}\\b`)).length < 3,
  );
  expect(unused).toEqual([]);
});

test('admin.graphql is the schema as it is', () => {
  const sdl = `${printSchema(lexicographicSortSchema(schema))}\n`;
  if (process.env[UPDATE] !== undefined) writeFileSync(FILE, sdl);
  const written = readFileSync(FILE, 'utf8');
  expect(
    written,
    `admin/admin.graphql is not current: run ${UPDATE}=1 npx vitest run admin/schema/schema.test.ts`,
  ).toBe(sdl);
});
