import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatProblems } from './print-problems.ts';
import { readConfig } from './read-config.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skein-sources-'));
  for (const name of ['a.wsdl', 'a.graphql', 'a.pem']) await writeFile(join(folder, name), '');
});

afterAll(() => rm(folder, { recursive: true }));

async function read(text: string, env: Readonly<Record<string, string>> = {}) {
  const file = join(folder, 'skein.yaml');
  await writeFile(file, text);
  const reading = await readConfig(file, env);
  const printed = formatProblems(reading.problems, { file: 'skein.yaml', locate: reading.locate });
  return { ...reading, lines: printed.replaceAll(folder, '<here>').split('\n').slice(0, -2) };
}

test('every kind finds its files beside the configuration', async () => {
  const { config, lines } = await read(`sources:
  a: { kind: soap, endpoint: "http://127.0.0.1/", document: a.wsdl }
  b: { kind: soap, endpoint: "http://127.0.0.1/", document: "https://example.org/a.wsdl" }
  c: { kind: federation, endpoint: "http://127.0.0.1/", document: a.graphql }
  d: { kind: federation, supergraph: a.graphql }
  e: { kind: grpc, endpoint: "127.0.0.1:1", tls: { ca: a.pem, certificate: a.pem, key: a.pem } }
`);
  expect(lines).toEqual([]);
  const pem = join(folder, 'a.pem');
  expect(config.sources).toMatchObject({
    a: { document: join(folder, 'a.wsdl') },
    b: { document: 'https://example.org/a.wsdl' },
    c: { document: join(folder, 'a.graphql') },
    d: { supergraph: join(folder, 'a.graphql') },
    e: { tls: { ca: pem, certificate: pem, key: pem } },
  });
});

test('files that are not there, and halves of a certificate, are told', async () => {
  const { lines, config } = await read(`sources:
  a: { kind: soap, endpoint: "http://127.0.0.1/", document: b.wsdl }
  b: { kind: federation, supergraph: "https://example.org/supergraph.graphql" }
  c: { kind: grpc, endpoint: "127.0.0.1:1", tls: { ca: a.pen } }
  d: { kind: grpc, endpoint: "127.0.0.1:1", tls: { key: a.pem } }
`);
  expect(lines).toEqual([
    'skein.yaml:2:51  sources.a.document is the file <here>/b.wsdl, but it does not exist.',
    '  Did you mean "a.wsdl"?',
    'skein.yaml:3:26  sources.b.supergraph must be a file.',
    '  Only OpenAPI documents and WSDLs may be http:// or https:// URLs; save the document beside this file.',
    'skein.yaml:4:52  sources.c.tls.ca is the file <here>/a.pen, but it does not exist.',
    '  Did you mean "a.pem"?',
    'skein.yaml:5:45  sources.d.tls has a key, but no certificate: the gateway shows itself with both or neither.',
  ]);
  expect([...config.broken]).toEqual(['sources.a', 'sources.b', 'sources.c', 'sources.d']);
});

test('an option of several forms is told by the form that was meant', async () => {
  const { lines } = await read(`limits: { tokens: 1.5 }
sources:
  a: { kind: grpc, endpoint: "127.0.0.1:99999", tls: { cb: a.pem } }
  b:
    kind: graphql
    endpoint: http://127.0.0.1/
    forwardHeaders: [3, { nam: x }, "a b"]
    transforms:
      prefix: 3
      fields: { Query.x: { deprecated: false, arguments: { a: { typ: ID } } } }
  c: { kind: federation }
  d: { kind: federation, endpoint: "http://127.0.0.1/", supergraph: a.graphql }
`);
  expect(lines).toEqual([
    'skein.yaml:1:11  limits.tokens must be a whole number, but is 1.5.',
    'skein.yaml:3:20  sources.a.endpoint has a port above 65535.',
    'skein.yaml:3:56  Unknown key "cb" in sources.a.tls. Did you mean "ca"?',
    'skein.yaml:7:22  sources.b.forwardHeaders[0] must be text or a map, but is a number.',
    'skein.yaml:7:27  Unknown key "nam" in sources.b.forwardHeaders[1]. Did you mean "name"?',
    'skein.yaml:7:37  sources.b.forwardHeaders[2] must be a header name.',
    'skein.yaml:9:7  sources.b.transforms.prefix must be text or a map, but is a number.',
    'skein.yaml:10:28  sources.b.transforms.fields.Query.x.deprecated must be text or true, but is false.',
    'skein.yaml:10:65  Unknown key "typ" in sources.b.transforms.fields.Query.x.arguments.a. Did you mean "type"?',
    'skein.yaml:11:3  sources.c needs an endpoint (of a subgraph) or a supergraph file, and not both.',
    'skein.yaml:12:3  sources.d needs an endpoint (of a subgraph) or a supergraph file, and not both.',
  ]);
});

