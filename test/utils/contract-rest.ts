import type { RequestListener } from 'node:http';
import { compileOpenapi } from '../../sources/openapi/compile.ts';
import { createOpenapiSource } from '../../sources/openapi/openapi-source.ts';
import { openapiOptions } from '../../sources/openapi/options.ts';
import { SeenCalls, startFront } from './contract-front.ts';
import { type Backend, COMMON_OPTIONS, type Harness, namesOf, STRICT_DEPS } from './contract-harness.ts';
import { type Binding, type Item, Library, LibraryError, SECRET } from './contract-library.ts';

/** A REST API by node:http, with names and enum values that GraphQL does not take. */
export const restHarness: Harness = {
  kind: 'openapi',
  prefix: 'Rest',
  cannot: {
    stream: { reason: 'OpenAPI describes one answer a call', shows: (sdl) => !sdl.includes('type Subscription') },
    'hold up a stream': { reason: 'it has no streams', shows: (sdl) => !sdl.includes('type Subscription') },
  },
  addArgument: 'input',
  itemOperation: 'restItem',
  start,
};

const string = { type: 'string' };
const NAMES = namesOf(restHarness);
const item = { $ref: `#/components/schemas/${NAMES.type}` };
const answers = (schema: object) => ({
  responses: { 200: { description: 'Fine', content: { 'application/json': { schema } } } },
});
const parameter = (name: string, place: string, schema: object) => ({
  name,
  in: place,
  required: place === 'path',
  schema,
});
const binding = { $ref: '#/components/schemas/RestBinding' };

const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Library', version: '1' },
  paths: {
    '/items/{id}': {
      get: {
        operationId: NAMES.item,
        parameters: [parameter('id', 'path', string)],
        ...answers(item),
      },
    },
    '/items': {
      get: {
        operationId: NAMES.items,
        parameters: [parameter('limit', 'query', { type: 'integer' }), parameter('binding', 'query', binding)],
        ...answers({ type: 'array', items: item }),
      },
      post: {
        operationId: NAMES.add,
        requestBody: { required: true, content: { 'application/json': { schema: item } } },
        ...answers(item),
      },
    },
    '/items-of': {
      get: {
        operationId: NAMES.itemsOf,
        parameters: [parameter('ids', 'query', { type: 'array', items: string })],
        ...answers({ type: 'array', items: item }),
      },
    },
  },
  components: {
    schemas: {
      [NAMES.type]: {
        type: 'object',
        required: ['id', 'title', 'page-count', 'copies', 'weight', 'lent', 'binding', 'added', 'author', 'tags'],
        properties: {
          id: string,
          title: string,
          note: { type: ['string', 'null'] },
          'page-count': { type: 'integer', format: 'int32' },
          copies: { type: 'integer', format: 'int64' },
          weight: { type: 'number' },
          lent: { type: 'boolean' },
          binding,
          added: { type: 'string', format: 'date-time' },
          author: { $ref: '#/components/schemas/RestAuthor' },
          tags: { type: 'array', items: string },
          grid: { type: 'array', items: { type: 'array', items: { type: 'integer' } } },
        },
      },
      RestAuthor: { type: 'object', required: ['name'], properties: { name: string, city: string } },
      RestBinding: { type: 'string', enum: ['paperback', 'hard/cover'] },
    },
  },
};

const WIRE: Readonly<Record<Binding, string>> = { PAPERBACK: 'paperback', HARD_COVER: 'hard/cover' };
const bindingOf = (wire: string | null): Binding | undefined => {
  if (wire === null) return undefined;
  if (wire === WIRE.PAPERBACK) return 'PAPERBACK';
  if (wire === WIRE.HARD_COVER) return 'HARD_COVER';
  throw new LibraryError(true);
};

/** The number stands in the text with all its digits; what is null of the author is not there at all. */
function write(value: unknown): string {
  const shown = (told: Item) => {
    const { pageCount, copies, author, ...rest } = told;
    const { name, city } = author;
    return {
      ...rest,
      'page-count': pageCount,
      copies: `int64 ${copies}`,
      binding: WIRE[told.binding],
      author: city === null ? { name } : { name, city },
    };
  };
  const wire = Array.isArray(value) ? value.map(shown) : value === null ? null : shown(value as Item);
  return JSON.stringify(wire).replace(/"int64 (-?\d+)"/g, '$1');
}

function read(text: string): Item {
  const copies = /"copies":"?(-?\d+)/.exec(text)?.[1] ?? '';
  const { 'page-count': pageCount, binding: wire, author, grid, note, ...rest } = JSON.parse(text);
  const { name, city = null } = author;
  return {
    ...rest,
    note: note ?? null,
    pageCount,
    copies,
    binding: bindingOf(wire),
    author: { name, city },
    grid: grid ?? [],
  };
}

async function start(): Promise<Backend> {
  const library = new Library();
  const seen = new SeenCalls();
  const front = await startFront(seen, createApi(library));
  const endpoint = `http://127.0.0.1:${front.port}`;
  const text = JSON.stringify(DOCUMENT);
  const parse = (options: object) =>
    openapiOptions.parse({ kind: 'openapi', document: 'library.json', endpoint, ...COMMON_OPTIONS, ...options });
  return {
    library,
    seen,
    port: front.port,
    async open({ name = 'rest', ...options } = {}) {
      return createOpenapiSource(name, parse(options), text, 'library.json', STRICT_DEPS);
    },
    compile: () => compileOpenapi(parse({}), text, 'library.json'),
    cut: front.cut,
    async close() {
      library.release();
      await front.close();
    },
  };
}

function createApi(library: Library): RequestListener {
  return async (request, response) => {
    const url = new URL(request.url ?? '', 'http://library');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const answer = (status: number, body: string) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    };
    try {
      const query = url.searchParams;
      const [, place, id, ...rest] = url.pathname.split('/');
      if (rest.length > 0) throw new Error(`There is no ${url.pathname}.`);
      if (place === 'items-of') answer(200, write(library.itemsOf(query.getAll('ids'))));
      else if (id !== undefined) {
        const found = await library.item(decodeURIComponent(id));
        if (found === null) answer(404, JSON.stringify({ message: SECRET }));
        else answer(200, write(found));
      } else if (request.method === 'POST') answer(200, write(library.add(read(Buffer.concat(chunks).toString()))));
      else {
        const limit = query.get('limit');
        answer(200, write(library.list(limit === null ? undefined : Number(limit), bindingOf(query.get('binding')))));
      }
    } catch (error) {
      const status = error instanceof LibraryError && error.isRefusal ? 409 : 500;
      answer(status, JSON.stringify({ message: (error as Error).message, detail: SECRET }));
    }
  };
}
