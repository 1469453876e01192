import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CliFolder, createCliFolder } from '../utils/run-cli.ts';

const MANY = 40;

/** An API of which a part cannot be expressed: every upload has a default that does not fit. */
function imperfect(): string {
  const uploads = Array.from(
    { length: MANY },
    (_, index) => `  /uploads/${index}:
    get:
      operationId: upload${index}
      parameters: [{ name: limit, in: query, schema: { type: integer, default: many } }]
      responses: { '200': { description: ok, content: { application/json: { schema: { type: string } } } } }
`,
  );
  return `openapi: 3.1.0
info: { title: t, version: '1' }
paths:
  /things:
    get: { operationId: listThings, responses: { '200': { description: ok, content: { application/json: { schema: { type: array, items: { type: string } } } } } } }
${uploads.join('')}`;
}

const GOOD = 'sources:\n  files: { kind: openapi, document: api.yaml, endpoint: "http://127.0.0.1:1" }\n';

describe('skein validate', () => {
  let folder: CliFolder;
  const servers: Server[] = [];
  beforeAll(async () => {
    folder = await createCliFolder({ 'api.yaml': imperfect(), 'service.graphql': 'type Query { hello: String }' });
  });
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  afterAll(() => folder.remove());

  async function answering(status: number): Promise<string> {
    const server = createServer((_request, response) => response.writeHead(status).end('no'));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
  }

  it('keeps many notices readable: one entry for each reason, with how many there are', async () => {
    await folder.write('skein.yaml', GOOD);
    const { code, stdout, stderr } = await folder.run(['validate']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines.slice(0, 2)).toEqual([
      'What documents say and the graph has not:',
      expect.stringMatching(/^files: \d+ notices$/),
    ]);
    expect(stdout).toMatch(
      new RegExp(`\\n  ${MANY} × \\S.*\\n      upload0 \\(line 7\\), upload1.* and ${MANY - 3} more\\n`),
    );
    expect(stdout).toMatch(/\n\d+ notices\. Each of them: --all\.\nNo mistakes\.\n$/);
    expect(lines.length).toBeLessThan(15);
  });

  it('lists each notice with its line for --all', async () => {
    await folder.write('skein.yaml', GOOD);
    const { code, stdout } = await folder.run(['validate', '--all']);
    expect(code).toBe(0);
    const told = [...stdout.matchAll(/^ {2}api\.yaml:(\d+) {2}upload(\d+)/gm)].map((match) => match[2]);
    expect(new Set(told)).toEqual(new Set(Array.from({ length: MANY }, (_, index) => String(index))));
    expect(stdout).toContain('  api.yaml:7  upload0');
  });

  it('gives machines every problem and notice as JSON', async () => {
    await folder.write('skein.yaml', GOOD);
    const { code, stdout, stderr } = await folder.run(['validate', '--format', 'json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({ ok: true, problems: [], unreachable: [], uncheckedLinks: [] });
    expect(found.notices.length).toBeGreaterThanOrEqual(MANY);
    expect(found.notices).toContainEqual({
      message: expect.stringMatching(/^upload0/),
      source: 'files',
      option: 'sources.files',
      file: 'api.yaml',
      line: 7,
    });

    await folder.write('skein.yaml', `${GOOD}links:\n  A.b: { call: filse.things }\n`);
    const wrong = await folder.run(['validate', '--format', 'json']);
    expect({ code: wrong.code, stderr: wrong.stderr }).toEqual({ code: 1, stderr: '' });
    expect(JSON.parse(wrong.stdout)).toMatchObject({
      ok: false,
      problems: [
        {
          message: 'links.A.b.call names the source "filse", which does not exist. Did you mean "files"?',
          option: 'links.A.b.call',
          file: 'skein.yaml',
          line: 4,
          column: 10,
        },
      ],
    });
  });

  it('writes workflow commands for GitHub, which no document can add to', async () => {
    await folder.write('skein.yaml', `${GOOD}limits:\n  "a,b:\\n::error::x%": 1\n`);
    const { code, stdout, stderr } = await folder.run(['validate', '--format', 'github']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(
        /^::error file=skein\.yaml,line=4,col=3::Unknown key "a,b:\\n::error::x%25" in limits\.%0AKnown here: /,
      ),
      '',
    ]);

    await folder.write('skein.yaml', GOOD);
    const notices = await folder.run(['validate', '--format', 'github']);
    expect(notices.code).toBe(0);
    expect(notices.stdout).toMatch(new RegExp(`^::notice file=api\\.yaml,line=7::files: ${MANY} × `, 'm'));
    const all = await folder.run(['validate', '--format', 'github', '--all']);
    expect(all.stdout.match(/^::notice /gm)?.length).toBeGreaterThanOrEqual(MANY);
  });

  it('tells a source that cannot be reached, what is unchecked for it, and takes it for a mistake with --strict', async () => {
    await folder.write(
      'skein.yaml',
      `${GOOD}  late: { kind: graphql, endpoint: "http://127.0.0.1:1/graphql" }\nlinks:\n  Query.late: { call: late.hello }\n`,
    );
    const lax = await folder.run(['validate']);
    expect({ code: lax.code, stderr: lax.stderr }).toEqual({ code: 0, stderr: '' });
    expect(lax.stdout).toMatch(/^late cannot be reached and was not checked: .*ECONNREFUSED/m);
    expect(lax.stdout).toMatch(/^Links that were not checked, .*: Query\.late$/m);
    const strict = await folder.run(['validate', '--strict']);
    expect(strict.code).toBe(1);
    expect(strict.stderr).toMatch(/^late cannot be reached/);
    expect(strict.stdout).not.toContain('No mistakes.');
    const json = await folder.run(['validate', '--strict', '--format', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      unreachable: [{ source: 'late' }],
      uncheckedLinks: ['Query.late'],
    });
    const github = await folder.run(['validate', '--format', 'github']);
    expect(github.stdout).toMatch(/^::warning file=skein\.yaml,line=3,col=3::The source late cannot be reached/m);
  });

  it.each([401, 403, 404])('takes a service that answers its question with %s for a mistake', async (status) => {
    await folder.write('skein.yaml', `${GOOD}  closed: { kind: graphql, endpoint: "${await answering(status)}" }\n`);
    const { code, stderr } = await folder.run(['validate']);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^skein\\.yaml:3:\\d+ .*${status}`));
    expect(stderr).toMatch(/\n1 mistake\.\n$/);
  });

  it.each(['openapi', 'soap'])('takes a document of %s that is not at its address for a mistake', async (kind) => {
    const document = await answering(404);
    await folder.write(
      'skein.yaml',
      `sources:\n  a: { kind: ${kind}, endpoint: "http://127.0.0.1:1", document: "${document}" }\n`,
    );
    const { code, stderr } = await folder.run(['validate']);
    expect(code).toBe(1);
    expect(stderr).toContain('404');
  });

  it.each([
    ['openapi', 'document: "http://127.0.0.1:1/api.yaml", endpoint: "http://127.0.0.1:1"'],
    ['soap', 'document: "http://127.0.0.1:1/api.wsdl", endpoint: "http://127.0.0.1:1"'],
    ['grpc', 'endpoint: "127.0.0.1:1"'],
    ['graphql', 'endpoint: "http://127.0.0.1:1"'],
    ['federation', 'endpoint: "http://127.0.0.1:1"'],
  ])('takes no service of %s for wrong because it is not there', async (kind, options) => {
    await folder.write('skein.yaml', `${GOOD}  late: { kind: ${kind}, ${options} }\n`);
    const { code, stdout, stderr } = await folder.run(['validate']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^late cannot be reached and was not checked: .*ECONNREFUSED/);
  });

  it('takes a graph without queries', async () => {
    const mutation =
      'openapi: 3.1.0\ninfo: { title: t, version: "1" }\npaths:\n  /a: { post: { operationId: make, responses: { "200": { description: ok, content: { application/json: { schema: { type: string } } } } } } }\n';
    await folder.write('mutation.yaml', mutation);
    const only = 'sources:\n  a: { kind: openapi, document: mutation.yaml, endpoint: "http://127.0.0.1:1" }\n';
    await folder.write('skein.yaml', only);
    expect(await folder.run(['validate'])).toMatchObject({ code: 0, stderr: '' });
    expect((await folder.run(['print'])).stdout).toContain('"""There is nothing to query."""\n  _empty: Boolean\n');
  });

  it('says what a graph without operations lacks, and only where that is not a consequence', async () => {
    await folder.write('entities.graphql', 'type User @key(fields: "id") { id: ID! }');
    const only = 'sources:\n  a: { kind: federation, document: entities.graphql, endpoint: "http://127.0.0.1:1" }\n';
    await folder.write('skein.yaml', only);
    expect(await folder.run(['validate'])).toEqual({
      code: 1,
      stdout: '',
      stderr: `skein.yaml:1:1  The graph has no field to ask for: none of its sources has an operation.
  Add a source with operations.
1 mistake.
`,
    });
    await folder.write('skein.yaml', `${only}  late: { kind: graphql, endpoint: "http://127.0.0.1:1/graphql" }\n`);
    expect((await folder.run(['validate'])).code).toBe(0);
    await folder.write(
      'skein.yaml',
      `${only}  b: { kind: graphql, endpoint: "http://127.0.0.1:1/graphql", document: none.graphql }\n`,
    );
    expect((await folder.run(['validate'])).stderr).toMatch(/^skein\.yaml:3:\d+ .*none\.graphql.*\n.*\n1 mistake\.\n$/);
  });

  it('tells a broken prompt once, and not the links to it', async () => {
    await folder.write(
      'skein.yaml',
      `${GOOD}providers:
  local: { dialect: openai, endpoint: "http://127.0.0.1:1/v1" }
models:
  small: { provider: local, model: x }
routes:
  default: [small]
prompts:
  broken: { input: { text: String! }, template: "{{ texd }}" }
  good: { input: { text: String! }, template: "{{ text }}" }
links:
  Query.a: { call: prompts.broken, args: { text: a } }
  Query.b: { call: prompts.good, args: { text: a } }
`,
    );
    const { code, stderr } = await folder.run(['validate']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^skein\.yaml:10:\d+ .*texd.*\n(?: .*\n)?1 mistake\.\n$/);
  });

  it('finds skein.yaml in a folder, and says so where there is none', async () => {
    await folder.write(
      'other/skein.yaml',
      'sources:\n  a: { kind: graphql, endpoint: "http://127.0.0.1:1/", document: ../service.graphql }\n',
    );
    expect(await folder.run(['validate', '--config', '@other'])).toMatchObject({ code: 0, stdout: 'No mistakes.\n' });
    await folder.write('empty/skein.yml', '');
    const { code, stderr } = await folder.run(['validate', '--config', '@empty']);
    expect(code).toBe(1);
    expect(stderr).toContain('empty/skein.yaml cannot be read: it does not exist.');
    expect(stderr).toContain('There is a "skein.yml" beside it.');
  });

  it('prints no secret', async () => {
    await folder.write(
      'skein.yaml',
      `keys:\n  - { name: a, key: hush-key, typo: 1 }\nsources:\n  a: { kind: graphql, endpoint: "http://user:hush-pass@127.0.0.1:1/?token=hush-token", headers: { authorization: hush-header } }\n`,
    );
    for (const format of ['text', 'json', 'github']) {
      const { stdout, stderr } = await folder.run(['validate', '--format', format]);
      expect(stdout + stderr).not.toContain('hush');
    }
  });

  it('prints no secret of the address of a document, in whatever it says of it', async () => {
    const server = createServer((_request, response) =>
      response.end(
        '{"openapi":"3.1.0","info":{},"paths":{"/a":{"get":{"operationId":"a","responses":{}},"trace":{}},"b":{}}}',
      ),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      await folder.write(
        'skein.yaml',
        `sources:\n  a: { kind: openapi, document: "http://user:hush-pass@127.0.0.1:${port}/a.json?token=hush-token", endpoint: "http://127.0.0.1:1" }\n`,
      );
      for (const format of ['text', 'json', 'github']) {
        const { stdout, stderr } = await folder.run(['validate', '--format', format, '--all']);
        expect(stdout + stderr).toContain(`/a.json?…`);
        expect(stdout + stderr).not.toContain('hush');
      }
    } finally {
      server.close();
    }
  });
});
