import { expect, it } from 'vitest';
import { openaiAnswer, sendJson } from '../utils/provider-server.ts';
import { startRestPrompts } from '../utils/rest-prompts.ts';

const PNG = 'data:image/png;base64,iVBORw0KGgo=';

it('images of prompts come by REST and by GraphQL as well', async () => {
  const { ask, server, gateway } = await startRestPrompts({
    prompts: { see: { input: { photo: 'Image!', report: 'File' }, template: 'What is on {{ photo }}?' } },
    answer: (_, response) => sendJson(response, openaiAnswer('A lake.')),
  });
  const asked = () => {
    const messages = server.requests.at(-1)?.body.messages as readonly { readonly content: unknown }[] | undefined;
    return messages?.[0]?.content;
  };
  const image = { type: 'image_url', image_url: { url: PNG } };
  const text = (given: string) => ({ type: 'text', text: given });

  const whole = await ask('see', { photo: PNG });
  expect([whole.status, await whole.json()]).toMatchObject([200, { output: 'A lake.' }]);
  expect(asked()).toEqual([text('What is on '), image, text('?')]);

  const query = 'mutation($photo: PromptImage!) { see(photo: $photo) }';
  const answer = await gateway.post({ query, variables: { photo: PNG } });
  expect(answer.body).toMatchObject({ data: { see: 'A lake.' } });
  expect(asked()).toEqual([text('What is on '), image, text('?')]);

  const { length } = server.requests;
  const wrong = await ask('see', { photo: 'http://127.0.0.1/lake.png' });
  expect([wrong.status, await wrong.json()]).toMatchObject([
    400,
    { error: { code: 'BAD_USER_INPUT', message: expect.stringContaining('"photo" must be an https address') } },
  ]);
  const unknown = await ask('see', { photo: PNG, report: { url: PNG, path: '/etc/passwd' } });
  expect(await unknown.json()).toMatchObject({ error: { message: expect.stringContaining('"report.path"') } });
  expect(server.requests).toHaveLength(length);
});
