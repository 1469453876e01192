// Everything the gateways call, in one process: three REST APIs with fixed answers and a model that streams.
import { createServer } from 'node:http';
import { authors, products, stocks, TOKENS_PER_STREAM, topReviews, warehouses } from './data.js';
import { listen } from './lib/listen.js';

const json = (value) => Buffer.from(JSON.stringify(value));
const answers = new Map([
  ['/products', json(products)],
  ['/stocks', json(stocks)],
  ['/warehouses', json(warehouses)],
  ['/top-reviews', json(topReviews)],
  ['/authors', json(authors)],
  ...products.map((product) => [`/products/${product.sku}`, json(product)]),
]);

const chunk = (choices, rest) =>
  Buffer.from(
    `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'fast', choices, ...rest })}\n\n`,
  );
const choice = (delta, reason = null) => [{ index: 0, delta, finish_reason: reason }];
const tokens = Array.from({ length: TOKENS_PER_STREAM }, (_, index) => chunk(choice({ content: ` token${index}` })));
const ending = Buffer.concat([
  chunk(choice({}, 'stop')),
  chunk([], { usage: { prompt_tokens: 9, completion_tokens: TOKENS_PER_STREAM, total_tokens: TOKENS_PER_STREAM + 9 } }),
  Buffer.from('data: [DONE]\n\n'),
]);

let calls = 0;

const server = createServer((request, response) => {
  if (request.url === '/calls') return response.end(String(calls));
  calls += 1;
  if (request.method === 'POST') return stream(request, response);
  const end = request.url.indexOf('?');
  const body = answers.get(end === -1 ? request.url : request.url.slice(0, end));
  if (body === undefined) return response.writeHead(404, { 'content-type': 'text/plain' }).end();
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
});

/** Each token is a write of its own in a turn of its own, without a delay between them. */
function stream(request, response) {
  request.resume();
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let index = 0;
  const next = () => {
    if (response.destroyed) return;
    if (index === tokens.length) return response.end(ending);
    response.write(tokens[index]);
    index += 1;
    setImmediate(next);
  };
  request.once('end', next);
}

listen(server);
