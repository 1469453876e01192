import { relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { formatProblems } from './print-problems.ts';
import { readConfig } from './read-config.ts';

const file = resolve(import.meta.dirname, '../../test/fixtures/config/mistakes/skein.yaml');

test('every mistake of a file is told at once, where it is and with a way out', async () => {
  const reading = await readConfig(file, {});
  const text = formatProblems(reading.problems, { file, locate: reading.locate });
  expect(
    text.replaceAll(relative('', resolve(file, '..')), '<here>').replaceAll(resolve(''), '<root>'),
  ).toMatchInlineSnapshot(`
    "<here>/skein.yaml:2:1  Unknown key "soruces" at the top of the file. Did you mean "sources"?
    <here>/skein.yaml:6:5  keys[0].key must be text, but is a number.
      Put it in quotes.
    <here>/skein.yaml:7:5  Unknown key "nam" in keys[1]. Did you mean "name"?
    <here>/skein.yaml:11:3  limits.depth must be at least 1, but is 0.
    <here>/skein.yaml:12:3  limits.requestTimeoutMs must be a number, but is text.
    <here>/skein.yaml:18:5  sources.catalog.endpoint must be an http:// or https:// URL.
    <here>/skein.yaml:19:5  Unknown key "timeout" in sources.catalog. Did you mean "timeoutMs"?
    <here>/skein.yaml:21:7  sources.catalog.headers.Authorization must be text, but is a number.
      Put it in quotes.
    <here>/skein.yaml:22:7  sources.catalog.headers has the key "no header": it must be a header name.
    <here>/skein.yaml:26:5  sources.inventory.document is the file <root>/<here>/inventory/inventry.proto, but it does not exist.
      Did you mean "inventory/inventory.proto"?
    <here>/skein.yaml:28:19  sources.inventory.includeDirs[0] is the folder <root>/<here>/protos, but it does not exist.
      Paths are relative to the folder of this file.
    <here>/skein.yaml:31:5  sources.reviews.kind must be "openapi", "grpc", "soap", "graphql" or "federation", but is "graphqll". Did you mean "graphql"?
    <here>/skein.yaml:36:5  Unknown key "endpont" in sources.payments. Did you mean "endpoint"?
    <here>/skein.yaml:43:21  Unknown key "nme" in sources.stock.operations.WatchStock. Did you mean "name"?
    <here>/skein.yaml:43:40  sources.stock.operations.WatchStock.as must be "query", "mutation" or "subscription", but is "subscripton". Did you mean "subscription"?
    <here>/skein.yaml:47:5  sources.orders.endpoint takes the environment variable TENANT, which is not set.
      Set TENANT, or give a default: \${TENANT:-default}.
    <here>/skein.yaml:49:3  The name "Billing" in sources must be lower-case letters, digits and -, beginning with a letter.
    <here>/skein.yaml:53:3  The name "ai" in sources is reserved for a source of the gateway itself.
    <here>/skein.yaml:59:5  links.Product.stock.call names the source "stok", which does not exist. Did you mean "stock"?
    <here>/skein.yaml:62:3  The name "Product" in links must be Type.field.
    <here>/skein.yaml:69:5  providers.openai.apiKey takes the environment variable OPENAI_API_KEY, which is not set.
      Set OPENAI_API_KEY, or give a default: \${OPENAI_API_KEY:-default}.
    <here>/skein.yaml:73:5  providers.local.apiKey has a "\${" that is neither \${NAME} nor \${NAME:-default}.
      Write $\${ for a literal \${.
    <here>/skein.yaml:77:13  models.claude.provider names the provider "antropic", which does not exist.
      There is: openai, local.
    <here>/skein.yaml:78:12  models.small.model must be text, but is a list.
    <here>/skein.yaml:81:18  routes.default[1] names the model "cluade", which does not exist. Did you mean "claude"?
    <here>/skein.yaml:82:3  routes.cheap must be a list or a map, but is text.
    <here>/skein.yaml:87:5  prompts.summarize.temperature must be at most 2, but is 7.
    <here>/skein.yaml:91:3  The key "translate" in prompts is there more than once; the first is on line 88.
    <here>/skein.yaml:93:5  prompts.translate.temperature must be a number, but is text.
      Write it without quotes.
    <here>/skein.yaml:97:5  prompts.answer.route names the route or model "fastest", which does not exist.
      There is: cheap, default, small, gpt, claude.
    30 mistakes.
    "
  `);
});
