import { describe, expect, it } from 'vitest';
import { joinSubgraphs } from '../join-subgraphs.ts';
import { createFederatedSubgraph } from '../subgraphs.ts';

const HEAD = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@shareable", "@key"])\n';
const MEDIA = `
  union Media = Book | Song
  type Book @key(fields: "id") { id: ID! }
  type Song @key(fields: "id") { id: ID! }
`;

function fieldOf(publicSdl: string, field: string): string | undefined {
  return new RegExp(`^\\s*${field}: (.+)$`, 'm').exec(publicSdl)?.[1];
}

function join(...fields: readonly string[]) {
  const subgraphs = fields.map((field, index) =>
    createFederatedSubgraph(
      `s${index}`,
      `${HEAD}${MEDIA} type Query { shelf: Shelf @shareable } type Shelf { ${field} @shareable }`,
    ),
  );
  const joined = joinSubgraphs({ subgraphs, readsSupergraph: false });
  if (joined.supergraphSdl === undefined) throw new Error(JSON.stringify(joined.problems));
  return joined;
}

describe('a field that subgraphs share has the widest of their types', () => {
  it('in whichever order they come', () => {
    expect(fieldOf(join('item: Book', 'item: Media').publicSdl, 'item')).toBe('Media');
    expect(fieldOf(join('item: Media', 'item: Song').publicSdl, 'item')).toBe('Media');
  });

  it('which may be null where it may be in one of them', () => {
    expect(fieldOf(join('item: Book!', 'item: Media').publicSdl, 'item')).toBe('Media');
    expect(fieldOf(join('item: Book!', 'item: Media!').publicSdl, 'item')).toBe('Media!');
    expect(fieldOf(join('items: [Book!]!', 'items: [Media!]!').publicSdl, 'items')).toBe('[Media!]!');
  });

  it('and the supergraph says what each of them gives', () => {
    expect(join('item: Book', 'item: Media').supergraphSdl).toMatch(
      /item: Media @join__field\(graph: S0, type: "Book"\) @join__field\(graph: S1, type: "Media"\)/,
    );
  });

  it('and is left alone where they agree', () => {
    const { supergraphSdl } = join('item: Book', 'item: Book');
    expect(supergraphSdl).not.toContain('type: "Book"');
  });
});
