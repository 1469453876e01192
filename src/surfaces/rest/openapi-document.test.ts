import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../kernel/ports.ts';
import { createOpenapiSource } from '../../../sources/openapi/openapi-source.ts';
import { openapiOptions } from '../../../sources/openapi/options.ts';
import { createMemorySource } from '../../../test/utils/memory-source.ts';
import { openaiAnswer, type ProviderHandler, sendJson } from '../../../test/utils/provider-server.ts';
import { startRestPrompts } from '../../../test/utils/rest-prompts.ts';
import { startTestGateway } from '../../../test/utils/test-gateway.ts';

const PROMPTS = {
  reply: {
    description: 'An answer to a mail.\nIn the tone that is asked for.',
    input: {
      tone: { type: 'Tone!', description: 'How it is to sound.' },
      lines: '[Line!]!',
      words: 'Int',
      order: 'JSON',
    },
    types: `
      enum Tone { FRIENDLY FORMAL }
      input Line { from: String! text: String! at: Date answers: [Line!] }
      scalar Date
      "What is sent."
      type Mail { subject: String! "Plain text." body: String parts: [Part!]! mood: Mood }
      type Part { text: String! words: Int score: Float! }
      enum Mood { GOOD BAD }`,
    output: 'Mail!',
    template:
      '{{ tone }}{% for line in lines %} {{ line.from }}: {{ line.text }}{% endfor %} {{ words }} {{ order | json }}',
    examples: [
      {
        input: { tone: 'FORMAL', lines: [{ from: 'Ada', text: 'Hi' }] },
        output: { subject: 'Hello', body: null, parts: [], mood: null },
      },
    ],
  },
  say: { input: { text: 'String!' }, template: '{{ text }}' },
  ping: { template: 'ping' },
};
const QUERY = createMemorySource({ name: 'query', sdl: 'type Query { a: Int }', unary: { 'Query.a': () => 1 } });
const MAIL = { subject: 'Re', body: null, parts: [{ text: 'a', words: null, score: 0.5 }], mood: 'GOOD' };
const answer: ProviderHandler = ({ body }, response) => {
  const [message] = body.messages as { content: string }[];
  if (message?.content === 'fail') sendJson(response, {}, 500);
  else sendJson(response, openaiAnswer(body.response_format === undefined ? 'Hello' : JSON.stringify(MAIL)));
};

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, { readonly post: Operation }>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}
interface Operation {
  readonly operationId: string;
  readonly requestBody: { readonly required: boolean; readonly content: { readonly 'application/json': Content } };
  readonly responses: Readonly<Record<string, { readonly content: { readonly 'application/json': Content } }>>;
}
interface Content {
  readonly schema: object;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

async function setUp() {
  const front = await startRestPrompts({ prompts: PROMPTS, answer });
  const response = await front.send('/rest/openapi.json');
  const text = await response.text();
  return { ...front, text, document: JSON.parse(text) as Document };
}

/** A schema of the document, ready to be held to a value. */
function validatorOf({ components }: Document, schema: object) {
  const ajv = new Ajv2020({ strict: false, formats: { int32: true } });
  return ajv.compile({ ...schema, components });
}

describe('GET /rest/openapi.json', () => {
  it('has each prompt with its input and output, and says how to be let in', async () => {
    const { document } = await setUp();
    expect(document).toMatchObject({
      openapi: '3.1.0',
      security: [{ key: [] }],
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
    });
    expect(Object.keys(document.paths)).toEqual([
      '/rest/prompts/reply',
      '/rest/prompts/say',
      '/rest/prompts/ping',
      '/rest/feedback',
    ]);
    const { post } = document.paths['/rest/prompts/reply'] ?? {};
    expect(post).toMatchObject({
      operationId: 'reply',
      summary: 'An answer to a mail.',
      requestBody: { required: true },
    });
    expect(post?.requestBody.content['application/json']).toMatchInlineSnapshot(`
      {
        "examples": {
          "example1": {
            "value": {
              "lines": [
                {
                  "from": "Ada",
                  "text": "Hi",
                },
              ],
              "tone": "FORMAL",
            },
          },
        },
        "schema": {
          "additionalProperties": false,
          "properties": {
            "lines": {
              "items": {
                "$ref": "#/components/schemas/Line",
              },
              "type": "array",
            },
            "order": {
              "description": "Any JSON value: for data whose shape the source does not tell.",
            },
            "tone": {
              "$ref": "#/components/schemas/Tone",
              "description": "How it is to sound.",
            },
            "words": {
              "format": "int32",
              "maximum": 2147483647,
              "minimum": -2147483648,
              "type": [
                "integer",
                "null",
              ],
            },
          },
          "required": [
            "tone",
            "lines",
          ],
          "type": "object",
        },
      }
    `);
    expect(document.components.schemas.Mail).toMatchInlineSnapshot(`
      {
        "additionalProperties": false,
        "description": "What is sent.",
        "properties": {
          "body": {
            "description": "Plain text.",
            "type": [
              "string",
              "null",
            ],
          },
          "mood": {
            "anyOf": [
              {
                "$ref": "#/components/schemas/Mood",
              },
              {
                "type": "null",
              },
            ],
          },
          "parts": {
            "items": {
              "$ref": "#/components/schemas/Part",
            },
            "type": "array",
          },
          "subject": {
            "type": "string",
          },
        },
        "required": [
          "subject",
          "body",
          "parts",
          "mood",
        ],
        "type": "object",
      }
    `);
    expect(document.paths['/rest/prompts/ping']?.post.requestBody.required).toBe(false);
  });

  it('says of inputs and answers what is so', async () => {
    const { document, ask } = await setUp();
    const operation = document.paths['/rest/prompts/reply']?.post;
    const { schema, examples } = operation?.requestBody.content['application/json'] ?? { schema: {} };
    const fits = validatorOf(document, schema);
    for (const { value } of Object.values(examples ?? {})) {
      expect(fits(value)).toBe(true);
      const response = await ask('reply', value);
      const fitsAnswer = validatorOf(document, operation?.responses[200]?.content['application/json'].schema ?? {});
      expect(fitsAnswer(await response.json())).toBe(true);
    }
    const wrong = { tone: 'LOUD', lines: [{ from: 'Ada' }], more: 1 };
    expect(fits(wrong)).toBe(false);
    const refused = await ask('reply', wrong);
    const fitsError = validatorOf(document, operation?.responses[400]?.content['application/json'].schema ?? {});
    expect(fitsError(await refused.json())).toBe(true);
    expect(Object.keys(operation?.responses ?? {})).toEqual([
      '200',
      '400',
      '401',
      '403',
      '404',
      '406',
      '413',
      '415',
      '429',
      '500',
      '502',
      '503',
      '504',
    ]);
  });

  it('is an API like any other for a gateway in front', async () => {
    const { base, gateway, text, server } = await setUp();
    const notices: unknown[] = [];
    const headers = gateway.headers;
    const options = openapiOptions.parse({ kind: 'openapi', document: 'openapi.json', endpoint: base, headers });
    const report = (problem: unknown) => void notices.push(problem);
    const source = createOpenapiSource('inner', options, text, 'openapi.json', { log: silentLog, report });
    expect(notices).toEqual([]);
    const outer = await startTestGateway([source, QUERY]);
    const query = `mutation ($input: ReplyInput!) {
      reply(input: $input) { output { subject body parts { text words score } mood } model prompt { version } usage { totalTokens } }
    }`;
    const input = { tone: 'FRIENDLY', lines: [{ from: 'Ada', text: 'Hi', at: '2026-01-01' }], order: { id: 7 } };
    const { body } = await outer.post({ query, variables: { input } });
    expect(body).toEqual({
      data: { reply: { output: MAIL, model: 'small', prompt: { version: 'inline' }, usage: { totalTokens: 7 } } },
    });
    const messages = server.requests[0]?.body.messages as unknown[];
    expect(messages.at(-1)).toEqual({ role: 'user', content: 'FRIENDLY Ada: Hi  {"id":7}' });
    const failed = await outer.post({ query: 'mutation { say(input: { text: "fail" }) { output } }' });
    expect(failed.body).toMatchObject({
      data: { say: null },
      errors: [{ extensions: { code: 'UPSTREAM_FAILED', upstreamStatus: 502 } }],
    });
    await outer.close();
  });
});