test('true and false come out of the environment for options of several forms too', async () => {
  const text = 'sources:\n  a: { kind: grpc, endpoint: "127.0.0.1:1", tls: "${' + 'TLS}" }\n';
  expect((await read(text, { TLS: 'true' })).config.sources.a).toMatchObject({ tls: true });
  expect((await read(text, { TLS: 'hush' })).lines).toEqual([
    'skein.yaml:2:45  sources.a.tls must be true or false or a map, but is text.',
  ]);
});

test('secrets of security schemes and connections are in no message', async () => {
  const { problems } = await read(`sources:
  a: { kind: openapi, endpoint: "http://127.0.0.1/", document: "http://127.0.0.1/", security: { k: [hush], l: { username: hush, pasword: hush } } }
  b: { kind: soap, endpoint: "http://127.0.0.1/", document: a.wsdl, security: { username: [hush], password: 4242 } }
  c: { kind: graphql, endpoint: "http://127.0.0.1/", subscriptions: { protocol: hu, connectionParams: [hush] } }
`);
  expect(problems.length).toBeGreaterThan(4);
  expect(JSON.stringify(problems)).not.toMatch(/hush|4242/);
});

const sources = `sources:
  one: { kind: graphql, endpoint: "http://127.0.0.1/" }
  two: { kind: graphql, endpoint: "http://127.0.0.1/" }
  three: { kind: graphql, endpont: "http://127.0.0.1/" }
`;

test('versions name sources, each once, and links call them by the name of the group', async () => {
  const good = await read(`${sources.replace('endpont', 'endpoint')}versions:
  all: { header: x-version, versions: [{ source: one, weight: 1 }, { source: two, weight: 0 }] }
links:
  A.b: { call: all.x }
`);
  expect(good.lines).toEqual([]);
  expect(good.config.versions.all?.versions.map(({ source }) => source)).toEqual(['one', 'two']);

  const { lines, config } = await read(`${sources}versions:
  all: { versions: [{ source: one, weight: 1 }, { source: too, weight: 1 }] }
  more: { versions: [{ source: one, weight: 0 }, { source: two, weight: 0 }] }
  two: { versions: [{ source: three, weight: 1 }, { source: three, weight: 1 }] }
  prompts: { versions: [{ source: three, weight: 1 }, { source: three, weight: 1 }] }
  some: { versions: [{ source: three, weight: 1 }] }
links:
  A.b: { call: one.x }
  A.c: { call: all.x }
  A.d: { call: al.x }
types:
  A: { sources: { all: {}, two: {}, tree: {} } }
  B: { sources: { all: {} } }
`);
  expect(lines).toEqual([
    'skein.yaml:4:27  Unknown key "endpont" in sources.three. Did you mean "endpoint"?',
    'skein.yaml:6:51  versions.all.versions[1].source names the source "too", which does not exist. Did you mean "two"?',
    'skein.yaml:7:11  versions.more.versions has no version with a weight above 0: nobody would be served.',
    'skein.yaml:7:24  versions.more.versions[0].source names the source "one", which is a version of "all" already.',
    'skein.yaml:8:3  The name "two" in versions is that of a source.',
    '  Call the source "two-v1", for example.',
    'skein.yaml:8:53  versions.two.versions[1].source names the source "three", which is a version of "two" already.',
    'skein.yaml:9:3  The name "prompts" in versions is reserved for a source of the gateway itself.',
    'skein.yaml:10:11  versions.some.versions must have at least 2 items.',
    'skein.yaml:12:10  links.A.b.call names the source "one", which is in the graph only as a version of "all".',
    '  Call all.x instead.',
    'skein.yaml:14:10  links.A.d.call names the source "al", which does not exist. Did you mean "all"?',
    'skein.yaml:16:28  types.A.sources.two names the source "two", which is in the graph only as a version of "more".',
    '  Name "more" instead.',
    'skein.yaml:16:37  types.A.sources.tree names the source "tree", which does not exist. Did you mean "three"?',
    'skein.yaml:17:8  types.B.sources must name two sources or more.',
  ]);
  expect([...config.broken].filter((name) => name.startsWith('versions'))).toHaveLength(5);
});
