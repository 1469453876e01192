import { describe, expect, test } from 'vitest';
import { makeModel, object, reading, ref, text, writing } from '../../test/utils/openapi-model.ts';

const path = { name: 'id', in: 'path', required: true, schema: text };
const cat = { allOf: [ref('Pet'), object({ lives: { type: 'integer' } })] };
const dog = { allOf: [ref('Pet'), object({ name: { type: 'string', format: 'name' }, barks: { type: 'boolean' } })] };
const pet = (discriminator: object) => ({ ...object({ id: text, kind: text, name: text }), discriminator });

describe('a type with a discriminator', () => {
  const discriminator = { propertyName: 'kind', mapping: { cat: '#/components/schemas/Cat', dog: 'Dog', pet: 'Pet' } };
  const schemas = { Pet: pet(discriminator), Cat: cat, Dog: dog };

  test('is an interface of its subtypes, and what is none of them a type of its own', () => {
    const { model, lines, notices } = makeModel(reading(ref('Pet'), schemas));
    expect(notices).toEqual([]);
    expect(model.sdl).toMatchInlineSnapshot(`
      "type Query {
        thing: Pet
      }

      type Cat implements Pet {
        id: String!
        kind: String!
        name: String!
        lives: Int!
      }

      type Dog implements Pet {
        id: String!
        kind: String!
        name: String!
        barks: Boolean!
      }

      interface Pet {
        id: String!
        kind: String!
        name: String!
      }

      type PetBase implements Pet {
        id: String!
        kind: String!
        name: String!
      }"
    `);
    expect(lines('Query')).toEqual(['thing: Pet']);
  });

  test('is told by its property, whatever else a value has', () => {
    const resolve = makeModel(reading(ref('Pet'), schemas)).model.typeOf?.get('Pet');
    expect(
      ['cat', 'dog', 'pet', 'hamster', 'Cat', undefined].map((kind) => resolve?.({ kind, lives: 9, barks: true })),
    ).toEqual(['Cat', 'Dog', 'PetBase', 'PetBase', 'PetBase', 'PetBase']);
  });

  test('has all schemas that build on it as subtypes where there is no mapping', () => {
    const lion = { allOf: [ref('Cat'), object({ mane: { type: 'boolean' } })] };
    const all = { Pet: pet({ propertyName: 'kind' }), Cat: cat, Lion: lion };
    const { model } = makeModel(reading(ref('Pet'), all));
    const resolve = model.typeOf?.get('Pet');
    expect(['Cat', 'Lion', 'Pet'].map((kind) => resolve?.({ kind }))).toEqual(['Cat', 'Lion', 'PetBase']);
    expect(model.sdl).toContain('type Lion implements Pet {');
  });

  test('has identifiers in all its members, where its path says so', () => {
    const document = reading(ref('Pet'), schemas);
    const { get } = document.paths['/thing'];
    const { lines } = makeModel({ ...document, paths: { '/pets/{id}': { get: { ...get, parameters: [path] } } } });
    for (const type of ['Pet', 'PetBase', 'Cat', 'Dog']) expect(lines(type)).toContain('id: ID!');
  });

  test('is a union where its members have nothing in common', () => {
    const other = object({ size: text });
    const all = {
      Pet: { ...object({ kind: text }), discriminator: { propertyName: 'kind', mapping: { x: 'Other' } } },
      Other: other,
    };
    expect(makeModel(reading(ref('Pet'), all)).lines('Pet')).toEqual(['PetBase', 'Other']);
  });

  test('is itself in input, with a notice', () => {
    const { lines, notices } = makeModel(writing(ref('Pet'), schemas));
    expect(lines('PetInput')).toEqual(['id: String!', 'kind: String!', 'name: String!']);
    expect(notices).toEqual(['putThing: PutThing: the fields of its subtypes cannot be given.']);
  });

  test('is itself where no subtype can be read', () => {
    const lost = { propertyName: 'kind', mapping: { x: '#/components/schemas/Nobody', y: 'Text' } };
    const { lines } = makeModel(reading(ref('Pet'), { Pet: pet(lost), Text: text }));
    expect(lines('Pet')).toEqual(['id: String!', 'kind: String!', 'name: String!']);
  });
});
